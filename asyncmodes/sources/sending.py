"""A request under way, as who makes it sees it: sent once, unless a connection had gone stale."""

from __future__ import annotations

from contextvars import ContextVar

import aiohttp

_LOST = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)


class Sending:
    """A request that is being made, over all its redirects. What is known of it is told to it as it happens.

    `connects`: a connection is being made for it, or was; otherwise an idle one is used again.
    """

    connects = False

    def answered(self) -> None:
        """The head of an answer is there. If it redirects, what follows is sent anew."""
        self.connects = False

    def not_answered(self) -> None:
        """It was sent, and no answer came."""

    def ended(self, detail: dict[str, object]) -> None:
        """It is over, well or not; `detail` is what is known of it."""


SENDING: ContextVar[Sending] = ContextVar("sending")  # the one that the running asyncio task makes


class Final(Exception):
    """A failure after which aiohttp is not to send the request a second time."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Response(aiohttp.ClientResponse):
    """An answer. aiohttp may send the request again only when a connection had gone stale while it was idle.

    A second attempt that nobody asked for would double the duration that is measured and what the server sees. A
    middleware could tell as well, for 2 % of a fast request.
    """

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Wait for the head of the answer."""
        try:
            await super().start(connection)
        except BaseException as error:
            sending = SENDING.get()
            sending.not_answered()
            if sending.connects and isinstance(error, _LOST):
                raise Final(error) from error
            raise
        SENDING.get().answered()
        return self
