"""Standard input, as a stream of bytes that somebody has really sent."""

from __future__ import annotations

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
