"""Confidence intervals at 95 %, two-sided, from the standard library alone.

Runs are taken as independent and their means as near enough to normal. An interval that decides a bound on one side
is wrong there in at most 2.5 % of the cases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

ALPHA = 0.05
"""The share of intervals that miss the true value."""
_TINY = 1e-300
_MOST_TERMS = 10_000

Interval = tuple[float, float]


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Where the true mean lies: Student's t (Student, "The probable error of a mean", 1908); None for one value."""
    if len(values) < 2:
        return None
    mean, variance = mean_and_its_variance(values)
    reach = t_quantile(len(values) - 1) * math.sqrt(variance)
    return mean - reach, mean + reach


def ratio_interval(above: Sequence[float], below: Sequence[float]) -> Interval | None:
    """Where the ratio of two true means lies; None for single values, and where the lower mean may be nought.

    Fieller's theorem ("Some problems in interval estimation", 1954), which asks which ratios r keep mean(above) -
    r mean(below) within its noise, with the degrees of freedom of Welch and Satterthwaite ("The generalization of
    Student's problem when several different population variances are involved", 1947), since the modes' variances
    differ.
    """
    if len(above) < 2 or len(below) < 2:
        return None
    (a, va), (b, vb) = mean_and_its_variance(above), mean_and_its_variance(below)
    if b <= 0:
        return None
    ratio = a / b
    ours, theirs = va, ratio * ratio * vb
    if ours + theirs <= 0:
        return ratio, ratio
    freedom = (ours + theirs) ** 2 / (ours**2 / (len(above) - 1) + theirs**2 / (len(below) - 1))
    t2 = t_quantile(freedom) ** 2
    scale = b * b - t2 * vb
    if scale <= 0:
        return None
    reach = math.sqrt(max(t2 * (va * b * b + vb * a * a - t2 * va * vb), 0.0))
    return max((a * b - reach) / scale, 0.0), (a * b + reach) / scale


def median_interval(values: Sequence[float], alpha: float = ALPHA) -> Interval | None:
    """Where the true median lies, whatever the distribution: two of the ordered values; None for too few (below 6).

    The sign test turned round: David and Nagaraja, "Order statistics", 3rd edition 2003, section 7.1.
    """
    ordered = sorted(values)
    count = len(ordered)
    tail, cut = 0.0, 0
    while cut < count // 2 and 2 * (tail + math.comb(count, cut) * 0.5**count) <= alpha:
        tail += math.comb(count, cut) * 0.5**count
        cut += 1
    return None if cut == 0 else (ordered[cut - 1], ordered[count - cut])


def mean_and_its_variance(values: Sequence[float]) -> tuple[float, float]:
    """The mean of several values, and the variance of that mean."""
    count = len(values)
    mean = math.fsum(values) / count
    return mean, math.fsum((value - mean) ** 2 for value in values) / (count - 1) / count


@lru_cache(maxsize=256)
def t_quantile(freedom: float, alpha: float = ALPHA) -> float:
    """The t that Student's distribution with so many degrees of freedom exceeds, up or down, with chance `alpha`.

    That chance is I_x(freedom/2, 1/2) at x = freedom / (freedom + t²) (NIST, Digital Library of Mathematical
    Functions, 8.17); the x is found by halving, to the last bits of a float.
    """
    low, high = 0.0, 1.0  # of 1 - x, so that many degrees of freedom lose no digits
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _incomplete_beta_complement(0.5, freedom / 2, middle) > alpha:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom * high / (1 - high))


def _incomplete_beta_complement(a: float, b: float, x: float) -> float:
    """1 - I_x(a, b), the regularised incomplete beta function's complement."""
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(max(x, _TINY)) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return 1 - front * _fraction(a, b, x) / a
    return front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of DLMF 8.17.22 by Lentz's method."""
    c, d = 1.0, 1 / _not_nought(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _not_nought(1 + term * d)
            c = _not_nought(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _not_nought(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
