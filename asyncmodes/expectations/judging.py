"""Judges expectations by the runs: a pure function of a comparison.

Figures of several runs on the real clock are judged by their confidence interval (see `asyncmodes.intervals`): pass
if all of it keeps the bound, fail if none of it does, else inconclusive. What is judged is the mean over the runs of
each run's own figure; of quantiles, that is near the quantile of all tasks together, and its error is known. Counts
have no interval: every run has to keep the bound. A single run is judged by its value, and so is the virtual clock,
which is exact.

Time says nothing about a mode that did not do the work. Where a run was rejected, or fewer results were delivered than
in the baseline (or, between two modes, not equally many), an expectation of a time or a factor fails whatever the
figure; `race` and `any` are meant to deliver one. Counts are judged all the same.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from statistics import fmean

from asyncmodes.expectations.figures import FIGURES, Figure, Method
from asyncmodes.expectations.grammar import Expectation, Reading
from asyncmodes.intervals import ALPHA, Interval, mean_interval, median_interval, ratio_interval
from asyncmodes.modes import Mode, Stop
from asyncmodes.record import Comparison, Verdict
from asyncmodes.rulings import Judgement, Ruling, Unit
from asyncmodes.stats import Summary, summarise

_HOLDS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_INTERVALS = {Method.MEAN: mean_interval, Method.MEDIAN: median_interval}


def judge(
    expectations: Iterable[Expectation], comparison: Comparison, *, strict: bool = False, exact: bool | None = None
) -> list[Judgement]:
    """What became of each expectation; `strict` makes inconclusive a fail. Nothing is judged of interrupted runs.

    `exact` says whether another run could only be the same; by default what was simulated without luck.
    """
    measured = _Measured(comparison, exact=comparison.exact if exact is None else exact)
    return [strictly(_judged(each, measured), strict=strict) for each in expectations]


def rule(operator_: str, low: float | Fraction, high: float | Fraction, bound: float | Fraction) -> Ruling:
    """Whether all, none, or only some of what lies from `low` to `high` keeps the bound."""
    holds = _HOLDS[operator_]
    if operator_ in ("==", "!="):
        if low == high:
            return Ruling.PASS if holds(low, bound) else Ruling.FAIL
        if low <= bound <= high:
            return Ruling.INCONCLUSIVE
        return Ruling.FAIL if operator_ == "==" else Ruling.PASS
    kept = holds(low, bound), holds(high, bound)
    return Ruling.PASS if all(kept) else Ruling.FAIL if not any(kept) else Ruling.INCONCLUSIVE


class _Measured:
    """The figures of a comparison, of all runs of a mode together and of each by itself."""

    def __init__(self, comparison: Comparison, *, exact: bool) -> None:
        self.comparison = comparison
        self.exact = exact
        self.summaries = {summary.mode: summary for summary in summarise(comparison)}
        self.each = cache(self._each)

    def _each(self, mode: Mode) -> list[Summary]:
        """The summaries of each run of the mode by itself."""
        alone = replace(self.comparison, modes=(mode,), baseline=mode)
        return [summarise(replace(alone, runs=(run,)))[0] for run in self.comparison.runs_of(mode)]

    def value(self, reading: Reading) -> float | None:
        return reading.figure.read(self.summaries[reading.mode])

    def samples(self, mode: Mode, figure: Figure) -> list[float]:
        """The figure of each run that has it."""
        return [value for summary in self.each(mode) if (value := figure.read(summary)) is not None]


@dataclass(frozen=True, slots=True)
class _Estimate:
    """A figure, or its ratio to another, with its interval; None for both ends where there should be one and is not."""

    value: float | Fraction
    interval: Interval | None
    method: str
    reason: str = ""


def strictly(judgement: Judgement, *, strict: bool) -> Judgement:
    """The judgement, in which `strict` makes inconclusive a fail."""
    if not strict or judgement.ruling is not Ruling.INCONCLUSIVE:
        return judgement
    reason = f"{judgement.reason}; " if judgement.reason else ""
    return replace(judgement, ruling=Ruling.FAIL, reason=f"{reason}inconclusive, and --strict")


def _judged(expectation: Expectation, measured: _Measured) -> Judgement:
    left, of = expectation.left, expectation.of
    summary = measured.summaries.get(left.mode)
    judgement = Judgement(
        expectation=str(expectation),
        ruling=Ruling.NOT_JUDGED,
        unit=expectation.unit,
        bound=float(expectation.value),
        runs=summary.runs if summary else 0,
        relative_to=_relative(of) if of else "",
    )
    if measured.comparison.interrupted:
        return replace(judgement, reason="interrupted")
    if summary is None or (of is not None and of.mode not in measured.summaries):
        return replace(judgement, reason="there is no complete run")
    if left.figure.unit is Unit.COUNT:
        return _by_counts(expectation, judgement, measured)
    estimate = _estimate(expectation, measured)
    if estimate is None:
        judgement = replace(judgement, ruling=Ruling.INCONCLUSIVE, reason=f"{left.name} is not known")
    else:
        judgement = _ruled(expectation.operator, estimate, Fraction(expectation.value), judgement)
    if left.name == "predicted":
        return judgement
    # A rate counts the results, so that what was not done lowers it by itself.
    excuse = None if left.figure.unit is Unit.RATE else _not_the_work(expectation, measured)
    if excuse is not None:
        return replace(judgement, ruling=Ruling.FAIL, reason=excuse)
    return judgement if judgement.reason else replace(judgement, reason=_partly(summary, measured))


def _relative(of: Reading) -> str:
    return f"{of.mode}.{of.name}" if of.name != "total" else str(of.mode)


def _ruled(operator_: str, estimate: _Estimate, bound: Fraction, judgement: Judgement) -> Judgement:
    judgement = replace(judgement, measured=float(estimate.value), method=estimate.method, reason=estimate.reason)
    if estimate.interval is not None:
        low, high = estimate.interval
        ruling = rule(operator_, low, high, float(bound))
        return replace(judgement, ruling=ruling, low=low, high=high)
    if estimate.reason:
        return replace(judgement, ruling=Ruling.INCONCLUSIVE)
    value = Fraction(estimate.value)
    return replace(judgement, ruling=rule(operator_, value, value, bound))


def _estimate(expectation: Expectation, measured: _Measured) -> _Estimate | None:
    """What was measured, with its interval where it has one; None if it is not known."""
    left, of = expectation.left, expectation.of
    value = measured.value(left)
    reference = None if of is None else measured.value(of)
    if value is None or (of is not None and reference is None):
        return None
    if of is not None:
        if not reference:
            return None
        value_shown: float | Fraction = Fraction(value) / Fraction(reference)
    else:
        value_shown = value
    runs = measured.summaries[left.mode].runs
    if measured.exact:
        return _Estimate(value_shown, None, "exact")
    methods = {reading.figure.method for reading in (left, of) if reading is not None}
    if methods == {Method.VALUE}:
        return _Estimate(value_shown, None, "by value")
    if runs == 1:
        return _Estimate(value_shown, None, "by value, n=1")
    return _over_runs(expectation, measured, float(value_shown))


def _over_runs(expectation: Expectation, measured: _Measured, value: float) -> _Estimate:
    """The estimate from several runs, by the method of the figure."""
    left, of = expectation.left, expectation.of
    figure = left.figure
    ours = measured.samples(left.mode, figure)
    if figure.method is Method.RATIO:
        return _comparison_with_baseline(left, measured, value)
    if of is not None:
        theirs = measured.samples(of.mode, of.figure)
        if {figure.method, of.figure.method} == {Method.MEAN}:
            return _estimated(fmean(ours) / fmean(theirs), ratio_interval(ours, theirs), Method.RATIO)
        if Method.MEDIAN in (figure.method, of.figure.method):
            return _median_ratio(value, ours, theirs)
        spread = (min(ours) / max(theirs), max(ours) / min(theirs)) if min(theirs) > 0 else None
        return _estimated(value, spread, Method.EVERY)
    if figure.method is Method.EVERY:
        return _estimated(value, (min(ours), max(ours)), Method.EVERY)
    if figure.method is Method.MEDIAN:
        return _estimated(value, median_interval(ours), Method.MEDIAN, "a median's interval takes at least 6 runs")
    return _estimated(fmean(ours), mean_interval(ours), Method.MEAN)


def _estimated(value: float, interval: Interval | None, method: Method, why_none: str = "") -> _Estimate:
    return _Estimate(
        value, interval, method.value, "" if interval is not None else why_none or "the noise hides any interval"
    )


def _comparison_with_baseline(left: Reading, measured: _Measured, value: float) -> _Estimate:
    """Speedup is the baseline's total by ours, slowdown our tasks' mean by the baseline's."""
    base = measured.comparison.baseline
    of = FIGURES["total" if left.name == "speedup" else "task"]
    ours, theirs = measured.samples(left.mode, of), measured.samples(base, of)
    above, below = (theirs, ours) if left.name == "speedup" else (ours, theirs)
    if left.mode == base:
        return _estimated(value, (value, value), Method.VALUE)
    interval = ratio_interval(above, below)
    if interval is not None:
        scale = value / (sum(above) / sum(below))
        interval = interval[0] * scale, interval[1] * scale
    return _estimated(value, interval, Method.RATIO)


def _median_ratio(value: float, ours: Sequence[float], theirs: Sequence[float]) -> _Estimate:
    """Both medians' intervals at half the chance of error each hold together with at least the confidence asked for."""
    above, below = median_interval(ours, ALPHA / 2), median_interval(theirs, ALPHA / 2)
    interval = (above[0] / below[1], above[1] / below[0]) if above and below and below[0] > 0 else None
    return _estimated(value, interval, Method.MEDIAN, "the medians' intervals take at least 7 runs")


def _by_counts(expectation: Expectation, judgement: Judgement, measured: _Measured) -> Judgement:
    """Every run has to keep the bound, between two modes every pair of runs."""
    left, of = expectation.left, expectation.of
    ours = set(measured.samples(left.mode, left.figure))
    theirs = {1.0} if of is None else set(measured.samples(of.mode, of.figure))
    if not ours or not theirs:
        return replace(judgement, ruling=Ruling.INCONCLUSIVE, reason=f"{left.name} is not known")
    scale = Decimal(len(measured.comparison.tasks)) if expectation.unit is Unit.SHARE else Decimal(1)
    holds = _HOLDS[expectation.operator]
    bounds = sorted(Fraction(their) * Fraction(expectation.value * scale) for their in theirs)
    missed = sorted(our for our in ours if not all(holds(our, bound) for bound in bounds))
    at_least = expectation.operator in (">", ">=")
    worst = (missed or sorted(ours))[0 if at_least else -1]
    share = float(scale)
    return replace(
        judgement,
        ruling=Ruling.FAIL if missed else Ruling.PASS,
        unit=expectation.unit if of is None else left.figure.unit,
        bound=float(expectation.value) if of is None else float(bounds[-1 if at_least else 0]),
        measured=worst / share,
        low=min(ours) / share if judgement.runs > 1 else None,
        high=max(ours) / share if judgement.runs > 1 else None,
        method="exact" if measured.exact else Method.EVERY.value if judgement.runs > 1 else "by value, n=1",
        reason="",
    )


def _not_the_work(expectation: Expectation, measured: _Measured) -> str | None:
    """Why times say nothing here: work that was not done, or not the same; None if they do."""
    left, of = expectation.left, expectation.of
    base = measured.comparison.baseline
    other = of.mode if of is not None else base if left.figure.is_comparison else None
    for mode in filter(None, (left.mode, other)):
        runs = measured.comparison.runs_of(mode)
        rejected = sum(run.verdict is Verdict.REJECTED for run in runs)
        if rejected:
            which = "" if mode == left.mode else f"{mode} was "
            often = f" in {rejected} of {len(runs)} runs" if len(runs) > 1 else ""
            return f"{which}rejected{often}: no result delivered"
    ours = measured.summaries[left.mode].delivered
    if other is not None:
        theirs = measured.summaries[other].delivered
        return None if ours == theirs else f"{ours:,} delivered, and {theirs:,} by {other}: not the same work"
    theirs = measured.summaries[base].delivered if base in measured.summaries else 0
    if ours < theirs and left.mode.stop not in (Stop.ON_FIRST, Stop.ON_SUCCESS):
        return f"{ours:,} delivered, and {theirs:,} by {base}"
    return None


def _partly(summary: Summary, measured: _Measured) -> str:
    """A word on results that are missing in every mode alike."""
    count = len(measured.comparison.tasks)
    if summary.delivered == count or summary.mode.stop in (Stop.ON_FIRST, Stop.ON_SUCCESS):
        return ""
    return f"{summary.delivered:,} of {count:,} results delivered"
