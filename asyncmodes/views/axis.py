"""The one time axis that all compared runs share, and durations in its unit."""

from __future__ import annotations

from typing import NamedTuple

from rich.text import Text

from asyncmodes.views.glyphs import Glyphs

_UNITS = (("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60 * 10**9), ("h", 3600 * 10**9))
_LARGEST_IN_UNIT = {"us": 999, "ms": 10_000, "s": 300, "min": 300}


class Axis(NamedTuple):
    """`span_ns` of time, more than none, drawn on `width` cells."""

    span_ns: int
    width: int

    def cell(self, ns: int) -> int:
        """The cell in which a bar starts, and before which one ends, at this time: both are rounded alike."""
        return min((2 * ns * self.width + self.span_ns) // (2 * self.span_ns), self.width)

    @property
    def unit(self) -> tuple[str, int]:
        """The unit's name and its nanoseconds."""
        return unit_for(self.span_ns)

    def ticks(self) -> list[tuple[int, str]]:
        """Times and labels at steps of 1, 2 or 5 times a power of ten, as many as fit; the last has the unit."""
        name, size = self.unit
        step = self._step(size)
        count = self.span_ns // step
        labels = [(i * step, f"{i * step / size:.12g}") for i in range(count + 1)]
        last_ns, last = labels[-1]
        labels[-1] = (last_ns, f"{last} {name}")
        return labels

    def _step(self, size: int) -> int:
        power = size
        while power % 10 == 0:
            power //= 10
        while True:
            for step in (power, 2 * power, 5 * power):
                widest = max(len(f"{step / size:g}"), len(f"{self.span_ns / size:.0f}"))
                if self.cell(step) >= max(widest + 3, 9) or step > self.span_ns:
                    return step
            power *= 10

    def lines(self, glyphs: Glyphs) -> list[Text]:
        """The labels and, below them, a rule whose ticks mark the cells that they stand for."""
        labels = ""
        rule = [glyphs.rule] * self.width
        for ns, label in self.ticks():
            cell = self.cell(ns)
            labels = labels.ljust(cell) + label
            if cell < self.width:
                rule[cell] = glyphs.tick
        return [Text(labels, "dim"), Text("".join(rule), "dim")]


def unit_for(ns: float) -> tuple[str, int]:
    """The unit in which a duration of this length is said."""
    for name, size in _UNITS[:-1]:
        if ns <= size * _LARGEST_IN_UNIT[name]:
            return name, size
    return _UNITS[-1]


def duration(ns: float, unit: tuple[str, int] | None = None) -> str:
    """A duration for people: in the unit given or its own, with three significant digits at least; `0 ms` for none."""
    if ns == 0 and unit is None:
        return "0 ms"
    name, size = unit or unit_for(ns)
    value = ns / size
    decimals = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text == "0" and ns > 0:
        text = f"{value:.1g}"
    return f"{text} {name}"
