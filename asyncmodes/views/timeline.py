"""One run as a timeline: a bar for each task, a strip of how many were in flight, and what the caller got."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from asyncmodes.record import Run, Verdict
from asyncmodes.tasks import State
from asyncmodes.text import clean
from asyncmodes.views.axis import Axis, duration
from asyncmodes.views.glyphs import ORPHAN, STYLES, UNICODE, Glyphs, word
from asyncmodes.views.links import after, marks, why_skipped
from asyncmodes.views.phases import parts
from asyncmodes.views.pulse import pulse, pulse_note
from asyncmodes.views.strips import Flow, as_digits, as_levels

_LONGEST_NAME = 24
_MOST_DIGITS = 9


class Columns(NamedTuple):
    """The widths that all timelines of a picture share, in cells: names, bars, and notes that begin with lengths.

    `heartbeat` draws the event loop's also where no task can block it. `needed` is the most that the name of a needed
    task takes in a note. `tall` draws each bar on two lines.
    """

    names: int
    axis: Axis
    lengths: int
    notes: int
    glyphs: Glyphs
    heartbeat: bool = False
    needed: int = 0
    tall: bool = False

    def row(self, name: str, bar: Text, note: str, style: str = "") -> Text:
        """One line: a name cut to its column, a bar, a note."""
        line = Text(fit(name, self.names, self.glyphs) + " ", style)
        line.append_text(bar)
        if note:
            line.append(" " * (self.axis.width - bar.cell_len + 1))
            line.append(note, style)
        return line


def fit(text: str, width: int, glyphs: Glyphs) -> str:
    """The text made safe and padded to exactly `width` cells, or cut in its middle: both ends tell names apart."""
    if len(text) > 20 * width:
        text = text[: 10 * width] + text[-10 * width :]
    safe = clean(text)
    if cell_len(safe) <= width:
        return set_cell_size(safe, width)
    tail = ""
    for character in reversed(safe):
        if cell_len(character + tail) > (width - 1) // 2:
            break
        tail = character + tail
    head = set_cell_size(safe, width - 1 - cell_len(tail))
    return set_cell_size(head + glyphs.ellipsis + tail, width)


def name_width(runs: list[Run], rows: dict[int, list[int]], width: int) -> int:
    """How many cells the names need, at most a quarter of the picture."""
    longest = max(
        (cell_len(clean(run.tasks[i].name[:200])) for number, run in enumerate(runs) for i in rows[number]), default=0
    )
    return max(6, min(longest, _LONGEST_NAME, width // 4))


def state_words(run: Run, index: int, needed: int = 0, glyphs: Glyphs = UNICODE) -> str:
    """The task's state in words, whether its result was lost, and what it needs, in names of `needed` cells."""
    return _own_words(run, index) + after(run, index, needed, glyphs)


def _own_words(run: Run, index: int) -> str:
    state = run.state(index)
    if index in run.orphans:
        return "orphan" if state is State.OK else f"orphan, {word(state)}"
    return "ok, lost" if state is State.OK and run.verdict is Verdict.REJECTED else word(state)


def length(run: Run, index: int) -> str:
    """How long the task took, or nothing as long as it has not ended."""
    return duration(run.ends[index] - run.starts[index]) if run.ends[index] >= 0 else ""


def bar(run: Run, index: int, columns: Columns) -> Text:
    """The task's bar: dots while it waited, blocks while it ran, shaded once it was an orphan, its end's own glyph.

    The dots are others until it was ready. Where the phases of a request were measured they stand in place of the
    blocks, and in place of a bar that never was stands the reason, if that is what the task needs.
    """
    glyphs, axis = columns.glyphs, columns.axis
    state = run.state(index)
    text = Text()
    if state is State.SKIPPED:
        return text.append(why_skipped(run, index, axis.width, glyphs), STYLES[state])
    now = axis.cell(run.drained_ns)
    ready_ns = run.ready_ns(index)
    ready = now if ready_ns is None else axis.cell(ready_ns)
    if state in (State.WAITING, State.QUEUED):
        return text.append(glyphs.waiting * ready, STYLES[State.WAITING]).append(
            glyphs.queued * (now - ready), STYLES[State.QUEUED]
        )
    start = min(axis.cell(run.starts[index]), axis.width - 1)
    end = now if state is State.RUNNING else axis.cell(run.ends[index])
    end = max(end, start + 1)
    last = _ends(glyphs).get(state)
    body_end = end - 1 if last else end
    resumed = min(max(axis.cell(run.total_ns), start), body_end) if _goes_on(run) else body_end
    text.append(glyphs.waiting * min(ready, start), STYLES[State.WAITING])
    text.append(glyphs.queued * (start - ready), STYLES[State.QUEUED])
    body = parts(run, index, axis, glyphs, range(start, resumed)) or glyphs.running * (resumed - start)
    text.append(body, STYLES[State.OK])
    text.append(glyphs.orphan * (body_end - resumed), ORPHAN)
    if last:
        text.append(last, STYLES[state])
    return text


def _goes_on(run: Run) -> bool:
    """Whether tasks went on, or still do, after the caller had resumed."""
    return run.decided_by is not None and run.total_ns < run.drained_ns


def _ends(glyphs: Glyphs) -> dict[State, str]:
    return {State.FAILED: glyphs.failed, State.TIMED_OUT: glyphs.timed_out, State.CANCELLED: glyphs.cancelled}


def timeline(run: Run, rows: list[int], columns: Columns) -> list[Text]:
    """The lines of a run below its heading: a row for each task in `rows`, the caller's mark, the strips."""
    return bars(run, rows, columns) + strips(run, columns, folded=len(rows) < len(run))


def bars(run: Run, rows: list[int], columns: Columns) -> list[Text]:
    """A row for each task in `rows`, and the caller's mark."""
    marked = marks(run, columns.glyphs)
    lines = []
    before = -1
    for index in rows:
        if index - before > 1:
            lines.append(_gap(index - before - 1, columns))
        before = index
        quiet = run.state(index) in (State.SKIPPED, State.QUEUED, State.WAITING)
        style = "dim" if quiet else ""
        took = length(run, index)
        said = marked.get(index, "") + state_words(run, index, columns.needed, columns.glyphs)
        aligned = f"{took.rjust(columns.lengths)}  {said}" if took else f"{'':{columns.lengths}}  {said}"
        lines.append(columns.row(run.tasks[index].name, bar(run, index, columns), aligned, style))
        if columns.tall:
            lines.append(columns.row("", bar(run, index, columns), "", style))
    if rows and len(run) - 1 - rows[-1]:
        lines.append(_gap(len(run) - 1 - rows[-1], columns))
    if run.orphans or _goes_on(run):
        lines.append(_caller(run, columns))
    return lines


def _gap(hidden: int, columns: Columns) -> Text:
    return Text(" " * (columns.names + 1) + f"... {hidden:,} more, not drawn", "dim")


def _caller(run: Run, columns: Columns) -> Text:
    cell = min(columns.axis.cell(run.total_ns), columns.axis.width - 1)
    label = "caller resumes"
    if cell + len(label) + 2 <= columns.axis.width + columns.notes:
        text = " " * cell + f"{columns.glyphs.resumes} {label}"
    else:
        text = f"{label} {columns.glyphs.resumes}".rjust(cell + 1)
    return Text(" " * (columns.names + 1) + text, "bold")


def strip_note(run: Run, glyphs: Glyphs, most: int, *, limit: bool = False) -> str:
    """What a strip of at most `most` tasks is to be read by: each digit a task, or how many a full cell stands for."""
    addition = " = limit" if limit and run.mode.width == run.peak > 1 else ""
    if limit and most <= _MOST_DIGITS:
        return f"peak {most}{addition}"
    return f"{glyphs.levels[-1]} = {most:,}{addition}" if glyphs.levels else f"tenths of {most:,}{addition}"


def strips(run: Run, columns: Columns, *, folded: bool) -> list[Text]:
    """How many tasks were in flight over time; where some are not drawn also queued and done; the loop's heartbeat."""
    if not run.started:
        return []
    flow = Flow(run, columns.axis, folded=folded)
    flying = flow.in_flight()
    lines = []
    if folded:
        lines.append(_strip("queued", run, flow.queued(), max(flow.queued(), default=0), columns))
    lines.append(_strip("flying", run, flying, run.peak, columns, limit=True))
    if folded:
        lines.append(_strip("done", run, flow.done(), len(run), columns))
    if columns.heartbeat or run.has_blocking_work:
        lines.append(columns.row("beats", Text(pulse(run, columns.axis, columns.glyphs)), pulse_note(run), "dim"))
    return lines


def _strip(name: str, run: Run, values: list[int], most: int, columns: Columns, *, limit: bool = False) -> Text:
    if not most:
        return columns.row(name, Text(), "none", "dim")
    exact = limit and most <= _MOST_DIGITS
    cells = as_digits(values) if exact else as_levels(values, most, columns.glyphs)
    return columns.row(name, Text(cells), strip_note(run, columns.glyphs, most, limit=limit), "dim")
