"""Comparisons as JSON, schema version 1, and back. Times are seconds from the start of their own run."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from asyncmodes.advice import warnings
from asyncmodes.errors import UsageError
from asyncmodes.exports.rulings import read_against, read_judgements, rulings_document
from asyncmodes.heartbeat import blocked
from asyncmodes.modes import Mode, parse_mode
from asyncmodes.phases import PHASES, phases_of
from asyncmodes.record import NEVER, Comparison, Run, Verdict
from asyncmodes.resources import Resources
from asyncmodes.stats import Summary, summarise
from asyncmodes.tasks import Failure, Outcome, State, Task

SCHEMA_VERSION = 1
FINAL_STATES = (State.OK, State.FAILED, State.TIMED_OUT, State.CANCELLED, State.SKIPPED)


def write_json(comparison: Comparison) -> str:
    """The comparison as one JSON document, all characters ASCII, ending in a newline."""
    return json.dumps(as_document(comparison), indent=1, allow_nan=False) + "\n"


def as_document(comparison: Comparison) -> dict[str, object]:
    """The comparison as plain dictionaries and lists, in the form that the JSON has."""
    return {
        "schema_version": SCHEMA_VERSION,
        "asyncmodes": comparison.asyncmodes,
        "title": comparison.title,
        "started_at": comparison.started_at.isoformat().replace("+00:00", "Z"),
        "clock": str(comparison.clock),
        "environment": dict(comparison.environment),
        "modes": [str(mode) for mode in comparison.modes],
        "baseline": str(comparison.baseline),
        "interrupted": comparison.interrupted,
        "predicted_from": None if comparison.predicted_from is None else str(comparison.predicted_from),
        "runs": [_run(run) for run in comparison.runs],
        "summary": [_summary(summary) for summary in summarise(comparison)],
        "warnings": [asdict(warning) for warning in warnings(comparison)],
        **rulings_document(comparison),
    }


def _seconds(ns: float | None) -> float | None:
    return None if ns is None else ns / 1e9


def _since(ns: int) -> float | None:
    return None if ns == NEVER else ns / 1e9


def _run(run: Run) -> dict[str, object]:
    return {
        "mode": str(run.mode),
        "repeat": run.repeat,
        "outcome": str(run.verdict),
        "decided_by": run.decided_by,
        "total_s": _seconds(run.total_ns),
        "drained_s": _seconds(run.drained_ns),
        "predicted_s": _seconds(run.predicted_ns),
        "work_s": _seconds(run.work_ns),
        "peak_in_flight": run.peak,
        "counts": _counts(run.counts),
        "orphaned": len(run.orphans),
        "delivered": run.delivered,
        "lost": run.lost,
        "interrupted_s": _seconds(run.interrupted_ns),
        "notes": list(run.notes),
        "width_cap": run.width_cap,
        "blocked_s": [[_seconds(start), _seconds(end)] for start, end in blocked(run)],
        "resources": _resources(run.resources, run.peak),
        "tasks": [_task(run, index, task) for index, task in enumerate(run.tasks)],
    }


def _counts(counts: Mapping[State, int]) -> dict[str, int]:
    return {str(state): counts[state] for state in FINAL_STATES}


def _task(run: Run, index: int, task: Task) -> dict[str, object]:
    failure = run.failures.get(index)
    started = run.starts[index] != NEVER
    return {
        "index": index,
        "name": task.name,
        "kind": task.work.kind,
        "target": task.work.target,
        "blocking": task.work.blocking,
        "state": run.state(index).value,
        "orphan": index in run.orphans,
        "lane": run.lanes[index] if started else None,
        "ready_s": 0.0,
        "start_s": _since(run.starts[index]),
        "end_s": _since(run.ends[index]),
        "needs": list(task.needs),
        "skipped_because": run.skipped_because.get(index),
        "error": None if failure is None else {"type": failure.type, "message": failure.message},
        "detail": _detail(run, index),
    }


def _detail(run: Run, index: int) -> object:
    """The task's detail; its phases, where they were measured, with the wait and with null for what never happened."""
    detail = _plain(run.details.get(index, {}))
    phases = phases_of(run, index)
    if phases is None or not isinstance(detail, dict):
        return detail
    return {**detail, "phases": {phase: phases.get(phase) for phase in PHASES}}


def _plain(value: object) -> object:
    """A detail as JSON can hold it: what a caller's own coroutine returned may be anything."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else repr(value)
        case Mapping():
            return {key if isinstance(key, str) else repr(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return repr(value)


def _summary(summary: Summary) -> dict[str, object]:
    total, task = summary.total, summary.task
    return {
        "mode": str(summary.mode),
        "runs": summary.runs,
        "total_s": {
            "mean": _seconds(total.mean),
            "stddev": _seconds(total.stddev),
            "median": _seconds(total.median),
            "min": _seconds(total.min),
            "max": _seconds(total.max),
        },
        "task_s": {
            "mean": _seconds(task.mean if task else None),
            "p50": _seconds(task.p50 if task else None),
            "p95": _seconds(task.p95 if task else None),
            "max": _seconds(task.max if task else None),
        },
        "counts": _counts(summary.counts),
        "delivered": summary.delivered,
        "lost": summary.lost,
        "speedup": summary.speedup,
        "speedup_stddev": summary.speedup_stddev,
        "slowdown": summary.slowdown,
        "predicted_s": _seconds(summary.predicted_ns),
        "peak_in_flight": summary.peak,
        "resources": _resources(summary.resources, summary.peak),
        **({} if summary.phases_s is None else {"phases_s": dict(summary.phases_s)}),
    }


def _resources(cost: Resources | None, in_flight: int) -> dict[str, object] | None:
    if cost is None:
        return None
    return {
        "peak_in_flight": in_flight,
        "peak_threads": cost.threads,
        "peak_open_files": cost.open_files,
        "peak_memory_bytes": cost.memory_bytes,
        "cpu_s": _seconds(cost.cpu_ns),
        "longest_gap_s": _seconds(cost.longest_gap_ns),
    }


@dataclass(frozen=True, slots=True)
class Recorded:
    """The work of a task that was read back: known by kind and target, over and done."""

    kind: str
    target: str
    real_io: bool = False
    blocking: bool = False
    declared_failure: bool = False
    outcome: Outcome | None = None


def read_json(text: str, where: str = "result") -> Comparison:
    """The comparison that `write_json` wrote. Raises UsageError, naming `where`, if the text is none."""
    try:
        document = json.loads(text)
        version = document["schema_version"]
        if version != SCHEMA_VERSION:
            raise UsageError.at(
                where, f"schema version {version!r} is not known here", f"write version {SCHEMA_VERSION} or upgrade"
            )
        return _comparison(document)
    except UsageError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        what = f"is not a result of asyncmodes ({type(error).__name__}: {error})".replace("\n", " ")
        raise UsageError.at(where, what, "name a file that asyncmodes wrote with -o FILE.json") from error


def _comparison(document: Mapping[str, Any]) -> Comparison:
    runs = [_read_run(run) for run in document["runs"]]
    modes = tuple(parse_mode(mode) for mode in document.get("modes") or _modes_of(document["runs"]))
    baseline, predicted_from = document.get("baseline"), document.get("predicted_from")
    return Comparison(
        title=document.get("title", ""),
        clock=document["clock"],
        tasks=runs[0].tasks if runs else (),
        modes=modes,
        baseline=parse_mode(baseline) if baseline else modes[0],
        runs=tuple(runs),
        started_at=datetime.fromisoformat(document["started_at"].replace("Z", "+00:00")),
        environment=document["environment"],
        asyncmodes=document["asyncmodes"],
        interrupted=document["interrupted"],
        predicted_from=parse_mode(predicted_from) if predicted_from else None,
        judgements=read_judgements(document),
        against=read_against(document),
    )


def _modes_of(runs: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(run["mode"] for run in runs))


def _read_run(run: Mapping[str, Any]) -> Run:
    rows = run["tasks"]
    mode: Mode = parse_mode(run["mode"])
    return Run(
        tasks=[
            Task(
                row["name"],
                Recorded(row["kind"], row["target"], blocking=row.get("blocking", False)),
                needs=tuple(row["needs"]),
            )
            for row in rows
        ],
        mode=mode,
        verdict=Verdict(run["outcome"]),
        decided_by=run["decided_by"],
        total_ns=_ns(run["total_s"]),
        drained_ns=_ns(run["drained_s"]),
        starts=array("q", [_ns(row["start_s"]) for row in rows]),
        ends=array("q", [_ns(row["end_s"]) for row in rows]),
        lanes=array("i", [NEVER if row["lane"] is None else row["lane"] for row in rows]),
        failures={
            row["index"]: Failure(row["error"]["type"], row["error"]["message"], State(row["state"]))
            for row in rows
            if row["error"] is not None
        },
        cancelled=frozenset(row["index"] for row in rows if row["state"] == State.CANCELLED),
        orphans=frozenset(row["index"] for row in rows if row["orphan"]),
        details={row["index"]: row["detail"] for row in rows if row["detail"]},
        skipped_because={row["index"]: row["skipped_because"] for row in rows if row["skipped_because"] is not None},
        notes=tuple(run.get("notes", ())),
        predicted_ns=None if run["predicted_s"] is None else _ns(run["predicted_s"]),
        repeat=run["repeat"],
        interrupted_ns=None if run.get("interrupted_s") is None else _ns(run["interrupted_s"]),
        resources=_read_resources(run.get("resources")),
        width_cap=run.get("width_cap"),
    )


def _read_resources(cost: Mapping[str, Any] | None) -> Resources | None:
    if cost is None:
        return None
    return Resources(
        threads=cost["peak_threads"],
        open_files=cost["peak_open_files"],
        memory_bytes=cost["peak_memory_bytes"],
        cpu_ns=_ns(cost["cpu_s"]),
        longest_gap_ns=None if cost["longest_gap_s"] is None else _ns(cost["longest_gap_s"]),
    )


def _ns(seconds: float | None) -> int:
    return NEVER if seconds is None else round(seconds * 1e9)
