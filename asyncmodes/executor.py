"""The one place that runs tasks: every mode, every kind of task and both clocks go through it.

Tasks are run by workers that pull from one shared source of ready tasks. A worker is a lane: as long as the
source has tasks no worker is idle, so the lane that becomes free is the one of the worker that asks. Without a
barrier all tasks are one batch; with one, each batch has its own workers. What a mode means beyond its width is
asked in two places only: whether an outcome decides (`Mode.decides`), and what becomes of the leftovers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from asyncmodes.clocks import Clock, running_clock
from asyncmodes.collector import collector_paused
from asyncmodes.modes import Leftovers, Mode
from asyncmodes.record import Recorder, Run
from asyncmodes.tasks import Task, TaskFailed

Start = Callable[[], Awaitable[Mapping[str, object] | None]]
"""Starts a task: what it returns is awaited, gives the task's detail or None, and raises TaskFailed if it fails."""


async def execute(tasks: Sequence[Task], starts: Sequence[Start], mode: Mode, notes: tuple[str, ...] = ()) -> Run:
    """Run the tasks in this mode on the running loop's clock, until the last one has ended.

    `starts` holds for each task what starts it. A task's failure is a value in the record. Raises UsageError for
    a race of nobody, and whatever a bug in the program raises. If cancelled it cancels the tasks in flight, waits
    for them and raises CancelledError itself, no subclass, which `asyncio.timeout` would not know for its own.
    """
    return await Execution(tasks, starts, mode, notes).finish()


class Execution:
    """One run under way. `finish()` runs it, once; `snapshot()` tells at any time how it stands.

    `record` is the complete record once it is over, also if it was cancelled; None before.
    """

    def __init__(self, tasks: Sequence[Task], starts: Sequence[Start], mode: Mode, notes: tuple[str, ...] = ()) -> None:
        self.record: Run | None = None
        self._recorder = Recorder(tasks, mode)
        self._starts = starts
        self._notes = notes
        self._clock: Clock = running_clock()
        self._origin_ns = self._clock.now_ns()
        self._closed = False
        self._source: Iterator[tuple[int, Start]] = iter(())
        self._workers: list[asyncio.Task[None]] = []

    def snapshot(self) -> Run:
        """The record as it stands now; callable from another thread."""
        return self._recorder.snapshot(self._clock.now_ns() - self._origin_ns)

    async def finish(self) -> Run:
        """Run to the end, orphans included; see `execute`."""
        self._origin_ns = self._clock.now_ns()
        mode = self._recorder.mode
        with collector_paused():
            for batch in mode.batches(len(self._starts)):
                idle = self._work(batch)
                try:
                    await asyncio.shield(idle)
                except asyncio.CancelledError:
                    self._recorder.interrupt(self._clock.now_ns() - self._origin_ns)
                    await self._abandon()
                    idle.result()  # raises the bug if one showed meanwhile
                    self.record = self._recorder.finished(self._notes)
                    raise
                except BaseException:
                    await self._abandon()
                    raise
                if self._closed:
                    break
        self.record = self._recorder.finished(self._notes)
        return self.record

    def _work(self, batch: range) -> asyncio.Future[None]:
        """Set workers to work on a batch; the future is done when they all are."""
        loop = asyncio.get_running_loop()
        recorder = self._recorder
        now_ns, origin_ns = self._clock.now_ns, self._origin_ns
        starts, ends, lanes, details = recorder.starts, recorder.ends, recorder.lanes, recorder.details
        success_decides, failure_decides = recorder.mode.decides(ok=True), recorder.mode.decides(ok=False)
        idle = loop.create_future()
        source = self._source = zip(batch, self._starts[batch.start : batch.stop])
        busy = recorder.mode.lanes(len(batch))

        async def worker(lane: int) -> None:
            nonlocal busy
            now = now_ns() - origin_ns
            try:
                for index, start in source:
                    lanes[index] = lane
                    starts[index] = now
                    try:
                        detail = await start()
                    except TaskFailed as failed:
                        recorder.failures[index] = failed.failure
                        if failed.detail:
                            details[index] = failed.detail
                        now = ends[index] = now_ns() - origin_ns
                        if failure_decides:
                            self._decide(index)
                    except asyncio.CancelledError:
                        recorder.cancelled.add(index)
                        now = ends[index] = now_ns() - origin_ns
                    else:
                        if detail:
                            details[index] = detail
                        now = ends[index] = now_ns() - origin_ns
                        if success_decides:
                            self._decide(index)
            except BaseException as bug:
                if not idle.done():  # a future takes any exception but StopIteration
                    idle.set_exception(RuntimeError(repr(bug)) if isinstance(bug, StopIteration) else bug)
            busy -= 1
            if not busy and not idle.done():
                idle.set_result(None)

        # A name given saves asyncio from making one up for each of 100,000 workers.
        self._workers = [asyncio.Task(worker(lane), loop=loop, name="asyncmodes worker") for lane in range(busy)]
        return idle

    def _decide(self, index: int) -> None:
        leftovers = self._recorder.mode.leftovers
        if self._recorder.decide(index) and leftovers is not Leftovers.KEEP:
            self._close()
            if leftovers is Leftovers.CANCEL:
                self._cancel_running()

    def _close(self) -> None:
        """Let no queued task start any more, not even in this tick."""
        self._closed = True
        for _ in self._source:
            pass

    async def _abandon(self) -> None:
        """Cancel what is running and wait until all has ended; a further cancellation cuts clean-ups short."""
        self._close()
        while not all(worker.done() for worker in self._workers):
            self._cancel_running()
            with suppress(asyncio.CancelledError):
                await asyncio.wait(self._workers)

    def _cancel_running(self) -> None:
        for index in self._recorder.running():
            self._workers[self._recorder.lanes[index]].cancel()
