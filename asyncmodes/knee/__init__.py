"""Which limit to use: a sweep of limits as a record, and all that can be read off it, the recommended limit above all.

The throughput of a run is how many tasks ended ok in a second of its total: a failure is no result, however fast. What
the Universal Scalability Law is fitted to is the rate at full load: the limit, divided by how long those tasks take
that start when no place is free (Little's law: throughput = in flight / time of each). The beginning and the end
of a list, when fewer are in flight, are left out of it so, and put in again where the fit is compared with what was
measured: by the prediction of the same list on a server of those coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from asyncmodes.capacity import Overload, Server
from asyncmodes.knee.choice import Choice, Sample, Sureness, choose, fails_more, sureness, throughput
from asyncmodes.knee.full_load import Alone, mean
from asyncmodes.knee.usl import Fit, Measured, fit
from asyncmodes.modes import Mode, Stop
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison, Run, Verdict
from asyncmodes.stats import Summary, summarise
from asyncmodes.tasks import FakeRequest, State

MORE_FAILED = "more tasks failed there"


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

    @cached_property
    def findings(self) -> Findings:
        """All that can be read off it."""
        return _findings(self)


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
        return throughput(self.samples)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a sweep tells. `choice` is None where there is a `problem`, which says in words why nothing is chosen.

    `law` is the fit, or why there is none. `sure` is None below three runs of a limit that may be it; where runs are
    exact it is as sure as can be.
    """

    points: tuple[Point, ...]
    choice: Choice | None
    law: Fit | str
    sure: Sureness | None
    problem: str | None = None

    @property
    def recommended(self) -> int | None:
        """The limit to use, None if there is a problem."""
        return None if self.choice is None else self.choice.recommended

    @property
    def best(self) -> int | None:
        """The limit of the highest throughput among those that fail no more than the first one."""
        return None if self.choice is None else self.choice.best


def _findings(sweep: Sweep) -> Findings:
    points = points_of(sweep.comparison)
    law = _law(points, len(sweep.comparison.tasks))
    if isinstance(law, Fit) and law.problem is None:
        points = [
            replace(point, fitted_per_s=_fitted(sweep.comparison, points[0], point.limit, law))
            if isinstance(point.full, Measured)
            else point
            for point in points
        ]
    problem = _problem(sweep, points)
    if problem is not None:
        return Findings(tuple(points), None, law, None, problem)
    samples = {point.limit: point.samples for point in points}
    if not sweep.exact:
        return Findings(tuple(points), choose(samples), law, sureness(samples))
    choice = choose(samples, noise=0.0)
    return Findings(tuple(points), choice, law, Sureness(1.0, choice.recommended, choice.recommended))


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
    return [point if not fails_more(point.samples, first) else replace(point, full=MORE_FAILED) for point in points]


def sample_of(run: Run) -> Sample:
    """What a run says about its limit."""
    ok = run.counts[State.OK]
    return Sample(ok / run.total_ns * 1e9 if run.total_ns else None, len(run.failures))


def samples_of(comparison: Comparison) -> dict[int, tuple[Sample, ...]]:
    """What was measured at each limit that has a completed run, the lowest limit first."""
    by_limit: dict[int, list[Sample]] = {}
    for run in comparison.runs:
        if run.verdict is not Verdict.INTERRUPTED and run.mode.width is not None:
            by_limit.setdefault(run.mode.width, []).append(sample_of(run))
    return {limit: tuple(by_limit[limit]) for limit in sorted(by_limit)}


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


def _law(points: Sequence[Point], tasks: int) -> Fit | str:
    usable = [(point.full, len(point.samples)) for point in points if isinstance(point.full, Measured)]
    reasons = [point.full for point in points if isinstance(point.full, str)]
    if len(usable) < 2 and reasons:
        return reasons[-1]
    return fit(_with_pooled_errors([full for full, _ in usable], [runs for _, runs in usable], tasks))


def _with_pooled_errors(measured: Sequence[Measured], runs: Sequence[int], tasks: int) -> list[Measured]:
    """The same with one relative noise of a task for all limits, as if each had the fewest runs.

    That of two or three runs alone is mostly luck. At a limit near the number of tasks just a few start when no place
    is free, and tell the less. And a limit with many runs must not count for more: what it is off the law by then is
    not noise but another shape, which would bend the whole curve.
    """
    late = {each.limit: tasks - each.limit + 1 for each in measured}
    known = [(each, count) for each, count in zip(measured, runs) if each.error is not None]
    if not known:
        return [*measured]
    squares = sum(((each.error or 0.0) / each.rate) ** 2 * late[each.limit] * n * (n - 1) for each, n in known)
    pooled = squares / sum(count - 1 for _, count in known) / min(runs)
    return [replace(each, error=each.rate * math.sqrt(pooled / late[each.limit])) for each in measured]


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
