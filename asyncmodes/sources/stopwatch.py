"""Measures the phases of requests. Nothing of this is installed unless they are asked for.

aiohttp's own tracing would cost a fifth of a fast request, and does not tell when a request that waits for
another one's DNS lookup stops waiting. So the clock is read where a phase ends: in the resolver, in the connector
and around the sending. Every moment of a request thus belongs to exactly one phase: the next one that ends.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp import AddrInfoType

from asyncmodes.executor import Start
from asyncmodes.phases import BODY, CONNECT, DNS, FIRST_BYTE
from asyncmodes.tasks import TaskFailed


class _Stopwatch:
    """One request's phases in nanoseconds, added up over its redirects; only those that happened."""

    def __init__(self) -> None:
        self.connecting = self.connected = self.answered = False
        self._phases_ns: dict[str, int] = {}
        self._last_ns = time.monotonic_ns()

    def over(self, phase: str) -> None:
        """Note that this phase has ended; it began when the one before it ended."""
        now = time.monotonic_ns()
        self._phases_ns[phase] = self._phases_ns.get(phase, 0) + now - self._last_ns
        self._last_ns = now

    def added_to(self, detail: Mapping[str, object] | None) -> Mapping[str, object]:
        """The detail of the request that has ended now, with its phases in seconds."""
        if self.answered:
            self.over(BODY)
        return {**(detail or {}), "phases": {phase: ns / 1e9 for phase, ns in self._phases_ns.items()}}


_WATCH: ContextVar[_Stopwatch] = ContextVar("stopwatch")


async def measured(start: Start) -> Mapping[str, object]:
    """Make the request that `start` starts; its detail gets `phases`, in seconds, also when it fails."""
    watch = _Stopwatch()
    _WATCH.set(watch)
    try:
        detail = await start()
    except TaskFailed as failed:
        failed.detail = watch.added_to(failed.detail)
        raise
    return watch.added_to(detail)


def looked_up() -> None:
    """Note that the running request's host name has been looked up, or could not be."""
    _WATCH.get().over(DNS)


class Connector(aiohttp.TCPConnector):
    """A connector that notes when a connection is there, unless an idle one is used again."""

    def __init__(self, *, socket_factory: Callable[[AddrInfoType], socket.socket], **options: Any) -> None:
        def noted(address: AddrInfoType) -> socket.socket:
            _WATCH.get().connecting = True
            return socket_factory(address)

        super().__init__(socket_factory=noted, **options)

    async def connect(self, *args: Any, **options: Any) -> Any:
        """A connection, as aiohttp asks for it."""
        watch = _WATCH.get()
        watch.connecting = False
        try:
            connection = await super().connect(*args, **options)
            watch.connected = True
        finally:
            if watch.connecting:
                watch.over(CONNECT)
        return connection


async def sent(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Middleware that notes when the answer begins; it is called for each redirect anew."""
    watch = _WATCH.get()
    if watch.answered:
        watch.over(BODY)
    watch.connected = watch.answered = False
    try:
        response = await handler(request)
        watch.answered = True
    finally:
        if watch.connected:
            watch.over(FIRST_BYTE)
    return response
