"""How time and memory grow with the number of tasks, each point a process of its own, and the memory of a million.

The exponent is the slope of the least-squares line through the logarithms: of the medians of five processes in time,
as the fastest of them would favour short runs, which have their lucky moments as a whole. Of memory, what is fitted is
the growth of the peak of the resident memory while the tasks run, its least over these processes, with 100,000 tasks
and more: below that the system's pages decide. Tasks and their starts are made before and not counted: one object,
repeated.
"""

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence

from tests.bench.goal import Goal

MODES = ("sequential", "limited=100", "batched=100", "parallel")
COUNTS = (1_000, 10_000, 100_000, 300_000, 1_000_000)
MILLION = 1_000_000
PEAK = """
import re, resource, sys
def peak():  # what resource tells has that of the process before it, as large as it was when this one was started
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
"""
ONE_POINT = (
    PEAK
    + """
import asyncio, json, time
from functools import partial
from asyncmodes.executor import execute
from asyncmodes.modes import parse_mode
from asyncmodes.tasks import Delay, Task

mode, count = parse_mode(sys.argv[1]), int(sys.argv[2])
tasks, starts = [Task("zero", Delay(0, "0ms"))] * count, [partial(asyncio.sleep, 0)] * count
async def main():
    await execute(tasks[:1], starts, mode)  # what is made the first time
    before, began = peak(), time.process_time()
    run = await execute(tasks, starts, mode)
    return time.process_time() - began, peak() - before
print(json.dumps(asyncio.run(main())))
"""
)
STREAMED = (
    PEAK
    + """
from asyncmodes.measure import compare
from asyncmodes.spec import Defaults, read_words
tasks = read_words([f"1ms*{sys.argv[1]}"], Defaults(keep_tasks=False, max_tasks=10**9))
compare(tasks, "limited=1000", clock="virtual", keep_tasks=False)
print(peak())
"""
)


def goals() -> Iterator[Goal]:
    """Yield the goals of growth and memory."""
    if sys.platform == "win32":
        yield Goal("growth with the number of tasks: this system does not tell peaks of memory", None, 1.05)
        return
    for mode in MODES:
        rounds = [[_point(mode, count) for count in COUNTS] for _ in range(5)]  # in turn: no count has all the luck
        points = [list(zip(*of_count, strict=True)) for of_count in zip(*rounds, strict=True)]
        times, memory = [statistics.median(time) for time, _ in points], [min(size) for _, size in points]
        yield Goal(f"{mode}: exponent of time, 1e3 to 1e6 tasks", exponent(COUNTS, times), 1.05, unit="")
        yield Goal(f"{mode}: exponent of memory, 1e5 to 1e6 tasks", exponent(COUNTS[2:], memory[2:]), 1.05, unit="")
        if mode == "limited=100":
            allowed = 25e6 + 130 * MILLION
            yield Goal(f"{mode}: memory of a million tasks against 25 MB + 130 bytes each", memory[-1] / allowed, 1.0)
            yield Goal(f"{mode}: bytes a task, of a million", memory[-1] / MILLION, None, unit="B")
    few, many = _output(STREAMED, "100000"), _output(STREAMED, "3000000")
    yield Goal("peak memory of 3e6 streamed tasks against 1e5 of them, none kept", float(many) / float(few), 1.05)


def exponent(counts: Sequence[int], figures: Sequence[float]) -> float:
    """The power of the count that the figures grow with."""
    logs = [math.log(max(figure, 1e-9)) for figure in figures]
    return statistics.linear_regression([math.log(count) for count in counts], logs).slope


def _point(mode: str, count: int) -> tuple[float, float]:
    """The time and the memory that so many tasks take in a process of their own."""
    time, size = json.loads(_output(ONE_POINT, mode, str(count)))
    return time, max(size, 1)


def _output(program: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True
    ).stdout
