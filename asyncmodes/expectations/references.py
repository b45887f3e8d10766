"""How a result compares with an earlier one of the same tasks: the change of each mode's mean total.

With several runs on both sides the change has a confidence interval (see `asyncmodes.intervals.ratio_interval`), and a
mode is faster or slower if all of it lies on one side of no change, the same if all of it is within the slowdown
allowed (5 % if none is given) on both sides, else inconclusive. The slowdown allowed is missed if all of the interval
is beyond it. Single runs are compared by value, where less than 2 % or 2 ms is noise; the virtual clock is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from asyncmodes.errors import UsageError
from asyncmodes.intervals import ratio_interval
from asyncmodes.modes import Mode
from asyncmodes.record import Comparison
from asyncmodes.rulings import Against, Change, Movement, Ruling
from asyncmodes.side_by_side import identity
from asyncmodes.stats import Summary, equal_totals, summarise
from asyncmodes.tasks import Task

SAME = 0.05
_ENVIRONMENT = (("python", "Python"), ("platform", "platform"), ("cpu_count", "CPUs"), ("event_loop", "event loop"))
_SHOWN = 40


def check_reference(
    reference: Comparison, tasks: Sequence[Task], modes: Sequence[Mode], clock: str, where: str
) -> None:
    """Raise UsageError at `where` if the reference is of another clock or other tasks, or has none of the modes."""
    save = "save a new one with -o FILE.json"
    if reference.clock != clock:
        meaning = {"virtual": "simulated", "real": "measured"}
        what = f"it was {meaning.get(reference.clock, 'run')} on the {reference.clock} clock"
        raise UsageError.at(
            where, what, f"simulated and measured figures do not compare: add --clock {reference.clock}"
        )
    if len(reference.tasks) != len(tasks):
        what = f"it is of {len(reference.tasks):,} tasks, and here are {len(tasks):,}"
        raise UsageError.at(where, what, f"run the same tasks, or {save}")
    for index, (ours, theirs) in enumerate(zip(tasks, reference.tasks)):
        if identity(ours) != identity(theirs):
            what = f"its task {index + 1} is {_described(theirs)}, and here {_described(ours)}"
            raise UsageError.at(where, what, f"run the same tasks in the same order, or {save}")
    known = [mode for mode in reference.modes if reference.runs_of(mode)]
    if not set(known) & set(modes):
        has = f"it has {', '.join(map(str, known))}" if known else "it has no complete run"
        raise UsageError.at(where, f"{has}, and none of the modes that run", f"add -m of a mode that it has, or {save}")


def differences(reference: Comparison, environment: dict[str, object], version: str) -> list[str]:
    """What differs from where the reference was measured, such as `Python 3.11.7 there, 3.12.1 here`."""
    pairs = [(name, reference.environment.get(key), environment.get(key)) for key, name in _ENVIRONMENT]
    pairs.append(("asyncmodes", reference.asyncmodes, version))
    return [f"{name} {theirs} there, {ours} here" for name, theirs, ours in pairs if theirs != ours]


def compared(
    comparison: Comparison, reference: Comparison, file: str, *, max_slowdown: float | None = None, strict: bool = False
) -> Against:
    """The change of each mode that has complete runs in both; `max_slowdown` 0.1 allows a tenth more.

    `strict` makes a slowdown that may or may not be too large a fail. Interrupted runs are not compared.
    """
    earlier = {summary.mode: summary for summary in summarise(reference)}
    exact = comparison.exact and reference.exact
    changes = []
    for summary in summarise(comparison) if not comparison.interrupted else ():
        if (before := earlier.get(summary.mode)) is not None:
            totals = [[run.total_ns for run in each.runs_of(summary.mode)] for each in (comparison, reference)]
            change = _change(summary, before, (totals[0], totals[1]), max_slowdown, exact=exact)
            changes.append(_strictly(change) if strict else change)
    simulated = comparison.clock == "virtual"
    return Against(
        file=file,
        started_at=reference.started_at.isoformat().replace("+00:00", "Z"),
        changes=tuple(changes),
        max_slowdown=max_slowdown,
        differs=() if simulated else tuple(differences(reference, dict(comparison.environment), comparison.asyncmodes)),
        missing=tuple(str(mode) for mode in comparison.modes if mode not in earlier),
    )


def _described(task: Task) -> str:
    target = "" if task.work.target == task.name else f", {task.work.target[:_SHOWN]}"
    return f"{task.name[:_SHOWN]!r} ({task.work.kind}{target})"


def _strictly(change: Change) -> Change:
    if change.ruling is not Ruling.INCONCLUSIVE:
        return change
    reason = f"{change.reason}; " if change.reason else ""
    return replace(change, ruling=Ruling.FAIL, reason=f"{reason}inconclusive, and --strict")


def _change(
    now: Summary,
    before: Summary,
    totals: tuple[Sequence[int], Sequence[int]],
    allowed: float | None,
    *,
    exact: bool,
) -> Change:
    change = Change(
        mode=str(now.mode),
        movement=Movement.INCONCLUSIVE,
        total_ns=now.total.mean,
        reference_ns=before.total.mean,
        runs=now.runs,
        reference_runs=before.runs,
        ruling=None if allowed is None else Ruling.INCONCLUSIVE,
    )
    unlike = _unlike(now, before)
    if unlike is not None:
        worse = now.delivered < before.delivered or (before.fulfilled and not now.fulfilled)
        ruling = Ruling.FAIL if worse and allowed is not None else change.ruling
        return replace(change, ruling=ruling, reason=unlike)
    if not now.total.mean or not before.total.mean:
        same = now.total.mean == before.total.mean
        movement = Movement.SAME if same else Movement.INCONCLUSIVE
        ruling = Ruling.PASS if same and allowed is not None else change.ruling
        return replace(change, movement=movement, ruling=ruling, reason="a total of nothing has no multiple")
    value = now.total.mean / before.total.mean - 1
    change = replace(change, change=value)
    if exact or min(now.runs, before.runs) == 1:
        return _by_value(change, now, before, allowed, exact=exact)
    interval = ratio_interval(*totals)
    if interval is None:
        return replace(change, reason="the noise hides any interval")
    low, high = interval[0] - 1, interval[1] - 1
    return replace(
        change,
        low=low,
        high=high,
        movement=_movement(low, high, SAME if allowed is None else allowed),
        ruling=None if allowed is None else _ruling(low, high, allowed),
        method="Fieller and Welch, 95 %",
    )


def _by_value(change: Change, now: Summary, before: Summary, allowed: float | None, *, exact: bool) -> Change:
    assert change.change is not None
    equal = equal_totals(now.total, before.total, exact=exact)
    movement = Movement.SAME if equal else Movement.SLOWER if change.change > 0 else Movement.FASTER
    most = Fraction(before.total.mean) * (1 + Fraction(repr(allowed or 0)))  # 0.1 is meant as a tenth, exactly
    within = equal or Fraction(now.total.mean) <= most
    return replace(
        change,
        movement=movement,
        ruling=None if allowed is None else Ruling.PASS if within else Ruling.FAIL,
        method="exact" if exact else "by value, n=1",
    )


def _movement(low: float, high: float, margin: float) -> Movement:
    if low > 0:
        return Movement.SLOWER
    if high < 0:
        return Movement.FASTER
    return Movement.SAME if -margin <= low and high <= margin else Movement.INCONCLUSIVE


def _ruling(low: float, high: float, allowed: float) -> Ruling:
    return Ruling.FAIL if low > allowed else Ruling.PASS if high <= allowed else Ruling.INCONCLUSIVE


def _unlike(now: Summary, before: Summary) -> str | None:
    """Why the two totals are not of the same work; None if they are."""
    if not now.fulfilled:
        return "rejected: no result delivered" + ("" if before.fulfilled else ", then as now")
    if not before.fulfilled:
        return "rejected in the reference"
    if now.delivered != before.delivered:
        return f"{now.delivered:,} delivered, and {before.delivered:,} in the reference"
    return None
