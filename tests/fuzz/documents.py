"""What is fuzzed of the files that people save, get and write: results, archives, lessons, answers, references.

Half of the inputs are the file itself, the others say how a file that was whole is damaged.
"""

import asyncio
import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from asyncmodes.api import render
from asyncmodes.clocks import ClockName, new_loop
from asyncmodes.commands.program import main
from asyncmodes.errors import UsageError
from asyncmodes.expectations import judge, parse_expectation
from asyncmodes.expectations.references import check_reference, compared
from asyncmodes.exports.formats import FORMATS
from asyncmodes.exports.json import read_json, write_json
from asyncmodes.exports.reading import read_result
from asyncmodes.exports.sweep import write_sweep
from asyncmodes.lessons import pages
from asyncmodes.lessons.answers import read_answers
from asyncmodes.lessons.checking import check_pack
from asyncmodes.lessons.experiments import right_answer, run_step
from asyncmodes.lessons.grading import grade, score
from asyncmodes.lessons.model import Pack, Step
from asyncmodes.lessons.pack import read_pack
from asyncmodes.lessons.reports import Answered, listing, listing_text, report, report_text
from asyncmodes.measure import compare, plan
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison
from asyncmodes.replay import read_replay
from asyncmodes.side_by_side import side_by_side
from asyncmodes.spec import Defaults, read_words
from asyncmodes.sweep import Limits, sweep
from asyncmodes.views.curve import curve
from asyncmodes.views.pages import screenful
from asyncmodes.views.picture import Look
from asyncmodes.views.rulings import change_line, judgement_line
from tests.fuzz.damage import as_json, as_toml, damaged
from tests.fuzz.promises import is_clean, refused_in_words

MODES = ("sequential", "parallel", "limited=2+settled")
HAR = {
    "log": {
        "entries": [
            {
                "time": 120.5,
                "request": {"url": "https://h.example/a?b"},
                "response": {"status": 200},
                "timings": {"blocked": 20.5},
            },
            {"time": 30, "request": {"url": "http://u:p@h.example:8080/"}, "response": {"status": 404}},
            {"time": 7, "request": {"url": "data:,x"}, "response": {"status": 0, "_error": "net::ERR_FAILED"}},
        ]
    }
}
LESSON = {
    "name": "tea",
    "title": "A cup of tea",
    "summary": "Water and leaves",
    "next": "tea",
    "task_lists": {"both": [{"name": "kettle", "delay": "300ms"}, {"name": "leaves", "delay": "100ms", "fails": True}]},
    "steps": [
        {
            "id": "both",
            "title": "Both at once",
            "explanation": "The kettle takes longest.",
            "text": "Tea needs both.",
            "code": {"python": "await gather(a, b)", "javascript": "await Promise.all([a, b])"},
            "question": {"ask": "How long?", "unit": "ms", "figure": "settled.total_ms", "expect": 300, "most": 1000},
            "experiments": [
                {"tasks": "both", "modes": ["settled", "limited=1+settled"], "reverse": False},
            ],
            "figures": {"settled.failed": 1, "settled.kettle.end_ms": 300, "settled.speedup": 1.0},
            "hint": "Look",
        },
        {
            "id": "which",
            "title": "Which",
            "explanation": "So it is.",
            "belief": "None.",
            "question": {"ask": "Which one?", "expect": "a", "choices": {"a": "this", "b": "that"}},
            "experiments": [
                {
                    "tasks": [{"request": "50ms", "repeat": 3}, {"name": "x", "delay": "1ms", "needs": ["request"]}],
                    "modes": ["parallel"],
                    "server": {"capacity": 2, "overload": "slow"},
                }
            ],
        },
    ],
}
ANSWERS = {"S1": 900, "S2": "1000 ms", "S3": {"answer": "0.4s", "sure": "80%"}, "s4": {"answer": 1, "sure": 3}}


@cache
def _result() -> Any:
    """A result with everything in it: failures, needs, orphans, expectations and a reference."""
    tasks = read_words(["soup=30ms", "fail:20ms", "b=1ms..9ms*2"], Defaults())
    made = compare(tasks, MODES, runs=2, clock="virtual", title="Dinner")
    judged = judge([parse_expectation("parallel < 1s"), parse_expectation("parallel.failed <= 50%")], made)
    against = compared(made, made, "x.json", max_slowdown=0.1)
    return json.loads(write_json(replace(made, judgements=tuple(judged), against=against)))


def _either(data: bytes, whole: Callable[[], Any], written: Callable[[Any], bytes] = as_json) -> bytes:
    """The bytes of a file: those that follow the first one, or a whole document damaged as they say."""
    return data[1:] if data[:1] <= b"\x7f" else written(damaged(whole(), data[1:]))


def results(data: bytes) -> None:
    """A saved result can be shown and written in every format, itself unchanged, or is refused in a line."""
    with refused_in_words():
        saved = read_json(_either(data, _result).decode("utf-8", "replace"), "x.json")
        again = write_json(saved)
        assert write_json(read_json(again)) == again
        views = [*FORMATS.values(), _drawn, _beside_itself, _as_reference]
        view = views[len(data) % len(views)]
        if callable(view):
            view(saved)
        else:
            written = view.write(saved, "show", None)
            written.encode("utf-8")
            if view.module == "svg":
                ElementTree.fromstring(written)
            assert is_clean(written.replace("\r\n", "\n") if view.module == "csv" else written)


def sweeps(data: bytes) -> None:
    """A saved sweep can be shown and written, itself unchanged, or is refused in a line."""
    with refused_in_words():
        saved = read_result(_either(data, _swept).decode("utf-8", "replace"), "x.json")
        if isinstance(saved, Comparison):
            return
        again = write_sweep(saved)
        unchanged = read_result(again)
        assert not isinstance(unchanged, Comparison)
        assert write_sweep(unchanged) == again
        assert all(is_clean(curve(saved, Look(width)).plain) for width in (80, 33))
        ElementTree.fromstring(FORMATS[".svg"].write(saved, "show", None))


@cache
def _swept() -> Any:
    """A sweep of three limits, with failures; exact, so that no resampling takes its time."""
    made = plan(read_words(["request:9ms*4", "fail:5ms"], Defaults()), clock="virtual")
    with asyncio.Runner(loop_factory=lambda: new_loop(ClockName.VIRTUAL)) as runner:
        return json.loads(write_sweep(runner.run(sweep(made, Limits((1, 2, 5))))))


def _drawn(saved: Comparison) -> None:
    for width, ascii_only in ((80, False), (33, True)):
        assert is_clean(render(saved, width, ascii_only=ascii_only))
    for judgement in saved.judgements:
        judgement_line(judgement)


def _beside_itself(saved: Comparison) -> None:
    assert is_clean(render(side_by_side([("before", saved), ("after", saved)])))


def _as_reference(saved: Comparison) -> None:
    check_reference(saved, saved.tasks, saved.modes, saved.clock, "--against x.json")
    for change in compared(saved, saved, "x.json", max_slowdown=0.1).changes:
        change_line(change)


def replays(data: bytes) -> None:
    """A result or a HAR becomes tasks that theory can predict, or is refused in a line."""
    whole = _result if len(data) % 2 else lambda: HAR
    with refused_in_words(), _sent(_either(data, whole)):
        spec = read_replay("-", Defaults(max_tasks=1000))
        for mode in ("parallel", "limited=2+cancel"):
            assert predict(spec.tasks, parse_mode(mode)) is not None


def packs(data: bytes) -> None:
    """The figures of lessons can be checked and their pages drawn, or they are refused in at most eleven lines."""
    written = _either(data, lambda: LESSON, as_toml)
    if b"real" in written or b"*" in written:
        return  # to run for real, or to look through the whole machine, takes as long as it takes
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "01.toml").write_bytes(written)
        with refused_in_words():
            pack = read_pack(folder)
            assert all(map(is_clean, (listing_text(pack, {}), json.dumps(listing(pack, {})))))
            with contextlib.suppress(UsageError):
                check_pack(pack)
            _paged(pack)


def _paged(pack: Pack) -> None:
    for lesson in pack.lessons:
        for number, step in enumerate(lesson.steps, 1):
            place = pages.Place(lesson, number)
            graded = grade(step.question, None, step.question.expect)
            for width, height in ((80, 24), (21, 5)):
                for page in (
                    pages.question_page(place, width, height),
                    pages.explanation_page(place, graded, step.question.expect, (), width),
                ):
                    assert all(is_clean(line.plain) for line in screenful(page, width, height).lines)
    assert is_clean(listing_text(pack, {}))


@cache
def _core() -> Pack:
    return read_pack()


@cache
def _rights() -> dict[str, Any]:
    """The right answers to the questions of the first lesson."""
    return {step.id: right_answer(step, run_step(step)) for step in _core().lessons[0].steps}


def answers(data: bytes) -> None:
    """Answers can be graded and told of, or are refused, with all that is wrong in eleven lines."""
    lesson = _core().lessons[0]
    asked: dict[str, Step] = {step.id: step for step in lesson.steps}
    with refused_in_words(), _sent(_either(data, lambda: ANSWERS, as_toml if len(data) % 2 else as_json)):
        given = read_answers("-", asked, {step.id: step for step in _core().steps})
        answered = [
            Answered(step, grade(step.question, given.get(name), _rights()[name]), {}) for name, step in asked.items()
        ]
        assert 0 <= score(each.graded for each in answered).share <= 1
        assert is_clean(report_text(lesson, answered))
        json.dumps(report(_core(), lesson.name, answered), allow_nan=False)


def shown(data: bytes) -> None:
    """A result or a HAR that is shown, or simulated again, ends with 0, 1 or 2; all that is said is clean."""
    door = _DOORS[len(data) % len(_DOORS)]
    with _sent(_either(data, lambda: HAR if door[0] == "compare" and len(data) % 2 else _result())):
        code, out = _program(*door)
    assert code in (0, 1, 2)
    assert bool(out) == (code != 2)
    if out and "json" in door:
        json.loads(out)


_DOORS = (
    ("show", "-", "--events", "--resources"),
    ("show", "-", "--format", "json"),
    ("compare", "--from", "-", "-m", "settled", "-m", "limited=2+cancel", "--no-live", "--max-tasks", "300"),
)


def gates(data: bytes) -> None:
    """A run held against a damaged reference and any expectation ends with 0, 1, 2 or 3."""
    expectation, _, rest = data.partition(b"\n")
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(_either(rest, _result))
        file.flush()
        expected = ["--expect", expectation.decode("utf-8", "surrogateescape").replace("\0", "")] if expectation else []
        code, out = _program(
            *("compare", "soup=30ms", "fail:20ms", "b=1ms..9ms*2", "--clock", "virtual", "--no-live"),
            *(word for mode in MODES for word in ("-m", mode)),
            *("--against", file.name, "--max-slowdown", "10%", *expected),
        )
    assert code in (0, 1, 2, 3)
    assert bool(out) == (code != 2)


def _program(*arguments: str) -> tuple[int, str]:
    """The exit code and standard output of the program; what it says is clean, and says who speaks."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    assert is_clean(out.getvalue()), out.getvalue()
    assert is_clean(err.getvalue()), err.getvalue()
    assert all(line.startswith("asyncmodes: ") for line in err.getvalue().splitlines()), err.getvalue()
    return code, out.getvalue()


@contextlib.contextmanager
def _sent(data: bytes) -> Iterator[None]:
    """Let this be what standard input holds."""
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(data))
    try:
        yield
    finally:
        sys.stdin = before


def _seeds(document: Any) -> list[bytes]:
    """A whole file to begin with, and some damage."""
    return [b"\0" + as_json(document), b"\x80\0\x09\0", b"\x80\x01\x02\x03\x04\x05\x06\xff\xfe\xf0\x9f\x8d\xb2\x1b[0m"]


_RESULT = _seeds(_result())
TARGETS = {
    "results": (50_000, _RESULT),
    "sweeps": (20_000, _seeds(_swept())),
    "replays": (50_000, _RESULT + _seeds(HAR)),
    "packs": (50_000, [b"\0" + as_toml(LESSON), *_seeds(LESSON)[1:]]),
    "answers": (50_000, [b"\0" + as_toml(ANSWERS), *_seeds(ANSWERS)]),
    "shown": (10_000, _RESULT + _seeds(HAR)),
    "gates": (10_000, [b"parallel < 0.5 sequential\n" + each for each in _RESULT] + [b"\n" + _RESULT[1]]),
}
"""How many inputs each of these functions gets, beginning with and from these."""
