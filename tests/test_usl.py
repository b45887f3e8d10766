"""The Universal Scalability Law: known coefficients are found again, and what is no such curve is said to be none."""

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asyncmodes.knee.usl import FEWEST_POINTS, Fit, Measured, fit, t95

LIMITS = (1, 2, 4, 8, 16, 32, 64)


def law(limit: int, rate: float, sigma: float, kappa: float) -> float:
    """The law as Gunther writes it."""
    return rate * limit / (1 + sigma * (limit - 1) + kappa * limit * (limit - 1))


def inside(value: float, interval: tuple[float, float]) -> bool:
    """Whether an interval holds the value, but for the last digits."""
    return interval[0] - 1e-9 <= value <= interval[1] + 1e-9


@settings(max_examples=50)
@given(
    rate=st.floats(0.001, 1e6),
    sigma=st.floats(0, 1),
    kappa=st.floats(0, 0.1),
    limits=st.sets(st.integers(1, 300), min_size=4, max_size=12).map(sorted),
)
def test_exact_data_give_their_coefficients(rate: float, sigma: float, kappa: float, limits: list[int]):
    """From four limits on, whatever the coefficients are, the fit goes through every point that was made with them."""
    found = fit([Measured(limit, law(limit, rate, sigma, kappa)) for limit in limits])
    assert isinstance(found, Fit)
    for limit in limits:
        assert found.at(limit) == pytest.approx(law(limit, rate, sigma, kappa), rel=1e-4)


@pytest.mark.parametrize("sigma", [0, 0.001, 0.02, 0.12, 0.5, 1])
@pytest.mark.parametrize("kappa", [0, 0.00001, 0.0003, 0.01, 0.1])
def test_a_grid_of_coefficients_is_recovered(sigma: float, kappa: float):
    """Both coefficients come back to a thousandth, or to next to nothing where they are nothing."""
    found = fit([Measured(limit, law(limit, 20, sigma, kappa), 0.0) for limit in LIMITS])
    assert isinstance(found, Fit)
    assert found.problem is None
    assert found.rate == pytest.approx(20, rel=1e-3)
    assert found.sigma == pytest.approx(sigma, rel=1e-3, abs=1e-6)
    assert found.kappa == pytest.approx(kappa, rel=1e-3, abs=1e-7)


@pytest.mark.parametrize("known", [True, False])
def test_the_intervals_hold_the_truth_as_often_as_they_say(known: bool):
    """Of 300 noisy measurements the 95 % intervals hold each coefficient in at least 93 %."""
    dice = random.Random(1)
    held = [0, 0]
    for _ in range(300):
        points = []
        for limit in LIMITS:
            true = law(limit, 20, 0.08, 0.002)
            points.append(Measured(limit, dice.gauss(true, 0.02 * true), 0.02 * true if known else None))
        found = fit(points)
        assert isinstance(found, Fit)
        held[0] += inside(0.08, found.sigma_interval)
        held[1] += inside(0.002, found.kappa_interval)
    assert min(held) >= 279


def test_the_peak_is_where_the_law_is_highest():
    """sqrt((1-σ)/κ) is the limit of the highest throughput; without crosstalk there is none, with σ = 1 it is 1."""
    found = fit([Measured(limit, law(limit, 20, 0.05, 0.001)) for limit in LIMITS])
    assert isinstance(found, Fit)
    assert found.peak == pytest.approx(30.822, abs=0.001)
    assert max(range(1, 100), key=found.at) == 31
    for sigma, peak in ((0.05, None), (1, 1)):
        flat = fit([Measured(limit, law(limit, 20, sigma, 0)) for limit in LIMITS])
        assert isinstance(flat, Fit)
        assert flat.peak == peak


@pytest.mark.parametrize("count", range(FEWEST_POINTS))
def test_too_few_points_are_no_fit(count: int):
    """Three figures from three points would always fit, so it takes four; points without throughput do not count."""
    points = [Measured(limit, 20.0 * limit) for limit in LIMITS[:count]]
    assert "at least 4 limits" in str(fit([*points, Measured(100, 0.0)]))


@pytest.mark.parametrize("capacity", [4, 8, 16])
@pytest.mark.parametrize("beyond", [lambda _, c: c, lambda n, c: c * c / n])
def test_a_knee_is_another_shape(capacity: int, beyond):
    """A curve that rises in a straight line and then bends, as with a queue or a fixed capacity, is not the law's."""
    limits = sorted({*LIMITS, capacity * 3 // 4, capacity * 3 // 2})
    found = fit([Measured(n, 20 * (n if n <= capacity else beyond(n, capacity))) for n in limits])
    assert isinstance(found, Fit)
    assert "another shape" in str(found.problem)


def test_rates_above_the_straight_line_are_another_shape():
    """Where more at once makes each faster, the law has nothing to say: its contention would be negative."""
    found = fit([Measured(limit, 20.0 * limit**1.3) for limit in LIMITS])
    assert isinstance(found, Fit)
    assert "negative" in str(found.problem)
    assert found.sigma >= 0
    assert found.kappa >= 0


def test_noise_is_a_reason_against_a_fit():
    """A throughput known to 30 % only supports no figures."""
    found = fit([Measured(limit, law(limit, 20, 0.05, 0.001), 0.3 * law(limit, 20, 0.05, 0.001)) for limit in LIMITS])
    assert isinstance(found, Fit)
    assert "too noisy" in str(found.problem)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 1000), st.floats(0, 1e9), st.floats(0, 1e6)), max_size=12))
def test_whatever_is_measured_the_fit_ends_without_nonsense(measured):
    """No data make it fail, give a negative coefficient, or a figure that is no number."""
    limits = [limit for limit, _, _ in measured]
    assume(len(set(limits)) == len(limits))
    found = fit([Measured(*each) for each in measured])
    if isinstance(found, Fit):
        assert found.rate > 0
        assert found.sigma >= 0
        assert found.kappa >= 0
        assert found.sigma_interval[0] <= found.sigma <= found.sigma_interval[1]
        assert found.kappa_interval[0] <= found.kappa <= found.kappa_interval[1]
        assert found.at(7) > 0


def test_students_t():
    """The quantiles fall with the degrees of freedom, and without any there is no bound."""
    values = [t95(freedom) for freedom in range(200)]
    assert values == sorted(values, reverse=True)
    assert (t95(0), t95(1), t95(10), t95(30)) == (float("inf"), 12.706, 2.228, 2.042)
    assert 1.96 < t95(10**6) <= 2.0
