"""SIGINT and SIGTERM: the first one cancels what runs, the second one ends the program at once."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TypeVar

from asyncmodes.commands.exits import Terminated, leave_if_loading
from asyncmodes.commands.output import note
from asyncmodes.virtual_time import VirtualTimeError

if TYPE_CHECKING:
    from asyncmodes.measure import Plan
    from asyncmodes.record import Comparison

T = TypeVar("T")
SHOW_CURSOR = "\x1b[?25h"
STUCK = "interrupted: waiting for blocking work; Ctrl-C again leaves"
_STUCK_S = 1.0
_SAME_PRESS_S = 0.3  # a key press can reach us twice: from the terminal and from the program that started us
_CAUGHT = (signal.SIGINT, signal.SIGTERM)


class Phase(Enum):
    """What a signal finds the program doing, and so what it does.

    PREPARING: it ends the program, by KeyboardInterrupt or Terminated. RUNNING: the first one cancels what runs or is
    just about to, the second one leaves at once. WRITING: the first one only counts, since the result is there
    and shall not be lost; the second one ends the program, and what was being written is undone; the third leaves.
    """

    PREPARING = auto()
    RUNNING = auto()
    WRITING = auto()


class Signals:
    """Catches the signals while it is entered; `received` is the first one, None so far.

    `phase` says what they mean. `tell` is how to say that a run cannot be cancelled yet, `abandon` what else has to end
    where the program leaves at once.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.phase = Phase.PREPARING
        self.tell: Callable[[str], object] = note
        self.abandon: Callable[[], object] = lambda: None
        self._received_s = 0.0
        self._cancel: Callable[[], object] | None = None
        self._raised = False
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

    def run(self, main: Callable[[], Coroutine[object, object, T]], runner: asyncio.Runner) -> T:
        """Run the coroutine that `main` gives so that the first signal cancels it, also if it came just before."""
        self.phase = Phase.RUNNING
        loop = runner.get_loop()

        async def cancellable() -> T:
            task = asyncio.current_task()
            assert task is not None
            try:
                with _woken_by_signals(loop), _alarm(lambda: self.tell(STUCK)) as set_alarm:

                    def cancel() -> None:
                        set_alarm()
                        loop.call_soon_threadsafe(task.cancel)

                    self._cancel = cancel
                    if self.received is not None:
                        self._cancel_once()
                    return await main()
            finally:
                self._cancel = None

        return runner.run(cancellable())

    def raise_received(self) -> None:
        """Raise KeyboardInterrupt or Terminated if a signal came while something ran, which is over now."""
        if self.received is not None:
            self._raise(self.received)

    def _cancel_once(self) -> None:
        cancel, self._cancel = self._cancel, None
        if cancel is not None:
            cancel()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        is_first, now = self.received is None, time.monotonic()
        if is_first:
            self.received, self._received_s = number, now
        elif now - self._received_s <= _SAME_PRESS_S:
            return
        if self.phase is Phase.PREPARING or (self.phase is Phase.WRITING and not is_first and not self._raised):
            if self.phase is Phase.PREPARING:
                leave_if_loading(number, frame)
            self._raise(number)
        if not is_first:
            self.abandon()
            _leave_at_once(number)
        self._cancel_once()

    def _raise(self, number: int) -> NoReturn:
        self._raised = True
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


def measured(made: Plan) -> Comparison:
    """Do what the plan says, as `asyncmodes.measure.measured` does, so that a signal ends it in order.

    It cancels what runs and is raised afterwards, as KeyboardInterrupt or Terminated: raised in the middle of the event
    loop it would leave coroutines that nobody awaits, or be lost in a callback.
    """
    from asyncmodes.clocks import new_loop
    from asyncmodes.measure import measure

    with Signals() as signals, asyncio.Runner(loop_factory=lambda: new_loop(made.clock, made.loop)) as runner:
        comparison = signals.run(lambda: measure(made), runner)
    signals.raise_received()
    return comparison


@contextmanager
def _alarm(ring: Callable[[], object]) -> Iterator[Callable[[], object]]:
    """What sets an alarm that rings in this thread after a while, unless this is left before."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield lambda: None
        return
    before = signal.signal(signal.SIGALRM, lambda *_: ring())
    try:
        yield lambda: signal.setitimer(signal.ITIMER_REAL, _STUCK_S)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let a signal that arrives just before the loop falls asleep wake it, or its handler would wait for a timer."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)

        def awake() -> None:
            """Be Python code: where the loop itself is none, as uvloop's, that is when Python's handlers run."""
            ours.recv(4096)

        try:
            loop.add_reader(ours, awake)
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
    if sys.stdout is not None and sys.stdout.isatty() and _takes_more(sys.stdout.fileno()):
        os.write(sys.stdout.fileno(), SHOW_CURSOR.encode())
    os._exit(128 + number)


def _takes_more(terminal: int) -> bool:
    """Whether something can be written at once: a terminal that is stopped, as by Ctrl-S, takes nothing."""
    try:
        return bool(select.select([], [terminal], [], 0)[1])
    except (OSError, ValueError):  # Windows asks sockets only
        return True
