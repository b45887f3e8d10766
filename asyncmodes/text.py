"""Text at the edge of the program: made safe for a terminal, cut to cells, durations for people."""

from __future__ import annotations

import unicodedata

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MOST_MARKS = 4


def clean(text: str) -> str:
    r"""The text with every character spelled out that could steer a terminal or reorder what it shows.

    Control and escape characters, C1, bidi marks, line separators, lone surrogates and unassigned characters
    become `\x1b`, `\u202e` and the like; variation selectors and piles of combining marks are dropped.
    """
    if text.isascii() and text.isprintable():
        return text
    parts: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category in _UNSAFE:
            parts.append(_escaped(character))
        elif marks <= _MOST_MARKS and not "\ufe00" <= character <= "\ufe0f":
            parts.append(character)
    return "".join(parts)


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def duration_text(ns: int) -> str:
    """A duration for people, in three significant digits or whole units: `0 ms`, `1.25 ms`, `400 ms`, `12.5 s`."""
    for unit, size in (("us", 1_000), ("ms", 1_000_000)):
        # The limit is where rounding would reach the next unit: 999.6 ms is said as 1.00 s... below 10 s in ms.
        if ns < size * 1_000 * (10 if unit == "ms" else 1):
            if unit == "us" and ns == 0:
                return "0 ms"
            return f"{_digits(ns / size)} {unit}"
    seconds = ns / 1e9
    if seconds < 600:
        return f"{_digits(seconds)} s"
    if seconds < 36_000:
        return f"{_digits(seconds / 60)} min"
    return f"{_digits(seconds / 3600)} h"


def _digits(value: float) -> str:
    """At least three significant digits, no more decimals than that needs, and none for whole numbers."""
    text = f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
