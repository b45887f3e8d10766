"""Which tasks are drawn when there are more than fit: an honest choice, and how many are left out where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncmodes.record import Run, nevers
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
    if run.last_started is not None:
        yield run.last_started
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
            return nevers(run.ends, run.first_open[1])
    return nevers(run.starts, run.first_open[0])


def _ends_and_failures(run: Run) -> Iterator[int]:
    count = len(run)
    failures = iter(sorted(run.failures))
    for step in range(count):
        yield step
        yield count - 1 - step
        failure = next(failures, None)
        if failure is not None:
            yield failure
