"""Lets the picture grow on the terminal while tasks run. Frames are dropped where they would delay a task.

A thread copies the record a few times a second, which takes a fraction of a millisecond, and hands it to another
process that draws. It is no timer of the event loop: an event loop that is woken while tasks sleep rounds what is
left of their time up to whole milliseconds once more, and so would be late for them.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from asyncmodes.commands.painting import Canvas, Frame
from asyncmodes.measure import Progress
from asyncmodes.record import Run
from asyncmodes.tasks import Failure, State
from asyncmodes.views.progress import progress_text

_FRAME_S = 0.08
_REST = 50  # times as long as a frame kept the interpreter busy, at least, until the next one
_LATE_S = 0.003  # an interpreter that lets this thread wait so long is busy with tasks
_STALE_S = 1.0  # what is shown may be that old while tasks keep it busy
_NO_TEXT = {state: Failure("", "", state) for state in (State.FAILED, State.TIMED_OUT)}


class LivePicture:
    """Shows how the runs stand while it is entered, and leaves the terminal as it was. `watch` is told of each run."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._progress: Progress | None = None
        self._said = ""
        self._drawn = 0  # how many of the runs that are done the canvas knows
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._grow, name="asyncmodes live", daemon=True)

    def watch(self, progress: Progress) -> None:
        """Show this run from now on."""
        self._progress = progress

    def say(self, text: str) -> None:
        """Show this line from now on, instead of how far the runs are."""
        self._said = text

    def abandon(self) -> None:
        """Show nothing any more: the program is about to end without waiting for anything."""
        self._canvas.abandon()

    def __enter__(self) -> LivePicture:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._canvas.erase()

    def _grow(self) -> None:
        pause = _FRAME_S
        shown = due = time.monotonic() + pause
        while not self._over.wait(pause):
            now, spent = time.monotonic(), time.thread_time()
            if self._progress is not None and (now - due < _LATE_S or now - shown > _STALE_S):
                shown = now
                if not self._show(self._progress):
                    return
            pause = max(_FRAME_S, _REST * (time.thread_time() - spent))
            due = time.monotonic() + pause

    def _show(self, progress: Progress) -> bool:
        comparison = progress.comparison
        done = comparison.runs[self._drawn :]
        self._drawn = len(comparison.runs)
        now = _light(progress.snapshot())
        said = self._said or progress_text(
            progress.number, progress.count, str(now.mode), is_warmup=progress.is_warmup, left_ns=progress.left_ns
        )
        bare = replace(comparison, tasks=(), runs=())
        return self._canvas.draw(Frame(bare, tuple(map(_light, done)), now, progress.number, said))


def _light(run: Run) -> Run:
    """The run without its tasks, which the canvas has, and the texts of failures, which it does not draw."""
    failures = {index: _NO_TEXT[failure.state] for index, failure in run.failures.items()}
    return replace(run, tasks=(), failures=failures)
