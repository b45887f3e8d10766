"""Text from outside through every door: never raw on a terminal, never markup, aligned, whole in the JSON."""

import asyncio
import contextlib
import io
import json
import os
import tempfile
import unicodedata
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth  # what pyte's terminal goes by

from asyncmodes.commands.exporting import Export
from asyncmodes.commands.program import main
from asyncmodes.errors import UsageError
from asyncmodes.exports.formats import FORMATS
from asyncmodes.exports.json import read_json, write_json
from asyncmodes.lessons.pack import read_pack
from asyncmodes.lessons.reports import listing_text
from asyncmodes.record import Comparison
from asyncmodes.tasks import Failure, State, Task
from asyncmodes.text import clean
from asyncmodes.views.events import event_view
from asyncmodes.views.glyphs import ASCII, UNICODE
from asyncmodes.views.live import live_picture
from asyncmodes.views.picture import Look, picture
from tests.background import served
from tests.comparisons import comparison, delay
from tests.helpers import examples

BAD = [
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x1b]52;c;aGk=\x07",
    "\x1b]8;;http://evil\x1b\\",
    "\x9b31m",
    "\x90",
    "\x07",
    "\b",
    "\r",
    "\n",
    "\t",
    "\0",
    "\x7f",
    "\x85",
    "\u2028",
    "\u202e",
    "\u2066",
    "\u200f",
    "\u200d",
    "\u00ad",
    "\ufeff",
    "\U000e0041",
    "\ud800",
    "\udcff",
    "[red]",
    "[/]",
    "[/tmp/x]",
    "[link=http://evil]",
    ":smile:",
    "<script>",
    "]]>",
    "&amp;",
    "{0}",
    "%s",
    "|",
    "`",
    '"',
    "'",
    "\\",
    "👍🏽",
    "👩\u200d👩\u200d👧",
    "🇩🇪",
    "☺\ufe0f",
    "🇩",
    "日本",
    "한",
    "e\u0301",
    "a" + "\u0301" * 40,
    "\u0301",
    "नमस्ते",
    "\u115f",
    "\ufdd0",
    "\ue000",
]


class Long(str):
    """Ten thousand characters, and a short description of them."""

    def __repr__(self) -> str:
        return f"{self[:10]!r}... ({len(self):,})"


TEXTS = st.one_of(
    st.lists(st.one_of(st.sampled_from(BAD), st.text(max_size=3)), min_size=1, max_size=6).map("".join),
    st.sampled_from(BAD).map(lambda piece: Long(piece * (10_000 // len(piece)))),
    st.text(st.characters(codec=None, categories=None), min_size=1, max_size=8),
)
UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
WIDTHS = (60, 80, 100, 160)


def cells(text: str) -> int:
    """How many cells a terminal needs that looks at one character after another."""
    return sum(map(wcwidth, text))


def assert_safe(text: str, new_lines: bool = True) -> None:
    """Nothing in it steers a terminal or reorders what it shows."""
    found = {character for character in set(text) if unicodedata.category(character) in UNSAFE}
    if found - {"\n"} or (found and not new_lines):
        pytest.fail(next(ascii(line) for line in text.split("\n") if found & set(line) or not new_lines))


def hostile(texts: list[str]) -> Comparison:
    """A comparison in which every text of a task, a failure and a note comes from outside."""
    name, title, message, target, note = (texts * 5)[:5]
    tasks = [delay(name, 100), delay(f"b{message}", 50, message or "x"), delay(f"c{name}", 100), delay(title, 20)]
    tasks = [Task(task.name, replace(task.work, target=target), needs=task.needs) for task in tasks]
    made = comparison(tasks, ["parallel", "limited=2"], title)
    runs = []
    for run in made.runs:
        failures = {index: Failure(note, message, State.FAILED) for index in run.failures}
        details = {0: {"status": 200, "reason": message, "headers": {note: target}}}
        runs.append(replace(run, failures=failures, details=details, notes=(note,)))
    return replace(made, runs=tuple(runs), interrupted=True)


@settings(max_examples=examples(300))
@given(TEXTS)
@example("👍🏽" * 3 + "🇩")
def test_what_is_clean_is_as_wide_everywhere(text: str):
    """The one sanitiser: nothing unsafe, the same again, and every character has its own, undisputed width."""
    shown = clean(text)
    assert_safe(shown, new_lines=False)
    assert clean(shown) == shown
    assert cells(shown) == cell_len(shown)
    assert all(wcwidth(character) >= 0 for character in shown)


@settings(max_examples=30)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from(WIDTHS), st.sampled_from([ASCII, UNICODE]))
def test_pictures_are_safe_and_aligned(texts, width, glyphs):
    """Every line fits, every bar begins in the same column, whatever the names are."""
    made = hostile(texts)
    look = Look(width=width, glyphs=glyphs)
    drawn = picture(made, look).plain
    events = event_view(made.runs[0], look).plain
    live = live_picture(replace(made, runs=made.runs[:1]), made.runs[1], look, 40).plain
    for text in (drawn, events, live):
        assert_safe(text)
        assert all(cells(line) <= width for line in text.split("\n"))
    plain = hostile(["n" * 12])
    rows = [line for line in drawn.split("\n") if line.rstrip().endswith(("ok, lost", "orphan", "failed"))]
    assert len(rows) >= len(plain.tasks)
    ends = {cells(row.rstrip()) - cells(row.rstrip().split(" ms ")[-1]) for row in rows if " ms " in row}
    assert len(ends) <= 1, drawn


@settings(max_examples=30)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_exports_are_sound_and_json_is_whole(texts):
    """Each format parses, holds nothing raw, and what is read back from JSON is what went in."""
    made = hostile(texts)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)  # two hundred files that nobody wants to keep
        for suffix in FORMATS:
            target = Path(folder) / f"x{suffix}"
            Export(str(target), ()).write(made, "compare", None)
            written = target.read_text(encoding="utf-8")
            assert_safe(written)
            if suffix == ".svg":
                assert not [element for element in ET.fromstring(written).iter() if element.tag.endswith("script")]
            elif suffix.endswith(".json"):
                json.loads(written)
    document = json.loads(write_json(made))
    assert document["title"] == made.title
    for task, told in zip(made.tasks, document["runs"][0]["tasks"]):
        assert (told["name"], told["target"]) == (task.name, task.work.target)
    errors = [task["error"] for task in document["runs"][0]["tasks"] if task["error"]]
    assert errors == [{"type": f.type, "message": f.message} for f in made.runs[0].failures.values()]
    again = read_json(write_json(made))
    assert [task.name for task in again.tasks] == [task.name for task in made.tasks]


def said(*arguments: str) -> tuple[int, str, str]:
    """The program in this process: exit code and both outputs."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


DOORS = [
    ("run", "{}"),
    ("run", "file:{}", "--timeout", "1s"),
    ("run", "http://{}/", "--timeout", "1s"),
    ("run", "{}=1ms"),
    ("run", "1ms", "-m", "{}"),
    ("run", "1ms", "--clock", "{}"),
    ("run", "1ms", "--output", "{}.json"),
    ("run", "1ms", "--output", "x.{}"),
    ("run", "http://127.0.0.1:1/", "-H", "{}: x"),
    ("run", "1ms", "--server", "{}"),
    ("run", "--spec", "{}"),
    ("explain", "{}"),
    ("learn", "{}", "--list"),
    ("learn", "--pack", "{}", "--list"),
    ("learn", "--answers", "{}"),
    ("{}",),
    ("run", "--{}"),
    ("serve", "--host", "{}"),
]


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
@pytest.mark.parametrize("number", range(3))
def test_whatever_a_command_is_given_is_told_safely(door: tuple[str, ...], number: int, tmp_path: Path, monkeypatch):
    """All bad pieces at once in each place of the command line: nothing raw, each message one line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    kept = [piece.replace("\0", "") for piece in BAD]
    text = "/".join(kept[number::3]) if number else "".join(kept)
    code, out, err = said(*(word.replace("{}", text) for word in door))
    assert code in (0, 1, 2), err
    assert_safe(out)
    assert_safe(err)
    lines = err.splitlines()
    assert 1 <= len(lines) <= 12 or not code, err
    assert all(line.startswith("asyncmodes: ") for line in lines)


@settings(max_examples=20)
@given(TEXTS)
def test_specs_and_packs_are_told_safely(text: str):
    """Keys, names, titles and messages of a spec or a lesson pack: shown safely, or refused so."""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "x.json"
        tasks = [{"name": text[:50], "delay": "5ms"}, {"delay": "1ms", "fails": text or "x"}]
        spec.write_text(json.dumps({"title": text, "tasks": tasks}))
        _, out, err = said("run", "--spec", str(spec), "--clock", "virtual", "--width", "80")
        assert_safe(out)
        assert_safe(err)
        assert all(cells(line) <= 80 for line in out.split("\n"))
        spec.write_text(json.dumps({text: text, "tasks": [{text: 1, "delay": text, "needs": [text]}]}))
        code, out, err = said("run", "--spec", str(spec), "--clock", "virtual")
        assert (code, out) == (2, "")
        assert_safe(err)
        escaped = json.dumps(text.encode("utf-8", "replace").decode())
        (Path(folder) / "01-x.toml").write_text(f"title = {escaped}\nsummary = {escaped}\n")
        with contextlib.suppress(UsageError):
            assert_safe(listing_text(read_pack(folder), {}))
        _, out, err = said("learn", "--pack", folder, "--list")
        assert_safe(out)
        assert_safe(err)


def test_a_server_that_answers_so_is_told_safely():
    """Reason phrases, headers, redirects and bodies are the server's own words, and stay without effect."""
    raw = "".join(piece for piece in BAD if not set(piece) & set("\r\n\0")).encode("utf-8", "surrogatepass")
    answers = [
        b"HTTP/1.1 404 " + raw + b"\r\nX-" + b"Y: " + raw + b"\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 302 Found\r\nLocation: http://" + raw + b"/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: "
        + raw
        + b"\r\nContent-Encoding: "
        + raw
        + b"\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\n" + raw + b": x\r\n\r\n",
        raw + b" 200 OK\r\n\r\n",
    ]

    async def answer(seen) -> bytes:
        await asyncio.sleep(0)
        return answers[int(seen.path.lstrip("/"))]

    with served(answer) as server:
        urls = [f"{server.url}{number}" for number in range(len(answers))]
        for options in ([], ["--format", "json"], ["--events"]):
            code, out, err = said("run", *urls, "-m", "settled", "--warmup", "0", "--timeout", "20s", *options)
            assert code == 1
            assert_safe(out)
            assert_safe(err)
