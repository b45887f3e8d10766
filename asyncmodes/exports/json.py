"""Comparisons as JSON, schema version 1. Times are seconds from the start of their own run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import islice

from asyncmodes.advice import warnings
from asyncmodes.collector import collector_paused
from asyncmodes.exports.reading import SCHEMA_VERSION, read_json
from asyncmodes.exports.rulings import rulings_document
from asyncmodes.heartbeat import blocked
from asyncmodes.phases import PHASES, phases_of
from asyncmodes.record import NEVER, Comparison, Run
from asyncmodes.resources import Resources
from asyncmodes.stats import Summary, summarise
from asyncmodes.tasks import Failure, State, Task

__all__ = ["SCHEMA_VERSION", "as_document", "known_task", "read_json", "write_json"]

FINAL_STATES = (State.OK, State.FAILED, State.TIMED_OUT, State.CANCELLED, State.SKIPPED)
_DEEPEST = 100  # levels of a detail
_PORTION = 500

_encode = json.JSONEncoder(allow_nan=False).encode


@collector_paused()
def write_json(comparison: Comparison) -> str:
    """The comparison as one JSON document, all characters ASCII, ending in a newline; a line for each task."""
    return "".join(_pieces(comparison))


def _pieces(comparison: Comparison) -> Iterator[str]:
    """The document bit by bit: the rows of many tasks are never all there as objects."""
    summaries = summarise(comparison)
    yield "{\n"
    for key, value in _head(comparison).items():
        yield f" {_encode(key)}: {_encode(value)},\n"
    yield from (' "tasks": ', *_lines(map(known_task, comparison.tasks), 2), ',\n "runs": [')
    for number, run in enumerate(comparison.runs):
        yield from (",\n  " if number else "\n  ", _encode(_run(run))[:-1], ', "tasks": ', *_lines(_rows(run), 3), "}")
    yield from ('\n ],\n "summary": ', *_lines(map(_summary, summaries), 2))
    yield from (',\n "warnings": ', *_lines((warning._asdict() for warning in warnings(comparison, summaries)), 2))
    for key, value in rulings_document(comparison).items():
        yield f',\n "{key}": {_encode(value)}'
    yield "\n}\n"


def _lines(rows: Iterator[dict[str, object]], depth: int) -> Iterator[str]:
    """A list with a line for each row; so many at a time that what a call of the encoder costs does not count."""
    separator = "\n" + " " * depth
    before = "["
    while portion := list(islice(rows, _PORTION)):
        first = next(iter(portion[0]))
        # Within a text a quotation mark stands behind a backslash, so this is found between rows only.
        text = _encode(portion)[1:-1].replace(f'}}, {{"{first}": ', f'}},{separator}{{"{first}": ')
        yield f"{before}{separator}{text}"
        before = ","
    yield "[]" if before == "[" else f"\n{' ' * (depth - 1)}]"


def as_document(comparison: Comparison) -> dict[str, object]:
    """The comparison as plain dictionaries and lists, in the form that the JSON has."""
    summaries = summarise(comparison)
    return {
        **_head(comparison),
        "tasks": list(map(known_task, comparison.tasks)),
        "runs": [{**_run(run), "tasks": list(_rows(run))} for run in comparison.runs],
        "summary": list(map(_summary, summaries)),
        "warnings": [warning._asdict() for warning in warnings(comparison, summaries)],
        **rulings_document(comparison),
    }


def _head(comparison: Comparison) -> dict[str, object]:
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
    }


def _seconds(ns: float | None) -> float | None:
    return None if ns is None else ns / 1e9


def _run(run: Run) -> dict[str, object]:
    path = run.critical_path
    return {
        "mode": str(run.mode),
        "repeat": run.repeat,
        "outcome": str(run.verdict),
        "decided_by": run.decided_by,
        "total_s": _seconds(run.total_ns),
        "drained_s": _seconds(run.drained_ns),
        "predicted_s": _seconds(run.predicted_ns),
        "work_s": _seconds(run.work_ns),
        "critical_path_s": None if path is None else _seconds(path.ns),
        "critical_path": None if path is None else list(path.chain),
        "peak_in_flight": run.peak,
        "counts": _counts(run.counts),
        "orphaned": run.orphaned,
        "delivered": run.delivered,
        "lost": run.lost,
        "interrupted_s": _seconds(run.interrupted_ns),
        "notes": list(run.notes),
        "width_cap": run.width_cap,
        "resources": _resources(run.resources, run.peak),
        **({} if run.spread else {"blocked_s": [[_seconds(start), _seconds(end)] for start, end in blocked(run)]}),
    }


def _counts(counts: Mapping[State, int]) -> dict[str, int]:
    return {str(state): counts[state] for state in FINAL_STATES}


def known_task(task: Task) -> dict[str, object]:
    """What was known of a task before any run."""
    outcome = task.work.outcome
    known = None
    if outcome is not None:
        known = {"duration_s": outcome.duration_ns / 1e9, "error": _failure(outcome.failure)}
    return {
        "name": task.name,
        "kind": task.work.kind,
        "target": task.work.target,
        "blocking": task.work.blocking,
        "needs": task.needs,
        "timeout_s": _seconds(task.timeout_ns),
        "declared_failure": task.work.declared_failure,
        "known": known,
    }


def _failure(failure: Failure | None) -> dict[str, str] | None:
    return None if failure is None else {"type": failure.type, "message": failure.message}


def _rows(run: Run) -> Iterator[dict[str, object]]:
    """What happened to each task; plain loops and few calls, since there may be a million of them."""
    starts, ends, lanes, orphans = run.starts, run.ends, run.lanes, run.orphans
    failures, skipped_because, details, state = run.failures, run.skipped_because, run.details, run.state
    for index, task in enumerate(run.tasks):
        start, end, work = starts[index], ends[index], task.work
        yield {
            "index": index,
            "name": task.name,
            "kind": work.kind,
            "target": work.target,
            "blocking": work.blocking,
            "state": state(index),
            "orphan": index in orphans,
            "lane": None if start == NEVER else lanes[index],
            "ready_s": _seconds(run.ready_ns(index)) if task.needs else 0.0,
            "start_s": None if start == NEVER else start / 1e9,
            "end_s": None if end == NEVER else end / 1e9,
            "needs": task.needs,
            "skipped_because": skipped_because.get(index),
            "error": _failure(failures[index]) if index in failures else None,
            "detail": _detail(run, index) if index in details else {},
        }


def _detail(run: Run, index: int) -> object:
    """The task's detail; its phases, where they were measured, with the wait and with null for what never happened."""
    detail = _plain(run.details.get(index, {}))
    phases = phases_of(run, index)
    if phases is None or not isinstance(detail, dict):
        return detail
    return {**detail, "phases": {phase: phases.get(phase) for phase in PHASES}}


def _plain(value: object, depth: int = 0) -> object:
    """A detail as JSON can hold it: what a caller's own coroutine returned may be anything, also a part of itself."""
    if depth > _DEEPEST:
        return "nested too deeply"
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else repr(value)
        case Mapping():
            return {key if isinstance(key, str) else repr(key): _plain(each, depth + 1) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each, depth + 1) for each in value]
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
