"""Figures read off runs: quantiles, deviations, speedup and slowdown, and when there is none."""

import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncmodes.modes import parse_mode
from asyncmodes.record import Verdict
from asyncmodes.stats import Totals, equal_totals, quantile, summarise
from asyncmodes.tasks import State
from tests.comparisons import DISHES, MS, TROUBLE, comparison, delay


def test_figures_of_the_dinner():
    """The summary holds the figures of the contract's example."""
    one, two = summarise(comparison(DISHES, ["sequential", "limited=2"]))
    assert (two.total.mean, two.total.stddev, two.total.median, two.total.min, two.total.max) == (
        500 * MS,
        None,
        500 * MS,
        500 * MS,
        500 * MS,
    )
    assert two.task is not None
    assert (two.task.mean, two.task.p50, two.task.p95, two.task.max) == (250 * MS, 250 * MS, 400 * MS, 400 * MS)
    assert (one.speedup, two.speedup, two.slowdown, two.peak) == (1.0, 2.0, 1.0, 2)


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_the_median_is_the_usual_one(values: list[int]):
    """The 50 % quantile is the median, and every quantile lies within the data."""
    ordered = sorted(values)
    assert quantile(ordered, 0.5) == pytest.approx(statistics.median(ordered))
    assert ordered[0] <= quantile(ordered, 0.95) <= ordered[-1]


def test_no_speedup_for_a_partial_result():
    """Speedup is left open when one of the two was rejected or delivered a different number of results."""
    settled, parallel = summarise(comparison(TROUBLE, ["settled", "parallel"]))
    assert (settled.speedup, parallel.speedup) == (1.0, None)
    assert summarise(comparison(DISHES, ["settled", "race"]))[1].speedup is None


def test_no_speedup_without_time():
    """Speedup is left open when a total is zero."""
    assert [s.speedup for s in summarise(comparison([delay("a", 0)], ["sequential", "parallel"]))] == [None, None]


def test_the_worst_run_is_shown():
    """Counts are those of the run that delivered least; one bad run among many cannot hide."""
    subject = comparison(DISHES, ["parallel"], runs=3)
    bad = comparison([*TROUBLE], ["parallel"]).runs[0]
    (summary,) = summarise(replace(subject, runs=(subject.runs[0], bad, subject.runs[2])))
    assert (summary.runs, summary.delivered, summary.counts[State.FAILED], summary.fulfilled) == (3, 0, 1, False)
    assert summary.speedup is None


def test_deviation_of_several_runs():
    """Mean, sample deviation and median come from all runs of the mode."""
    subject = comparison(DISHES, ["parallel"], runs=3)
    totals = [100 * MS, 110 * MS, 150 * MS]
    runs = tuple(replace(run, total_ns=ns) for run, ns in zip(subject.runs, totals, strict=True))
    total = summarise(replace(subject, runs=runs))[0].total
    assert (total.mean, total.median, total.min, total.max) == (120 * MS, 110 * MS, 100 * MS, 150 * MS)
    assert total.stddev == pytest.approx(statistics.stdev(totals))


def test_interrupted_runs_stay_out():
    """An interrupted run is not in the summary, and a mode without a complete run has none."""
    subject = comparison(DISHES, ["sequential", "parallel"])
    cut = replace(subject.runs[1], verdict=Verdict.INTERRUPTED)
    assert [s.mode for s in summarise(replace(subject, runs=(subject.runs[0], cut)))] == [parse_mode("sequential")]


def test_durations_leave_out_what_was_cut_short():
    """Cancelled and skipped tasks have no duration of their own."""
    (summary,) = summarise(comparison(TROUBLE, ["parallel+cancel"]))
    assert summary.task is not None
    assert (summary.task.mean, summary.task.max) == (150 * MS, 200 * MS)


@pytest.mark.parametrize(
    ("a", "b", "exact", "equal"),
    [
        (100, 101, False, True),
        (100, 103, False, False),
        (5, 6.5, False, True),
        (1000, 1019, False, True),
        (1000, 1021, False, False),
        (1000, 1000, True, True),
        (1000, 1001, True, False),
    ],
)
def test_equal_within_noise(a: float, b: float, exact: bool, equal: bool):
    """Single totals within 2 % or 2 ms are equal unless they are exact."""
    one, other = (Totals(ms * MS, None, ms * MS, int(ms * MS), int(ms * MS)) for ms in (a, b))
    assert equal_totals(one, other, exact=exact) is equal


@pytest.mark.parametrize(("stddev", "equal"), [(3, False), (5, True)])
def test_repeated_totals_are_equal_within_their_deviations(stddev: float, equal: bool):
    """Means that differ by less than both deviations together are equal, however small the difference in percent."""
    one, other = (Totals(ms * MS, stddev * MS, ms * MS, int(ms * MS), int(ms * MS)) for ms in (100, 105))
    assert equal_totals(one, other, exact=False) is equal


def test_speedup_carries_its_error():
    """The error of a speedup is propagated from both modes' deviations."""
    subject = comparison(DISHES, ["sequential", "parallel"], runs=2)
    totals = iter([1000, 400, 1100, 440])
    runs = tuple(replace(run, total_ns=next(totals) * MS) for run in subject.runs)
    base, fast = summarise(replace(subject, runs=runs))
    assert fast.speedup == pytest.approx(2.5)
    assert base.total.stddev is not None
    assert fast.speedup_stddev == pytest.approx(2.5 * 2**0.5 * (base.total.stddev / base.total.mean))
