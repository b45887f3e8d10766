"""How a message quotes what it found: short, on one line, and without passwords."""

from __future__ import annotations

from asyncmodes.text import without_passwords

_LONGEST = 60


def shown(text: str) -> str:
    """The text in quotes, cut to 60 characters, with whatever may be the user and password of a URL hidden."""
    start, end = text.find("//"), text.rfind("@")
    if 0 <= start < end:
        text = f"{text[:start]}//***{text[end:]}"
    text = without_passwords(text)
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
