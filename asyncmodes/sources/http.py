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
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial
from http import HTTPStatus

import aiohttp
from aiohttp import AddrInfoType, hdrs
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError, TransferEncodingError
from multidict import CIMultiDict
from yarl import URL

from asyncmodes import __version__
from asyncmodes.modes import Mode
from asyncmodes.resources import Usage
from asyncmodes.sources import Opened, Options
from asyncmodes.sources.deadline import within
from asyncmodes.sources.resources import MOST_THREADS, counted_sockets, one_line, refuse_exhausted, system_text, threads
from asyncmodes.tasks import Failure, Request, Task, TaskFailed

MOST_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)


@asynccontextmanager
async def opened(tasks: Sequence[Task], mode: Mode, options: Options) -> AsyncIterator[Opened]:
    """What starts each request, with as many connections as the mode asks for and none that was used before.

    The detail is `{"status": 200, "bytes": n}` (decoded bytes), on failure too as far as known.
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
        """A socket for a connection of the attempt under way."""
        _attempt.get().connects = True
        return new_socket(address)

    with threads(lanes, "host name", usage) as pool:
        async with aiohttp.ClientSession(
            base_url,
            connector=aiohttp.TCPConnector(
                limit=0, limit_per_host=0, resolver=_Resolver(pool), socket_factory=connecting
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={hdrs.USER_AGENT: f"asyncmodes/{__version__}"},
            timeout=_NO_TIMEOUT,
            trust_env=options.trust_env,
        ) as session:
            yield Opened([partial(_request, session, task, options.max_bytes) for task in tasks], notes, usage)


async def _request(session: aiohttp.ClientSession, task: Task, most: int) -> Mapping[str, object]:
    """Make the task's request; its detail, or TaskFailed."""
    work = task.work
    assert isinstance(work, Request)
    detail: dict[str, object] = {}
    try:
        await within(task.timeout_ns, _exchange(session, work, most, detail), detail)
    except _ERRORS as error:
        raise TaskFailed(_failure(error, work), detail) from error
    return detail


async def _exchange(session: aiohttp.ClientSession, work: Request, most: int, detail: dict[str, object]) -> None:
    async with session.request(
        work.method,
        work.url,
        headers=CIMultiDict(work.headers),
        data=None if work.data is None else io.BytesIO(work.data),
        allow_redirects=not set(work.expect_status) & set(_REDIRECTS),  # who expects one wants to see it
        max_redirects=MOST_REDIRECTS + 1,  # aiohttp gives up at this one, instead of after it
        middlewares=(_Attempt(work).send,),
    ) as response:
        detail["status"] = response.status
        await _read(response, most, detail)
        if not _expected(response.status, work):
            raise TaskFailed(Failure("HTTPStatus", _status_line(response)), detail)


async def _read(response: aiohttp.ClientResponse, most: int, detail: dict[str, object]) -> None:
    """Read the body to its end and count it, keeping none of it."""
    total = 0
    detail["bytes"] = total
    with _woken_when_closed(response):
        async for chunk in response.content.iter_any():
            total += len(chunk)
            detail["bytes"] = total
            if total > most:
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


class _Attempt:
    """Keeps aiohttp from sending a request twice, except on a connection that had gone stale while it was idle.

    A second attempt that nobody asked for would double the duration that is measured and what the server sees.
    """

    def __init__(self, work: Request) -> None:
        self._work = work
        self.connects = False

    async def send(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """Send the request; a failure on a new connection is final."""
        self.connects = False
        _attempt.set(self)
        try:
            return await handler(request)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            if not self.connects:
                raise
            raise TaskFailed(_failure(error, self._work)) from error


_attempt: ContextVar[_Attempt] = ContextVar("attempt")


class _Resolver(AbstractResolver):
    """Looks up host names in threads of the run's own: asyncio's would let only a few be looked up at once."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The host's addresses. Raises OSError if there is none."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _addresses, host, port, family)

    async def close(self) -> None:
        """Nothing to close: the threads belong to who made this."""


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    try:
        found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from None
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:  # what the resolver calls having no descriptor left
            refuse_exhausted()
        raise
    return [
        ResolveResult(
            hostname=host,
            host=socket.getnameinfo(address, numeric)[0],  # with the scope of a link-local address
            port=port,
            family=kind,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for kind, _, protocol, _, address in found
    ]


def _origin(task: Task) -> str:
    work = task.work
    assert isinstance(work, Request)
    return "" if work.is_path else "/".join(work.url.split("/", 3)[:3])


def _expected(status: int, work: Request) -> bool:
    return status in work.expect_status if work.expect_status else 200 <= status <= 399


def _status_line(response: aiohttp.ClientResponse) -> str:
    reason = one_line(response.reason or "")
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
