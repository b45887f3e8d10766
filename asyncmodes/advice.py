"""What a person should know before believing the figures: warnings as data, each ending in what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from asyncmodes.record import Comparison, Run
from asyncmodes.stats import Summary, quantile, summarise

TOO_SHORT_NS = 5_000_000
FAR_SHARE, FAR_NS = 0.1, 5_000_000
# Iglewicz and Hoaglin's modified z-score; 0.6745 makes the MAD comparable with a standard deviation, and a score
# of 10 (they suggest 3.5 for normal data) leaves the long tails of timings alone.
_MAD_SCALE, _OUTLIER_SCORE = 0.6745, 10.0
_FEWEST_RUNS = 3


class Warning(NamedTuple):  # noqa: A001  # the field's own word; Python's category of that name is not used here
    """One reason for doubt: a stable `kind`, the mode it is about, and the sentence with its advice."""

    kind: str
    mode: str
    message: str


def warnings(comparison: Comparison, summaries: Sequence[Summary] | None = None) -> list[Warning]:
    """All that is doubtful about a comparison, in the order of its modes; `summaries` are its own, if at hand."""
    summaries = summarise(comparison) if summaries is None else summaries
    found: list[Warning] = []
    if comparison.clock != "virtual":
        for summary in summaries:
            found += _of_mode(summary, comparison.runs_of(summary.mode), comparison)
    return found + list(_lost_in_the_fastest(summaries))


def _of_mode(summary: Summary, runs: Sequence[Run], comparison: Comparison) -> Iterator[Warning]:
    mode = str(summary.mode)
    if summary.total.mean < TOO_SHORT_NS:
        yield Warning("too_short", mode, f"{mode} took less than 5 ms, which is mostly overhead; give it more to do")
    yield from _odd_runs(mode, [run.total_ns for run in runs])
    predicted = summary.predicted_ns
    if predicted is None or comparison.predicted_from is not None:
        return
    off = summary.total.mean - predicted
    if abs(off) > max(FAR_NS, FAR_SHARE * predicted):
        share = abs(off) / predicted if predicted else 1
        advice = "close other programs, or give it fewer tasks at once"
        yield Warning("far_from_predicted", mode, f"{mode} was {share:.0%} off its predicted total; {advice}")


def _odd_runs(mode: str, totals: Sequence[int]) -> Iterator[Warning]:
    if len(totals) < _FEWEST_RUNS:
        return
    odd = _outliers(totals)
    if odd == [0] and totals[0] == max(totals):
        message = f"the first run of {mode} was much slower than the others; use --warmup 1 or more"
        yield Warning("slow_first_run", mode, message)
    elif odd:
        listed = ", ".join(str(index + 1) for index in odd)
        which = f"run {listed} of {mode} is an outlier" if len(odd) == 1 else f"runs {listed} of {mode} are outliers"
        yield Warning("outliers", mode, f"{which}; repeat it on a quiet machine, or with more --runs")


def _outliers(totals: Sequence[int]) -> list[int]:
    """The indices of totals whose modified z-score is too large, of those that noise cannot explain."""
    median = quantile(sorted(totals), 0.5)
    deviations = [abs(total - median) for total in totals]
    mad = max(quantile(sorted(deviations), 0.5), median * 0.001, 1)
    return [index for index, deviation in enumerate(deviations) if _MAD_SCALE * deviation / mad > _OUTLIER_SCORE]


def _lost_in_the_fastest(summaries: Sequence[Summary]) -> Iterator[Warning]:
    if len(summaries) < 2:
        return
    fastest = min(summaries, key=lambda summary: (summary.total.mean, -summary.delivered))
    most = max(summary.delivered for summary in summaries)
    if fastest.lost and fastest.delivered < most:
        mode = str(fastest.mode)
        results = "1 result" if fastest.lost == 1 else f"{fastest.lost:,} results"
        message = (
            f"the shortest total is that of {mode}, which lost {results}; compare it with a mode that delivers all"
        )
        yield Warning("lost_in_fastest", mode, message)
