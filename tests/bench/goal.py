"""A goal, the figure measured for it, and what all benchmarks share: medians of interleaved runs, other programs."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random


@dataclass(frozen=True)
class Goal:
    """A figure that has to be at most (or, with `at_least`, no less than) the bound.

    Without a bound it is only shown. Without a figure it could not be measured, for the reason that `what` ends in.
    """

    what: str
    figure: float | None
    bound: float | None
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        """Whether the figure reaches the goal; None if there is no figure, or no goal."""
        if self.figure is None or self.bound is None:
            return None
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    @property
    def verdict(self) -> str:
        """The goal's state in a word."""
        if self.figure is None:
            return "absent"
        return "shown" if self.met is None else "ok" if self.met else "MISSED"

    def __str__(self) -> str:
        figure = "-" if self.figure is None else f"{self.figure:.2f} {self.unit}"
        bound = "" if self.bound is None else f"{'>=' if self.at_least else '<='} {self.bound:g}"
        return row(self.verdict, figure, bound, self.what)


def row(verdict: str, figure: str, bound: str, what: str) -> str:
    """A row of the table."""
    return f"{verdict:7} {figure:>10}  {bound:8} {what}".rstrip()


def medians(timed: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each function returns, all called in turn, `rounds` times after one that does not count.

    Each round has an order of its own: who comes after a heavy one would always pay for it.
    """
    for once in timed.values():
        once()
    figures: dict[str, list[float]] = {name: [] for name in timed}
    order, dice = list(timed), Random(0)  # the same orders each time
    for _ in range(rounds):
        dice.shuffle(order)
        for name in order:
            figures[name].append(timed[name]())
    return {name: statistics.median(values) for name, values in figures.items()}


def installed(program: str) -> Path | None:
    """Where the program is: beside this Python (`make bench` puts peers there if it can), or on the path."""
    found = shutil.which(program, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    return None if found is None else Path(found)


def seconds(*command: str | Path, environment: Mapping[str, str] | None = None) -> float:
    """The processor time of a whole process, its children included; on Windows the time until it ends."""
    began = spent()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return spent() - began


def spent() -> float:
    """The processor time, in seconds, of all processes that were started and waited for; on Windows the clock."""
    try:
        import resource
    except ImportError:
        return time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
