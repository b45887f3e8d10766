"""The doors of the Python API that the command line does not use itself; all others are where they belong."""

from __future__ import annotations

from asyncmodes.exports.json import read_json, write_json
from asyncmodes.record import Comparison
from asyncmodes.spec import Defaults, parse_server, read_spec, read_words
from asyncmodes.tasks import Task

__all__ = ["parse_server", "read_json", "read_spec", "render", "words", "write_json"]


def words(*task_words: str, seed: int = 0) -> list[Task]:
    """Tasks from words as on the command line: `words("300ms", "soup=1s", "https://example.org*3")`.

    `seed` is for delays drawn from a range. Raises UsageError, which lists every word that is wrong.
    """
    return list(read_words(task_words, Defaults(seed=seed)))


def render(comparison: Comparison, width: int = 80, *, ascii_only: bool = False, rows: int | None = None) -> str:
    """The picture that the command line prints, as plain text without colour, `width` cells wide.

    `rows` is the most tasks drawn for each mode (None: up to 20, or 12 of more).
    """
    from asyncmodes.views.glyphs import ASCII, UNICODE
    from asyncmodes.views.picture import Look, picture

    text = picture(comparison, Look(width, ASCII if ascii_only else UNICODE, rows))
    return "\n".join(line.rstrip() for line in text.plain.split("\n"))
