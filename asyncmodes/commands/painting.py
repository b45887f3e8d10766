"""Draws the frames of a growing picture, in a process of its own: nobody has to wait for the interpreter meanwhile."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Protocol

from rich.live import Live

from asyncmodes.commands.screen import Screen
from asyncmodes.continued import continued
from asyncmodes.record import Comparison, Run
from asyncmodes.stats import Summary, summarise
from asyncmodes.tasks import Task
from asyncmodes.views.live import live_picture
from asyncmodes.views.picture import NARROWEST, WIDEST, Look

_NICE = 5
_FOR_THE_PARENT = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
]


@dataclass(frozen=True, slots=True)
class Frame:
    """What there is to draw, without the tasks: the runs `done` since the last frame, and the one under way.

    `number` tells the run under way from those of other frames. `said` is a line above them.
    """

    comparison: Comparison
    done: tuple[Run, ...]
    now: Run
    number: int
    said: str = ""


class Canvas(Protocol):
    """Where frames are drawn, each over the one before, and nothing remains at the end."""

    def draw(self, frame: Frame) -> bool:
        """Draw the frame and wait until it is drawn; False if nothing can be drawn any more."""
        ...

    def erase(self) -> None:
        """Remove the picture and show the cursor."""
        ...

    def abandon(self) -> None:
        """Draw no more, whatever is being drawn, and leave the terminal as it is."""
        ...


def canvas(screen: Screen, look: Look, tasks: Sequence[Task]) -> Canvas:
    """A canvas on standard output, drawn on by another process, or by this one where no other can be had."""
    painter = Painter(screen, look, tasks)
    if hasattr(os, "fork"):
        with suppress(OSError):
            return _Elsewhere(painter)
    return painter


class Painter:
    """Draws in this process."""

    def __init__(self, screen: Screen, look: Look, tasks: Sequence[Task]) -> None:
        self._look = look
        self._tasks = tasks
        self._fixed_width = screen.fixed_width
        self._console = screen.console(animated=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self._comparison: Comparison | None = None  # the runs that are done
        self._summaries: list[Summary] = []
        self._before: tuple[int, Run] | None = None  # number and run of the frame before

    def draw(self, frame: Frame) -> bool:
        """Draw the frame; the first one hides the cursor."""
        columns, lines = _terminal_size()
        wanted = self._look.width if self._fixed_width else WIDEST
        look = self._look._replace(width=max(NARROWEST, min(columns, wanted)))
        self._console.width = columns
        if self._comparison is None or frame.done:
            done = self._comparison.runs if self._comparison else ()
            done += tuple(replace(run, tasks=self._tasks) for run in frame.done)
            self._comparison = replace(frame.comparison, tasks=self._tasks, runs=done)
            self._summaries = summarise(self._comparison)
        before = self._before[1] if self._before and self._before[0] == frame.number else None
        now = continued(replace(frame.now, tasks=self._tasks), before)
        self._before = frame.number, now
        picture = live_picture(self._comparison, now, look, lines, frame.said, summaries=self._summaries)
        self._live.start()
        self._live.update(picture, refresh=True)
        return True

    def erase(self) -> None:
        """Remove the picture and show the cursor."""
        self._live.stop()

    def abandon(self) -> None:
        """Nothing draws but this very process."""

    def leave(self) -> None:
        """Show the cursor and leave all else as it is: somebody else may be writing already."""
        if self._live.is_started:
            self._console.show_cursor()


def _terminal_size() -> os.terminal_size:
    """The terminal's real size, whatever COLUMNS says: a frame that is wider would scroll."""
    with suppress(OSError, ValueError):
        size = os.get_terminal_size(sys.stdout.fileno())
        if all(size):  # a terminal may not know its size, and say 0
            return size
    return shutil.get_terminal_size()


class _Elsewhere:
    """Lets a forked process draw: frames go there on a socket, and a byte comes back for each that has been drawn."""

    def __init__(self, painter: Painter) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()  # or both processes would write what is left in the buffers
            with _signals_held_back() as let_go:
                self._process = os.fork()
                if not self._process:
                    ours.close()
                    _paint(painter, theirs, let_go)
            self._frames = ours.makefile("wb")
            self._drawn = ours.makefile("rb", buffering=0)

    def draw(self, frame: Frame) -> bool:
        """Let the process draw the frame; False if it has gone."""
        try:
            pickle.dump(frame, self._frames, pickle.HIGHEST_PROTOCOL)
            self._frames.flush()
            return bool(self._drawn.read(1))
        except OSError:
            return False

    def erase(self) -> None:
        """Let the process remove the picture, and wait for its end."""
        with suppress(OSError):
            pickle.dump(None, self._frames)
            self._frames.close()
        with suppress(OSError):
            os.waitpid(self._process, 0)
        self._process = 0  # its number may be another's from now on
        self._drawn.close()

    def abandon(self) -> None:
        """End the process, which may wait for a terminal that takes nothing more."""
        if self._process:
            with suppress(OSError):
                os.kill(self._process, signal.SIGKILL)


@contextmanager
def _signals_held_back() -> Iterator[Callable[[], object]]:
    """Let no signal in until this is left, or what it gives is called: by a process that has its own handlers."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_THE_PARENT)

    def let_go() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    try:
        yield let_go
    finally:
        let_go()


def _paint(painter: Painter, orders: socket.socket, let_go: Callable[[], object]) -> None:
    """The drawing process: draw what it is told to until it is told no more, or its parent has gone."""
    try:
        for number in _FOR_THE_PARENT:
            signal.signal(number, signal.SIG_IGN)  # it says when it is over
        let_go()
        gc.freeze()  # collecting would copy memory that is shared with the parent
        os.nice(_NICE)
        frames = orders.makefile("rb")
        while (frame := pickle.load(frames)) is not None:  # noqa: S301  # our own parent wrote it
            painter.draw(frame)
            orders.send(b".")
        painter.erase()
    except (EOFError, OSError):
        painter.leave()
    finally:
        os._exit(0)
