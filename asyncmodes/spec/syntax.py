"""From bytes to the tables of a TOML file, still unchecked, or to the place where it is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from asyncmodes.errors import UsageError

_TOML_ERROR = re.compile(r"(.*) \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)", re.DOTALL)


def parse_toml(data: bytes, label: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises UsageError at `label`, with line and column, for what is none."""
    return parsed(text_of(data, label), label, parsed_toml)


def text_of(data: bytes, label: str) -> str:
    """The text of a file. Raises UsageError with the offset of a byte that is not UTF-8."""
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        found = f"the byte 0x{data[error.start]:02x} at byte offset {error.start} is not UTF-8"
        raise UsageError.at(label, found, "save the file as UTF-8") from None


def parsed(text: str, label: str, parse: Callable[[str, str], dict[str, Any]]) -> dict[str, Any]:
    """The tables that `parse` finds in a text, as plain data. Raises UsageError where it finds none."""
    try:
        return parse(text, label)
    except UsageError:
        raise
    except RecursionError:
        raise UsageError.at(label, "it is nested too deeply", "a spec needs a few levels only") from None
    except ValueError as error:  # such as a number of more digits than Python reads
        raise UsageError.at(
            label, f"it has a value that cannot be read ({str(error)[:60]})", "write a smaller one"
        ) from None


def parsed_toml(text: str, label: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises UsageError with line and column."""
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Before Python 3.14 the place stands in the message only.
        match = _TOML_ERROR.fullmatch(str(error))
        message, line, column = match.groups() if match else (str(error), None, None)
        if line is None:
            lines = text.split("\n")
            line, column = len(lines), len(lines[-1]) + 1
        raise UsageError.at(
            f"{label}:{line}:{column}", sentence(message), 'mend the TOML; texts stand in quotes: delay = "300ms"'
        ) from None


def sentence(message: str) -> str:
    """A library's message as a part of ours."""
    return message[:1].lower() + message[1:200]
