"""Styled text as characters for a terminal, without Rich's console: it takes longer to load than a picture to draw."""

from __future__ import annotations

from itertools import pairwise

from rich.text import Text

_CODES = {
    "bold": "1", "dim": "2", "italic": "3", "underline": "4", "reverse": "7",
    "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36",
    "bright_black": "90", "bright_red": "91", "bright_green": "92", "bright_yellow": "93",
    "bright_blue": "94", "bright_magenta": "95", "bright_cyan": "96",
}  # fmt: skip  # a table


def painted(line: Text, *, color: bool) -> str:
    """The line with escape sequences for its styles, or just its characters."""
    plain = line.plain
    if not color:
        return plain
    length = len(plain)
    spans = [(0, length, line.style)]
    spans += [(min(span.start, length), min(span.end, length), span.style) for span in line.spans]
    edges = sorted({edge for start, end, _ in spans for edge in (start, end)})
    parts, before = [], ""
    for start, end in pairwise(edges):
        words = " ".join(str(style) for first, last, style in spans if first <= start and end <= last).split()
        last_first = dict.fromkeys(_CODES[word] for word in reversed(words) if word in _CODES)
        code = ";".join(reversed(last_first))  # of two colours a terminal takes the last
        if code != before:
            parts.append(f"\x1b[0;{code}m" if code else "\x1b[0m")
            before = code
        parts.append(plain[start:end])
    return "".join(parts) + ("\x1b[0m" if before else "")
