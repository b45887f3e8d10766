"""Real delays: measured totals against predicted ones, in every mode."""

import asyncio
import statistics
from collections.abc import Iterator

from asyncmodes.api import words
from asyncmodes.measure import execute
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.tasks import Task
from tests.bench.goal import Goal

RUNS = 20
LISTS = {"4 dishes": ["400ms", "200ms", "300ms", "100ms"], "100 of 50 to 150 ms": ["50ms..150ms*100"]}
MODES = ("sequential", "parallel", "settled", "limited=3", "limited=10+settled", "batched=5", "race", "any")
SLOW = {("100 of 50 to 150 ms", "sequential"), ("100 of 50 to 150 ms", "limited=3")}


async def median_total_ns(tasks: list[Task], mode: str, at_once: int) -> float:
    """Measure the mode, `at_once` runs beside each other where one alone would take long."""
    totals: list[int] = []
    while len(totals) < RUNS:
        runs = await asyncio.gather(*(execute(tasks, mode) for _ in range(at_once)))
        totals += [run.total_ns for run in runs]
    return statistics.median(totals)


def goals() -> Iterator[Goal]:
    """Yield for each list and mode how far off the median is, in allowances of 2 % or 3 ms."""
    for name, listed in LISTS.items():
        tasks = words(*listed)
        for mode in MODES:
            expected = predict(tasks, parse_mode(mode))
            assert expected is not None
            at_once = 10 if (name, mode) in SLOW else 1
            measured = asyncio.run(median_total_ns(tasks, mode, at_once))
            off = abs(measured - expected.total_ns)
            allowed = max(0.02 * expected.total_ns, 3e6)
            what = f"{name}, {mode}: {measured / 1e6:.1f} ms measured, {expected.total_ns / 1e6:.1f} predicted"
            yield Goal(what, off / allowed, 1, unit="")
