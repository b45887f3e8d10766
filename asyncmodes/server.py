"""The demo server: real sockets, and behind them the same service that simulated requests go to."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any, NoReturn

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from asyncmodes.capacity import Overload, Server, Service, Visit
from asyncmodes.errors import UsageError
from asyncmodes.spec.pages import PAGES, Page, page_of

DROPS = 10
_DROP = b"drop\n"
_FILLING = b"asyncmodes\n" * (256 * 1024 // 11)
_WAITING_CONNECTIONS = 4096  # with fewer, a client that opens a thousand at once would see some a second late


class Demo:
    """Answers requests as a server of this kind does, and counts who is being served."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.forget()

    def forget(self) -> None:
        """Be as new: nobody is served, and luck is drawn from the seed again."""
        self._service = Service(self._server)
        self._moved_up = asyncio.Event()

    @property
    def present(self) -> Collection[Visit]:
        """Who is being served or waits to be."""
        return self._service.present

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. It is served once it is known what it asks for, and until its answer is sent."""
        if request.path == "/":
            return _text(200, "".join(f"{path:<14} {what}\n" for path, what in PAGES.items()))
        try:
            page = page_of(request.raw_path, "path")
        except UsageError as error:
            return _text(404, f"{error}\n")
        service = self._service
        visit = service.arrive(time.monotonic_ns(), page.base_ns, fail_rate=page.fail_rate)
        try:
            if page.drips and visit.status == 200:
                return await self._drip(request, service, visit)
            await self._wait(visit)
        except BaseException:  # the client has gone
            service.abandon(visit, time.monotonic_ns())
            self._moved_up.set()
            self._moved_up = asyncio.Event()
            raise
        service.leave(visit)  # before the answer: who asks again after it finds the place free
        if visit.status != 200:
            return _text(visit.status, f"{visit.status} {HTTPStatus(visit.status).phrase}\n")
        return await _answer(request, page)

    async def _drip(self, request: web.BaseRequest, service: Service, visit: Visit) -> web.StreamResponse:
        await self._wait(visit, 0)
        response = web.StreamResponse()
        response.content_length = DROPS * len(_DROP)
        await response.prepare(request)
        for drop in range(1, DROPS + 1):
            await self._wait(visit, drop / DROPS)
            if drop == DROPS:
                service.leave(visit)
            if request.method != "HEAD":
                await response.write(_DROP)
        return response

    async def _wait(self, visit: Visit, share: float = 1) -> None:
        """Wait until this share of the service is over, which may be sooner than it was thought at first."""
        while (left_ns := visit.begin_ns + round(visit.service_ns * share) - time.monotonic_ns()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_ns / 1e9):
                    await self._moved_up.wait()


def _text(status: int, text: str) -> web.Response:
    bodiless = status in (204, 205, 304)
    return web.Response(status=status) if bodiless else web.Response(status=status, text=text)


async def _answer(request: web.BaseRequest, page: Page) -> web.StreamResponse:
    if page.location:
        return web.Response(status=page.status, headers={"Location": page.location})
    if page.size is None:
        return _text(page.status, f"{page.status}\n")
    if page.size <= len(_FILLING):
        return web.Response(body=_FILLING[: page.size])
    response = web.StreamResponse()
    response.content_length = page.size
    await response.prepare(request)
    if request.method != "HEAD":
        for sent in range(0, page.size, len(_FILLING)):
            await response.write(_FILLING[: page.size - sent])
    return response


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens at this address; port 0 is any that is free. Raises UsageError if it cannot be had."""
    if not 0 <= port <= 65535:
        raise UsageError.at("--port", f"{port} does not exist", "write a port from 1 to 65535, or 0 for a free one")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE) if host else []
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise UsageError.at("--host", f"{host!r} is no host that can be found", "write for example 127.0.0.1")
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    try:
        return socket.create_server(address[:2], family=family, backlog=_WAITING_CONNECTIONS)
    except OSError as error:
        raise _cannot_listen(error, host, port) from error


def _cannot_listen(error: OSError, host: str, port: int) -> UsageError:
    import errno

    match error.errno:
        case errno.EADDRINUSE:
            return UsageError.at(f"--port {port}", "it is in use already", "write another, or none for a free one")
        case errno.EACCES:
            return UsageError.at(f"--port {port}", "it is not allowed to you", "write one above 1023, or none")
        case errno.EADDRNOTAVAIL:
            return UsageError.at(f"--host {host}", "it is no address of this machine", "write for example 127.0.0.1")
    reason = os.strerror(error.errno) if error.errno else str(error)
    return UsageError.at(f"--host {host}", f"cannot listen there ({reason})", "write for example 127.0.0.1")


def address_of(listener: socket.socket) -> str:
    """The URL of a listening socket, such as `http://127.0.0.1:8000`."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def serving(demo: Demo, listener: socket.socket) -> AsyncIterator[None]:
    """Take requests at this socket until the end, then break off those that are still being answered."""
    _allow_many_connections()
    server = web.Server(demo.answer, handler_cancellation=True, access_log=None, logger=_log())
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.SockSite(runner, listener, backlog=_WAITING_CONNECTIONS).start()
        yield
    finally:
        await runner.cleanup()
        listener.close()


def _log() -> logging.Logger:
    """Where a fault of ours is told; what is no HTTP, or no body of its encoding, is the client's."""

    def is_ours(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | web.RequestPayloadError))

    log = logging.getLogger("asyncmodes.server")
    log.filters = [is_ours]
    return log


def _allow_many_connections() -> None:
    """Let as many files be open as the system lets this process have."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS allows less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def serve_parent(fields: Mapping[str, Any]) -> NoReturn:
    """Serve the process that started this one: its pipe is standard input, and the end of that is the end of this.

    The address goes to standard output first, then a line for each line `forget`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends this in its own time
    server = Server(**{**fields, "overload": Overload(fields["overload"])})
    asyncio.run(_serve_parent(Demo(server)))
    sys.exit(1)  # never: the thread has ended the process


async def _serve_parent(demo: Demo) -> None:
    with bound("127.0.0.1", 0) as listener:
        async with serving(demo, listener):
            _say(address_of(listener) + "/")
            listening = threading.Thread(
                target=_obey, args=(asyncio.get_running_loop(), demo), name="asyncmodes parent", daemon=True
            )
            listening.start()
            await asyncio.Event().wait()


def _obey(loop: asyncio.AbstractEventLoop, demo: Demo) -> None:
    def forget() -> None:
        demo.forget()
        _say("forgotten")

    while told := os.read(0, 1024):
        for _ in range(told.count(b"\n")):
            loop.call_soon_threadsafe(forget)
    os._exit(0)  # at once, whatever the event loop is doing; there is nothing to be kept


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())
