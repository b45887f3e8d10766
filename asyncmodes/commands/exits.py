"""Every way out of a command as an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from asyncmodes.commands.output import note, silence_stdout
from asyncmodes.errors import OutputError, PipeClosed, UsageError

_WRITE_ERRORS = {errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG}
_TOO_MANY_OPEN = {errno.EMFILE, errno.ENFILE}
_LOADER = "<frozen importlib"
_HELD = ("SIGINT", "SIGTERM", "SIGTSTP", "SIGHUP", "SIGQUIT")
USAGE, OUTPUT, BUG, INTERRUPTED, PIPE_CLOSED, TERMINATED = 2, 4, 70, 130, 141, 143


class Terminated(BaseException):
    """SIGTERM came where it is not for a run to deal with."""


def exit_code(run: Callable[[], int]) -> int:
    """Run a command and return its exit code; what it raises is told in one line each."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with _signals_raised():
            return run()
    except UsageError as error:
        for line in error.lines():
            note(f"error: {line}")
        return USAGE
    except OutputError as error:
        note(f"error: {error}")
        return OUTPUT
    except (PipeClosed, SystemExit):  # Typer exits by itself only where a help text met a closed pipe
        silence_stdout()
        return PIPE_CLOSED
    except OSError as error:  # Typer's own writing of a help text
        if error.errno in _TOO_MANY_OPEN:
            note("error: no more files or sockets may be open; raise the limit, such as ulimit -n 1024")
            return BUG
        if error.errno not in _WRITE_ERRORS:
            return _bug(error)
        silence_stdout()
        note(f"error: standard output: {error.strerror}; write it somewhere else")
        return OUTPUT
    except MemoryError:
        note("error: there is not enough memory; give fewer tasks, or keep none: --no-tasks --format json")
        return BUG
    except _SIGNALLED as error:
        return _ended_by(error)
    except Exception as error:
        # Before Python 3.12 a signal that comes while a class is made is wrapped in a RuntimeError.
        return _ended_by(error.__cause__) if isinstance(error.__cause__, _SIGNALLED) else _bug(error)


_SIGNALLED = (KeyboardInterrupt, Terminated)


def _ended_by(error: BaseException | None) -> int:
    silence_stdout()  # or the interpreter would go on writing what is left
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else TERMINATED


@contextmanager
def _signals_raised() -> Iterator[None]:
    """Let SIGINT and SIGTERM be exceptions, unless they are ignored: what a shell starts in the background ignores."""
    raised: dict[signal.Signals, Callable[[int, FrameType | None], object]]
    raised = {signal.SIGINT: _interrupt, signal.SIGTERM: _terminate}
    before = {number: signal.getsignal(number) for number in raised}
    caught = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    try:
        for number in caught:
            signal.signal(number, raised[number])
        yield
    finally:
        for number, handler in caught.items():
            signal.signal(number, handler)


@contextmanager
def signals_wait(names: Iterable[str] = _HELD) -> Iterator[None]:
    """Let none of these signals interrupt what has to be done as a whole; what comes meanwhile comes afterwards."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {getattr(signal, name) for name in names})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_if_loading(number: int, frame: FrameType | None) -> None:
    """End the program if the signal finds it loading a module: what is raised there may be ignored, and so be lost."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(_LOADER):
            os._exit(128 + number)
        frame = frame.f_back


def _interrupt(number: int, frame: FrameType | None) -> None:
    leave_if_loading(number, frame)
    raise KeyboardInterrupt


def _terminate(number: int, frame: FrameType | None) -> None:
    leave_if_loading(number, frame)
    raise Terminated


def _bug(error: Exception) -> int:
    if os.environ.get("ASYNCMODES_DEBUG"):
        raise error
    what = f"{type(error).__name__}: {error}"
    note(f"bug: {what}; set ASYNCMODES_DEBUG=1 to see where, and please report it")
    return BUG
