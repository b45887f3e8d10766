"""The Universal Scalability Law, fitted to throughputs measured at several limits. Standard library only.

The law is Neil Gunther's ("Guerrilla Capacity Planning", Springer 2007, chapters 4 to 6): with N at work at once the
throughput is X(N) = λN / (1 + σ(N-1) + κN(N-1)). λ is what one alone achieves, σ the share of the work that cannot be
done at the same time (contention, as in Amdahl's law), κ what every pair of them costs to keep out of each other's way
(crosstalk, coherency). With κ above 0 the throughput has a peak, at sqrt((1-σ)/κ), and falls after it.

The fit begins with weighted least squares on the linearised form N/X = a + b(N-1) + cN(N-1), of which λ = 1/a, σ = b/a
and κ = c/a, and goes on from there with Gauss-Newton steps on the throughputs themselves. Intervals are those of the
Gauss-Newton covariance with Student's t, at 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from asyncmodes.knee.least_squares import inverse_diagonal, least_squares

FEWEST_POINTS = 4  # three figures are fitted, and one has to be left to tell how well
_POOR_SHARE = 0.05
_NOISY_SHARE = 0.15
_WIDE_SIGMA = 0.5
_STEPS = 60
_NO_EFFECT = 1e-4
_NOTHING = 1e-9
_EXACT = 1e-7  # times are whole nanoseconds, so nothing is more exact than about this
# Two-sided 95 % quantiles of Student's t for 1, 2, 3, … degrees of freedom.
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120)
_T95_FAR = ((20, 2.086), (30, 2.042), (60, 2.0))


@dataclass(frozen=True, slots=True)
class Measured:
    """A throughput at a limit, in any unit; `error` is its standard error, None if unknown, 0 if it is exact."""

    limit: int
    rate: float
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """The law's figures with their 95 % intervals. `rate` (λ) is in the unit of what was measured.

    `off` is by which share of itself a throughput is off the curve, root mean square, and `worst` the largest such
    share. `problem` says why the data do not support the law; None if they do.
    """

    rate: float
    sigma: float
    kappa: float
    sigma_interval: tuple[float, float]
    kappa_interval: tuple[float, float]
    off: float
    worst: float
    problem: str | None = None

    def at(self, limit: float) -> float:
        """The throughput that the law gives at this limit."""
        return self.rate * limit / (1 + self.sigma * (limit - 1) + self.kappa * limit * (limit - 1))

    @property
    def peak(self) -> float | None:
        """The limit of the highest throughput, sqrt((1-σ)/κ) and at least 1; None if it rises for ever."""
        if self.sigma > 1 - _NOTHING:
            return 1.0
        return max(1.0, math.sqrt((1 - self.sigma) / self.kappa)) if self.kappa > 0 else None


def t95(freedom: int) -> float:
    """The two-sided 95 % quantile of Student's t; for more than 16 degrees of freedom a little on the safe side."""
    if freedom < 1:
        return math.inf
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    return next((t for least, t in reversed(_T95_FAR) if freedom >= least), _T95[-1])


def fit(points: Sequence[Measured]) -> Fit | str:
    """Fit the law to throughputs at different limits; why not, in words, if there is nothing to be fitted.

    Negative coefficients mean nothing: where the data ask for one no further from 0 than their noise, it is 0.
    """
    most = max((point.rate for point in points if math.isfinite(point.rate)), default=0.0)
    points = [point for point in points if _NOTHING * most < point.rate < math.inf]
    if len({point.limit for point in points}) < FEWEST_POINTS:
        return f"it takes at least {FEWEST_POINTS} limits that can be compared, and there are {len(points)}"
    full = _solve(points, (True, True))
    if full is None:
        return "the throughputs follow no curve of that kind"
    allowed = [each for each in (full, *_held(points, full)) if each.sigma >= 0 and each.kappa >= 0]
    return _described(points, full, min(allowed, key=lambda each: (each.squares, -each.freedom)))


def _held(points: Sequence[Measured], full: _Solution) -> list[_Solution]:
    """The fits with one or both coefficients held at 0, where it takes that."""
    if full.sigma >= 0 and full.kappa >= 0:
        return []
    return list(filter(None, (_solve(points, free) for free in ((True, False), (False, True), (False, False)))))


@dataclass(frozen=True, slots=True)
class _Solution:
    rate: float
    sigma: float
    kappa: float
    squares: float
    freedom: int
    sigma_error: float
    kappa_error: float


def _described(points: Sequence[Measured], full: _Solution, chosen: _Solution) -> Fit:
    factor = t95(full.freedom)
    # A coefficient held at 0 is as uncertain as where it was free.
    sigma_error = factor * (chosen.sigma_error or full.sigma_error)
    kappa_error = factor * (chosen.kappa_error or full.kappa_error)
    found = Fit(
        chosen.rate,
        chosen.sigma,
        chosen.kappa,
        (max(chosen.sigma - sigma_error, 0.0), chosen.sigma + sigma_error),
        (max(chosen.kappa - kappa_error, 0.0), chosen.kappa + kappa_error),
        0.0,
        0.0,
    )
    shares = [abs(point.rate / found.at(point.limit) - 1) for point in points]
    off = math.sqrt(sum(share * share for share in shares) / len(shares))
    return Fit(
        found.rate,
        found.sigma,
        found.kappa,
        found.sigma_interval,
        found.kappa_interval,
        off,
        max(shares),
        _problem(points, full, factor, off, max(shares)),
    )


def _problem(points: Sequence[Measured], full: _Solution, factor: float, off: float, worst: float) -> str | None:
    noise = sorted((point.error or 0) / point.rate for point in points)[len(points) // 2]
    if noise > _NOISY_SHARE:
        return f"the throughputs are too noisy, known to {100 * noise:.0f} % only"
    largest = max(point.limit for point in points)
    for value, error, weight in (
        (full.sigma, full.sigma_error, largest),
        (full.kappa, full.kappa_error, largest * largest),
    ):
        if value + factor * error < 0 and -value * weight > _NO_EFFECT and off > _NO_EFFECT:
            return "the curve has another shape: a coefficient would have to be negative"
    if off > _POOR_SHARE:
        return f"the curve has another shape: it misses the throughputs by up to {100 * worst:.0f} %"
    if factor * full.sigma_error > _WIDE_SIGMA:
        return "the throughputs leave the coefficients open; measure more limits"
    return None


def _solve(points: Sequence[Measured], free: tuple[bool, bool]) -> _Solution | None:
    """The best λ with σ and κ free or held at 0; None if there is none above 0."""
    spreads = [_spread(point) for point in points]
    start = _linearised(points, spreads, free)
    if start is None:
        return None
    values, squares = list(start), _squares(points, spreads, start)
    damping = 0.0
    for _ in range(_STEPS):
        rows, misses = _gradients(points, spreads, values, free)
        step = least_squares(rows, misses, damping)
        if step is None:
            break
        tried = _moved(values, step, free)
        found = _squares(points, spreads, tried)
        if found > squares:
            damping = max(damping * 10, 1e-6)
            if damping > 1e6:
                break
            continue
        done = squares - found <= 1e-9 * squares or found < _EXACT**4
        values, squares, damping = tried, found, damping / 10
        if done:
            break
    return _with_errors(points, spreads, values, squares, free)


def _spread(point: Measured) -> float:
    """What a miss is measured by: the standard error, but no less than a share of the throughput."""
    return point.rate if point.error is None else max(point.error, 0.002 * point.rate)


def _with_errors(
    points: Sequence[Measured],
    spreads: Sequence[float],
    values: Sequence[float],
    squares: float,
    free: tuple[bool, bool],
) -> _Solution:
    rows, _ = _gradients(points, spreads, values, free)
    freedom = len(points) - len(rows[0])
    known = all(point.error is not None for point in points)
    variance = squares / freedom if freedom > 0 else 0.0
    if known:  # errors that were measured may be too small by luck, never too large
        variance = max(variance, 1.0)
    elif variance < _EXACT**2:
        variance = _EXACT**2
    inverse = inverse_diagonal(rows)
    errors = iter([math.sqrt(variance * each) for each in inverse[1:]] if inverse else [math.inf] * 2)
    sigma_error = next(errors) if free[0] else 0.0
    kappa_error = next(errors) if free[1] else 0.0
    largest = max(point.limit for point in points)
    sigma, kappa = (
        0.0 if abs(value) * weight < _EXACT else value for value, weight in zip(values[1:], (largest, largest**2))
    )
    return _Solution(values[0], sigma, kappa, squares, freedom, sigma_error, kappa_error)


def _linearised(
    points: Sequence[Measured], spreads: Sequence[float], free: tuple[bool, bool]
) -> tuple[float, float, float] | None:
    rows, targets = [], []
    for point, spread in zip(points, spreads):
        weight = point.rate * point.rate / (point.limit * spread)  # d(N/X) = N dX / X²
        columns = [1.0, *_chosen(point.limit, free)]
        rows.append([weight * each for each in columns])
        targets.append(weight * point.limit / point.rate)
    found = least_squares(rows, targets, 0.0)
    if found is None or found[0] <= 0:
        return None
    rest = iter(found[1:])
    sigma, kappa = (max(next(rest), 0.0) / found[0] if wanted else 0.0 for wanted in free)
    return 1 / found[0], sigma, kappa


def _chosen(limit: int, free: tuple[bool, bool]) -> list[float]:
    return [each for each, wanted in zip((limit - 1.0, limit * (limit - 1.0)), free) if wanted]


def _law(limit: int, values: Sequence[float]) -> float:
    rate, sigma, kappa = values
    slowed = 1 + sigma * (limit - 1) + kappa * limit * (limit - 1)
    return rate * limit / slowed if slowed > 0 else math.inf


def _squares(points: Sequence[Measured], spreads: Sequence[float], values: Sequence[float]) -> float:
    return sum(((point.rate - _law(point.limit, values)) / spread) ** 2 for point, spread in zip(points, spreads))


def _gradients(
    points: Sequence[Measured], spreads: Sequence[float], values: Sequence[float], free: tuple[bool, bool]
) -> tuple[list[list[float]], list[float]]:
    """How the law changes with each free figure, and by how much it misses, in spreads."""
    rows, misses = [], []
    for point, spread in zip(points, spreads):
        law = _law(point.limit, values)
        slowed = values[0] * point.limit / law
        columns = [law / values[0], *(-law / slowed * each for each in _chosen(point.limit, free))]
        rows.append([each / spread for each in columns])
        misses.append((point.rate - law) / spread)
    return rows, misses


def _moved(values: Sequence[float], step: Sequence[float], free: tuple[bool, bool]) -> list[float]:
    rest = iter(step[1:])
    moved = [each + next(rest) if wanted else 0.0 for each, wanted in zip(values[1:], free)]
    return [max(values[0] + step[0], values[0] / 10), *moved]
