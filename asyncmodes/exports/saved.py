"""Files of JSON that somebody saved: their text, or in a line why there is none."""

from __future__ import annotations

from asyncmodes.errors import UsageError
from asyncmodes.spec.inputs import STANDARD_INPUT, read_bytes

LARGEST_BYTES = 1 << 31


def read_text(name: str, advice: str, where: str = "") -> tuple[str, str]:
    """The text of a file, `-` for standard input, and how to call it, if not `where`.

    Raises UsageError; `advice` says what to do.
    """
    where = where or (STANDARD_INPUT if name == "-" else name or "''")
    data = read_bytes(name, where, LARGEST_BYTES, advice=advice, smaller=advice, hint=advice)
    try:
        return data.decode("utf-8"), where
    except UnicodeDecodeError as error:
        found = f"the byte 0x{data[error.start]:02x} at byte offset {error.start} is not UTF-8"
        raise UsageError.at(where, found, advice) from None
