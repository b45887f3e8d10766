"""A request under way, as its sending sees it: sent once, unless a connection had gone stale."""

from __future__ import annotations

from contextvars import ContextVar

import aiohttp

_LOST = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)


class Sending:
    """A request that is being made, over all its redirects. What is known of it is told to it as it happens.

    `connects`: a connection is being made for it, or was; otherwise an idle one is used again.
    """

    connects = False

    def begins(self) -> None:
        """It is sent: for the first time, after a redirect, or since a connection had gone stale."""
        self.connects = False

    def answered(self) -> None:
        """The head of an answer is there."""

    def not_answered(self) -> None:
        """No answer came."""

    def ended(self, detail: dict[str, object]) -> None:
        """It is over, well or not; `detail` is what is known of it."""


SENDING: ContextVar[Sending] = ContextVar("sending")  # the one that the running asyncio task makes


class Final(Exception):
    """A failure after which aiohttp is not to send the request a second time."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


async def send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Let aiohttp try again only when a connection had gone stale while it was idle: a middleware.

    A second attempt that nobody asked for would double the duration that is measured and what the server sees.
    """
    sending = SENDING.get()
    sending.begins()
    try:
        response = await handler(request)
    except BaseException as error:
        sending.not_answered()
        if isinstance(error, _LOST) and (sending.connects or isinstance(error, aiohttp.ClientConnectorError)):
            raise Final(error) from error
        raise
    sending.answered()
    return response
