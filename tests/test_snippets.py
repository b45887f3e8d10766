"""Every snippet that `explain` shows does what the timeline beside it shows: run as shown, on virtual time."""

from functools import cache
from pathlib import Path

import pytest
import snippets
from snippets import DEAD, FOREVER, FULFILLED, REJECTED, Done, exit_code_of, fates, run_javascript, run_python

from asyncmodes.modes import Stop
from asyncmodes.record import Verdict
from asyncmodes.stage import play
from asyncmodes.topics import Played, load, names

SHOWN = [(name, number) for name in names() for number in range(len(load(name).scenes))]
needs_node = pytest.mark.skipif(snippets.NODE is None, reason="Node.js is not installed")


def shown_in(language: str) -> list[tuple[str, int]]:
    """The scenes whose code is shown in this language."""
    return [(name, number) for name, number in SHOWN if language in load(name).scenes[number].code]


@cache
def played(name: str, number: int) -> Played:
    """What the tool shows for this scene."""
    (each,) = play([load(name).scenes[number]])
    return each


@pytest.fixture(scope="module")
def in_node(tmp_path_factory) -> dict[tuple[str, int], Done]:
    """What the JavaScript of every scene does, from one Node process."""
    wanted = shown_in("javascript")
    codes = [(played(*each), load(each[0]).scenes[each[1]].code["javascript"]) for each in wanted]
    return dict(zip(wanted, run_javascript(codes, tmp_path_factory.mktemp("node")), strict=True))


def flat(results: object) -> list[object]:
    """A list of results, without the lists in it."""
    return [item for each in results for item in flat(each)] if isinstance(results, list | tuple) else [results]


def agrees(each: Played, done: Done) -> None:
    """The snippet did what the record says: total, outcome, errors, results, and each task's start, end and state."""
    run = each.run
    assert done.total_ms == pytest.approx(run.total_ns / 1e6, abs=1e-6)
    assert done.outcome == (FULFILLED if run.verdict is Verdict.FULFILLED else REJECTED)
    if run.verdict is Verdict.REJECTED:
        decisive = sorted(run.failures) if run.decided_by is None else [run.decided_by]
        assert sorted(done.errors) == sorted(run.tasks[index].name for index in decisive)
    elif done.results is not None and run.mode.stop is not Stop.NEVER:
        named = [task.name for task in run.tasks]
        assert flat(done.results) == [name for name in named if not name.startswith("album")]  # lists give photos
    assert_same_fates(each, done)


def assert_same_fates(each: Played, done: Done) -> None:
    """Every task started, ended and ended up as in the picture, orphans included."""
    expected = fates(each.run)
    assert {index: fate[2] for index, fate in done.fates.items()} == {i: fate[2] for i, fate in expected.items()}
    for index, fate in expected.items():
        assert done.fates[index][:2] == pytest.approx(fate[:2], abs=1e-6), each.run.tasks[index].name


def check(each: Played, language: str, done: Done) -> None:
    """The snippet did what the picture shows, and what is said of its end."""
    ends = each.scene.ends.get(language)
    if ends is None:
        agrees(each, done)
    elif "never ends" in ends:
        assert done.outcome == FOREVER
        assert done.fates.keys() == fates(each.run).keys()
    elif "exit code 1 " in ends:
        assert done.outcome == DEAD
        assert done.total_ms == each.run.total_ns / 1e6
        assert_same_fates(each, done)
    elif ends.startswith("TypeError"):
        assert (done.outcome, done.errors) == (REJECTED, ["TypeError"])
        assert f" {done.total_ms:g} ms" in ends
        assert done.total_ms == each.run.total_ns / 1e6
        assert_same_fates(each, done)
    else:
        assert (done.outcome, done.errors) == (REJECTED, ["b"])
        assert f" {done.total_ms:g} ms, 200 ms late" in ends
        assert done.total_ms == each.run.total_ns / 1e6
        assert_same_fates(each, done)


@pytest.mark.parametrize(("name", "number"), shown_in("python"))
def test_python_does_what_the_timeline_shows(name: str, number: int):
    """The Python snippet has the total, the outcome and every task's fate of the timeline beside it."""
    each = played(name, number)
    check(each, "python", run_python(each, each.scene.code["python"]))


@needs_node
@pytest.mark.parametrize(("name", "number"), shown_in("javascript"))
def test_javascript_does_what_the_timeline_shows(name: str, number: int, in_node):
    """The JavaScript snippet, in Node, has the total, the outcome and every task's fate of the timeline beside it."""
    each = played(name, number)
    check(each, "javascript", in_node[name, number])


@needs_node
def test_an_unhandled_rejection_ends_node_for_real(tmp_path: Path):
    """With real timers the wrong way ends Node with exit code 1, in spite of its try; the message names the error."""
    each = played("unhandled-rejection", 0)
    code, complaint = exit_code_of(each, each.scene.code["javascript"], tmp_path)
    assert code == 1
    assert "Error: b" in complaint


@needs_node
def test_a_nested_limiter_ends_node_with_13(tmp_path: Path):
    """With real timers Node leaves a deadlock with exit code 13, as the page says."""
    each = played("nested-limit", 0)
    code, _ = exit_code_of(each, each.scene.code["javascript"], tmp_path)
    assert code == 13
