"""Styled text as characters for a terminal, without Rich's console: it takes longer to load than all of a lesson."""

from __future__ import annotations

from rich.text import Text

_CODES = {
    "bold": "1", "dim": "2", "italic": "3", "underline": "4", "reverse": "7",
    "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36",
}  # fmt: skip  # a table


def painted(line: Text, *, color: bool) -> str:
    """The line with escape sequences for its styles, or just its characters."""
    if not color:
        return line.plain
    styles: list[list[str]] = [str(line.style).split() for _ in line.plain]
    for span in line.spans:
        for index in range(max(span.start, 0), min(span.end, len(styles))):
            styles[index] = [*styles[index], *str(span.style).split()]
    parts, before = [], ""
    for character, words in zip(line.plain, styles, strict=True):
        code = ";".join(dict.fromkeys(_CODES[word] for word in words if word in _CODES))
        if code != before:
            parts.append(f"\x1b[0;{code}m" if code else "\x1b[0m")
            before = code
        parts.append(character)
    return "".join(parts) + ("\x1b[0m" if before else "")
