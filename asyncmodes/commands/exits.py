"""Every way out of a command as an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from asyncmodes.commands.output import note, silence_stdout
from asyncmodes.errors import OutputError, PipeClosed, UsageError

_WRITE_ERRORS = {errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG}
USAGE, OUTPUT, BUG, INTERRUPTED, PIPE_CLOSED, TERMINATED = 2, 4, 70, 130, 141, 143


class Terminated(BaseException):
    """SIGTERM came while no task was running."""


def exit_code(run: Callable[[], int]) -> int:
    """Run a command and return its exit code; what it raises is told in one line each."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
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
        if error.errno not in _WRITE_ERRORS:
            return _bug(error)
        silence_stdout()
        note(f"error: standard output: {error.strerror}; write it somewhere else")
        return OUTPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except Exception as error:
        return _bug(error)


def _bug(error: Exception) -> int:
    if os.environ.get("ASYNCMODES_DEBUG"):
        raise error
    what = f"{type(error).__name__}: {error}"
    note(f"bug: {what}; set ASYNCMODES_DEBUG=1 to see where, and please report it")
    return BUG
