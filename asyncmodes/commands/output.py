"""Where words go: standard output as it really is, messages on standard error."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from asyncmodes.errors import OutputError, PipeClosed
from asyncmodes.text import clean, without_passwords

OUTPUT_FAILED = 4


def note(text: str) -> None:
    """Say something in one line on standard error; nobody listening there is no reason to fail."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"asyncmodes: {clean(without_passwords(text))}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


def write_stdout(text: str) -> None:
    """Write a result, all of it. Raises PipeClosed if nobody reads it, OutputError if it cannot be written."""
    if sys.stdout is None:
        raise OutputError("standard output: it is closed; redirect it to a file or leave it open")
    try:
        _write_whole(sys.stdout, text)
    except BrokenPipeError as error:
        silence_stdout()
        raise PipeClosed from error
    except OSError as error:
        silence_stdout()
        raise OutputError(f"standard output: {error.strerror or error}; write it somewhere else") from error


def _write_whole(stream: TextIO, text: str) -> None:
    """Write all of it: with PYTHONUNBUFFERED a signal in the middle of a write would silently lose the rest."""
    buffer = getattr(stream, "buffer", None)
    if buffer is None:  # somebody captures the text
        stream.write(text)
    else:
        stream.flush()
        rest = memoryview(text.encode(stream.encoding, stream.errors or "strict"))
        while rest:
            rest = rest[buffer.write(rest) or 0 :]
    stream.flush()


def silence_stdout() -> None:
    """Let what is left in the buffer go nowhere, or the interpreter would complain of it at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        pass
