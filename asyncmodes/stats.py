"""Numbers read off runs: per mode the totals, the task durations, and how they compare with the baseline's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from asyncmodes.modes import Mode
from asyncmodes.phases import mean_phases
from asyncmodes.record import Comparison, Run, Verdict
from asyncmodes.resources import Resources, together
from asyncmodes.spread import Ranked, Spread
from asyncmodes.tasks import State

NOISE_SHARE = 0.02
NOISE_NS = 2_000_000
UNSAYABLE_SHARE = 0.005


class Totals(NamedTuple):
    """The totals of a mode's runs in nanoseconds; `stddev` is the sample's, None for a single run."""

    mean: float
    stddev: float | None
    median: float
    min: int
    max: int


class Durations(NamedTuple):
    """The durations of tasks that ended by themselves, in nanoseconds, over all runs of a mode."""

    mean: float
    p50: float
    p95: float
    max: int


class Summary(NamedTuple):
    """All runs of one mode in figures.

    `counts`, `delivered`, `lost`, `peak` and `drained_ns` are those of the run that delivered least, so that
    one bad run among many cannot hide. `speedup` is None unless both modes got all they waited for, delivered
    equally many results, and took more than 0; its error is propagated from both deviations as if they
    were independent. `slowdown` compares mean task durations with the baseline's, over tasks
    that ended ok in both. `as_fast`: the totals differ by less than their noise. `phases_s` are the mean phases
    of requests in seconds, None if they were not measured.
    """

    mode: Mode
    runs: int
    total: Totals
    task: Durations | None
    counts: Mapping[State, int]
    delivered: int
    lost: int
    speedup: float | None
    speedup_stddev: float | None
    slowdown: float | None
    predicted_ns: int | None
    peak: int
    drained_ns: int
    fulfilled: bool
    as_fast: bool
    resources: Resources | None = None
    phases_s: Mapping[str, float] | None = None


def summarise(comparison: Comparison) -> list[Summary]:
    """A summary for each mode that has a complete run, in the order of the modes."""
    complete = {mode: runs for mode in comparison.modes if (runs := comparison.runs_of(mode))}
    base = complete.get(comparison.baseline)
    return [_summary(mode, runs, base, exact=comparison.exact) for mode, runs in complete.items()]


def worst(runs: Sequence[Run]) -> Run:
    """The run that delivered least; among equals the one with the most failures, then the longest."""
    return min(runs, key=lambda run: (run.delivered, -len(run.failures), -run.total_ns))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the ordered values do not exceed, averaged where it is a tie.

    Hyndman and Fan's definition 2: it never invents a value beyond the data, and the median is the usual one.
    """
    position = share * len(ordered)
    below = min(max(math.ceil(position) - 1, 0), len(ordered) - 1)
    if position == int(position) and below + 1 < len(ordered):
        return (ordered[below] + ordered[below + 1]) / 2
    return ordered[below]


def equal_totals(a: Totals, b: Totals, *, exact: bool) -> bool:
    """Whether two totals differ by less than their noise.

    That is both standard deviations together; for single runs 2 % or 2 ms; `exact` ones (`Comparison.exact`) have none.
    """
    if exact:
        return a.mean == b.mean
    noise = max(NOISE_NS, NOISE_SHARE * max(a.mean, b.mean))
    if a.stddev is not None and b.stddev is not None:
        # Few runs can agree by luck: what would be said as 1.00 times is never a difference.
        noise = max(math.hypot(a.stddev, b.stddev), UNSAYABLE_SHARE * max(a.mean, b.mean))
    return abs(a.mean - b.mean) < noise


def _summary(mode: Mode, runs: Sequence[Run], base: Sequence[Run] | None, *, exact: bool) -> Summary:
    shown = worst(runs)
    durations = _durations(runs)
    total = _totals([run.total_ns for run in runs])
    speedup = _speedup(runs, base) if base else None
    return Summary(
        mode=mode,
        runs=len(runs),
        total=total,
        task=durations,
        counts=shown.counts,
        delivered=shown.delivered,
        lost=shown.lost,
        speedup=speedup,
        speedup_stddev=_speedup_stddev(speedup, total, base) if base else None,
        slowdown=_slowdown(runs, base) if base else None,
        predicted_ns=runs[0].predicted_ns,
        peak=max(run.peak for run in runs),
        drained_ns=shown.drained_ns,
        as_fast=base is not None and equal_totals(total, _totals([run.total_ns for run in base]), exact=exact),
        fulfilled=all(run.verdict is Verdict.FULFILLED for run in runs),
        resources=together(run.resources for run in runs),
        phases_s=mean_phases(runs),
    )


def _speedup(runs: Sequence[Run], base: Sequence[Run]) -> float | None:
    if any(run.verdict is not Verdict.FULFILLED for run in (*runs, *base)):
        return None
    if len({run.delivered for run in (*runs, *base)}) != 1:
        return None
    ours, theirs = _mean(run.total_ns for run in runs), _mean(run.total_ns for run in base)
    return theirs / ours if ours > 0 and theirs > 0 else None


def _speedup_stddev(speedup: float | None, total: Totals, base: Sequence[Run]) -> float | None:
    reference = _totals([run.total_ns for run in base])
    if speedup is None or total.stddev is None or reference.stddev is None:
        return None
    return speedup * math.hypot(total.stddev / total.mean, reference.stddev / reference.mean)


def _totals(totals: list[int]) -> Totals:
    mean = _mean(totals)
    stddev = None
    if len(totals) > 1:
        stddev = math.sqrt(sum((total - mean) ** 2 for total in totals) / (len(totals) - 1))
    ordered = sorted(totals)
    return Totals(mean, stddev, quantile(ordered, 0.5), ordered[0], ordered[-1])


def _slowdown(runs: Sequence[Run], base: Sequence[Run]) -> float | None:
    """Mean durations are compared over the tasks that ended ok in both modes: others say nothing about slowness."""
    if all(run.counts[State.OK] == len(run) for run in (*runs, *base)):  # the same tasks: no need to look at each
        mean, reference = _mean(run.work_ns for run in runs), _mean(run.work_ns for run in base)
        return mean / reference if reference else None
    ours, theirs = _ok_durations(runs), _ok_durations(base)
    both = ours.keys() & theirs.keys()
    reference = sum(theirs[index] for index in both)
    return sum(ours[index] for index in both) / reference if reference else None


def _ok_durations(runs: Sequence[Run]) -> dict[int, float]:
    """The mean duration of each task over the runs in which it ended ok."""
    sums: dict[int, tuple[int, int]] = {}
    for run in runs:
        for index, (start, end) in enumerate(zip(run.starts, run.ends, strict=True)):
            if end >= 0 and index not in run.failures and index not in run.cancelled:
                total, count = sums.get(index, (0, 0))
                sums[index] = total + end - start, count + 1
    return {index: total / count for index, (total, count) in sums.items()}


def _durations(runs: Sequence[Run]) -> Durations | None:
    if spreads := [run.spread for run in runs if run.spread is not None]:
        return _durations_of(spreads)
    durations = runs[0].durations if len(runs) == 1 else sorted(chain.from_iterable(run.durations for run in runs))
    if not durations:
        return None
    mean = sum(durations) / len(durations)
    return Durations(mean, quantile(durations, 0.5), quantile(durations, 0.95), durations[-1])


def _durations_of(spreads: Sequence[Spread]) -> Durations | None:
    ranked = Ranked(spreads)
    if not ranked:
        return None
    mean = sum(spread.sum_ns for spread in spreads) / len(ranked)
    longest = max(spread.longest_ns for spread in spreads)
    return Durations(mean, quantile(ranked, 0.5), quantile(ranked, 0.95), longest)


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
