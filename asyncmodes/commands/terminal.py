"""The terminal as a page that is drawn anew and keys that are read one by one. It is always left as it was found.

Pages are drawn on the alternate screen, so that a resize cannot garble what had been on the screen before; what is to
stay is written after leaving it. POSIX only.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType, TracebackType

from rich.text import Text

from asyncmodes.commands.ansi import painted
from asyncmodes.commands.exits import Terminated, signals_wait
from asyncmodes.commands.keys import OVER, REDRAW, Keys

if sys.platform != "win32":  # there this module can be imported, and nothing else
    import termios
    import tty

_ENTER = "\x1b[?1049h\x1b[H\x1b[2J"
_LEAVE = "\x1b[0m\x1b[H\x1b[2J\x1b[?1049l\x1b[?25h"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_ESCAPE_S = 0.05  # what follows an escape character within that time belongs to it
_DEADLY = ("SIGHUP", "SIGQUIT")


class Terminal:
    """Standard input and output as a terminal, in the mode for single keys while it is entered.

    SIGINT raises KeyboardInterrupt, SIGTERM Terminated; SIGTSTP stops the program on a terminal in order, and drawing
    goes on afterwards.
    """

    def __init__(self, *, color: bool) -> None:
        self.color = color
        self.input = sys.stdin.fileno()
        self._out = sys.stdout.fileno()
        self._keys = Keys()
        self._typed: deque[str] = deque()
        self._before: dict[int, object] = {}
        self._modes: list[object] = []
        self._is_set = False
        self._redraw = False

    def __enter__(self) -> Terminal:
        self._modes = termios.tcgetattr(self.input)
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        self._wakeup = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        try:
            self._catch()
            self._set()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with signals_wait():
            self.restore()
            for number, handler in self._before.items():
                signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned
            signal.set_wakeup_fd(self._wakeup)
            os.close(self._woken)
            os.close(self._wake)

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines that there are now."""
        try:
            found = os.get_terminal_size(self._out)
        except OSError:
            found = shutil.get_terminal_size()
        return found.columns or 80, found.lines or 24

    def draw(self, lines: Sequence[Text], cursor: tuple[int, int] | None = None) -> None:
        """Draw the page, over the one before; the cursor is shown where it is given as line and column, from 0."""
        parts = [_HIDE, "\x1b[H"]
        for number, line in enumerate(lines):
            parts += ["\r\n" * (number > 0), "\x1b[0m\x1b[2K", painted(line, color=self.color)]
        parts.append("\x1b[0m\x1b[J" if len(lines) < self.size[1] else "\x1b[0m")
        if cursor is not None:
            parts.append(f"\x1b[{cursor[0] + 1};{cursor[1] + 1}H{_SHOW}")
        self._write("".join(parts))

    def key(self, timeout_s: float | None = None) -> str | None:
        """The next key by its name in `asyncmodes.commands.keys`, REDRAW, or None if none came in that time."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._typed:
            if self._redraw:
                self._redraw = False
                return REDRAW
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            wait = left if not self._keys.waits else _ESCAPE_S if left is None else min(left, _ESCAPE_S)
            ready = select.select([self.input, self._woken], [], [], wait)[0]
            if self._woken in ready:
                with suppress(BlockingIOError):
                    os.read(self._woken, 4096)
            if self.input in ready:
                self._typed.extend(self._read())
            elif self._keys.waits and not ready:
                self._typed.extend(self._keys.flush())
            elif not ready and left is not None:
                return None
        return self._typed.popleft()

    def waiting(self) -> list[str]:
        """The keys that have been pressed, for who waits for `input` by other means."""
        if select.select([self.input], [], [], 0)[0]:
            self._typed.extend(self._read())
        keys = list(self._typed)
        self._typed.clear()
        return keys

    def go_to(self, line: int) -> None:
        """Let somebody else draw from this line on, from 0."""
        self._write(f"\x1b[{line + 1};1H")

    def restore(self) -> None:
        """Leave the page and its mode, as at the end; also where the program is about to end without one."""
        if self._is_set:
            self._is_set = False
            with suppress(OSError, EOFError):
                self._write(_LEAVE)
        with suppress(termios.error):
            termios.tcsetattr(self.input, termios.TCSADRAIN, self._modes)  # type: ignore[arg-type]  # what tcgetattr gave

    def _read(self) -> list[str]:
        try:
            data = os.read(self.input, 4096)
        except OSError:  # the terminal has gone
            return [OVER]
        return self._keys.feed(data) if data else [OVER]

    def _catch(self) -> None:
        handlers: dict[str, Callable[[int, FrameType | None], object]] = {
            "SIGTERM": _terminate,
            "SIGINT": signal.default_int_handler,
            "SIGTSTP": self._stop,
            "SIGWINCH": self._resized,
            **dict.fromkeys(_DEADLY, self._die),
        }
        for name, handler in handlers.items():
            number = getattr(signal, name)
            # A shell starts background jobs with SIGINT ignored: that stays so.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, handler)

    def _set(self) -> None:
        tty.setcbreak(self.input, termios.TCSADRAIN)  # what was typed ahead stays
        self._is_set = True
        self._write(_ENTER + _HIDE)

    def _resized(self, *_: object) -> None:
        self._redraw = True

    def _stop(self, number: int, _: object) -> None:
        self.restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # here the program is stopped until somebody lets it go on
        signal.signal(number, self._stop)
        self._set()
        self._redraw = True

    def _die(self, number: int, _: object) -> None:
        self.restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _write(self, text: str) -> None:
        rest = memoryview(text.encode(sys.stdout.encoding or "utf-8", "replace"))
        try:
            while rest:
                rest = rest[os.write(self._out, rest) :]
        except OSError as error:
            raise EOFError from error


def _terminate(*_: object) -> None:
    raise Terminated
