"""`show`: saved results drawn again, side by side and converted; files that are none, in one line each."""

import copy
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asyncmodes import UsageError, read_json, render, write_json
from asyncmodes.commands.program import main
from asyncmodes.expectations import judge, parse_expectation
from asyncmodes.expectations.references import compared
from asyncmodes.exports.json import as_document
from asyncmodes.record import Comparison
from asyncmodes.side_by_side import differences, side_by_side
from tests.comparisons import DISHES, TROUBLE, comparison, delay

MODES = ["sequential", "parallel", "limited=2+cancel"]
NEEDY = [*TROUBLE, delay("slow", 900, timeout_ms=150), replace(delay("late", 50), needs=(0, 3))]
TOAST = comparison(NEEDY, MODES, "toast")
JUDGED = replace(
    TOAST,
    judgements=tuple(judge(map(parse_expectation, ["parallel < 1s", "parallel.failed <= 50%"]), TOAST)),
    against=compared(TOAST, TOAST, "old.json", max_slowdown=0.1),
)
GOOD = json.loads(write_json(JUDGED))
NASTY = [
    None,
    True,
    -1,
    0,
    3,
    2**40,
    10**30,
    10**400,
    1.5,
    -0.5,
    1e300,
    "",
    "x",
    "\x1b[2J",
    "ok",
    "skipped",
    [],
    [0],
    {},
    {"a": 1},
]


def saved(path: Path, subject: Comparison) -> str:
    """The comparison as a result file, by name."""
    path.write_text(write_json(subject), encoding="utf-8")
    return str(path)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value within a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(way for key, each in inner for way in places(each, (*path, key)))]


PLACES = places(GOOD)[1:]


@settings(max_examples=150)
@example(("expectations", 0, "method"), "\x1b[2J")
@example(("against", "modes", 0, "mode"), "\x1b[2J")
@example(("against", "modes", 0, "reason"), "\x1b[2J")
@example(("expectations", 0, "measured"), 1e300)
@example(("expectations", 0, "bound"), 10**400)
@example(("expectations", 0, "bound"), None)
@example(("expectations", 1, "bound"), None)
@example(("expectations", 0, "runs"), [])
@given(st.sampled_from(PLACES), st.sampled_from([*NASTY, "delete", "twice"]))
def test_a_document_with_anything_changed_is_read_or_refused(place: tuple[Any, ...], value: Any):
    """Whatever stands anywhere in a result, it is a usage error in one line, or a comparison that can be shown."""
    document = copy.deepcopy(GOOD)
    *way, last = place
    holder = document
    for key in way:
        holder = holder[key]
    if value == "delete":
        del holder[last]
    elif value == "twice" and isinstance(holder, list):
        holder.append(holder[last])
    else:
        holder[last] = value
    read = None
    with suppress(UsageError):
        try:
            read = read_json(json.dumps(document), "old.json")
        finally:
            said = str(sys.exception() or "old.json: ")
    assert said.startswith("old.json: ")
    assert "\n" not in said
    if read is not None:
        assert "\x1b" not in render(read)
        assert read_json(write_json(read)).runs == read.runs


@given(st.integers(0, 4000))
def test_a_file_that_is_cut_off_is_refused_with_its_place(length: int):
    """Wherever a file ends too early, the line tells where that is."""
    text = json.dumps(GOOD)[:length]
    with pytest.raises(UsageError, match=r"^old\.json(:1:\d+)?: it (ends in the middle|is empty|is no JSON)"):
        read_json(text, "old.json")


@pytest.mark.parametrize("subject", [comparison(DISHES, title="dinner"), comparison(TROUBLE, MODES, "toast")])
def test_a_saved_result_is_drawn_as_it_was(subject: Comparison):
    """The picture of a result that was read back is that of the run, its heading with the known work included."""
    assert render(read_json(write_json(subject))) == render(subject)


def test_show_prints_and_converts(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """One file: the picture on standard output, and every export that was asked for."""
    name = saved(tmp_path / "a.json", comparison(TROUBLE, MODES, "toast"))
    assert main(["show", name, "-o", str(tmp_path / "b.csv"), "-o", str(tmp_path / "b.json")]) == 0
    assert capsys.readouterr().out.startswith("show toast   4 tasks, 1000 ms of work   virtual clock")
    assert (tmp_path / "b.csv").read_text().startswith("mode,repeat,")
    assert (tmp_path / "b.json").read_text() == Path(name).read_text()
    assert main(["show", name, "--format", "json"]) == 0
    assert capsys.readouterr().out == Path(name).read_text()


def test_several_results_stand_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The same mode of two files stands together, with the files' names, and is compared with the first's baseline."""
    before = saved(tmp_path / "before.json", comparison(DISHES, ["sequential", "parallel"]))
    after = saved(tmp_path / "after.json", comparison(DISHES, ["sequential", "limited=2"]))
    both = tmp_path / "both.json"
    assert main(["show", before, after, "--width", "50", "-o", str(both)]) == 0
    assert (
        capsys.readouterr().out
        == """\
show   4 tasks, 1000 ms of work   virtual clock:
simulated, exact

mode                  total  ok  failed  lost
before: sequential  1000 ms   4       0     0
after: sequential   1000 ms   4       0     0
before: parallel     400 ms   4       0     0
after: limited=2     500 ms   4       0     0

before: parallel was 2.50 times faster than
before: sequential (400 ms instead of 1000 ms)
after: limited=2 was 2.00 times faster than
before: sequential (500 ms instead of 1000 ms)
after: sequential was as fast as before:
sequential (1000 ms each)
"""
    )
    assert main(["show", str(both), "--baseline", "after: limited=2", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["baseline"] == "after: limited=2"


REFUSED = {
    "": "a.json: it is empty;",
    "{": "a.json:1:2: it ",
    "[1]": "a.json: it is no result of asyncmodes: it has no schema_version;",
    '{"log": {}}': "a.json: it is no result of asyncmodes: it has no schema_version;",
    '{"schema_version": 2}': "a.json: schema_version: found the number 2 where there must be 1, all that is known here",
    '{"schema_version": 1}': "a.json: runs: it is missing;",
    '{"schema_version": 1, "x": NaN}': "a.json: it is no JSON (NaN is no number in JSON);",
    '{"schema_version": 1, "x": 1e999}': "a.json: it is no JSON (the number 1e999 is too large);",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items())
def test_what_is_no_result_is_refused_in_one_line(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Broken, foreign and future files exit with 2 and one line that says where and what to do."""
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text(text)
    assert main(["show", "a.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(f"asyncmodes: error: {said}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.json"], "nothing.json: there is no such file;"),
        (["."], ".: it is a directory;"),
        (["a.json", "a.json"], "a.json: it is named twice;"),
        (["a.json", "-o", "a.json"], "--output a.json: that is the spec itself"),
        (["a.json", "--baseline", "race"], "--baseline: 'race' is not among the modes; write one of sequential"),
        (["a.json", "--format", "xml"], "--format: there is no 'xml'"),
        (["a.json", "real.json"], "real: its clock is real, and that of a is virtual"),
        (["a.json", "other.json"], "other: its task 4 is another one than in a; show them one by one"),
        (["a.json", "-o", "a.pdf"], "--output a.pdf: .pdf is no known format; end the name in .json, .csv, .md"),
    ],
)
def test_bad_usage_of_show(
    arguments: Sequence[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """What cannot be shown together, or at all, is said in one line and exits with 2."""
    monkeypatch.chdir(tmp_path)
    saved(Path("a.json"), comparison(DISHES))
    saved(Path("real.json"), comparison(DISHES, clock="real"))
    saved(Path("other.json"), comparison([*DISHES[:3], delay("cake", 100)]))
    assert main(["show", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """`-` is a result that is sent."""
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(write_json(comparison(DISHES)).encode())))
    assert main(["show", "-", "--width", "40"]) == 0
    assert "sequential" in capsys.readouterr().out


def test_another_machine_is_warned_of():
    """Results of another machine or Python are compared, and it is said that they are."""
    ours, theirs = comparison(DISHES), replace(comparison(DISHES), environment={"python": "3.13.0", "cpu_count": 64})
    assert any("python 3.13.0, and a with 3.11.7" in said for said in differences([("a", ours), ("b", theirs)]))
    assert list(differences([("a", ours), ("b", ours)])) == []


def test_results_side_by_side_can_be_put_beside_others():
    """Labels pile up, so nothing is mistaken for something else."""
    both = side_by_side([("a", comparison(DISHES, ["parallel"])), ("b", comparison(DISHES, ["parallel"]))])
    again = side_by_side([("x", read_json(write_json(both))), ("y", both)])
    assert [str(mode) for mode in again.modes] == [
        "x: a: parallel",
        "y: a: parallel",
        "x: b: parallel",
        "y: b: parallel",
    ]


def test_a_file_s_name_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Escape characters in the names of files are spelled out in the picture."""
    names = [saved(tmp_path / f"{each}\x1b[2J.json", comparison(DISHES, ["parallel"])) for each in "ab"]
    assert main(["show", *names]) == 0
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "a\\x1b[2J: parallel" in out


def test_the_document_and_the_text_are_the_same():
    """The document as objects is what the text holds."""
    subject = comparison(TROUBLE, MODES)
    assert json.loads(json.dumps(as_document(subject))) == json.loads(write_json(subject))
