"""The addresses of hosts."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from asyncmodes.sources.resources import refuse_exhausted

_Lookup: TypeAlias = "asyncio.Future[deque[ResolveResult]]"


class Resolver(AbstractResolver):
    """Looks up each host name once a run, in threads of the run's own: asyncio's would let only a few be looked up.

    Those that want the same name at the same time wait for the same answer, and use its addresses in turn.
    """

    def __init__(self, pool: ThreadPoolExecutor, looked_up: Callable[[], None] | None) -> None:
        """`looked_up` is called when a request need not wait for its lookup any more."""
        self._pool = pool
        self._looked_up = looked_up
        self._lookups: dict[tuple[str, int, int], _Lookup] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The host's addresses. Raises OSError if there is none."""
        key = (host, port, family)
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = asyncio.get_running_loop().run_in_executor(self._pool, _addresses, host, port, family)
            lookup.add_done_callback(partial(self._forget_failure, key))
            self._lookups[key] = lookup
        found = lookup.result() if lookup.done() else await self._wait(lookup)
        addresses = list(found)
        found.rotate(-1)
        return addresses

    async def _wait(self, lookup: _Lookup) -> deque[ResolveResult]:
        try:
            return await asyncio.shield(lookup)  # cancelling who waits does not cancel it for the others
        finally:
            if self._looked_up is not None:
                self._looked_up()

    def _forget_failure(self, key: tuple[str, int, int], lookup: _Lookup) -> None:
        if lookup.cancelled() or lookup.exception() is not None:
            del self._lookups[key]

    async def close(self) -> None:
        """Nothing to close: the threads belong to who made this."""


def _addresses(host: str, port: int, family: socket.AddressFamily) -> deque[ResolveResult]:
    numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    try:
        found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from None
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:  # what the resolver calls having no descriptor left
            refuse_exhausted()
        raise
    return deque(
        ResolveResult(
            hostname=host,
            host=socket.getnameinfo(address, numeric)[0],  # with the scope of a link-local address
            port=port,
            family=kind,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for kind, _, protocol, _, address in found
    )
