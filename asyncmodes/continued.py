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

from asyncmodes.record import NEVER, Run, Verdict

_CHUNK = 512  # rows that are compared at once


def continued(now: Run, before: Run | None) -> Run:
    """The same snapshot, with the figures known that follow from those of an earlier one of the same run.

    Without one, or if what `now` tells cannot have come after it, they are left to be read off all tasks when they
    are asked for.
    """
    if before is None or not _may_follow(now, before):
        return now
    started = list(_changed(now.starts, before.starts))
    ended = list(_changed(now.ends, before.ends))
    if any(before.starts[index] != NEVER for index in started) or any(before.ends[index] != NEVER for index in ended):
        return now
    starts = _extended(before.in_order[0], [now.starts[index] for index in started])
    ends = _extended(before.in_order[1], [now.ends[index] for index in ended])
    if starts is None or ends is None:
        return now
    lengths = {index: now.ends[index] - now.starts[index] for index in ended}
    instants = [(now.starts[index], now.lanes[index]) for index, ns in lengths.items() if not ns]
    vars(now).update(
        has_needs=before.has_needs,
        has_blocking_work=before.has_blocking_work,
        started=before.started + len(started),
        ended=before.ended + len(ended),
        in_order=(starts, ends),
        instants=before.instants + instants,
        work_ns=before.work_ns + sum(lengths.values()),
        peak=max([before.peak, *(now.lanes[index] + 1 for index in started)]),
        slowest=_longest(before, lengths),
        last_started=_latest(now, before, started),
    )
    return now


def _may_follow(now: Run, before: Run) -> bool:
    return (
        now.tasks is before.tasks
        and (now.mode, now.repeat, len(now.starts)) == (before.mode, before.repeat, len(before.starts))
        and now.verdict is before.verdict is Verdict.RUNNING
    )


def _changed(now: array[int], before: array[int]) -> Iterator[int]:
    """The rows in which the columns differ, in order."""
    new, old = memoryview(now).cast("B"), memoryview(before).cast("B")
    step = _CHUNK * now.itemsize
    for offset in range(0, len(new), step):
        if new[offset : offset + step].tobytes() != old[offset : offset + step].tobytes():
            first = offset // now.itemsize
            rows = slice(first, first + _CHUNK)
            yield from compress(range(first, first + _CHUNK), map(ne, now[rows], before[rows]))


def _extended(ordered: array[int], new: list[int]) -> array[int] | None:
    """The times in order, the new ones among them; None if one of them came so late that it belongs far back."""
    if not new:
        return ordered
    new.sort()
    at = bisect_right(ordered, new[0])
    if len(ordered) - at > _CHUNK:
        return None
    return ordered[:at] + array("q", sorted([*ordered[at:], *new]))


def _longest(before: Run, lengths: dict[int, int]) -> int | None:
    """The task that took longest, of several the first one."""
    if before.slowest is not None:
        lengths = {**lengths, before.slowest: before.ends[before.slowest] - before.starts[before.slowest]}
    return max(lengths, key=lambda index: (lengths[index], -index), default=None)


def _latest(now: Run, before: Run, started: list[int]) -> int | None:
    """The task that started last, of several the first one."""
    candidates = started if before.last_started is None else [*started, before.last_started]
    return max(candidates, key=lambda index: (now.starts[index], -index), default=None)
