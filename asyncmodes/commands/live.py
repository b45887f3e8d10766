"""Draws the growing picture on the terminal, from a thread of its own, so that drawing never delays a task's turn."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from dataclasses import replace

from rich.live import Live

from asyncmodes.commands.output import Screen
from asyncmodes.measure import Progress
from asyncmodes.views.live import live_picture
from asyncmodes.views.picture import NARROWEST, WIDEST, Look
from asyncmodes.views.progress import progress_text

_FRAME_S = 0.08
_REST = 4  # times as long as a frame took to draw, at least, until the next one
_SWITCH_INTERVAL_S = 0.0005  # the longest that drawing may hold up the event loop, instead of Python's 5 ms


class LivePicture:
    """Shows how the runs stand while it is entered, and leaves the terminal as it was. `watch` is told of each run."""

    def __init__(self, screen: Screen, look: Look) -> None:
        self._look = look
        self._fixed_width = screen.fixed_width
        self._console = screen.console(animated=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self._progress: Progress | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw, name="asyncmodes live", daemon=True)

    def watch(self, progress: Progress) -> None:
        """Show this run from now on."""
        self._progress = progress

    def __enter__(self) -> LivePicture:
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        self._live.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._live.stop()
        sys.setswitchinterval(self._switch_interval)

    def _draw(self) -> None:
        pause = _FRAME_S
        while not self._over.wait(pause):
            began = time.perf_counter()
            if self._progress is not None:
                self._frame(self._progress)
            pause = max(_FRAME_S, _REST * (time.perf_counter() - began))

    def _frame(self, progress: Progress) -> None:
        columns, lines = _terminal_size()
        wanted = self._look.width if self._fixed_width else WIDEST
        look = replace(self._look, width=max(NARROWEST, min(columns, wanted)))
        self._console.width = columns
        now = progress.snapshot()
        said = progress_text(
            progress.number, progress.count, str(now.mode), is_warmup=progress.is_warmup, left_ns=progress.left_ns
        )
        self._live.update(live_picture(progress.comparison, now, look, lines, said), refresh=True)


def _terminal_size() -> os.terminal_size:
    """The terminal's real size, whatever COLUMNS says: a frame that is wider would scroll."""
    try:
        return os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return shutil.get_terminal_size()
