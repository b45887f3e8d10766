"""Reads expectations: `MODE[.FIGURE] OPERATOR BOUND`, in which the bound may be a multiple of another mode's figure.

A mode's name may hold `=`, `+` and digits, so the operator is looked for first: it is the one `<`, `<=`, `>`, `>=`,
`==` or `!=` of the text. A bound is a duration (`2s`), a number (`0`), a share of all tasks (`5%`), or a figure of
another mode with or without a factor (`0.5 sequential`, `50% sequential.p95`); without a name of its own it is the
same figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from asyncmodes.errors import Problem, UsageError, nearest
from asyncmodes.expectations.figures import ALIASES, DEFAULT, FIGURES, Figure
from asyncmodes.modes import Mode, parse_mode
from asyncmodes.rulings import Unit
from asyncmodes.spec.durations import UNITS, parse_duration

_OPERATOR = re.compile(r"<=|>=|==|!=|<|>")
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"  # as many digits as a Decimal holds exactly
_PLAIN = re.compile(rf"({_NUMBER})(%?)")
_MULTIPLE = re.compile(rf"({_NUMBER})(%?)(?:\s*[*x×]\s*|\s+)(\S.*)", re.DOTALL)
_EXAMPLE = "write for example 'parallel <= 0.5 sequential', 'limited=5 < 2s' or 'settled.failed == 0'"
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure of a mode."""

    mode: Mode
    name: str

    @property
    def figure(self) -> Figure:
        """How it is read and judged."""
        return FIGURES[self.name]

    def __str__(self) -> str:
        return str(self.mode) if self.name == DEFAULT else f"{self.mode}.{self.name}"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A figure, an operator and a bound: `value` in `unit`, or so many times the figure `of`.

    Times are whole nanoseconds, shares from 0 to 1. `str(expectation)` is the canonical spelling, which
    `parse_expectation` reads back as the same.
    """

    left: Reading
    operator: str
    value: Decimal
    unit: Unit
    of: Reading | None = None

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self._bound()}"

    def _bound(self) -> str:
        if self.of is not None:
            same = self.of.name == self.left.name
            of = str(self.of.mode) if same else f"{self.of.mode}.{self.of.name}"
            return of if self.value == 1 else f"{_digits(self.value)} {of}"
        match self.unit:
            case Unit.TIME:
                return _duration(int(self.value))
            case Unit.SHARE:
                return f"{_digits(self.value * 100)}%"
        return _digits(self.value)


def parse_expectation(text: str) -> Expectation:
    """Read one expectation. Raises UsageError with the remedy if it is none."""
    where = f"--expect {text[:_SHOWN]!r}"
    operators = list(_OPERATOR.finditer(text))
    if len(operators) != 1:
        if operators:
            raise UsageError.at(where, "it has more than one comparison", "write --expect once for each")
        single = " (equality is written ==)" if "=" in text else ""
        raise UsageError.at(where, f"it compares nothing: there is no <, <=, >, >=, == or !={single}", _EXAMPLE)
    operator = operators[0]
    before, after = text[: operator.start()].strip(), text[operator.end() :].strip()
    if not before or not after:
        side = "before" if not before else "after"
        raise UsageError.at(where, f"nothing stands {side} {operator[0]}", _EXAMPLE)
    if before[0].isdigit():
        raise UsageError.at(where, f"it begins with {before[:_SHOWN]!r}", f"write the mode first: {_EXAMPLE[6:]}")
    left = _reading(before, where, DEFAULT)
    value, unit, of = _bound(after, left, where)
    return Expectation(left, operator[0], value, unit, of)


def check_expectations(expectations: Iterable[Expectation], modes: Sequence[Mode], clock: str) -> None:
    """Raise UsageError, which lists every expectation about a mode that will not run, or a figure it will not have."""
    problems = []
    names = [str(mode) for mode in modes]
    for expectation in expectations:
        for reading in filter(None, (expectation.left, expectation.of)):
            where = f"--expect '{expectation}'"
            if reading.mode not in modes:
                guess = nearest(str(reading.mode), names)
                hint = f"did you mean {guess}? " if guess else ""
                what = f"{reading.mode} is not among the modes that run"
                problems.append(Problem(where, what, f"{hint}they are {', '.join(names)}"))
            elif reading.figure.measured and clock == "virtual":
                what = f"{reading.name} is not measured on the virtual clock"
                problems.append(Problem(where, what, "leave out --clock virtual, or this expectation"))
    if problems:
        raise UsageError(*problems)


def _reading(text: str, where: str, default: str) -> Reading:
    mode_text, dot, name = text.partition(".")
    name = ALIASES.get(name.strip(), name.strip()) if dot else default
    try:
        mode = parse_mode(mode_text.strip())
    except UsageError as error:
        problem = error.problems[0]
        raise UsageError.at(where, f"{problem.where}: {problem.what}", problem.instead) from None
    if name not in FIGURES:
        guess = nearest(name, [*FIGURES, *ALIASES])
        hint = f"did you mean {guess}? " if guess else ""
        raise UsageError.at(
            where, f"there is no figure {name[:_SHOWN]!r}", f"{hint}the figures are {', '.join(FIGURES)}"
        )
    return Reading(mode, name)


def _bound(text: str, left: Reading, where: str) -> tuple[Decimal, Unit, Reading | None]:
    figure = left.figure
    if plain := _PLAIN.fullmatch(text):
        return _number(plain[1], plain[2], figure, where)
    if multiple := _MULTIPLE.fullmatch(text):
        if multiple[3] in UNITS:
            raise UsageError.at(where, f"{text!r} has white space", f"write {multiple[1]}{multiple[3]}")
        factor = Decimal(multiple[1]) / (100 if multiple[2] else 1)
        return factor, Unit.FACTOR, _other(multiple[3], left, where)
    if text[0].isalpha() and text[0].isascii():
        return Decimal(1), Unit.FACTOR, _other(text, left, where)
    ns = parse_duration(text, where)
    if figure.unit is not Unit.TIME:
        raise UsageError.at(where, f"{left.name} is a {figure.unit} and no time", "write a number without a unit")
    return Decimal(ns), Unit.TIME, None


def _number(digits: str, percent: str, figure: Figure, where: str) -> tuple[Decimal, Unit, None]:
    if percent:
        if not figure.of_tasks:
            what = (
                f"{digits}% of what is not said" if figure.unit is Unit.TIME else f"{figure.name} is no share of tasks"
            )
            remedy = f"write for example {digits}% sequential" if figure.unit is Unit.TIME else "write a number"
            raise UsageError.at(where, what, remedy)
        return Decimal(digits) / 100, Unit.SHARE, None
    if figure.unit is Unit.TIME:
        raise UsageError.at(where, f"{digits} has no unit", f"write {digits}ms or {digits}s")
    return Decimal(digits), figure.unit, None


def _other(text: str, left: Reading, where: str) -> Reading:
    """The figure on the right; without a name of its own the same one as on the left."""
    other = _reading(text, where, left.name)
    for reading in (left, other):
        if reading.figure.is_comparison:
            what = f"{reading.name} compares with the baseline already"
            raise UsageError.at(where, what, f"write a number: '{left.mode}.{left.name} >= 2'")
    if other.figure.unit is not left.figure.unit:
        what = f"{left.name} is a {left.figure.unit}, and {other.name} a {other.figure.unit}"
        raise UsageError.at(where, what, "compare like with like")
    return other


def _digits(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _duration(ns: int) -> str:
    """The duration in the largest unit in which it is a whole number, else in microseconds."""
    for name, size in reversed(UNITS.items()):
        if ns % size == 0 and (ns or name == "s"):
            return f"{ns // size}{name}"
    return f"{ns // 1000}.{ns % 1000:03d}".rstrip("0") + "us"
