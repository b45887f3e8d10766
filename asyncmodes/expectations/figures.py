"""The figures that may be expected something of: by name how each is read off a summary, and in what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from asyncmodes.resources import Resources
from asyncmodes.rulings import Unit
from asyncmodes.stats import Durations, Summary
from asyncmodes.tasks import State


class Method(StrEnum):
    """How the figure of several measured runs is judged.

    MEAN, MEDIAN and RATIO by a confidence interval; EVERY run has to keep the bound; VALUE: it is what it is.
    """

    MEAN = "Student t, 95 %"
    MEDIAN = "order statistics, 95 %"
    RATIO = "Fieller and Welch, 95 %"
    EVERY = "every run"
    VALUE = "by value"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its unit, how it is judged, how it is read off a summary, and its meaning in a few words.

    `of_tasks`: it counts tasks, so that a share of them can be asked for. `measured`: only the real clock has it.
    """

    name: str
    unit: Unit
    method: Method
    read: Callable[[Summary], float | None]
    meaning: str
    of_tasks: bool = False
    measured: bool = False

    @property
    def is_comparison(self) -> bool:
        """Whether it compares with the baseline by itself."""
        return self.unit is Unit.FACTOR


def _task(read: Callable[[Durations], float]) -> Callable[[Summary], float | None]:
    return lambda summary: None if summary.task is None else read(summary.task)


def _throughput(summary: Summary) -> float | None:
    return summary.delivered / summary.total.mean * 1e9 if summary.total.mean else None


def _cost(name: str, unit: Unit, method: Method, read: Callable[[Resources], float | None], meaning: str) -> Figure:
    return Figure(
        name, unit, method, lambda s: None if s.resources is None else read(s.resources), meaning, measured=True
    )


def _count(state: State) -> Figure:
    return Figure(
        state.value,
        Unit.COUNT,
        Method.EVERY,
        lambda summary: summary.counts[state],
        f"tasks {state.value.replace('_', ' ')}",
        of_tasks=True,
    )


_ALL = (
    Figure("total", Unit.TIME, Method.MEAN, lambda s: s.total.mean, "the mean total"),
    Figure("median", Unit.TIME, Method.MEDIAN, lambda s: s.total.median, "the median total"),
    Figure("min", Unit.TIME, Method.VALUE, lambda s: s.total.min, "the shortest total"),
    Figure("max", Unit.TIME, Method.VALUE, lambda s: s.total.max, "the longest total"),
    Figure("drained", Unit.TIME, Method.EVERY, lambda s: s.drained_ns, "until no task is running"),
    Figure("predicted", Unit.TIME, Method.VALUE, lambda s: s.predicted_ns, "the total that theory gives"),
    Figure("task", Unit.TIME, Method.MEAN, _task(lambda task: task.mean), "the mean task duration"),
    Figure("p50", Unit.TIME, Method.MEAN, _task(lambda task: task.p50), "the median task duration"),
    Figure("p95", Unit.TIME, Method.MEAN, _task(lambda task: task.p95), "what 95 % of tasks do not exceed"),
    Figure("task.max", Unit.TIME, Method.VALUE, _task(lambda task: task.max), "the longest task"),
    Figure("speedup", Unit.FACTOR, Method.RATIO, lambda s: s.speedup, "times as fast as the baseline"),
    Figure("slowdown", Unit.FACTOR, Method.RATIO, lambda s: s.slowdown, "times as long a task as in the baseline"),
    Figure("throughput", Unit.RATE, Method.MEAN, _throughput, "results that arrived in a second of the total"),
    *(_count(state) for state in (State.OK, State.FAILED, State.TIMED_OUT, State.CANCELLED, State.SKIPPED)),
    Figure("delivered", Unit.COUNT, Method.EVERY, lambda s: s.delivered, "results that arrived", of_tasks=True),
    Figure("lost", Unit.COUNT, Method.EVERY, lambda s: s.lost, "results that did not", of_tasks=True),
    Figure("peak", Unit.COUNT, Method.EVERY, lambda s: s.peak, "the most tasks in flight"),
    _cost("cpu", Unit.TIME, Method.MEAN, lambda cost: cost.cpu_ns, "processor time"),
    _cost("gap", Unit.TIME, Method.EVERY, lambda cost: cost.longest_gap_ns, "the event loop's longest gap"),
    _cost("threads", Unit.COUNT, Method.EVERY, lambda cost: cost.threads, "the most threads"),
    _cost("files", Unit.COUNT, Method.EVERY, lambda cost: cost.open_files, "the most open files and sockets"),
)
FIGURES: Mapping[str, Figure] = {figure.name: figure for figure in _ALL}
DEFAULT = "total"
ALIASES = {"mean": "total", "task.mean": "task", "task.p50": "p50", "task.p95": "p95"}
