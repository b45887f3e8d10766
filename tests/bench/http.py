"""20,000 GETs of 1 KiB at limited=50 from a server that outruns the client: ours against what others write.

The server is nginx where it is installed, else aiohttp's in a process of its own; httpx runs where it is installed.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.goal import Goal
from tests.bench.http_clients import LIMIT
from tests.bench.turns import apart, ratios

COUNT, SIZE = 20_000, 1024
HTTPX_COUNT = 1_000
ROUNDS = 15
NGINX = """\
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; open_file_cache max=10;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port} backlog=1024; root .; }}
}}
"""
AIOHTTP = """
import sys
from aiohttp import web
async def page(_):
    return web.Response(body=b"x" * int(sys.argv[2]))
app = web.Application()
app.router.add_get("/page", page)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None, keepalive_timeout=3600)
"""
# glibc gives the memory of each large read back to the system, or not, as the heap happens to lie: a third of the
# time of a request. Let it keep the memory, in all clients alike.
STEADY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 28), "MALLOC_MMAP_THRESHOLD_": str(1 << 22)}


@contextmanager
def serving() -> Iterator[tuple[str, str]]:
    """Serve a page of 1 KiB; the server's name and the page's URL."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if nginx:
            (Path(folder) / "page").write_bytes(b"x" * SIZE)
            (Path(folder) / "nginx.conf").write_text(NGINX.format(port=port).replace("root .", f"root {folder}"))
            command = [nginx, "-p", folder, "-c", "nginx.conf"]
        else:
            command = [sys.executable, "-c", AIOHTTP, str(port), str(SIZE)]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            with apart(server.pid):
                yield "nginx" if nginx else "aiohttp", f"http://127.0.0.1:{port}/page"
        finally:
            server.terminate()
            server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server does not come up")


def clients(url: str, counts: dict[str, int]) -> dict[str, list[str]]:
    """The commands that run clients of `tests.bench.http_clients`, each in a process of its own."""
    program = [sys.executable, "-m", "tests.bench.http_clients"]
    return {name: [*program, name, url, str(count)] for name, count in counts.items()}


def goals() -> Iterator[Goal]:
    """Yield the goals of requests."""
    counts = {"by_hand": COUNT, "ours": COUNT, "ours_with_phases": COUNT, "tutorial": COUNT}
    if importlib.util.find_spec("httpx"):
        counts["httpx"] = HTTPX_COUNT
    with serving() as (server, url):
        took = ratios(clients(url, counts), base="by_hand", rounds=ROUNDS, environment=os.environ | STEADY)
    what = f"{COUNT:,} GETs of 1 KiB at limited={LIMIT} from {server}"
    yield Goal(f"{what}: ours against aiohttp as an expert writes it", took["ours"], 1.05)
    yield Goal(f"{what}: ours against aiohttp as its tutorial shows it", took["ours"] / took["tutorial"], 0.95)
    yield Goal(f"{what}: ours with phases against the expert's", took["ours_with_phases"], 1.2)
    if "httpx" in took:
        each = took["httpx"] / HTTPX_COUNT
        yield Goal(f"{what}: httpx against ours, per request", each / (took["ours"] / COUNT), 15, at_least=True)
