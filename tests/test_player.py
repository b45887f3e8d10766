"""`learn` on a real pseudo-terminal: questions, keys while a run is played, resizing, and every way out of it."""

import json
import os
import re
import signal
import subprocess
import sys
import termios

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

from asyncmodes.commands.program import main
from asyncmodes.commands.signals import STUCK
from tests.terminal import PROGRAM, Terminal

SHOWN, HIDDEN = b"\x1b[?25h", b"\x1b[?25l"
CONTROL_C = "\x03"
RIGHT, LEFT, UP, DOWN = "\x1b[C", "\x1b[D", "\x1b[A", "\x1b[B"
COLOR = re.compile(rb"\x1b\[[0-9;]*3[0-9]m")


class Learner(Terminal):
    """Somebody at a terminal, whose progress is kept in `state`; waits for what is on the screen before each key."""

    def __init__(self, state, *arguments: str, columns: int = 80, lines: int = 24, **options) -> None:
        super().__init__([*arguments], columns, lines, XDG_STATE_HOME=str(state), **options)
        self.modes = termios.tcgetattr(self.child.child_fd)

    def sees(self, *words: str) -> str:
        """Wait until all of these are on the screen, with the keys at its end."""
        return self.read_until(lambda text: all(word in text for word in (*words, "quit")))

    def press(self, keys: str) -> None:
        """Press these keys."""
        self.child.send(keys)

    def answer(self, text: str, sure: str = "2") -> None:
        """Answer the question that is on the screen, and say how sure."""
        self.sees("Your answer")
        self.press(f"{text}\r")
        self.sees("How sure:")
        self.press(f"{sure}\r")

    def status(self, *words: str) -> str:
        """The line above the keys that says where the playback is, once it has all of these words."""
        text = self.read_until(lambda text: all(word in _status(text) for word in words))
        return _status(text)

    def resize(self, columns: int, lines: int) -> None:
        """Another size, for the program and for what looks at its screen."""
        self.screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def leaves_in_order(self) -> int:
        """Read to the end: the terminal must be as it was, its cursor visible; the exit code."""
        descriptor = os.dup(self.child.child_fd)
        try:
            code = self.finish()
            assert termios.tcgetattr(descriptor) == self.modes
        finally:
            os.close(descriptor)
        assert HIDDEN not in self.raw or self.raw.rindex(SHOWN) > self.raw.rindex(HIDDEN)
        assert self.raw.count(b"\x1b[?1049h") == self.raw.count(b"\x1b[?1049l")
        return code


def _status(text: str) -> str:
    return next((line for line in text.splitlines() if line.startswith(("playing", "paused", "over,"))), "")


def grades(state) -> dict[str, str]:
    """What is kept of the answers."""
    return json.loads((state / "asyncmodes" / "progress.json").read_text())["grades"]


def test_spaces_do_not_keep_the_letters_from_being_commands(tmp_path):
    """Nothing is typed yet that could be an answer: q leaves, and backspace takes the spaces back first."""
    learner = Learner(tmp_path, "learn", "S3")
    learner.sees("Your answer")
    learner.press("  \x7f\x7f1000\r")
    learner.sees("You say: 1000 ms", "How sure:")
    learner.press(" q")
    assert learner.leaves_in_order() == 0


def test_a_question_from_first_sight_to_score(tmp_path):
    """Bad answers ask again with a hint, the run is played with the prediction on its axis, and all of it stays."""
    learner = Learner(tmp_path, "learn", "S3")
    first = learner.sees("Your answer (ms):", "Promise.all", "asyncio.gather", "rice 400ms")
    assert "400 ms" not in first
    for typed, told in (("", "a guess is fine"), ("soon", "That is no number"), ("99999999", "It is between")):
        learner.press(f"{typed}\r")
        learner.sees(told)
    learner.press("h")
    learner.sees("Which one ends last?")
    learner.press("1009\x7f0\r")
    learner.sees("You say: 1000 ms", "How sure:")
    learner.press("9\r")
    learner.sees("Write 1 (a guess)")
    learner.press("\x7f")
    learner.sees("Your answer")
    learner.answer("1000")
    learner.status("playing")
    learner.press(RIGHT * 2)
    learner.status("paused at")
    learner.press("\r")
    over = learner.sees("over,", "you said 1000 ms", "it took 400 ms", "sequential   1000 ms")
    assert "rice   ████" in over
    learner.press("\r")
    learner.sees("Not so. You said 1000 ms, it took 400 ms.", "Many believe: Four times", "replay")
    learner.press("r")
    learner.status("playing")
    learner.press("\r\r")
    learner.sees("replay")
    learner.press("\r")
    learner.sees("your score", "Score 0%: 0 right, 0 near, 1 wrong.")
    learner.press("q")
    assert learner.leaves_in_order() == 0
    assert "Not so. You said 1000 ms, it took 400 ms." in learner.scrollback
    assert grades(tmp_path) == {"core/S3": "wrong"}


def test_keys_are_answered_while_it_plays(tmp_path):
    """Space freezes the run, arrows step through its events both ways, plus and minus change the speed."""
    learner = Learner(tmp_path, "learn", "S2", "--slow", "1000")
    learner.answer("1000")
    assert learner.status("playing").endswith("1000x slower")
    learner.press("+")
    learner.status("playing", "500x slower")
    learner.press(" ")
    frozen = learner.status("paused").split(",")[0]
    learner.press("-")
    assert learner.status("1000x slower").split(",")[0] == frozen
    for key, place in ((RIGHT, "400 ms"), (RIGHT, "600 ms"), (LEFT, "400 ms"), (LEFT, "0 ms"), (RIGHT * 4, "over")):
        learner.press(key)
        learner.status(place)
    learner.press(LEFT)
    learner.status("paused at 900 ms")
    assert "salad" in learner.text
    learner.press("h")
    learner.sees("Add up the four times.")
    learner.press(" \x1b[99~\x01")  # goes on; what is no key of ours changes nothing
    learner.status("playing at 9")
    learner.press("q")
    assert learner.leaves_in_order() == 0
    assert grades(tmp_path) == {"core/S2": "right"}


def test_step_begins_paused_and_totals_can_be_hidden(tmp_path):
    """With --step nothing moves by itself, and with --hide-totals no figure is told before the end."""
    learner = Learner(tmp_path, "learn", "S2", "--step", "--hide-totals", "--big", "--ascii")
    learner.answer("800")
    learner.status("paused")
    assert learner.text.isascii()
    learner.press(RIGHT)
    shown = learner.sees("1 ok")
    assert "sequential   1 ok" in shown
    assert "at 400" not in shown
    assert b"\x1b[0;2m" not in learner.raw
    learner.press("\r\r")
    learner.sees("Not so. You said 800 ms, it took 1000 ms.")
    learner.press("q")
    assert learner.leaves_in_order() == 0


def test_another_size_in_the_middle(tmp_path):
    """A resize draws the page anew for the new size, at a question and while a run is played."""
    learner = Learner(tmp_path, "learn", "S2", "--step")
    learner.sees("Your answer")
    learner.press("10")
    learner.read_until(lambda text: "Your answer (ms): 10" in text)
    learner.resize(60, 20)
    learner.read_until(lambda text: text.splitlines()[-1:] == ["enter answer   h hint   l list   q quit"])
    assert "Your answer (ms): 10" in learner.text
    learner.press("00\r")
    learner.sees("How sure:")
    learner.press("1\r")
    learner.status("paused at 0 ms")
    learner.resize(120, 30)
    learner.read_until(lambda text: len(text.splitlines()[-1]) > 60 and "peak 1" in text)
    assert len(learner.text.splitlines()) == 30
    assert max(map(len, learner.text.splitlines())) <= 100
    learner.press("q")
    assert learner.leaves_in_order() == 0


@pytest.mark.parametrize(
    ("leave", "code", "playing"),
    [
        ("q", 0, False),
        ("\x04", 0, False),
        ("\x04", 0, True),
        (CONTROL_C, 130, True),
        (signal.SIGTERM, 143, True),
        (signal.SIGHUP, -signal.SIGHUP, False),
    ],
    ids=["q", "end of input", "end of input while playing", "Ctrl-C", "SIGTERM", "SIGHUP"],
)
def test_every_way_out_leaves_the_terminal_in_order(tmp_path, leave, code, playing):
    """However a lesson is left, the terminal has its modes and its cursor again, and what was answered is kept."""
    learner = Learner(tmp_path, "learn", "S2")
    learner.sees("Your answer")
    if playing:
        learner.answer("1000")
        learner.status("playing")
    if isinstance(leave, str):
        learner.press(leave)
    else:
        os.kill(learner.child.pid, leave)
    assert learner.leaves_in_order() == code
    assert not playing or grades(tmp_path) == {"core/S2": "right"}
    if playing and code >= 0:
        assert "Right. You said 1000 ms, it took 1000 ms." in learner.scrollback


def test_stopped_and_continued(tmp_path):
    """Ctrl-Z gives the shell its terminal in order; when the lesson goes on, it draws its page and takes keys again."""
    shell = ["bash", "--norc", "-c", 'set -m; "$@"; echo stopped; read -r; fg; exit $?', "bash", *PROGRAM]
    learner = Learner(tmp_path, "learn", "S2", program=shell)
    learner.sees("Your answer")
    learner.press("\x1a")
    learner.read_until(lambda text: "stopped" in text and "Your answer" not in text)
    assert (
        termios.tcgetattr(learner.child.child_fd)[3] & (termios.ICANON | termios.ECHO) == termios.ICANON | termios.ECHO
    )
    learner.press("\r")
    learner.answer("1000")
    learner.status("playing")
    learner.press("q")
    assert learner.leaves_in_order() == 0


def test_the_list_is_the_opening_screen(tmp_path):
    """Without a name one chooses from the list, by arrow or number; l comes back to it, and it knows the progress."""
    learner = Learner(tmp_path, "learn")
    text = learner.sees(">  1  dinner", " 2  heartbeat")
    assert "answered" not in text
    learner.press(DOWN)
    learner.sees(">  2  heartbeat")
    learner.press(UP + "10")
    learner.sees("> 10")
    learner.press("1\r")
    learner.answer("1000")
    learner.status("playing")
    learner.press("l")
    learner.sees(">  1  dinner", "1 of 3 answered")
    learner.press("\x04")
    assert learner.leaves_in_order() == 0


def test_a_choice_is_made_by_letter(tmp_path):
    """Choices have letters; a letter that is none asks again."""
    learner = Learner(tmp_path, "learn", "S3b", NO_COLOR="1")
    learner.sees("a  b, c, a: as they end")
    learner.press("z\r")
    learner.sees("That is none of the answers.")
    learner.answer("b", "3")
    learner.status("playing")
    learner.press("\r\r")
    learner.sees("Right. You said 'a, b, c: as they were given'")
    learner.press("q")
    assert learner.leaves_in_order() == 0
    assert not COLOR.search(learner.raw)


def test_a_dumb_terminal_gets_lines(tmp_path):
    """Where pages cannot be drawn a lesson is plain lines, without a single escape sequence."""
    learner = Learner(tmp_path, "learn", "S3", TERM="dumb")
    learner.press("soon\rh\r1000\r2\r")
    learner.read_until(lambda text: "r replay" in text)
    for said in ("That is no number.", "Which one ends last?", "How sure:", "it took 400 ms", "flying 444"):
        assert said in learner.scrollback
    learner.press("\r")
    learner.read_until(lambda text: "Score 0%" in text)
    learner.press("\x04")
    assert learner.leaves_in_order() == 0
    assert b"\x1b" not in learner.raw


def test_for_real_the_picture_grows_and_proves_it(tmp_path):
    """With --real the run takes its time, is shown meanwhile, and ends near what theory says."""
    learner = Learner(tmp_path, "learn", "S3", "--real")
    learner.answer("400")
    learner.read_until(lambda text: "real clock" in text and "running" in text and "q quit" in text)
    learner.sees("over,", "you said 400 ms", "it took ")
    learner.press("\r")
    assert re.search("Right. You said 400 ms, it took [4-9][0-9]{2} ms", learner.sees("Right."))
    learner.press("q")
    assert learner.leaves_in_order() == 0


@pytest.mark.parametrize(("leave", "code"), [("q", 0), (CONTROL_C, 130)], ids=["q", "Ctrl-C"])
def test_a_run_for_real_can_be_left(tmp_path, leave, code):
    """A key that leaves cancels a run that would go on for an hour."""
    (tmp_path / "1.toml").write_text(HOUR)
    learner = Learner(tmp_path, "learn", "--pack", str(tmp_path), "hour", "--real")
    learner.answer("1")
    learner.read_until(lambda text: "1 running" in text)
    learner.press(leave)
    assert learner.leaves_in_order() == code


HOUR = """
name = "hour"
title = "An hour"
summary = "Too long"
[[steps]]
id = "long"
title = "Too long"
explanation = "It is."
[steps.question]
ask = "How long?"
unit = "ms"
figure = "parallel.total_ms"
expect = 3600000
most = 9999999
[[steps.experiments]]
tasks = [{name = "nap", delay = "1h"}]
modes = ["parallel"]
"""


def test_the_second_signal_leaves_a_run_that_cannot_be_cancelled(tmp_path):
    """Blocking work holds the event loop; who is told so and presses Ctrl-C again has the terminal as it was."""
    (tmp_path / "tea.toml").write_text("""
name = "tea"
title = "A cup of tea"
summary = "Water and leaves"
[[steps]]
id = "stuck"
title = "Somebody stands at the stove"
explanation = "Nothing else gets done."
[steps.question]
ask = "How long?"
unit = "ms"
figure = "parallel.total_ms"
expect = 900_000
[[steps.experiments]]
tasks = [{name = "kettle", block = "15m"}]
modes = ["parallel"]
""")
    learner = Learner(tmp_path, "learn", "--pack", str(tmp_path), "tea", "--real")
    learner.answer("15m")
    learner.read_until(lambda text: "running" in text)
    learner.press(CONTROL_C)
    learner.read_until(lambda text: STUCK in text)
    learner.press(CONTROL_C)
    assert learner.leaves_in_order() == 130


def test_compare_plays_back_what_it_recorded(tmp_path):
    """With --step a comparison is gone through event by event; then its picture stays as ever."""
    learner = Learner(tmp_path, "compare", "--clock", "virtual", "--step", lines=40)
    learner.status("paused at 0 ms")
    learner.press(RIGHT + "l")  # there is no list here
    learner.status("paused at 100 ms")
    learner.press("q")
    assert learner.leaves_in_order() == 0
    assert "parallel" in learner.scrollback
    assert "2.50 times faster" in learner.scrollback


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["compare", "1ms", "--slow", "5"], "--slow: runs are played back on a terminal, and this is none"),
        (["run", "1ms", "--step", "--format", "json"], "--step: --format json is not for people"),
        (["compare", "1ms", "--slow", "0"], "--slow: 0 is out of range; write 0.01 to 1000, such as 5"),
        (["learn", "--slow", "-1"], "--slow: -1 is out of range"),
    ],
)
def test_what_cannot_be_played_back_is_said_before_anything_runs(arguments, told, capsys):
    """No terminal, no people, no such speed: a usage error in one line."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, told in printed.err) == ("", True)


def test_a_lesson_opens_without_heavy_modules():
    """Up to the first question nothing is loaded that only other commands, or the run itself, need."""
    heavy = {
        "typer",
        "pydantic",
        "asyncio",
        "aiohttp",
        "rich.console",
        "asyncmodes.measure",
        "asyncmodes.views.picture",
    }
    code = (
        "import sys; from asyncmodes.commands import lesson_flow, paging, terminal; "
        "from asyncmodes.lessons.pack import read_pack; from asyncmodes.lessons.pages import *; "
        "question_page(Place(read_pack().find('dinner'), 1), 80, 24); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(done.stdout.split())


def test_a_lesson_with_requests_is_refused_before_its_first_question(tmp_path):
    """What asks servers is played only with --real; that is said at once, on a terminal in order."""
    (tmp_path / "1.toml").write_text(HOUR.replace('delay = "1h"', 'url = "http://127.0.0.1:9/"'))
    learner = Learner(tmp_path, "learn", "--pack", str(tmp_path), "hour")
    assert learner.leaves_in_order() == 2
    assert "add --real" in learner.text.replace("\n", "")
