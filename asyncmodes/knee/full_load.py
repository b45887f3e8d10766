"""The rate at full load: how many tasks a second a limit lets through while no place is free (Little's law)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from asyncmodes.knee.usl import Measured
from asyncmodes.record import Run
from asyncmodes.tasks import State, Work

_FULL = 0.9  # of the limit: fewer in flight on average, and it is not the limit that was measured


class Alone:
    """How long each task takes at the lowest limit, which those at higher ones are compared with.

    Tasks that do the same work count as one, so that of many requests to one address no single one has to be typical.
    """

    def __init__(self, reference: Sequence[Run]) -> None:
        sums: dict[Work, tuple[int, int]] = {}
        ended: dict[int, Work] = {}
        for run in reference:
            for index, task in enumerate(run.tasks):
                if run.state(index) is State.OK:
                    total, count = sums.get(task.work, (0, 0))
                    sums[task.work] = total + run.ends[index] - run.starts[index], count + 1
                    ended[index] = task.work
        self._durations = {index: sums[work][0] / sums[work][1] for index, work in ended.items()}
        self._mean_ns = mean(self._durations.values()) if self._durations else 0.0

    def full_rate(self, limit: int, runs: Sequence[Run]) -> Measured | str:
        """The rate at full load, tasks a second, over these runs at this limit."""
        if any(task.needs for run in runs[:1] for task in run.tasks):
            return "tasks that need others leave places empty"
        times = [self._times_as_long(limit, run) for run in runs]
        rates = [limit / (each * self._mean_ns) * 1e9 for each in times if not isinstance(each, str)]
        if not rates:
            return next(each for each in times if isinstance(each, str))
        return Measured(limit, mean(rates), standard_error(rates) if len(rates) > 1 else None)

    def _times_as_long(self, limit: int, run: Run) -> float | str:
        """How many times as long as alone those tasks take that start when no place is free."""
        order = sorted(range(len(run)), key=lambda index: (run.starts[index], run.lanes[index]))
        late = [index for index in order[limit - 1 :] if index in self._durations and run.state(index) is State.OK]
        ours = sum(run.ends[index] - run.starts[index] for index in late)
        theirs = sum(self._durations[index] for index in late)
        if not ours or not theirs:
            return "no task ended ok there that did at the lowest limit"
        if run.peak < limit or _in_flight(run, order[limit - 1], order[-1]) < _FULL * limit:
            return "fewer tasks were in flight than the limit allows"
        return ours / theirs


def _in_flight(run: Run, first: int, last: int) -> float:
    """The mean number of tasks in flight between the starts of these two tasks; the peak if that is no time."""
    begin, end = run.starts[first], run.starts[last]
    if begin == end:
        return run.peak
    inside = sum(max(min(stop, end) - max(start, begin), 0) for start, stop in zip(run.starts, run.ends))
    return inside / (end - begin)


def mean(values: Iterable[float]) -> float:
    """The mean of at least one value."""
    listed = list(values)
    return sum(listed) / len(listed)


def standard_error(values: Sequence[float]) -> float:
    """The standard error of the mean of at least two values."""
    middle = mean(values)
    return math.sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1) / len(values))
