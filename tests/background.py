"""The test servers in a thread of their own, for programs that run in this one and need its signals."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers import GUARD_S, Answer, Server, serving


@contextmanager
def served(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """`serving`, by an event loop in another thread."""
    servers: list[Server] = []
    up = threading.Event()
    ends: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        end = asyncio.Event()
        ends.append((asyncio.get_running_loop(), end))
        async with serving(answer, tls) as server:
            servers.append(server)
            up.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        assert up.wait(GUARD_S)
        yield servers[0]
    finally:
        ((loop, end),) = ends
        loop.call_soon_threadsafe(end.set)
        thread.join(GUARD_S)
        assert not thread.is_alive()
