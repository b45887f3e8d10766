"""Figures read from runs by name: `parallel.total_ms`, `sequential.c.state`, `reversed.limited=2.total_ms`.

A name is `[LABEL.]MODE.[TASK.]FIGURE`; LABEL is the experiment's. Times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from asyncmodes.errors import UsageError, nearest
from asyncmodes.lessons.model import Value
from asyncmodes.modes import Mode, parse_mode
from asyncmodes.record import Comparison, Run, Span
from asyncmodes.tasks import State

_MS = 1_000_000


def _ended(run: Run) -> list[Span]:
    """The tasks that ran to their end, in the order in which they ended."""
    spans = [span for span in run.spans if span.end_ns is not None and span.state is not State.CANCELLED]
    return sorted(spans, key=lambda span: (span.end_ns or 0, span.start_ns or 0, span.index))


def _order(run: Run) -> str:
    return " ".join(span.task.name for span in _ended(run))


def _results(run: Run) -> str:
    if not run.delivered:
        return "none"
    return " ".join(span.task.name for span in run.spans if span.state is State.OK)


def _ms(ns: int) -> float:
    return ns // _MS if ns % _MS == 0 else ns / _MS


OF_RUN: Mapping[str, Callable[[Run], Value]] = {
    "total_ms": lambda run: _ms(run.total_ns),
    "drained_ms": lambda run: _ms(run.drained_ns),
    "work_ms": lambda run: _ms(run.work_ns),
    "peak": lambda run: run.peak,
    "outcome": lambda run: str(run.verdict),
    "decided_by": lambda run: "nobody" if run.decided_by is None else run.tasks[run.decided_by].name,
    "order": _order,
    "results": _results,
    "started": lambda run: run.started,
    "ok": lambda run: run.counts[State.OK],
    "failed": lambda run: run.counts[State.FAILED],
    "timed_out": lambda run: run.counts[State.TIMED_OUT],
    "cancelled": lambda run: run.counts[State.CANCELLED],
    "skipped": lambda run: run.counts[State.SKIPPED],
    "orphaned": lambda run: len(run.orphans),
    "delivered": lambda run: run.delivered,
    "lost": lambda run: run.lost,
    "threads": lambda run: 0 if run.resources is None else run.resources.threads,
}
"""Figures of a whole run. `order` is the tasks' names as they ended, `results` those that the caller got.

`threads` is the most at once (0 on the virtual clock, which does not count them).
"""

OF_TASK: Mapping[str, Callable[[Span], Value]] = {
    "start_ms": lambda span: "never" if span.start_ns is None else _ms(span.start_ns),
    "end_ms": lambda span: "never" if span.end_ns is None else _ms(span.end_ns),
    "state": lambda span: "orphan" if span.orphan else str(span.state),
}
"""Figures of one task. `state` is one of the final states, or `orphan`: it ended after the caller had resumed."""

OF_ALL = ("fastest", "speedup")
"""Figures that need other modes: the mode of the smallest total, and how many times faster than the baseline."""

Runs = Mapping[str, Comparison]
"""The comparison of each experiment, by its label."""


def figure(runs: Runs, name: str, where: str = "figure") -> Value:
    """The figure of this name. Raises UsageError at `where` if there is none, with what may be written."""
    label, rest = _label(runs, name)
    comparison = runs.get(label)
    if comparison is None:
        raise _unknown(where, name, "it names no experiment", sorted(runs))
    if rest == "fastest":
        return str(min(comparison.runs, key=lambda run: run.total_ns).mode)
    mode, dot, key = rest.partition(".")
    run = _run(comparison, mode) if dot else None
    if run is None:
        raise _unknown(
            where, name, "it begins with no mode of the experiment", [str(each) for each in comparison.modes], mode
        )
    if key == "speedup":
        baseline = comparison.runs_of(comparison.baseline)[0]
        return round(baseline.total_ns / run.total_ns, 2) if run.total_ns else 0
    if key in OF_RUN:
        return OF_RUN[key](run)
    task, _, key_of_task = key.rpartition(".")
    if task:
        return _of_task(run, task, key_of_task, where, name)
    raise _unknown(where, name, "there is no such figure", [*OF_RUN, *OF_ALL])


def summary(run: Run) -> dict[str, Value]:
    """The figures of a run that tell most, by name."""
    shown = ("total_ms", "drained_ms", "outcome", "peak", "ok", "failed", "cancelled", "skipped", "delivered", "lost")
    return {key: OF_RUN[key](run) for key in shown}


def split(name: str, labels: Sequence[str]) -> tuple[str, str]:
    """The label of the experiment, empty without one, and the rest of a figure's name."""
    first, dot, rest = name.partition(".")
    return (first, rest) if dot and first and first in labels else ("", name)


def _label(runs: Runs, name: str) -> tuple[str, str]:
    return split(name, list(runs))


def _run(comparison: Comparison, mode: str) -> Run | None:
    try:
        wanted: Mode = parse_mode(mode)
    except UsageError:
        return None
    return next((run for run in comparison.runs if run.mode == wanted), None)


def _of_task(run: Run, task: str, key: str, where: str, name: str) -> Value:
    span = next((span for span in run.spans if span.task.name == task), None)
    if span is None:
        raise _unknown(where, name, f"there is no task {task[:40]!r}", [each.name for each in run.tasks][:12], task)
    if key not in OF_TASK:
        raise _unknown(where, name, "a task has no such figure", list(OF_TASK))
    return OF_TASK[key](span)


def _unknown(where: str, name: str, what: str, known: Sequence[str], word: str = "") -> UsageError:
    guess = nearest(word or name.rpartition(".")[2], known)
    hint = f"did you mean {guess}? " if guess else ""
    return UsageError.at(where, f"{name[:60]!r}: {what}", f"{hint}there are {', '.join(known) or 'none'}")
