"""What should happen: the run that theory gives, by list scheduling from known durations and results.

No clock and no event loop, but the turns of one: what is due is woken in order of time and, on a tie, of start, and
goes on in the next turn, one by one; a worker that has just been set to work begins then too. While a task blocks the
loop nothing is handled: what was due meanwhile comes after it.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from heapq import heappop, heappush, heapreplace
from itertools import chain

from asyncmodes.capacity import Server, Service, answer
from asyncmodes.collector import collector_paused
from asyncmodes.dispatch import Dispatch, dispatch
from asyncmodes.lists import Indexed, Known, Tasks, by_index
from asyncmodes.modes import Leftovers, Mode
from asyncmodes.record import Run
from asyncmodes.recorder import Keep, Recorder, SpanRecorder
from asyncmodes.tasks import Failure, FakeRequest, Outcome, Task

_Worker = Iterator[int]
"""Yields its lane when it begins, then for each of its tasks when that is due, and is asked again then."""


def predict(
    tasks: Collection[Task],
    mode: Mode,
    outcomes: Sequence[Outcome] | None = None,
    *,
    width_cap: int | None = None,
    server: Server | None = None,
    keep: Keep = SpanRecorder,
) -> Run | None:
    """The run of these tasks in this mode, or None if any task's duration is unknown.

    `outcomes` replaces what the tasks themselves know, one for each, for instance by what was measured in another mode.
    `width_cap` is the most tasks that the machine works on at once (`Run.width_cap`), None for no such limit.
    `server` is the one that fake requests go to (None: one without limits). `keep` says what is kept of it. Raises
    UsageError for a race of nobody, and for tasks that need each other in a circle; ValueError for more outcomes than
    tasks, or fewer.
    """
    recorder = keep(tasks, mode)
    schedule = _Schedule(
        recorder, _known(tasks, outcomes), dispatch(tasks, mode, width_cap), Service(server or Server())
    )
    with collector_paused():
        try:
            ended_ns = schedule.run()
        except _Unknown:
            return None
    return recorder.finished(ended_ns)


def _known(tasks: Collection[Task], outcomes: Sequence[Outcome] | None) -> Indexed[Known | None]:
    """What is known of each task: by these outcomes, or else by itself."""
    if outcomes is not None:
        pairs = zip(tasks, outcomes, strict=True)
        return [(duration_ns, failure, task.work.blocking) for task, (duration_ns, failure) in pairs]
    return Tasks.of(tasks).known


class _Unknown(Exception):
    """Only running a task can tell how long it takes."""


class _Schedule:
    """Virtual workers on a virtual time that only ever moves from one end to the next.

    A wake-up is one number, since to sort tuples would take twice as long: from its highest bits on it says when it is
    due, how many tasks had started before, and on which lane it is.
    """

    def __init__(self, recorder: Recorder, known: Indexed[Known | None], dispatch: Dispatch, service: Service) -> None:
        self.recorder = recorder
        self.tasks = by_index(recorder.tasks)
        self.known = known
        self.dispatch = dispatch
        self.service = service
        for_lane = dispatch.workers.bit_length()
        self.lane_bits = (1 << for_lane) - 1
        self.one_start = 1 << for_lane
        self.due_shift = for_lane + len(recorder.tasks).bit_length()
        self.now_ns = 0
        self.cancelled_ns: int | None = None  # when all that were in flight were cancelled, though they wake up later
        self.started = 0  # times `one_start`
        self.in_flight: list[int] = []  # a heap of wake-ups
        self.workers: list[_Worker] = [iter(())] * dispatch.workers  # the last one of each lane
        self.begun: list[_Worker] = []  # in this turn, before those go on that it wakes

    def run(self) -> int:
        """Run all tasks to their end; when the last one ended."""
        while portion := self.dispatch.portion():
            self._begin(portion)
            self._work_off()
        return self.now_ns if self.cancelled_ns is None else self.cancelled_ns

    def _begin(self, portion: Sequence[int]) -> None:
        self.begun += map(self._worker, portion)

    def _work_off(self) -> None:
        """Let the workers go on until none is left."""
        self._turns()
        in_flight, workers, lane_bits = self.in_flight, self.workers, self.lane_bits
        started, one_start, due_shift = self.started, self.one_start, self.due_shift
        while in_flight:
            # From here on nobody begins, so turns make no difference: who is due first goes on first.
            first = in_flight[0]
            due_ns = first >> due_shift
            if due_ns > self.now_ns:  # noqa: PLR1730  # max() would take a tenth of all the time
                self.now_ns = due_ns
            lane = first & lane_bits
            for next_ns in workers[lane]:
                started += one_start
                heapreplace(in_flight, (next_ns << due_shift) + (started + lane))
                break
            else:
                heappop(in_flight)
        self.started = started

    def _turns(self) -> None:
        """Turn after turn, let all workers go on that can; what comes of it is for the next turn."""
        in_flight = self.in_flight
        woken: list[int] = []  # their lanes
        while self.begun or woken or (self.dispatch.heeds and in_flight):
            if not self.begun and not woken:
                self.now_ns = max(self.now_ns, in_flight[0] >> self.due_shift)
            # Who begins takes the lowest lane when it is its turn: those before it may have left theirs.
            steps = chain(map(self._lane_of, self.begun), woken)
            self.begun, woken = [], []
            while in_flight and in_flight[0] >> self.due_shift <= self.now_ns:
                woken.append(heappop(in_flight) & self.lane_bits)
            for lane in steps:
                for due_ns in self.workers[lane]:
                    self.started += self.one_start
                    heappush(in_flight, (due_ns << self.due_shift) + (self.started + lane))
                    break

    def _lane_of(self, begun: _Worker) -> int:
        lane = next(begun)
        self.workers[lane] = begun
        return lane

    def _worker(self, number: int) -> _Worker:
        """A worker as the executor has them: where those await a task, this one yields when it will be due."""
        recorder, known = self.recorder, self.known
        starts, ends, lanes = recorder.starts, recorder.ends, recorder.lanes
        mode, heeds = recorder.mode, self.dispatch.heeds
        heed_ok, heed_failure = heeds or mode.decides(ok=True), heeds or mode.decides(ok=False)
        cancels = mode.leftovers is Leftovers.CANCEL
        now = self.now_ns
        lane, source = self.dispatch.begin(number)
        yield lane
        for index in source:
            lanes[index] = lane
            starts[index] = now
            facts = known[index]
            if facts is None:
                failure = yield from self._asked(index)
            else:
                duration_ns, failure, blocking = facts
                if blocking:
                    self.now_ns = now + duration_ns
                else:
                    yield now + duration_ns
            if cancels and not recorder.is_running(index):
                return  # it was cancelled
            if failure is None:
                now = ends[index] = self.now_ns
                if heed_ok:
                    self._begin(self._ended(lane, index, ok=True))
            else:
                recorder.failures[index] = failure
                now = ends[index] = self.now_ns
                if heed_failure:
                    self._begin(self._ended(lane, index, ok=False))

    def _asked(self, index: int) -> Generator[int, None, Failure | None]:
        """Ask the server, as a worker that goes on when it has its answer; how the task fails, if it does."""
        task, recorder = self.tasks[index], self.recorder
        if not isinstance(task.work, FakeRequest):
            raise _Unknown
        told = answer(self.service, task, self.now_ns)
        yield self.now_ns + told.outcome.duration_ns
        if recorder.is_running(index):
            self.service.leave(told.visit)
            if told.detail is not None:
                recorder.details[index] = told.detail
        return told.outcome.failure

    def _ended(self, lane: int, index: int, *, ok: bool) -> Sequence[int]:
        """See to what the end of a task means for the others; the further workers that can begin."""
        recorder, mode = self.recorder, self.recorder.mode
        if mode.decides(ok) and recorder.decide(index) and mode.leftovers is not Leftovers.KEEP:
            self.dispatch.close()
            if mode.leftovers is Leftovers.CANCEL:
                self.cancelled_ns = self.now_ns
                for other in recorder.running():
                    recorder.cancelled.add(other)
                    recorder.ends[other] = self.now_ns
        return self.dispatch.ended(lane, index, ok)
