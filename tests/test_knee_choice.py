"""Which limit is chosen from the throughputs of runs, how sure that is, and which limits are worth another run."""

import random

import pytest

from asyncmodes.knee.choice import (
    FEWEST_RUNS,
    MOST_RUNS,
    Sample,
    Sureness,
    choose,
    has_a_choice,
    in_question,
    is_settled,
    noise_of,
    sureness,
)


def samples(**rates) -> dict[int, list[Sample]]:
    """Samples from `n4=[80, 81]`; a pair is a rate and how many failed."""
    pairs = {int(name[1:]): [each if isinstance(each, tuple) else (each, 0) for each in rates[name]] for name in rates}
    return {limit: [Sample(*pair) for pair in listed] for limit, listed in pairs.items()}


def chosen(noise: float | None = None, **rates) -> tuple[int, int]:
    """The best limit and the recommended one."""
    choice = choose(samples(**rates), noise)
    return choice.best, choice.recommended


def queue(
    capacity: int, dice: random.Random, runs: int, noise: float, disturbed: float = 0.1
) -> dict[int, list[Sample]]:
    """Noisy runs of a server that has so many places and lets the others wait; some are much disturbed."""

    def sample(limit: int) -> Sample:
        rate = min(limit, capacity) * 10 * (0.97 if limit == capacity else 1)
        return Sample(rate * dice.gauss(1, noise) * (dice.uniform(0.5, 0.9) if dice.random() < disturbed else 1), 0)

    steps = [capacity * quarters // 4 for quarters in (1, 2, 3, 4, 5, 6, 8, 16)]
    return {limit: [sample(limit) for _ in range(runs)] for limit in steps}


def test_the_lowest_limit_within_five_percent_is_chosen():
    """Of exact runs best is the highest throughput, on a tie the lower limit; recommended the lowest within 5 %."""
    assert chosen(0.0, n1=[20], n2=[95.0], n4=[100], n8=[100]) == (4, 2)
    assert chosen(0.0, n1=[20], n2=[94.9], n4=[100], n8=[99]) == (4, 4)


def test_noise_is_not_taken_for_a_difference():
    """A limit that misses 95 % of the best by less than one standard error is as good; one bad run is no figure."""
    assert chosen(n1=[20, 20], n2=[93, 93], n4=[100, 100]) == (4, 4)
    assert chosen(n1=[20, 20], n2=[91, 95], n4=[98, 102]) == (4, 2)
    assert chosen(n1=[20, 20, 20], n2=[100, 100, 10], n4=[100, 100, 100]) == (2, 2)


def test_the_best_is_not_the_luckiest_of_many():
    """What is compared with is the mean of all limits that two standard errors cannot tell from the highest one."""
    choice = choose(samples(n1=[20, 21, 20, 19], n2=[70, 72, 71, 69], n4=[96, 99, 101, 100], n8=[103, 99, 102, 104]))
    assert choice.best == 8
    assert choice.alike == (4, 8)
    assert choice.best_per_s == pytest.approx((99.5 + 102.5) / 2)
    assert choice.shares[4] == pytest.approx(99.5 / 101)


def test_a_large_difference_matters_however_noisy_the_runs_are():
    """Runs that differ by half prove little; yet 10 % below the highest is not best, nor 10 % below that as good."""
    noisy = {"n1": [20, 30, 24], "n2": [60, 80, 100], "n4": [70, 90, 120], "n8": [60, 100, 130]}
    assert chosen(**noisy) == (8, 4)
    assert choose(samples(**noisy)).alike == (4, 8)


def test_without_a_second_run_some_noise_is_assumed():
    """What is measured once is known to 3 %, unless the caller knows that it is exact."""
    once = samples(n1=[20], n2=[94], n4=[100])
    assert noise_of(once) == 0.03
    assert choose(once).recommended == 2
    assert choose(once, noise=0.0).recommended == 4


def test_the_noise_of_a_run_is_found_whatever_a_few_do():
    """Gaussian noise of 4 % is found within a fifth, and not doubled when every tenth run is much disturbed."""
    assert noise_of(queue(8, random.Random(2), 12, 0.04, disturbed=0)) == pytest.approx(0.04, rel=0.2)
    assert 0.04 < noise_of(queue(8, random.Random(2), 12, 0.04)) < 0.08


def test_failures_beyond_those_at_the_first_limit_disqualify():
    """Where limit 1 has none, the usual run must have none; where it has some, no more than chance explains."""
    assert chosen(0.0, n1=[20], n2=[40], n4=[(80, 1)]) == (2, 2)
    assert chosen(n1=[20], n2=[40], n4=[(80, 1), (81, 0), (80, 0)]) == (4, 4)
    assert chosen(n1=[20], n2=[40], n4=[(80, 1), (81, 0), (80, 2)]) == (2, 2)
    assert chosen(n1=[(20, 9)], n2=[(40, 10)], n4=[(80, 12)]) == (4, 4)
    assert chosen(n1=[(20, 9)], n2=[(40, 10)], n4=[(80, 30)]) == (2, 2)


def test_how_sure_a_recommendation_is():
    """Clear figures are sure, close and noisy ones less so, and two runs of what may be it say nothing about it."""
    clear = samples(n1=[20], n2=[40, 41, 41], n4=[80, 81, 82], n8=[80, 81, 82])
    assert sureness(clear) == Sureness(1, 4, 4)
    close = samples(n1=[50, 60, 70], n2=[80, 90, 100], n4=[84, 94, 108], n8=[90, 99, 110], n16=[95, 105, 115])
    found = sureness(close)
    assert found is not None
    assert 0.3 < found.share < 0.95
    assert found.low < found.high
    assert sureness(close) == found
    rarely = sureness(samples(n1=[20], n2=[80, *[75] * 7], n4=[80] * 8))
    assert rarely == Sureness(1, 4, 4)  # in a hundredth of the resamples limit 2 is good enough
    assert sureness(samples(n1=[20, 21, 20], n2=[40, 41])) is None


def test_only_what_may_be_it_is_worth_another_run():
    """The limits near 95 % of the best or above, and one on either side; the first one too where failures matter."""
    rates = {"n1": [20], "n2": [40], "n4": [78], "n6": [100], "n8": [97], "n16": [50], "n32": [20]}
    assert in_question(samples(**rates)) == [4, 6, 8, 16]
    rates["n8"] = [(97, 3)]
    assert in_question(samples(**rates)) == [4, 6, 8]
    rates["n6"] = [(100, 0), (100, 0), (100, 1)]
    assert in_question(samples(**rates)) == [1, 4, 6, 8]


def test_it_is_settled_when_every_limit_is_on_one_side():
    """As long as one may be on either side of 95 %, or has been run too rarely, it is not."""
    rates = {"n1": [20], "n2": [40, 41, 40, 40], "n4": [80, 81, 80, 80], "n8": [80, 80, 81, 80]}
    assert is_settled(samples(**rates))
    assert not is_settled(samples(**rates | {"n8": [80, 80, 81]}))
    assert not is_settled(samples(**rates | {"n2": [73, 77, 75, 77]}))
    lower = {"n2": [73.2, 75.6, 74.4, 74.4], "n4": [78.8, 81.2, 80, 80], "n8": [78.8, 81.2, 80, 80]}
    assert choose(samples(n1=[20] * 4, **lower)).recommended == 4
    assert not is_settled(samples(n1=[20] * 4, **lower))
    assert is_settled(samples(**rates | {"n2": [73, 77] * (MOST_RUNS // 2)}))
    assert FEWEST_RUNS == 4


def test_nothing_to_choose():
    """One limit, no throughput at the first one, or tasks that take no time leave no choice."""
    assert has_a_choice(samples(n1=[20], n2=[40]))
    assert not has_a_choice(samples(n1=[20]))
    assert not has_a_choice(samples(n1=[0], n2=[40]))
    assert not has_a_choice(samples(n1=[20], n2=[None]))


@pytest.mark.parametrize("capacity", [4, 8, 16])
@pytest.mark.parametrize(("runs", "noise"), [(1, 0.02), (4, 0.03), (12, 0.06)])
def test_a_flat_curve_with_noise_has_its_knee_where_it_is(capacity: int, runs: int, noise: float):
    """On a plateau with noise 95 of 100 recommendations are at most one step off the capacity."""
    dice = random.Random(5)
    found = [choose(queue(capacity, dice, runs, noise)).recommended for _ in range(100)]
    near = {capacity * quarters // 4 for quarters in (3, 4, 5)}
    assert sum(limit in near for limit in found) >= 95
