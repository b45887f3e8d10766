"""The two clocks behind one interface: real time, and the virtual time of a `VirtualTimeLoop`."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from asyncmodes.turns import WatchedLoop
from asyncmodes.virtual_time import VirtualTimeLoop, running_virtual_loop


class ClockName(StrEnum):
    """The clocks by name, as the command line and the record spell them."""

    REAL = "real"
    VIRTUAL = "virtual"


class LoopName(StrEnum):
    """Whose event loop tasks run on, on the real clock: asyncio's own, or uvloop's where that is installed."""

    ASYNCIO = "asyncio"
    UVLOOP = "uvloop"


class Clock(NamedTuple):
    """`now_ns()` is monotonic, in nanoseconds; `sleeper(ns)` gives a coroutine function that waits for so long.

    `block(ns)` lets so long pass at once, with the event loop standing still.
    """

    name: ClockName
    now_ns: Callable[[], int]
    sleeper: Callable[[int], Callable[[], Awaitable[None]]]
    block: Callable[[int], None]


def _sleep_for_real(duration_ns: int) -> Callable[[], Awaitable[None]]:
    return partial(asyncio.sleep, duration_ns / 1e9)


def _block_for_real(duration_ns: int) -> None:
    time.sleep(duration_ns / 1e9)


REAL_CLOCK = Clock(ClockName.REAL, time.monotonic_ns, _sleep_for_real, _block_for_real)


def running_clock() -> Clock:
    """The clock of the event loop that runs this code."""
    loop = running_virtual_loop()
    if loop is None:
        return REAL_CLOCK
    return Clock(ClockName.VIRTUAL, loop.time_ns, partial(partial, loop.sleep_ns), loop.block_ns)


def new_loop(clock: ClockName, loop: LoopName = LoopName.ASYNCIO) -> asyncio.AbstractEventLoop:
    """An event loop on this clock. Raises ImportError if it should be uvloop's, and that is not installed."""
    if clock is ClockName.VIRTUAL:
        return VirtualTimeLoop()
    if loop is LoopName.UVLOOP:
        import uvloop

        theirs: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        return theirs
    if sys.platform == "win32":
        return asyncio.new_event_loop()  # it waits in the system's own way, and has no turns to watch
    return WatchedLoop()
