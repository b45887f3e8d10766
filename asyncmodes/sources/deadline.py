"""The timeout of tasks whose duration nobody knows beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from asyncmodes.tasks import TaskFailed, timed_out

T = TypeVar("T")

# On the virtual clock a task may end at the very instant of its deadline, a few turns of the loop after the
# timer that woke it (one or two for each task it awaits within). It has ended in time, so let it.
_GRACE_TURNS = 32


async def within(timeout_ns: int | None, work: Awaitable[T], detail: Mapping[str, object] | None = None) -> T:
    """Await the work, for at most so many nanoseconds (None: as long as it takes).

    A work that is not done by then is cancelled, and TaskFailed says that it timed out; `detail` is what is
    known of it then. A TimeoutError of the work's own is passed on like any other exception.
    """
    if timeout_ns is None:
        return await work
    limit = asyncio.timeout(None)
    try:
        async with limit:
            alarm = _Alarm(limit, timeout_ns / 1e9)
            try:
                result = await work
            finally:
                alarm.stop()
    except Exception:
        if not limit.expired():
            raise
    else:
        if not limit.expired():
            return result
    # Also when the work made something else of its cancellation: it was not done in time.
    raise TaskFailed(timed_out(timeout_ns), detail) from None


class _Alarm:
    """Lets the timeout expire at the end of the instant that is `delay_s` from now."""

    def __init__(self, limit: asyncio.Timeout, delay_s: float) -> None:
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.Handle = self._loop.call_later(delay_s, self._ring, _GRACE_TURNS)

    def _ring(self, turns: int) -> None:
        if turns:
            self._handle = self._loop.call_soon(self._ring, turns - 1)
        else:
            self._limit.reschedule(self._loop.time())

    def stop(self) -> None:
        """Never ring any more."""
        self._handle.cancel()
