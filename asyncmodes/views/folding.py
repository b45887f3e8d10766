"""Which tasks are drawn when there are more than fit: an honest choice, and how many are left out where."""

from __future__ import annotations

from collections.abc import Iterator

from asyncmodes.record import Run
from asyncmodes.tasks import State

_ALL_STATES = tuple(State)


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
    seen: set[State] = set()
    present = {state for state, count in run.counts.items() if count}
    for index in range(len(run)):
        if seen >= present:
            break
        state = run.state(index)
        if state not in seen:
            seen.add(state)
            yield index
    if run.decided_by is not None:
        yield run.decided_by
    if run.orphans:
        yield min(run.orphans)
    if run.started:
        durations = [end - start if end >= 0 else -1 for start, end in zip(run.starts, run.ends, strict=True)]
        yield durations.index(max(durations))
        yield run.starts.index(max(run.starts))
    yield 0
    yield len(run) - 1


def _ends_and_failures(run: Run) -> Iterator[int]:
    count = len(run)
    failures = iter(sorted(run.failures))
    for step in range(count):
        yield step
        yield count - 1 - step
        failure = next(failures, None)
        if failure is not None:
            yield failure
