"""What could only be predicted once it had been measured: totals of URLs and files, from the durations of one mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from asyncmodes.modes import Mode, parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison, Run
from asyncmodes.tasks import Outcome, State

_BY_TRUST = (parse_mode("sequential"), parse_mode("limited=1+settled"), parse_mode("limited=1"), parse_mode("settled"))
_SERVER_ERRORS = 500


def with_predictions(comparison: Comparison) -> Comparison:
    """Predict what could not be known beforehand from durations measured where every task ended by itself.

    Those of a sequential run, or else of a settled one; the mode they come from has no prediction of its own.
    The prediction assumes that tasks do not slow each other down: what differs from it shows how much they do.
    """
    if all(run.predicted_ns is not None for run in comparison.runs):
        return comparison
    measured = _measured_in(comparison, _BY_TRUST)
    if measured is None:
        return comparison
    source, outcomes = measured
    caps = {run.mode: run.width_cap for run in comparison.runs}
    predicted = {
        mode: predict(comparison.tasks, mode, outcomes, width_cap=cap) for mode, cap in caps.items() if mode != source
    }
    runs = []
    for run in comparison.runs:
        expected = predicted.get(run.mode)
        known = run.predicted_ns is not None or expected is None
        runs.append(run if known or expected is None else replace(run, predicted_ns=expected.total_ns))
    any_known = any(predicted.get(run.mode) for run in comparison.runs)
    return replace(comparison, runs=tuple(runs), predicted_from=source) if any_known else comparison


def measured_outcomes(comparison: Comparison) -> tuple[Mode, list[Outcome]] | None:
    """What each task did by itself, and the mode in which that was measured; None where none let all tasks end.

    That mode is one in which tasks slow each other down least; only where there is none of these, any other.
    """
    return _measured_in(comparison, (*_BY_TRUST, *comparison.modes))


def _measured_in(comparison: Comparison, modes: Sequence[Mode]) -> tuple[Mode, list[Outcome]] | None:
    """The first of the modes in which every task ended by itself, and what each did there."""
    for mode in modes:
        runs = [run for run in comparison.runs_of(mode) if _all_ended(run)]
        if runs:
            return mode, _median_outcomes(runs)
    return None


def _all_ended(run: Run) -> bool:
    """Whether every task took the time that it takes: none was cut short, or failed in a way that load may cause."""
    if run.started < len(run) or run.cancelled:
        return False
    return not any(_may_be_overload(run, index) for index in run.failures)


def _may_be_overload(run: Run, index: int) -> bool:
    """A timeout, or a request that got no answer below 500: alone it might have taken another time."""
    if run.state(index) is State.TIMED_OUT:
        return True
    status = run.details.get(index, {}).get("status")
    answered = isinstance(status, int) and status < _SERVER_ERRORS
    return run.tasks[index].work.kind in ("url", "request") and not answered


def _median_outcomes(runs: Sequence[Run]) -> list[Outcome]:
    """Each task's median duration, with the failure that it had in the first of the runs."""
    outcomes = []
    for index in range(len(runs[0])):
        durations = sorted(run.ends[index] - run.starts[index] for run in runs)
        outcomes.append(Outcome(durations[(len(durations) - 1) // 2], runs[0].failures.get(index)))
    return outcomes
