"""The result in sentences, as a person would say it. A partial result is never called a win."""

from __future__ import annotations

from collections.abc import Sequence

from asyncmodes.modes import Mode, Stop
from asyncmodes.record import Comparison, Run, Verdict
from asyncmodes.stats import NOISE_SHARE, Summary, equal_totals, summarise, worst
from asyncmodes.tasks import State
from asyncmodes.text import clean
from asyncmodes.views.axis import duration, unit_for


def sentences(comparison: Comparison) -> list[str]:
    """What came out: who was faster by how much, who was equal, and who got less than everything."""
    summaries = summarise(comparison)
    said = []
    if comparison.interrupted:
        said.append("interrupted: what is shown is what had happened until then")
    base = next((summary for summary in summaries if summary.mode == comparison.baseline), None)
    if base is not None and len(comparison.modes) > 1:
        said += _against(base, [s for s in summaries if s is not base], comparison)
    elif base is not None:
        said += _alone(base, worst(comparison.runs_of(base.mode)))
    said += _slowdowns(base, summaries, comparison) if base is not None else []
    for summary in summaries:
        said += _partial(summary, worst(comparison.runs_of(summary.mode)))
    if comparison.predicted_from is not None:
        said.append(
            f"predicted: from the durations measured in {comparison.predicted_from}, as if tasks did not slow each "
            "other down"
        )
    notes = dict.fromkeys(note for run in comparison.runs for note in run.notes)
    return said + list(notes)


def caller_sentence(run: Run) -> str | None:
    """What the caller got from a run that did not simply end, and what went on after that."""
    if run.verdict is Verdict.INTERRUPTED:
        return f"interrupted at {duration(run.total_ns)}"
    if run.decided_by is None:
        return "every task failed, so there is no first success" if run.verdict is Verdict.REJECTED else None
    name = clean(run.tasks[run.decided_by].name[:200])
    what = "error" if run.verdict is Verdict.REJECTED else "result"
    sentence = f"the caller gets the {what} of {name} at {duration(run.total_ns)}"
    if run.cancelled:
        return f"{sentence}; the others are cancelled"
    if run.drained_ns > run.total_ns:
        return f"{sentence}; work goes on until {duration(run.drained_ns)}"
    if run.counts.get(State.SKIPPED):
        return f"{sentence}; the rest never starts"
    return sentence


def _against(base: Summary, others: Sequence[Summary], comparison: Comparison) -> list[str]:
    comparable = sorted((s for s in others if s.speedup is not None), key=lambda summary: summary.total.mean)
    merged = _grouped(comparable, base, comparison)
    for summary in others:
        if summary.speedup is None and summary.fulfilled and base.fulfilled and summary.delivered == base.delivered:
            merged.append(f"{summary.mode} and {base.mode} cannot be compared by time: one of them took none")
    return merged


def _grouped(ordered: Sequence[Summary], base: Summary, comparison: Comparison) -> list[str]:
    """One sentence for all modes whose totals are equal; they come in order of their totals."""
    groups: list[list[Summary]] = []
    for summary in ordered:
        if groups and _equal(summary, groups[-1][0], comparison):
            groups[-1].append(summary)
        else:
            groups.append([summary])
    return [
        f"{listed([str(s.mode) for s in group])} {'was' if len(group) == 1 else 'were'} "
        f"{_relation(group[0], base, comparison)} {base.mode} "
        f"({_instead([s.total.mean for s in group], base.total.mean)})"
        for group in groups
    ]


def _relation(summary: Summary, base: Summary, comparison: Comparison) -> str:
    if _equal(summary, base, comparison):
        return "as fast as"
    ours, theirs = summary.total.mean, base.total.mean
    return f"{theirs / ours:.2f} times faster than" if ours < theirs else f"{ours / theirs:.2f} times slower than"


def _equal(a: Summary, b: Summary, comparison: Comparison) -> bool:
    return equal_totals(a.total, b.total, comparison.clock)


def _instead(ours: Sequence[float], theirs: float) -> str:
    unit = unit_for(max(*ours, theirs))
    least, most = duration(min(ours), unit), duration(max(ours), unit)
    span = least if least == most else f"{least.removesuffix(f' {unit[0]}')} to {most}"
    return f"{span} instead of {duration(theirs, unit)}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


_MUCH_SLOWER = 1.5
_BOTTLENECKS = {
    "url": ("request", "the server or the line is the bottleneck"),
    "request": ("request", "the server is the bottleneck"),
    "file": ("read", "the disk or the system is the bottleneck"),
}


def _slowdowns(base: Summary, summaries: Sequence[Summary], comparison: Comparison) -> list[str]:
    """How much longer each task took beside others than in the baseline mode, where that is much."""
    kinds = {task.work.kind for task in comparison.tasks}
    what, why = _BOTTLENECKS.get(kinds.pop(), ("task", "")) if len(kinds) == 1 else ("task", "")
    reason = why or "tasks slow each other down"
    beside = "alone" if base.mode.width == 1 else f"in {base.mode}"
    return [
        f"each {what} took {summary.slowdown:.1f} times as long in {summary.mode} as {beside}: {reason}"
        for summary in summaries
        if summary.slowdown is not None and summary.slowdown >= _MUCH_SLOWER
    ]


def _alone(summary: Summary, run: Run) -> list[str]:
    took = f"{summary.mode} took {duration(summary.total.mean)} for {_tasks(len(run))}"
    if not summary.fulfilled or run.mode.stop in (Stop.ON_FIRST, Stop.ON_SUCCESS) or summary.total.mean <= 0:
        return [took]
    overlap = run.work_ns / summary.total.mean
    if overlap < 1 + NOISE_SHARE:
        return [f"{took}: nothing overlapped"]
    return [f"{took} of {duration(run.work_ns)} of work in all: on average {overlap:.2f} ran at once"]


def _partial(summary: Summary, run: Run) -> list[str]:
    """What has to be said of a mode that delivered fewer results than there were tasks."""
    ok = summary.counts[State.OK]
    if run.verdict is Verdict.REJECTED:
        lost = f", {ok} {'result' if ok == 1 else 'results'} lost" if ok else ""
        return [f"{summary.mode} was rejected at {duration(run.total_ns)}: nothing delivered{lost}; no win"]
    if run.mode.stop in (Stop.ON_FIRST, Stop.ON_SUCCESS):
        return [f"{summary.mode} waits for one result only: its total compares with no mode that wants all"]
    missing = len(run) - summary.delivered
    if missing:
        return [f"{summary.mode} delivered {summary.delivered:,} of {len(run):,} results: {missing:,} failed"]
    return []


def _tasks(count: int) -> str:
    return f"{count:,} {'task' if count == 1 else 'tasks'}"


def modes_word(modes: Sequence[Mode]) -> str:
    """The number of modes in words for a heading."""
    return f"{len(modes)} {'mode' if len(modes) == 1 else 'modes'}"
