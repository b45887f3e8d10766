"""What should happen: the run that theory gives, by list scheduling from known durations and results.

No clock and no event loop, but the turns of one: what is due is woken in order of time and, on a tie, of start, and
goes on in the next turn, one by one; a worker that has just been set to work begins then too. While a task blocks the
loop nothing is handled: what was due meanwhile comes after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from asyncmodes.capacity import Server, Service, answer
from asyncmodes.dispatch import dispatch
from asyncmodes.modes import Leftovers, Mode
from asyncmodes.record import NEVER, Recorder, Run
from asyncmodes.tasks import FakeRequest, Outcome, Task

_Worker = Iterator[int]
"""Yields for each of its tasks when that is due, and is asked again then."""


def predict(
    tasks: Sequence[Task],
    mode: Mode,
    outcomes: Sequence[Outcome] | None = None,
    *,
    width_cap: int | None = None,
    server: Server | None = None,
) -> Run | None:
    """The run of these tasks in this mode, or None if any task's duration is unknown.

    `outcomes` replaces what the tasks themselves know, for instance by durations measured in another mode.
    `width_cap` is the most tasks that the machine works on at once (`Run.width_cap`), None for no such limit.
    `server` is the one that fake requests go to (None: one without limits). Raises UsageError for a race of nobody, and
    for tasks that need each other in a circle.
    """
    known = list(outcomes) if outcomes is not None else _known_outcomes(tasks)
    if known is None:
        return None
    recorder = Recorder(tasks, mode)
    _Schedule(recorder, known, width_cap, Service(server or Server())).run()
    return recorder.finished()


def _known_outcomes(tasks: Sequence[Task]) -> list[Outcome | None] | None:
    """What the tasks know of themselves, None for a fake request, whose outcome its server tells when it arrives."""
    known: list[Outcome | None] = []
    for task in tasks:
        outcome = task.outcome
        if outcome is None and not isinstance(task.work, FakeRequest):
            return None
        known.append(outcome)
    return known


class _Schedule:
    """Virtual workers on a virtual time that only ever moves from one end to the next."""

    def __init__(
        self, recorder: Recorder, outcomes: Sequence[Outcome | None], width_cap: int | None, service: Service
    ) -> None:
        self.recorder = recorder
        self.outcomes = outcomes
        self.dispatch = dispatch(recorder.tasks, recorder.mode, width_cap)
        self.service = service
        self.now_ns = 0
        self.begun: list[_Worker] = []

    def run(self) -> None:
        """Run all tasks to their end."""
        while portion := self.dispatch.portion():
            self._begin(portion)
            self._work_off()

    def _begin(self, portion: Sequence[int]) -> None:
        self.begun += map(self._worker, portion)

    def _work_off(self) -> None:
        """Turn after turn, let those workers go on that can; what comes of it is for the next turn."""
        in_flight: list[tuple[int, int, _Worker]] = []  # a heap: when due, how many started before, who goes on then
        started = 0
        steps: list[_Worker] = []
        while self.begun or steps or in_flight:
            steps, self.begun = self.begun + steps, []
            if not steps:
                self.now_ns = max(self.now_ns, in_flight[0][0])
            woken = []
            while in_flight and in_flight[0][0] <= self.now_ns:
                woken.append(heappop(in_flight)[2])
            for worker in steps:
                due_ns = next(worker, None)
                if due_ns is not None:
                    started += 1
                    heappush(in_flight, (due_ns, started, worker))
            steps = woken

    def _worker(self, number: int) -> _Worker:
        """A worker as the executor has them: where those await a task, this one yields when it will be due."""
        recorder, tasks, outcomes = self.recorder, self.recorder.tasks, self.outcomes
        starts, ends, lanes = recorder.starts, recorder.ends, recorder.lanes
        heeds, decides = self.dispatch.heeds, recorder.mode.decides
        heed_ok, heed_failure = heeds or decides(ok=True), heeds or decides(ok=False)
        lane, source = self.dispatch.begin(number)
        for index in source:
            lanes[index] = lane
            starts[index] = self.now_ns
            outcome, told = outcomes[index], None
            if outcome is None:
                told = answer(self.service, tasks[index], self.now_ns)
                outcome = told.outcome
            due_ns = self.now_ns + outcome.duration_ns
            if tasks[index].work.blocking:
                self.now_ns = due_ns
            else:
                yield due_ns
                if ends[index] != NEVER:
                    return  # it was cancelled
            ends[index] = self.now_ns
            if told is not None:
                self.service.leave(told.visit)
                if told.detail is not None:
                    recorder.details[index] = told.detail
            if outcome.failure is not None:
                recorder.failures[index] = outcome.failure
                if heed_failure:
                    self._begin(self._ended(lane, index, ok=False))
            elif heed_ok:
                self._begin(self._ended(lane, index, ok=True))

    def _ended(self, lane: int, index: int, *, ok: bool) -> Sequence[int]:
        """See to what the end of a task means for the others; the further workers that can begin."""
        recorder, mode = self.recorder, self.recorder.mode
        if mode.decides(ok) and recorder.decide(index) and mode.leftovers is not Leftovers.KEEP:
            self.dispatch.close()
            if mode.leftovers is Leftovers.CANCEL:
                for other in recorder.running():
                    recorder.ends[other] = self.now_ns
                    recorder.cancelled.add(other)
        return self.dispatch.ended(lane, index, ok)
