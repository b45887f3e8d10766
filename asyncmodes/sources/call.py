"""The caller's own coroutine functions as tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial
from inspect import isawaitable

from asyncmodes.modes import Mode
from asyncmodes.sources import Options, Source
from asyncmodes.sources.deadline import within
from asyncmodes.tasks import Call, Failure, Task, TaskFailed


@asynccontextmanager
async def opened(tasks: Collection[Task], mode: Mode, options: Options) -> AsyncIterator[Source]:  # noqa: ARG001  # every source takes these
    """What starts each call. An exception is a failure of its class's name; a TaskFailed says itself what it is."""
    yield Source(partial(partial, _call))


async def _call(task: Task) -> Mapping[str, object] | None:
    try:
        result = await within(task.timeout_ns, _result(task))
    except TaskFailed:
        raise
    except asyncio.CancelledError:
        if _somebody_cancels_us():
            raise
        raise TaskFailed(Failure("CancelledError", "the function itself raised CancelledError")) from None
    except Exception as error:
        raise TaskFailed(Failure(type(error).__name__, str(error) or type(error).__name__)) from error
    return None if result is None else {"result": result}


async def _result(task: Task) -> object:
    work = task.work
    assert isinstance(work, Call)
    awaitable = work.function()
    if not isawaitable(awaitable):
        raise TypeError(
            f"{work.target} returned {type(awaitable).__name__}, which cannot be awaited; "
            "give a coroutine function (async def)"
        )
    return await awaitable


def _somebody_cancels_us() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0
