"""The whole picture of a comparison: heading, one axis, a timeline a mode, the table of totals, the sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from asyncmodes.record import Comparison, Run, Verdict
from asyncmodes.stats import Summary, summarise
from asyncmodes.tasks import State
from asyncmodes.text import clean
from asyncmodes.views.axis import Axis, duration
from asyncmodes.views.big import MOST_TASKS, undimmed
from asyncmodes.views.costs import costs_table
from asyncmodes.views.folding import chosen_rows
from asyncmodes.views.glyphs import ORPHAN, STYLES, UNICODE, Glyphs, word
from asyncmodes.views.links import bound_sentence, link_meanings, marks
from asyncmodes.views.phase_means import phases_table
from asyncmodes.views.phases import phase_meanings
from asyncmodes.views.pulse import interval_ns, pulse_note
from asyncmodes.views.sentences import caller_sentence, sentences
from asyncmodes.views.timeline import Columns, length, name_width, state_words, strip_note, timeline
from asyncmodes.views.totals import speedup_text, totals_table
from asyncmodes.views.wrapping import wrapped

NARROWEST, WIDEST = 20, 200
NARROWEST_TIMELINE = 60
_ROOM_FOR_LAST_LABEL = 9
_NARROWEST_NEEDED = 80


class Look(NamedTuple):
    """How a picture is to look: its width in cells, its characters, and the most tasks drawn for each mode.

    `rows` None draws up to 20 tasks, or 12 of more; 0 leaves the timelines out. `command` is the word that the heading
    begins with. `resources` adds the table of what each mode cost the machine. `heartbeat` draws the event loop's under
    every run, not just where tasks block it. `big` is for a projector: at most eight tasks, bars of two rows, nothing
    dim. `hide_totals` leaves out what a class is to predict.
    """

    width: int = 80
    glyphs: Glyphs = UNICODE
    rows: int | None = None
    command: str = "compare"
    resources: bool = False
    heartbeat: bool = False
    big: bool = False
    hide_totals: bool = False

    @property
    def most_rows(self) -> int | None:
        """The most tasks drawn for each mode, None for the usual ones."""
        return min(self.rows or MOST_TASKS, MOST_TASKS) if self.big else self.rows


def picture(comparison: Comparison, look: Look) -> Text:
    """Everything there is to see of a comparison, as one text of lines no wider than asked for."""
    summaries = summarise(comparison)
    lines = [*heading(comparison, look)]
    if look.width >= NARROWEST_TIMELINE and look.rows != 0:
        lines += timelines(drawn_runs(comparison), summaries, look)
    if summaries and not look.hide_totals:
        lines += [*([Text()] if lines[-1].plain else []), *totals_table(summaries, look.width, look.glyphs)]
        bound = bound_sentence(comparison)
        lines += wrapped(Text(bound), look.width) if bound else []
        if look.resources:
            lines += [Text(), *costs_table(summaries, look.width, look.glyphs)]
    phases = phases_table(summaries, look.width, look.glyphs)
    lines += [Text(), *phases] if phases else []
    said = [] if look.hide_totals else sentences(comparison, summaries)
    if (comparison.judgements or comparison.against) and not look.hide_totals:
        from asyncmodes.views.rulings import reasons, rulings_lines

        lines += rulings_lines(comparison, look.width, look.glyphs)
        said = [*said, *reasons(comparison)]
    if said:
        lines.append(Text())
    for sentence in said:
        lines += wrapped(Text(sentence), look.width)
    return Text("\n").join(undimmed(lines) if look.big else lines)


def drawn_runs(comparison: Comparison) -> list[Run]:
    """One run a mode: of several the one with the median total, and an interrupted one only where there is no other."""
    drawn = []
    for mode in comparison.modes:
        runs = comparison.runs_of(mode) or [run for run in comparison.runs if run.mode == mode]
        if runs:
            drawn.append(sorted(runs, key=lambda run: run.total_ns)[(len(runs) - 1) // 2])
    return drawn


def timelines(
    runs: Sequence[Run], summaries: Sequence[Summary], look: Look, span_ns: int = 0, labels: Sequence[str] = ()
) -> list[Text]:
    """The timelines of several runs on one axis, which is at least `span_ns` long, with the axis above them.

    `labels` stand above them instead of the names of their modes.
    """
    if not runs:
        return []
    rows = {number: chosen_rows(run, look.most_rows) for number, run in enumerate(runs)}
    columns = layout(list(runs), rows, look, span_ns)
    by_mode = {summary.mode: summary for summary in summaries}
    margin = Text(" " * (columns.names + 1))
    lines = [Text(), *(margin + line for line in columns.axis.lines(look.glyphs))]
    for number, run in enumerate(runs):
        label = labels[number] if labels else None
        summary = by_mode.get(run.mode)
        lines += [Text()] * (number > 0) + run_heading(run, summary, look, compared=len(runs) > 1, label=label)
        lines += timeline(run, rows[number], columns)
    return [*lines, Text(), *_legend(runs, look, columns.axis)]


def run_heading(
    run: Run, summary: Summary | None, look: Look, *, compared: bool = False, label: str | None = None
) -> list[Text]:
    """A mode's name, or another label, and figures, and in words what its caller got if not simply everything."""
    parts = [duration(run.total_ns)]
    if look.hide_totals:
        parts = []
    elif summary is not None and summary.runs > 1:
        parts[0] += f" (the median of {summary.runs} runs)"
    elif summary is not None and summary.speedup is not None and compared:
        parts.append(speedup_text(summary, look.glyphs))
    parts.append(f"peak {run.peak:,}")
    line = Text(label or f"{run.mode}", "bold")
    line.append("   " + "   ".join(parts), "bold")
    for state, count in run.counts.items():
        if count or state is State.OK:
            line.append("   ")
            line.append(f"{count:,} {word(state)}", STYLES[state] if state is not State.OK else "")
    if run.lost and run.verdict is not Verdict.RUNNING:
        line.append(f"   {run.lost:,} {'result' if run.lost == 1 else 'results'} lost", ORPHAN)
    lines = wrapped(line, look.width, indent=2)
    sentence = None if look.hide_totals else caller_sentence(run)
    return lines + ([] if sentence is None else wrapped(Text("  " + sentence), look.width))


def heading(comparison: Comparison, look: Look) -> list[Text]:
    """What was run, how much work it is if that is known, and on which clock."""
    count = len(comparison.tasks)
    tasks = f"{count:,} {'task' if count == 1 else 'tasks'}"
    if comparison.work_ns is not None:
        tasks += f", {duration(comparison.work_ns)} of work"
    clock = comparison.clock_said + ", exact" * comparison.exact
    title = clean(comparison.title[:200])
    line = Text(" ".join(filter(None, [look.command, title])), "bold")
    line.append(f"   {tasks}   {clock}")
    if comparison.interrupted:
        line.append("   interrupted", "bold red")
    return wrapped(line, look.width)


def layout(runs: list[Run], rows: dict[int, list[int]], look: Look, span_ns: int, words: Sequence[str] = ()) -> Columns:
    """The widths for these rows of the runs, on an axis of at least `span_ns`, and for `words` behind the lengths."""
    names = name_width(runs, rows, look.width)
    labels = [strip_note(run, look.glyphs, run.peak, limit=True) for run in runs]
    folded = [run for number, run in enumerate(runs) if len(rows[number]) < len(run)]
    labels += [strip_note(run, look.glyphs, len(run)) for run in folded]
    labels += [pulse_note(run) for run in runs if look.heartbeat or run.has_blocking_work]
    drawn = [(run, index) for number, run in enumerate(runs) for index in rows[number]]
    lengths = max((len(length(run, index)) for run, index in drawn), default=0)
    needed = look.width // 8 if look.width >= _NARROWEST_NEEDED else 0
    for number, run in enumerate(runs):
        marked = marks(run, look.glyphs)
        said = [marked.get(index, "") + state_words(run, index, needed, look.glyphs) for index in rows[number]]
        labels += [" " * (lengths + 2) + each for each in (*said, *words)]
    notes = max(_ROOM_FOR_LAST_LABEL, *(cell_len(label) for label in labels))
    span = max([span_ns, *(run.drained_ns for run in runs)])
    axis = Axis(max(span, 1), max(look.width - names - 2 - notes, 1))
    return Columns(names, axis, lengths, notes, look.glyphs, look.heartbeat, needed, look.big)


def _legend(runs: Sequence[Run], look: Look, axis: Axis) -> list[Text]:
    """What the glyphs that occur beyond plain bars stand for."""
    glyphs = look.glyphs
    states = {state for run in runs for state, count in run.counts.items() if count}
    meanings = [*link_meanings(runs, axis, glyphs)]
    meanings += [
        (glyphs.failed, "failed", State.FAILED in states),
        (glyphs.timed_out, "timed out", State.TIMED_OUT in states),
        (glyphs.cancelled, "cancelled", State.CANCELLED in states),
        (glyphs.orphan, "orphan: still running after the caller resumed", any(run.orphans for run in runs)),
        *((glyph, words, True) for glyph, words in phase_meanings(runs, glyphs)),
    ]
    if look.heartbeat or any(run.has_blocking_work for run in runs):
        meanings += [
            (glyphs.beat, f"the event loop's heart beats every {duration(interval_ns(axis))}", True),
            (glyphs.flat * 2, "blocked: nothing else has its turn", any(run.has_blocking_work for run in runs)),
        ]
    return meaning_lines([(glyph, meaning) for glyph, meaning, occurs in meanings if occurs], look.width)


def meaning_lines(meanings: Sequence[tuple[str, str]], width: int) -> list[Text]:
    """Glyphs and what they stand for, in lines of at most `width` cells with an empty one below; none for none."""
    lines: list[str] = []
    for each in map(" ".join, meanings):  # a glyph stays on the line of its meaning
        if lines and cell_len(lines[-1]) + 3 + cell_len(each) <= width:
            lines[-1] += f"   {each}"
        else:
            lines.append(each)
    return [*(part for line in lines for part in wrapped(Text(line, "dim"), width)), Text()] if lines else []
