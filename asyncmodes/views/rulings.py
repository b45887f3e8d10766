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
from asyncmodes.views.totals import Column, table

_STYLES = {"fail": "bold red", "inconclusive": "yellow", "pass": "green", "slower": "yellow", "faster": "green"}


def rulings_lines(comparison: Comparison, width: int, glyphs: Glyphs) -> list[Text]:
    """The tables of a comparison that was judged, each after an empty line; none where nobody asked."""
    lines: list[Text] = []
    if comparison.judgements:
        lines += [Text(), *_expectations(comparison.judgements, width, glyphs)]
    if comparison.against is not None:
        lines += [Text(), *_against(comparison.against, width, glyphs)]
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
    return said


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


def change_verdict(change: Change) -> str:
    """The verdict on one mode's change, and whether the slowdown allowed was kept where that is in doubt."""
    if change.ruling is Ruling.FAIL:
        return f"{change.movement}, fail"
    return f"{change.movement}"


def expectation_cells(judgement: Judgement, dash: str = "–") -> tuple[str, str, str, str, str]:
    """Expected, measured, its interval, how it was judged, and the verdict."""
    return (
        clean(judgement.expectation),
        _measured(judgement) or dash,
        _interval(judgement) or dash,
        judgement.method or dash,
        judgement.ruling.value,
    )


def change_cells(change: Change, dash: str = "–") -> tuple[str, str, str, str, str, str, str]:
    """Mode, total, the reference's, the change, its interval, how it was judged, and the verdict."""
    return (
        change.mode,
        duration(change.total_ns),
        duration(change.reference_ns),
        dash if change.change is None else _percent(change.change),
        _change_interval(change) or dash,
        change.method or dash,
        change_verdict(change),
    )


def against_heading(against: Against) -> tuple[str, str]:
    """Which reference that is; when it was measured, and what was allowed."""
    allowed = "" if against.max_slowdown is None else f"; at most {against.max_slowdown * 100:.6g} % slower is allowed"
    return f"against {clean(against.file[:300])}", f"of {clean(against.started_at[:40])}{allowed}"


def _expectations(judgements: Sequence[Judgement], width: int, glyphs: Glyphs) -> list[Text]:
    cells = list(zip(*(expectation_cells(each, glyphs.dash) for each in judgements)))
    titles = (("expected", 0), ("measured", 1), ("interval", 3), ("judged by", 4), ("verdict", 0))
    return _table(titles, cells, width, glyphs)


def _against(against: Against, width: int, glyphs: Glyphs) -> list[Text]:
    lines = [Text(fit(line, min(width, cell_len(line)), glyphs)) for line in against_heading(against)]
    lines[0].stylize("bold")
    if not against.changes:
        return lines
    cells = list(zip(*(change_cells(each, glyphs.dash) for each in against.changes)))
    titles = (("mode", 0), ("total", 1), ("then", 2), ("change", 0), ("interval", 3), ("judged by", 4), ("verdict", 0))
    return [*lines, *_table(titles, cells, width, glyphs)]


def _table(titles: Sequence[tuple[str, int]], cells: Sequence[Sequence[str]], width: int, glyphs: Glyphs) -> list[Text]:
    """The table, in which a column of dashes is left out and verdicts are coloured."""
    columns = [
        Column(title, list(column), rank)
        for (title, rank), column in zip(titles, cells)
        if rank == 0 or set(column) != {glyphs.dash}
    ]
    lines = table(columns, width, glyphs)
    for line, verdict in zip(lines[1:], cells[-1]):
        word = verdict.rpartition(" ")[2]
        if word in _STYLES and line.plain.endswith(word):
            line.stylize(_STYLES[word], len(line.plain) - len(word))
    return lines


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
