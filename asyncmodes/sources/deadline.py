"""The timeouts of tasks whose duration nobody knows beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from asyncmodes.tasks import Task, TaskFailed, timed_out

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


class SharedTimeout:
    """The timeout of many tasks on the real clock, with one timer among them all: `within` for 20,000 requests.

    Only the timer of the task that began first is ever set, since the others' come after it.
    """

    def __init__(self, timeout_ns: int | None) -> None:
        self._timeout_ns = timeout_ns
        self._timeout_s = 0.0 if timeout_ns is None else timeout_ns / 1e9
        self._loop = asyncio.get_running_loop()
        self._deadlines: dict[asyncio.Task[Any], float] = {}  # the earliest first: dictionaries keep their order
        self._expired: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, work: Awaitable[T], detail: Mapping[str, object] | None = None) -> T:
        """Await the work, for at most as long as the timeout; see the function `within`."""
        task = asyncio.current_task(self._loop)
        if self._timeout_ns is None or task is None:
            return await work
        cancelling = task.cancelling()
        deadline = self._deadlines[task] = self._loop.time() + self._timeout_s
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._ring)
        try:
            result = await work
        except asyncio.CancelledError:
            if task not in self._expired or task.uncancel() > cancelling:
                raise  # somebody else cancels the task too
        except Exception:
            if task not in self._expired:
                raise
            task.uncancel()
        else:
            if task not in self._expired:
                return result
            task.uncancel()
        finally:
            self._deadlines.pop(task, None)
            self._expired.discard(task)
        raise TaskFailed(timed_out(self._timeout_ns), detail) from None

    def _ring(self) -> None:
        """Cancel those whose time is over, and wait for the next one's."""
        self._timer = None
        now = self._loop.time()
        while self._deadlines:
            task, deadline = next(iter(self._deadlines.items()))
            if deadline > now:
                self._timer = self._loop.call_at(deadline, self._ring)
                break
            del self._deadlines[task]
            self._expired.add(task)
            task.cancel()

    def close(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer.cancel()


@contextmanager
def shared_timeouts(tasks: Iterable[Task]) -> Iterator[Mapping[int | None, SharedTimeout]]:
    """For each timeout in nanoseconds that one of the tasks has (None: none) what applies it."""
    timeouts = {timeout_ns: SharedTimeout(timeout_ns) for timeout_ns in {task.timeout_ns for task in tasks}}
    try:
        yield timeouts
    finally:
        for timeout in timeouts.values():
            timeout.close()
