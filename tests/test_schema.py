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
SPEC = Draft202012Validator(spec_schema())
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
    assert schema["title"]
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
    SPEC.validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"tasks": []},
        {"tasks": [{}]},
        {"tasks": [{"name": "a"}]},
        {"tasks": [{"delay": "300"}]},
        {"tasks": [{"delay": "300ms", "url": "https://example.org"}]},
        {"tasks": [{"dealy": "300ms"}]},
        {"tasks": [{"delay": "300ms", "method": "POST"}]},
        {"tasks": [{"url": "https://example.org", "fails": True}]},
        {"tasks": [{"delay": "1ms", "repeat": 0}]},
        {"tasks": [{"delay": "1ms"}], "server": {"capacity": 0}},
        {"tasks": [{"delay": "1ms"}], "servers": {}},
    ],
)
def test_an_editor_marks_what_is_wrong(wrong: dict[str, Any]):
    """What asyncmodes would refuse the schema refuses too."""
    assert not SPEC.is_valid(wrong)


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
