"""Text at the edge of the program: made safe for a terminal."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MOST_MARKS = 4
_PASSWORD = re.compile(r"([^\s/:@]*:)[^\s/@]*@")


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


def without_passwords(text: str) -> str:
    """The text with `user:***@host` for whatever looks like the user and password of a URL, complete or not."""
    return _PASSWORD.sub(r"\1***@", text) if "@" in text else text
