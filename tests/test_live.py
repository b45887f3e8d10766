"""The live picture on a real pseudo-terminal: what is on the screen while tasks run, and what stays."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.text import Text

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

from asyncmodes.commands.live import LivePicture
from asyncmodes.commands.painting import Frame, Painter
from asyncmodes.commands.screen import Screen
from asyncmodes.measure import Progress
from asyncmodes.playback import at
from asyncmodes.views.picture import Look
from tests.comparisons import DISHES, MS, TROUBLE, comparison, delay
from tests.terminal import Terminal

SHOWN, HIDDEN = b"\x1b[?25h", b"\x1b[?25l"


def test_the_picture_grows_and_stays():
    """While tasks run the bars grow in place; at the end the full picture stays in the scrollback, drawn once."""
    terminal = Terminal(["compare", "rice=900ms", "sauce=500ms", "-m", "sequential", "-m", "parallel"], 90, 40)
    first = terminal.read_until(lambda text: "rice" in text and "running" in text)
    assert "1 running" in first
    assert "1 queued" in first
    terminal.read_until(lambda text: re.search("sequential   1[0-9]{3} ms", text) and "2 running" in text)
    assert terminal.finish() == 0
    assert terminal.scrollback.count("compare   2 tasks") == 1
    assert terminal.scrollback.count("mode ") == 1
    assert "running" not in terminal.scrollback
    assert "parallel was 1." in terminal.text
    assert terminal.raw.rindex(SHOWN) > terminal.raw.rindex(HIDDEN)


def test_it_never_scrolls_while_it_grows():
    """On a low screen the growing picture folds instead of scrolling; nothing of it is left above."""
    terminal = Terminal(["compare", "50ms*40", "-m", "limited=8", "-m", "settled", "-m", "limited=4"], 80, 12)
    terminal.read_until(lambda text: "running" in text)
    assert terminal.finish() == 0
    assert terminal.scrollback.count("compare   40 tasks") == 1
    assert "running" not in terminal.scrollback


@pytest.mark.parametrize("arguments", [["--no-live"], ["--quiet"]])
def test_no_live_draws_once(arguments: list[str]):
    """Without the live picture a terminal gets the final one only, with no cursor movement."""
    terminal = Terminal(["run", "100ms", *arguments])
    assert terminal.finish() == 0
    assert HIDDEN not in terminal.raw
    assert b"\x1b[1A" not in terminal.raw
    assert "parallel   1" in terminal.text


def test_a_dumb_terminal_gets_plain_text():
    """TERM=dumb means no animation and no escape sequence at all."""
    terminal = Terminal(["run", "100ms"], TERM="dumb")
    assert terminal.finish() == 0
    assert b"\x1b" not in terminal.raw


def test_no_color_keeps_the_animation_plain():
    """With NO_COLOR the picture grows all the same, without colour."""
    terminal = Terminal(["run", "1500ms"], NO_COLOR="1")
    terminal.read_until(lambda text: "1 running" in text)
    assert terminal.finish() == 0
    assert b"\x1b[3" not in terminal.raw.replace(SHOWN, b"")
    assert b"\x1b[1;3" not in terminal.raw


def test_interrupting_restores_the_terminal():
    """Ctrl-C while the picture grows leaves the partial picture, marked, and a visible cursor."""
    terminal = Terminal(["compare", "a=100ms", "b=1h"], 90, 40)
    terminal.read_until(lambda text: "1 ok" in text and "1 running" in text)
    terminal.child.sendintr()
    assert terminal.finish() == 130
    assert terminal.raw.rindex(SHOWN) > terminal.raw.rindex(HIDDEN)
    assert "interrupted" in terminal.text
    assert "cancelled" in terminal.text
    assert "running" not in terminal.text


def test_a_second_interrupt_ends_at_once():
    """Two Ctrl-C in a row end the program with a visible cursor, whatever it was doing."""
    terminal = Terminal(["compare", "a=100ms", "b=1h"], 90, 40)
    terminal.read_until(lambda text: "1 running" in text)
    terminal.child.sendintr()
    terminal.child.sendintr()
    assert terminal.finish() in (130, -2)
    assert terminal.raw.rindex(SHOWN) > terminal.raw.rindex(HIDDEN)
    assert b"Traceback" not in terminal.raw


def test_repeats_tell_how_far_they_are():
    """Without the picture a line on the terminal says which run is under way and how long is left, then goes."""
    terminal = Terminal(["compare", "150ms", "-m", "race", "-m", "any", "--runs", "3", "--warmup", "1", "--no-live"])
    terminal.read_until(lambda text: "warm-up 1 of 7: race, about 1050 ms left" in text)
    terminal.read_until(lambda text: "run 5 of 7: any, about" in text)
    assert terminal.finish() == 0
    assert "about" not in terminal.text


def test_repeats_are_told_above_the_growing_picture():
    """The growing picture says in its second line which run it is."""
    terminal = Terminal(["compare", "600ms", "-m", "race", "--runs", "3"], 80, 30)
    terminal.read_until(lambda text: "run 2 of 3: race" in text)
    assert terminal.finish() == 0
    assert "run 2 of 3" not in terminal.scrollback


def test_a_width_beyond_the_terminal_does_not_scroll_it():
    """While it grows the picture is as wide as the terminal, whatever width was asked for."""
    terminal = Terminal(["run", "1500ms", "--width", "180"], 80, 24)
    terminal.read_until(lambda text: "1 running" in text)
    assert terminal.finish() == 0
    assert "running" not in terminal.scrollback


def test_a_resized_terminal_gets_a_fitting_picture():
    """A terminal that became narrower during the run gets a final picture of its new width."""
    terminal = Terminal(["run", "1500ms"], 100, 30)
    terminal.read_until(lambda text: "1 running" in text)
    terminal.child.setwinsize(30, 70)
    terminal.screen.resize(30, 70)
    assert terminal.finish() == 0
    lines = terminal.text.splitlines()
    assert max(len(line) for line in lines) <= 70
    assert sum("flying" in line for line in lines) == 1


def test_a_program_that_is_killed_leaves_the_cursor(monkeypatch):
    """Whoever drew for it sees that it has gone, and shows the cursor to the shell that it was started from."""
    shell = ["/bin/sh", "-c", '"$@"; cat', "sh", sys.executable, "-m", "asyncmodes"]
    monkeypatch.setattr("tests.terminal.PROGRAM", shell)
    terminal = Terminal(["compare", "a=100ms", "b=1h"], 90, 40)
    terminal.read_until(lambda text: "1 running" in text)
    children = subprocess.run(["pgrep", "-P", str(terminal.child.pid)], capture_output=True, check=True)
    os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
    terminal.read_until(lambda _: terminal.raw.rfind(SHOWN) > terminal.raw.rindex(HIDDEN))
    terminal.child.sendeof()
    terminal.finish()


def test_without_a_second_process_the_picture_grows_too(monkeypatch):
    """On systems that cannot fork the program draws itself."""
    code = "import os; del os.fork; from asyncmodes.__main__ import main; raise SystemExit(main())"
    monkeypatch.setattr("tests.terminal.PROGRAM", [sys.executable, "-c", code])
    terminal = Terminal(["compare", "rice=1500ms", "sauce=1400ms", "-m", "parallel"], 90, 40)
    terminal.read_until(lambda text: "2 running" in text)
    assert terminal.finish() == 0
    assert terminal.scrollback.count("compare   2 tasks") == 1
    assert "running" not in terminal.scrollback


class Busy:
    """A clock that an interpreter busy with tasks lets advance by more than was waited for; in seconds."""

    def __init__(self, *late: float) -> None:
        self.now = 100.0
        self.late = list(late)

    def wait(self, pause: float) -> bool:
        if not self.late:
            return True
        self.now += pause + self.late.pop(0)
        return False


@pytest.mark.parametrize(
    ("late", "drawn"),
    [((0, 0, 0), 3), ((0, 0.01, 0.01, 0), 2), ((0.01,) * 5, 0), ((0.01,) * 14, 1)],
    ids=["idle", "busy for a while", "busy", "busy for more than a second"],
)
def test_frames_are_dropped_while_tasks_keep_the_interpreter_busy(late, drawn, monkeypatch):
    """A frame that would come late is not drawn, unless there was none for a second."""
    frames = []

    class Wall:
        def draw(self, frame: Frame) -> bool:
            frames.append(frame)
            return True

    picture = LivePicture(Wall())
    clock = picture._over = Busy(*late)
    monkeypatch.setattr("asyncmodes.commands.live.time", SimpleNamespace(monotonic=lambda: clock.now, thread_time=int))
    made = comparison(DISHES, ["sequential", "parallel"])
    picture.watch(Progress(made, 0, 1, False, None, lambda: made.runs[0]))
    picture._grow()
    assert len(frames) == drawn


def test_a_run_that_is_done_is_handed_over_once():
    """The first frame after it has it, the later ones do not; and no frame has the tasks."""
    frames = []

    class Wall:
        def draw(self, frame: Frame) -> bool:
            frames.append(frame)
            return True

    made = comparison(TROUBLE, ["sequential", "parallel"])
    picture = LivePicture(Wall())
    for done in (0, 1, 1, 2):
        now = Progress(replace(made, runs=made.runs[:done]), 0, 1, False, None, lambda: made.runs[1])
        picture._show(now)
    assert [len(frame.done) for frame in frames] == [0, 1, 0, 1]
    assert all(not frame.comparison.tasks and not frame.now.tasks for frame in frames)
    assert [str(failure.state) for failure in frames[0].now.failures.values()] == ["failed"]


def test_each_run_of_a_mode_is_drawn_for_itself(monkeypatch):
    """The frames of a repeat take nothing on from those of the one before, however alike they are."""
    seen = []

    def noted(_comparison, now, *_positional, **_named):
        seen.append(now)
        return Text()

    monkeypatch.setattr("asyncmodes.commands.painting.live_picture", noted)
    tasks = [delay(name, 100 * number) for number, name in enumerate("abcd", 1)]
    made = comparison(tasks, ["settled"])
    other = comparison([replace(task, work=tasks[-1].work) for task in tasks], ["settled"]).runs[0]
    painter = Painter(Screen.detect(width=None, ascii_only=False, color="never"), Look(), tasks)
    bare = replace(made, tasks=(), runs=())
    for number, run, ms in ((1, made.runs[0], 150), (1, made.runs[0], 250), (2, other, 350)):
        painter.draw(Frame(bare, (), replace(at(run, ms * MS), tasks=()), number))
    painter.erase()
    assert [(now.ended, list(now.in_order[1])) for now in seen[1:]] == [(2, [100 * MS, 200 * MS]), (0, [])]


def test_a_narrow_terminal_still_works():
    """Thirty columns show totals only, live and at the end."""
    terminal = Terminal(["compare", "200ms*2"], 30, 24)
    assert terminal.finish() == 0
    assert "limited=3" in terminal.text
    assert b"Traceback" not in terminal.raw
