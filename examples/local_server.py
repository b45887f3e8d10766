"""Real files and a real local HTTP server in four modes: run it with `python examples/local_server.py`."""

import asyncio
import sys

from aiohttp import web


async def slow_page(request: web.Request) -> web.Response:
    await asyncio.sleep(int(request.match_info["ms"]) / 1000)
    return web.Response(text="served\n" * 100)


async def main() -> int:
    app = web.Application()
    app.router.add_get("/{ms:[0-9]+}", slow_page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host = site.name.rstrip("/")
    pages = [f"page{ms}={host}/{ms}" for ms in (120, 80, 160, 100)]
    command = [sys.executable, "-m", "asyncmodes", "compare", *pages, f"self=file:{__file__}"]
    code = await (await asyncio.create_subprocess_exec(*command)).wait()
    await runner.cleanup()
    return code


sys.exit(asyncio.run(main()))
