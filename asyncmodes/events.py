"""What the event loop did with each task, in order: read off the record of a run, as far as that determines it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from asyncmodes.modes import Leftovers
from asyncmodes.record import Run
from asyncmodes.tasks import State


class What(StrEnum):
    """What happens to a task.

    REGISTERED: the mode knows of it. STARTED: its first step runs. SUSPENDED: it awaits, and the loop is free. READY:
    what it awaits is there, and its turn comes when the loop is free. RESUMED: its next step runs. ENDED: that was the
    last. CALLER: the caller resumes because of it (or of nobody: all is done).
    """

    REGISTERED = "registered"
    STARTED = "started"
    SUSPENDED = "suspended"
    READY = "ready"
    RESUMED = "resumed"
    ENDED = "ended"
    CALLER = "caller resumes"


class Event(NamedTuple):
    """Something that happened `at_ns` after the start of the run, to the task of that index (None: to all)."""

    at_ns: int
    what: What
    task: int | None


def events(run: Run) -> list[Event]:
    """All events in the order in which they happened.

    A delay is suspended once; a task that blocks the loop never is. Of others the record holds when they started and
    ended: they are suspended and resumed in between as often as it takes, and `is_known` is False for them.
    """
    order = [event for step in _steps(run) for event in step]
    if not _resumes_in_step(run):
        order.append(Event(run.total_ns, What.CALLER, run.decided_by))
    order += [event for index in range(len(run)) for event in _ready(run, index)]
    registered = [Event(0, What.REGISTERED, index) for index in range(len(run))]
    # Sorting is stable. Timers are looked at before any step of their instant, unless the wait began only then.
    order.sort(key=lambda event: (event.at_ns, event.what is not What.READY or _at_once(run, event)))
    return registered + _in_turn(order)


def due_ns(run: Run, index: int) -> int | None:
    """When what the task waited for was there; None if it never was, did not wait, or the record does not tell."""
    outcome, start, end = run.tasks[index].outcome, run.starts[index], run.ends[index]
    if outcome is None or run.tasks[index].work.blocking or start < 0 or end < 0:
        return None
    due = start + outcome.duration_ns
    if due > end:  # a real timer may be a little early
        return None if run.state(index) is State.CANCELLED else end
    return due


def is_known(run: Run, index: int) -> bool:
    """Whether the record determines all that happened to the task."""
    work = run.tasks[index].work
    return work.blocking or work.outcome is not None


def _steps(run: Run) -> Iterator[list[Event]]:
    """What the loop did without a break, in order: the end of a task, and the starts that follow from it."""
    lanes: dict[int, list[int]] = {}
    for index in sorted(range(len(run)), key=lambda index: (run.starts[index], index)):
        if run.starts[index] >= 0:
            lanes.setdefault(run.lanes[index], []).append(index)
    steps: list[tuple[tuple[int, int, int], list[Event]]] = []
    for lane in lanes.values():
        step: list[Event] = []
        until = -1
        for index in lane:
            start, end = run.starts[index], run.ends[index]
            if start != until:
                step = []
                steps.append(((start, -1, index), step))
            step.append(Event(start, What.STARTED, index))
            if not run.tasks[index].work.blocking:
                step.append(Event(start, What.SUSPENDED, index))
                step = []
                due = due_ns(run, index)
                steps.append(((end, end if due is None else due, index), step))
                step.append(Event(end, What.RESUMED, index))
            step.append(Event(end, What.ENDED, index))
            if index == run.decided_by and _resumes_in_step(run):
                step.append(Event(run.total_ns, What.CALLER, index))
            until = end
    return (step for _, step in sorted(steps, key=lambda each: each[0]))


def _resumes_in_step(run: Run) -> bool:
    """Whether the caller resumes as soon as the deciding task has ended; otherwise it waits for all that is left."""
    return run.decided_by is not None and run.mode.leftovers is not Leftovers.CANCEL


def _ready(run: Run, index: int) -> Iterator[Event]:
    due = due_ns(run, index)
    if due is not None:
        yield Event(due, What.READY, index)


def _at_once(run: Run, event: Event) -> bool:
    return event.task is not None and run.starts[event.task] == event.at_ns


def _in_turn(order: list[Event]) -> list[Event]:
    """The events with each task that was ready at once put before it is resumed."""
    late = {event.task: event for event in order if event.what is What.READY}
    told: list[Event] = []
    for event in order:
        if event.what is What.RESUMED and event.task in late:
            told.append(late.pop(event.task))
        if event.what is not What.READY:
            told.append(event)
        elif event.task in late:
            told.append(late.pop(event.task))
    return told
