"""Warnings as data: what raises a doubt, what does not, and that each ends in advice."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from asyncmodes.advice import warnings
from asyncmodes.record import Comparison
from tests.comparisons import DISHES, MS, TROUBLE, comparison


def with_totals(totals_ms: Sequence[float], clock: str = "real") -> Comparison:
    """The dinner in one mode, run with these totals."""
    subject = comparison(DISHES, ["parallel"], clock=clock, runs=len(totals_ms))
    runs = [replace(run, total_ns=round(ms * MS)) for run, ms in zip(subject.runs, totals_ms, strict=True)]
    return replace(subject, runs=tuple(runs))


@pytest.mark.parametrize(
    ("totals_ms", "kinds"),
    [
        ([400], []),
        ([401, 402, 400, 403, 401], []),
        ([900, 402, 400, 403, 401], ["slow_first_run", "far_from_predicted"]),
        ([401, 402, 400, 700, 401], ["outliers", "far_from_predicted"]),
        ([401, 402, 400, 460, 401], ["outliers"]),
        ([400, 900], ["far_from_predicted"]),
        ([460], ["far_from_predicted"]),
        ([438], []),
        ([4], ["too_short", "far_from_predicted"]),
    ],
)
def test_what_raises_a_doubt(totals_ms: list[float], kinds: list[str]):
    """Each kind of warning comes when its reason is there and only then."""
    assert [warning.kind for warning in warnings(with_totals(totals_ms))] == kinds


def test_the_virtual_clock_raises_none():
    """Simulated totals are exact, however short or odd they look."""
    assert warnings(with_totals([4, 400, 900], clock="virtual")) == []


def test_the_fastest_that_lost_results():
    """A shortest total that comes of losing results is warned of, on either clock."""
    (warning,) = warnings(comparison(TROUBLE, ["settled", "parallel"]))
    assert (warning.kind, warning.mode) == ("lost_in_fastest", "parallel")
    assert warnings(comparison(TROUBLE, ["parallel"])) == []
    assert warnings(comparison(DISHES)) == []


def test_every_warning_ends_in_advice():
    """After the reason each message says what to do."""
    found = warnings(with_totals([900, 402, 400, 403, 401])) + warnings(with_totals([4]))
    assert all(";" in warning.message for warning in found)
