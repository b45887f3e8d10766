"""Where the event loop was blocked, and the heartbeat that shows it: figures and pictures."""

import asyncio
import json

import pytest
from comparisons import comparison
from helpers import MS, delays, execution_of, on_virtual_time, run
from rich.console import Console

from asyncmodes.api import read_spec, words
from asyncmodes.exports.json import as_document, read_json, write_json
from asyncmodes.heartbeat import beats, blocked
from asyncmodes.measure import compare, execute
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison
from asyncmodes.spec import Defaults, read_words
from asyncmodes.tasks import Block, Delay, State, Task
from asyncmodes.views.glyphs import ASCII
from asyncmodes.views.picture import Look, picture


def drawn(shown: Comparison, **look) -> list[str]:
    """The lines of the picture."""
    console = Console(width=250, no_color=True)
    with console.capture() as capture:
        console.print(picture(shown, Look(**look)), soft_wrap=True)
    return [line.rstrip() for line in capture.get().splitlines()]


def strip(text: str, width: int = 80, mode: str = "parallel", **look) -> str:
    """The line of the heartbeat."""
    (line,) = [
        line for line in drawn(comparison(delays(text), [mode]), width=width, **look) if line.startswith("beats")
    ]
    return line


def holes(text: str, mode: str) -> list[tuple[float, float]]:
    """From when to when the loop was blocked, in milliseconds."""
    return [(start / MS, end / MS) for start, end in blocked(run(text, mode))]


def test_holes_are_where_the_loop_was_blocked():
    """One after another is one hole; a delay in between, in which the loop is free, makes two."""
    assert holes("200 200 200 200", "parallel") == []
    assert holes("200# 200# 200# 200#", "parallel") == [(0, 800)]
    assert holes("200# 50 100#", "sequential") == [(0, 200), (250, 350)]
    assert holes("200# 50 100#", "parallel") == [(0, 300)]
    assert holes("0# 10", "parallel") == []


def test_a_real_heartbeat_beats_just_so():
    """A coroutine that sleeps 20 ms again and again beside the run has its turns when the record says."""
    text, mode = "300 100# 50 63 21# 90 35#", "limited=2+settled"
    seen = []

    async def main():
        loop = asyncio.get_running_loop()

        async def heart():
            while True:
                await loop.sleep_ns(20 * MS)
                seen.append(loop.time_ns())

        heart_task = asyncio.create_task(heart())
        happened = await execution_of(delays(text), mode).finish()
        heart_task.cancel()
        await asyncio.wait([heart_task])
        return happened

    happened = on_virtual_time(main)
    assert len(blocked(happened)) == 3
    expected = [at for at in beats(happened, 20 * MS) if at < happened.drained_ns]
    assert [at for at in seen if at < happened.drained_ns] == expected


def test_a_few_microseconds_between_two_blocks_are_no_turn():
    """On the real clock the next block begins a little later; only the end of a task that waited tells of a turn."""
    happened = run("200# 200# 100", "parallel")
    happened.starts[1] += 5_000
    assert blocked(happened) == [(0, 400 * MS)]
    happened.ends[2] = happened.ends[0] + 1
    assert blocked(happened) == [(0, 200 * MS), (200 * MS + 5_000, 400 * MS)]


def test_the_lesson_s1():
    """Four delays of 200 end at 200 and leave the loop free; four blocks of 200 end at 800, and nothing else beats."""
    assert run("200 200 200 200", "parallel").total_ns == 200 * MS
    assert list(beats(run("200 200 200 200", "parallel"), 20 * MS)) == [at * MS for at in range(0, 201, 20)]
    assert run("200# 200# 200# 200#", "parallel").total_ns == 800 * MS
    assert list(beats(run("200# 200# 200# 200#", "parallel"), 20 * MS)) == [800 * MS]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (60, "beats  ───────────────────│   │   │  │   │    blocked 100 ms"),
        (80, "beats  ─────────────────────────────│     │     │    │     │      blocked 100 ms"),
        (100, "beats  ───────────────────────────────────────│       │       │      │       │        blocked 100 ms"),
        (
            160,
            "beats  "
            + "─" * 69
            + "│             │             │            │             │              blocked 100 ms",
        ),
    ],
)
def test_the_strip_at_several_widths(width, expected):
    """The flat line is as long as the block, and the beats begin when it ends."""
    assert strip("100# 100", width) == expected


def test_the_strip_in_ascii():
    """Without Unicode the beats are bars, the hole dashes."""
    assert strip("100# 100", glyphs=ASCII) == "beats  " + "-" * 29 + "|     |     |    |     |      blocked 100 ms"


def test_the_whole_picture():
    """The delay that was due while the loop was blocked ends late, and the legend explains the heartbeat."""
    assert drawn(comparison(delays("100 200# 100"), ["parallel"]), width=72) == [
        "compare   3 tasks, 400 ms of work   virtual clock: simulated, exact",
        "",
        "       0                100             200              300 ms",
        "       ┬────────────────┬───────────────┬────────────────",
        "parallel   300 ms   peak 2   3 ok",
        "a      █████████████████████████████████                  200 ms  ok",
        "b      █████████████████████████████████                  200 ms  ok",
        "c      ·································█████████████████ 100 ms  ok",
        "flying 22222222222222222222222222222222221111111111111111 peak 2",
        "beats  ─────────────────────────────────│   │  │  │   │   blocked 200 ms",
        "",
        "· waiting   │ the event loop's heart beats every 20 ms",
        "── blocked: nothing else has its turn",
        "",
        "mode       total  predicted  peak  ok  failed  lost",
        "parallel  300 ms     300 ms     2   3       0     0",
        "",
        "parallel took 300 ms for 3 tasks of 400 ms of work: on average 1.33 ran",
        "at once",
    ]


def test_the_heartbeat_of_a_loop_that_is_free():
    """Where it is asked for, delays have one too: it never stops, and nothing is said of blocks."""
    lines = drawn(comparison(delays("200 200"), ["parallel"]), width=60, heartbeat=True)
    assert "beats  │   │   │   │   │   │  │   │   │   │    never blocked" in lines
    assert "│ the event loop's heart beats every 20 ms" in lines


def test_no_strip_without_blocking_work():
    """Delays alone are drawn as before."""
    assert not any("beat" in line for line in drawn(comparison(delays("100 200"))))


def test_the_json_tells_and_is_read_back():
    """`blocked_s` holds the intervals, and the picture of what was read is the same."""
    shown = comparison(delays("100 200# 100"), ["parallel", "sequential"])
    document = as_document(shown)
    assert [each["blocked_s"] for each in document["runs"]] == [[[0.0, 0.2]], [[0.1, 0.3]]]
    assert [task["blocking"] for task in json.loads(write_json(shown))["runs"][0]["tasks"]] == [False, True, False]
    again = drawn(read_json(write_json(shown)))
    assert [line for line in again if line.startswith("beats")] == [
        line for line in drawn(shown) if line.startswith("beats")
    ]


def test_the_example():
    """The figures in the comments of the example hold: the four blocks take 400 ms in any mode."""
    tasks = read_spec("examples/blocking.toml").tasks
    assert predict(tasks, parse_mode("sequential")).total_ns == 700 * MS
    expected = predict(tasks, parse_mode("parallel"))
    assert (expected.total_ns, blocked(expected)) == (400 * MS, [(0, 400 * MS)])
    polite = [Task(task.name, Delay(task.work.duration_ns, "")) for task in tasks]
    assert predict(polite, parse_mode("parallel")).total_ns == 300 * MS


def test_a_block_is_the_same_on_both_clocks():
    """For real, too, nothing runs while the loop is blocked: the delay of 5 ms ends when the block of 30 ms does."""
    happened = asyncio.run(execute(words("5ms", "block:30ms"), "parallel"))
    assert happened.starts[1] >= happened.starts[0]
    assert happened.ends[0] >= happened.ends[1] >= happened.starts[1] + 30 * MS
    assert blocked(happened) == [(0, happened.ends[1])]
    assert happened.resources.longest_gap_ns is None or happened.resources.longest_gap_ns >= 30 * MS


def test_a_timeout_cannot_stop_a_block():
    """It ends ok, late, and the picture says why; a declared failure stays one."""
    tasks = read_words(["block:200ms"], Defaults(timeout_ns=100 * MS))
    (done,) = compare([*tasks, Task("b", Block(MS, "", "burnt"))], "parallel", clock="virtual").runs
    assert (done.state(0), done.state(1), done.total_ns) == (State.OK, State.FAILED, 201 * MS)
    assert done.predicted_ns == 201 * MS
    assert done.notes[0].startswith("a timeout cannot stop what blocks the event loop")
