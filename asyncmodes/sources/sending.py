"""A request under way, as who makes it sees it."""

from __future__ import annotations

from collections.abc import Awaitable
from contextvars import ContextVar
from typing import ClassVar

import aiohttp


class Response(aiohttp.ClientResponse):
    """An answer that is being waited for. A middleware would be told of it too, for 2 % of a fast request."""

    def start(self, connection: aiohttp.connector.Connection) -> Awaitable[aiohttp.ClientResponse]:  # type: ignore[override]  # to be awaited
        """Wait for the head of the answer: the request has just been sent."""
        SENDING.get().sent()
        return super().start(connection)


class Sending:
    """A request that is being made, over all its redirects. What is known of it is told to it as it happens.

    `connects`: since it was last sent, a connection was begun for it. `reuses`: it was last sent over one that had
    been idle. `connector` and `response` are the classes that tell it.
    """

    connector: ClassVar[type[aiohttp.TCPConnector]] = aiohttp.TCPConnector
    response: ClassVar[type[aiohttp.ClientResponse]] = Response
    connects = False
    reuses = False

    def sent(self) -> None:
        """It has been sent: for the first time, or because of a redirect."""
        self.reuses = not self.connects
        self.connects = False

    def ended(self, detail: dict[str, object]) -> None:
        """It is over, well or not; `detail` is what is known of it."""


SENDING: ContextVar[Sending] = ContextVar("sending")  # the one that the running asyncio task makes
