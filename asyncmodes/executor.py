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
from asyncmodes.modes import Leftovers, Mode
from asyncmodes.record import Run
from asyncmodes.recorder import Keep, SpanRecorder
from asyncmodes.streams import Indexed
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
        self._recorder = keep(tasks, mode)
        self._starts = starts
        self._notes = notes
        self._clock: Clock = running_clock()
        self._now_ns = self._clock.now_ns
        self._origin_ns = self._now_ns()
        self._dispatch = dispatch(tasks, mode)
        heeds = self._dispatch.heeds
        self._heed_ok, self._heed_failure = heeds or mode.decides(ok=True), heeds or mode.decides(ok=False)
        self._workers: dict[int, asyncio.Task[None]] = {}  # those that have not ended, by their numbers
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
                    self.record = self._recorder.finished(self._notes)
                    raise
                except BaseException:
                    await self._abandon()
                    raise
        self.record = self._recorder.finished(self._notes)
        return self.record

    def _begin(self, portion: Sequence[int]) -> None:
        for number in portion:
            # A name given saves asyncio from making one up for each of 100,000 workers.
            self._workers[number] = asyncio.Task(self._work(number), loop=self._loop, name="asyncmodes worker")

    async def _work(self, number: int) -> None:
        """Be a worker: run one task after another. Few variables, since of 100,000 workers each has its own."""
        recorder, now_ns, origin_ns = self._recorder, self._now_ns, self._origin_ns
        starts, ends, lanes = recorder.starts, recorder.ends, recorder.lanes
        functions = self._starts
        now = now_ns() - origin_ns
        try:
            lane, source = self._dispatch.begin(number)
            for index in source:
                lanes[index] = lane
                starts[index] = now
                try:
                    detail = await functions[index]()
                except TaskFailed as failed:
                    recorder.failures[index] = failed.failure
                    if failed.detail:
                        recorder.details[index] = failed.detail
                    now = ends[index] = now_ns() - origin_ns
                    if self._heed_failure:
                        self._begin(self._ended(lane, index, ok=False))
                except asyncio.CancelledError:
                    recorder.cancelled.add(index)
                    now = ends[index] = now_ns() - origin_ns
                    if self._dispatch.heeds:
                        self._begin(self._dispatch.ended(lane, index, ok=False))
                else:
                    if detail:
                        recorder.details[index] = detail
                    now = ends[index] = now_ns() - origin_ns
                    if self._heed_ok:
                        self._begin(self._ended(lane, index, ok=True))
        except BaseException as bug:
            if not self._idle.done():  # a future takes any exception but StopIteration
                self._idle.set_exception(RuntimeError(repr(bug)) if isinstance(bug, StopIteration) else bug)
        del self._workers[number]  # what is left of it goes at once, not all of them together at the end
        if not self._workers and not self._idle.done():
            self._idle.set_result(None)

    def _ended(self, lane: int, index: int, *, ok: bool) -> Sequence[int]:
        """See to what the end of a task means for the others; the further workers that can begin."""
        mode = self._recorder.mode
        if mode.decides(ok) and self._recorder.decide(index) and mode.leftovers is not Leftovers.KEEP:
            self._dispatch.close()
            if mode.leftovers is Leftovers.CANCEL:
                self._cancel_running()
        return self._dispatch.ended(lane, index, ok)

    async def _abandon(self) -> None:
        """Cancel what is running and wait until all has ended; a further cancellation cuts clean-ups short."""
        self._dispatch.close()
        while not all(worker.done() for worker in self._workers.values()):
            self._cancel_running()
            with suppress(asyncio.CancelledError):
                await asyncio.wait(self._workers.values())

    def _cancel_running(self) -> None:
        for index in self._recorder.running():
            number = index if self._dispatch.heeds else self._recorder.lanes[index]
            if number in self._workers:  # one that has come upon a bug is gone, and its task never ended
                self._workers[number].cancel()
