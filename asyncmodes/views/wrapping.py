"""Text in lines of a given width."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text


def wrapped(text: Text, width: int, indent: int = 0) -> list[Text]:
    """The text in lines of at most `width` cells, broken between words where it can be; all but the first indented."""
    lines: list[Text] = []
    line = Text()
    for piece in text.split(" ", include_separator=True):
        if line.cell_len + cell_len(piece.plain.rstrip()) > width and line.plain.strip():
            lines.append(line)
            line = Text(" " * indent)
        if line.plain.strip() or piece.plain.strip() or not lines:
            line.append_text(piece)
    lines.append(line)
    for each in lines:
        each.rstrip()
    return [part for each in lines for part in _chopped(each, width)]


def _chopped(line: Text, width: int) -> list[Text]:
    """A line without a place to break it, in pieces of at most `width` cells."""
    offsets, cells = [], 0
    for offset, character in enumerate(line.plain):
        cells += cell_len(character)
        if cells > width:
            offsets.append(offset)
            cells = cell_len(character)
    return list(line.divide(offsets))
