"""Expectations of a sweep: `recommended <= 8`, and whatever may be expected of the limits that it runs.

A sweep runs `limited=N+settled`, so `limited=8.failed == 0` is meant of that here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from asyncmodes.errors import UsageError, nearest
from asyncmodes.expectations.grammar import Expectation, Reading, check_expectations, parse_expectation
from asyncmodes.expectations.judging import judge, rule, strictly
from asyncmodes.knee import Findings, Sweep, mode_of
from asyncmodes.rulings import Judgement, Ruling, Unit

_NAMES = ("recommended", "best")
_WORD = re.compile(r"\s*([A-Za-z]{1,30})")
_CHOSEN = re.compile(r"\s*(recommended|best)\s*(?:(<=|>=|==|!=|<|>)\s*(.*))?", re.DOTALL)
_LIMIT = re.compile(r"0*[1-9][0-9]{0,17}")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class ChosenLimit:
    """What is expected of the limit that is `recommended`, or `best`; `str` is the canonical spelling."""

    name: str
    operator: str
    bound: int

    def __str__(self) -> str:
        return f"{self.name} {self.operator} {self.bound}"


OfSweep = ChosenLimit | Expectation


def parse_of_sweep(text: str) -> OfSweep:
    """Read one expectation of a sweep. Raises UsageError with the remedy if it is none."""
    chosen = _CHOSEN.fullmatch(text)
    if chosen is None:
        word = _WORD.match(text)
        if word and (guess := nearest(word[1], _NAMES)):
            raise UsageError.at(f"--expect {text[:_SHOWN]!r}", f"there is no {word[1]!r}", f"did you mean {guess}?")
        expectation = parse_expectation(text)
        of = expectation.of
        return replace(expectation, left=_as_run(expectation.left), of=None if of is None else _as_run(of))
    name, operator, bound = chosen.groups()
    if operator is None or not _LIMIT.fullmatch(bound.strip()):
        what = "it compares nothing" if operator is None else f"{bound.strip()[:_SHOWN]!r} is no limit"
        raise UsageError.at(f"--expect {text[:_SHOWN]!r}", what, f"write a whole number: '{name} <= 8'")
    return ChosenLimit(name, operator, int(bound))


def check_of_sweep(expectations: Iterable[OfSweep], limits: Sequence[int], clock: str) -> None:
    """Raise UsageError, which lists every expectation about a limit that is not among those asked for."""
    check_expectations([each for each in expectations if isinstance(each, Expectation)], [*map(mode_of, limits)], clock)


def limits_of(expectations: Iterable[OfSweep]) -> frozenset[int]:
    """The limits that something is expected of by name."""
    readings = [each for one in expectations if isinstance(one, Expectation) for each in (one.left, one.of)]
    return frozenset(each.mode.width for each in readings if each is not None and each.mode.width is not None)


def judge_sweep(expectations: Iterable[OfSweep], sweep: Sweep, *, strict: bool = False) -> list[Judgement]:
    """What became of each expectation; `strict` makes inconclusive a fail. Nothing is judged when interrupted."""
    judged = []
    for each in expectations:
        if isinstance(each, ChosenLimit):
            judged.append(strictly(_judged(each, sweep), strict=strict))
        else:
            judged += judge([each], sweep.comparison, strict=strict, exact=sweep.exact)
    return judged


def _as_run(reading: Reading) -> Reading:
    """The same of the mode that a sweep runs for this limit."""
    width = reading.mode.width
    return replace(reading, mode=mode_of(width)) if width and str(reading.mode) == f"limited={width}" else reading


def _judged(expectation: ChosenLimit, sweep: Sweep) -> Judgement:
    found = sweep.findings
    value = found.recommended if expectation.name == "recommended" else found.best
    judgement = Judgement(
        expectation=str(expectation),
        ruling=Ruling.NOT_JUDGED if sweep.interrupted else Ruling.INCONCLUSIVE,
        unit=Unit.COUNT,
        bound=expectation.bound,
        runs=max((len(point.samples) for point in found.points), default=0),
        measured=value,
        reason="interrupted" if sweep.interrupted else found.problem or "",
    )
    if value is None:
        return judgement
    if sweep.exact:
        return replace(judgement, ruling=rule(expectation.operator, value, value, expectation.bound), method="exact")
    low, high = _range(found, value) if expectation.name == "recommended" else (value, value)
    return replace(
        judgement,
        ruling=rule(expectation.operator, low, high, expectation.bound),
        low=low if low != high else None,
        high=high if low != high else None,
        method="bootstrap, 95 %" if expectation.name == "recommended" and found.sure else "by value",
    )


def _range(found: Findings, value: int) -> tuple[int, int]:
    """What 95 % of the resamples recommend, and the recommended limit itself."""
    return (value, value) if found.sure is None else (min(found.sure.low, value), max(found.sure.high, value))
