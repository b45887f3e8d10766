"""An event loop on real time that can be watched: how long each of its turns kept everything else waiting."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Watch = Callable[[int, int], None]
"""Is told at the end of each turn how long it took and what time it is, in nanoseconds of the monotonic clock."""


class Turns(selectors.DefaultSelector):
    """Where the event loop waits between its turns: it comes here at the end of each one.

    To watch the loop from here wakes nobody, unlike a timer. That would not only cost: the system's wait counts
    whole milliseconds, so each interruption of a sleep makes it longer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.watches: list[Watch] = []
        self._began_ns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait until something is to be done."""
        if not self.watches:
            return super().select(timeout)
        now_ns = time.monotonic_ns()
        for watch in self.watches:
            watch(now_ns - self._began_ns, now_ns)
        ready = super().select(timeout)
        self._began_ns = time.monotonic_ns()
        return ready

    @contextmanager
    def watched(self, watch: Watch) -> Iterator[None]:
        """Let `watch` be told of each turn; of the first one only what is left of it."""
        self._began_ns = time.monotonic_ns()
        self.watches = [*self.watches, watch]
        try:
            yield
        finally:
            self.watches = [each for each in self.watches if each is not watch]


class WatchedLoop(asyncio.SelectorEventLoop):
    """asyncio's own event loop, whose `turns` can be watched."""

    def __init__(self) -> None:
        self.turns = Turns()
        super().__init__(self.turns)
