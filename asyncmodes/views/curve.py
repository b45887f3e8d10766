"""The curve of a sweep: total and throughput against the limit, the fitted law in plain words, the recommendation."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from asyncmodes.knee import MORE_FAILED, Findings, Point, Sweep
from asyncmodes.knee.choice import AS_GOOD, RESAMPLES
from asyncmodes.knee.usl import Fit
from asyncmodes.tasks import State
from asyncmodes.text import clean
from asyncmodes.views.glyphs import STYLES, Glyphs, word
from asyncmodes.views.picture import Look
from asyncmodes.views.totals import Column, table, total_text
from asyncmodes.views.wrapping import wrapped

_SHORTEST_BAR, _LONGEST_BAR = 12, 60
_RECOMMENDED, _BEST = "recommended", "best"
_FAR_BEYOND = 1_000_000


def curve(sweep: Sweep, look: Look) -> Text:
    """Everything there is to see of a sweep, as one text of lines no wider than asked for."""
    found = sweep.findings
    lines = [*_heading(sweep, found, look)]
    if found.points:
        lines += [Text(), *_rows(found, look)]
    paragraphs = [_fit_sentences(found)] if len(found.points) > 1 else []
    for paragraph in (*paragraphs, _recommendation(sweep, found)):
        lines.append(Text())
        for sentence in paragraph:
            lines += wrapped(Text(sentence), look.width)
    return Text("\n").join(lines)


def _heading(sweep: Sweep, found: Findings, look: Look) -> list[Text]:
    comparison = sweep.comparison
    count = len(comparison.tasks)
    line = Text(" ".join(filter(None, [look.command, clean(comparison.title[:200])])), "bold")
    line.append(f"   {count:,} {'task' if count == 1 else 'tasks'}")
    rounds = sorted({len(point.samples) for point in found.points})
    if rounds:
        span = f"{rounds[0]} to {rounds[-1]}" if len(rounds) > 1 else f"{rounds[0]}"
        line.append(f"   {span} {'run' if rounds == [1] else 'runs'} a limit")
    line.append(f"   {'virtual clock: simulated' if comparison.clock == 'virtual' else 'real clock'}")
    line.append(", exact" * sweep.exact)
    if sweep.interrupted:
        line.append("   interrupted", "bold red")
    return wrapped(line, look.width)


def _rows(found: Findings, look: Look) -> list[Text]:
    """A line for each limit: its figures, a bar as long as its throughput, and what it is."""
    marks = [_mark(point, found) for point in found.points]
    widest = max(map(cell_len, marks))
    beside = 2 + widest if widest else 0
    columns = _columns(found, look.glyphs)
    lines = table(columns, look.width - beside - 2 - _SHORTEST_BAR, look.glyphs)
    room = max(min(look.width - beside - 2 - max(line.cell_len for line in lines), _LONGEST_BAR), 1)
    most = max((point.per_s or 0.0 for point in found.points), default=0.0)
    for line, point, mark in zip(lines[1:], found.points, marks):
        cells = round((point.per_s or 0.0) / most * room) if most else 0
        line.append("  ")
        line.append(look.glyphs.running * cells, "bold cyan" if mark else "cyan")
        if mark:
            line.append(" " * (room - cells + 2))
            line.append(mark, "bold")
    for line in lines:
        line.truncate(look.width)
    return lines


def _mark(point: Point, found: Findings) -> str:
    marks = [
        *([_RECOMMENDED] if point.limit == found.recommended else []),
        *([_BEST] if point.limit == found.best else []),
    ]
    return ", ".join(marks)


def _columns(found: Findings, glyphs: Glyphs) -> list[Column]:
    points = found.points

    def counts(state: State) -> list[str]:
        return [f"{point.summary.counts[state]:,}" for point in points]

    columns = [
        Column("limit", [f"{point.limit:,}" for point in points], 0),
        Column("total", [total_text(point.summary, glyphs) for point in points], 4),
        Column("ok/s", [_rate(point.per_s, glyphs) for point in points], 0, "bold"),
    ]
    if any(point.fitted_per_s is not None for point in points):
        columns.append(Column("fit", [_rate(point.fitted_per_s, glyphs) for point in points], 3))
    columns += [
        Column("ok", counts(State.OK), 2),
        Column("failed", counts(State.FAILED), 1, STYLES[State.FAILED]),
    ]
    for state in (State.TIMED_OUT, State.SKIPPED):
        if any(point.summary.counts[state] for point in points):
            columns.append(Column(word(state), counts(state), 1, STYLES[state]))
    return columns


def _rate(per_s: float | None, glyphs: Glyphs) -> str:
    """A throughput with three significant digits, or a dash."""
    if per_s is None:
        return glyphs.dash
    if per_s >= 100:
        return f"{per_s:,.0f}"
    return f"{per_s:.1f}" if per_s >= 10 else f"{per_s:.2f}" if per_s >= 0.1 or not per_s else f"{per_s:.2g}"


def _share(value: float) -> str:
    """A share as a percentage with two significant digits; whole from 10 % on."""
    percent = 100 * value
    text = f"{percent:,.0f}" if percent >= 10 else f"{percent:.2g}"
    return f"{text} %"


def _fit_sentences(found: Findings) -> list[str]:
    """The Universal Scalability Law's two coefficients in plain words; or why the data do not support it."""
    law = found.law
    if isinstance(law, str):
        return [f"No fit of the Universal Scalability Law: {law}."]
    if law.problem is not None:
        return [f"No fit of the Universal Scalability Law: {law.problem}."]
    said = [
        f"Universal Scalability Law: alone {law.rate:.3g} tasks a second; the fit is off by {_share(law.off)}."
        if law.off >= 0.0005
        else f"Universal Scalability Law: alone {law.rate:.3g} tasks a second; the fit is exact.",
        _contention(law),
        _crosstalk(law, found.best or found.points[-1].limit),
    ]
    return [*said, _peak(law, found.points)]


def _contention(law: Fit) -> str:
    if law.sigma < 1e-6:
        return f"Contention 0{_up_to(law.sigma_interval)}: none of the work is seen to be serial."
    return f"Contention {law.sigma:.3g}{_between(law.sigma_interval)}: {_share(law.sigma)} of the work is serial."


def _crosstalk(law: Fit, limit: int) -> str:
    if law.kappa < 1e-9:
        return f"Crosstalk 0{_up_to(law.kappa_interval)}: tasks are not seen to slow each other down beyond that."
    longer = law.kappa * limit * (limit - 1)
    return (
        f"Crosstalk {law.kappa:.3g}{_between(law.kappa_interval)}: every added task slows the others; at limit "
        f"{limit:,} each takes {_share(longer)} longer than alone."
    )


def _between(interval: tuple[float, float]) -> str:
    low, high = interval
    shown = f"{low:.3g}", f"{high:.3g}"
    return f" ({shown[0]} to {shown[1]})" if shown[0] != shown[1] else ""


def _up_to(interval: tuple[float, float]) -> str:
    return f" (at most {interval[1]:.2g})" if interval[1] > 1e-4 else ""


def _peak(law: Fit, points: Sequence[Point]) -> str:
    fitted = [point.limit for point in points if not isinstance(point.full, str)]
    failing = [point.limit for point in points if point.full == MORE_FAILED]
    beyond = f"; but from limit {failing[0]:,} on more tasks fail" if failing else ""
    peak = law.peak
    if peak is None or peak > _FAR_BEYOND:
        return f"By this law throughput never falls, as far as was seen (limit {fitted[-1]:,}){beyond}."
    if peak > fitted[-1]:
        beyond = f", beyond what was seen (limit {fitted[-1]:,}){beyond}"
    return f"By this law it is highest with limit {peak:,.0f}, sqrt((1 - contention) / crosstalk){beyond}."


def _recommendation(sweep: Sweep, found: Findings) -> list[str]:
    if found.recommended is None:
        return [f"No recommendation: {found.problem}{_remedy(sweep, found)}."]
    at = {point.limit: point for point in found.points}
    best, recommended = at[found.best or 0], at[found.recommended]
    if best is recommended:
        why = "the highest throughput"
    else:
        share = 1 - (recommended.per_s or 0) / (best.per_s or 1)
        noise = "" if share <= 1 - AS_GOOD else " but for noise"
        why = f"the lowest within 5 % of the best (limit {best.limit:,}){noise}, {_share(share)} below it"
    if any(point.full == MORE_FAILED for point in found.points):
        why += f", with no more failures than limit {found.points[0].limit:,}"
    said = [f"Recommended: limit {recommended.limit:,}: {why}."]
    if recommended is found.points[-1] and len(sweep.comparison.tasks) > recommended.limit:
        said.append("It is the highest limit that was measured: try higher ones, too.")
    return [*said, _sureness(sweep, found)]


def _remedy(sweep: Sweep, found: Findings) -> str:
    if sweep.over_budget:
        return f" (after {(sweep.budget_ns or 0) / 1e9:g} s); give a larger --budget, fewer tasks, or no low --limits"
    if len(found.points) < 2 and not sweep.interrupted:
        return "; give at least two"
    return ""


def _sureness(sweep: Sweep, found: Findings) -> str:
    if sweep.exact:
        return "The simulation is exact: a repetition gives the same."
    if found.sure is None:
        return "How sure that is cannot be said: it takes three runs a limit; give a larger --budget."
    return (
        f"How sure: {_share(found.sure.share)} of {RESAMPLES:,} resamples of the runs recommend it or one next to it."
    )
