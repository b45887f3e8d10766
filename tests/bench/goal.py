"""A goal, the figure measured for it, and what all benchmarks share: medians of interleaved runs."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A figure that has to be at most (or, with `at_least`, no less than) the bound."""

    what: str
    figure: float
    bound: float
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool:
        """Whether the figure reaches the goal."""
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def __str__(self) -> str:
        relation = ">=" if self.at_least else "<="
        verdict = "ok    " if self.met else "MISSED"
        return f"{verdict} {self.figure:8.2f} {self.unit:2} (goal {relation} {self.bound:g})  {self.what}"


def medians(timed: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each function returns, all called in turn, `rounds` times after one that does not count."""
    for once in timed.values():
        once()
    figures: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(rounds):
        for name, once in timed.items():
            figures[name].append(once())
    return {name: statistics.median(values) for name, values in figures.items()}
