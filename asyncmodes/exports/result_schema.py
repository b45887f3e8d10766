"""The JSON Schema of a result, version 1: what `write_json` promises to whoever reads it."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
STATES = ("ok", "failed", "timed_out", "cancelled", "skipped")


def _is(kind: str, what: str = "", **more: Any) -> Schema:
    return {"type": kind, **({"description": what} if what else {}), **more}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _object(what: str, required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these properties; others may come, since fields may be added within a version."""
    return _is("object", what, required=list(required), properties={**required, **(optional or {})})


def _list(items: Schema, what: str = "") -> Schema:
    return _is("array", what, items=items)


def _seconds(what: str = "") -> Schema:
    return _is("number", what, minimum=0)


def _count(what: str = "") -> Schema:
    return _is("integer", what, minimum=0)


_TEXT = _is("string")
_FLAG = _is("boolean")
_MODE = _is("string", "a mode in its canonical spelling, of a labelled result with the label and a colon before it")
_INDEX = _count("the index of a task")
_ERROR = _or_null(_object("how it failed", {"type": _TEXT, "message": _TEXT}))
_COUNTS = _object("how many tasks ended how; together all tasks", {state: _count() for state in STATES})
_RESOURCES = _or_null(
    _object(
        "what it cost the machine; null on the virtual clock",
        {
            "peak_in_flight": _count(),
            "peak_threads": _count(),
            "peak_open_files": _count("sockets too"),
            "peak_memory_bytes": _or_null(_count()),
            "cpu_s": _seconds(),
            "longest_gap_s": _or_null(_seconds("the longest turn of the event loop")),
        },
    )
)
_KNOWN_TASK = _object(
    "what was known of a task before any run",
    {
        "name": _TEXT,
        "kind": _is("string", "delay, block, cpu, request, url, file or call"),
        "target": _TEXT,
        "blocking": _is("boolean", "whether it keeps the event loop from everything else"),
        "needs": _list(_INDEX),
        "timeout_s": _or_null(_seconds()),
        "declared_failure": _is("boolean", "whether the spec says that it fails"),
        "known": _or_null(_object("what it does when nothing stops it", {"duration_s": _seconds(), "error": _ERROR})),
    },
)
_TASK = _object(
    "what happened to a task in one run",
    {
        "index": _INDEX,
        "name": _TEXT,
        "kind": _TEXT,
        "target": _TEXT,
        "blocking": _FLAG,
        "state": _is("string", enum=list(STATES)),
        "orphan": _is("boolean", "it went on after the caller had resumed, and ended by itself"),
        "lane": _or_null(_count("the lowest slot that was free when it started")),
        "ready_s": _or_null(_seconds("when all that it needs had ended ok")),
        "start_s": _or_null(_seconds()),
        "end_s": _or_null(_seconds()),
        "needs": _list(_INDEX),
        "skipped_because": _or_null(_INDEX),
        "error": _ERROR,
        "detail": _is("object", "what its kind tells: status, bytes, phases, result"),
    },
)
_RUN = _object(
    "one execution of all tasks in one mode",
    {
        "mode": _MODE,
        "repeat": _count(),
        "outcome": _is("string", enum=["fulfilled", "rejected", "interrupted"]),
        "decided_by": _or_null(_INDEX),
        "total_s": _seconds("until the caller resumed"),
        "drained_s": _seconds("until no task was running any more"),
        "predicted_s": _or_null(_seconds("the total that theory gives")),
        "work_s": _seconds("the sum of all tasks' own durations"),
        "peak_in_flight": _count(),
        "counts": _COUNTS,
        "orphaned": _count(),
        "delivered": _count("results that reached the caller"),
        "lost": _count("results that never did"),
        "tasks": _list(_TASK),
    },
    {
        "interrupted_s": _or_null(_seconds()),
        "notes": _list(_TEXT),
        "blocked_s": _list(_list(_seconds()), "from when to when the event loop was blocked"),
        "critical_path_s": _or_null(_seconds("the longest chain of needs; null unless every task ended ok")),
        "critical_path": _or_null(_list(_INDEX, "the tasks of that chain")),
        "width_cap": _or_null(_count("the most tasks worked on at once where the machine allowed fewer than the mode")),
        "resources": _RESOURCES,
    },
)
_SUMMARY = _object(
    "all runs of one mode in figures",
    {
        "mode": _MODE,
        "runs": _count(),
        "total_s": _object(
            "of all runs",
            {
                "mean": _seconds(),
                "stddev": _or_null(_seconds("of the sample; null for one run")),
                "median": _seconds(),
                "min": _seconds(),
                "max": _seconds(),
            },
        ),
        "task_s": _object(
            "the durations of tasks that ended by themselves",
            {key: _or_null(_seconds()) for key in ("mean", "p50", "p95", "max")},
        ),
        "counts": _COUNTS,
        "delivered": _count(),
        "lost": _count(),
        "speedup": _or_null(_is("number", "the baseline's total / this total, from means")),
        "slowdown": _or_null(_is("number", "the mean task duration / the baseline's")),
        "predicted_s": _or_null(_seconds()),
        "peak_in_flight": _count(),
    },
    {"speedup_stddev": _or_null(_is("number")), "resources": _RESOURCES, "phases_s": _is("object")},
)
_WARNING = _object("a reason for doubt", {"kind": _TEXT, "mode": _TEXT, "message": _TEXT})


def result_schema() -> Schema:
    """The schema as JSON Schema, draft 2020-12."""
    document = _object(
        "Times are seconds from the start of their own run.",
        {
            "schema_version": _is("integer", const=1),
            "asyncmodes": _is("string", "the version that wrote it"),
            "started_at": _is("string", "a moment in UTC", format="date-time"),
            "clock": _is("string", enum=["real", "virtual"]),
            "environment": _is("object"),
            "interrupted": _FLAG,
            "runs": _list(_RUN),
            "summary": _list(_SUMMARY),
        },
        {
            "title": _TEXT,
            "modes": _list(_MODE),
            "baseline": _MODE,
            "predicted_from": _or_null(_MODE),
            "tasks": _list(_KNOWN_TASK),
            "warnings": _list(_WARNING),
        },
    )
    return {"$schema": DRAFT, "title": "A result of asyncmodes", **document}
