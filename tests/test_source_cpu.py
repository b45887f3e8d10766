"""CPU work for real: time that is really used, inline, in threads and in processes, and nothing left of it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from test_process import finished, interrupted, posix, started

import asyncmodes
from asyncmodes.burning import burn, cores
from asyncmodes.errors import UsageError
from asyncmodes.measure import execute
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Run
from asyncmodes.sources import workers
from asyncmodes.spec import Defaults, read_words
from asyncmodes.tasks import CpuIn, State

MS = 1_000_000


def cpu(text: str, place: str = "inline", **defaults) -> list[asyncmodes.Task]:
    """The tasks of these words."""
    return read_words(text.split(), Defaults(cpu_in=CpuIn(place), **defaults))


def run(text: str, place: str, mode: str, **defaults) -> Run:
    """The tasks of these words run once for real."""
    return asyncio.run(execute(cpu(text, place, **defaults), mode))


def alive(pid: int) -> bool:
    """Whether a process of that number is there, and no zombie."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")


def workers_of(parent: int) -> list[int]:
    """The worker processes that `parent` has started."""
    listed = subprocess.run(["ps", "-ewwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines() if "serve_parent" in line]
    return [int(pid) for pid, of, *_ in rows if int(of) == parent]


def wait_until(condition) -> None:
    """Wait for what is to happen; the deadline is for broken code only."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def test_processor_time_is_used_not_waited_for():
    """Burning 30 ms uses at least so much processor time of the thread, however long it takes."""
    before = time.thread_time_ns()
    used = burn(30 * MS)
    assert 30 * MS <= used <= time.thread_time_ns() - before


@pytest.mark.parametrize("place", ["inline", "thread", "process"])
def test_every_place_tells_what_it_used(place):
    """Each task uses the processor time asked for, and its detail says where and how much."""
    happened = run("cpu:20ms*2 cpu:0ms", place, "parallel")
    assert happened.counts[State.OK] == 3
    for index, least in enumerate([0.02, 0.02, 0]):
        detail = happened.details[index]
        assert detail["cpu_in"] == place
        assert least <= detail["cpu_s"] < least + 1
    assert happened.resources.cpu_ns >= 40 * MS


def test_inline_work_is_one_after_another():
    """On the event loop parallel is sequential: one lane, and each begins when the one before has ended."""
    happened = run("cpu:20ms*3", "inline", "parallel")
    assert happened.peak == 1
    assert all(one <= other for one, other in zip(happened.ends[:-1], happened.starts[1:], strict=True))


def test_theory_knows_inline_work_only():
    """Four times 200 ms are 800 ms in parallel inline; what threads and processes do is up to the machine."""
    for mode in ("sequential", "parallel", "limited=2"):
        assert predict(cpu("cpu:200ms*4"), parse_mode(mode)).total_ns == 800 * MS
        assert predict(cpu("cpu:200ms*4", "thread"), parse_mode(mode)) is None
        assert predict(cpu("cpu:200ms*4", "process"), parse_mode(mode)) is None


@pytest.mark.parametrize("place", ["thread", "process"])
def test_elsewhere_the_loop_stays_free(place):
    """While a thread or a process computes, a delay that started later ends first."""
    happened = run("cpu:400ms 1ms", place, "race")
    assert happened.decided_by == 1


def test_the_note_tells_of_the_lock():
    """Threads share one core in a Python with a global lock, and the picture says so."""
    happened = run("cpu:1ms", "thread", "parallel")
    assert any("the GIL" in note for note in happened.notes) == getattr(sys, "_is_gil_enabled", lambda: True)()


def test_the_pool_has_no_more_processes_than_cores_tasks_or_lanes(monkeypatch):
    """The pool is as large as the least of them, which is the width that predictions reckon with."""
    counts = []
    start = workers.Pool.start
    monkeypatch.setattr(workers.Pool, "start", lambda pool, count: (counts.append(count), start(pool, count))[1])
    monkeypatch.setattr("asyncmodes.sources.cpu.cores", lambda: 3)
    runs = [run("cpu:1ms*5", "process", mode) for mode in ("parallel", "limited=2")] + [
        run("cpu:1ms", "process", "parallel")
    ]
    assert counts == [3, 2, 1]
    assert [happened.width_cap for happened in runs] == [3, None, None]
    assert runs[0].notes == ("parallel does CPU work in 3 processes at once, one for each core",)


def test_one_core_is_said(monkeypatch):
    """Where the program may use one core only, the picture says what it cannot show."""
    monkeypatch.setattr("asyncmodes.sources.cpu.cores", lambda: 1)
    (note,) = run("cpu:1ms*2", "process", "parallel").notes
    assert note.startswith("this machine lets the program use one core only")
    assert cores() >= 1


def test_an_inline_timeout_comes_too_late():
    """Nothing can stop what blocks the loop: it ends ok, and the picture says why."""
    happened = run("cpu:30ms", "inline", "parallel", timeout_ns=MS)
    assert happened.state(0) is State.OK
    assert happened.notes == (
        "a timeout cannot stop what blocks the event loop: it can only be noticed when the loop is free",
    )


@pytest.mark.parametrize("place", ["thread", "process"])
def test_a_timeout_elsewhere_is_a_timeout(place):
    """In a thread or a process an hour of work times out, and the next task has a worker to go to."""
    tasks = [*cpu("cpu:1h", place, timeout_ns=30 * MS), *cpu("cpu:1ms", place)]
    happened = asyncio.run(execute(tasks, "settled"))
    assert happened.state(0) is State.TIMED_OUT
    assert happened.state(1) is State.OK


@posix
def test_a_process_is_killed_and_replaced():
    """Each timeout kills its worker, and another one takes its place: all later tasks are done."""
    tasks = [*cpu("cpu:1h*2", "process", timeout_ns=30 * MS), *cpu("cpu:1ms*2", "process")]
    happened = asyncio.run(execute(tasks, "limited=1+settled"))
    assert [happened.state(index) for index in range(4)] == [State.TIMED_OUT] * 2 + [State.OK] * 2
    assert not workers_of(os.getpid())


@posix
def test_a_worker_that_dies_is_the_tasks_failure():
    """A worker that somebody kills fails its task, and the next task gets a new one."""

    async def main() -> Run:
        running = asyncio.create_task(execute(cpu("cpu:1h cpu:1ms", "process"), "limited=1+settled"))
        while not (found := workers_of(os.getpid())):  # noqa: ASYNC110  # nobody tells of a new process
            await asyncio.sleep(0.01)
        while not running.done():
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.05)
        return await running

    happened = asyncio.run(main())
    assert happened.failures[0].type == "WorkerLost"
    assert happened.state(1) is State.OK
    assert not workers_of(os.getpid())


@posix
@pytest.mark.parametrize("mode", ["parallel+cancel", "parallel"])
def test_nothing_is_left_of_a_run(mode):
    """When a run is over its workers are gone, also those that were cancelled in the middle of an hour."""
    tasks = [*cpu("cpu:1h" if mode == "parallel+cancel" else "cpu:1ms", "process"), *asyncmodes.words("fail:20ms")]
    happened = asyncio.run(execute(tasks, mode))
    assert happened.decided_by == 1
    assert not workers_of(os.getpid())


@posix
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
)
def test_workers_die_with_the_program(number, code):
    """However the program ends, by a signal to its whole group or killed, no worker outlives it or says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with started("run", "cpu:1h*2", url, "--cpu-in", "process", "--warmup", "0", "--quiet") as child:
            try:
                connection, _ = server.accept()  # the run is under way
                with connection:
                    left = workers_of(child.pid)
                    os.killpg(child.pid, number)
                    _, err = child.communicate(timeout=60)
            finally:
                child.kill()
    assert left
    assert (child.returncode, err) == (code, "")
    wait_until(lambda: not any(map(alive, left)))


@posix
def test_workers_die_when_the_program_leaves_at_once(tmp_path):
    """The first Ctrl-C cannot stop what blocks the loop; a later one ends the program at once, and the worker too."""
    spec = tmp_path / "spec.toml"
    spec.write_text("[[tasks]]\ncpu = '1h'\ncpu_in = 'process'\n[[tasks]]\nblock = '1h'\n")
    with started("run", "--spec", str(spec), "--no-live") as child:
        try:
            wait_until(lambda: workers_of(child.pid))
            left = workers_of(child.pid)
            while child.poll() is None:
                os.killpg(child.pid, signal.SIGINT)
                time.sleep(0.1)
            _, err = child.communicate(timeout=60)
        finally:
            child.kill()
    assert (child.returncode, err) == (130, "")
    wait_until(lambda: not any(map(alive, left)))


@posix
def test_an_interrupted_thread_does_not_keep_the_program():
    """A thread in the middle of an hour of work is left behind at once, and the partial run is shown."""
    code, out, err = interrupted(signal.SIGINT, "run", "cpu:1h", "--cpu-in", "thread", "--format", "json", "--quiet")
    assert (code, err) == (130, "")
    assert json.loads(out)["interrupted"]


def test_the_virtual_clock_names_the_simulated_one():
    """CPU work is real: on the virtual clock it is refused, and block: is what simulates it."""
    code, out, err = finished("run", "cpu:200ms", "--clock", "virtual")
    assert (code, out) == (2, "")
    assert err == (
        "asyncmodes: error: task 'cpu:200ms': cpu:200ms burns real processor time, and the virtual clock runs only "
        "fake tasks; use --clock real, or write block:200ms for the simulated one\n"
    )


def test_where_is_checked():
    """Another place than the three is a usage error."""
    code, _, err = finished("run", "cpu:1ms", "--cpu-in", "gpu")
    assert code == 2
    assert err == "asyncmodes: error: --cpu-in: there is no 'gpu'; write inline or thread or process\n"


def test_a_day_of_it_is_refused():
    """More than 24 hours on the real clock are nobody's intention."""
    with pytest.raises(UsageError, match="more than 24 hours of real time; write less"):
        asyncmodes.compare(cpu("cpu:25h"), "parallel")
