"""Runs the snippets of topics exactly as they are shown, on virtual time, in Python and in Node.

Around a snippet there is only what it needs: `tasks`, a list of functions that begin a task each, the same functions
by name (`cook_soup`, in JavaScript `cookSoup`), and small stand-ins for the packages p-limit and p-map.
"""

import ast
import asyncio
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from asyncmodes.record import NEVER, Run
from asyncmodes.sources import Options, opened
from asyncmodes.tasks import FakeRequest, State, TaskFailed
from asyncmodes.topics import Played, Scene
from asyncmodes.virtual_time import VirtualTimeError, VirtualTimeLoop

NODE = shutil.which("node")
MS = 1_000_000
FOREVER, DEAD, FULFILLED, REJECTED = "forever", "dead", "fulfilled", "rejected"


@dataclass
class Done:
    """What a snippet did: how it ended, when, with which errors and results, and the fate of each task in ms."""

    outcome: str
    total_ms: float
    errors: list[str]
    results: object
    fates: dict[int, tuple[float, float, str]]


def fates(run: Run) -> dict[int, tuple[float, float, str]]:
    """The fate of each task that started, in the form in which snippets report it."""
    return {
        index: (run.starts[index] / MS, run.ends[index] / MS, str(run.state(index)))
        for index in range(len(run))
        if run.starts[index] != NEVER
    }


class Failed(Exception):
    """What a failing task raises; its text is the task's name."""


def run_python(played: Played, code: str) -> Done:
    """Run a Python snippet on the virtual loop until its last task has ended."""
    done = Done(FOREVER, 0, [], None, {})
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.get_loop().set_exception_handler(lambda *_: None)  # tasks whose errors nobody asks for are the point
        try:
            runner.run(_python(played.scene, code, done))
        except VirtualTimeError:
            assert done.outcome == FOREVER
    return done


async def _python(scene: Scene, code: str, done: Done) -> None:
    loop = asyncio.get_running_loop()

    def now() -> float:
        return loop.time_ns() / MS

    async with opened(scene.tasks, scene.mode, Options(server=scene.server)) as sources:

        def beginner(index: int):
            async def begin() -> str:
                began, state = now(), State.OK
                try:
                    await sources.starts[index]()
                except TaskFailed:
                    state = State.FAILED
                    raise Failed(scene.tasks[index].name) from None
                except asyncio.CancelledError:
                    state = State.CANCELLED
                    raise
                finally:
                    done.fates[index] = (began, now(), str(state))
                return scene.tasks[index].name

            return begin

        begins = [beginner(index) for index in range(len(scene.tasks))]
        names = {task.name.replace("-", "_"): begin for task, begin in zip(scene.tasks, begins, strict=True)}
        space = {**names, "tasks": begins, "asyncio": asyncio}
        compiled = compile(code, "snippet", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        try:
            await eval(compiled, space)
            done.outcome, done.results = FULFILLED, space.get("results")
        except Exception as error:
            done.outcome, done.errors = REJECTED, _texts(error)
        done.total_ms = now()
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left)


def _texts(error: BaseException) -> list[str]:
    if isinstance(error, BaseExceptionGroup):
        return [text for each in error.exceptions for text in _texts(each)]
    return [str(error) if isinstance(error, Failed) else type(error).__name__]


DRIVER = """
import { readFileSync } from "node:fs";

let now, timers, count, log, load, dead;
process.on("unhandledRejection", () => { dead = true; });
const turn = () => new Promise((done) => setImmediate(done));

function wait(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = { at: now + ms, count: count++, resolve };
    timers.push(timer);
    signal?.addEventListener("abort", () => {
      timers.splice(timers.indexOf(timer), 1);
      reject(signal.reason);
    });
  });
}

const beginner = (task, index) => async ({ signal } = {}) => {
  const fate = log[index] = [now, null, "running"];
  load += 1;
  const c = task.capacity;
  const ms = c && load > c ? (task.ms * load * load) / (c * c) : task.ms;
  try {
    await wait(ms, signal);
    fate[2] = task.fails ? "failed" : "ok";
  } catch (error) {
    fate[2] = "cancelled";
    throw error;
  } finally {
    fate[1] = now;
    load -= 1;
  }
  if (task.fails) throw new Error(task.name);
  return task.name;
};

async function play({ file, tasks }) {
  [now, timers, count, log, load, dead] = [0, [], 0, {}, 0, false];
  globalThis.tasks = tasks.map(beginner);
  tasks.forEach((task, index) => { globalThis[task.called] = globalThis.tasks[index]; });
  globalThis.results = undefined;
  let done;
  import(file).then(
    () => { done = { outcome: "fulfilled", total: now, errors: [], results: globalThis.results ?? null }; },
    (error) => {
      const errors = (error.errors ?? [error]).map((each) => (each.constructor === Error ? each.message : each.name));
      done = { outcome: "rejected", total: now, errors, results: null };
    },
  );
  while (!done && !Object.keys(log).length) await turn();
  for (;;) {
    await turn();
    await turn();
    if (dead || !timers.length) break;
    const next = timers.reduce((a, b) => (b.at < a.at || (b.at === a.at && b.count < a.count) ? b : a));
    timers.splice(timers.indexOf(next), 1);
    now = next.at;
    next.resolve();
  }
  if (dead) for (const fate of Object.values(log)) if (fate[1] === null) fate.splice(1, 2, now, "cancelled");
  done ??= { outcome: dead ? "dead" : "forever", total: now, errors: [], results: null };
  return { ...done, fates: log };
}

const played = [];
for (const scene of JSON.parse(readFileSync(0, "utf8"))) played.push(await play(scene));
process.stdout.write(JSON.stringify(played));
process.exit(0);
"""

P_LIMIT = """
export default function pLimit(most) {
  const queue = [];
  let active = 0;
  const next = () => {
    if (active === most || !queue.length) return;
    active += 1;
    const { task, resolve } = queue.shift();
    const promise = (async () => task())();
    resolve(promise);
    promise.catch(() => {}).then(() => { active -= 1; next(); });
  };
  return (task) => new Promise((resolve) => { queue.push({ task, resolve }); next(); });
}
"""

P_MAP = """
export default function pMap(items, mapper, { concurrency }) {
  return new Promise((resolve, reject) => {
    const results = [];
    let [next, left, over] = [0, items.length, false];
    const work = async () => {
      while (next < items.length && !over) {
        const index = next++;
        try {
          results[index] = await mapper(items[index], index);
        } catch (error) {
          over = true;
          reject(error);
        }
        left -= 1;
        if (!left) resolve(results);
      }
    };
    for (let i = 0; i < concurrency; i++) work();
  });
}
"""

REAL = """
const waits = {tasks};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
globalThis.tasks = waits.map(({{ ms, fails, name }}) => async () => {{
  await sleep(ms);
  if (fails) throw new Error(name);
  return name;
}});
waits.forEach((task, index) => {{ globalThis[task.called] = globalThis.tasks[index]; }});
"""


def set_up_packages(folder: Path) -> None:
    """Put the stand-ins where Node looks for packages."""
    for name, code in (("p-limit", P_LIMIT), ("p-map", P_MAP)):
        package = folder / "node_modules" / name
        package.mkdir(parents=True)
        (package / "index.js").write_text(code, encoding="utf-8")
        (package / "package.json").write_text('{"type": "module", "exports": "./index.js"}', encoding="utf-8")


def run_javascript(wanted: list[tuple[Played, str]], folder: Path) -> list[Done]:
    """Run JavaScript snippets one after another in one Node process, each as a module of its own."""
    set_up_packages(folder)
    (folder / "driver.mjs").write_text(DRIVER, encoding="utf-8")
    orders = []
    for number, (played, code) in enumerate(wanted):
        file = folder / f"snippet{number}.mjs"
        report = "globalThis.results = results;" if re.search(r"\b(const|let) results\b", code) else ""
        file.write_text(f"{code}\n{report}\n", encoding="utf-8")
        orders.append({"file": file.as_uri(), "tasks": as_data(played.scene)})
    done = subprocess.run(
        [NODE, "driver.mjs"],
        cwd=folder,
        input=json.dumps(orders),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [
        Done(
            each["outcome"],
            each["total"],
            each["errors"],
            each["results"],
            {int(index): tuple(fate) for index, fate in each["fates"].items()},
        )
        for each in json.loads(done.stdout)
    ]


def exit_code_of(played: Played, code: str, folder: Path) -> tuple[int, str]:
    """Run a JavaScript snippet for real, a tenth as long, and return Node's exit code and what it complained of."""
    set_up_packages(folder)
    tasks = [{**task, "ms": task["ms"] / 10} for task in as_data(played.scene)]
    (folder / "prelude.mjs").write_text(REAL.format(tasks=json.dumps(tasks)), encoding="utf-8")
    (folder / "snippet.mjs").write_text(code, encoding="utf-8")
    command = [NODE, "--import", (folder / "prelude.mjs").as_uri(), "snippet.mjs"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def as_data(scene: Scene) -> list[dict]:
    """The scene's tasks for JavaScript, by the names that they have there."""
    tasks = []
    for task in scene.tasks:
        request = isinstance(task.work, FakeRequest)
        ns = task.work.duration_ns
        tasks.append(
            {
                "name": task.name,
                "called": re.sub("-(.)", lambda match: match[1].upper(), task.name),
                "ms": ns / MS,
                "fails": task.work.declared_failure,
                "capacity": scene.server.capacity if request else None,
            }
        )
    return tasks
