"""A comparison as one page: standalone, without script, readable by keyboard, in light and in dark.

Like the picture of the terminal it draws some tasks of many, so that its size is bounded whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from asyncmodes.advice import warnings
from asyncmodes.exports.style import CSS
from asyncmodes.exports.wording import counts_of, figures_of, line_of, subtitle_of, title_of
from asyncmodes.record import NEVER, Comparison, Run
from asyncmodes.stats import Summary, summarise
from asyncmodes.tasks import State
from asyncmodes.text import clean
from asyncmodes.views.axis import Axis, duration
from asyncmodes.views.folding import chosen_rows
from asyncmodes.views.glyphs import UNICODE, word
from asyncmodes.views.picture import drawn_runs
from asyncmodes.views.sentences import caller_sentence, sentences
from asyncmodes.views.strips import Flow
from asyncmodes.views.timeline import length, state_words
from asyncmodes.views.totals import Column, total_columns

_STEPS = 160  # of the strip of tasks in flight
_TICK_CELLS = 72  # as if the axis were so many characters wide: how many labels fit beside each other
_ENDS = {State.FAILED: UNICODE.failed, State.TIMED_OUT: UNICODE.timed_out, State.CANCELLED: UNICODE.cancelled}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_html(comparison: Comparison, command: str = "compare", rows: int | None = None) -> str:
    """The comparison as an HTML document that refers to nothing outside itself; `command` and `rows` as in `Look`."""
    title = escape(f"{command} {title_of(comparison)}")
    summaries = summarise(comparison)
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{title}</title>\n<style>{CSS}</style>\n</head>\n<body>\n<main>",
            f"<h1>{title}</h1>\n<p>{escape(subtitle_of(comparison))}</p>",
            *_timelines(drawn_runs(comparison), rows),
            *_totals(summaries),
            *_list("What came out", sentences(comparison, summaries)),
            *_list("What to doubt", (warning.message for warning in warnings(comparison, summaries))),
            "</main>\n</body>\n</html>\n",
        )
    )


def _timelines(runs: list[Run], rows: int | None) -> Iterator[str]:
    if not runs:
        return
    axis = Axis(max(1, *(run.drained_ns for run in runs)), _TICK_CELLS)
    yield f'<div class="axis" aria-hidden="true"><span></span><div>{"".join(_ticks(axis))}</div></div>'
    for run in runs:
        yield from _timeline(run, axis, rows)
    yield f"<p class=legend>{_legend(runs)}</p>"


def _ticks(axis: Axis) -> Iterator[str]:
    for ns, label in axis.ticks():
        yield f'<i style="left:{_share(ns, axis)}">{escape(label)}</i>'


def _share(ns: int, axis: Axis) -> str:
    return f"{100 * min(ns / axis.span_ns, 1):.3f}%"


def _timeline(run: Run, axis: Axis, most: int | None) -> Iterator[str]:
    figures = f"{duration(run.total_ns)}, peak {run.peak:,}, {counts_of(run)}"
    yield f"<section>\n<h2>{escape(line_of(str(run.mode)))} <small>{escape(figures)}</small></h2>"
    said = caller_sentence(run)
    if said is not None:
        yield f"<p>{escape(clean(said))}</p>"
    yield "<ol>"
    before = -1
    for index in (*chosen_rows(run, most), len(run)):
        if index - before > 1:
            yield f"<li class=gap>{index - before - 1:,} more, not drawn</li>"
        if index < len(run):
            yield _row(run, index, axis)
        before = index
    yield f"</ol>\n{_strip(run, axis)}\n</section>"


def _row(run: Run, index: int, axis: Axis) -> str:
    figures = escape(figures_of(run, index))
    note = " ".join(filter(None, [state_words(run, index), length(run, index)]))
    return (
        f'<li tabindex="0" aria-label="{figures}"><b>{escape(line_of(run.tasks[index].name, 60))}</b>'
        f"<div class=track>{''.join(_bars(run, index, axis))}</div><em>{escape(note)}</em>"
        f"<div class=tip aria-hidden=true>{figures}</div></li>"
    )


def _bars(run: Run, index: int, axis: Axis) -> Iterator[str]:
    """The task's two waits, its run until the caller resumed, what it went on for after that, and how it ended."""
    start, end = run.starts[index], run.ends[index]
    if start == NEVER:
        return
    resumed = min(max(run.total_ns, start), end) if run.decided_by is not None else end
    ready = min(run.ready_ns(index) or 0, start)
    if ready:
        yield _bar("needs", 0, ready, axis)
    if start > ready:
        yield _bar("wait", ready, start, axis)
    if resumed > start or start == end:
        yield _bar(run.state(index).value, start, resumed, axis)
    if end > resumed:
        yield _bar("orphan", resumed, end, axis)
    glyph = _ENDS.get(run.state(index))
    if glyph:
        yield f'<u style="left:{_share(end, axis)}">{glyph}</u>'
    if run.decided_by is not None and run.total_ns < run.drained_ns:
        yield f'<s style="left:{_share(run.total_ns, axis)}"></s>'


def _bar(kind: str, start: int, end: int, axis: Axis) -> str:
    return f'<i class={kind} style="left:{_share(start, axis)};width:{_share(end - start, axis)}"></i>'


def _strip(run: Run, axis: Axis) -> str:
    """How many tasks were in flight over time, as one shape."""
    steps = Axis(axis.span_ns, _STEPS)
    most = max(run.peak, 1)
    path = "".join(f"V{100 - 100 * count / most:.1f}h1" for count in Flow(run, steps, folded=False).in_flight())
    label = f"in flight, at most {run.peak:,}"
    return (
        f'<div class=flying><b>in flight</b><svg viewBox="0 0 {_STEPS} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}"><path d="M0 100{path}V100Z"/></svg><em>peak {run.peak:,}</em></div>'
    )


def _legend(runs: list[Run]) -> str:
    """What the marks that occur stand for."""
    states = {state for run in runs for state, count in run.counts.items() if count}
    waits = [(run.ready_ns(i) or 0, start) for run in runs for i, start in enumerate(run.starts) if start > 0]
    marks = [("needs", "waiting for what it needs", any(ready for ready, _ in waits))]
    marks += [("wait", "waiting for a free slot", any(start > ready for ready, start in waits))]
    marks += [(state.value, word(state), state in states) for state in (State.OK, *_ENDS)]
    orphans = any(run.orphans for run in runs)
    marks += [("orphan", "orphan: went on after the caller had resumed", orphans)]
    shown = [f"<span><i class={kind}></i> {_mark(kind)}{words}</span>" for kind, words, occurs in marks if occurs]
    if orphans:
        shown.append("<span>| the caller resumes</span>")
    return " ".join(shown)


def _mark(kind: str) -> str:
    glyph = next((glyph for state, glyph in _ENDS.items() if state == kind), "")
    return f"{glyph} " if glyph else ""


def _totals(summaries: Sequence[Summary]) -> Iterator[str]:
    if summaries:
        columns = total_columns(summaries, UNICODE)
        head = _cells("th scope=col", "th", columns, None)
        yield f"<h2>Totals</h2>\n<div class=wide><table>\n<thead><tr>{head}</tr></thead>"
        yield "<tbody>"
        for row in range(len(summaries)):
            yield f"<tr>{_cells('td', 'td', columns, row)}</tr>"
        yield "</tbody>\n</table></div>"


def _cells(opening: str, closing: str, columns: Iterable[Column], row: int | None) -> str:
    texts = [column.title if row is None else column.cells[row] for column in columns]
    return "".join(f"<{opening}>{escape(line_of(text))}</{closing}>" for text in texts)


def _list(heading: str, texts: Iterable[str]) -> Iterator[str]:
    items = [f"<li>{escape(clean(text))}</li>" for text in texts]
    if items:
        yield f"<h2>{heading}</h2>\n<ul>\n{chr(10).join(items)}\n</ul>"
