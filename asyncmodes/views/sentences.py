"""The result in sentences, as a person would say it. A partial result is never called a win."""

from __future__ import annotations

from collections.abc import Sequence

from asyncmodes.modes import Stop
from asyncmodes.record import Comparison, Run, Verdict
from asyncmodes.stats import NOISE_SHARE, Summary, worst
from asyncmodes.tasks import DECLARED, State
from asyncmodes.text import clean
from asyncmodes.views.axis import duration, unit_for
from asyncmodes.views.glyphs import word

_LONGEST = 100  # characters of a name or an error that a sentence repeats
_MOST_ERRORS = 5
_SAYABLE = 1.005  # a smaller factor would be said as 1.00


def sentences(comparison: Comparison, summaries: Sequence[Summary]) -> list[str]:
    """What came out: who was faster by how much, who was equal, who got less than everything, and why."""
    several = len(comparison.modes) > 1
    said = _interruption(comparison)
    base = next((summary for summary in summaries if summary.mode == comparison.baseline), None)
    if base is not None and several:
        said += _against(base, [s for s in summaries if s is not base])
        said += _slowdowns(base, summaries, comparison)
    elif base is not None:
        said += _alone(base, worst(comparison.runs_of(base.mode)))
    for summary in summaries:
        said += _partial(summary, worst(comparison.runs_of(summary.mode)), several=several)
    said += _one_result_only(summaries) if several else []
    said += errors(comparison)
    if comparison.predicted_from is not None:
        source = comparison.predicted_from
        said.append(f"predicted: from the durations measured in {source}, as if tasks did not slow each other down")
    return said + notes(comparison)


def notes(comparison: Comparison) -> list[str]:
    """What the runs met with, such as a limit of the machine, each once."""
    return list(dict.fromkeys(clean(note) for run in comparison.runs for note in run.notes))


def caller_sentence(run: Run) -> str | None:
    """What the caller got from a run that did not simply end, and what went on after that."""
    if run.verdict is Verdict.INTERRUPTED:
        return f"interrupted at {duration(run.total_ns)}"
    if run.decided_by is None:
        return "every task failed, so there is no first success" if run.verdict is Verdict.REJECTED else None
    what = "error" if run.decided_by in run.failures else "result"
    sentence = f"the caller gets the {what} of {_name(run, run.decided_by)} at {duration(run.total_ns)}"
    failure = run.failures.get(run.decided_by)
    if failure is not None and failure.message != DECLARED:
        sentence += f" ({_short(failure.message)})"
    if run.interrupted_ns is not None:
        return f"{sentence}; work went on until it was interrupted at {duration(run.interrupted_ns)}"
    if run.cancelled:
        return f"{sentence}; the others are cancelled"
    if run.verdict is Verdict.RUNNING:
        return f"{sentence}; work goes on"
    if run.drained_ns > run.total_ns:
        return f"{sentence}; work goes on until {duration(run.drained_ns)}"
    return f"{sentence}; the rest never starts" if run.counts.get(State.SKIPPED) else sentence


def _name(run: Run, index: int) -> str:
    return _short(run.tasks[index].name)


def _short(text: str) -> str:
    safe = clean(text[: 2 * _LONGEST])
    return safe if len(safe) <= _LONGEST else f"{safe[: _LONGEST - 3]}..."


def _interruption(comparison: Comparison) -> list[str]:
    if not comparison.interrupted:
        return []
    said = ["interrupted: what is shown is what had happened until then"]
    never = [str(mode) for mode in comparison.modes if all(run.mode != mode for run in comparison.runs)]
    return [*said, f"not run: {listed(never)}"] if never else said


def errors(comparison: Comparison) -> list[str]:
    """Each distinct error once, with how many tasks had it in all runs."""
    tasks: dict[str, dict[int, None]] = {}
    for run in comparison.runs:
        for index, failure in run.failures.items():
            if failure.message != DECLARED:
                tasks.setdefault(failure.message, {})[index] = None
    said = []
    for message, indices in list(tasks.items())[:_MOST_ERRORS]:
        first = next(iter(indices))
        who = clean(comparison.tasks[first].name[:_LONGEST]) if len(indices) == 1 else f"{len(indices):,} tasks"
        said.append(f"{who} failed: {_short(message)}")
    hidden = len(tasks) - len(said)
    return [*said, f"{hidden:,} more kinds of error; the JSON has all of them"] if hidden else said


def _against(base: Summary, others: Sequence[Summary]) -> list[str]:
    said = _grouped([s for s in others if s.speedup is not None and _wants_one(s) == _wants_one(base)], base)
    for summary in others:
        if summary.speedup is None and summary.fulfilled and base.fulfilled and summary.delivered == base.delivered:
            if summary.total.mean == base.total.mean:
                said.append(f"{summary.mode} and {base.mode} took no time at all")
            else:
                said.append(f"{summary.mode} and {base.mode} cannot be compared by time: one of them took none")
    return said


def _grouped(summaries: Sequence[Summary], base: Summary) -> list[str]:
    """One sentence for all modes of which nearly the same is to be said; modes are named in their own order."""
    groups: list[list[Summary]] = []
    for summary in summaries:
        group = next((group for group in groups if _alike(summary, group[0])), None)
        if group is None:
            groups.append([summary])
        else:
            group.append(summary)
    groups.sort(key=lambda group: group[0].total.mean)
    return [
        f"{listed([str(s.mode) for s in group])} {'was' if len(group) == 1 else 'were'} {_relation(group, base)}"
        for group in groups
    ]


def _alike(a: Summary, b: Summary) -> bool:
    if a.as_fast or b.as_fast:
        return a.as_fast and b.as_fast
    if ((a.speedup or 1) > 1) != ((b.speedup or 1) > 1):
        return False
    return abs(a.total.mean - b.total.mean) <= NOISE_SHARE * min(a.total.mean, b.total.mean)


def _relation(group: Sequence[Summary], base: Summary) -> str:
    """`2.50 times faster than sequential (400 ms instead of 1000 ms)`, with ranges where totals differ a little."""
    totals = [summary.total.mean for summary in group]
    theirs = base.total.mean
    unit = unit_for(max(*totals, theirs))
    ours, reference = _range([duration(ns, unit) for ns in sorted(totals)]), duration(theirs, unit)
    if group[0].as_fast:
        exactly = all(total == theirs for total in totals)
        beside = f"{reference} each" if exactly else f"{ours} and {reference} differ by less than their noise"
        return f"as fast as {base.mode} ({beside})"
    faster = totals[0] < theirs
    factors = sorted(theirs / ns if faster else ns / theirs for ns in totals)
    factor = _range([f"{value:.2f}" for value in factors])
    if factors[0] < _SAYABLE:
        factor = f"at most {duration(max(abs(ns - theirs) for ns in totals))}"
        return f"{factor} {'faster' if faster else 'slower'} than {base.mode} ({ours} instead of {reference})"
    return f"{factor} times {'faster' if faster else 'slower'} than {base.mode} ({ours} instead of {reference})"


def _range(texts: Sequence[str]) -> str:
    """The first and the last of several figures, once if they are the same."""
    return texts[0] if texts[0] == texts[-1] else f"{texts[0].split(' ')[0]} to {texts[-1]}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


_MUCH_SLOWER = 1.5
_BOTTLENECKS = {
    "url": ("request", "the server or the line is the bottleneck"),
    "request": ("request", "the server is the bottleneck"),
    "cpu": ("task", "they share the processor"),
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
    if not summary.fulfilled:
        return []
    took = f"{summary.mode} took {duration(summary.total.mean)}"
    if run.mode.stop in (Stop.ON_FIRST, Stop.ON_SUCCESS):
        others = len(run) - 1
        on = f"; {others:,} {'other' if others == 1 else 'others'} ran for nobody" if others else ""
        return [f"{took} to deliver one result of {_tasks(len(run))}{on}"]
    if summary.total.mean <= 0:
        return [f"{took} for {_tasks(run.started)}"]
    known = [task.outcome for task, start in zip(run.tasks, run.starts, strict=True) if start >= 0]
    work = sum(outcome.duration_ns for outcome in known if outcome) if all(known) else run.work_ns
    overlap = work / summary.total.mean
    if overlap < 1 + NOISE_SHARE:
        return [f"{took} for {_tasks(run.started)}: nothing overlapped"]
    return [f"{took} for {_tasks(run.started)} of {duration(work)} of work: on average {overlap:.2f} ran at once"]


def _partial(summary: Summary, run: Run, *, several: bool) -> list[str]:
    """What has to be said of a mode that delivered fewer results than there were tasks."""
    ok = summary.counts[State.OK]
    if run.verdict is Verdict.REJECTED:
        lost = f", {ok:,} {'result' if ok == 1 else 'results'} lost" if ok else ""
        win = "; no win" if several else ""
        return [f"{summary.mode} was rejected at {duration(run.total_ns)}: nothing delivered{lost}{win}"]
    missing = len(run) - summary.delivered
    if not missing or run.mode.stop in (Stop.ON_FIRST, Stop.ON_SUCCESS):
        return []
    why = ", ".join(f"{n:,} {word(state)}" for state, n in summary.counts.items() if n and state is not State.OK)
    return [f"{summary.mode} delivered {summary.delivered:,} of {len(run):,} results: {why}"]


def _one_result_only(summaries: Sequence[Summary]) -> list[str]:
    modes = [str(summary.mode) for summary in summaries if _wants_one(summary) and summary.fulfilled]
    if not modes or len(modes) == len(summaries):
        return []
    one = len(modes) == 1
    return [f"{listed(modes)} {'waits' if one else 'wait'} for one result only: no match for modes that wait for all"]


def _wants_one(summary: Summary) -> bool:
    return summary.mode.stop in (Stop.ON_FIRST, Stop.ON_SUCCESS)


def _tasks(count: int) -> str:
    return f"{count:,} {'task' if count == 1 else 'tasks'}"
