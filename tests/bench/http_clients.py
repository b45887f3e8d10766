"""The clients that `tests.bench.http` compares, as `python -m tests.bench.http_clients NAME URL COUNT`.

Each is measured in a process of its own, so that none inherits another's memory, caches or pauses.
"""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable

from tests.bench.turns import ready

LIMIT = 50


async def ours(url: str, count: int, *, phases: bool = False) -> None:
    """Our run, fully recorded, with the timeout that every URL has by default."""
    from asyncmodes.measure import execute
    from asyncmodes.sources import Options
    from asyncmodes.tasks import Request, Task

    tasks = [Task("page", Request(url, url), timeout_ns=30 * 10**9)] * count
    run = await execute(tasks, f"limited={LIMIT}", Options(phases=phases))
    assert run.delivered == count


async def ours_with_phases(url: str, count: int) -> None:
    """The same with phases."""
    await ours(url, count, phases=True)


async def by_hand(url: str, count: int) -> None:
    """What an expert writes: no cap on connections, no cookies, no timeout, workers, the collector off; no record."""
    import aiohttp
    from yarl import URL

    parsed = URL(url)
    left = iter(range(count))
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
    ) as session:

        async def worker() -> None:
            for _ in left:
                async with session.get(parsed) as response:
                    await response.read()

        gc.disable()
        await asyncio.gather(*(worker() for _ in range(LIMIT)))
        gc.enable()


async def tutorial(url: str, count: int) -> None:
    """What aiohttp's tutorial shows, limited as most people do it."""
    import aiohttp

    semaphore = asyncio.Semaphore(LIMIT)
    async with aiohttp.ClientSession() as session:

        async def fetch() -> str:
            async with semaphore, session.get(url) as response:
                return await response.text()

        await asyncio.gather(*(fetch() for _ in range(count)))


async def httpx(url: str, count: int) -> None:
    """What httpx does with as many connections, in its default settings otherwise."""
    import httpx as library

    left = iter(range(count))
    limits = library.Limits(max_connections=LIMIT, max_keepalive_connections=LIMIT)
    async with library.AsyncClient(limits=limits) as client:

        async def worker() -> None:
            for _ in left:
                (await client.get(url)).raise_for_status()

        await asyncio.gather(*(worker() for _ in range(LIMIT)))


CLIENTS: dict[str, Callable[[str, int], Awaitable[None]]] = {
    client.__name__: client for client in (ours, ours_with_phases, by_hand, tutorial, httpx)
}


def main(name: str, url: str, count: int) -> None:
    """Run the client once to load what it needs, then let it be measured."""
    client = CLIENTS[name]
    asyncio.run(client(url, LIMIT))  # type: ignore[arg-type]  # all of them are coroutine functions
    gc.collect()
    ready()
    asyncio.run(client(url, count))  # type: ignore[arg-type]  # as above
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
