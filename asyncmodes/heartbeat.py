"""When the event loop was blocked, and what somebody who wants to do something at regular intervals has of that.

Read off the record: whoever blocks the loop has it from start to end, so nothing need be measured beside the run.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from asyncmodes.record import Run


def blocked(run: Run) -> list[tuple[int, int]]:
    """From when to when the event loop was blocked, in nanoseconds from the start of the run, in order.

    Tasks that block one right after another are one interval, if no other task ended in between: then the loop had
    no turn, for on a real clock some microseconds pass from one to the next. A task under way counts until now.
    """
    spans: list[tuple[int, int]] = []
    free_ends: list[int] = []  # ends of tasks that the loop had to wake
    for index, task in enumerate(run.tasks):
        start, end = run.starts[index], run.ends[index]
        if start < 0:
            continue
        if task.work.blocking:
            spans.append((start, run.drained_ns if end < 0 else end))
        elif end >= 0:
            free_ends.append(end)
    spans.sort()
    free_ends.sort()
    merged = [(0, 0)]  # what blocks in the first turn does so from the start
    for start, end in spans:
        if end == start:
            continue
        if start == merged[-1][1] or _nobody(free_ends, merged[-1][1], start):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged if merged[0][1] else merged[1:]


def _nobody(free_ends: list[int], after: int, until: int) -> bool:
    return bisect_left(free_ends, after) == bisect_right(free_ends, until)


def beats(run: Run, every_ns: int) -> Iterator[int]:
    """When somebody has a turn who sleeps for `every_ns` again and again, until the run is drained.

    A beat that is due while the loop is blocked comes when it is free again, and the next one is counted from there.
    """
    holes = blocked(run)
    at, hole = 0, 0
    while at <= run.drained_ns:
        while hole < len(holes) and holes[hole][1] <= at:
            hole += 1
        if hole < len(holes) and holes[hole][0] <= at:
            at = holes[hole][1]
            if hole + 1 < len(holes) and holes[hole + 1][0] <= at:
                continue
        yield at
        at += every_ns
