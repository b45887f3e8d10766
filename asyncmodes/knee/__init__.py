"""Which limit to use: a sweep of limits as a record, and all that can be read off it, the recommended limit above all.

The throughput of a run is how many tasks ended ok in a second of its total: a failure is no result, however fast. What
the Universal Scalability Law is fitted to is the rate at full load: the limit, divided by how long those tasks take
that start when no place is free (Little's law: throughput = in flight / time of each). The beginning and the end
of a list, when fewer are in flight, are left out of it so, and put in again where the fit is compared with what was
measured: by the prediction of the same list on a server of those coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from asyncmodes.capacity import Overload, Server
from asyncmodes.knee.full_load import Alone, mean, standard_error
from asyncmodes.knee.usl import Fit, Measured, fit, t95
from asyncmodes.modes import Mode, Stop
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison, Run, Verdict
from asyncmodes.stats import Summary, quantile, summarise
from asyncmodes.tasks import FakeRequest, State

AS_GOOD = 0.95
RESAMPLES = 1000
MORE_FAILED = "more tasks failed there"
_FEWEST_RUNS = 3  # of two runs, half of all resamples hold just one
_ONE_SIDED_95 = 1.645


def mode_of(limit: int) -> Mode:
    """`limited=N+settled`: with that limit, and a failure ends nothing early, so that every task counts."""
    return Mode(limit, Stop.NEVER)


@dataclass(frozen=True)
class Sweep:
    """The same tasks run with several limits: `comparison` holds all runs that were completed, `limits` is the plan.

    `dropped` are limits that were asked for and are above the number of tasks. `budget_ns` is how long it could take,
    `over_budget` whether it was stopped for that in its very first round, and `exact` whether a repetition could
    only have been the same again.
    """

    comparison: Comparison
    limits: tuple[int, ...]
    dropped: tuple[int, ...] = ()
    budget_ns: int | None = None
    over_budget: bool = False
    exact: bool = False

    @property
    def interrupted(self) -> bool:
        return self.comparison.interrupted


@dataclass(frozen=True, slots=True)
class Sample:
    """One run in two figures: ok results a second (None if it took no time), and tasks that failed or timed out."""

    per_s: float | None
    failed: int


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured at one limit. Throughputs are ok results a second.

    `full` is the rate at full load with its standard error (None for a single run), or why there is none in words.
    `fitted_per_s` is what the fit says for this very list of tasks, None without one.
    """

    limit: int
    summary: Summary
    samples: tuple[Sample, ...]
    full: Measured | str
    fitted_per_s: float | None = None

    @property
    def per_s(self) -> float | None:
        """The median throughput of the runs, None if one took no time."""
        return _throughput(self.samples)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a sweep tells. `recommended` is None where there is a `problem`, which says why in words.

    `best` is the limit of the highest throughput among those whose failures are no higher than at the first one.
    `law` is the fit, or why there is none. `sure` is the share of resamples of the runs that recommend the same limit
    or one next to it: None below three runs a limit, 1 where runs are exact.
    """

    points: tuple[Point, ...]
    recommended: int | None
    best: int | None
    law: Fit | str
    sure: float | None
    problem: str | None = None


def findings(sweep: Sweep) -> Findings:
    """Read everything off a sweep. A pure function: the resamples come from dice that are always the same."""
    points = points_of(sweep.comparison)
    law = _law(points)
    if isinstance(law, Fit) and law.problem is None:
        points = [
            replace(point, fitted_per_s=_fitted(sweep.comparison, points[0], point.limit, law))
            if isinstance(point.full, Measured)
            else point
            for point in points
        ]
    problem = _problem(sweep, points)
    if problem is not None:
        return Findings(tuple(points), None, None, law, None, problem)
    samples = {point.limit: point.samples for point in points}
    best, recommended = choose(samples)
    sure = 1.0 if sweep.exact else sureness(samples, recommended)
    return Findings(tuple(points), recommended, best, law, sure)


def points_of(comparison: Comparison) -> list[Point]:
    """A point for each limit that has a completed run, the lowest first."""
    summaries = {summary.mode: summary for summary in summarise(comparison)}
    usual = Alone(comparison.runs_of(min(summaries, key=lambda mode: mode.width or 0)) if summaries else [])
    points = []
    for limit, samples in samples_of(comparison).items():
        mode = mode_of(limit)
        full = usual.full_rate(limit, comparison.runs_of(mode))
        points.append(Point(limit, summaries[mode], samples, full))
    first = points[0].samples if points else ()
    return [point if not _fails_more(point.samples, first) else replace(point, full=MORE_FAILED) for point in points]


def samples_of(comparison: Comparison) -> dict[int, tuple[Sample, ...]]:
    """What was measured at each limit that has a completed run, the lowest limit first."""
    by_limit: dict[int, list[Sample]] = {}
    for run in comparison.runs:
        if run.verdict is not Verdict.INTERRUPTED and run.mode.width is not None:
            by_limit.setdefault(run.mode.width, []).append(_sample(run))
    return {limit: tuple(by_limit[limit]) for limit in sorted(by_limit)}


def has_a_choice(samples: Mapping[int, Sequence[Sample]]) -> bool:
    """Whether there are several limits to choose from, with throughputs, the first one's above 0."""
    rates = [_throughput(samples[limit]) for limit in sorted(samples)]
    return len(rates) > 1 and None not in rates and bool(rates[0])


def half_width(samples: Sequence[Sample]) -> float:
    """Half the 95 % interval of the mean throughput as a share of it; infinite for a single run."""
    values = [sample.per_s for sample in samples if sample.per_s is not None]
    if len(values) < 2 or not any(values):
        return math.inf
    return t95(len(values) - 1) * standard_error(values) / mean(values)


def choose(samples: Mapping[int, Sequence[Sample]]) -> tuple[int, int]:
    """The best limit, and the recommended one: the lowest within 5 % of the best, of those that fail no more.

    The best of many noisy figures is too high by luck, so that a limit may miss those 95 % of it by one standard error
    of the two (the one-standard-error rule of Breiman and others, "Classification and Regression Trees", 1984).
    """
    limits = sorted(samples)
    first = samples[limits[0]]
    rates = {limit: _throughput(samples[limit]) or 0.0 for limit in limits}
    errors = {limit: _error(samples[limit]) for limit in limits}
    allowed = [limit for limit in limits if not _fails_more(samples[limit], first)]
    best = max(allowed, key=lambda limit: (rates[limit], -limit))

    def is_as_good(limit: int) -> bool:
        return rates[limit] >= AS_GOOD * rates[best] - math.hypot(errors[limit], errors[best])

    return best, next(limit for limit in allowed if limit == best or is_as_good(limit))


def sureness(samples: Mapping[int, Sequence[Sample]], recommended: int) -> float | None:
    """The share of bootstrap resamples that recommend this limit or one next to it; None below three runs a limit."""
    if any(len(each) < _FEWEST_RUNS for each in samples.values()):
        return None
    limits = sorted(samples)
    place = limits.index(recommended)
    near = set(limits[max(place - 1, 0) : place + 2])
    dice = Random(0)  # noqa: S311  # reproducible on purpose, and no secret
    agreed = 0
    for _ in range(RESAMPLES):
        resampled = {limit: dice.choices(each, k=len(each)) for limit, each in samples.items()}
        agreed += choose(resampled)[1] in near
    return agreed / RESAMPLES


def _problem(sweep: Sweep, points: Sequence[Point]) -> str | None:
    measured = {point.limit for point in points}
    if sweep.interrupted:
        return "the sweep was interrupted"
    if sweep.over_budget:
        return f"the budget was over when {len(measured)} of {len(sweep.limits)} limits had been run"
    if all(sample.per_s is not None and not sample.per_s for point in points for sample in point.samples):
        return "no task ended ok at any limit"
    if any(point.per_s is None for point in points):
        return "the tasks take no time at all"
    if len(points) < 2:
        return "one limit leaves nothing to choose"
    if not points[0].per_s:
        return f"no task ended ok at limit {points[0].limit}, which the others are compared with"
    return None


def _sample(run: Run) -> Sample:
    ok = run.counts[State.OK]
    return Sample(ok / run.total_ns * 1e9 if run.total_ns else None, len(run.failures))


def _throughput(samples: Sequence[Sample]) -> float | None:
    """The median of the runs, since what disturbs a run only ever makes it slower; None if one took no time."""
    values = [sample.per_s for sample in samples if sample.per_s is not None]
    return quantile(sorted(values), 0.5) if len(values) == len(samples) else None


def _error(samples: Sequence[Sample]) -> float:
    values = [sample.per_s or 0.0 for sample in samples]
    return standard_error(values) if len(values) > 1 else 0.0


def _fails_more(ours: Sequence[Sample], theirs: Sequence[Sample]) -> bool:
    """Whether more tasks fail than at the first limit: where it has failures too, more than chance would explain."""
    more = mean(sample.failed for sample in ours) - mean(sample.failed for sample in theirs)
    all_failed = [sample.failed for sample in (*ours, *theirs)]
    if more <= 0 or not any(sample.failed for sample in theirs):
        return more > 0
    # Counts of rare events vary as a Poisson process does: by the root of their mean.
    noise = math.sqrt(mean(all_failed) * (1 / len(ours) + 1 / len(theirs)))
    return more > _ONE_SIDED_95 * noise


def _law(points: Sequence[Point]) -> Fit | str:
    usable = [point.full for point in points if isinstance(point.full, Measured)]
    reasons = [point.full for point in points if isinstance(point.full, str)]
    if len(usable) < 2 and reasons:
        return reasons[-1]
    return fit(
        _with_pooled_errors(usable, [len(point.samples) for point in points if isinstance(point.full, Measured)])
    )


def _with_pooled_errors(measured: Sequence[Measured], runs: Sequence[int]) -> list[Measured]:
    """The same with one relative noise for all: that of two or three runs alone is mostly luck."""
    if not measured or any(
        each.error is None for each in measured
    ):  # a limit that was run once only says nothing of its noise
        return [replace(each, error=None) for each in measured]
    noise = [((each.error or 0.0) / each.rate) ** 2 * count for each, count in zip(measured, runs)]
    pooled = sum(each * (count - 1) for each, count in zip(noise, runs)) / sum(count - 1 for count in runs)
    return [replace(each, error=each.rate * math.sqrt(pooled / count)) for each, count in zip(measured, runs)]


def _fitted(comparison: Comparison, first: Point, limit: int, law: Fit) -> float | None:
    """What the law makes of this list of tasks at this limit, in ok results a second."""
    durations = _durations_of(comparison.runs_of(mode_of(first.limit)))
    if durations is None:
        return None
    alone = 1e9 / law.rate / mean(durations)
    tasks = [
        replace(task, work=FakeRequest(round(duration * alone), ""), timeout_ns=None)
        for task, duration in zip(comparison.tasks, durations)
    ]
    server = Server(overload=Overload.USL, sigma=law.sigma, kappa=law.kappa)
    run = predict(tasks, mode_of(limit), server=server)
    ok = len(tasks) - mean(sample.failed for sample in first.samples)
    return ok / run.total_ns * 1e9 if run is not None and run.total_ns else None


def _durations_of(runs: Sequence[Run]) -> list[float] | None:
    count = len(runs[0])
    durations = [mean(run.ends[index] - run.starts[index] for run in runs) for index in range(count)]
    return durations if sum(durations) > 0 else None
