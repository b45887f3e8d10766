"""`compare` and `run` with `--slow` or `--step`: what was recorded is played back on the terminal."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from asyncmodes.commands.exits import Terminated
from asyncmodes.commands.options import Common
from asyncmodes.commands.screen import Screen
from asyncmodes.commands.signals import Signals
from asyncmodes.errors import UsageError
from asyncmodes.playback import FASTEST, SLOWEST
from asyncmodes.record import Comparison
from asyncmodes.views.picture import Look

_QUIT = (("q", "quit"),)


def check_replay(options: Common, screen: Screen) -> None:
    """Refuse, before anything runs, what cannot be played back. Raises UsageError."""
    where = "--step" if options.slow is None else "--slow"
    if options.slow is not None:
        check_slow(options.slow)
    if options.output_format != "table":
        raise UsageError.at(where, f"--format {options.output_format} is not for people", "leave one of the two out")
    if os.name != "posix":
        raise UsageError.at(where, "this system has no terminal for it", f"leave {where} out")
    if not (screen.terminal and sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()):
        raise UsageError.at(where, "runs are played back on a terminal, and this is none", f"leave {where} out")


def check_slow(slow: float) -> None:
    """Refuse a speed that nobody could follow. Raises UsageError."""
    if not FASTEST <= slow <= SLOWEST:
        raise UsageError.at("--slow", f"{slow:g} is out of range", f"write {FASTEST:g} to {SLOWEST:g}, such as 5")


def replay(comparison: Comparison, look: Look, screen: Screen, options: Common, signals: Signals) -> None:
    """Play the runs on one axis until somebody goes on or quits. A signal ends it and is noted."""
    from asyncmodes.commands.paging import Pages
    from asyncmodes.commands.stage import Leave
    from asyncmodes.commands.terminal import Terminal
    from asyncmodes.playback import Playback
    from asyncmodes.views.pages import Page
    from asyncmodes.views.picture import drawn_runs, heading
    from asyncmodes.views.playback import Scene

    runs = drawn_runs(comparison)
    if signals.received is not None or not runs:
        return
    playback = Playback.of(runs, slow=options.slow, paused=options.step)
    page = Page(heading(comparison, look)[0], (), _QUIT)
    try:
        with Pages(Terminal(color=screen.color), widest=look.width, big=look.big) as pages, suppress(Leave):
            pages.play(Scene.of(runs), playback, look, page)
    except KeyboardInterrupt:
        signals.received = signal.SIGINT
    except Terminated:
        signals.received = signal.SIGTERM
