"""What should happen: the run that theory gives, by list scheduling from known durations and results.

No clock and no event loop: a heap of ends, handled one by one in order of time and, on a tie, of start. While a
task blocks the loop nothing is handled: what was due meanwhile comes after it, and so do the starts of other tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from asyncmodes.capacity import Answer, Server, Service, answer
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
    `server` is the one that fake requests go to (None: one without limits). Raises UsageError for a race of nobody.
    """
    known = list(outcomes) if outcomes is not None else _known_outcomes(tasks)
    if known is None:
        return None
    recorder = Recorder(tasks, mode)
    schedule = _Schedule(recorder, known, width_cap, Service(server or Server()))
    for batch in mode.batches(len(tasks)):
        schedule.work(batch)
        if schedule.closed:
            break
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
        self.width_cap = width_cap
        self.service = service
        self.answers: dict[int, Answer] = {}
        self.now_ns = 0
        self.started = 0
        self.closed = False

    def work(self, batch: range) -> None:
        """Run one batch to its end."""
        recorder, mode = self.recorder, self.recorder.mode
        queue = iter(batch)
        in_flight: list[tuple[int, int, int]] = []  # (end, how many started before, index)
        for lane in range(mode.lanes(len(batch) if self.width_cap is None else min(len(batch), self.width_cap))):
            self._pull(queue, lane, in_flight)
        while in_flight:
            due_ns, _, index = heappop(in_flight)
            if index not in recorder.cancelled:
                self.now_ns = max(self.now_ns, due_ns)
                self._end(index)
                self._pull(queue, recorder.lanes[index], in_flight)

    def _pull(self, queue: Iterator[int], lane: int, in_flight: list[tuple[int, int, int]]) -> None:
        """Let a lane start tasks until one of them waits for something, or none is left."""
        while not self.closed and (index := next(queue, None)) is not None:
            due_ns = self._due(index, lane)
            if not self.recorder.tasks[index].work.blocking:
                heappush(in_flight, (due_ns, self.started, index))
                return
            self.now_ns = due_ns
            self._end(index)

    def _end(self, index: int) -> None:
        """Note how a task has ended, and what that means for the others."""
        recorder, mode = self.recorder, self.recorder.mode
        recorder.ends[index] = self.now_ns
        failure = self._failure(index)
        if failure is not None:
            recorder.failures[index] = failure
        if mode.decides(failure is None) and recorder.decide(index) and mode.leftovers is not Leftovers.KEEP:
            self.closed = True
            if mode.leftovers is Leftovers.CANCEL:
                self._cancel(recorder.running())

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

    def _cancel(self, indices: Iterator[int] | list[int]) -> None:
        for index in indices:
            self.recorder.ends[index] = self.now_ns
            self.recorder.cancelled.add(index)
