"""Fake delays: they wait on the running loop's clock, then end as the spec says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from asyncmodes.clocks import Clock, running_clock
from asyncmodes.executor import Start
from asyncmodes.modes import Mode
from asyncmodes.sources import Opened, Options
from asyncmodes.tasks import Delay, Failure, Task, TaskFailed


@asynccontextmanager
async def opened(tasks: Sequence[Task], mode: Mode, options: Options) -> AsyncIterator[Opened]:  # noqa: ARG001  # every source takes these
    """What starts each delay: on both clocks exactly as long as its outcome says, its timeout included."""
    clock = running_clock()
    # Equal delays share one start: a start keeps no state, and there may be a million of them.
    made: dict[tuple[int, str | None, int | None], Start] = {}
    starts: list[Start] = []
    for task in tasks:
        work = task.work
        assert isinstance(work, Delay)
        key = (work.duration_ns, work.fails, task.timeout_ns)
        start = made.get(key)
        if start is None:
            start = made[key] = _start(task, clock)
        starts.append(start)
    yield Opened(starts)


def _start(task: Task, clock: Clock) -> Start:
    outcome = task.outcome
    assert outcome is not None
    sleep = clock.sleeper(outcome.duration_ns)
    return sleep if outcome.failure is None else partial(_sleep_and_fail, sleep, outcome.failure)


async def _sleep_and_fail(sleep: Callable[[], Awaitable[None]], failure: Failure) -> None:
    await sleep()
    raise TaskFailed(failure)
