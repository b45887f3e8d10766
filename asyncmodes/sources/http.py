"""HTTP(S) requests, each read to the end of its body, over connections of the run's own."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Awaitable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp import AddrInfoType, hdrs
from aiohttp.http_exceptions import HttpProcessingError

from asyncmodes import __version__
from asyncmodes.modes import Mode
from asyncmodes.resources import MOST_THREADS, Usage
from asyncmodes.sources import Options, Source
from asyncmodes.sources.deadline import SharedTimeout, shared_timeouts
from asyncmodes.sources.decoding import ACCEPTED, decoder_of
from asyncmodes.sources.http_errors import MOST_REDIRECTS, failure_of, has_secret
from asyncmodes.sources.resolver import Resolver
from asyncmodes.sources.resources import counted_sockets, one_line, threads
from asyncmodes.sources.sending import SENDING, Sending
from asyncmodes.sources.stopwatch import Stopwatch, looked_up
from asyncmodes.tasks import Failure, Request, Task, TaskFailed

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_REPEATABLE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))  # RFC 9110, 9.2.2
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_COUNTED = len(("status", "bytes"))
_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)


@asynccontextmanager
async def opened(tasks: Collection[Task], mode: Mode, options: Options) -> AsyncIterator[Source]:
    """What starts each request, with as many connections as the mode asks for and none that was used before.

    The detail is `{"status": 200, "bytes": n}` (decoded bytes), on failure too as far as known; with phases, if
    they are asked for.
    """
    lanes = mode.lanes(len(tasks))
    usage = Usage()
    notes: tuple[str, ...] = ()
    base_url = None
    if options.local is not None:
        options.local.forget()  # each run finds it idle
        base_url = options.local.address
        server = options.local.server or "one without limits"
        notes = (f"paths were requested from a server of our own: {server}",)
    if lanes > MOST_THREADS and len({_origin(task) for task in tasks}) > MOST_THREADS:
        notes = (f"host names are looked up by at most {MOST_THREADS} threads at once", *notes)
    new_socket = counted_sockets(usage)

    def connecting(address: AddrInfoType) -> socket.socket:
        """A socket for a connection of the request that is being sent."""
        SENDING.get().connects = True
        return new_socket(address)

    kind = Stopwatch if options.phases else Sending
    with threads(lanes, "host name", usage) as pool:
        connector = kind.connector(
            limit=0,
            limit_per_host=0,
            resolver=Resolver(pool, looked_up if options.phases else None),
            use_dns_cache=False,  # the resolver keeps its answers
            socket_factory=connecting,
        )
        async with (
            connector,
            _session(connector, kind, options) as theirs,
            _session(connector, kind, options, base_url) if base_url else nullcontext(theirs) as ours,
        ):
            with shared_timeouts(tasks) as timeouts:
                client = _Client(theirs, ours, kind, timeouts, options.max_bytes)
                yield Source(lambda task: partial(client.request, task), notes, usage)


def _session(
    connector: aiohttp.BaseConnector, kind: type[Sending], options: Options, base_url: str | None = None
) -> aiohttp.ClientSession:
    """A session for the URLs of others, or with `base_url` for paths: these never go through a proxy."""
    session = aiohttp.ClientSession(
        base_url,
        connector=connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={hdrs.USER_AGENT: f"asyncmodes/{__version__}", hdrs.ACCEPT_ENCODING: ACCEPTED},
        auto_decompress=False,
        response_class=kind.response,
        timeout=_NO_TIMEOUT,
        trust_env=options.trust_env and base_url is None,
    )
    session._retry_connection = False  # there is no public way; `_Client` knows when to try again
    return session


class _Client:
    """Makes the requests of one run. `ours` is the session for paths; `most` is how many bytes a body may have."""

    def __init__(
        self,
        theirs: aiohttp.ClientSession,
        ours: aiohttp.ClientSession,
        kind: type[Sending],
        timeouts: Mapping[int | None, SharedTimeout],
        most: int,
    ) -> None:
        self._theirs = theirs
        self._ours = ours
        self._kind = kind
        self._timeouts = timeouts
        self._most = most
        self._known: dict[tuple[object, ...], Mapping[str, object]] = {}

    async def request(self, task: Task) -> Mapping[str, object]:
        """Make the task's request; its detail, or TaskFailed."""
        work = task.work
        assert isinstance(work, Request)
        detail: dict[str, object] = {}
        sending = self._kind()
        SENDING.set(sending)
        try:
            await self._timeouts[task.timeout_ns].within(self._exchange(work, sending, detail), detail)
        except _ERRORS as error:
            raise TaskFailed(failure_of(error, work), detail) from error
        finally:
            sending.ended(detail)
        if len(detail) > _COUNTED:
            return detail
        # Answers that are alike share one detail: 20,000 of them would push the next requests' memory out of the cache.
        return self._known.setdefault(tuple(detail.values()), detail)

    async def _exchange(self, work: Request, sending: Sending, detail: dict[str, object]) -> None:
        try:
            response = await self._answer(work)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            # Only of a connection that had gone stale while it was idle: a second attempt that nobody asked for would
            # double the duration that is measured, and what the server sees.
            if not sending.reuses or work.method not in _REPEATABLE:
                raise
            response = await self._answer(work)
        detail["status"] = response.status
        detail["bytes"] = 0
        coded = hdrs.CONTENT_ENCODING in response.headers
        if response.closed and work.data is None and not coded:  # all came with the head, nothing is left to release
            self._count(len(response.content.read_nowait()), detail)
        else:
            async with response:
                await self._read(response, detail)
        if not _expected(response.status, work):
            raise TaskFailed(Failure("HTTPStatus", _status_line(response, work)), detail)

    def _answer(self, work: Request) -> Awaitable[aiohttp.ClientResponse]:
        session = self._ours if work.is_path else self._theirs
        return session.request(
            work.method,
            work.url,
            headers=work.headers or None,
            data=None if work.data is None else io.BytesIO(work.data),
            allow_redirects=_REDIRECTS.isdisjoint(work.expect_status),  # who expects one wants to see it
            max_redirects=MOST_REDIRECTS + 1,  # aiohttp gives up at this one, instead of after it
        )

    async def _read(self, response: aiohttp.ClientResponse, detail: dict[str, object]) -> None:
        """Read the body to its end and count what it decodes to, keeping none of it."""
        is_part = response.status == HTTPStatus.PARTIAL_CONTENT  # a part of what is compressed cannot be unpacked
        decoder = None if is_part else decoder_of(", ".join(response.headers.getall(hdrs.CONTENT_ENCODING, ())))
        with _woken_when_closed(response):
            async for chunk in response.content.iter_any():
                if decoder is None:
                    self._count(len(chunk), detail)
                    continue
                for size in decoder.sizes(chunk):
                    self._count(size, detail)
                    await asyncio.sleep(0)  # little can unpack to much: let the others have their turn
        if decoder is not None:
            decoder.end()

    def _count(self, size: int, detail: dict[str, Any]) -> None:
        detail["bytes"] += size
        if detail["bytes"] > self._most:
            raise TaskFailed(Failure("TooLarge", f"the body is larger than {self._most} bytes"), detail)


@contextmanager
def _woken_when_closed(response: aiohttp.ClientResponse) -> Iterator[None]:
    """Let the reader see that the connection has ended.

    When a later part of a chunked body is malformed, aiohttp (3.14.5) closes the connection and tells the
    connection's own queue why, but not who reads the body; that one would wait for ever.
    """
    connection = response.connection
    protocol = connection.protocol if connection is not None else None
    closed = protocol.closed if protocol is not None else None
    if protocol is None or closed is None:  # the whole body is here already
        yield
        return
    content = response.content

    def wake(closing: asyncio.Future[None]) -> None:
        lost = None if closing.cancelled() else closing.exception()
        if not content.is_eof() and content.exception() is None:
            content.set_exception(protocol.exception() or lost or aiohttp.ServerDisconnectedError())

    closed.add_done_callback(wake)
    try:
        yield
    finally:
        closed.remove_done_callback(wake)


def _origin(task: Task) -> str:
    work = task.work
    assert isinstance(work, Request)
    return "" if work.is_path else "/".join(work.url.split("/", 3)[:3])


def _expected(status: int, work: Request) -> bool:
    return status in work.expect_status if work.expect_status else 200 <= status <= 399


def _status_line(response: aiohttp.ClientResponse, work: Request) -> str:
    reason = one_line(response.reason or "")
    if has_secret(reason, work.url):
        reason = ""
    if not reason and response.status in HTTPStatus._value2member_map_:
        reason = HTTPStatus(response.status).phrase
    return f"{response.status} {reason}".strip()
