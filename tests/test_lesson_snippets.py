"""The code that lessons show takes exactly the time that they say: Python on the virtual clock, JavaScript in Node."""

import asyncio
import json
import shutil
import subprocess
import textwrap
from types import SimpleNamespace

import pytest

from asyncmodes.lessons.pack import read_pack
from asyncmodes.spec import parse_duration
from asyncmodes.virtual_time import VirtualTimeLoop

STEPS = {step.id: step for step in read_pack().steps}
MS = 1_000_000
# What a snippet takes in ms, and the error that it ends with, where that is not the answer to the step's question.
EXPECTED = {
    ("S3b", "javascript"): (300, None),
    ("S3b", "python"): (300, None),
    ("S4-sequential", "javascript"): (600, "Error"),
    ("S4-sequential", "python"): (600, "RuntimeError"),
    ("S4-parallel", "javascript"): (200, "Error"),
    ("S4-parallel", "python"): (200, "RuntimeError"),
    ("P2-second", "javascript"): (200, "Error"),
    ("P2-second", "python"): (200, "RuntimeError"),
    ("S4-settled", "javascript"): (400, None),
    ("S4-settled", "python"): (400, None),
    ("S4-cancel", "python"): (200, "ExceptionGroup"),
    ("S4b", "javascript"): (200, "Error"),
    ("S4b", "python"): (200, "RuntimeError"),
    ("S6d", "javascript"): (400, None),  # caught at last, but a real Node has ended long before: see below
    ("S6c", "python"): (1000, "TypeError"),
    ("S6b", "javascript"): (300, None),
    ("X2", "javascript"): (0, None),
    ("X2", "python"): (0, None),
    ("M3-slow", "javascript"): (1000, None),
    ("M3-slow", "python"): (1000, None),
    ("P3", "javascript"): (4000, None),
    ("P3", "python"): (4000, None),
}
WIDTHS = {"M3-slow": 10, "P3": 5, "knee-rise": 4}
IMAGES = {"N1": (200, 100, 300), "N1-freed": (200, 100, 300)}


def expected(step, language):
    """The ms that a snippet takes and the name of the error that it ends with."""
    if (step.id, language) in EXPECTED:
        return EXPECTED[step.id, language]
    assert step.question.unit == "ms", f"{step.id}: say here what its {language} takes"
    return step.question.expect, None


def cases(language):
    """The steps with a snippet in this language."""
    return [step for step in STEPS.values() if language in step.code]


def tasks_of(step):
    """The step's tasks as (name, ms, fails), those that block as they are."""
    tables = step.experiments[-1].tasks if step.experiments else ()
    tasks = []
    for table in tables:
        took = parse_duration(table.get("delay") or table.get("request") or table["block"]) // MS
        tasks += [(table["name"], took, bool(table.get("fails")))] * table.get("repeat", 1)
    return [task for task in tasks if not task[0].startswith("beat")]


def world(step, loop):
    """The names that a snippet may use: a function for each task, all of them as `tasks`, and the libraries."""

    def function(ms, fails):
        async def task():
            await asyncio.sleep(ms / 1000)
            if fails:
                raise RuntimeError("burnt")

        return task

    def block(seconds):
        loop._now_ns += round(seconds * 1e9)

    tasks = [(name, function(ms, fails)) for name, ms, fails in tasks_of(step)]
    names = dict(tasks)
    if step.id in IMAGES:
        names |= {"user": takes(200), "prefs": takes(100), "image": takes(300)}
    return {
        **names,
        "asyncio": asyncio,
        "time": SimpleNamespace(sleep=block),
        "busy_wait": block,
        "print": lambda _: None,
        "tasks": [task for _, task in tasks],
        "semaphore": asyncio.Semaphore(WIDTHS.get(step.id, 2)),
    }


def takes(ms):
    """A coroutine function of any arguments that takes so long."""

    async def waits(*_):
        await asyncio.sleep(ms / 1000)

    return waits


@pytest.mark.parametrize("step", [step for step in cases("python") if step.id != "M4-to-thread"], ids=lambda s: s.id)
def test_python(step):
    """The Python of a lesson, run as it stands in a coroutine function, takes the time that the lesson says."""
    loop = VirtualTimeLoop()
    names = world(step, loop)
    exec(f"async def main():\n{textwrap.indent(step.code['python'], '    ')}", names)
    ended = []

    async def timed():
        error = None
        try:
            await names["main"]()
        except Exception as raised:
            error = type(raised).__name__
        ended.append((loop.time_ns() // MS, error))
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(timed())
    assert ended == [expected(step, "python")]


def test_python_threads():
    """What to_thread does with calls is the shape of its snippet: all are handed over at once, and all end."""
    called = []
    names = {"asyncio": asyncio, "calls": [lambda: called.append(1)] * 20}
    exec(f"async def main():\n{textwrap.indent(STEPS['M4-to-thread'].code['python'], '    ')}", names)
    asyncio.run(names["main"]())
    assert len(called) == 20


# Time in Node jumps to the next timer when there is nothing else to do, so that nothing here depends on the machine.
NODE = """
const steps = JSON.parse(require("fs").readFileSync(0));
const AsyncFunction = (async () => {}).constructor;
let now = 0, timers = [], order = 0;
const sleep = ms => new Promise(done => timers.push({ at: now + ms, order: order++, done }));
const busyWait = ms => { now += ms; };
const pLimit = width => {
  let busy = 0;
  const queue = [];
  const next = () => {
    if (busy >= width || !queue.length) return;
    busy++;
    const { task, resolve, reject } = queue.shift();
    task().then(resolve, reject).finally(() => { busy--; next(); });
  };
  return task => new Promise((resolve, reject) => { queue.push({ task, resolve, reject }); next(); });
};
process.on("unhandledRejection", () => {});
async function main() {
  const results = {};
  for (const step of steps) {
    now = 0; timers = [];
    const names = { sleep, busyWait, pLimit, tasks: [], console: { log() {} } };
    for (const [name, ms, fails] of step.tasks) {
      names[name] = async () => { await sleep(ms); if (fails) throw new Error("burnt"); };
      names.tasks.push(names[name]);
    }
    for (const [name, ms] of Object.entries(step.more)) names[name] = () => sleep(ms);
    let ended = null;
    const end = error => { ended = [now, error ? error.constructor.name : null]; };
    new AsyncFunction(...Object.keys(names), step.code)(...Object.values(names)).then(() => end(null), end);
    for (;;) {
      await new Promise(setImmediate);
      if (ended || !timers.length) break;
      timers.sort((a, b) => a.at - b.at || a.order - b.order);
      const timer = timers.shift();
      now = Math.max(now, timer.at);
      timer.done();
    }
    results[step.id] = ended;
  }
  console.log(JSON.stringify(results));
}
main();
"""
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


@needs_node
def test_javascript():
    """The JavaScript of every lesson, run in Node with a clock that jumps, takes the time that the lesson says."""
    steps = [
        {
            "id": step.id,
            "code": step.code["javascript"],
            "tasks": [] if step.id in IMAGES else tasks_of(step),
            "more": dict(zip(("user", "prefs", "image"), IMAGES.get(step.id, ()))),
        }
        for step in cases("javascript")
    ]
    for step in steps:
        if step["id"] in WIDTHS:
            assert f"pLimit({WIDTHS[step['id']]})" in step["code"]
    done = subprocess.run(
        ["node", "-e", NODE], input=json.dumps(steps), capture_output=True, text=True, check=True, timeout=60
    )
    found = {name: tuple(result) for name, result in json.loads(done.stdout).items()}
    assert found == {step.id: expected(step, "javascript") for step in cases("javascript")}


@needs_node
def test_node_ends_at_an_unhandled_rejection():
    """Starting all and awaiting in a loop ends Node with exit code 1, in spite of try and catch."""
    functions = "".join(
        f"const {name} = () => new Promise((ok, no) => setTimeout({'no' if fails else 'ok'}, {ms // 10}));"
        for name, ms, fails in tasks_of(STEPS["S6d"])
    )
    code = f"{functions} (async () => {{ {STEPS['S6d'].code['javascript']} console.log('end'); }})();"
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
