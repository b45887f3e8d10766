"""Fake delays: they wait on the running loop's clock, then end as the spec says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import lru_cache, partial

from asyncmodes.clocks import Clock, running_clock
from asyncmodes.executor import Start
from asyncmodes.modes import Mode
from asyncmodes.sources import Options, Source
from asyncmodes.tasks import Failure, Outcome, Task, TaskFailed


@asynccontextmanager
async def opened(tasks: Collection[Task], mode: Mode, options: Options) -> AsyncIterator[Source]:  # noqa: ARG001  # every source takes these
    """What starts each delay: on both clocks exactly as long as its outcome says, its timeout included."""
    clock = running_clock()

    @lru_cache(maxsize=1024)  # equal delays share one start: a start keeps no state, and there may be a million of them
    def start_of(outcome: Outcome) -> Start:
        return _start(clock, outcome)

    def start(task: Task) -> Start:
        outcome = task.outcome
        assert outcome is not None
        return start_of(outcome)

    yield Source(start)


def _start(clock: Clock, outcome: Outcome) -> Start:
    sleep = clock.sleeper(outcome.duration_ns)
    return sleep if outcome.failure is None else partial(_sleep_and_fail, sleep, outcome.failure)


async def _sleep_and_fail(sleep: Callable[[], Awaitable[None]], failure: Failure) -> None:
    await sleep()
    raise TaskFailed(failure)
