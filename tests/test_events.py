"""The event view: what the loop did, in order, as lines and as lanes."""

import re

import pytest
from helpers import run
from hypothesis import given, settings
from rich.console import Console
from test_predict import MODES, TASKS
from test_process import finished

from asyncmodes.events import What, events
from asyncmodes.prediction import predict
from asyncmodes.tasks import State
from asyncmodes.views.events import event_view
from asyncmodes.views.glyphs import ASCII
from asyncmodes.views.picture import Look


def told(text: str, mode: str) -> str:
    """The events after the registrations, each as time in ms, task and what."""
    happened = run(text, mode)
    return ", ".join(
        f"{event.at_ns / 1e6:g} {'' if event.task is None else happened.tasks[event.task].name + ' '}{event.what}"
        for event in events(happened)
        if event.what is not What.REGISTERED
    )


def view(text: str, mode: str, **look) -> list[str]:
    """The lines of the view."""
    console = Console(width=250, no_color=True)
    with console.capture() as capture:
        console.print(event_view(run(text, mode), Look(**look)), soft_wrap=True)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_two_delays_on_one_loop():
    """Both start and are suspended before any time passes; the shorter one is ready first."""
    assert told("200 100", "parallel") == (
        "0 a started, 0 a suspended, 0 b started, 0 b suspended, 100 b ready, 100 b resumed, "
        "100 b ended, 200 a ready, 200 a resumed, 200 a ended, 200 caller resumes"
    )


def test_who_is_ready_at_the_same_time_is_resumed_one_by_one():
    """The loop looks at all timers that are due before it resumes the first of them."""
    assert told("100 100 50", "limited=2") == (
        "0 a started, 0 a suspended, 0 b started, 0 b suspended, 100 a ready, 100 b ready, "
        "100 a resumed, 100 a ended, 100 c started, 100 c suspended, 100 b resumed, 100 b ended, "
        "150 c ready, 150 c resumed, 150 c ended, 150 caller resumes"
    )


def test_a_block_is_never_suspended_and_makes_the_others_late():
    """A delay that is due while the loop is blocked is ready then, and resumed when the block has ended."""
    assert told("100 200# 0", "parallel") == (
        "0 a started, 0 a suspended, 0 b started, 100 a ready, 200 b ended, 200 c started, "
        "200 c suspended, 200 a resumed, 200 a ended, 200 c ready, 200 c resumed, 200 c ended, "
        "200 caller resumes"
    )


def test_a_cancelled_task_is_resumed_to_hear_of_it():
    """With +cancel the caller resumes when those that were cancelled have ended; they were never ready."""
    assert told("100! 300", "parallel+cancel") == (
        "0 a started, 0 a suspended, 0 b started, 0 b suspended, 100 a ready, 100 a resumed, "
        "100 a ended, 100 b resumed, 100 b ended, 100 a caller resumes"
    )


def test_the_caller_resumes_in_the_middle():
    """When the others go on, the caller's turn stands where it was."""
    assert told("100! 300 50", "limited=2") == (
        "0 a started, 0 a suspended, 0 b started, 0 b suspended, 100 a ready, 100 a resumed, "
        "100 a ended, 100 a caller resumes, 100 c started, 100 c suspended, 150 c ready, 150 c resumed, "
        "150 c ended, 300 b ready, 300 b resumed, 300 b ended"
    )


@given(TASKS)
@settings(max_examples=100)
def test_every_run_has_an_orderly_course(tasks):
    """Times never go back; each task has its events once and in order, as many as its state says; one caller."""
    for mode in sorted(MODES, key=str):
        happened = predict(tasks, mode)
        course = events(happened)
        assert [event.at_ns for event in course] == sorted(event.at_ns for event in course)
        assert sum(event.what is What.CALLER for event in course) == 1
        order = list(What)
        for index, task in enumerate(tasks):
            own = [event.what for event in course if event.task == index and event.what is not What.CALLER]
            assert own == sorted(own, key=order.index)
            assert len(own) == len(set(own))
            state = happened.state(index)
            expected = {What.REGISTERED}
            if state is not State.SKIPPED:
                expected |= {What.STARTED, What.ENDED}
                if not task.work.blocking:
                    expected |= {What.SUSPENDED, What.RESUMED}
                    expected |= {What.READY} & set(own) if state is State.CANCELLED else {What.READY}
            assert set(own) == expected


def test_the_lanes_and_the_lines():
    """One loop lane over the waiting lanes, then every event with its time said once."""
    assert view("100 60# 30!", "parallel", width=72) == [
        "events of parallel",
        "",
        "       0          20         40         60         80         100 ms",
        "       ┬──────────┬──────────┬──────────┬──────────┬──────────",
        "loop   ██████████████████████████████████               █    █",
        "a      █─────────────────────────────────────────────────────█ orphan",
        "b      █████████████████████████████████                       ok, lost",
        "c      ·································█───────────────█      failed",
        "",
        "█ the loop runs it, if only for an instant",
        "─ suspended: it waits, and the loop is free   · not started yet",
        "",
        "  0 ms  a       registered",
        "        b       registered",
        "        c       registered",
        "        a       started",
        "        a       suspended: the loop is free",
        "        b       started",
        " 60 ms  b       ended: ok, lost",
        "        c       started",
        "        c       suspended: the loop is free",
        " 90 ms  c       ready",
        "        c       resumed",
        "        c       ended: failed",
        "                caller resumes: the error of c",
        "100 ms  a       ready",
        "        a       resumed",
        "        a       ended: orphan",
        "",
        "in Node the times are the same, and the order within an instant is",
        "another: what awaits a settled promise goes on as a microtask, before",
        "the next timer is looked at; in asyncio it waits for the next turn of",
        "the loop",
    ]


def test_the_view_in_ascii():
    """In ASCII, too, each of the four conditions has a character of its own."""
    assert view("30 60# 10", "limited=2", width=60, glyphs=ASCII)[:11] == [
        "events of limited=2",
        "",
        "       0           20           40          60 ms",
        "       +-----------+------------+-----------+-----",
        "loop   ======================================    =",
        "a      =-----------------::::::::::::::::::=       ok",
        "b      =====================================       ok",
        "c      .....................................=----= ok",
        "",
        "= the loop runs it, if only for an instant",
        "- suspended: it waits, and the loop is free",
    ]


@pytest.mark.parametrize("width", range(20, 161, 20))
def test_no_line_is_wider_than_asked_for(width):
    """From 20 to 160 columns; below 60 the lines alone."""
    lines = view("100 60# 30! 0", "limited=2", width=width)
    assert max(map(len, lines)) <= width
    assert any(line.startswith("loop") for line in lines) == (width >= 60)


def test_too_many_are_refused():
    """More than fifty tasks are a usage error that says so, before anything runs."""
    assert finished("run", "1h*51", "--events") == (
        2,
        "",
        "asyncmodes: error: --events: 51 tasks are too many to follow; give at most 50, or leave out --events\n",
    )


def test_files_are_followed_as_far_as_the_record_goes():
    """Of a file it is known when it started and ended, and the view says so."""
    code, out, err = finished("run", "pyproject.toml", "--events", "--quiet")
    assert (code, err) == (0, "")
    assert re.search(r"pyproject.toml  suspended, again and again\n", out)
    assert "the record holds\nwhen they started and ended" in out
    assert "  ready" not in out


def test_delays_in_the_command():
    """The view follows the picture."""
    code, out, _ = finished("run", "20ms", "10ms", "--clock", "virtual", "--events")
    assert code == 0
    assert out.index("parallel took") < out.index("events of parallel") < out.index("in Node")
