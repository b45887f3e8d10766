"""A page for a terminal: a text that scrolls if it must, and below it what is always visible, the keys last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from asyncmodes.views.wrapping import wrapped

Keys = Sequence[tuple[str, str]]
"""Keys and what each does, such as `("q", "quit")`."""


@dataclass(frozen=True, slots=True)
class Page:
    """Lines for a given width: `body` may scroll, `ask` and the keys never do. `prompt` stands before what is typed."""

    title: Text
    body: tuple[Text, ...]
    keys: Keys
    ask: tuple[Text, ...] = ()
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Screenful:
    """What is on the screen: its lines, where the cursor is if it is shown, how far the body can be scrolled.

    `room` is how many lines of the body can be seen at once.
    """

    lines: tuple[Text, ...]
    cursor: tuple[int, int] | None
    most_scroll: int
    room: int


def screenful(page: Page, width: int, height: int, *, typed: str = "", said: str = "", scroll: int = 0) -> Screenful:
    """The page on a screen of this size, with what has been `typed`, and `said` in reply, above the keys."""
    below, cursor = _below(page, width, typed, said)
    cut = max(len(below) - height, 0)
    below = below[cut:]
    room = max(height - len(below) - 1, 0)
    body = list(page.body)
    most = max(len(body) - room, 0)
    shown = body[min(scroll, most) : min(scroll, most) + room]
    if most and shown:
        down, up = scroll < most, scroll > 0
        more = " and ".join(["up"] * up + ["down"] * down)
        shown[-1] = Text(f"... arrow {more} for more", "bold")
    lines = [*([page.title] if height > len(below) else []), *shown]
    lines += [Text()] * (height - len(below) - len(lines))
    if cursor is not None:
        cursor = (max(len(lines) + cursor[0] - cut, 0), cursor[1])
    return Screenful(tuple(_cut(line, width) for line in (*lines, *below)), cursor, most, room)


def _cut(line: Text, width: int) -> Text:
    if line.cell_len > width:
        line = line.copy()
        line.truncate(width)
    return line


def _below(page: Page, width: int, typed: str, said: str) -> tuple[list[Text], tuple[int, int] | None]:
    """The lines that are always visible, and where in them the cursor is."""
    lines = list(page.ask)
    cursor = None
    if page.prompt is not None:
        room = max(width - cell_len(page.prompt) - 2, 1)
        shown = typed if cell_len(typed) <= room else typed[-room:]
        cursor = (len(lines), cell_len(page.prompt + shown))
        lines.append(Text(page.prompt + shown, "bold"))
    lines += wrapped_lines(said, width, "yellow") or [Text()]
    return [*lines, *footer(page.keys, width)], cursor


def footer(keys: Keys, width: int) -> list[Text]:
    """The keys and what they do, on as few lines as they need."""
    lines: list[Text] = []
    for key, does in keys:
        item = Text()
        item.append(key, "bold cyan")
        item.append(f" {does}")
        if lines and lines[-1].cell_len + 3 + item.cell_len <= width:
            lines[-1].append("   ")
            lines[-1].append_text(item)
        else:
            lines.append(item)
    return lines


def wrapped_lines(text: str, width: int, style: str = "", indent: str = "") -> list[Text]:
    """Plain text in lines of at most `width` cells; an empty line stays one, no text is no line."""
    if not text:
        return []
    return [
        Text(indent) + line
        for paragraph in text.split("\n")
        for line in wrapped(Text(paragraph, style), max(width - len(indent), 1))
    ]
