"""The characters and styles of the pictures: every state has a glyph and a word, never a colour alone."""

from __future__ import annotations

from typing import NamedTuple

from asyncmodes.tasks import State


class Glyphs(NamedTuple):
    """One set of characters; each is one cell wide. `levels` are heights from just above nothing to full."""

    queued: str
    running: str
    failed: str
    timed_out: str
    orphan: str
    cancelled: str
    resumes: str
    ellipsis: str
    times: str
    dash: str
    plus_minus: str
    tick: str
    rule: str
    until: str
    about: str
    beat: str
    flat: str
    ready: str
    levels: str | None
    dns: str
    connect: str
    first_byte: str
    body: str
    waiting: str
    critical: str


UNICODE = Glyphs(
    "·", "█", "✗", "!", "▒", "╱", "▲", "…", "×", "–", "±", "┬", "─", "…", "≈", "│", "─", "░",
    "▁▂▃▄▅▆▇█", "▂", "▄", "░", "▆", "┈", "◆",
)  # fmt: skip  # a row of a table
ASCII = Glyphs(
    ".", "=", "X", "!", "~", "/", "^", ">", "x", "-", "+-", "+", "-", "..", "~", "|", "-", ":",
    None, "d", "c", "-", "#", ":", "*",
)  # fmt: skip  # a row of a table

STYLES = {
    State.OK: "cyan",
    State.RUNNING: "cyan",
    State.FAILED: "bold red",
    State.TIMED_OUT: "bold red",
    State.CANCELLED: "magenta",
    State.SKIPPED: "dim",
    State.QUEUED: "dim",
    State.WAITING: "dim",
}
ORPHAN = "yellow"
WORDS = {State.TIMED_OUT: "timed out"}


def word(state: State) -> str:
    """The state as a word for people."""
    return WORDS.get(state, state.value)
