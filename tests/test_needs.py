"""Tasks that need others: what is ready when, who is skipped because of whom, and what a spec says of it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import MS, delays, execution_of, on_virtual_time, spans, starts_of, verdict

import asyncmodes
from asyncmodes.errors import UsageError
from asyncmodes.executor import execute
from asyncmodes.exports.json import read_json, write_json
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Run
from asyncmodes.spec import Defaults, read_spec
from asyncmodes.tasks import Delay, State, Task, in_reverse
from asyncmodes.views.glyphs import ASCII
from asyncmodes.views.live import live_picture
from asyncmodes.views.picture import Look

PAGE = Path(__file__).parent.parent / "examples" / "user-page.toml"


def linked(text: str, **needs: str) -> list[Task]:
    """The tasks of `delays(text)`; `c="ab"` says that c needs a and b."""
    tasks = delays(text)
    for name, needed in needs.items():
        index = ord(name) - ord("a")
        tasks[index] = replace(tasks[index], needs=tuple(ord(each) - ord("a") for each in needed))
    return tasks


def run(tasks, mode: str) -> Run:
    """The run of these tasks on the virtual clock, which prediction agrees with."""

    async def main() -> Run:
        return await execution_of(tasks, mode).finish()

    happened = on_virtual_time(main)
    assert predict(tasks, happened.mode) == happened
    return happened


@pytest.mark.parametrize(
    ("mode", "total"),
    [("sequential", 1500), ("parallel", 600), ("limited=2", 900), ("batched=2", 900), ("limited=4", 600)],
)
def test_a_page_about_a_user(mode, total):
    """User, preferences, four images: the example's figures, exactly."""
    page = run(read_spec(PAGE).tasks, mode)
    assert page.total_ns == page.drained_ns == total * MS
    assert [page.ready_ns(index) for index in range(6)] == [0, 200 * MS, *[300 * MS] * 4]


def test_images_that_need_only_the_user(tmp_path):
    """Who needs less is done earlier: 500 ms, and the preferences are not waited for."""
    path = tmp_path / "page.toml"
    path.write_text(PAGE.read_text(encoding="utf-8").replace('["prefs"]', '["user"]'), encoding="utf-8")
    assert run(read_spec(path).tasks, "parallel").total_ns == 500 * MS


def test_a_task_starts_on_the_lowest_free_lane_when_it_is_ready():
    """In input order among ready tasks, whichever end made them ready."""
    assert spans(run(linked("300 100 100 200 100", a="e", d="b"), "limited=3+settled")) == [
        "a ok 100-400 lane 1",
        "b ok 0-100 lane 0",
        "c ok 0-100 lane 1",
        "d ok 100-300 lane 0",
        "e ok 0-100 lane 2",
    ]


def test_tasks_start_in_input_order_among_those_that_are_ready():
    """Not in the order in which they became ready: d was ready before c, and c is the first to start."""
    happened = run(linked("100 100 100 100", d="a", c="b"), "sequential")
    assert [happened.tasks[index].name for index in sorted(range(4), key=lambda i: happened.starts[i])] == [*"abcd"]
    late = run(linked("100 100 100 100 100", b="d", c="e", a="d"), "limited=1")
    assert [late.tasks[index].name for index in sorted(range(5), key=lambda i: late.starts[i])] == [*"dabec"]
    ready = run(linked("50 100 10 10 10 200", e="a", d="b", c="b"), "limited=2")
    assert spans(ready)[2:] == [
        "c ok 100-110 lane 1",
        "d ok 110-120 lane 1",
        "e ok 50-60 lane 0",
        "f ok 60-260 lane 0",
    ]


def test_a_batch_is_the_next_ready_tasks():
    """A task that becomes ready while a batch is under way waits for the next one, though a slot is free."""
    assert spans(run(linked("100 300 200", c="a"), "batched=2")) == [
        "a ok 0-100 lane 0",
        "b ok 0-300 lane 1",
        "c ok 300-500 lane 0",
    ]
    assert run(linked("100 300 200", c="a"), "limited=2").total_ns == 300 * MS


def test_who_needs_a_failed_task_is_skipped_and_names_it():
    """Directly or through others, it is the task that failed that is named; who does not need it goes on."""
    trouble = run(linked("100! 100 100 100", b="a", c="b"), "settled")
    assert spans(trouble) == ["a failed 0-100 lane 0", "b skipped", "c skipped", "d ok 0-100 lane 1"]
    assert trouble.skipped_because == {1: 0, 2: 0}
    assert [span.ready_ns for span in trouble.spans] == [0, None, None, 0]
    assert verdict(trouble) == "fulfilled, total 100, drained 100"


def test_of_several_culprits_the_first_to_end_is_named():
    """A timeout counts like a failure."""
    assert run(linked("300! 500/200 100", c="ab"), "settled").skipped_because == {2: 1}


@pytest.mark.parametrize(
    ("mode", "states"),
    [("parallel", "ok failed ok skipped ok"), ("parallel+drop", "ok failed skipped skipped ok")],
)
def test_a_rejection_leaves_no_culprit_where_there_is_none(mode, states):
    """With keep ready tasks still start after the caller has resumed; with drop nothing does, because of nobody."""
    rejected = run(linked("200 100! 100 100 150", c="a", d="b"), mode)
    assert " ".join(span.state for span in rejected.spans) == states
    assert rejected.skipped_because == {3: 1}
    assert rejected.total_ns == 100 * MS


def test_a_cancelled_need_is_a_culprit():
    """With cancel the tasks in flight end at once, and who needs them names them."""
    cancelled = run(linked("300 100! 100", c="a"), "parallel+cancel")
    assert spans(cancelled) == ["a cancelled 0-100 lane 0", "b failed 0-100 lane 1", "c skipped"]
    assert cancelled.skipped_because == {2: 0}


def test_a_tie_goes_to_the_one_that_started_first():
    """Both a (started at 100) and c (started at 0) fail at 200: c decides, though a stands before it."""
    tied = run(linked("100! 100 200!", a="b"), "parallel")
    assert verdict(tied) == "rejected by c, total 200, drained 200"


@pytest.mark.parametrize("mode", ["parallel", "settled", "limited=1"])
def test_who_needs_a_task_that_gave_itself_up_is_skipped(mode):
    """A task that ends as cancelled, though nobody cancelled it, decides nothing; who needs it is skipped."""

    async def give_up():
        raise asyncio.CancelledError

    async def main() -> Run:
        tasks = linked("100 100 100", b="a")
        _, *others = starts_of(tasks)
        return await execute(tasks, [give_up, *others], parse_mode(mode))

    given_up = on_virtual_time(main)
    assert spans(given_up)[:2] == ["a cancelled 0-0 lane 0", "b skipped"]
    assert given_up.spans[2].state is State.OK
    assert given_up.skipped_because == {1: 0}


@pytest.mark.parametrize("mode", ["parallel+cancel", "parallel+drop", "limited=2+drop"])
def test_nothing_starts_once_the_caller_has_resumed(mode):
    """One ends and makes c ready, then the other's failure at the same instant: c does not start any more."""
    tied = run(linked("100 100! 100", c="a"), mode)
    assert spans(tied) == ["a ok 0-100 lane 0", "b failed 0-100 lane 1", "c skipped"]
    assert tied.skipped_because == {}
    assert tied.ready_ns(2) == 100 * MS


def test_a_race_is_won_by_a_task_that_needs_none():
    """A chain counts when its tasks end; any is rejected when each has failed or was skipped."""
    assert verdict(run(linked("300 100 50", c="b"), "race")) == "fulfilled by b, total 100, drained 300"
    assert verdict(run(linked("300! 100! 50 100", c="b", d="a"), "any")) == "rejected, total 300, drained 300"


def test_a_snapshot_knows_who_waits_for_needs():
    """Waiting: its needs are not met. Queued: they are, and no slot is free. Skipped: they never will be."""

    async def main():
        execution = execution_of(linked("100! 300 100 100 100", c="a", d="b", e=""), "limited=2+settled")
        running = asyncio.ensure_future(execution.finish())
        await asyncio.sleep(0.05)
        early = execution.snapshot()
        await asyncio.sleep(0.1)
        late = execution.snapshot()
        await running
        return early, late

    early, late = on_virtual_time(main)
    assert [early.state(index).value for index in range(5)] == ["running", "running", "waiting", "waiting", "queued"]
    assert [late.state(index).value for index in range(5)] == ["failed", "running", "skipped", "waiting", "running"]
    assert early.counts[State.WAITING] == 2
    assert (late.counts[State.WAITING], late.counts[State.SKIPPED]) == (1, 1)


def test_an_interruption_skips_who_waits():
    """Cancelled from outside: running tasks are cancelled, and who needs them is skipped because of them."""

    async def main():
        execution = execution_of(linked("300 100", b="a"), "parallel")
        running = asyncio.ensure_future(execution.finish())
        await asyncio.sleep(0.05)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return execution.record

    assert spans(on_virtual_time(main)) == ["a cancelled 0-50 lane 0", "b skipped"]


def test_reversed_tasks_need_the_same_ones():
    """--reverse turns the list round, not the needs."""
    backwards = in_reverse(linked("100 200 300", b="a", c="ab"))
    assert [task.needs for task in backwards] == [(2, 1), (2,), ()]
    assert run(backwards, "parallel").total_ns == 600 * MS


def test_needs_survive_the_json():
    """Needs, the instant of being ready and the culprits are written and read back."""
    tasks = linked("100! 100 100 100", b="a", d="c")
    comparison = asyncmodes.compare(tasks, ["settled", "limited=1"], clock="virtual")
    rows = json.loads(write_json(comparison))["runs"][0]["tasks"]
    assert [row["needs"] for row in rows] == [[], [0], [], [2]]
    assert [row["ready_s"] for row in rows] == [0, None, 0, 0.1]
    assert [row["skipped_because"] for row in rows] == [None, 0, None, None]
    read = read_json(write_json(comparison))
    assert write_json(read).split('"summary"')[0] == write_json(comparison).split('"summary"')[0]
    assert read.runs[0].skipped_because == {1: 0}


def drawn(comparison, *, ascii_only: bool = False, width: int = 80, rows: int | None = None) -> str:
    """The picture from the first run's heading on."""
    text = asyncmodes.render(comparison, width, ascii_only=ascii_only, rows=rows)
    return "\n" + text[text.index(f"{comparison.modes[0]}  ") :] + "\n"


def test_the_picture_of_a_page():
    """Two kinds of waiting, who needs whom, and the critical path: in the rows, the legend and below the totals."""
    page = asyncmodes.compare(read_spec(PAGE).tasks, "limited=2", clock="virtual")
    assert (
        drawn(page)
        == """
limited=2   900 ms   peak 2   6 ok
user    ██████████                                     200 ms  ◆ ok
prefs   ┈┈┈┈┈┈┈┈┈┈█████                                100 ms  ◆ ok, after user
image   ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈████████████████                300 ms  ◆ ok, after prefs
image#2 ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈████████████████                300 ms  ◆ ok, after prefs
image#3 ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈················███████████████ 300 ms  ◆ ok, after prefs
image#4 ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈················███████████████ 300 ms  ◆ ok, after prefs
flying  1111111111111112222222222222222222222222222222 peak 2 = limit

┈ waiting for what it needs   · waiting for a free slot   ◆ on the critical path

mode        total  predicted  peak  ok  failed  lost
limited=2  900 ms     900 ms     2   6       0     0
critical path 600 ms (user, then prefs, then image): no mode in which all end ok
can beat it

limited=2 took 900 ms for 6 tasks of 1500 ms of work: on average 1.67 ran at
once
"""
    )


def test_the_picture_of_trouble():
    """A skipped task has its reason where its bar would be; without all results there is no critical path."""
    tasks = linked("200 100! 300 300 250 50", b="a", c="b", d="c", f="ea")
    assert (
        drawn(asyncmodes.compare(tasks, "settled", clock="virtual"), ascii_only=True)
        == """
settled   300 ms   peak 2   3 ok   1 failed   2 skipped
a      ===============================                 200 ms  ok
b      :::::::::::::::::::::::::::::::===============X 100 ms  failed, after a
c      needs b, which failed                                   skipped
d      because b failed                                        skipped
e      =======================================         250 ms  ok
f      :::::::::::::::::::::::::::::::::::::::========  50 ms  ok, after 2 tasks
flying 22222222222222222222222222222222222222222222222 peak 2

: waiting for what it needs   X failed

mode      total  predicted  peak  ok  failed  skipped  lost
settled  300 ms     300 ms     2   3       1        2     0

settled took 300 ms for 4 tasks of 600 ms of work: on average 2.00 ran at once
settled delivered 3 of 6 results: 1 failed, 2 skipped
b failed: burnt
"""
    )


def test_the_live_picture_tells_who_waits_for_whom():
    """While a run is under way: waiting for needs, queued for a slot, skipped already."""
    tasks = linked("100! 300 100 100 100", c="a", d="b")

    async def main():
        execution = execution_of(tasks, "limited=2+settled")
        running = asyncio.ensure_future(execution.finish())
        await asyncio.sleep(0.15)
        now = execution.snapshot()
        await running
        return now

    now = on_virtual_time(main)
    nothing_yet = replace(asyncmodes.compare(tasks, "limited=2+settled", clock="virtual"), runs=())
    rows = live_picture(nothing_yet, now, Look(60, ASCII), 24).plain.splitlines()
    assert [row.rstrip() for row in rows if row[:2] in ("a ", "b ", "c ", "d ", "e ")] == [
        "a      ========================X             100 ms  failed",
        "b      =====================================         running",
        "c      needs a, which failed                         skipped",
        "d      :::::::::::::::::::::::::::::::::::::         waiting",
        "e      .........................============         running",
    ]
    assert rows[-2] == ": waiting for what it needs   . waiting for a free slot"
    wide = live_picture(nothing_yet, now, Look(80, ASCII), 24).plain
    assert "waiting for b" in wide


def test_a_folded_picture_counts_as_queued_only_who_is_ready():
    """Who waits for what it needs is not in the queue of the mode."""
    folded = drawn(asyncmodes.compare(read_spec(PAGE).tasks, "limited=2", clock="virtual"), ascii_only=True, rows=3)
    (queued,) = [line for line in folded.splitlines() if line.startswith("queued")]
    assert queued == "queued  0000000000000000999999999999999000000000000000 tenths of 2"


@pytest.mark.parametrize("width", [60, 79, 80, 100, 160])
def test_long_names_leave_room_for_the_bars(width):
    """No line is wider than asked for, and the axis keeps a quarter of the picture."""
    tasks = [replace(task, name=task.name * 40) for task in linked("200 100! 300 50", b="a", c="b", d="a")]
    lines = asyncmodes.render(asyncmodes.compare(tasks, "settled", clock="virtual"), width).splitlines()
    assert max(map(len, lines)) <= width
    assert max(line.count("─") for line in lines) >= width / 4


def test_the_critical_path_is_the_longest_chain():
    """From the durations as measured; none unless every task ended ok, and the longest task without needs."""
    path = run(linked("100 200 50 300 10", c="ab", e="c"), "sequential").critical_path
    assert (path.ns, path.chain, path.tasks) == (300 * MS, (3,), {3})
    path = run(linked("100 200 50 240 10", c="ab", e="c"), "parallel").critical_path
    assert (path.ns, path.chain, path.tasks) == (260 * MS, (1, 2, 4), {1, 2, 4})
    assert run(linked("100 100! 50", c="a"), "settled").critical_path is None


def test_no_mode_beats_the_critical_path():
    """In every mode the total is at least as long, and parallel reaches it."""
    tasks = linked("30 10 20 40 10 30", c="a", d="ab", e="dc", f="b")
    modes = ["sequential", "parallel", "limited=2", "limited=3", "batched=2", "settled"]
    for each in modes:
        assert run(tasks, each).total_ns >= run(tasks, each).critical_path.ns == 80 * MS
    assert run(tasks, "parallel").total_ns == 80 * MS


def test_measured_durations_predict_with_needs():
    """What was measured one by one says what it would have cost in parallel, with the needs."""

    async def step() -> None:
        await asyncio.sleep(0.1)

    tasks = [asyncmodes.call(step, name=name, needs=needs) for name, needs in (("a", []), ("b", [0]), ("c", []))]
    measured = asyncmodes.compare(tasks, ["sequential", "parallel"], clock="virtual")
    assert [each.predicted_ns for each in measured.runs] == [None, 200 * MS]


def test_own_coroutines_need_others():
    """Through the API a need is an index of the same list."""

    async def user() -> None:
        await asyncio.sleep(0.2)

    async def image() -> None:
        await asyncio.sleep(0.3)

    tasks = [asyncmodes.call(user), asyncmodes.call(image, needs=[0])]
    assert asyncmodes.compare(tasks, "parallel", clock="virtual").runs[0].total_ns == 500 * MS


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        ([(1,), ()], None),
        ([(2,), ()], "task 'a': it needs task 2, which is not there; give indices from 0 to 1"),
        ([(-1,), ()], "task 'a': it needs task -1, which is not there"),
        ([(0,), ()], "task 'a': it needs itself: a -> a; leave one of them out"),
        ([(1,), (0,)], "task 'a': it needs itself: a -> b -> a"),
    ],
)
def test_needs_that_can_never_be_met_are_refused(needs, message):
    """By compare before anything runs, and by the executor and the prediction themselves."""
    tasks = [Task(name, Delay(MS, "1ms"), None, each) for name, each in zip("ab", needs, strict=True)]
    if message is None:
        assert run(tasks, "parallel").total_ns == 2 * MS
        return
    for refuses in (
        lambda: asyncmodes.compare(tasks, "parallel", clock="virtual"),
        lambda: predict(tasks, asyncmodes.parse_mode("parallel")),
        lambda: run(tasks, "parallel"),
    ):
        with pytest.raises(UsageError) as caught:
            refuses()
        assert str(caught.value).startswith(message)


def spec(tmp_path: Path, text: str, **defaults: int) -> list[Task]:
    """The tasks of a spec in short: `a needs b; b*3` are delays with these names, needs and repeats."""
    path = tmp_path / "spec.toml"
    tables = []
    for item in text.split("; "):
        name, _, needs = item.partition(" needs ")
        name, _, times = name.partition("*")
        listed = ", ".join(f'"{need}"' for need in needs.split())
        tables.append(f'[[tasks]]\nname = "{name}"\ndelay = "1ms"\nrepeat = {times or 1}\nneeds = [{listed}]\n')
    path.write_text("".join(tables), encoding="utf-8")
    return list(read_spec(path, Defaults(**defaults)).tasks)


def test_a_need_on_a_repeated_name_means_all_of_them(tmp_path):
    """A name stands for all tasks of its table, once, however often it is named, before or after."""
    tasks = spec(tmp_path, "page needs image user image; user; image*3 needs user")
    assert [task.needs for task in tasks] == [(1, 2, 3, 4), (), (1,), (1,), (1,)]


def test_a_need_on_a_pattern_means_all_files(tmp_path):
    """A table without a name goes by what it does, as it is written there."""
    for name in ("x.csv", "y.csv"):
        (tmp_path / name).write_text("1,2")
    path = tmp_path / "spec.toml"
    path.write_text('[[tasks]]\nfile="*.csv"\n[[tasks]]\ndelay="1s"\nneeds=["*.csv"]\n[[tasks]]\ndelay="1s"\n')
    assert [task.needs for task in read_spec(path).tasks] == [(), (), (0, 1), ()]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("rice; menu needs rcie", ["tasks[1].needs[0]: there is no task 'rcie'; did you mean 'rice'? a name stands"]),
        ("rice*2; menu needs rice#2", ["tasks[1].needs[0]: there is no task 'rice#2'; did you mean 'rice'?"]),
        ("rice; menu needs soup", ["tasks[1].needs[0]: there is no task 'soup'; write the name of another task"]),
        ("a needs a", ["tasks[0].needs: a needs itself: a -> a; leave it out"]),
        ("a*2 needs a", ["tasks[0].needs: a needs itself: a -> a; leave it out"]),
        ("b needs a; a needs b", ["tasks[0].needs: b needs itself: b -> a -> b, each the next one; leave one of"]),
        (
            "x; a needs x b; b needs c; c needs a; d needs e; e needs d; f needs z",
            [
                "tasks[1].needs: a needs itself: a -> b -> c -> a, each the next one; leave one of these needs out",
                "tasks[4].needs: d needs itself: d -> e -> d, each the next one; leave one of these needs out",
                "tasks[6].needs[0]: there is no task 'z'; write the name of another task of this spec",
            ],
        ),
    ],
)
def test_wrong_needs_are_refused(tmp_path, text, problems):
    """All of them, with file, place and remedy; a circle is printed from its first task to that task again."""
    with pytest.raises(UsageError) as caught:
        spec(tmp_path, text)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(problems)
    for line, expected in zip(lines, problems, strict=True):
        assert line.startswith(f"{tmp_path / 'spec.toml'}: {expected}")


def test_needs_among_tables_that_are_none(tmp_path):
    """What is no task of any name is said once, and has no part in what others need."""
    path = tmp_path / "spec.json"
    path.write_text('{"tasks": [3, {}, {"delay": "1s", "needs": ["x"]}]}', encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_spec(path)
    assert [problem.where for problem in caught.value.problems] == [
        f"{path}: {place}" for place in ("tasks[0]", "tasks[1]", "tasks[2].needs[0]")
    ]


def test_ten_circles_are_enough(tmp_path):
    """Of many circles ten are told."""
    with pytest.raises(UsageError) as caught:
        spec(tmp_path, "; ".join(f"t{index} needs t{index}" for index in range(12)))
    assert len(caught.value.problems) == 10


def test_too_many_needs_are_refused(tmp_path):
    """Ten that need ten others each are a hundred pairs, and a list may be limited to fewer."""
    assert len(spec(tmp_path, "a*10; b*10 needs a", max_tasks=100)) == 20
    with pytest.raises(UsageError, match=r"tasks\[1\]\.needs: the needs up to here link 110 pairs of tasks; let them"):
        spec(tmp_path, "a*10; b*11 needs a", max_tasks=100)


def test_a_long_chain():
    """Ten thousand tasks, each of which needs the next one in the list."""
    count = 10_000
    tasks = [Task(str(i), Delay(MS, "1ms"), None, (i + 1,) if i + 1 < count else ()) for i in range(count)]
    chain = run(tasks, "parallel")
    assert (chain.total_ns, chain.peak, chain.starts[0]) == (count * MS, 1, (count - 1) * MS)
