"""Several comparisons of the same tasks as one: each mode once for each of them, told apart by its label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from asyncmodes.errors import UsageError
from asyncmodes.modes import Mode
from asyncmodes.record import Comparison
from asyncmodes.tasks import Task

Labelled = tuple[str, Comparison]
_ALONE = "show them one by one"


def side_by_side(results: Sequence[Labelled]) -> Comparison:
    """One comparison of all of these, in which what is the same mode in several stands together.

    The baseline is that of the first. Raises UsageError if their tasks or clocks differ, or if one is there twice.
    """
    (first_label, first), *others = results
    if not others:
        return first
    for label, other in others:
        _check(first_label, first, label, other)
    pairs = [(mode, _of(label, mode)) for label, result in results for mode in result.modes]
    order = list(dict.fromkeys(mode for mode, _ in pairs))
    modes = tuple(labelled for _, labelled in sorted(pairs, key=lambda pair: order.index(pair[0])))
    if len(set(modes)) < len(modes):
        raise UsageError.at(first_label, "another file has the same name", "give the files different names")
    return replace(
        first,
        title=first.title if all(other.title == first.title for _, other in others) else "",
        modes=modes,
        baseline=_of(first_label, first.baseline),
        runs=tuple(
            replace(run, tasks=first.tasks, mode=_of(label, run.mode))
            for label, result in results
            for run in result.runs
        ),
        interrupted=any(result.interrupted for _, result in results),
        predicted_from=next(
            (_of(label, result.predicted_from) for label, result in results if result.predicted_from is not None), None
        ),
    )


def _of(label: str, mode: Mode) -> Mode:
    return replace(mode, label=f"{label}: {mode.label}" if mode.label else label)


def _check(first_label: str, first: Comparison, label: str, other: Comparison) -> None:
    if other.clock != first.clock:
        found = f"its clock is {other.clock}, and that of {first_label} is {first.clock}"
        raise UsageError.at(label, f"{found}: a simulated figure is no measured one", _ALONE)
    if len(other.tasks) != len(first.tasks):
        found = f"it has {len(other.tasks):,} tasks, and {first_label} has {len(first.tasks):,}"
        raise UsageError.at(label, found, _ALONE)
    for index, (ours, theirs) in enumerate(zip(first.tasks, other.tasks, strict=True)):
        if identity(ours) != identity(theirs):
            raise UsageError.at(label, f"its task {index + 1} is another one than in {first_label}", _ALONE)


def identity(task: Task) -> tuple[str, str, str, tuple[int, ...]]:
    """What makes it the same task in another result."""
    return task.name, task.work.kind, task.work.target, tuple(task.needs)


def differences(results: Sequence[Labelled]) -> Iterator[str]:
    """What else differs between the results, each in a sentence: machines, versions."""
    first_label, first = results[0]
    for label, other in results[1:]:
        for key in ("platform", "cpu_count", "python", "event_loop"):
            ours, theirs = first.environment.get(key), other.environment.get(key)
            if ours != theirs:
                yield f"{label} was run with {key} {theirs}, and {first_label} with {ours}; times may differ for that"
        if other.asyncmodes != first.asyncmodes:
            yield f"{label} is of asyncmodes {other.asyncmodes}, and {first_label} of {first.asyncmodes}"
