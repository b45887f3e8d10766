"""How long tasks took, counted rather than listed: in memory that does not grow with their number."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

_MOST_EXACT = 1 << 16  # different durations that are counted as they are
_BITS = 11


class Spread:
    """How often a duration was seen, in nanoseconds, with their sum and the longest.

    Exact up to 65,536 different durations. If there are more, each is counted as the middle of a class that is at most
    0.1 % wide, so quantiles are within 0.05 %; sum and longest are exact always.
    """

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.sum_ns = 0
        self.longest_ns = 0
        self.exact = True

    def add(self, duration_ns: int) -> None:
        """Count a duration."""
        self.sum_ns += duration_ns
        self.longest_ns = max(self.longest_ns, duration_ns)
        self.counts[duration_ns if self.exact else _rounded(duration_ns)] += 1
        if self.exact and len(self.counts) > _MOST_EXACT:
            self._make_coarse()

    def _make_coarse(self) -> None:
        fine, self.counts, self.exact = self.counts, Counter(), False
        for duration_ns, times in fine.items():
            self.counts[_rounded(duration_ns)] += times


def _rounded(duration_ns: int) -> int:
    """The middle of all durations that begin with the same 11 bits."""
    shift = max(duration_ns.bit_length() - _BITS, 0)
    return duration_ns >> shift << shift | 1 << shift >> 1


class Ranked(Sequence[int]):
    """The durations of all spreads in order, as a list would have them."""

    def __init__(self, spreads: Iterable[Spread]) -> None:
        counts: Counter[int] = Counter()
        for spread in spreads:
            counts.update(spread.counts)
        self._durations_ns = sorted(counts)
        self._until = list(accumulate(counts[duration_ns] for duration_ns in self._durations_ns))

    def __len__(self) -> int:
        return self._until[-1] if self._until else 0

    def __getitem__(self, rank: int) -> int:  # type: ignore[override]  # nobody slices it
        return self._durations_ns[bisect_right(self._until, rank)]
