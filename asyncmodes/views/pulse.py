"""A heartbeat under a run: a mark for each beat, and a flat line where the event loop was blocked."""

from __future__ import annotations

from asyncmodes.heartbeat import beats, blocked
from asyncmodes.record import Run
from asyncmodes.views.axis import Axis, duration
from asyncmodes.views.glyphs import Glyphs

_USUAL_NS = 20_000_000
_FEWEST = 10  # beats on an axis, if it is too short for the usual ones
_CELLS = 2  # at least so many from beat to beat, or they could not be told apart


def interval_ns(axis: Axis) -> int:
    """From beat to beat: 20 ms, or the nearest of 1, 2 or 5 times a power of ten that can be drawn on this axis."""
    least = max(min(_USUAL_NS, axis.span_ns // _FEWEST), _CELLS * axis.span_ns // axis.width, 1)
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if step >= least:
                return step
        power *= 10


def pulse(run: Run, axis: Axis, glyphs: Glyphs) -> str:
    """The beats of a run, a character a cell."""
    width = max(min(axis.cell(run.drained_ns), axis.width), 1)
    cells = [" "] * width
    for start, end in blocked(run):
        for cell in range(axis.cell(start), min(axis.cell(end), width)):
            cells[cell] = glyphs.flat
    for beat in beats(run, interval_ns(axis)):
        cell = axis.cell(beat)
        if cell < width:  # the last one may fall on the very end of the run, where no cell is left
            cells[cell] = glyphs.beat
    return "".join(cells)


def pulse_note(run: Run) -> str:
    """The longest time without a beat."""
    longest = max((end - start for start, end in blocked(run)), default=0)
    return f"blocked {duration(longest)}" if longest else "never blocked"
