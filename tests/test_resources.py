"""What a run cost: threads, files, memory, processor time, and the longest gap of the event loop."""

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from asyncmodes import call, execute, read_json, render, write_json
from asyncmodes.clocks import ClockName, new_loop
from asyncmodes.measure import compare, measure, plan
from asyncmodes.record import Run
from asyncmodes.resources import Resources, Usage, together
from asyncmodes.tasks import FileRead, Task
from asyncmodes.views.glyphs import UNICODE
from asyncmodes.views.picture import Look, picture
from tests.comparisons import comparison, delay
from tests.helpers import on_virtual_time
from tests.servers import GUARD_S, Seen, reply, request, serving
from tests.terminal import PROGRAM

MIB = 1 << 20
COST = Resources(threads=4, open_files=3, memory_bytes=50 * MIB, cpu_ns=12_000_000, longest_gap_ns=1_500_000)


def ran(main) -> Run:
    """The run that `main` returns, on an event loop as the commands make it."""
    with asyncio.Runner(loop_factory=lambda: new_loop(ClockName.REAL)) as runner:
        return runner.run(main())


def cost(tasks, mode="parallel") -> Resources:
    """What running the tasks cost."""
    return ran(lambda: execute(tasks, mode)).resources


def test_a_thousand_delays_take_one_thread():
    """All of them are in flight at once, in the event loop's own thread, and no file is open."""
    run = ran(lambda: execute([delay("a", 20)] * 1000, "parallel"))
    assert (run.peak, run.resources.threads, run.resources.open_files) == (1000, 1, 0)


@pytest.mark.parametrize(("mode", "at_once"), [("parallel", 4), ("limited=2", 2), ("sequential", 1)])
def test_files_take_a_thread_each_and_are_open_at_once(mode, at_once, tmp_path, monkeypatch):
    """As many as the mode allows are open together, each with a thread; a file that is missing never is."""
    everybody = threading.Barrier(at_once)
    count = Usage.opened

    def opened(self: Usage) -> None:
        count(self)
        if self._whole is not None:
            everybody.wait(GUARD_S)

    monkeypatch.setattr(Usage, "opened", opened)
    paths = [tmp_path / f"{index}" for index in range(4)]
    for path in paths:
        path.write_bytes(b"x")
    tasks = [Task("file", FileRead(str(path), "file")) for path in (*paths, tmp_path / "missing")]
    measured = cost(tasks, f"{mode}+settled")
    assert measured.open_files == at_once
    assert at_once <= measured.threads - 1 <= 5


def test_connections_are_counted_while_they_are_open():
    """Requests of which nobody is answered before all have come take a socket each; one after another, one."""

    async def main():
        everybody = asyncio.Event()

        async def answer(_: Seen) -> bytes:
            if len(server.requests) == 40:
                everybody.set()
            await everybody.wait()
            return reply()

        async with serving(answer) as server:
            tasks = [request(server.url)] * 40
            return await execute(tasks, "parallel"), await execute(tasks, "sequential")

    with asyncio.Runner(loop_factory=lambda: new_loop(ClockName.REAL)) as runner:
        parallel, sequential = runner.run(main())
    assert (parallel.resources.open_files, sequential.resources.open_files) == (40, 1)


def test_a_connection_that_fails_is_closed_in_the_books_too():
    """Refused one after another, no two sockets are ever open at once."""
    assert cost([request("http://127.0.0.1:1/")] * 5, "limited=1+settled").open_files == 1


def test_a_task_that_blocks_the_loop_is_its_longest_gap():
    """A function that sleeps without awaiting keeps all others waiting: that is the gap, and it takes no processor."""

    async def block():
        await asyncio.sleep(0.01)
        time.sleep(0.2)  # noqa: ASYNC251  # this is what is to be seen

    assert cost([call(block), delay("a", 50)]).longest_gap_ns >= 200_000_000
    quiet = ran(lambda: execute([delay("a", 300)], "parallel"))
    assert quiet.resources.longest_gap_ns < quiet.total_ns


def test_processor_time_is_that_of_the_run():
    """Work in a task is there; sleeping is not."""

    async def work():
        until = time.process_time() + 0.1
        while time.process_time() < until:
            pass

    assert cost([call(work)]).cpu_ns >= 100_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell how much memory there is now")
def test_memory_is_the_most_there_was():
    """Memory that a task had for a moment is in the peak, and what an earlier run had is not, once it is given back."""
    code = (
        "import asyncmodes, asyncio\n"
        "async def large():\n"
        "    held = bytearray(b'x') * (300 << 20)\n"
        "    await asyncio.sleep(0.05)\n"
        "tasks = {'large': [asyncmodes.call(large)], 'small': asyncmodes.words('30ms')}\n"
        "for name in ('small', 'large', 'small'):\n"
        "    print(asyncmodes.compare(tasks[name], ['parallel']).runs[0].resources.memory_bytes >> 20)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    before, most, after = map(int, out.split())
    assert before + 290 < most
    assert after < most - 290


def test_an_interrupted_run_tells_its_costs():
    """What had been used until the interruption stands in the record, and nothing watches the loop any more."""

    async def main():
        measuring = asyncio.create_task(measure(plan([delay("a", 60_000)] * 5, ["parallel"])))
        await asyncio.sleep(0.01)
        measuring.cancel()
        return await measuring, asyncio.get_running_loop().turns.watches

    with asyncio.Runner(loop_factory=lambda: new_loop(ClockName.REAL)) as runner:
        made, watches = runner.run(main())
    assert (made.interrupted, made.runs[0].resources.threads, watches) == (True, 1, [])


def test_in_a_loop_of_somebody_else_the_gap_is_unknown():
    """A loop that was not made here cannot be watched; the other figures are there."""
    measured = asyncio.run(execute([delay("a", 10)], "parallel")).resources
    assert measured.longest_gap_ns is None
    assert measured.threads == 1


def test_the_virtual_clock_measures_nothing():
    """A simulation says nothing about costs that nobody measured."""
    assert on_virtual_time(lambda: execute([delay("a", 10)], "parallel")).resources is None
    document = json.loads(write_json(compare([delay("a", 10)], clock="virtual")))
    assert [run["resources"] for run in [*document["runs"], *document["summary"]]] == [None] * 8


def test_json_has_it_per_run_and_per_mode_and_reads_it_back():
    """On the real clock it is always there, with the peak in flight that was known before."""
    made = compare([delay("a", 10)] * 3, ["parallel"], runs=2)
    document = json.loads(write_json(made))
    fields = {"peak_in_flight", "peak_threads", "peak_open_files", "peak_memory_bytes", "cpu_s", "longest_gap_s"}
    for part in (document["runs"][0]["resources"], document["summary"][0]["resources"]):
        assert set(part) == fields
        assert (part["peak_in_flight"], part["peak_threads"], part["peak_open_files"]) == (3, 1, 0)
    assert [run.resources for run in read_json(write_json(made)).runs] == [run.resources for run in made.runs]


def test_several_runs_together_give_the_highest_and_the_mean():
    """Peaks are the highest of all runs, processor time is the mean, and what is unknown stays out."""
    other = Resources(threads=1, open_files=9, memory_bytes=None, cpu_ns=4_000_000, longest_gap_ns=None)
    assert together([COST, other, None]) == COST._replace(open_files=9, cpu_ns=8_000_000)
    assert together([None]) is None


def test_parts_count_for_the_whole():
    """The peak of two sources together is that of one moment, not the sum of their peaks."""
    one, other = Usage(), Usage()
    whole = Usage([one, other])
    one.opened()
    one.opened()
    one.closed()
    one.closed()
    other.opened()
    other.thread_started()
    assert (one.peak_open, other.peak_open, whole.peak_open, whole.threads) == (2, 1, 2, 1)


def test_the_table_of_costs():
    """Under the totals, a row a mode."""
    made = comparison([delay("a", 100)] * 4, ["sequential", "parallel"], clock="real")
    made = replace(made, runs=tuple(replace(run, resources=COST) for run in made.runs))
    lines = [line.rstrip() for line in picture(made, Look(80, UNICODE, resources=True)).plain.split("\n")]
    at = lines.index("mode        in flight  threads  files    memory    CPU  longest gap")
    assert lines[at + 1 : at + 3] == [
        "sequential          1        4      3  50.0 MiB  12 ms       1.5 ms",
        "parallel            4        4      3  50.0 MiB  12 ms       1.5 ms",
    ]
    assert lines[at - 4].startswith("mode")
    assert "longest gap" not in render(made)
    narrow = picture(made, Look(30, UNICODE, resources=True)).plain.split("\n")
    assert max(map(len, narrow)) <= 30


def test_what_was_not_measured_is_a_dash():
    """On the virtual clock only the tasks in flight are known."""
    made = comparison([delay("a", 100)] * 4, ["parallel"])
    text = picture(made, Look(80, UNICODE, resources=True)).plain
    assert re.search(r"parallel +4 +– +– +– +– +–", text)


def test_the_option_shows_them():
    """`threads 1` stands beside 1,000 delays."""
    command = [*PROGRAM, "run", "20ms*1000", "--resources", "--rows", "3", "--width", "80"]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    out = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, env=environment).stdout
    assert re.search(r"in flight +threads +files .*\nparallel +1,000 +1 +0 ", out)
