"""Exports by extension: each is what its readers expect, bounded where it is a picture, whatever the names in it."""

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from asyncmodes.exports.csv import write_csv
from asyncmodes.exports.formats import FORMATS, format_of
from asyncmodes.exports.html import write_html
from asyncmodes.exports.markdown import write_markdown
from asyncmodes.exports.svg import write_svg
from asyncmodes.exports.trace import write_trace
from asyncmodes.record import Comparison
from asyncmodes.tasks import Delay, Task
from tests.comparisons import DISHES, TROUBLE, comparison, delay

HOSTILE = [
    "\x1b]0;x\x07", "\u202eevil", "\udc80", "</script><script>alert(1)</script>", "]]>", "--><!--", "'\"&<>`|\\",
    "=1+2", "+1", "-1", "@x", "\tx", "\rx", "a\nb", "[x](https://e.example)", "<img src=http://e.example/x>",
    "x" * 10_000, "&#60;b&#62;", "{{x}}", "\x00", "\ufeff", "\u2028", "http://e.example", "url(http://e.example)",
    "\x9b31m",
]  # fmt: skip  # what names have been made of to break things
MODES = ["sequential", "parallel", "settled", "limited=2+cancel", "any"]
VOID = {"meta"}


class Checker(HTMLParser):
    """Reads a page strictly: every element that opens closes, and what it refers to is noted."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.seen.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID and not self.rawdata[self._end() - 2 : self._end()].startswith("/"):
            self.open.append(tag)

    def _end(self) -> int:
        return self.rawdata.index(">", self.rawdata.index("<"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def html_is_sound(page: str) -> None:
    """Well-formed, without script and without a reference to anything outside."""
    checker = Checker(page)
    assert page.startswith("<!doctype html>\n")
    assert {tag for tag, _ in checker.seen}.isdisjoint({"script", "img", "link", "iframe", "object", "a", "base"})
    for _, attributes in checker.seen:
        assert not {name for name in attributes if name in ("src", "href", "srcset") or name.startswith("on")}
        assert "url(" not in attributes.get("style", "")
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def svg_is_sound(text: str) -> None:
    """Well-formed, and without a reference to anything outside."""
    for element in ET.fromstring(text).iter():
        assert element.tag.rpartition("}")[2] in {"svg", "title", "style", "rect", "text"}
        assert not {name for name in element.attrib if "href" in name or name.startswith("on") or name == "style"}
    assert "url(" not in text[text.index("<style>") : text.index("</style>")]


def csv_is_sound(text: str) -> None:
    """All rows have as many cells, and none is a formula."""
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


def markdown_is_sound(text: str) -> None:
    """No HTML, link, image or code comes of it, and every row of the table has its cells."""
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    children = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in children} <= {"text", "text_special", "softbreak"}
    assert {token.tag for token in tokens} <= {
        "", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li",
    }  # fmt: skip  # all that a report consists of
    assert not re.search(r"(?<!\\)\bhttps?://", text)


def json_is_sound(text: str) -> None:
    """It parses without constants that are no JSON, and is ASCII."""
    json.loads(text, parse_constant=pytest.fail)
    assert text.isascii()


SOUND: dict[str, Callable[[str], None]] = {
    ".json": json_is_sound,
    ".csv": csv_is_sound,
    ".md": markdown_is_sound,
    ".svg": svg_is_sound,
    ".html": html_is_sound,
    ".trace.json": json_is_sound,
    ".bench.json": json_is_sound,
}
TRACE = {
    "type": "object",
    "required": ["traceEvents", "displayTimeUnit"],
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "otherData": {"type": "object"},
        "traceEvents": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["ph", "pid", "tid", "ts", "name"],
                "properties": {
                    "ph": {"enum": ["M", "X", "i", "s", "f"]},
                    "pid": {"type": "integer"},
                    "tid": {"type": "integer"},
                    "ts": {"type": "number", "minimum": 0},
                    "name": {"type": "string"},
                    "args": {"type": "object"},
                },
                "allOf": [
                    {
                        "if": {"properties": {"ph": {"const": "X"}}},
                        "then": {"required": ["dur"], "properties": {"dur": {"type": "number", "minimum": 0}}},
                    },
                    {
                        "if": {"properties": {"ph": {"enum": ["s", "f"]}}},
                        "then": {"required": ["id", "cat"], "properties": {"bp": {"const": "e"}}},
                    },
                    {"if": {"properties": {"ph": {"const": "i"}}}, "then": {"required": ["s"]}},
                ],
            },
        },
    },
}
"""The trace event format, as far as it is used: Chromium's "Trace Event Format", JSON object form."""


def written(extension: str, subject: Comparison) -> str:
    """The comparison in the format of that extension."""
    return FORMATS[extension].write(subject, "compare", None)


names = st.one_of(st.sampled_from(HOSTILE), st.text(), st.text(st.characters(codec=None)))


@settings(max_examples=40)
@given(names, names, names, st.sampled_from(MODES))
def test_hostile_names_break_no_format(title: str, name: str, message: str, mode: str):
    """Whatever names and messages are, every export is well-formed, refers to nothing outside, and is plain text."""
    tasks = [Task(name, Delay(5_000_000, name)), Task("b", Delay(2_000_000, "2ms", message)), delay("c", 1)]
    subject = comparison(tasks, [mode, "settled"], title)
    subject = replace(subject, environment={"python": name, "platform": title})
    for extension, is_sound in SOUND.items():
        text = written(extension, subject)
        text.encode("utf-8")
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
        is_sound(text)


def test_every_format_is_tested():
    """No format is without its check."""
    assert SOUND.keys() == FORMATS.keys()


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.json", ".json"), ("a.JSON", ".json"), ("a.trace.json", ".trace.json"), ("x.y.bench.json", ".bench.json"),
        ("trace.json", ".json"), (".trace.json", ".json"), ("a.svg.html", ".html"),
    ],
)  # fmt: skip  # names and ends in pairs
def test_the_format_follows_from_the_end_of_the_name(name: str, extension: str):
    """The longest end that fits decides, and a name is more than its end."""
    assert format_of(name) is FORMATS[extension]


@pytest.mark.parametrize("name", ["a.pdf", "a", "json", ".json", "", "a.json.gz"])
def test_other_names_have_no_format(name: str):
    """What has no known end has no format."""
    assert format_of(name) is None


def test_the_markdown_report():
    """A heading, a table of totals, what came out, and what to doubt."""
    assert written(".md", comparison(TROUBLE, ["sequential", "settled"], "toast")).splitlines() == [
        "## toast",
        "",
        "4 tasks · virtual clock: simulated, exact · 2026-01-02 03:04 UTC · Python 3.11.7, Linux",
        "",
        "| mode | total | predicted | peak | ok | failed | skipped | lost |",
        "| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| sequential | 600 ms | 600 ms | 1 | 1 | 1 | 2 | 1 |",
        "| settled | 400 ms | 400 ms | 4 | 3 | 1 | 0 | 0 |",
        "",
        "- sequential was rejected at 600 ms: nothing delivered, 1 result lost; no win",
        "- settled delivered 3 of 4 results: 1 failed",
        "- b failed: burnt",
    ]


def test_names_stand_in_markdown_as_they_are():
    """A reader of the rendered report sees the name itself, markup and all."""
    name = "`a` | <b>*x*</b> [y](z) https://e.x @me &amp; ~~no~~ ![p](q)"
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(write_markdown(comparison(TROUBLE, ["any"], name)))
    assert "".join(child.content for child in tokens[1].children or ()) == name


def test_csv_has_a_row_a_task_and_exact_times():
    """Every task of every run is a row; what never happened is empty."""
    rows = list(csv.DictReader(io.StringIO(write_csv(comparison(TROUBLE, ["sequential"])), newline="")))
    wanted = ("name", "state", "lane", "start_s", "end_s", "duration_s", "error_message")
    assert [[row[key] for key in wanted] for row in rows[:3]] == [
        ["a", "ok", "0", "0", "0.4", "0.4", ""],
        ["b", "failed", "0", "0.4", "0.6", "0.2", "burnt"],
        ["c", "skipped", "", "", "", "", ""],
    ]


def test_a_trace_has_a_process_a_mode_and_a_track_a_lane():
    """The trace validates; its slices are the tasks that ran, in microseconds, on the thread of their lane."""
    trace = json.loads(write_trace(comparison(TROUBLE, ["sequential", "limited=2"])))
    Draft202012Validator(TRACE).validate(trace)
    events = trace["traceEvents"]
    assert [e["args"]["name"] for e in events if e["name"] == "process_name"] == ["sequential", "limited=2"]
    threads = [e["args"]["name"] for e in events if e["name"] == "thread_name"]
    assert threads == ["lane 0", "lane 0", "lane 1"]
    slices = [(e["pid"], e["tid"], e["name"], e["ts"], e["dur"]) for e in events if e["ph"] == "X"]
    assert slices[:3] == [(1, 1, "a", 0, 400_000), (1, 1, "b", 400_000, 200_000), (2, 1, "a", 0, 400_000)]


def test_a_trace_draws_an_arrow_for_each_need():
    """An arrow goes from the end of what is needed to the start of what needs it."""
    tasks = [delay("user", 200), replace(delay("prefs", 100), needs=(0,))]
    subject = comparison(tasks, ["sequential"])
    trace = json.loads(write_trace(subject))
    Draft202012Validator(TRACE).validate(trace)
    arrows = [(e["ph"], e["id"], e["tid"], e["ts"]) for e in trace["traceEvents"] if e["ph"] in "sf"]
    assert arrows == [("s", 1, 1, 200_000), ("f", 1, 1, 200_000)]


def test_what_the_benchmark_action_reads():
    """A list of name, unit and value, smaller being better; a mode that gave up is no fast one."""
    entries = json.loads(written(".bench.json", comparison(TROUBLE, ["parallel", "settled"], "toast", runs=2)))
    assert entries == [
        {
            "name": "toast / settled",
            "unit": "ms",
            "value": 400.0,
            "range": "± 0",
            "extra": "2 runs, virtual clock, 3 ok, 1 failed",
        }
    ]


@pytest.mark.parametrize("write", [write_html, write_svg])
def test_pictures_are_bounded_whatever_the_number_of_tasks(write: Callable[[Comparison], str]):
    """Ten thousand tasks make no larger a page than a hundred, but for a few digits."""
    delays = [delay(f"t{i}", i % 40 + 1) for i in range(10_000)]
    few, many = (write(comparison(tasks, ["limited=10"])) for tasks in (delays[:100], delays))
    assert len(many) < 1.5 * len(few)
    assert "drawn" in many


def test_the_page_tells_the_figures_of_a_task_to_everybody():
    """A task can be reached by keyboard and says its figures to a screen reader, and in a box on hover or focus."""
    page = write_html(comparison(TROUBLE, ["parallel"], "toast"))
    rows = [attributes for tag, attributes in Checker(page).seen if tag == "li" and "tabindex" in attributes]
    assert [row["tabindex"] for row in rows] == ["0"] * 4
    assert rows[1]["aria-label"] == (
        "b: failed; 200 ms, from 0 ms to 200 ms; started at once; lane 1; 200ms; DeclaredFailure: burnt"
    )
    assert "li:hover>.tip,li:focus>.tip{display:block}" in page


def test_an_interrupted_comparison_without_a_run_can_be_written():
    """What was interrupted before anything ended still makes a file of every format."""
    nothing = replace(comparison(DISHES), runs=(), interrupted=True)
    for extension, is_sound in SOUND.items():
        is_sound(written(extension, nothing))


def test_a_page_in_a_browser(tmp_path: Path):
    """Chromium lays the page out, bars start and end where they should, and no script or request is needed."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("there is no Chromium on this machine")
    page = tmp_path / "page.html"
    page.write_text(write_html(comparison(DISHES, ["sequential", "parallel"], "dinner")), encoding="utf-8")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile", "--dump-dom")
    done = subprocess.run(
        [browser, *flags, page.as_uri()], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    if done.returncode:
        pytest.skip("Chromium does not start here")
    html_is_sound(done.stdout.replace("<!DOCTYPE html>", "<!doctype html>\n"))
    places = re.findall(r'class="ok" style="left:([0-9.]+)%;width:([0-9.]+)%', done.stdout)
    assert places[:4] == [("0.000", "40.000"), ("40.000", "20.000"), ("60.000", "30.000"), ("90.000", "10.000")]
