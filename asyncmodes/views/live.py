"""The picture while it grows: the same timelines, asked for again and again, never taller than the screen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.text import Text

from asyncmodes.record import Comparison, Run
from asyncmodes.stats import Summary, summarise
from asyncmodes.views.folding import chosen_rows
from asyncmodes.views.picture import NARROWEST_TIMELINE, Look, drawn_runs, heading, run_heading, timelines
from asyncmodes.views.wrapping import wrapped

_AXIS_LINES = 3  # at least, and the empty line above
_FRAME_LINES = 2  # kept free so that the terminal need not scroll


def live_picture(
    comparison: Comparison,
    now: Run,
    look: Look,
    height: int,
    said: str = "",
    *,
    summaries: Sequence[Summary] | None = None,
) -> Text:
    """The runs that are done and the one under way, folded until they fit into `height` lines, below what is `said`.

    `summaries` are those of the comparison, for who has worked them out already: they stay as they are for many frames.
    The axis is as long as the longest run so far, or as what is predicted for the one under way.
    """
    first = heading(comparison, look)[:1] + (wrapped(Text(said, "dim"), look.width)[:1] if said else [])
    room = max(height - _FRAME_LINES - len(first), 1)
    done = [run for run in drawn_runs(comparison) if run.mode != now.mode]
    summaries = summarise(comparison) if summaries is None else summaries
    span = max([now.predicted_ns or 0, *(run.predicted_ns or 0 for run in comparison.runs)])
    if look.width >= NARROWEST_TIMELINE:
        for shown, rows in ((done, look.rows), (done, 4), ([], look.rows), ([], 8), ([], 3)):
            if _least_lines([*shown, now], len(done) - len(shown), look._replace(rows=rows)) > room:
                continue
            drawn = timelines([*shown, now], summaries, look._replace(rows=rows), span)
            lines = [*_finished(done, shown, look), *drawn]
            if len(lines) <= room:
                return Text("\n").join([*first, *lines])
    return Text("\n").join([*first, *_headings([*done, now], look)[-room:]])


def _least_lines(drawn: Sequence[Run], others: int, look: Look) -> int:
    """No fewer lines than these will be needed, which is known before they are drawn."""
    lines = others + len(drawn) + _AXIS_LINES
    for run in drawn:
        rows = chosen_rows(run, look.most_rows)
        gaps = sum(row - before > 1 for before, row in pairwise([-1, *rows, len(run)]))
        strips = 0 if not run.started else 1 if len(rows) == len(run) else 3
        lines += 1 + len(rows) + gaps + strips
    return lines - 1


def _finished(done: Sequence[Run], shown: Sequence[Run], look: Look) -> list[Text]:
    """A line for each run that is done and has no room for its timeline."""
    return _headings([run for run in done if run not in shown], look)


def _headings(runs: Sequence[Run], look: Look) -> list[Text]:
    return [run_heading(run, None, look)[0] for run in runs]
