"""A comparison in Chrome's trace event format, for Perfetto (ui.perfetto.dev) and chrome://tracing.

The format: "Trace Event Format" of the Chromium project, JSON object form; times are microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count

from asyncmodes.exports.wording import line_of, title_of
from asyncmodes.record import NEVER, Comparison, Run
from asyncmodes.tasks import State

_COLORS = {
    State.OK: "good",
    State.FAILED: "terrible",
    State.TIMED_OUT: "terrible",
    State.CANCELLED: "bad",
}
Event = dict[str, object]


def write_trace(comparison: Comparison) -> str:
    """Each run as a process, each lane as one of its threads, tasks as slices, and an arrow for each need.

    Tasks that never started are no slices. The moment when the caller resumed is marked over the whole process.
    """
    arrows = count(1)
    events = [
        event
        for number, run in enumerate(comparison.runs, 1)
        for event in _events(run, number, arrows, several=_repeats(comparison))
    ]
    other = {
        "title": title_of(comparison),
        "clock": comparison.clock,
        "started_at": comparison.started_at.isoformat(),
        "asyncmodes": line_of(comparison.asyncmodes),
    }
    document = {"displayTimeUnit": "ms", "otherData": other, "traceEvents": events}
    return json.dumps(document, allow_nan=False) + "\n"


def _repeats(comparison: Comparison) -> bool:
    return any(run.repeat for run in comparison.runs)


def _events(run: Run, process: int, arrows: Iterator[int], *, several: bool) -> Iterator[Event]:
    name = line_of(str(run.mode)) + (f", run {run.repeat + 1}" if several else "")
    yield _label("process_name", process, 0, name=name)
    yield _label("process_sort_index", process, 0, sort_index=process)
    for lane in range(run.peak):
        yield _label("thread_name", process, lane + 1, name=f"lane {lane}")
        yield _label("thread_sort_index", process, lane + 1, sort_index=lane)
    for index in range(len(run)):
        if run.starts[index] != NEVER:
            yield _slice(run, index, process)
            yield from _arrows(run, index, process, arrows)
    mark = f"caller resumes ({run.verdict})"
    yield {"ph": "i", "s": "p", "name": mark, "pid": process, "tid": 1, "ts": run.total_ns / 1e3}


def _label(kind: str, process: int, thread: int, **args: object) -> Event:
    return {"ph": "M", "name": kind, "pid": process, "tid": thread, "ts": 0, "args": args}


def _slice(run: Run, index: int, process: int) -> Event:
    span = run.span(index)
    start, end = run.starts[index], run.ends[index]
    args: dict[str, object] = {"index": index, "state": str(span.state), "target": line_of(span.task.work.target)}
    if span.ready_ns is not None:
        args["waited_ms"] = (start - span.ready_ns) / 1e6
    if span.orphan:
        args["orphan"] = True
    if span.error is not None:
        args["error"] = line_of(f"{span.error.type}: {span.error.message}")
    return {
        "ph": "X",
        "name": line_of(span.task.name),
        "cat": line_of(span.task.work.kind),
        "pid": process,
        "tid": run.lanes[index] + 1,
        "ts": start / 1e3,
        "dur": (end - start) / 1e3,
        "cname": _COLORS[span.state],
        "args": args,
    }


def _arrows(run: Run, index: int, process: int, arrows: Iterator[int]) -> Iterator[Event]:
    for need in run.tasks[index].needs:
        if run.ends[need] == NEVER:
            continue
        shared = {"name": "needs", "cat": "needs", "pid": process, "id": next(arrows)}
        yield {**shared, "ph": "s", "tid": run.lanes[need] + 1, "ts": run.ends[need] / 1e3}
        yield {**shared, "ph": "f", "bp": "e", "tid": run.lanes[index] + 1, "ts": run.starts[index] / 1e3}
