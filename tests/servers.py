"""Local servers for the tests, and what runs tasks against them on the real clock and lets no lost error pass."""

import asyncio
import gc
import os
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from asyncmodes.executor import Execution, execute
from asyncmodes.modes import parse_mode
from asyncmodes.record import Run
from asyncmodes.sources import Options, opened
from asyncmodes.tasks import Request, Task

GUARD_S = 60  # no test takes as long; one that hangs fails


@dataclass
class Seen:
    """A request as the server saw it: header names in lower case; `connection` counts from 0."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    writer: asyncio.StreamWriter

    def header(self, name: str) -> str | None:
        """The header's value, or None."""
        return dict(self.headers).get(name)


@dataclass
class Server:
    """A server under way: what it has seen, and how many connections were made and have ended."""

    port: int = 0
    scheme: str = "http"
    requests: list[Seen] = field(default_factory=list)
    made: int = 0
    ended: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/"


Answer = Callable[[Seen], Awaitable[bytes | None]]


@asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Serve on a free port: each request's answer is written as it is; None closes the connection."""
    server = Server(scheme="https" if tls else "http")
    handlers = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())
        connection, server.made = server.made, server.made + 1
        with suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            while True:
                seen = await _read_request(reader, writer, connection)
                server.requests.append(seen)
                reply = await answer(seen)
                if reply is None:
                    break
                writer.write(reply)
                await writer.drain()
        server.ended += 1
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()
        handlers.discard(asyncio.current_task())

    listener = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls, backlog=1000)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for handler in list(handlers):
            handler.cancel()
        if handlers:
            await asyncio.wait(handlers)
        await listener.wait_closed()


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    body = await reader.readexactly(int(dict(headers).get("content-length", 0)))
    return Seen(method, path, headers, body, connection, writer)


def reply(body: bytes = b"hello", status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP answer; underscores in the headers' names stand for dashes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def always(answer: bytes) -> Answer:
    """Answers every request with this, and leaves the connection open."""

    async def give(_: Seen) -> bytes:
        return answer

    return give


def once(*parts: bytes) -> Answer:
    """Writes these parts, each as a packet of its own as far as that can be had, then closes the connection."""

    async def give(seen: Seen) -> None:
        for part in parts:
            seen.writer.write(part)
            await seen.writer.drain()
            for _ in range(20):  # the client is on this same loop: let it read
                await asyncio.sleep(0)

    return give


async def silence(_: Seen) -> None:
    """Never answers."""
    await asyncio.Event().wait()


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off, as a crashed server does."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def request(url: str, timeout_ms: int | None = None, **fields: Any) -> Task:
    """A request task; its target is the URL's end, so that no text can have the rest of it from there."""
    return Task("page", Request(url, "the page", **fields), None if timeout_ms is None else timeout_ms * 1_000_000)


async def run_tasks(tasks: Sequence[Task], mode: str = "settled", options: Options | None = None) -> Run:
    """Run the tasks once in this mode on the running loop, with sources of their own."""
    parsed = parse_mode(mode)
    async with opened(tasks, parsed, options or Options()) as sources:
        return await execute(tasks, sources.starts, parsed, sources.notes)


async def interrupted(tasks: Sequence[Task], ready: Awaitable[object], mode: str = "settled") -> Run:
    """Run the tasks, cancel the run as soon as `ready` has come, and return its record."""
    parsed = parse_mode(mode)
    executions = []

    async def running() -> None:
        async with opened(tasks, parsed) as sources:
            executions.append(Execution(tasks, sources.starts, parsed, sources.notes))
            await executions[0].finish()

    run = asyncio.create_task(running())
    await ready
    run.cancel()
    await asyncio.wait([run])
    assert run.cancelled()
    assert executions[0].record is not None
    return executions[0].record


def on_real_time(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run `main` on a new event loop; no asyncio task may be left behind and no error go unseen."""
    unseen = []

    def see(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "incoming connection" not in context["message"]:  # the server's own side; told in debug mode only
            unseen.append(context)

    async def watched() -> Any:
        asyncio.get_running_loop().set_exception_handler(see)
        async with asyncio.timeout(GUARD_S):
            result = await main()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"left behind: {left}"
        return result

    result = asyncio.run(watched())
    gc.collect()
    assert not unseen
    return result


async def until(it_holds: Callable[[], bool]) -> None:
    """Let the loop run until this holds; the guard of `on_real_time` is the limit."""
    while not it_holds():  # noqa: ASYNC110  # what is waited for has no event
        await asyncio.sleep(0.001)


def descriptors() -> int:
    """How many files and sockets this process has open."""
    return len(os.listdir("/dev/fd"))


def join_threads() -> None:
    """Wait for the sources' threads, which nothing else waits for."""
    for thread in threading.enumerate():
        if thread.name.startswith("asyncmodes"):
            thread.join(GUARD_S)
            assert not thread.is_alive()
