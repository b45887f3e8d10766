"""Files of JSON that somebody saved: their text, or in a line why there is none."""

from __future__ import annotations

import os

from asyncmodes.errors import UsageError
from asyncmodes.spec.streams import STANDARD_INPUT, standard_input

LARGEST_BYTES = 1 << 31


def read_text(name: str, advice: str) -> tuple[str, str]:
    """The text of a file, `-` for standard input, and how to call it. Raises UsageError; `advice` says what to do."""
    where = STANDARD_INPUT if name == "-" else name or "''"
    try:
        if name == "-":
            data = standard_input(None, advice).read(LARGEST_BYTES + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(LARGEST_BYTES + 1)
    except UsageError:
        raise
    except FileNotFoundError:
        raise UsageError.at(where, "there is no such file", advice) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        found = "it is a directory" if os.path.isdir(name) else f"it cannot be read ({reason})"
        raise UsageError.at(where, found, advice) from None
    if len(data) > LARGEST_BYTES:
        raise UsageError.at(where, f"it is larger than {LARGEST_BYTES:,} bytes", advice)
    try:
        return data.decode("utf-8"), where
    except UnicodeDecodeError as error:
        found = f"the byte 0x{data[error.start]:02x} at byte offset {error.start} is not UTF-8"
        raise UsageError.at(where, found, advice) from None
