"""An event loop whose clock jumps to the next deadline instead of waiting for it.

Time is counted in whole nanoseconds, so that 0.1 s ten times is 1 s exactly, and equal deadlines fire in the
order in which they were set (asyncio's own heap keeps no order for those). Nothing real can happen on this
loop: sockets, pipes, threads and child processes are refused.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, NoReturn


class VirtualTimeError(RuntimeError):
    """Something was asked of the virtual clock that it cannot give: real I/O, or a wait that never ends."""


class VirtualTimeLoop(asyncio.BaseEventLoop):
    """Runs coroutines on a virtual clock that starts at 0.

    Raises VirtualTimeError out of `run_until_complete` on a deadlock: nothing is ready and no timer is set.
    """

    _ready: deque[asyncio.Handle]  # asyncio's own, as is _stopping
    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self._now_ns = 0
        # What waits for its time, in the order in which it is due, and what is due in this turn.
        self._timers: list[tuple[int, int, asyncio.TimerHandle | asyncio.Future[None]]] = []
        self._timers_set = 0
        self._due: deque[asyncio.TimerHandle | asyncio.Future[None]] = deque()

    def time_ns(self) -> int:
        """The virtual time in nanoseconds."""
        return self._now_ns

    def time(self) -> float:
        """The virtual time in seconds, as asyncio asks for it."""
        return self._now_ns / 1e9

    async def sleep_ns(self, duration_ns: int) -> None:
        """Wait for this much virtual time, exactly."""
        woken: asyncio.Future[None] = asyncio.Future(loop=self)
        self._set(self._now_ns + duration_ns, woken)
        try:
            await woken
        finally:
            woken.cancel()  # nobody waits for it any more, so the clock need not go there

    def block_ns(self, duration_ns: int) -> None:
        """Let this much virtual time pass while nothing else runs, as `time.sleep` does in real time."""
        self._now_ns += duration_ns

    def call_at_ns(
        self, when_ns: int, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back at this virtual time; calls for the same time are made in the order they were asked for."""
        handle = asyncio.TimerHandle(when_ns / 1e9, callback, args, self, context)
        self._set(max(when_ns, self._now_ns), handle)
        return handle

    def _set(self, when_ns: int, timer: asyncio.TimerHandle | asyncio.Future[None]) -> None:
        self._timers_set += 1
        heapq.heappush(self._timers, (when_ns, self._timers_set, timer))

    # asyncio's own interface to the clock, in seconds.
    def call_at(  # type: ignore[override]  # typeshed's TypeVarTuple form says the same
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at_ns(round(when * 1e9), callback, *args, context=context)

    def call_later(  # type: ignore[override]  # as above
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at_ns(self._now_ns + round(delay * 1e9), callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing to count: cancelled timers are passed over when their turn comes."""

    def _run_once(self) -> None:
        """One turn: what is ready, then what is due; if nothing is ready, jump to the next deadline first."""
        timers, ready, due = self._timers, self._ready, self._due
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)
        if timers and not ready and not due:
            self._now_ns = max(self._now_ns, timers[0][0])  # overdue if the loop was blocked
        elif not ready and not due and not self._stopping:
            raise VirtualTimeError("deadlock on the virtual clock: a task waits for something that can never happen")
        while timers and timers[0][0] <= self._now_ns:
            due.append(heapq.heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
        while due:  # a turn that an interrupt cut short goes on in the next one
            _fire(due.popleft())

    def _write_to_self(self) -> None:
        """Nothing to wake: this loop never waits. Called from signal handlers, for instance."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise VirtualTimeError("real I/O on the virtual clock: only fake tasks can run on it; use the real clock")

    run_in_executor = _refuse
    getaddrinfo = getnameinfo = _refuse
    create_connection = create_server = create_datagram_endpoint = _refuse
    create_unix_connection = create_unix_server = sendfile = start_tls = _refuse
    connect_accepted_socket = connect_read_pipe = connect_write_pipe = _refuse
    subprocess_exec = subprocess_shell = _refuse
    add_reader = remove_reader = add_writer = remove_writer = _refuse
    sock_recv = sock_recv_into = sock_recvfrom = sock_recvfrom_into = _refuse
    sock_sendall = sock_sendto = sock_sendfile = sock_connect = sock_accept = _refuse
    add_signal_handler = remove_signal_handler = _refuse


def _fire(timer: asyncio.TimerHandle | asyncio.Future[None]) -> None:
    """Call back, or wake who sleeps, unless that was cancelled meanwhile."""
    if timer.cancelled():
        return
    if isinstance(timer, asyncio.Future):
        timer.set_result(None)
    else:
        timer._run()


def running_virtual_loop() -> VirtualTimeLoop | None:
    """The loop that runs this code if its time is virtual, else None."""
    loop = events.get_running_loop()
    return loop if isinstance(loop, VirtualTimeLoop) else None
