"""For the back row of a class: bars of two rows, at most eight tasks, and nothing dim."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Span, Text

MOST_TASKS = 8


def undimmed(lines: Iterable[Text]) -> list[Text]:
    """The same lines in full brightness: projectors swallow what is dim."""
    return [
        Text(line.plain, _bright(line.style), spans=[Span(*span[:2], _bright(span.style)) for span in line.spans])
        for line in lines
    ]


def _bright(style: object) -> str:
    return " ".join(word for word in str(style).split() if word != "dim")
