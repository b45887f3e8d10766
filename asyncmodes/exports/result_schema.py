"""The JSON Schema of a result, version 1: what `write_json` promises to whoever reads it."""

from __future__ import annotations

from typing import Any

from asyncmodes.rulings import Ruling, Unit

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
_EXPECTATION = _object(
    "an expectation and what became of it, both figures in `unit`",
    {
        "expectation": _TEXT,
        "verdict": _is("string", enum=[ruling.value for ruling in Ruling]),
        "unit": _is("string", enum=["s", *(unit.value for unit in Unit)]),
        "measured": _or_null(_is("number")),
        "low": _or_null(_is("number", "the lower end of the interval")),
        "high": _or_null(_is("number")),
        "bound": _is("number"),
        "relative_to": _or_null(_is("string", "the figure that measured and bound are multiples of")),
        "runs": _count(),
        "method": _TEXT,
        "reason": _TEXT,
    },
)
_LIMIT = _is("integer", "a limit", minimum=1)
_PER_S = _is("number", "ok results a second", minimum=0)
_POINT = _object(
    "what was measured at one limit",
    {
        "limit": _LIMIT,
        "mode": _MODE,
        "runs": _count(),
        "total_s": _object("of all runs", {"mean": _seconds(), "stddev": _or_null(_seconds())}),
        "ok": _count("in the run with the fewest"),
        "failed": _count("in the run with the most"),
        "ok_per_s": _or_null({**_PER_S, "description": "the median of the runs; null if one took no time"}),
        "ok_per_s_by_run": _list(_or_null(_PER_S)),
        "fails_more": _is("boolean", "whether more tasks fail than at the first limit, which disqualifies it"),
        "full_load_per_s": _or_null(_is("number", "tasks a second while no place is free", minimum=0)),
        "full_load_error": _or_null(_is("number", "its standard error", minimum=0)),
        "not_fitted_because": _or_null(_TEXT),
        "fitted_ok_per_s": _or_null({**_PER_S, "description": "what the fit makes of this list of tasks"}),
    },
)
_COEFFICIENT = _or_null(_is("number", minimum=0))
_INTERVAL = _or_null(_is("array", "at 95 %", items=_is("number", minimum=0), minItems=2, maxItems=2))
_FIT = _object(
    "the Universal Scalability Law; without figures where it does not fit",
    {
        "law": _is("string", const="usl"),
        "problem": _or_null(_is("string", "why the data do not support it")),
        "per_s_alone": _COEFFICIENT,
        "sigma": _COEFFICIENT,
        "sigma_interval": _INTERVAL,
        "kappa": _COEFFICIENT,
        "kappa_interval": _INTERVAL,
        "best_limit": _or_null(_is("number", "where the law is highest; null if it rises for ever", minimum=1)),
        "off": _or_null(_is("number", "the root mean square miss, as a share", minimum=0)),
    },
)
_SWEEP = _object(
    "what a sweep of limits found",
    {
        "limits": _list(_LIMIT, "the limits that were to be run"),
        "dropped_limits": _list(_LIMIT, "those asked for that are above the number of tasks"),
        "budget_s": _or_null(_seconds()),
        "over_budget": _is("boolean", "whether the budget was over in the first round"),
        "exact": _is("boolean", "whether a repetition could only be the same again"),
        "recommended": _or_null(_LIMIT),
        "recommended_interval": _or_null(
            _is("array", "95 % of resamples of the runs recommend these", items=_LIMIT, minItems=2, maxItems=2)
        ),
        "sure": _or_null(_is("number", "the share that recommend it or one next to it", minimum=0, maximum=1)),
        "best": _or_null(_LIMIT),
        "as_good_as_best": _list(_LIMIT, "the limits that cannot be told from the best, itself included"),
        "best_ok_per_s": _or_null({**_PER_S, "description": "the mean of those"}),
        "problem": _or_null(_is("string", "why nothing is recommended")),
        "points": _list(_POINT),
        "fit": _FIT,
    },
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
            "expectations": _list(_EXPECTATION),
            "against": _is("object", "how each mode changed against a reference"),
            "sweep": _SWEEP,
        },
    )
    return {"$schema": DRAFT, "title": "A result of asyncmodes", **document}
