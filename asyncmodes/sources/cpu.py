"""CPU work: processor time is really used, on the event loop itself, in threads, or in processes."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from threading import Event

from asyncmodes.burning import burn, cores
from asyncmodes.errors import UsageError
from asyncmodes.executor import Start
from asyncmodes.modes import Leftovers, Mode
from asyncmodes.resources import MOST_THREADS, Usage
from asyncmodes.sources import Options, Source
from asyncmodes.sources.block import unstoppable_notes
from asyncmodes.sources.deadline import within
from asyncmodes.sources.resources import threads
from asyncmodes.sources.workers import Job, Pool, workers
from asyncmodes.tasks import Cpu, CpuIn, Task

ONE_CORE = "this machine lets the program use one core only: that processes work side by side cannot be shown here"


@asynccontextmanager
async def opened(tasks: Collection[Task], mode: Mode, options: Options) -> AsyncIterator[Source]:  # noqa: ARG001  # every source takes these
    """What starts each; its detail is `{"cpu_in": …, "cpu_s": …}`, the processor time really used in seconds.

    Processes are started and warm before this returns, no more than cores, and gone at its end. Raises UsageError
    if they do not start.
    """
    places = Counter(map(_place, tasks))
    lanes = mode.lanes(len(tasks))
    usage = Usage()
    notes: list[str] = []
    starters: dict[CpuIn, Callable[[Task], Start]] = {}
    width_cap = None
    with ExitStack() as stack:
        if CpuIn.INLINE in places:
            starters[CpuIn.INLINE] = lambda task: partial(_inline, task)
            notes += unstoppable_notes(tasks)
        if CpuIn.THREAD in places:
            pool = stack.enter_context(threads(min(lanes, places[CpuIn.THREAD]), "cpu", usage))
            stop = Event()
            stack.callback(stop.set)  # after the run: what nobody waits for must not slow down the next one
            starters[CpuIn.THREAD] = lambda task: partial(_in_thread, pool, stop, task)
            notes += _thread_notes(tasks, mode, lanes)
        if CpuIn.PROCESS in places:
            count = min(lanes, places[CpuIn.PROCESS], cores(), MOST_THREADS)
            waiting = stack.enter_context(threads(count, "cpu worker", usage))
            try:
                processes = stack.enter_context(workers(count, waiting, usage))
            except OSError as error:
                what = f"the worker processes did not start ({error.strerror or error})"
                raise UsageError.at("--cpu-in", what, "write --cpu-in thread or inline") from error
            starters[CpuIn.PROCESS] = lambda task: partial(_in_process, processes, task)
            notes += _process_notes(mode, count, lanes)
            width_cap = count if count < lanes and set(places) == {CpuIn.PROCESS} else None
        yield Source(lambda task: starters[_place(task)](task), tuple(notes), usage, width_cap)


def _place(task: Task) -> CpuIn:
    assert isinstance(task.work, Cpu)
    return task.work.place


def _thread_notes(tasks: Iterable[Task], mode: Mode, lanes: int) -> list[str]:
    notes = []
    if lanes > MOST_THREADS:
        notes.append(f"{mode} does CPU work in at most {MOST_THREADS} threads at once")
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        notes.append("CPU work in threads: Python lets one thread at a time compute (the GIL), so they share one core")
    if mode.leftovers is Leftovers.CANCEL or any(task.timeout_ns for task in tasks):
        notes.append("a thread cannot be stopped: timed out or cancelled, its work goes on and keeps its slot")
    return notes


def _process_notes(mode: Mode, count: int, lanes: int) -> list[str]:
    if cores() == 1:
        return [ONE_CORE]
    return [f"{mode} does CPU work in {count} processes at once, one for each core"] if count < lanes else []


def _duration_ns(task: Task) -> int:
    assert isinstance(task.work, Cpu)
    return task.work.duration_ns


def _detail(task: Task, used_ns: int) -> Mapping[str, object]:
    return {"cpu_in": str(_place(task)), "cpu_s": used_ns / 1e9}


async def _inline(task: Task) -> Mapping[str, object]:
    return _detail(task, burn(_duration_ns(task)))


async def _in_thread(pool: ThreadPoolExecutor, stop: Event, task: Task) -> Mapping[str, object]:
    loop = asyncio.get_running_loop()
    work = loop.run_in_executor(pool, burn, _duration_ns(task), stop.is_set)
    return _detail(task, await within(task.timeout_ns, work))


async def _in_process(pool: Pool, task: Task) -> Mapping[str, object]:
    """A thread waits for the answer of a worker; the worker is killed if nobody wants the answer any more."""
    job = Job(pool, _duration_ns(task))
    work = asyncio.get_running_loop().run_in_executor(pool.waiting, job.run)
    try:
        return _detail(task, await within(task.timeout_ns, work))
    except BaseException:
        job.stop()
        raise
