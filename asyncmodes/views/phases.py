"""The phases of requests in bars: each has a glyph of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from asyncmodes.phases import BODY, CONNECT, DNS, FIRST_BYTE, WAIT, mean_phases, phases_of
from asyncmodes.record import Run
from asyncmodes.views.axis import Axis
from asyncmodes.views.glyphs import Glyphs

_MEANINGS = {
    DNS: "DNS lookup",
    CONNECT: "connecting (with TLS)",
    FIRST_BYTE: "waiting for the first byte",
    BODY: "receiving the body",
}


def parts(run: Run, index: int, axis: Axis, glyphs: Glyphs, cells: range) -> str | None:
    """The characters for these cells of the task's bar, one a cell; None where no phases were measured.

    A phase whose ends are rounded to the same cell is not seen; a bar of one cell shows the longest one.
    """
    phases = phases_of(run, index)
    if phases is None or not cells:
        return None
    phases.pop(WAIT, None)
    if not phases:
        return None
    if len(cells) == 1:
        return _glyph(max(phases, key=phases.__getitem__), glyphs)
    ends = [axis.cell(run.starts[index] + round(end * 1e9)) for end in accumulate(phases.values())]
    *_, last = phases
    drawn = ""
    for phase, end in zip(phases, ends, strict=True):
        until = cells.stop if phase == last else min(end, cells.stop)
        drawn += _glyph(phase, glyphs) * (until - cells.start - len(drawn))
    return drawn


def phase_meanings(runs: Sequence[Run], glyphs: Glyphs) -> list[tuple[str, str]]:
    """The glyph and the words of each phase that happened."""
    happened = mean_phases(runs) or {}
    return [(_glyph(phase, glyphs), words) for phase, words in _MEANINGS.items() if happened.get(phase)]


def _glyph(phase: str, glyphs: Glyphs) -> str:
    return {DNS: glyphs.dns, CONNECT: glyphs.connect, FIRST_BYTE: glyphs.first_byte, BODY: glyphs.body}[phase]
