"""The tasks of a saved result as delays of the durations that were measured there."""

from __future__ import annotations

from asyncmodes.documents import Place
from asyncmodes.exports.reading import comparison_of
from asyncmodes.hindsight import measured_outcomes
from asyncmodes.modes import Mode
from asyncmodes.tasks import Delay, Task


def result_tasks(document: Place) -> tuple[Mode, list[Task]]:
    """The tasks by the names and with the needs that they had, and the mode whose durations they have now.

    Of several runs it is the median duration; what failed then is declared to fail. Raises UsageError.
    """
    comparison = comparison_of(document)
    measured = measured_outcomes(comparison)
    if measured is None:
        raise document.refused("in none of its modes did every task end by itself")
    mode, outcomes = measured
    return mode, [
        Task(
            task.name,
            Delay(outcome.duration_ns, task.work.target, None if outcome.failure is None else outcome.failure.message),
            needs=task.needs,
        )
        for task, outcome in zip(comparison.tasks, outcomes, strict=True)
    ]
