"""The command `explain`: the pages as people see them, at every width, and what scripts get."""

import json
import subprocess
import sys
from functools import cache

import pytest
from rich.cells import cell_len
from rich.text import Text
from test_cli import Call, call

from asyncmodes.stage import play
from asyncmodes.topics import LANGUAGES, Played, load, names
from asyncmodes.views.explanation import contents, page
from asyncmodes.views.glyphs import ASCII, UNICODE
from asyncmodes.views.picture import Look

__all__ = ["call"]  # the fixture that calls the program in this process

WIDTHS = (20, 21, 33, 40, 59, 60, 61, 79, 80, 97, 98, 99, 100, 120, 160, 200)
PAGE = """\
await-in-loop   await in a loop runs one task at a time

The loop reads as if it started many things, but each await stops it until that
task has ended: the total is the sum. Start all tasks first, then wait for all
of them together.

In the code, tasks is a list of functions that begin one task each.

Python, wrong
  results = []
  for task in tasks:
      # the loop stands still here
      results.append(await task())

Python, right
  running = [task() for task in tasks]
  results = await asyncio.gather(*running)

What happens   virtual clock: simulated, exact

       0           200          400         600          800         1000 ms
       ┬───────────┬────────────┬───────────┬────────────┬───────────
wrong: sequential   1000 ms   peak 1   4 ok
rice   █████████████████████████                                      400 ms  ok
sauce  ·························████████████                          200 ms  ok
salad  ·····································███████████████████       300 ms  ok
bread  ························································██████ 100 ms  ok
flying 11111111111111111111111111111111111111111111111111111111111111 peak 1

right: parallel   400 ms   peak 4   4 ok
rice   █████████████████████████                                      400 ms  ok
sauce  ████████████                                                   200 ms  ok
salad  ███████████████████                                            300 ms  ok
bread  ██████                                                         100 ms  ok
flying 4444444333333222222111111                                      peak 4

· waiting

When a task fails
In the loop, the tasks after the failed one never start. Together, all have
started: the first error comes early, and the others run on.

Fine when
Each round needs the one before, or one at a time is the point.

Trouble when
The rounds are independent. For many of them use limited, so that all at once is
not too much.

See also: sequential, parallel, gather-await, unhandled-rejection
"""
SIDE_BY_SIDE = """\
JavaScript, wrong                                  JavaScript, right
  const results = [];                                const running = tasks.map((task) => task());
  for (const task of tasks) {                        const results = await Promise.all(running);
    // the loop stands still here
    results.push(await task());
  }
"""


@cache
def played(name: str) -> list[Played]:
    """The scenes of a topic, played once for all these tests."""
    return play(load(name).scenes)


def drawn(name: str, width: int, glyphs=UNICODE) -> str:
    """A topic's page without colour, as text."""
    look = Look(width, glyphs, None, "explain")
    return page(load(name), played(name), tuple(LANGUAGES), look, lambda code, _: Text(code)).plain


def test_a_page_is_what_a_teacher_would_show(call: Call):
    """What it is, wrong and right code, both timelines on one axis, failure, when, when not, what else to read."""
    result = call("explain", "await-in-loop", "--lang", "python", "--width", "80")
    assert (result.code, result.out, result.err) == (0, PAGE, "")


def test_wrong_and_right_stand_side_by_side_where_there_is_room():
    """At 100 columns the two are beside each other, in every pitfall that has one of each; at 80 below each other."""
    assert SIDE_BY_SIDE in drawn("await-in-loop", 100)
    for name in names():
        for language, title in LANGUAGES.items():
            pair = [scene for scene in load(name).scenes if scene.verdict and language in scene.code]
            heads = [line for line in drawn(name, 100).splitlines() if line.startswith(f"{title}, ")]
            assert len(heads) == (1 if len(pair) == 2 else len(pair)), (name, heads)
            assert f"{title}, wrong  " not in drawn(name, 80)


@pytest.mark.parametrize("name", names())
def test_every_page_fits_every_width(name: str):
    """No line is wider than asked for or ends in blanks, and from 80 columns on all of the code is there unbroken."""
    for width in WIDTHS:
        text = drawn(name, width)
        assert max(map(cell_len, text.splitlines())) <= width
        assert all(line == line.rstrip() for line in text.splitlines())
        if width >= 80:
            for scene in load(name).scenes:
                for code in scene.code.values():
                    assert all(line in text for line in code.splitlines())


@pytest.mark.parametrize("name", names())
def test_every_page_can_be_drawn_in_ascii(name: str):
    """With ASCII glyphs nothing else is left on the page."""
    assert drawn(name, 80, ASCII).isascii()
    assert drawn(name, 30, ASCII).isascii()


@pytest.mark.parametrize("name", names())
def test_every_page_names_the_clock_and_its_scenes(name: str):
    """The page says that figures are simulated, labels every scene, and has no timeline below 60 columns."""
    text = drawn(name, 200)
    assert "virtual clock: simulated, exact" in text
    for scene in load(name).scenes:
        assert f"\n{scene.label}   " in text
    assert "flying" in drawn(name, 60)
    assert "flying" not in drawn(name, 59)


def test_the_contents_list_every_topic_in_its_group(call: Call):
    """`explain` alone lists all topics, a line each at 80 columns."""
    result = call("explain", "--width", "80")
    assert result.code == 0
    lines = result.out.splitlines()
    groups = [lines.index(title) for title in ("Modes", "Modifiers", "Pitfalls, wrong and right")]
    assert groups == sorted(groups)
    for name in names():
        assert f"  {name:<19}  {load(name).summary}" in lines


def test_the_contents_fit_every_width():
    """The list of topics never is wider than asked for, and is ASCII."""
    topics = [load(name) for name in names()]
    for width in range(20, 201):
        text = contents(topics, Look(width)).plain
        assert max(map(cell_len, text.splitlines())) <= width
        assert text.isascii()


def test_one_language_shows_only_what_concerns_it(call: Call):
    """With one language there is no code of the other, and no scene that exists only there."""
    javascript = call("explain", "unhandled-rejection", "--lang", "js", "--width", "80").out
    assert "JavaScript, wrong" in javascript
    assert "Python, wrong" not in javascript
    assert "wrong, Python" not in javascript
    python = call("explain", "unhandled-rejection", "--lang", "python", "--width", "80").out
    assert "Node dies" not in python
    assert "raised at 400 ms" in python


def test_code_is_coloured_where_there_is_colour(call: Call):
    """With colour the code is highlighted; without, there is not one escape sequence, and the text is the same."""
    colored = call("explain", "parallel", "--color", "always", "--width", "80").out
    plain = call("explain", "parallel", "--width", "80").out
    assert "\x1b[" in next(line for line in colored.splitlines() if "Promise" in line and "tasks" in line)
    assert "\x1b" not in plain
    assert Text.from_ansi(colored).plain.rstrip() == plain.rstrip()


@pytest.mark.parametrize(
    ("arguments", "where", "remedy"),
    [
        (("paralel",), "explain: there is no topic 'paralel'", "did you mean parallel?"),
        (("parallel", "--lang", "perl"), "--lang: there is no 'perl'", "js or python or both"),
        (("parallel", "--format", "yaml"), "--format: there is no 'yaml'", "table or json"),
        (("parallel", "--width", "10"), "--width: 10 is out of range", "20 to 200"),
        (("parallel", "--color", "red"), "--color: there is no 'red'", "auto, always or never"),
        (("parallel", "race"), "asyncmodes explain", "--help"),
    ],
)
def test_bad_input_is_refused_in_one_line(call: Call, arguments, where: str, remedy: str):
    """What is wrong is said in one line with the remedy, with exit code 2 and nothing on standard output."""
    result = call("explain", *arguments)
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1
    assert where in result.err
    assert remedy in result.err


def test_json_has_the_contents(call: Call):
    """Without a topic the JSON lists all of them."""
    document = json.loads(call("explain", "--format", "json").out)
    assert document["schema_version"] == 1
    assert [topic["name"] for topic in document["topics"]] == list(names())
    assert "TaskGroup" in next(t["aliases"] for t in document["topics"] if t["name"] == "+cancel")


def test_json_has_the_topic_and_its_runs(call: Call):
    """A topic's JSON has its texts, its code in the language asked for, and each scene with its run in seconds."""
    document = json.loads(call("explain", "batches", "--format", "json", "--lang", "js").out)
    assert (document["name"], document["group"], set(document["code"])) == ("batches", "pitfalls", {"javascript"})
    assert [(scene["verdict"], scene["mode"]) for scene in document["scenes"]] == [
        ("wrong", "batched=2"),
        ("right", "limited=2"),
    ]
    assert [scene["run"]["total_s"] for scene in document["scenes"]] == [0.7, 0.5]
    assert [task["name"] for task in document["scenes"][0]["run"]["tasks"]] == ["rice", "sauce", "salad", "bread"]
    stuck = json.loads(call("explain", "nested-limit", "--format", "json").out)["scenes"][0]
    assert stuck["interrupted"] is True
    assert stuck["ends"]["python"] == "it never ends"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_leaves_ends_it_silently():
    """`| head -1` of a long page ends with 141 and not a word."""
    command = f"{sys.executable} -m asyncmodes explain --format json; echo $? >&2"
    done = subprocess.run(
        ["bash", "-c", f"({command}) | true"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == "141\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pexpect needs a POSIX terminal")
def test_in_a_terminal_the_page_is_coloured_and_stays():
    """On a real terminal of 80 x 24 the page is as wide as that, coloured, and all of it stays in the scrollback."""
    from terminal import Terminal

    terminal = Terminal(["explain", "await-in-loop", "--lang", "python"])
    assert terminal.finish() == 0
    assert b"\x1b[" in terminal.raw
    assert terminal.scrollback.rstrip() == PAGE.rstrip()
