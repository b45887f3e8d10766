"""100,000 random delays with a limit of 100, simulated: ours with everything recorded, and async-solipsism's loop.

Ours is all that it takes from the tasks to the record: the loop, the starts of the tasks and the run.
"""

import asyncio
import gc
import importlib.util
import time
from collections.abc import Callable, Iterator
from random import Random

from asyncmodes.clocks import ClockName, new_loop
from asyncmodes.lists import TaskList
from asyncmodes.measure import execute
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Run
from asyncmodes.tasks import Delay, Task
from tests.bench.goal import Goal, medians

COUNT, LIMIT = 100_000, 100
MODE = parse_mode(f"limited={LIMIT}")
_DICE = Random(0)
DURATIONS_NS = [_DICE.randint(0, 400_000_000) for _ in range(COUNT)]
DURATIONS_S = [duration / 1e9 for duration in DURATIONS_NS]
TASKS = TaskList(Task(f"task {index}", Delay(duration, "")) for index, duration in enumerate(DURATIONS_NS))


def simulated() -> Run:
    """Run them on the virtual clock."""
    with asyncio.Runner(loop_factory=lambda: new_loop(ClockName.VIRTUAL)) as runner:
        return runner.run(execute(TASKS, MODE))


def predicted() -> Run | None:
    """Predict the same run."""
    return predict(TASKS, MODE)


def predicted_anew() -> Run | None:
    """Predict it, and read off the list first what is known of its tasks, as the first prediction of a list does."""
    return predict(TaskList(TASKS), MODE)


def bare_workers() -> None:
    """Run them by as many workers over one iterator on async-solipsism's loop, recording nothing."""
    import async_solipsism

    async def main() -> None:
        source = iter(DURATIONS_S)

        async def worker() -> None:
            for duration in source:
                await asyncio.sleep(duration)

        await asyncio.gather(*(worker() for _ in range(LIMIT)))

    with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        runner.run(main())


def seconds(work: Callable[[], object]) -> float:
    """Time the work."""
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def goals() -> Iterator[Goal]:
    """Yield the goals of simulated time."""
    timed = {
        "simulated": lambda: seconds(simulated),
        "predicted": lambda: seconds(predicted),
        "predicted anew": lambda: seconds(predicted_anew),
    }
    has_peer = importlib.util.find_spec("async_solipsism") is not None
    if has_peer:
        timed["bare"] = lambda: seconds(bare_workers)
    took = medians(timed, rounds=9)
    what = "async-solipsism with bare workers against ours, 100,000 random delays"
    if has_peer:
        yield Goal(what, took["bare"] / took["simulated"], 1.5, at_least=True)
        yield Goal("async-solipsism with bare workers against predict", took["bare"] / took["predicted"], None)
    else:
        yield Goal(f"{what}: it is not installed", None, 1.5, at_least=True)
    yield Goal("the virtual clock against predict, same list", took["simulated"] / took["predicted"], 8, at_least=True)
    yield Goal("the same, a list of which nothing is known yet", took["simulated"] / took["predicted anew"], None)
    expected = predicted()
    assert expected is not None
    yield Goal("error of the virtual clock's total", abs(simulated().total_ns - expected.total_ns), 0, unit="ns")
