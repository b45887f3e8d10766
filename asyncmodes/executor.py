"""The one place that runs tasks: every mode, every kind of task and both clocks go through it.

Tasks are run by workers, each of which takes one task after another from its source. A `Dispatch` says which
workers there are: those of all tasks or of a batch to begin with, and further ones when an end makes other tasks
ready. What a mode means beyond its width is asked in two places only: whether an outcome decides (`Mode.decides`),
and what becomes of the leftovers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress

from asyncmodes.clocks import Clock, running_clock
from asyncmodes.collector import collector_paused
from asyncmodes.dispatch import dispatch
from asyncmodes.lists import Indexed
from asyncmodes.modes import Leftovers, Mode
from asyncmodes.record import Run
from asyncmodes.recorder import Keep, SpanRecorder
from asyncmodes.tasks import Task, TaskFailed

Start = Callable[[], Awaitable[Mapping[str, object] | None]]
"""Starts a task: what it returns is awaited, gives the task's detail or None, and raises TaskFailed if it fails."""


async def execute(tasks: Collection[Task], starts: Indexed[Start], mode: Mode, notes: tuple[str, ...] = ()) -> Run:
    """Run the tasks in this mode on the running loop's clock, until the last one has ended.

    `starts` holds for each task what starts it. A task's failure is a value in the record. Raises UsageError for
    a race of nobody, and whatever a bug in the program raises. If cancelled it cancels the tasks in flight, waits
    for them and raises CancelledError itself, no subclass, which `asyncio.timeout` would not know for its own.
    """
    return await Execution(tasks, starts, mode, notes).finish()


class Execution:
    """One run under way. `finish()` runs it, once; `snapshot()` tells at any time how it stands.

    `keep` says what is kept of it: `SpanRecorder` keeps everything, `TallyRecorder` only sums.

    `record` is the complete record once it is over, also if it was cancelled; None before.
    """

    def __init__(
        self,
        tasks: Collection[Task],
        starts: Indexed[Start],
        mode: Mode,
        notes: tuple[str, ...] = (),
        keep: Keep = SpanRecorder,
    ) -> None:
        self.record: Run | None = None
        self._recorder = recorder = keep(tasks, mode)
        self._starts, self._ends, self._lanes = recorder.starts, recorder.ends, recorder.lanes
        self._functions = starts
        self._notes = notes
        self._clock: Clock = running_clock()
        self._now_ns = self._clock.now_ns
        self._origin_ns = self._now_ns()
        self._at_ns = self._ended_ns = 0  # when a worker last began or went on, and when a task last ended
        self._dispatch = dispatch(tasks, mode)
        heeds = self._dispatch.heeds
        self._heed_ok, self._heed_failure = heeds or mode.decides(ok=True), heeds or mode.decides(ok=False)
        self._workers: list[asyncio.Task[None] | None] = [None] * self._dispatch.workers  # that have not ended
        self._left = 0  # how many of these
        self._idle: asyncio.Future[None]  # done when no worker is left, or when one of them has come upon a bug

    def snapshot(self) -> Run:
        """The record as it stands now; callable from another thread."""
        return self._recorder.snapshot(self._now_ns() - self._origin_ns)

    async def finish(self) -> Run:
        """Run to the end, orphans included; see `execute`."""
        self._loop = asyncio.get_running_loop()
        self._origin_ns = self._now_ns()
        with collector_paused():
            while portion := self._dispatch.portion():
                self._idle = self._loop.create_future()
                self._begin(portion)
                try:
                    await asyncio.shield(self._idle)
                except asyncio.CancelledError:
                    self._recorder.interrupt(self._now_ns() - self._origin_ns)
                    await self._abandon()
                    self._idle.result()  # raises the bug if one showed meanwhile
                    self.record = self._recorder.finished(self._ended_ns, self._notes)
                    raise
                except BaseException:
                    await self._abandon()
                    raise
        self.record = self._recorder.finished(self._ended_ns, self._notes)
        return self.record

    def _begin(self, portion: Sequence[int]) -> None:
        self._left += len(portion)
        for number in portion:
            # A name given saves asyncio from making one up for each of 100,000 workers.
            self._workers[number] = asyncio.Task(self._work(number), loop=self._loop, name="asyncmodes worker")

    async def _work(self, number: int) -> None:
        """Be a worker: run one task after another. Few variables, since of 100,000 workers each has its own."""
        self._at_ns = self._now_ns() - self._origin_ns
        try:
            lane, source = self._dispatch.begin(number)
            for index in source:
                self._lanes[index] = lane
                self._starts[index] = self._at_ns
                try:
                    detail = await self._functions[index]()
                except TaskFailed as error:
                    self._recorder.failures[index] = error.failure
                    if error.detail:
                        self._recorder.details[index] = error.detail
                    self._at_ns = self._ended_ns = self._ends[index] = self._now_ns() - self._origin_ns
                    if self._heed_failure:
                        self._ended(lane, index, ok=False)
                except asyncio.CancelledError:
                    self._recorder.cancelled.add(index)
                    self._at_ns = self._ended_ns = self._ends[index] = self._now_ns() - self._origin_ns
                    if self._dispatch.heeds:
                        self._begin(self._dispatch.ended(lane, index, ok=False))
                else:
                    if detail:
                        self._recorder.details[index] = detail
                    self._at_ns = self._ended_ns = self._ends[index] = self._now_ns() - self._origin_ns
                    if self._heed_ok:
                        self._ended(lane, index, ok=True)
        except BaseException as error:
            self._stop_for(error)
        self._workers[number] = None  # what is left of it goes at once, not all of them together at the end
        self._left -= 1
        if not self._left and not self._idle.done():
            self._idle.set_result(None)

    def _stop_for(self, bug: BaseException) -> None:
        if not self._idle.done():  # a future takes any exception but StopIteration
            self._idle.set_exception(RuntimeError(repr(bug)) if isinstance(bug, StopIteration) else bug)

    def _ended(self, lane: int, index: int, *, ok: bool) -> None:
        """See to what the end of a task means for the others, and let the further workers begin that can."""
        mode = self._recorder.mode
        if mode.decides(ok) and self._recorder.decide(index) and mode.leftovers is not Leftovers.KEEP:
            self._dispatch.close()
            if mode.leftovers is Leftovers.CANCEL:
                self._cancel_running()
        self._begin(self._dispatch.ended(lane, index, ok))

    async def _abandon(self) -> None:
        """Cancel what is running and wait until all has ended; a further cancellation cuts clean-ups short."""
        self._dispatch.close()
        while left := [worker for worker in self._workers if worker is not None and not worker.done()]:
            self._cancel_running()
            with suppress(asyncio.CancelledError):
                await asyncio.wait(left)

    def _cancel_running(self) -> None:
        for index in self._recorder.running():
            worker = self._workers[index if self._dispatch.heeds else self._lanes[index]]
            if worker is not None:  # one that has come upon a bug is gone, and its task never ended
                worker.cancel()
