"""The executor, fully recorded, against what people write by hand and what others offer: 100,000 tasks of sleep(0).

Ours runs on the event loop that all commands run on, the others as people run them, by `asyncio.run`. Of Node.js the
same number of `async () => { await null }`, timed from within. Then the virtual clock and the prediction, memory, and
how both grow with the number of tasks.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial

from asyncmodes.clocks import ClockName, new_loop
from asyncmodes.executor import execute
from asyncmodes.lists import TaskList
from asyncmodes.modes import parse_mode
from asyncmodes.tasks import Delay, Task
from tests.bench import growth, virtual
from tests.bench.goal import Goal, medians
from tests.bench.peers import aiometer_peer, node_peers

COUNT, LIMIT = 100_000, 100
TASKS = TaskList([Task("zero", Delay(0, "0ms"))] * COUNT)  # as all commands hold them
nothing = partial(asyncio.sleep, 0)
STARTS = [nothing] * COUNT


async def recorded(mode: str) -> None:
    """Run them through our executor."""
    await execute(TASKS, STARTS, parse_mode(mode))


async def bare_workers() -> None:
    """Run them by as many workers over one iterator, recording nothing."""
    source = iter(STARTS)

    async def worker() -> None:
        for start in source:
            await start()

    await asyncio.gather(*(worker() for _ in range(LIMIT)))


async def gather_and_semaphore() -> None:
    """Run them as most people limit them."""
    semaphore = asyncio.Semaphore(LIMIT)

    async def one() -> None:
        async with semaphore:
            await nothing()

    await asyncio.gather(*(one() for _ in range(COUNT)))


async def gather() -> None:
    """Run them all at once as most people do."""
    await asyncio.gather(*(nothing() for _ in range(COUNT)))


def seconds(
    work: Callable[[], Coroutine[object, object, None]],
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    *,
    collector: bool = True,
) -> float:
    """Time the work on a fresh loop, asyncio's own if none is given, with the garbage collector as told."""
    gc.collect()
    if not collector:
        gc.disable()
    began = time.perf_counter()
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(work())
    took = time.perf_counter() - began
    gc.enable()
    return took


def goals() -> Iterator[Goal]:
    """Yield the executor's goals."""
    limited, parallel = partial(recorded, f"limited={LIMIT}"), partial(recorded, "parallel")
    own = partial(new_loop, ClockName.REAL)
    peers = node_peers(COUNT, LIMIT)
    aiometer = aiometer_peer(nothing, COUNT, LIMIT)
    timed = {
        "limited": lambda: seconds(limited, own),
        "limited, asyncio": lambda: seconds(limited),
        "bare": lambda: seconds(bare_workers),
        "semaphore": lambda: seconds(gather_and_semaphore),
        **({"aiometer": lambda: seconds(aiometer)} if aiometer else {}),
        "parallel": lambda: seconds(parallel, own),
        "parallel, asyncio": lambda: seconds(parallel),
        "gather": lambda: seconds(gather),
        "gather, no collector": lambda: seconds(gather, collector=False),
        **peers,
    }
    took = medians(timed, rounds=15)

    def faster(name: str, bound: float | None, ours: str = "limited") -> Goal:
        if name not in took:
            return Goal(f"{name} against {ours}: it is not installed", None, bound, at_least=True)
        return Goal(f"{name} against {ours}", took[name] / took[ours], bound, at_least=True)

    yield Goal("limited=100 against bare workers that record nothing", took["limited"] / took["bare"], 1.3)
    yield Goal("the same by asyncio.run", took["limited, asyncio"] / took["bare"], None)
    yield Goal("gather + Semaphore(100) against limited=100", took["semaphore"] / took["limited"], 12, at_least=True)
    yield from (faster("aiometer", 20), faster("p-limit", 3), faster("p-map", 1))
    yield Goal("parallel against gather as people run it", took["parallel"] / took["gather"], 0.35)
    yield Goal("the same by asyncio.run", took["parallel, asyncio"] / took["gather"], None)
    yield Goal(
        "parallel against gather, collector paused for both", took["parallel"] / took["gather, no collector"], 0.85
    )
    yield faster("Promise.all", None, "parallel")
    yield from virtual.goals()
    yield from growth.goals()
