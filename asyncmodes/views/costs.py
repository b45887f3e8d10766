"""The table of what each mode cost the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text

from asyncmodes.resources import Resources
from asyncmodes.stats import Summary
from asyncmodes.views.axis import duration
from asyncmodes.views.glyphs import Glyphs
from asyncmodes.views.totals import Column, table

_MIB = 1 << 20
_FIGURES: Sequence[tuple[str, int, Callable[[Resources], str | None]]] = (
    ("threads", 1, lambda cost: f"{cost.threads:,}"),
    ("files", 3, lambda cost: f"{cost.open_files:,}"),
    ("memory", 4, lambda cost: None if cost.memory_bytes is None else f"{cost.memory_bytes / _MIB:,.1f} MiB"),
    ("CPU", 2, lambda cost: duration(cost.cpu_ns)),
    ("longest gap", 5, lambda cost: None if cost.longest_gap_ns is None else duration(cost.longest_gap_ns)),
)


def costs_table(summaries: Sequence[Summary], width: int, glyphs: Glyphs) -> list[Text]:
    """The table as lines of at most `width` cells: what was counted and measured, a dash for what was not."""
    columns = [
        Column("mode", [str(summary.mode) for summary in summaries], 0),
        Column("in flight", [f"{summary.peak:,}" for summary in summaries], 0),
    ]
    for title, rank, figure in _FIGURES:
        cells = [figure(summary.resources) if summary.resources else None for summary in summaries]
        columns.append(Column(title, [cell or glyphs.dash for cell in cells], rank))
    return table(columns, width, glyphs)
