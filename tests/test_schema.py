"""`schema` and `--dry-run`: JSON Schemas that hold for what is read and written, and specs checked without running."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from asyncmodes.commands.program import main
from asyncmodes.exports.result_schema import result_schema
from asyncmodes.spec.files import ALLOWED
from asyncmodes.spec.schema import DESCRIPTIONS, spec_schema
from asyncmodes.spec.servers import SERVER_ALLOWED

EXAMPLES = Path(__file__).parent.parent / "examples"
RESULT = Draft202012Validator(result_schema())


def closed(schema: Any) -> Any:
    """The schema in which no object has a property that is not described."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(each) for key, each in schema.items()}
    return inner | ({"additionalProperties": False} if "properties" in schema else {})


@pytest.mark.parametrize("what", ["spec", "result"])
def test_the_schemas_are_schemas(what: str, capsys: pytest.CaptureFixture[str]):
    """What is printed is a valid schema of draft 2020-12 that says what it is."""
    assert main(["schema", what]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == f"A {what} of asyncmodes"
    assert schema["description"]
    Draft202012Validator.check_schema(schema)


def test_another_schema_is_refused(capsys: pytest.CaptureFixture[str]):
    """There are two schemas, and the error names them."""
    assert main(["schema", "x"]) == 2
    assert "write spec or result" in capsys.readouterr().err


def test_every_key_of_a_spec_is_described():
    """Each key has a title and says what it is for and what to write."""
    tables = spec_schema()["$defs"]
    for table, allowed in (("TaskTable", ALLOWED), ("ServerTable", SERVER_ALLOWED)):
        for key, rule in tables[table]["properties"].items():
            assert rule["title"] == key
            assert rule["description"].startswith(DESCRIPTIONS[key])
            assert key not in allowed or allowed[key] in rule["description"]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_every_example_is_valid(path: Path):
    """The example specs, which are read without complaint, keep the schema."""
    Draft202012Validator(spec_schema()).validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"tasks": []},
        {"tasks": [{}]},
        {"tasks": [{"name": "a"}]},
        {"tasks": [{"delay": "300"}]},
        {"tasks": [{"delay": "300ms", "url": "https://example.org"}]},
        {"tasks": [{"delay": "1ms..2"}]},
        {"tasks": [{"delay": "1ms", "timeout": "300"}]},
        {"tasks": [{"delay": "1ms", "timeout": "1s..2s"}]},
        {"tasks": [{"dealy": "300ms"}]},
        {"tasks": [{"delay": "300ms", "method": "POST"}]},
        {"tasks": [{"url": "https://example.org", "fails": True}]},
        {"tasks": [{"delay": "1ms", "repeat": 0}]},
        {"tasks": [{"delay": "1ms"}], "server": {"capacity": 0}},
        {"tasks": [{"delay": "1ms"}], "server": {"latency": "5"}},
        {"tasks": [{"delay": "1ms"}], "servers": {}},
    ],
)
def test_an_editor_marks_what_is_wrong(wrong: dict[str, Any]):
    """What asyncmodes would refuse the schema refuses too."""
    assert not Draft202012Validator(spec_schema()).is_valid(wrong)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--clock", "virtual"],
        ["--runs", "2", "1ms*3", "fail:1ms"],
        ["README.md"],
        ["request:5ms*4", "--server", "capacity=2 overload=reject", "--clock", "virtual"],
        ["300ms", "fail:100ms", "--timeout", "200ms", "-m", "parallel+cancel", "-m", "any", "--clock", "virtual"],
        ["url:/delay/1ms*2", "--phases", "-m", "parallel", "--server", "capacity=8"],
    ],
)
def test_results_keep_their_schema(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is written is what the schema describes, down to the last field."""
    monkeypatch.chdir(EXAMPLES.parent)
    path = tmp_path / "a.json"
    main(["compare", *arguments, "--quiet", "-o", str(path)])
    document = json.loads(path.read_text())
    RESULT.validate(document)
    for run in document["runs"]:
        for task in run["tasks"]:
            task["detail"] = {}
    document["environment"] = {}
    for summary in document["summary"]:
        summary.pop("phases_s", None)
    Draft202012Validator(closed(result_schema())).validate(document)


def test_a_dry_run_shows_the_plan_and_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Tasks, modes and predicted totals are shown, and neither a delay of hours nor a file is waited for."""
    exported = tmp_path / "a.json"
    arguments = ["8h", "fail:2s", "-m", "sequential", "-m", "parallel", "--timeout", "9h", "-o", str(exported)]
    assert main(["compare", *arguments, "--dry-run"]) == 0
    assert (
        capsys.readouterr().out
        == """\
compare   2 tasks, 8 h of work   real clock

task     kind   target   timeout
8h       delay  8h       9 h
fail:2s  delay  fail:2s  9 h

mode        predicted  peak   outcome
sequential        8 h     1  rejected
parallel      2000 ms     2  rejected

dry run: nothing was run
"""
    )
    assert not exported.exists()


def test_a_dry_run_as_json(capsys: pytest.CaptureFixture[str]):
    """The same for scripts; what cannot be known is null."""
    assert (
        main(["compare", "100ms*2", "url:https://example.org", "-m", "parallel", "--dry-run", "--format", "json"]) == 0
    )
    document = json.loads(capsys.readouterr().out)
    assert document["dry_run"] is True
    assert document["modes"] == [
        {"mode": "parallel", "predicted_s": None, "predicted_outcome": None, "predicted_peak": None}
    ]
    assert [task["known"] and task["known"]["duration_s"] for task in document["tasks"]] == [0.1, 0.1, None]


def test_a_dry_run_of_many_tasks_shows_some(capsys: pytest.CaptureFixture[str]):
    """Of many tasks the first and the last are shown, and how many are not."""
    assert main(["run", "1ms*1000", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "... 988 more" in out
    assert "1ms#1000" in out


def test_a_dry_run_of_a_bad_spec_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A spec is checked as it would be before a run."""
    (tmp_path / "a.toml").write_text('[[tasks]]\ndealy = "1ms"\n')
    assert main(["compare", "--spec", str(tmp_path / "a.toml"), "--dry-run"]) == 2
    assert "did you mean delay?" in capsys.readouterr().err
