"""Reads back what `write_json` wrote; whatever else a file holds is refused, with the place and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from asyncmodes.collector import collector_paused
from asyncmodes.documents import Place, described, parsed
from asyncmodes.errors import UsageError
from asyncmodes.exports.rows import Recorded, Rows, tasks_of
from asyncmodes.exports.rulings import read_against, read_judgements
from asyncmodes.modes import Mode, parse_labelled
from asyncmodes.record import Comparison, Run, Verdict
from asyncmodes.resources import Resources
from asyncmodes.tasks import Task

if TYPE_CHECKING:
    from asyncmodes.knee import Sweep

T = TypeVar("T")
SCHEMA_VERSION = 1
CLOCKS = ("real", "virtual")
_VERDICTS = (Verdict.FULFILLED, Verdict.REJECTED, Verdict.INTERRUPTED)
_AGAIN = "name a file that asyncmodes wrote with -o FILE.json"


@collector_paused()
def read_json(text: str, where: str = "result") -> Comparison:
    """The comparison that `write_json` wrote. Raises UsageError, naming `where` and the place, if the text is none."""
    return comparison_of(parsed(text, where, _AGAIN))


@collector_paused()
def read_result(text: str, where: str = "result") -> Comparison | Sweep:
    """What `write_json` or `write_sweep` wrote. Raises UsageError like `read_json`."""
    top = parsed(text, where, _AGAIN)
    comparison = comparison_of(top)
    swept = top.get("sweep")
    if swept is None:
        return comparison
    from asyncmodes.exports.sweep import sweep_of

    return sweep_of(comparison, swept)


def comparison_of(top: Place) -> Comparison:
    """The comparison that a parsed document holds. Raises UsageError if it is not one of schema version 1."""
    if not isinstance(top.value, dict) or "schema_version" not in top.value:
        raise top.refused("it is no result of asyncmodes: it has no schema_version")
    version = top.value["schema_version"]
    if type(version) is not int or version != SCHEMA_VERSION:
        newer = type(version) is int and version > SCHEMA_VERSION
        advice = "use the asyncmodes that wrote it, or a newer one" if newer else _AGAIN
        found = f"found {described(version)} where there must be {SCHEMA_VERSION}, all that is known here"
        raise UsageError.at(f"{top.where}: schema_version", found, advice)
    modes = _modes(top)
    known = top.get("tasks")
    tasks: Sequence[Task] | None = None if known is None else tasks_of(known)
    runs = []
    for place in top["runs"]:
        run = _run(place, tasks)
        tasks = run.tasks
        if run.mode not in modes:
            raise place["mode"].refused("it is not among the modes")
        runs.append(run)
    return Comparison(
        title=_optional(top.get("title"), Place.text) or "",
        clock=top["clock"].one_of(CLOCKS),
        tasks=tasks or (),
        modes=modes,
        baseline=_among(top.get("baseline"), modes) or modes[0],
        runs=tuple(runs),
        started_at=_moment(top["started_at"]),
        environment=top["environment"].table(),
        asyncmodes=top["asyncmodes"].text(),
        interrupted=top["interrupted"].flag(),
        predicted_from=_among(top.get("predicted_from"), modes),
        **_rulings(top),
    )


def _rulings(top: Place) -> dict[str, Any]:
    """What became of expectations and of a comparison with a reference, where the document has any."""
    try:
        return {"judgements": read_judgements(top.value), "against": read_against(top.value)}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise top.refused(f"its expectations or its reference are broken ({error!r})") from None


def _modes(top: Place) -> tuple[Mode, ...]:
    listed = top.get("modes")
    if listed is None:  # written before modes had a place of their own
        modes = tuple(dict.fromkeys(_mode(run["mode"]) for run in top["runs"]))
    else:
        modes = tuple(map(_mode, listed))
    if not modes or len(set(modes)) < len(modes):
        raise (listed or top["runs"]).refused("there must be modes, each of them once")
    return modes


def _optional(place: Place | None, read: Callable[[Place], T]) -> T | None:
    return None if place is None else read(place)


def _mode(place: Place) -> Mode:
    try:
        return parse_labelled(place.text())
    except UsageError as error:
        raise place.refused(f"it is no mode: {error.problems[0].what}") from None


def _among(place: Place | None, modes: Sequence[Mode]) -> Mode | None:
    if place is None:
        return None
    mode = _mode(place)
    if mode not in modes:
        raise place.refused("it is not among the modes")
    return mode


def _moment(place: Place) -> datetime:
    try:
        moment = datetime.fromisoformat(place.text().replace("Z", "+00:00"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise place.refused("it is no moment such as 2026-01-02T03:04:05Z") from None


def _run(place: Place, known: Sequence[Task] | None) -> Run:
    """A run; its tasks are those that are `known` from the document or the runs before, and have to agree with them."""
    rows = Rows(place["tasks"])
    if known is None:
        known = [Task(name, Recorded(kind, target), needs=needs) for name, kind, target, needs in rows.identities()]
    else:
        rows.check_identities([(t.name, t.work.kind, t.work.target, t.needs) for t in known])
    total, drained = place["total_s"].ns(), place["drained_s"].ns()
    if drained < max([total, *rows.ends]):
        raise place["drained_s"].refused("it is before the end of a task, or before the total")
    return Run(
        tasks=known,
        mode=_mode(place["mode"]),
        verdict=Verdict(place["outcome"].one_of(_VERDICTS)),
        decided_by=_optional(place.get("decided_by"), lambda each: each.count(below=len(known))),
        total_ns=total,
        drained_ns=drained,
        starts=rows.starts,
        ends=rows.ends,
        lanes=rows.lanes,
        failures=rows.failures,
        cancelled=rows.cancelled,
        orphans=rows.orphans,
        details=rows.details,
        notes=tuple(note.text() for note in place.get("notes") or ()),
        predicted_ns=_optional(place.get("predicted_s"), Place.ns),
        repeat=place["repeat"].count(),
        interrupted_ns=_optional(place.get("interrupted_s"), Place.ns),
        resources=_optional(place.get("resources"), _resources),
        width_cap=_optional(place.get("width_cap"), lambda cap: cap.count(least=1)),
    )


def _resources(cost: Place) -> Resources:
    return Resources(
        threads=cost["peak_threads"].count(),
        open_files=cost["peak_open_files"].count(),
        memory_bytes=_optional(cost.get("peak_memory_bytes"), lambda size: size.count(below=2**63)),
        cpu_ns=cost["cpu_s"].ns(),
        longest_gap_ns=_optional(cost.get("longest_gap_s"), Place.ns),
    )
