"""Files and standard input as bytes, or what is wrong with them."""

from __future__ import annotations

import os
import sys
from typing import IO, Any, cast

from asyncmodes.errors import UsageError

STANDARD_INPUT = "standard input"


def standard_input(stdin: IO[Any] | None, hint: str) -> IO[bytes]:
    """The bytes behind `stdin` (None: `sys.stdin`). Raises UsageError, with the hint, if a person would have to type.

    `stdin` is a binary stream, or a text stream that has its bytes in `buffer`.
    """
    stream = sys.stdin if stdin is None else stdin
    if stream is None or stream.closed:  # as after `<&-`
        raise UsageError.at(STANDARD_INPUT, "it is closed", hint)
    if stream.isatty():
        raise UsageError.at(STANDARD_INPUT, "it is a terminal, and nothing is sent to it", hint)
    return cast("IO[bytes]", getattr(stream, "buffer", stream))


def read_bytes(
    name: str, where: str, most: int, *, advice: str, smaller: str, hint: str, stdin: IO[Any] | None = None
) -> bytes:
    """What is in the file, at most so many bytes, or for `-` in standard input.

    Raises UsageError at `where`, with `advice` if the file cannot be read, `smaller` if it is too large, `hint` if
    nothing is sent to standard input.
    """
    try:
        if name == "-":
            data = standard_input(stdin, hint).read(most + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(most + 1)
    except UsageError:
        raise
    except FileNotFoundError:
        raise UsageError.at(where, "there is no such file", advice) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        found = "it is a directory" if os.path.isdir(name) else f"it cannot be read ({reason})"
        raise UsageError.at(where, found, advice) from None
    if len(data) > most:
        raise UsageError.at(where, f"it is larger than {most:,} bytes", smaller)
    return data
