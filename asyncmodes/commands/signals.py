"""SIGINT and SIGTERM while tasks run: the first one cancels the run, the second one ends the program at once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from asyncmodes.commands.exits import Terminated
from asyncmodes.commands.output import discard_unfinished
from asyncmodes.virtual_time import VirtualTimeError

T = TypeVar("T")
SHOW_CURSOR = "\x1b[?25h"
_SAME_PRESS_S = 0.3  # a key press can reach us twice: from the terminal and from the program that started us
_CAUGHT = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Catches the signals while it is entered; `received` is the first one, None so far.

    Before the run a signal ends the program, during it it cancels the run, and after it the result is still written.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._received_s = 0.0
        self._ran = False
        self._cancel: Callable[[], object] | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Signals:
        for number in _CAUGHT:
            # A shell starts background jobs with SIGINT ignored: that stays so.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned

    def run(self, coroutine: Coroutine[object, object, T], runner: asyncio.Runner) -> T:
        """Run the coroutine so that the first signal cancels it."""
        loop = runner.get_loop()

        async def cancellable() -> T:
            task = asyncio.current_task()
            assert task is not None
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
            try:
                with _woken_by_signals(loop):
                    return await coroutine
            finally:
                self._cancel, self._ran = None, True

        return runner.run(cancellable())

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self.received is not None:
            if time.monotonic() - self._received_s > _SAME_PRESS_S:
                _leave_at_once(number)
            return
        self.received, self._received_s = number, time.monotonic()
        if self._cancel is not None:
            self._cancel()
        elif self._ran:
            pass
        elif number == signal.SIGTERM:
            raise Terminated
        else:
            raise KeyboardInterrupt


@contextmanager
def _woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let a signal that arrives just before the loop falls asleep wake it, or its handler would wait for a timer."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        try:
            loop.add_reader(ours, ours.recv, 4096)
        except (NotImplementedError, VirtualTimeError):  # Windows' loop wakes by itself, and virtual time never sleeps
            yield
            return
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(ours)


def _leave_at_once(number: int) -> None:
    discard_unfinished()
    if sys.stdout is not None and sys.stdout.isatty():
        os.write(sys.stdout.fileno(), SHOW_CURSOR.encode())
    os._exit(128 + number)
