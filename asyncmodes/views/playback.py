"""Runs as they stood at one instant, on one axis: a frame of their playback, never taller than asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from asyncmodes.playback import Playback, at
from asyncmodes.record import Run
from asyncmodes.tasks import State
from asyncmodes.text import clean
from asyncmodes.views.axis import duration
from asyncmodes.views.big import undimmed
from asyncmodes.views.folding import chosen_rows
from asyncmodes.views.glyphs import STYLES, word
from asyncmodes.views.picture import NARROWEST_TIMELINE, Look, layout
from asyncmodes.views.sentences import caller_sentence
from asyncmodes.views.timeline import Columns, bars, strips

_GOING_ON = ("running", "orphan, running")
_FARTHEST = 2.5  # times as long as the runs: a prediction beyond that would squeeze them


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody predicted and, from that instant on, what it was: two marks on the axis."""

    said_ns: int
    said: str
    was_ns: int
    was: str


@dataclass(frozen=True)
class Scene:
    """The finished runs that are played together, each with the name that it is shown by."""

    runs: tuple[Run, ...]
    names: tuple[str, ...]
    said: Said | None = None

    @classmethod
    def of(cls, runs: Sequence[Run]) -> Scene:
        """Runs that are named by their modes."""
        return cls(tuple(runs), tuple(str(run.mode) for run in runs))


@dataclass(frozen=True, slots=True)
class _Fit:
    """How much of each run is drawn: its rows, what its caller got in words, the strips, an empty line below it."""

    rows: int | None
    sentences: bool = True
    gaps: bool = False
    strips: bool = True


_FITS = (
    *(_Fit(rows, gaps=True) for rows in (None, 12)),
    *(_Fit(rows) for rows in (None, 12)),
    *(_Fit(rows, sentences=False) for rows in (None, 12, 10, 8, 6, 5, 4, 3)),
    *(_Fit(rows, sentences=False, strips=False) for rows in (None, 12, 10, 8, 6, 5, 4, 3, 2, 1)),
    _Fit(0, sentences=False),
)
"""From the most to the least; how many tasks were in flight, and the heartbeat, tell more than many rows."""


class Film:
    """A scene for one size of the screen. How much is drawn is found once, so that nothing jumps while it is played."""

    def __init__(self, scene: Scene, look: Look, height: int) -> None:
        self._scene = scene
        self._look = look
        self._height = max(height, 1)
        self._columns: Columns | None = None
        if look.width >= NARROWEST_TIMELINE:
            any(self._fits(fit, tall) for tall in ([True, False] if look.big else [False]) for fit in _FITS)

    def frame(self, playback: Playback) -> Text:
        """The scene at this instant, in no more lines than there are."""
        runs = [at(run, playback.at_ns) for run in self._scene.runs]
        if self._columns is None:
            lines = [self._heading(name, run) for name, run in zip(self._scene.names, runs, strict=True)]
        else:
            lines = self._drawn(runs, playback, self._columns)
        lines = lines[: self._height]
        return Text("\n").join(undimmed(lines) if self._look.big else lines)

    def _fits(self, fit: _Fit, tall: bool) -> bool:
        """Whether that much can be drawn; if so it will be."""
        self._fit = fit
        self._rows = [self._chosen(run) for run in self._scene.runs]
        columns = _columns(self._scene, self._rows, self._look, tall=tall)
        ended = Playback.of(self._scene.runs).ended()
        self._heights = [len(self._of_run(number, run, columns)) for number, run in enumerate(self._scene.runs)]
        if len(self._drawn(self._scene.runs, ended, columns)) > self._height:
            return False
        self._columns = columns
        return True

    def _chosen(self, run: Run) -> list[int]:
        if self._fit.rows == 0:
            return []
        limits = [limit for limit in (self._look.most_rows, self._fit.rows) if limit is not None]
        return chosen_rows(run, min(limits) if limits else None)

    def _drawn(self, runs: Sequence[Run], playback: Playback, columns: Columns) -> list[Text]:
        margin = Text(" " * (columns.names + 1))
        lines = [margin + line for line in columns.axis.lines(self._look.glyphs)]
        lines += [margin + line for line in _marks(self._scene.said, playback, columns, self._look)]
        for number, run in enumerate(runs):
            now = self._of_run(number, run, columns)
            lines += now + [Text()] * (self._heights[number] - len(now) + self._fit.gaps)
        return lines[:-1] if self._fit.gaps else lines

    def _of_run(self, number: int, run: Run, columns: Columns) -> list[Text]:
        lines = [self._heading(self._scene.names[number], run)]
        sentence = caller_sentence(run)
        if self._fit.sentences and not self._look.hide_totals and sentence is not None:
            line = Text(f"  {sentence}")
            line.truncate(self._look.width, overflow="ellipsis")
            lines.append(line)
        rows = self._rows[number]
        if rows:
            lines += bars(run, rows, columns)
        if self._fit.strips:
            lines += strips(run, columns, folded=0 < len(rows) < len(run))
        return lines

    def _heading(self, name: str, run: Run) -> Text:
        line = Text()
        line.append(clean(name), "bold")
        if not self._look.hide_totals:
            line.append(f"   {duration(run.total_ns)}", "bold")
        for state, count in run.counts.items():
            if count:
                line.append(f"   {count:,} {word(state)}", STYLES[state] if state is not State.OK else "")
        line.truncate(self._look.width, overflow="ellipsis")
        return line


def status(playback: Playback, look: Look) -> str:
    """Where the playback is, in words."""
    doing = "over" if playback.is_over else "paused" if playback.paused else "playing"
    where = "" if look.hide_totals or playback.is_over else f" at {duration(playback.at_ns)}"
    return f"{doing}{where}, {playback.speed}"


def _columns(scene: Scene, rows: list[list[int]], look: Look, *, tall: bool) -> Columns:
    """The widths for the whole playback: what stands behind the bars is longest at the end, or while tasks run."""
    longest = max(run.drained_ns for run in scene.runs)
    span = scene.said.said_ns if scene.said is not None and scene.said.said_ns <= _FARTHEST * longest else 0
    words = _GOING_ON if any(run.orphans for run in scene.runs) else _GOING_ON[:1]
    shown = words if any(rows) else ()
    return layout(list(scene.runs), dict(enumerate(rows)), look, span, shown)._replace(tall=tall)


def _marks(said: Said | None, playback: Playback, columns: Columns, look: Look) -> list[Text]:
    """What was said and, as soon as it is known, what it was; on one line if there is room for both."""
    if said is None:
        return []
    room = columns.axis.width + columns.notes + 1
    theirs = _mark(said.said_ns, said.said, columns, room)
    ours = _mark(said.was_ns, said.was, columns, room)
    known = playback.at_ns >= said.was_ns and not (look.hide_totals and not playback.is_over)
    first, second = sorted((theirs, ours))
    if first[0] + cell_len(first[1]) + 2 <= second[0]:
        line = Text()
        for cell, text in (first, second):
            if (cell, text) == theirs or known:
                line.append(" " * (cell - line.cell_len))
                line.append(text, "bold")
        return [line]
    shown = [theirs, ours] if known else [theirs]
    lines = [Text(" " * cell + text, "bold") for cell, text in shown]
    return lines + [Text()] * (2 - len(lines))


def _mark(ns: int, text: str, columns: Columns, room: int) -> tuple[int, str]:
    """Where a mark begins, and the mark with its arrow at that instant; beyond the axis it points there."""
    beyond = ns > columns.axis.span_ns
    cell = min(columns.axis.cell(ns), columns.axis.width - 1)
    arrow = columns.glyphs.resumes
    if not beyond and cell + cell_len(text) + 2 <= room:
        return cell, f"{arrow} {text}"
    pointed = f"{text} {'>' if beyond else arrow}"
    return max(cell + 1 - cell_len(pointed), 0), pointed
