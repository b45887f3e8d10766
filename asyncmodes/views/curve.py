"""The curve of a sweep: total and throughput against the limit, the fitted law in plain words, the recommendation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from asyncmodes.knee import MORE_FAILED, Findings, Point, Sweep
from asyncmodes.knee.choice import AS_GOOD, MOST_RUNS, RESAMPLES, Choice
from asyncmodes.knee.usl import Fit
from asyncmodes.record import Comparison
from asyncmodes.tasks import State
from asyncmodes.text import clean
from asyncmodes.views.glyphs import STYLES, word
from asyncmodes.views.picture import Look
from asyncmodes.views.rulings import reasons, rulings_lines
from asyncmodes.views.sentences import errors, notes
from asyncmodes.views.totals import Column, rate_text, table, total_text
from asyncmodes.views.wrapping import wrapped

_SHORTEST_BAR, _LONGEST_BAR = 12, 60
_RECOMMENDED, _BEST, _AS_GOOD, _FAILS = "recommended", "best", "as good", "more fail"
_WIDE = 100
_FAR_BEYOND = 1_000_000
_MOST_LISTED = 3
_SEED = re.compile(r" seed=\d+$")


def curve(sweep: Sweep, look: Look) -> Text:
    """Everything there is to see of a sweep, as one text of lines no wider than asked for."""
    found = sweep.findings
    lines = [*_heading(sweep, found, look)]
    if found.points:
        lines += [Text(), *_rows(found, look)]
    met_with = [*errors(sweep.comparison), *_notes(sweep.comparison)]
    law = _fit_sentences(found) if len(found.points) > 1 and any(point.per_s for point in found.points) else []
    for paragraph in filter(None, (met_with, law, _recommendation(sweep, found))):
        lines.append(Text())
        for sentence in paragraph:
            lines += wrapped(_with_bold_beginning(sentence), look.width)
    lines += rulings_lines(sweep.comparison, look.width, look.glyphs)
    said = reasons(sweep.comparison)
    lines += [Text()] if said else []
    for sentence in said:
        lines += wrapped(Text(sentence), look.width)
    return Text("\n").join(lines)


def _notes(comparison: Comparison) -> list[str]:
    """What the runs met with; a server that is the same but for its luck is named once."""
    by_server: dict[str, list[str]] = {}
    for note in notes(comparison):
        by_server.setdefault(_SEED.sub("", note), []).append(note)
    return [same[0] if len(same) == 1 else f"{bare}, another seed each round" for bare, same in by_server.items()]


def _heading(sweep: Sweep, found: Findings, look: Look) -> list[Text]:
    comparison = sweep.comparison
    count = len(comparison.tasks)
    line = Text(" ".join(filter(None, [look.command, clean(comparison.title[:200])])), "bold")
    line.append(f"   {count:,} {'task' if count == 1 else 'tasks'}")
    rounds = sorted({len(point.samples) for point in found.points})
    if rounds:
        span = f"{rounds[0]} to {rounds[-1]}" if len(rounds) > 1 else f"{rounds[0]}"
        line.append(f"   {span} {'run' if rounds == [1] else 'runs'} a limit")
    line.append(f"   {comparison.clock_said}")
    line.append(", exact" * sweep.exact)
    if sweep.interrupted:
        line.append("   interrupted", "bold red")
    return wrapped(line, look.width)


def _rows(found: Findings, look: Look) -> list[Text]:
    """A line for each limit: its figures, a bar as long as its throughput, and what it is."""
    marks = [_mark(point, found) for point in found.points]
    widest = max(map(cell_len, marks))
    beside = 2 + widest if widest else 0
    columns = _columns(found, look)
    needed = columns[0].width + sum(2 + column.width for column in columns[1:] if not column.rank)  # never cut a figure
    lines = table(columns, max(look.width - beside - 2 - _SHORTEST_BAR, needed), look.glyphs)
    room = max(min(look.width - beside - 2 - max(line.cell_len for line in lines), _LONGEST_BAR), 1)
    most = max((point.per_s or 0.0 for point in found.points), default=0.0)
    for line, point, mark in zip(lines[1:], found.points, marks):
        cells = round((point.per_s or 0.0) / most * room) if most else 0
        fails = mark == _FAILS
        style = "bold green" if mark.startswith(_RECOMMENDED) else "red" if fails else "cyan"
        line.append("  ")
        line.append((look.glyphs.orphan if fails else look.glyphs.running) * cells, style)
        if mark:
            line.append(" " * (room - cells + 2))
            line.append(mark, "bold green" if mark.startswith(_RECOMMENDED) else "")
    for line in lines:
        line.truncate(look.width)
    return lines


def _mark(point: Point, found: Findings) -> str:
    if point.full == MORE_FAILED:
        return _FAILS
    marks = [_RECOMMENDED] * (point.limit == found.recommended) + [_BEST] * (point.limit == found.best)
    alike = found.choice is not None and point.limit in found.choice.alike
    return ", ".join(marks) or _AS_GOOD * alike


def _columns(found: Findings, look: Look) -> list[Column]:
    points, glyphs = found.points, look.glyphs

    def counts(state: State) -> list[str]:
        return [f"{point.summary.counts[state]:,}" for point in points]

    columns = [
        Column("limit", [f"{point.limit:,}" for point in points], 0),
        Column("total", [total_text(point.summary, glyphs) for point in points], 4),
        Column("ok/s", [glyphs.dash if point.per_s is None else rate_text(point.per_s) for point in points], 0, "bold"),
    ]
    if any(point.fitted_per_s is not None for point in points):
        columns.append(
            Column(
                "fit",
                [glyphs.dash if point.fitted_per_s is None else rate_text(point.fitted_per_s) for point in points],
                3,
            )
        )
    if look.width >= _WIDE and len({len(point.samples) for point in points}) > 1:
        columns.append(Column("runs", [f"{len(point.samples):,}" for point in points], 5))
    columns += [
        Column("ok", counts(State.OK), 2),
        Column("failed", counts(State.FAILED), 1, STYLES[State.FAILED]),
    ]
    for state in (State.TIMED_OUT, State.SKIPPED):
        if any(point.summary.counts[state] for point in points):
            columns.append(Column(word(state), counts(state), 1, STYLES[state]))
    return columns


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


def _with_bold_beginning(sentence: str) -> Text:
    """What is recommended stands out."""
    text = Text(sentence)
    if sentence.startswith("Recommended"):
        text.stylize("bold", 0, sentence.index(", "))
    return text


def _recommendation(sweep: Sweep, found: Findings) -> list[str]:
    choice = found.choice
    if choice is None:
        return [f"No recommendation: {found.problem}{_remedy(sweep, found)}."]
    why = _why(choice)
    if any(point.full == MORE_FAILED for point in found.points):
        why += f", with no more failures than limit {found.points[0].limit:,}"
    said = [f"Recommended: limit {choice.recommended:,}, {why}."]
    if choice.recommended == found.points[-1].limit and len(sweep.comparison.tasks) > choice.recommended:
        said.append("It is the highest limit that was measured: try higher ones, too.")
    return [*said, _sureness(sweep, found)]


def _why(choice: Choice) -> str:
    """Why that limit, in comparison with the best."""
    if choice.alike == (choice.recommended,):
        return "which has the highest throughput"
    if choice.recommended == choice.alike[0]:
        which = "" if choice.recommended == choice.best else f", limit {choice.best:,}"
        return f"the lowest of those that are as good as the best{which}"
    alike = f"limit {choice.best:,}" if len(choice.alike) == 1 else f"limits {_listed(choice.alike)} alike"
    below = 1 - choice.shares[choice.recommended]
    less = f", {_share(below)} below it" if below > 0 else ""
    noise = " but for noise" if below > 1 - AS_GOOD else ""
    return f"the lowest within 5 % of the best ({alike}, {rate_text(choice.best_per_s)} ok/s){noise}{less}"


def _listed(limits: Sequence[int]) -> str:
    """The limits in words: all of a few, the ends of many."""
    if len(limits) > _MOST_LISTED:
        return f"from {limits[0]:,} to {limits[-1]:,}"
    return f"{', '.join(f'{limit:,}' for limit in limits[:-1])} and {limits[-1]:,}"


def _remedy(sweep: Sweep, found: Findings) -> str:
    if sweep.over_budget:
        return f" (after {(sweep.budget_ns or 0) / 1e9:g} s); give a larger --budget, fewer tasks, or no low --limits"
    if len(found.points) < 2 and not sweep.interrupted:
        return "; give at least two"
    return ""


def _sureness(sweep: Sweep, found: Findings) -> str:
    if sweep.exact:
        return "The simulation is exact: a repetition gives the same."
    sure = found.sure
    if sure is None:
        return "How sure that is cannot be said: it takes three runs of all that may be it; give a larger --budget."
    said = f"How sure: {_share(sure.share)} of {RESAMPLES:,} resamples of the runs recommend it or one next to it"
    if sure.low < sure.high:
        said += f", 95 % of them limits from {sure.low:,} to {sure.high:,}"
    if sure.share >= AS_GOOD:
        return f"{said}."
    many = max(len(point.samples) for point in found.points) >= MOST_RUNS
    return f"{said}; {'so many runs leave it open' if many else 'a larger --budget would tell more'}."
