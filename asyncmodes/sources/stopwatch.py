"""Measures the phases of requests. Nothing of this is installed unless they are asked for.

aiohttp's own tracing would cost a fifth of a fast request, and does not tell when a request that waits for
another one's DNS lookup stops waiting. So the clock is read where a phase ends: in the resolver, in the connector
and in the answer. Every moment of a request thus belongs to exactly one phase: the next one that ends.
"""

from __future__ import annotations

from time import monotonic_ns

import aiohttp
from aiohttp.tracing import Trace

from asyncmodes.phases import BODY, CONNECT, DNS, FIRST_BYTE
from asyncmodes.sources.sending import SENDING, Sending
from asyncmodes.sources.sending import Response as Plain


class Connector(aiohttp.TCPConnector):
    """A connector that notes when a connection is there, or cannot be made."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's own
    ) -> aiohttp.connector.Connection:
        """A connection, as aiohttp asks for it."""
        watch = _watch()
        watch.begins()
        try:
            return await super().connect(req, traces, timeout)
        finally:
            watch.connected()


class Response(Plain):
    """An answer that notes when its head is there, or will never be."""

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Wait for the head of the answer."""
        watch = _watch()
        try:
            await super().start(connection)
        finally:
            watch.over(FIRST_BYTE)
        watch.answered()
        return self


class Stopwatch(Sending):
    """A request that is being made, with its phases: those that happened, in seconds, added up over its redirects."""

    connector = Connector
    response = Response

    def __init__(self) -> None:
        self._receives = False
        self._phases: dict[str, float] = {}
        self._last_ns = monotonic_ns()

    def over(self, phase: str) -> None:
        """Note that this phase has ended; it began when the one before it ended."""
        now = monotonic_ns()
        self._phases[phase] = self._phases.get(phase, 0.0) + (now - self._last_ns) / 1e9
        self._last_ns = now

    def begins(self) -> None:
        """End the body of the redirect before it."""
        if self._receives:
            self.over(BODY)
        self._receives = False

    def connected(self) -> None:
        """End the making of a connection, unless it was there already."""
        if self.connects:
            self.over(CONNECT)

    def answered(self) -> None:
        """The head of an answer is there."""
        self._receives = True

    def ended(self, detail: dict[str, object]) -> None:
        """Put the phases into the detail, as `phases`."""
        if self._receives:
            self.over(BODY)
        detail["phases"] = self._phases


def looked_up() -> None:
    """Note that the host's name of the request that is being made has been looked up, or could not be."""
    _watch().over(DNS)


def _watch() -> Stopwatch:
    watch = SENDING.get()
    assert isinstance(watch, Stopwatch)
    return watch
