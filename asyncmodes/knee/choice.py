"""Which limit to choose, how sure that is, and what is left to be measured: from the throughputs of runs alone.

Best is the mean of all limits whose throughput cannot be told from the highest one (two standard errors, 10 % at
most), since the highest of many noisy figures is too high by luck; the set is like that of Hsu's comparisons with the
best ("Multiple comparisons", 1996). Recommended is the lowest limit within 5 % of it, but for one standard error (5 %
at most; the rule of Breiman and others, "Classification and regression trees", 1984), at which no more tasks fail
than at the first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

from asyncmodes.stats import quantile

AS_GOOD = 0.95
RESAMPLES = 1000
FEWEST_RUNS, MOST_RUNS = 4, 30
_FEWEST_FOR_SURENESS = 3  # of two runs, half of all resamples hold just one
_TOLD_APART = 2  # standard errors, about 95 %
_MOST_APART, _MOST_ALLOWED = 0.1, 0.05  # however noisy: more than that is a difference that matters
_ONE_SIDED_95 = 1.645
_SHAMOS = 1.0483  # times the median difference of two values is their standard deviation, if they are normal
_MEDIANS = math.sqrt(math.pi / 2)  # by which a median is less certain than a mean
_USUAL_NOISE = 0.03

Samples = Mapping[int, Sequence["Sample"]]
"""The runs at each limit."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run in two figures: ok results a second (None if it took no time), and tasks that failed or timed out."""

    per_s: float | None
    failed: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The limit of the highest throughput, those that cannot be told from it, their mean, and the recommended limit.

    `shares` is the throughput of each limit that fails no more than the first as a share of `best_per_s`, and `errors`
    the standard errors of these.
    """

    best: int
    alike: tuple[int, ...]
    best_per_s: float
    recommended: int
    shares: Mapping[int, float]
    errors: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Sureness:
    """Of resamples of the runs, the share that recommend the same limit or one next to it; 95 % are `low` to `high`."""

    share: float
    low: int
    high: int


def has_a_choice(samples: Samples) -> bool:
    """Whether there are several limits to choose from, with throughputs, the first one's above 0."""
    rates = [throughput(samples[limit]) for limit in sorted(samples)]
    return len(rates) > 1 and None not in rates and bool(rates[0])


def choose(samples: Samples, noise: float | None = None) -> Choice:
    """The best limits and the recommended one; `noise` is that of a single run (see `noise_of`), 0 if it is exact."""
    rates = _allowed(samples)
    noise = noise_of(samples) if noise is None else noise
    errors = {limit: _error(noise, len(samples[limit])) for limit in rates}
    best = _highest(rates)
    apart = {limit: min(_TOLD_APART * math.hypot(errors[limit], errors[best]), _MOST_APART) for limit in rates}
    alike = tuple(limit for limit, rate in rates.items() if rate >= (1 - apart[limit]) * rates[best])
    best_per_s = _mean_of(alike, rates, samples)
    of_best = _error(noise, sum(len(samples[limit]) for limit in alike))
    shares = {limit: rate / best_per_s if best_per_s else 1.0 for limit, rate in rates.items()}
    of_shares = {limit: math.hypot(errors[limit], of_best) for limit in rates}
    recommended = next(limit for limit in rates if shares[limit] >= AS_GOOD - min(of_shares[limit], _MOST_ALLOWED))
    return Choice(best, alike, best_per_s, recommended, shares, of_shares)


def _allowed(samples: Samples) -> dict[int, float]:
    """The throughput of each limit at which no more tasks fail than at the first, the lowest limit first."""
    first = samples[min(samples)]
    return {
        limit: throughput(samples[limit]) or 0.0 for limit in sorted(samples) if not fails_more(samples[limit], first)
    }


def _highest(rates: Mapping[int, float]) -> int:
    return max(rates, key=lambda limit: (rates[limit], -limit))


def _mean_of(limits: Sequence[int], rates: Mapping[int, float], samples: Samples) -> float:
    return sum(rates[limit] * len(samples[limit]) for limit in limits) / sum(len(samples[limit]) for limit in limits)


def in_question(samples: Samples) -> list[int]:
    """The limits that are worth another run: those that may be within 5 % of the best, and one on either side.

    Where tasks failed at one of them or at the first, the first one as well, since failures are compared with it.
    """
    limits = sorted(samples)
    chosen = choose(samples)
    may_be = [limit for limit, share in chosen.shares.items() if share + _TOLD_APART * chosen.errors[limit] >= AS_GOOD]
    found = limits[max(limits.index(may_be[0]) - 1, 0) : limits.index(may_be[-1]) + 2]
    failed = any(sample.failed for limit in (*may_be, limits[0]) for sample in samples[limit])
    return found if not failed or limits[0] in found else [limits[0], *found]


def is_settled(samples: Samples) -> bool:
    """Whether the runs tell on which side of the 95 % the recommended limit and all lower ones are, or never will."""
    if max(map(len, samples.values())) >= MOST_RUNS:
        return True
    if any(len(samples[limit]) < FEWEST_RUNS for limit in in_question(samples)):
        return False
    chosen = choose(samples)
    doubt = {limit: _TOLD_APART * error for limit, error in chosen.errors.items()}
    mine = chosen.recommended
    return (mine == chosen.best or chosen.shares[mine] - doubt[mine] >= AS_GOOD) and all(
        share + doubt[limit] < AS_GOOD for limit, share in chosen.shares.items() if limit < mine
    )


def sureness(samples: Samples) -> Sureness | None:
    """How sure the recommendation is, by a bootstrap; None if a limit in question has less than three runs.

    Every resample asks which is the lowest limit within 5 % of the mean of those that are best, with no allowance for
    noise. The dice are always the same, so that the same runs tell the same.
    """
    if any(len(samples[limit]) < _FEWEST_FOR_SURENESS for limit in in_question(samples)):
        return None
    limits = sorted(samples)
    chosen = choose(samples)
    place = limits.index(chosen.recommended)
    near = set(limits[max(place - 1, 0) : place + 2])
    dice = Random(0)  # noqa: S311  # reproducible on purpose, and no secret
    found = sorted(
        _lowest({limit: dice.choices(each, k=len(each)) for limit, each in samples.items()}, chosen.alike)
        for _ in range(RESAMPLES)
    )
    tail = RESAMPLES // 40
    return Sureness(sum(limit in near for limit in found) / RESAMPLES, found[tail], found[-1 - tail])


def _lowest(samples: Samples, alike: Sequence[int]) -> int:
    """The lowest limit within 5 % of the mean of these, with no allowance for noise."""
    rates = _allowed(samples)
    best = _highest(rates)
    best_per_s = _mean_of([limit for limit in alike if limit in rates] or [best], rates, samples)
    return next(limit for limit, rate in rates.items() if rate >= AS_GOOD * best_per_s or limit == best)


def noise_of(samples: Samples) -> float:
    """The standard deviation of a single run as a share of its limit's throughput, one for all limits.

    From the median difference of two runs of the same limit, which a few disturbed runs do not change (Shamos,
    "Geometry and statistics", 1976); that of each limit by itself would mostly be luck. If none was run twice it is
    taken to be 3 %, which was seen with requests to a server on the same machine.
    """
    differences = [
        abs(one - other) / middle
        for each in samples.values()
        if (middle := throughput(each))
        for one, other in combinations([sample.per_s or 0.0 for sample in each], 2)
    ]
    return _SHAMOS * quantile(sorted(differences), 0.5) if differences else _USUAL_NOISE


def throughput(samples: Sequence[Sample]) -> float | None:
    """The median of the runs, which a few disturbed ones do not change; None if one took no time."""
    values = [sample.per_s for sample in samples if sample.per_s is not None]
    return quantile(sorted(values), 0.5) if len(values) == len(samples) else None


def _error(noise: float, runs: int) -> float:
    """The standard error of the median of so many runs, as a share."""
    return noise * (_MEDIANS if runs > 2 else 1) / math.sqrt(runs)


def fails_more(ours: Sequence[Sample], theirs: Sequence[Sample]) -> bool:
    """Whether more tasks fail than at the first limit.

    Where none fails there, whether some do in the usual run; where some do, whether it is more than chance explains.
    """
    if not any(sample.failed for sample in theirs):
        return quantile(sorted(sample.failed for sample in ours), 0.5) > 0
    failed = [sum(sample.failed for sample in each) for each in (ours, theirs)]
    more = failed[0] / len(ours) - failed[1] / len(theirs)
    # Counts of rare events vary as a Poisson process does: by the root of their mean.
    noise = math.sqrt(sum(failed) / (len(ours) + len(theirs)) * (1 / len(ours) + 1 / len(theirs)))
    return more > _ONE_SIDED_95 * noise
