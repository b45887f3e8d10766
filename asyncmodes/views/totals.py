"""The table of totals: the figures that modes are compared by, with what the caller got beside each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from asyncmodes.stats import Summary
from asyncmodes.tasks import State
from asyncmodes.views.axis import duration, unit_for
from asyncmodes.views.glyphs import STYLES, Glyphs, word
from asyncmodes.views.timeline import fit

NOTICEABLE = 1.1


class Column(NamedTuple):
    """A column of the table; those of the highest `rank` go first when room is short."""

    title: str
    cells: list[str]
    rank: int
    style: str = ""

    @property
    def width(self) -> int:
        """The cells that its widest entry takes."""
        return max(cell_len(text) for text in (self.title, *self.cells))


def totals_table(summaries: Sequence[Summary], width: int, glyphs: Glyphs) -> list[Text]:
    """The table as lines of at most `width` cells; columns that do not fit are left out, the least telling first."""
    return table(total_columns(summaries, glyphs), width, glyphs)


def table(columns: Sequence[Column], width: int, glyphs: Glyphs) -> list[Text]:
    """The columns side by side in lines of at most `width` cells; the first has the names."""
    first, *others = columns
    shown = others
    while shown and first.width + sum(2 + column.width for column in shown) > width:
        last = max(shown, key=lambda column: column.rank)
        if last.rank == 0:
            break
        shown = [column for column in shown if column is not last]
    room = max(width - sum(2 + column.width for column in shown), 3)
    name_width = min(first.width, room)
    lines = [_line(first.title, name_width, [(c.title, c) for c in shown], glyphs, "bold")]
    for row, name in enumerate(first.cells):
        lines.append(_line(name, name_width, [(c.cells[row], c) for c in shown], glyphs, ""))
    for line in lines:
        line.truncate(width)
    return lines


def _line(name: str, name_width: int, cells: list[tuple[str, Column]], glyphs: Glyphs, style: str) -> Text:
    line = Text(fit(name, name_width, glyphs), style)
    for text, column in cells:
        shown = style or (column.style if text not in ("0", glyphs.dash) else "dim")
        line.append("  " + " " * (column.width - cell_len(text)))
        line.append(text, shown)
    return line


def total_columns(summaries: Sequence[Summary], glyphs: Glyphs) -> list[Column]:
    """All columns of the table that have something to tell, whatever their width."""

    def figures(state: State) -> list[str]:
        return [str(summary.counts[state]) for summary in summaries]

    columns = [
        Column("mode", [str(summary.mode) for summary in summaries], 0),
        Column("total", [total_text(summary, glyphs) for summary in summaries], 0, "bold"),
        *_spread(summaries, glyphs),
        Column("predicted", [_optional(summary.predicted_ns, glyphs) for summary in summaries], 2),
    ]
    if sum(summary.speedup is not None for summary in summaries) > 1:
        columns.insert(-1, Column("speedup", [speedup_text(summary, glyphs) for summary in summaries], 4))
    if any(summary.drained_ns > summary.total.max for summary in summaries):
        columns.append(Column("drained", [duration(summary.drained_ns) for summary in summaries], 7))
    if any(slowed_down(summary) for summary in summaries):
        columns.append(Column("slowdown", [slowdown_text(summary, glyphs) for summary in summaries], 5))
    columns += [
        Column("peak", [str(summary.peak) for summary in summaries], 6),
        Column("ok", figures(State.OK), 1),
        Column("failed", figures(State.FAILED), 1, STYLES[State.FAILED]),
    ]
    for state, rank in ((State.TIMED_OUT, 1), (State.CANCELLED, 3), (State.SKIPPED, 3)):
        if any(summary.counts[state] for summary in summaries):
            columns.append(Column(word(state), figures(state), rank, STYLES[state]))
    columns.append(Column("lost", [str(summary.lost) for summary in summaries], 1, "yellow"))
    return columns


def total_text(summary: Summary, glyphs: Glyphs) -> str:
    """The mean total, with its standard deviation where there are several runs."""
    if summary.total.stddev is None:
        return duration(summary.total.mean)
    unit = unit_for(summary.total.mean)
    return f"{duration(summary.total.mean)} {glyphs.plus_minus} {duration(summary.total.stddev, unit)}"


def speedup_text(summary: Summary, glyphs: Glyphs) -> str:
    """How many times as fast as the baseline, or a dash where that would compare different things."""
    if summary.speedup is None:
        return glyphs.dash
    if summary.as_fast and summary.speedup != 1:
        return f"{glyphs.about} 1{glyphs.times}"
    error = f" {glyphs.plus_minus} {summary.speedup_stddev:.2f}" if summary.speedup_stddev else ""
    return f"{summary.speedup:.2f}{glyphs.times}{error}"


def slowed_down(summary: Summary) -> bool:
    """Whether tasks took noticeably more or less time than in the baseline mode."""
    return summary.slowdown is not None and not 1 / NOTICEABLE < summary.slowdown < NOTICEABLE


def slowdown_text(summary: Summary, glyphs: Glyphs) -> str:
    """How many times as long a task took as in the baseline mode."""
    return glyphs.dash if summary.slowdown is None else f"{summary.slowdown:.2f}{glyphs.times}"


def _spread(summaries: Sequence[Summary], glyphs: Glyphs) -> list[Column]:
    """Median and range, where there are several runs."""
    if all(summary.runs == 1 for summary in summaries):
        return []
    ranges = [f"{duration(s.total.min)} {glyphs.until} {duration(s.total.max)}" for s in summaries]
    return [
        Column("median", [duration(summary.total.median) for summary in summaries], 8),
        Column(f"min {glyphs.until} max", ranges, 9),
    ]


def _optional(ns: int | None, glyphs: Glyphs) -> str:
    return glyphs.dash if ns is None else duration(ns)


def rate_text(per_s: float) -> str:
    """Things a second with three significant digits, or all before the point."""
    if per_s >= 100:
        return f"{per_s:,.0f}"
    return f"{per_s:.1f}" if per_s >= 10 else f"{per_s:.2f}" if per_s >= 0.1 or not per_s else f"{per_s:.2g}"
