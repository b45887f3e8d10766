"""Sweeps of real servers whose best limit is known: how often the recommended one is it, or one next to it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.goal import Goal

REPETITIONS = 20
AT_ONCE = 4  # they mostly wait
CAPACITIES = (4, 8, 16)
OVERLOADS = ("queue", "slow", "reject")
# A server is full at its capacity only if the client asks again at once. What it takes to ask, some milliseconds,
# leaves places empty that a higher limit fills: beside a short latency that limit really is better by more than 5 %.
LATENCIES = {"queue": "160ms", "slow": "60ms", "reject": "60ms"}
BUDGETS = {"queue": "20s", "slow": "10s", "reject": "10s"}
SHARES = (0.25, 0.5, 0.75, 1, 1.25, 1.5, 2)  # of the capacity: around it, a step is a quarter


def goals() -> Iterator[Goal]:
    """Yield for each kind of server the percentage that is within one step of the capacity."""
    found = asyncio.run(_all())
    for kind, recommended in found.items():
        steps = [round(share * kind[0]) for share in SHARES]
        near = _near(steps, kind[0], recommended)
        told = f"capacity {kind[0]}, {kind[1]}: recommended {_counted(recommended)}"
        yield Goal(told, 100 * near / REPETITIONS, 95, at_least=True, unit="%")


def _near(steps: list[int], best: int, recommended: list[int | None]) -> int:
    place = steps.index(best)
    return sum(each in steps[place - 1 : place + 2] for each in recommended)


def _counted(recommended: list[int | None]) -> str:
    kinds = sorted({each or 0 for each in recommended})
    return ", ".join(f"{each or 'none'} {sum((r or 0) == each for r in recommended)} times" for each in kinds)


async def _all() -> dict[tuple[int, str], list[int | None]]:
    gate = asyncio.Semaphore(AT_ONCE)
    kinds = [(capacity, overload) for capacity in CAPACITIES for overload in OVERLOADS]
    results = await asyncio.gather(*(_recommended(gate, *kind) for _ in range(REPETITIONS) for kind in kinds))
    return {kind: results[place :: len(kinds)] for place, kind in enumerate(kinds)}


async def _recommended(gate: asyncio.Semaphore, capacity: int, overload: str) -> int | None:
    command = [
        *(sys.executable, "-m", "asyncmodes", "sweep", f"url:/delay/{LATENCIES[overload]}*{4 * capacity}"),
        *("--server", f"capacity={capacity} overload={overload} reject_latency=60ms"),
        *("--limits", ",".join(str(round(share * capacity)) for share in SHARES)),
        *("--budget", BUDGETS[overload], "--format", "json", "--quiet", "--warmup", "0"),
    ]
    async with gate:
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        output, _ = await process.communicate()
    return json.loads(output)["sweep"]["recommended"]
