"""The JSON Schema of a spec file, made from the tables that spec files are checked with, for editors to complete by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asyncmodes.spec.files import ALLOWED, KINDS, ONLY_FOR
from asyncmodes.spec.servers import SERVER_ALLOWED

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_DURATION = r"[0-9]{1,40}(\.[0-9]{1,40})?(us|ms|s|m|h)"
_DURATIONS = {"timeout", "latency", "reject_latency", "jitter"}
_DELAYS = {"delay", "block", "cpu", "request"}

DESCRIPTIONS = {
    "title": "What the picture is headed with; without it the file's name",
    "tasks": "What is to be run, in this order",
    "server": "The server that fake requests, and URLs that are just a path, go to",
    "name": "What the task is called; each name stands once, and without one it is the target",
    "delay": "A fake delay that waits so long",
    "block": "A delay that keeps the event loop from everything else, as a call that should have been awaited does",
    "cpu": "Work for the processor that takes so long",
    "cpu_in": "Where the work is done",
    "request": "A fake request that takes so long at a server that has nothing else to do",
    "url": "A URL to request, its body read to the end, or a path at the demo server",
    "file": "A file to read whole, relative to the spec, or a pattern of files",
    "fails": "Whether the task fails at its end, and with which message",
    "timeout": "How long the task may take from its start",
    "repeat": "How many tasks of this kind there are",
    "needs": "The names of the tasks that must have ended ok before this one starts",
    "headers": "The headers of the request",
    "method": "The method of the request; GET, or POST if there is data",
    "data": "The body of the request",
    "expect_status": "The statuses that are no failure; without it those from 200 to 399",
    "capacity": "How many requests are served at once; without it any number",
    "overload": "What becomes of more: they queue, slow each other down, or are rejected",
    "latency": "How long a request takes that does not say it",
    "reject_latency": "After how long a request is rejected",
    "jitter": "Each request takes up to so much more or less",
    "fail_rate": "What share of the requests fails, with status 500",
    "seed": "The same luck for the same order of arrival",
}


def spec_schema() -> dict[str, Any]:
    """The schema as JSON Schema, draft 2020-12; what it cannot say is checked when a spec is read."""
    from asyncmodes.spec.tables import SPEC

    schema = SPEC.json_schema()
    tables = schema["$defs"]
    _describe(schema, ALLOWED)
    _describe(tables["TaskTable"], ALLOWED)
    _describe(tables["ServerTable"], SERVER_ALLOWED)
    task = tables["TaskTable"]
    task["oneOf"] = [{"required": [kind]} for kind in KINDS]
    task["allOf"] = [
        {"if": {"required": [key]}, "then": {"anyOf": [{"required": [kind]} for kind in kinds]}}
        for key, kinds in ONLY_FOR.items()
    ]
    return {"$schema": DRAFT, **schema, "title": "A spec of asyncmodes", "description": "Tasks to be run, and where."}


def _describe(table: dict[str, Any], allowed: Mapping[str, str]) -> None:
    for key, rule in table["properties"].items():
        rule["title"] = key
        rule["description"] = (
            f"{DESCRIPTIONS[key]}. Write {allowed[key]}." if key in allowed else f"{DESCRIPTIONS[key]}."
        )
        if key in _DURATIONS:
            rule["pattern"] = f"^{_DURATION}$"
        if key in _DELAYS:
            rule["pattern"] = rf"^{_DURATION}(\.\.{_DURATION})?$"
