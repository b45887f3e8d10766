"""How many tasks were queued, in flight and done over time: one character a cell, over all tasks of a run."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from asyncmodes.record import Run
from asyncmodes.views.axis import Axis
from asyncmodes.views.glyphs import Glyphs


class Flow:
    """The starts and ends of a run in order of time, counted per cell of an axis up to the time it was drained."""

    def __init__(self, run: Run, axis: Axis, *, folded: bool) -> None:
        self.run = run
        self.axis = axis
        self.cells = max(axis.cell(run.drained_ns), 1)
        self.starts, self.ends = run.in_order
        self.ready: Sequence[int] = ()
        self.never: Sequence[int] = ()
        if folded and run.has_needs:
            ready = [(run.ready_ns(i), start >= 0) for i, start in enumerate(run.starts)]
            self.ready = sorted(ns for ns, starts in ready if ns is not None and starts)
            self.never = sorted(ns for ns, starts in ready if ns is not None and not starts)
        elif folded:
            self.ready, self.never = bytes(run.started), bytes(len(run) - run.started)  # zeros: ready from the start

    def in_flight(self) -> list[int]:
        """The most tasks in flight at any instant within each cell; never more than there really were."""
        most = []
        for first, after in self._bounds():
            started, ended = bisect_right(self.starts, first), bisect_right(self.ends, first)
            highest = count = started - ended
            until = bisect_left(self.starts, after)
            while started < until and highest < self.run.peak:
                while ended < len(self.ends) and self.ends[ended] <= self.starts[started]:
                    ended += 1
                    count -= 1
                count += 1
                started += 1
                highest = max(highest, count)
            most.append(highest)
        self._count_instants(most)
        return most

    def queued(self) -> list[int]:
        """The tasks ready and not started at the beginning of each cell; who never starts, until the caller resumed."""
        resumed = self.axis.cell(self.run.total_ns)
        return [
            bisect_right(self.ready, first)
            - bisect_right(self.starts, first)
            + (bisect_right(self.never, first) if cell < resumed else 0)
            for cell, (first, _) in enumerate(self._bounds())
        ]

    def done(self) -> list[int]:
        """The tasks ended at the end of each cell."""
        return [bisect_left(self.ends, after) for _, after in self._bounds()]

    def _bounds(self) -> list[tuple[int, int]]:
        span, width = self.axis.span_ns, self.axis.width
        edges = [-(-cell * span // width) for cell in range(self.cells)]
        return list(zip(edges, [*edges[1:], self.run.drained_ns + 1], strict=True))

    def _count_instants(self, most: list[int]) -> None:
        """A task that took no time at all is in no interval; its lane tells how many were in flight with it."""
        for start, lane in self.run.instants if most else ():
            cell = min(self.axis.cell(start), len(most) - 1)
            most[cell] = max(most[cell], lane + 1)


def as_digits(values: Sequence[int]) -> str:
    """Each count as itself; they are at most 9."""
    return "".join(map(str, values))


def as_levels(values: Sequence[int], most: int, glyphs: Glyphs) -> str:
    """Each count as a height, full at `most`; where there are no heights (ASCII), as whole tenths, 9 for full too."""
    if glyphs.levels is None:
        return "".join(str(min(value * 10 // most, 9)) for value in values)
    top = len(glyphs.levels)
    return "".join(glyphs.levels[-(-value * top // most) - 1] if value else " " for value in values)
