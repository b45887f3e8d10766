"""A snapshot of a run under way, taken on from the one before: what it costs does not grow with the number of tasks.

What is read off all tasks of a run (`Run`'s cached figures) is read anew off those only that started or ended since.
The others are passed over as fast as memory is compared.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import compress
from operator import ne

from asyncmodes.record import NEVER, Run, Verdict, nevers

_CHUNK = 2048  # rows that are compared at once


def continued(now: Run, before: Run | None) -> Run:
    """The same snapshot, with the figures known that follow from those of an earlier one of the very same run.

    Without one, or where this is none of a run under way or does not come after it, they are left to be read off all
    tasks when they are asked for. The earlier one hands its own over, and would have to read them off again.
    """
    if before is None or not _follows(now, before):
        return now
    first_to_start, first_to_end = before.first_open  # before them nothing changes any more
    next_to_start = next(nevers(now.starts, first_to_start), len(now))
    behind = len(now) if before.has_needs else next_to_start  # those that need nothing start in their order
    started = list(_changed(now.starts, before.starts, first_to_start, behind))
    ended = list(_changed(now.ends, before.ends, first_to_end, behind))
    if any(before.starts[index] != NEVER for index in started) or any(before.ends[index] != NEVER for index in ended):
        return now
    in_order = before.in_order
    del vars(before)["in_order"]  # handed over: to copy it would cost more than all else
    for ordered, times in zip(in_order, ([now.starts[i] for i in started], [now.ends[i] for i in ended]), strict=True):
        _insert(ordered, times)
    lengths = {index: now.ends[index] - now.starts[index] for index in ended}
    instants = [(now.starts[index], now.lanes[index]) for index, ns in lengths.items() if not ns]
    vars(now).update(
        has_needs=before.has_needs,
        has_blocking_work=before.has_blocking_work,
        started=before.started + len(started),
        ended=before.ended + len(ended),
        in_order=in_order,
        instants=before.instants + instants,
        work_ns=before.work_ns + sum(lengths.values()),
        peak=max([before.peak, *(now.lanes[index] + 1 for index in started)]),
        slowest=_longest(before, lengths),
        last_started=_latest(now, before, started),
        first_open=(next_to_start, next(nevers(now.ends, first_to_end), len(now))),
    )
    return now


def _follows(now: Run, before: Run) -> bool:
    return (
        now.tasks is before.tasks
        and now.mode == before.mode
        and now.verdict is before.verdict is Verdict.RUNNING
        and now.drained_ns >= before.drained_ns
    )


def _changed(now: array[int], before: array[int], start: int, stop: int) -> Iterator[int]:
    """The rows from `start` up to `stop` in which the columns differ, in order."""
    for first in range(start, stop, _CHUNK):
        last = min(first + _CHUNK, stop)
        new, old = now[first:last], before[first:last]
        if new != old:
            yield from compress(range(first, last), map(ne, new, old))


def _insert(ordered: array[int], new: list[int]) -> None:
    """Put the new times among those in order; nearly all of them come after these."""
    if new:
        at = bisect_right(ordered, min(new))
        ordered[at:] = array("q", sorted([*ordered[at:], *new]))


def _longest(before: Run, lengths: dict[int, int]) -> int | None:
    """The task that took longest, of several the first one."""
    if before.slowest is not None:
        lengths = {**lengths, before.slowest: before.ends[before.slowest] - before.starts[before.slowest]}
    return max(lengths, key=lambda index: (lengths[index], -index), default=None)


def _latest(now: Run, before: Run, started: list[int]) -> int | None:
    """The task that started last, of several the first one."""
    candidates = started if before.last_started is None else [*started, before.last_started]
    return max(candidates, key=lambda index: (now.starts[index], -index), default=None)
