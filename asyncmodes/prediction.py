"""What should happen: the run that theory gives, by list scheduling from known durations and results.

No clock and no event loop, but the turns of one: what is due is woken in order of time and, on a tie, of start, and
goes on in the next turn, one by one; a worker that has just been set to work begins then too. While a task blocks the
loop nothing is handled: what was due meanwhile comes after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush

from asyncmodes.capacity import Answer, Server, Service, answer
from asyncmodes.dispatch import Worker, dispatch
from asyncmodes.modes import Leftovers, Mode
from asyncmodes.record import Recorder, Run
from asyncmodes.tasks import Failure, FakeRequest, Outcome, Task


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
        self.answers: dict[int, Answer] = {}
        self.now_ns = 0
        self.started = 0
        self.in_flight: list[tuple[int, int, int, Iterator[int]]] = []  # end, how many started before, index, source
        self.steps: deque[tuple[Callable[[int, Iterator[int]], None], int, Iterator[int]]] = deque()

    def run(self) -> None:
        """Run all tasks to their end."""
        while workers := self.dispatch.portion():
            self._begin(workers)
            while self.steps or self.in_flight:
                self._turn()

    def _turn(self) -> None:
        """Do what can be done now; what comes of it is for the next turn."""
        if not self.steps:
            self.now_ns = max(self.now_ns, self.in_flight[0][0])
        while self.in_flight and self.in_flight[0][0] <= self.now_ns:
            _, _, index, source = heappop(self.in_flight)
            self.steps.append((self._wake, index, source))
        for _ in range(len(self.steps)):
            step, number, source = self.steps.popleft()
            step(number, source)

    def _begin(self, workers: list[Worker]) -> None:
        self.steps.extend((self._pull, lane, source) for lane, source in workers)

    def _wake(self, index: int, source: Iterator[int]) -> None:
        self.steps.append((self._go_on, index, source))

    def _go_on(self, index: int, source: Iterator[int]) -> None:
        if index not in self.recorder.cancelled:
            self._begin(self._end(index))
            self._pull(self.recorder.lanes[index], source)

    def _pull(self, lane: int, source: Iterator[int]) -> None:
        """Let a worker start tasks until one of them waits for something, or none is left."""
        for index in source:
            due_ns = self._due(index, lane)
            if not self.recorder.tasks[index].work.blocking:
                heappush(self.in_flight, (due_ns, self.started, index, source))
                return
            self.now_ns = due_ns
            self._begin(self._end(index))

    def _end(self, index: int) -> list[Worker]:
        """Note how a task has ended, and what that means for the others; the workers that can begin now."""
        recorder, mode = self.recorder, self.recorder.mode
        recorder.ends[index] = self.now_ns
        failure = self._failure(index)
        if failure is not None:
            recorder.failures[index] = failure
        if mode.decides(failure is None) and recorder.decide(index) and mode.leftovers is not Leftovers.KEEP:
            self.dispatch.close()
            if mode.leftovers is Leftovers.CANCEL:
                self._cancel(recorder.running())
        return self.dispatch.ended(recorder.lanes[index], index, failure is None) if self.dispatch.heeds else []

    def _due(self, index: int, lane: int) -> int:
        """Start a task; when it will be due."""
        self.started += 1
        self.recorder.starts[index] = self.now_ns
        self.recorder.lanes[index] = lane
        outcome = self.outcomes[index]
        if outcome is None:
            told = self.answers[index] = answer(self.service, self.recorder.tasks[index], self.now_ns)
            outcome = told.outcome
        return self.now_ns + outcome.duration_ns

    def _failure(self, index: int) -> Failure | None:
        """Let the task's visit leave if it had one; the task's failure."""
        outcome = self.outcomes[index]
        if outcome is not None:
            return outcome.failure
        told = self.answers.pop(index)
        self.service.leave(told.visit)
        if told.detail is not None:
            self.recorder.details[index] = told.detail
        return told.outcome.failure

    def _cancel(self, indices: list[int]) -> None:
        for index in indices:
            self.recorder.ends[index] = self.now_ns
            self.recorder.cancelled.add(index)
