"""Signals at random moments of every phase; and what each of them means where it comes."""

import asyncio
import errno
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

import termios

from asyncmodes.commands import exits
from asyncmodes.commands import signals as our_signals
from asyncmodes.commands.exits import Terminated
from asyncmodes.commands.lesson_flow import Flow, Wishes
from asyncmodes.commands.signals import STUCK, Phase, Signals
from asyncmodes.lessons import progress
from asyncmodes.lessons.pack import read_pack
from asyncmodes.lessons.progress import Progress
from tests.interrupting import all_of
from tests.moments import moments, surroundings
from tests.terminal import PROGRAM, as_a_shell_would
from tests.test_process import started

SEED = 5


def press(number: int = signal.SIGINT) -> None:
    """Send this process a signal, and let its handler run."""
    os.kill(os.getpid(), number)
    time.sleep(0)


def test_signals_at_random_moments_leave_nothing_behind():
    """In every phase: the right exit code, the terminal as before, no process, no temporary file, whole exports."""
    with surroundings() as listed:  # hundreds of moments are for `make signals`
        outcomes = all_of(moments(len(listed), SEED, listed))
    assert len({outcome.moment.phase.name for outcome in outcomes}) == len(listed)
    assert not [str(outcome) for outcome in outcomes if outcome.wrong]


def test_an_interruption_before_signals_have_their_ways_leaves_no_traceback():
    """Wherever it comes between the first line of the program and the one that says what signals do."""
    program = """\
import sys
from asyncmodes.__main__ import main

def interrupt(frame, event, argument):
    global steps
    if frame.f_code is not main.__code__:
        return None
    if steps == 0 or frame.f_locals.get("caught"):
        sys.settrace(None)
        raise KeyboardInterrupt if steps == 0 else SystemExit(7)
    steps -= 1
    return interrupt

steps = int(sys.argv.pop())
sys.settrace(interrupt)
main()
"""
    ends = []
    while 7 not in ends:
        ran = subprocess.run(
            [sys.executable, "-c", program, "compare", str(len(ends))], check=False, capture_output=True, text=True
        )
        assert not ran.stderr
        ends.append(ran.returncode)
    assert ends == [130] * (len(ends) - 1) + [7]
    assert len(ends) > 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("within", ["with suppress(OSError):", "with Signals():"])
def test_a_signal_while_a_module_is_loaded_is_not_lost(tmp_path: Path, number: int, within: str):
    """Even where that module, or the one that loads it, ignores whatever is raised."""
    (tmp_path / "deaf.py").write_text(f"""\
import os
try:
    os.kill(os.getpid(), {int(number)})
    list(map(str, range(9)))
except BaseException:
    pass
""")
    program = f"""\
from contextlib import suppress
from asyncmodes.commands.exits import exit_code
from asyncmodes.commands.signals import Signals

def load():
    {within}
        import deaf
    return 5

raise SystemExit(exit_code(load))
"""
    ran = subprocess.run([sys.executable, "-c", program], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (128 + number, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "command",
    [("learn", "--check"), ("learn", "S3", "--answers", "answers.json"), ("explain", "parallel")],
    ids=" ".join,
)
def test_a_signal_within_the_event_loop_leaves_nothing_half_done(tmp_path: Path, number: int, command: tuple[str, ...]):
    """As when a worker has been made and has not begun: Python would complain that nobody awaits it."""
    program = f"""\
import os, signal, sys
from asyncmodes.__main__ import main
from asyncmodes.executor import Execution

signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs these tests in the background has it ignored
work = Execution._work

def pressed(execution, number):
    Execution._work = work
    return work(execution, number), os.kill(os.getpid(), {int(number)})

Execution._work = lambda *worker: pressed(*worker)[0]
sys.argv[1:] = {[*command]}
sys.exit(main())
"""
    (tmp_path / "answers.json").write_text("{}")
    ran = subprocess.run([sys.executable, "-c", program], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (128 + number, "", "")


@contextmanager
def on_a_terminal(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """The program with a picture that grows on a terminal: the process, and both ends of the terminal."""
    ours, theirs = os.openpty()
    try:
        termios.tcsetwinsize(theirs, (40, 90))
        child = subprocess.Popen(
            [*PROGRAM, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
            preexec_fn=as_a_shell_would,  # noqa: PLW1509  # no other thread runs
        )  # fmt: skip
        try:
            seen = b""
            while b"running" not in seen:
                seen += os.read(ours, 65536)
            yield child, ours, theirs
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_the_program_where_its_terminal_takes_nothing(number: int):
    """As after Ctrl-S: the process that draws waits for the terminal, and is not left behind either."""
    with on_a_terminal("compare", "1h", "-m", "parallel") as (child, _, theirs):
        termios.tcflow(theirs, termios.TCOOFF)
        time.sleep(0.3)  # a few frames: the picture cannot be drawn any more
        child.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(0.5)  # longer than what counts as the same key press
        child.send_signal(number)
        assert child.wait(20) == 128 + number
        until(lambda: not group_members(child.pid))


def test_a_quit_signal_to_all_shows_the_cursor():
    """The process that draws outlives the one that it draws for, and leaves the terminal as it was."""
    with on_a_terminal("compare", "1h", "-m", "parallel") as (child, ours, _):
        os.killpg(child.pid, signal.SIGQUIT)
        assert child.wait(20) == -signal.SIGQUIT
        seen = b""
        while b"\x1b[?25h" not in seen:
            assert select.select([ours], [], [], 20)[0], "the cursor stays hidden"
            seen += os.read(ours, 65536)


def group_members(group: int) -> bool:
    """Whether there is any process in this group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def until(is_true: Callable[[], bool]) -> None:
    """Wait for it, at most as long as only broken code takes."""
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "there is not enough memory; give fewer tasks, or keep none: --no-tasks --format json"),
        (
            OSError(errno.EMFILE, "Too many open files"),
            "no more files or sockets may be open; raise the limit, such as ulimit -n 1024",
        ),
    ],
)
def test_what_the_machine_lacks_is_no_bug_to_report(capsys, error: Exception, said: str):
    """It is named, with what to do."""

    def fail() -> int:
        raise error

    assert exits.exit_code(fail) == exits.BUG
    assert capsys.readouterr().err == f"asyncmodes: error: {said}\n"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1])
def test_a_deadly_signal_while_a_file_is_written_leaves_it_whole(tmp_path: Path, number: int):
    """It ends the program when the file stands in its place, and there is no temporary one."""
    program = f"""\
import os, signal
from asyncmodes.commands.exporting import Export

signal.signal({int(number)}, signal.SIG_DFL)  # who runs these tests in the background may have had it ignored
os.fsync = lambda _: os.kill(os.getpid(), {int(number)})
Export("x.json", []).save("new")
"""
    (tmp_path / "x.json").write_text("old")
    ran = subprocess.run([sys.executable, "-c", program], check=False, cwd=tmp_path, capture_output=True)
    assert ran.returncode == -number, ran.stderr
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir() if "core" not in path.name] == [
        ("x.json", "new")
    ]


@pytest.mark.parametrize("command", [("run", "1ms"), ("sweep", "1ms*2", "--limits", "1,2")], ids=" ".join)
def test_the_second_signal_while_a_file_is_written_leaves_the_old_one(command: tuple[str, ...], tmp_path: Path):
    """There is no temporary file, and the program says so by its exit code."""
    program = f"""\
import os, signal, sys, time
from asyncmodes.__main__ import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs these tests in the background has it ignored
def press_twice(_):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.4)  # within 0.3 s it would be the same press
    os.kill(os.getpid(), signal.SIGINT)

os.fsync = press_twice
sys.argv[1:] = {[*command, "--clock", "virtual", "-q", "-o", "x.json"]}
sys.exit(main())
"""
    (tmp_path / "x.json").write_text("old")
    ran = subprocess.run([sys.executable, "-c", program], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x.json", "old")]


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_before_a_run_ends_the_program(number: int, error: type[BaseException]):
    """Nothing has begun yet, so there is nothing to show."""
    with Signals(), pytest.raises(error):
        press(number)


def test_a_signal_just_before_a_run_cancels_it():
    """What was announced is begun, cancelled at once, and so reported like any other interrupted run."""

    async def run() -> str:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return "cancelled"
        return "done"

    with Signals() as signals, asyncio.Runner() as runner:
        signals.phase = Phase.RUNNING
        press()
        assert signals.run(run, runner) == "cancelled"
        assert signals.received == signal.SIGINT


def test_what_cannot_be_cancelled_is_said(monkeypatch: pytest.MonkeyPatch):
    """If the event loop is still held a while after the signal, people are told why they wait, once."""
    monkeypatch.setattr(our_signals, "_STUCK_S", 0.02)
    said = []

    async def run(press_at_all: bool) -> None:
        if press_at_all:
            press()
        until = time.monotonic() + 0.1
        while time.monotonic() < until:
            pass

    for press_at_all in (False, True):
        with Signals() as signals, asyncio.Runner() as runner:
            signals.tell = said.append
            signals.run(partial(run, press_at_all), runner)
    assert said == [STUCK]


def test_while_the_result_is_written_the_second_signal_counts(monkeypatch: pytest.MonkeyPatch):
    """The first signal lets the result be written, the same press twice is one, the second ends it and undoes it."""
    monkeypatch.setattr(our_signals, "_SAME_PRESS_S", 0.5)
    with Signals() as signals:
        signals.phase = Phase.WRITING
        press()
        press()
        monkeypatch.setattr(our_signals, "_SAME_PRESS_S", -1.0)
        with pytest.raises(Terminated):
            press(signal.SIGTERM)
        assert signals.received == signal.SIGINT


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_a_class_is_made(number: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys):
    """As when a library is loaded: Python 3.11 makes another error of it, and it is the end all the same."""
    monkeypatch.setattr(exits, "silence_stdout", lambda: None)  # these tests go on writing

    class Named:
        def __set_name__(self, *_: object) -> None:
            press(number)

    assert exits.exit_code(lambda: len(type("Loaded", (), {"named": Named()}).__name__)) == code
    assert capsys.readouterr() == ("", "")


class Learner:
    """A stage on which somebody answers a question and says how sure they are."""

    def __init__(self) -> None:
        self.says = ["1000", "2"]

    def ask(self, _, read, **__):
        """Give the next answer."""
        return read(self.says.pop(0))


@pytest.mark.parametrize("step", ["mkstemp", "fdopen"])
def test_a_signal_while_progress_is_written_waits(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It comes when the file is whole, and nothing lies beside that."""
    pack, path = read_pack(), tmp_path / "progress.json"
    where = progress.tempfile if step == "mkstemp" else progress.os
    done = getattr(where, step)

    def pressed(*arguments: object, **options: object) -> object:
        result = done(*arguments, **options)
        press()
        return result

    monkeypatch.setattr(where, step, pressed)
    flow = Flow(pack, Wishes(), Progress(path, pytest.fail))
    with pytest.raises(KeyboardInterrupt):
        flow.run(Learner(), pack.find("S2"))
    assert json.loads(path.read_text())["grades"] == {"core/S2": "right"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("presses", [1, 2])
@pytest.mark.parametrize("command", [("run", "1ms*5000"), ("sweep", "1ms*5000", "--limits", "100,200")], ids=" ".join)
def test_a_target_that_nobody_reads(command: tuple[str, ...], presses: int, tmp_path: Path):
    """While an export waits for its reader the second Ctrl-C ends the program; other files are as they were."""
    pipe, old = tmp_path / "x.json", tmp_path / "y.json"
    os.mkfifo(pipe)
    old.write_text("old")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with started(*command, "--clock", "virtual", "-o", str(pipe), "-o", str(old), "--quiet") as child:
        assert select.select([reader], [], [], 60)[0]
        child.send_signal(signal.SIGINT)
        if presses == 2:
            time.sleep(1)  # within 0.3 s it would be the same press, and the first may be noticed late
            child.send_signal(signal.SIGINT)
        else:
            os.set_blocking(reader, True)
            with open(reader, encoding="utf-8", closefd=False) as stream:
                assert len(json.load(stream)["runs"][0]["tasks"]) == 5000
        out, err = child.communicate(timeout=60)
    os.close(reader)
    assert (child.returncode, err) == (130, "")
    assert bool(out) == (presses == 1)
    assert (old.read_text() == "old") == (presses == 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.json", "y.json"]
