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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.bench.goal import Goal, medians
from tests.bench.http_clients import LIMIT

COUNT, SIZE = 20_000, 1024
HTTPX_COUNT = 1_000
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


def seconds(client: str, url: str, count: int) -> float:
    """Measure a client of `tests.bench.http_clients` in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.http_clients", client, url, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | STEADY)
    return float(done.stdout)


def goals() -> Iterator[Goal]:
    """Yield the goals of requests."""
    clients = ("by_hand", "ours", "ours_with_phases", "tutorial")
    with serving() as (server, url):
        timed: dict[str, Callable[[], float]] = {name: partial(seconds, name, url, COUNT) for name in clients}
        if importlib.util.find_spec("httpx"):
            timed["httpx"] = partial(seconds, "httpx", url, HTTPX_COUNT)
        took = medians(timed, rounds=9)
    what = f"{COUNT:,} GETs of 1 KiB at limited={LIMIT} from {server}"
    yield Goal(f"{what}: ours against aiohttp as an expert writes it", took["ours"] / took["by_hand"], 1.05)
    yield Goal(f"{what}: ours against aiohttp as its tutorial shows it", took["ours"] / took["tutorial"], 0.95)
    yield Goal(f"{what}: ours with phases against the expert's", took["ours_with_phases"] / took["by_hand"], 1.2)
    if "httpx" in took:
        each = took["httpx"] / HTTPX_COUNT
        yield Goal(f"{what}: httpx against ours, per request", each / (took["ours"] / COUNT), 15, at_least=True)
