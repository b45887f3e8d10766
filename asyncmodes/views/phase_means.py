"""The table of the phases of requests: for each mode what a request spent in each of them, in the mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from asyncmodes.phases import BODY, CONNECT, DNS, FIRST_BYTE, PHASES, WAIT
from asyncmodes.stats import Summary
from asyncmodes.views.axis import duration
from asyncmodes.views.glyphs import Glyphs
from asyncmodes.views.totals import Column, table

_TITLES = {WAIT: "wait", DNS: "DNS", CONNECT: "connect", FIRST_BYTE: "first byte", BODY: "body"}


def phases_table(summaries: Sequence[Summary], width: int, glyphs: Glyphs) -> list[Text]:
    """The mean phases of each mode's requests, in lines of at most `width` cells; none where none were measured."""
    rows = [(str(summary.mode), summary.phases_s) for summary in summaries if summary.phases_s is not None]
    if not rows:
        return []
    columns = [Column("mean phase", [mode for mode, _ in rows], 0)]
    for rank, phase in enumerate(PHASES):
        columns.append(Column(_TITLES[phase], [duration(means[phase] * 1e9) for _, means in rows], rank))
    return table(columns, width, glyphs)
