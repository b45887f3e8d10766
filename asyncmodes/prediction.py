"""What should happen: the run that theory gives, by list scheduling from known durations and results.

No clock and no event loop, but the turns of one: what is due is woken in order of time and, on a tie, of start, and
goes on in the next turn, one by one; a worker that has just been set to work begins then too. While a task blocks the
loop nothing is handled: what was due meanwhile comes after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from heapq import heappop, heappush, heapreplace

from asyncmodes.capacity import Answer, Server, Service, answer
from asyncmodes.collector import collector_paused
from asyncmodes.dispatch import Dispatch, dispatch
from asyncmodes.modes import Leftovers, Mode
from asyncmodes.record import Run
from asyncmodes.recorder import Keep, Recorder, SpanRecorder
from asyncmodes.streams import by_index
from asyncmodes.tasks import FakeRequest, Outcome, Task

_Worker = Iterator[int]
"""Yields for each of its tasks when that is due, and is asked again then."""


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

    `outcomes` replaces what the tasks themselves know, for instance by durations measured in another mode.
    `width_cap` is the most tasks that the machine works on at once (`Run.width_cap`), None for no such limit.
    `server` is the one that fake requests go to (None: one without limits). `keep` says what is kept of it. Raises
    UsageError for a race of nobody, and for tasks that need each other in a circle.
    """
    recorder = keep(tasks, mode)
    schedule = _Schedule(recorder, outcomes, dispatch(tasks, mode, width_cap), Service(server or Server()))
    with collector_paused():
        try:
            schedule.run()
        except _Unknown:
            return None
    return recorder.finished()


class _Unknown(Exception):
    """Only running a task can tell how long it takes."""


class _Schedule:
    """Virtual workers on a virtual time that only ever moves from one end to the next."""

    def __init__(
        self, recorder: Recorder, outcomes: Sequence[Outcome] | None, dispatch: Dispatch, service: Service
    ) -> None:
        self.recorder = recorder
        self.tasks = by_index(recorder.tasks)
        self.outcomes = outcomes
        self.dispatch = dispatch
        self.service = service
        self.now_ns = 0
        self.started = 0
        self.in_flight: list[tuple[int, int, _Worker]] = []  # a heap: when due, how many started before, who goes on
        self.begun: list[_Worker] = []  # in this turn, before those go on that it wakes

    def run(self) -> None:
        """Run all tasks to their end."""
        while portion := self.dispatch.portion():
            self._begin(portion)
            self._work_off()

    def _begin(self, portion: Sequence[int]) -> None:
        self.begun += map(self._worker, portion)

    def _work_off(self) -> None:
        """Let the workers go on until none is left."""
        self._turns()
        in_flight, started = self.in_flight, self.started
        while in_flight:
            # From here on nobody begins, so turns make no difference: who is due first goes on first.
            due_ns, _, worker = in_flight[0]
            self.now_ns = max(self.now_ns, due_ns)
            for next_ns in worker:
                started += 1
                heapreplace(in_flight, (next_ns, started, worker))
                break
            else:
                heappop(in_flight)
        self.started = started

    def _turns(self) -> None:
        """Turn after turn, let all workers go on that can; what comes of it is for the next turn."""
        in_flight = self.in_flight
        woken: list[_Worker] = []
        while self.begun or woken or (self.dispatch.heeds and in_flight):
            steps, self.begun = self.begun + woken, []
            if not steps:
                self.now_ns = max(self.now_ns, in_flight[0][0])
            woken = []
            while in_flight and in_flight[0][0] <= self.now_ns:
                woken.append(heappop(in_flight)[2])
            for worker in steps:
                for due_ns in worker:
                    self.started += 1
                    heappush(in_flight, (due_ns, self.started, worker))
                    break

    def _worker(self, number: int) -> _Worker:
        """A worker as the executor has them: where those await a task, this one yields when it will be due."""
        recorder, tasks, outcomes = self.recorder, self.tasks, self.outcomes
        starts, ends, lanes = recorder.starts, recorder.ends, recorder.lanes
        mode, heeds = recorder.mode, self.dispatch.heeds
        heed_ok, heed_failure = heeds or mode.decides(ok=True), heeds or mode.decides(ok=False)
        cancels = mode.leftovers is Leftovers.CANCEL
        told = None
        lane, source = self.dispatch.begin(number)
        for index in source:
            now = self.now_ns
            lanes[index] = lane
            starts[index] = now
            task = tasks[index]
            outcome = task.outcome if outcomes is None else outcomes[index]
            if outcome is None:
                told = self._asked(task)
                outcome = told.outcome
            duration_ns, failure = outcome
            if task.work.blocking:
                self.now_ns = now + duration_ns
            else:
                yield now + duration_ns
                if cancels and not recorder.is_running(index):
                    return  # it was cancelled
            if told is not None:
                self.service.leave(told.visit)
                if told.detail is not None:
                    recorder.details[index] = told.detail
                told = None
            if failure is None:
                ends[index] = self.now_ns
                if heed_ok:
                    self._begin(self._ended(lane, index, ok=True))
            else:
                recorder.failures[index] = failure
                ends[index] = self.now_ns
                if heed_failure:
                    self._begin(self._ended(lane, index, ok=False))

    def _asked(self, task: Task) -> Answer:
        if not isinstance(task.work, FakeRequest):
            raise _Unknown
        return answer(self.service, task, self.now_ns)

    def _ended(self, lane: int, index: int, *, ok: bool) -> Sequence[int]:
        """See to what the end of a task means for the others; the further workers that can begin."""
        recorder, mode = self.recorder, self.recorder.mode
        if mode.decides(ok) and recorder.decide(index) and mode.leftovers is not Leftovers.KEEP:
            self.dispatch.close()
            if mode.leftovers is Leftovers.CANCEL:
                for other in recorder.running():
                    recorder.cancelled.add(other)
                    recorder.ends[other] = self.now_ns
        return self.dispatch.ended(lane, index, ok)
