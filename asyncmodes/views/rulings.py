"""Tables of what became of expectations and how modes changed against a reference, and the same in one line each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from asyncmodes.record import Comparison
from asyncmodes.rulings import Against, Change, Judgement, Ruling, Unit
from asyncmodes.text import clean
from asyncmodes.views.axis import duration, unit_for
from asyncmodes.views.glyphs import Glyphs
from asyncmodes.views.timeline import fit
from asyncmodes.views.totals import Column, rate_text, table

_STYLES = {"fail": "bold red", "inconclusive": "yellow", "pass": "green", "slower": "yellow", "faster": "green"}

_OF_JUDGEMENTS = (("expected", 0), ("measured", 1), ("interval", 3), ("judged by", 4), ("verdict", 0))
_OF_CHANGES = (
    ("mode", 0),
    ("total", 1),
    ("then", 2),
    ("change", 0),
    ("interval", 3),
    ("judged by", 4),
    ("verdict", 0),
)


def rulings_tables(comparison: Comparison, glyphs: Glyphs) -> list[tuple[Sequence[str], list[Column]]]:
    """What stands above each table, in lines, and its columns, the verdict last; none where nobody asked."""
    tables: list[tuple[Sequence[str], list[Column]]] = []
    if comparison.judgements:
        rows = [_judgement_cells(each, glyphs.dash) for each in comparison.judgements]
        tables.append(((), _columns(_OF_JUDGEMENTS, rows, glyphs)))
    if comparison.against is not None:
        changes = [_change_cells(each, glyphs.dash) for each in comparison.against.changes]
        tables.append((_against(comparison.against), _columns(_OF_CHANGES, changes, glyphs) if changes else []))
    return tables


def rulings_lines(comparison: Comparison, width: int, glyphs: Glyphs) -> list[Text]:
    """The tables of a comparison that was judged, each after an empty line, with coloured verdicts."""
    lines: list[Text] = []
    for heading, columns in rulings_tables(comparison, glyphs):
        lines.append(Text())
        lines += [Text(fit(line, min(width, cell_len(line)), glyphs), "bold") for line in heading]
        drawn = table(columns, width, glyphs) if columns else []
        for line, verdict in zip(drawn[1:], columns[-1].cells if columns else ()):
            word = verdict.rpartition(" ")[2]
            if word in _STYLES and line.plain.endswith(word):
                line.stylize(_STYLES[word], len(line.plain) - len(word))
        lines += drawn
    return lines


def reasons(comparison: Comparison) -> list[str]:
    """What has to be known beside the figures of the tables, one sentence each."""
    said = [f"{each.expectation}: {each.reason}" for each in comparison.judgements if each.reason]
    if comparison.against is not None:
        said += [
            f"{each.mode} against the reference: {each.reason}" for each in comparison.against.changes if each.reason
        ]
        if comparison.against.missing:
            said.append(f"not in the reference: {', '.join(comparison.against.missing)}")
    return list(map(clean, said))


def judgement_line(judgement: Judgement) -> str:
    """One judgement in one line: what was expected, what was measured, and why it was judged so."""
    measured = _measured(judgement)
    interval = _interval(judgement)
    spread = f" ({interval}, {judgement.method})" if interval else f" ({judgement.method})" if judgement.method else ""
    said = [judgement.expectation] + [f"measured {measured}{spread}"] * bool(measured) + [judgement.reason]
    return ": ".join(filter(None, said))


def change_line(change: Change) -> str:
    """One mode's change in one line."""
    figures = f"{duration(change.total_ns)} instead of {duration(change.reference_ns)}"
    moved = f", {_percent(change.change)}" if change.change is not None else ""
    interval = _change_interval(change)
    spread = f" ({interval}, {change.method})" if interval else f" ({change.method})" if change.method else ""
    return ": ".join(filter(None, [f"{change.mode} is {change.movement}", f"{figures}{moved}{spread}", change.reason]))


def _judgement_cells(judgement: Judgement, dash: str) -> Sequence[str]:
    return (
        judgement.expectation,
        _measured(judgement) or dash,
        _interval(judgement) or dash,
        judgement.method or dash,
        judgement.ruling.value,
    )


def _change_cells(change: Change, dash: str) -> Sequence[str]:
    return (
        change.mode,
        duration(change.total_ns),
        duration(change.reference_ns),
        dash if change.change is None else _percent(change.change),
        _change_interval(change) or dash,
        change.method or dash,
        f"{change.movement}, fail" if change.ruling is Ruling.FAIL else change.movement.value,
    )


def _columns(titles: Sequence[tuple[str, int]], rows: Sequence[Sequence[str]], glyphs: Glyphs) -> list[Column]:
    """The columns with their ranks, without those that would hold nothing but dashes; the texts may be of a file."""
    columns = [Column(title, list(map(clean, cells)), rank) for (title, rank), cells in zip(titles, zip(*rows))]
    return [column for column in columns if set(column.cells) != {glyphs.dash}]


def _against(against: Against) -> Sequence[str]:
    """Which reference that is; when it was measured, and what was allowed."""
    allowed = "" if against.max_slowdown is None else f"; at most {against.max_slowdown * 100:.6g} % slower is allowed"
    return f"against {clean(against.file[:300])}", f"of {clean(against.started_at[:40])}{allowed}"


def _measured(judgement: Judgement) -> str:
    value = judgement.measured
    return "" if value is None else _figure(value, judgement, precisely=value != judgement.bound)


def _figure(value: float, judgement: Judgement, *, precisely: bool) -> str:
    """The figure as people read it, with more digits where it would look like a bound that it is not."""
    short = _said(value, judgement)
    return _said(value, judgement, digits=9) if precisely and short == _said(judgement.bound, judgement) else short


def _said(value: float, judgement: Judgement, digits: int = 0) -> str:
    if judgement.relative_to and judgement.unit is not Unit.COUNT:
        return f"{value:.{digits or 3}g} {judgement.relative_to}"
    match judgement.unit:
        case Unit.TIME:
            name, size = unit_for(value)
            return f"{value / size:.{digits}g} {name}" if digits else duration(value)
        case Unit.COUNT:
            return f"{value:,.12g}"
        case Unit.SHARE:
            return f"{value * 100:.{digits or 3}g}%"
        case Unit.RATE:
            return f"{value:.{digits}g} a second" if digits else f"{rate_text(value)} a second"
    return f"{value:.{digits or 3}g}"


def _interval(judgement: Judgement) -> str:
    if judgement.low is None or judgement.high is None:
        return ""
    if judgement.unit is Unit.TIME and not judgement.relative_to:
        unit = unit_for(judgement.high)
        return _span(duration(max(judgement.low, 0), unit), duration(judgement.high, unit))
    low, high = (f"{end * (100 if judgement.unit is Unit.SHARE else 1):.4g}" for end in (judgement.low, judgement.high))
    return _span(low, high) + "%" * (judgement.unit is Unit.SHARE)


def _change_interval(change: Change) -> str:
    if change.low is None or change.high is None:
        return ""
    return _span(_percent(change.low), _percent(change.high))


def _span(low: str, high: str) -> str:
    return high if low == high else f"{low.partition(' ')[0]} to {high}"


def _percent(share: float) -> str:
    return f"{share * 100:+.1f} %"
