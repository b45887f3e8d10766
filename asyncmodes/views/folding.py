"""Which tasks are drawn when there are more than fit: an honest choice, and how many are left out where."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress

from asyncmodes.record import NEVER, Run
from asyncmodes.tasks import State

ALL_DRAWN, SOME_DRAWN = 20, 12


def chosen_rows(run: Run, most: int | None) -> list[int]:
    """At most `most` indices (but no fewer than needed for one of every state), in order.

    The first and the last ones, one of every state, failures, the slowest, and the one that waited longest.
    """
    count = len(run)
    if most is None:
        most = ALL_DRAWN if count <= ALL_DRAWN else SOME_DRAWN
    if count <= most:
        return list(range(count))
    chosen: dict[int, None] = {}
    for must in _interesting(run):
        chosen[must] = None
    for index in _ends_and_failures(run):
        if len(chosen) >= most:
            break
        chosen[index] = None
    return sorted(chosen)


def _interesting(run: Run) -> Iterator[int]:
    for state, count in run.counts.items():
        if count:
            yield next(index for index in _candidates(run, state) if run.state(index) is state)
    if run.decided_by is not None:
        yield run.decided_by
    if run.orphans:
        yield min(run.orphans)
    if run.slowest is not None:
        yield run.slowest
    if run.started:
        yield run.starts.index(run.in_order[0][-1])
    yield 0
    yield len(run) - 1


def _candidates(run: Run, state: State) -> Iterable[int]:
    """The tasks among which all of this state are, in order; few are looked at one by one."""
    match state:
        case State.OK:
            return range(len(run))
        case State.FAILED | State.TIMED_OUT:
            return sorted(run.failures)
        case State.CANCELLED:
            return sorted(run.cancelled)
        case State.RUNNING:
            return _never(run.ends)
    return _never(run.starts)


def _never(column: array[int]) -> Iterator[int]:
    """Where in the column it says that something never happened."""
    index = -1
    with suppress(ValueError):
        while True:
            index = column.index(NEVER, index + 1)
            yield index


def _ends_and_failures(run: Run) -> Iterator[int]:
    count = len(run)
    failures = iter(sorted(run.failures))
    for step in range(count):
        yield step
        yield count - 1 - step
        failure = next(failures, None)
        if failure is not None:
            yield failure
