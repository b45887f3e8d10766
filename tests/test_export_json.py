"""JSON version 1: the contract's fields and figures, and reading back what was written."""

import functools
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import asyncmodes
from asyncmodes import UsageError, read_json, write_json
from asyncmodes.modes import DEFAULT_MODES
from asyncmodes.tasks import Delay, Task
from tests.comparisons import DISHES, TROUBLE, comparison, delay

MODES = [*DEFAULT_MODES, "limited=2+drop", "parallel+cancel", "race", "any", "batched=2"]


def test_the_contract_s_example():
    """A dinner in limited=2 gives the document of the contract, field by field."""
    document = json.loads(write_json(comparison(DISHES, ["sequential", "limited=2"], "dinner")))
    run = document["runs"][1]
    tasks = run.pop("tasks")
    assert {key: document[key] for key in ("schema_version", "asyncmodes", "started_at", "clock", "interrupted")} == {
        "schema_version": 1,
        "asyncmodes": "0.1.0",
        "started_at": "2026-01-02T03:04:05Z",
        "clock": "virtual",
        "interrupted": False,
    }
    assert set(document["environment"]) == {"python", "platform", "cpu_count", "event_loop"}
    assert run == {
        "mode": "limited=2",
        "repeat": 0,
        "outcome": "fulfilled",
        "decided_by": None,
        "total_s": 0.5,
        "drained_s": 0.5,
        "predicted_s": 0.5,
        "work_s": 1.0,
        "critical_path_s": 0.4,
        "critical_path": [0],
        "peak_in_flight": 2,
        "counts": {"ok": 4, "failed": 0, "timed_out": 0, "cancelled": 0, "skipped": 0},
        "orphaned": 0,
        "delivered": 4,
        "lost": 0,
        "interrupted_s": None,
        "notes": [],
        "width_cap": None,
        "blocked_s": [],
        "resources": None,
    }
    assert tasks[3] == {
        "index": 3,
        "name": "bread",
        "kind": "delay",
        "target": "100ms",
        "blocking": False,
        "state": "ok",
        "orphan": False,
        "lane": 0,
        "ready_s": 0.0,
        "start_s": 0.4,
        "end_s": 0.5,
        "needs": [],
        "skipped_because": None,
        "error": None,
        "detail": {},
    }
    assert document["summary"][1] == {
        "mode": "limited=2",
        "runs": 1,
        "total_s": {"mean": 0.5, "stddev": None, "median": 0.5, "min": 0.5, "max": 0.5},
        "task_s": {"mean": 0.25, "p50": 0.25, "p95": 0.4, "max": 0.4},
        "counts": {"ok": 4, "failed": 0, "timed_out": 0, "cancelled": 0, "skipped": 0},
        "delivered": 4,
        "lost": 0,
        "speedup": 2.0,
        "speedup_stddev": None,
        "slowdown": 1.0,
        "predicted_s": 0.5,
        "peak_in_flight": 2,
        "resources": None,
    }


def test_times_that_never_happened_are_null():
    """A skipped task has no lane, start or end, and a failed one tells its error."""
    tasks = json.loads(write_json(comparison(TROUBLE, ["sequential"])))["runs"][0]["tasks"]
    assert [tasks[2][key] for key in ("state", "lane", "ready_s", "start_s", "end_s")] == [
        "skipped", None, 0.0, None, None,
    ]  # fmt: skip
    assert tasks[1]["error"] == {"type": "DeclaredFailure", "message": "burnt"}


@pytest.mark.parametrize("mode", MODES)
def test_reading_back_gives_the_same_document(mode: str):
    """What is read back writes the same document again."""
    written = write_json(comparison([*TROUBLE, delay("slow", 900, timeout_ms=150)], [mode], "trouble"))
    assert write_json(read_json(written)) == written


@given(st.integers(0, 97 * 86400 * 10**9))
@example(4_342_677_429_839_373)
def test_times_are_exact_to_the_nanosecond(ns: int):
    """Seconds as numbers lose no nanosecond in 97 days."""
    subject = comparison([Task("a", Delay(ns, "long"))], ["parallel"])
    assert read_json(write_json(subject)).runs[0].ends[0] == ns


def test_details_of_any_depth_are_written_and_read_back():
    """What a caller's own coroutine returned may be deep, or a part of itself; a hundred levels of it are kept."""
    endless: list[object] = []
    endless.append(endless)
    deep = functools.reduce(lambda inner, _: {"a": [inner]}, range(400), 0)

    async def returned(what: object) -> object:
        return what

    tasks = [asyncmodes.call(functools.partial(returned, what), name="x") for what in (endless, deep)]
    text = asyncmodes.write_json(asyncmodes.compare(tasks, "parallel"))
    assert asyncmodes.write_json(asyncmodes.read_json(text)) == text
    assert text.count("nested too deeply") == 2
    foreign = text.replace('"nested too deeply"', "[" * 300 + "]" * 300)
    again = asyncmodes.write_json(asyncmodes.read_json(foreign))
    assert json.loads(again)["runs"][0]["counts"]["ok"] == 2


def test_hostile_text_is_whole_and_ascii():
    """Names are kept whole in the JSON, lone surrogates too, and no raw control or bidi character leaves it."""
    name = "\x1b]0;x\x07\u202e\udc80 名" + "x" * 10_000
    written = write_json(comparison([delay(name, 1)], ["parallel"], name))
    assert written.isascii()
    assert "\x1b" not in written
    assert json.loads(written)["runs"][0]["tasks"][0]["name"] == name


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "3", "{}", '{"schema_version": 2}', '{"schema_version": 1}', "[" * 10_000, "NaN", '"x"'],
)
def test_foreign_files_are_refused_in_one_line(text: str):
    """Anything that is no result is a usage error that names the place, on one line."""
    with pytest.raises(UsageError, match=r"^old\.json(:\d+:\d+)?: .*; .*$") as refused:
        read_json(text, "old.json")
    assert "\n" not in str(refused.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str):
    """No text whatever makes reading raise anything but a usage error."""
    with pytest.raises(UsageError):
        read_json(text)


@pytest.mark.parametrize("key", ["runs", "clock", "environment", "started_at", "interrupted"])
def test_a_missing_field_is_named(key: str):
    """A result without one of its fields is refused, naming the field."""
    document = json.loads(write_json(comparison(DISHES, ["parallel"])))
    del document[key]
    with pytest.raises(UsageError, match=key):
        read_json(json.dumps(document))
