"""HTTP(S) requests, each read to the end of its body, over connections of the run's own.

A failure's type is a word of this list, and otherwise the name of Python's class for what the operating
system said, such as ConnectionRefusedError:

    HTTPStatus          the status is none of the expected ones
    TooLarge            the body is larger than allowed
    MalformedResponse   what came is no HTTP, or cannot be decoded
    IncompleteBody      the connection ended before the body did
    Disconnected        the connection ended without an answer
    HostNotFound        the host's name has no address
    Certificate         the server's certificate is not trusted, or is another host's
    TLS                 no encrypted connection came about
    TooManyRedirects    more than ten
    BadRedirect         to something that is no http or https URL
    InvalidRequest      the URL or a header cannot be sent
    Proxy               the proxy refused
"""

from __future__ import annotations

import asyncio
import io
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from http import HTTPStatus
from typing import Any, TypeAlias

import aiohttp
from aiohttp import AddrInfoType, hdrs
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError, TransferEncodingError
from yarl import URL

from asyncmodes import __version__
from asyncmodes.executor import Start
from asyncmodes.modes import Mode
from asyncmodes.resources import MOST_THREADS, Usage
from asyncmodes.sources import Opened, Options, stopwatch
from asyncmodes.sources.deadline import SharedTimeout, shared_timeouts
from asyncmodes.sources.decoding import ACCEPTED, Undecodable, decoder_of
from asyncmodes.sources.resources import counted_sockets, one_line, refuse_exhausted, system_text, threads
from asyncmodes.tasks import Failure, Request, Task, TaskFailed

MOST_REDIRECTS = 10
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_Lookup: TypeAlias = "asyncio.Future[deque[ResolveResult]]"
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)


@asynccontextmanager
async def opened(tasks: Sequence[Task], mode: Mode, options: Options) -> AsyncIterator[Opened]:
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
        _SENDING.get().connects = True
        return new_socket(address)

    with threads(lanes, "host name", usage) as pool:
        connector = (stopwatch.Connector if options.phases else aiohttp.TCPConnector)(
            limit=0,
            limit_per_host=0,
            resolver=_Resolver(pool, stopwatch.looked_up if options.phases else None),
            use_dns_cache=False,  # the resolver keeps its answers
            socket_factory=connecting,
        )
        async with (
            connector,
            _session(connector, options) as theirs,
            _session(connector, options, base_url) if base_url else nullcontext(theirs) as ours,
        ):
            with shared_timeouts(tasks) as timeouts:
                starts: list[Start] = [
                    partial(
                        _request, ours if _is_path(task) else theirs, timeouts[task.timeout_ns], options.max_bytes, task
                    )
                    for task in tasks
                ]
                if options.phases:
                    starts = [partial(stopwatch.measured, start) for start in starts]
                yield Opened(starts, notes, usage)


def _session(connector: aiohttp.BaseConnector, options: Options, base_url: str | None = None) -> aiohttp.ClientSession:
    """A session for the URLs of others, or with `base_url` for paths: these never go through a proxy."""
    return aiohttp.ClientSession(
        base_url,
        connector=connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={hdrs.USER_AGENT: f"asyncmodes/{__version__}", hdrs.ACCEPT_ENCODING: ACCEPTED},
        auto_decompress=False,
        middlewares=(stopwatch.sent, _send_once) if options.phases else (_send_once,),
        timeout=_NO_TIMEOUT,
        trust_env=options.trust_env and base_url is None,
    )


def _is_path(task: Task) -> bool:
    return isinstance(task.work, Request) and task.work.is_path


async def _request(session: aiohttp.ClientSession, limit: SharedTimeout, most: int, task: Task) -> Mapping[str, object]:
    """Make the task's request; its detail, or TaskFailed."""
    work = task.work
    assert isinstance(work, Request)
    detail: dict[str, object] = {}
    try:
        await limit.within(_exchange(session, work, most, detail), detail)
    except _Final as final:
        raise TaskFailed(_failure(final.error, work), detail) from final.error
    except _ERRORS as error:
        raise TaskFailed(_failure(error, work), detail) from error
    return detail


async def _exchange(session: aiohttp.ClientSession, work: Request, most: int, detail: dict[str, object]) -> None:
    response = await session.request(
        work.method,
        work.url,
        headers=work.headers or None,
        data=None if work.data is None else io.BytesIO(work.data),
        allow_redirects=_REDIRECTS.isdisjoint(work.expect_status),  # who expects one wants to see it
        max_redirects=MOST_REDIRECTS + 1,  # aiohttp gives up at this one, instead of after it
    )
    detail["status"] = response.status
    detail["bytes"] = 0
    coded = hdrs.CONTENT_ENCODING in response.headers
    if response.closed and work.data is None and not coded:  # all came with the head, and nothing is left to release
        _count(len(response.content.read_nowait()), most, detail)
    else:
        async with response:
            await _read(response, most, detail)
    if not _expected(response.status, work):
        raise TaskFailed(Failure("HTTPStatus", _status_line(response, work)), detail)


async def _read(response: aiohttp.ClientResponse, most: int, detail: dict[str, object]) -> None:
    """Read the body to its end and count what it decodes to, keeping none of it."""
    is_part = response.status == HTTPStatus.PARTIAL_CONTENT  # a part of what is compressed cannot be unpacked
    decoder = None if is_part else decoder_of(response.headers.get(hdrs.CONTENT_ENCODING))
    with _woken_when_closed(response):
        async for chunk in response.content.iter_any():
            if decoder is None:
                _count(len(chunk), most, detail)
                continue
            for size in decoder.sizes(chunk):
                _count(size, most, detail)
                await asyncio.sleep(0)  # little can unpack to much: let the others have their turn
    if decoder is not None:
        decoder.end()


def _count(size: int, most: int, detail: dict[str, Any]) -> None:
    detail["bytes"] += size
    if detail["bytes"] > most:
        raise TaskFailed(Failure("TooLarge", f"the body is larger than {most} bytes"), detail)


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


class _Sending:
    """A request that is being sent: whether a connection had to be made for it."""

    connects = False


_SENDING: ContextVar[_Sending] = ContextVar("sending")


class _Final(Exception):
    """A failure after which aiohttp is not to send the request a second time."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Let aiohttp try again only when a connection had gone stale while it was idle.

    A second attempt that nobody asked for would double the duration that is measured and what the server sees.
    """
    sending = _Sending()
    _SENDING.set(sending)
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if sending.connects or isinstance(error, aiohttp.ClientConnectorError):
            raise _Final(error) from error
        raise


class _Resolver(AbstractResolver):
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


def _origin(task: Task) -> str:
    work = task.work
    assert isinstance(work, Request)
    return "" if work.is_path else "/".join(work.url.split("/", 3)[:3])


def _expected(status: int, work: Request) -> bool:
    return status in work.expect_status if work.expect_status else 200 <= status <= 399


def _status_line(response: aiohttp.ClientResponse, work: Request) -> str:
    reason = one_line(response.reason or "")
    if _has_secret(reason, work.url):
        reason = ""
    if not reason and response.status in HTTPStatus._value2member_map_:
        reason = HTTPStatus(response.status).phrase
    return f"{response.status} {reason}".strip()


def _failure(error: Exception, work: Request) -> Failure:
    """The failure that an error of aiohttp's or the operating system's stands for; no text has the password."""
    kind, text = _said(error)
    return Failure(kind, "the text of this error would show the password" if _has_secret(text, work.url) else text)


def _said(error: Exception) -> tuple[str, str]:
    match error:
        case aiohttp.TooManyRedirects():
            return "TooManyRedirects", f"redirected more than {MOST_REDIRECTS} times"
        case aiohttp.RedirectClientError():
            return "BadRedirect", "redirected to something that is no http or https URL" + _scheme(error)
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "InvalidRequest", _invalid_url(error)
        case aiohttp.ClientHttpProxyError():
            return "Proxy", f"the proxy answered {error.status} {one_line(error.message)}".strip()
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or str(error.certificate_error)
            return "Certificate", f"the certificate of {_place(error)} is not accepted: {one_line(reason)}"
        case aiohttp.ClientConnectorSSLError():
            return "TLS", f"no TLS connection with {_place(error)}: {_tls_reason(error.os_error)}"
        case aiohttp.ClientConnectorDNSError(os_error=socket.gaierror()):
            return "HostNotFound", f"cannot find host {error.host}: {system_text(error.os_error)}"
        case aiohttp.ClientProxyConnectionError():
            text = f"cannot connect to the proxy {_place(error)}: {system_text(error.os_error)}"
            return type(error.os_error).__name__, text
        case aiohttp.ClientConnectorError():
            text = f"cannot connect to {_place(error)}: {system_text(error.os_error)}"
            return type(error.os_error).__name__, text
        case aiohttp.ServerDisconnectedError():
            return "Disconnected", "the server closed the connection without a complete answer"
        case aiohttp.ClientPayloadError():
            return _payload_said(error)
        case aiohttp.ClientResponseError() | HttpProcessingError():
            # aiohttp gives its parser's errors the status 400, which no server has sent.
            return "MalformedResponse", f"malformed response: {_parser_text(error.message)}"
        case ssl.SSLError():
            return "TLS", f"the TLS connection broke: {_tls_reason(error)}"
        case OSError():
            return type(OSError(error.errno, "")).__name__ if error.errno else _plain_name(error), system_text(error)
        case Undecodable():
            return "MalformedResponse", f"malformed response: {error}"
        case ValueError():
            return "InvalidRequest", one_line(str(error)) or type(error).__name__
    return _plain_name(error), one_line(str(error)) or type(error).__name__


def _payload_said(error: aiohttp.ClientPayloadError) -> tuple[str, str]:
    cause = error.__cause__
    if isinstance(cause, ContentLengthError | TransferEncodingError):
        if "ConnectionResetError" in str(error):  # its only trace
            return "IncompleteBody", "the connection was reset in the middle of the body"
        return "IncompleteBody", f"the body ended too early: {_parser_text(cause.message)}"
    if isinstance(cause, HttpProcessingError):
        return "MalformedResponse", f"malformed response: {_parser_text(cause.message)}"
    return "IncompleteBody", one_line(str(error)) or "the body could not be read"


def _parser_text(message: str) -> str:
    """The parser's message in one line, without the caret that points at a place in the line above it."""
    lines = (line for line in message.splitlines() if line.strip() != "^")
    return one_line(" ".join(lines)) or "it is no HTTP"


def _scheme(error: Exception) -> str:
    """The scheme of the URL that an error is about, as the end of a sentence."""
    scheme, colon, _ = str(error.args[0] if error.args else "").partition(":")
    return f" ({scheme}:)" if colon and scheme.isalnum() else ""


def _invalid_url(error: Exception) -> str:
    reason = getattr(error, "description", None)
    return "not a URL that can be requested" + (f": {one_line(reason)}" if reason else "")


def _tls_reason(error: OSError) -> str:
    reason = getattr(error, "reason", None)
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return f"the answer is no TLS ({reason}); is this an http:// port?"
    return one_line(reason or error.strerror or str(error)) or type(error).__name__


def _place(error: aiohttp.ClientConnectorError) -> str:
    host = f"[{error.host}]" if ":" in error.host else error.host
    return f"{host}:{error.port}"


def _plain_name(error: Exception) -> str:
    """A class's name without what every one of aiohttp's has."""
    return type(error).__name__.removeprefix("Client").removesuffix("Error") or "Request"


def _has_secret(text: str, url: str) -> bool:
    """Whether the URL's password stands in the text; a very short one counts only where a URL would have it."""
    try:
        parsed = URL(url)
        secrets = {parsed.password, parsed.raw_password}
    except ValueError:
        user_info = url.partition("://")[2].split("/", 1)[0].rpartition("@")[0]
        secrets = {user_info.partition(":")[2]}
    return any(f":{secret}@" in text or (len(secret) > 3 and secret in text) for secret in secrets if secret)
