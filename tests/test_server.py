"""The demo server on real sockets: its pages, its capacity, as a command, and as a child that leaves nothing behind."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

import asyncmodes
from asyncmodes.capacity import Overload, Server
from asyncmodes.errors import UsageError
from asyncmodes.server import DROPS, Demo, address_of, bound, serving
from asyncmodes.sources import Options, prepared
from asyncmodes.sources.local import LocalServer, local_server
from asyncmodes.spec.pages import PAGES, page_of
from asyncmodes.tasks import State
from tests.helpers import MS
from tests.servers import descriptors, on_real_time, run_tasks, until
from tests.terminal import PROGRAM

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and processes")
ROOT = Path(__file__).parent.parent


@asynccontextmanager
async def demo_at(server: Server | None = None):
    """A demo server on this loop: itself, and a client session whose URLs are its paths."""
    demo = Demo(server or Server())
    with bound("127.0.0.1", 0) as listener:
        async with serving(demo, listener), aiohttp.ClientSession(address_of(listener) + "/") as session:
            yield demo, session


def answers(*paths: str, server: Server | None = None, method: str = "GET") -> list[tuple[int, bytes]]:
    """Status and body of the answers to these requests, one after another."""

    async def main():
        seen = []
        async with demo_at(server) as (_, session):
            for path in paths:
                async with session.request(method, path, allow_redirects=False) as response:
                    seen.append((response.status, await response.read()))
        return seen

    return on_real_time(main)


def test_every_page():
    """Each page answers as its path says, with a body of that size."""
    assert answers("/delay/1ms", "/bytes/64KiB?x=1", "/status/503", "/status/204", "/redirect/0", "/drip/1ms") == [
        (200, b"200\n"),
        (200, (b"asyncmodes\n" * 10_000)[: 64 * 1024]),
        (503, b"503\n"),
        (204, b""),
        (200, b"200\n"),
        (200, b"drop\n" * DROPS),
    ]
    ((status, large),) = answers("/bytes/3MB")
    assert (status, len(large)) == (200, 3_000_000)
    paths = ("/bytes/3MB", "/delay/0s", "/drip/1ms", "/drip/1ms")
    assert answers(*paths, method="HEAD") == [(200, b"")] * 4  # on one connection: what is too much would be an answer


def test_a_body_that_is_not_of_its_encoding_is_the_clients_fault(caplog):
    """It may be answered or not; nothing is told on the server's terminal."""

    async def main():
        async with demo_at() as (_, session):
            for _ in range(3):
                headers = {"Content-Encoding": "gzip"}
                with suppress(aiohttp.ClientError):
                    async with session.post("/delay/1ms", data=b"hello", headers=headers) as response:
                        await response.read()

    on_real_time(main)
    assert not caplog.records
    assert answers("/delay/0s", method="POST") == [(200, b"200\n")]


def test_the_front_page_lists_all_pages():
    """The paths that `/` lists are all there are, and every one of them works."""
    ((status, body),) = answers("/")
    assert status == 200
    listed = [line.split()[0] for line in body.decode().splitlines()]
    assert listed == list(PAGES)
    assert [status for status, _ in answers(*(path for path in listed if path != "/flaky"))] == [
        200, 200, 503, 302, 200,
    ]  # fmt: skip
    assert {status for status, _ in answers(*["/flaky"] * 20)} == {200, 500}


def test_redirects_are_followed_to_the_end():
    """`/redirect/3` leads through three redirects to an answer."""

    async def main():
        async with demo_at() as (_, session), session.get("/redirect/3") as response:
            return response.status, [each.status for each in response.history], str(response.url.path)

    assert on_real_time(main) == (200, [302, 302, 302], "/redirect/0")


def test_a_delay_takes_as_long_as_it_says_and_the_latency_is_for_the_others():
    """`/delay` has its own base, all other pages have the server's."""

    async def main():
        async with demo_at(Server(latency_ns=60 * MS)) as (_, session):
            took = []
            for path in ("/delay/20ms", "/bytes/1B"):
                began = time.monotonic_ns()
                async with session.get(path) as response:
                    await response.read()
                took.append(time.monotonic_ns() - began)
        return took

    delay, other = on_real_time(main)
    assert delay >= 20 * MS
    assert other >= 60 * MS


def test_drops_come_one_by_one():
    """The body of `/drip` is on its way while the rest of it is still to come."""

    async def main():
        async with demo_at() as (_, session), session.get("/drip/200ms") as response:
            first = await response.content.readexactly(5)
            began = time.monotonic_ns()
            rest = await response.read()
            return first + rest, time.monotonic_ns() - began

    body, rest_ns = on_real_time(main)
    assert body == b"drop\n" * DROPS
    assert rest_ns >= 100 * MS  # nine tenths, less what the first drop was late


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nope", "'/nope' is no page of the demo server; it has /delay/300ms, "),
        ("/dely/1s", "'/dely/1s' is no page of the demo server; did you mean /delay?"),
        ("/delay", "the end of the path is missing; write for example /delay/300ms"),
        ("/delay/", "the end of the path is missing; write for example /delay/300ms"),
        ("/delay/300", "'300' has no unit; write 300ms or 300s"),
        ("/bytes/64", "'64' is no size; write a number and a unit"),
        ("/bytes/2GiB", "'2GiB' is more than the server gives; write at most 1GiB"),
        ("/status/99", "'99' is out of range; write a whole number from 200 to 599"),
        ("/status/199", "'199' is out of range"),
        ("/redirect/101", "'101' is out of range; write a whole number from 0 to 100"),
        ("/drip/", "'' is no duration"),
        ("/flaky/1", "/flaky takes no '1'; write /flaky"),
    ],
)
def test_unknown_pages(path, said):
    """What is no page is said to be none, by the spec before it runs and by the server with status 404."""
    with pytest.raises(UsageError) as caught:
        page_of(path)
    assert str(caught.value).startswith(f"url: {said}")
    ((status, body),) = answers(path)
    assert status == 404
    assert body.decode().startswith(f"path: {said}")


def test_capacity_on_real_sockets():
    """Of five at once a server of capacity two rejects three, at once, and is free again when the two are done."""

    async def main():
        async with demo_at(Server(capacity=2, overload=Overload.REJECT, reject_latency_ns=0)) as (_, session):

            async def get():
                async with session.get("/delay/100ms") as response:
                    return response.status, (await response.read()).decode()

            first = await asyncio.gather(*(get() for _ in range(5)))
            return sorted(first), [await get() for _ in range(2)]

    first, then = on_real_time(main)
    assert first == [(200, "200\n")] * 2 + [(503, "503 Service Unavailable\n")] * 3
    assert then == [(200, "200\n")] * 2


@pytest.mark.parametrize("overload", list(Overload))
@pytest.mark.parametrize("path", ["/delay/1h", "/drip/1h"])
def test_a_client_that_goes_leaves_its_place(overload, path):
    """Who breaks off is served no longer: the next in the queue is served at once, and nobody's load is left."""
    server = Server(capacity=None if overload is Overload.USL else 1, overload=overload, reject_latency_ns=0)

    async def main():
        async with demo_at(server) as (demo, session):

            async def get(path):
                async with session.get(path) as response:
                    await response.read()
                    return response.status

            gone = asyncio.create_task(get(path))
            await until(lambda: len(demo.present) == 1)
            waiting = asyncio.create_task(get("/delay/0s")) if overload is Overload.QUEUE else None
            if waiting:
                await until(lambda: len(demo.present) == 2)
            gone.cancel()
            if waiting:
                assert await waiting == 200
            await until(lambda: not demo.present)
            assert await get("/delay/1ms") == 200

    on_real_time(main)


def test_the_same_seed_the_same_luck():
    """With a seed the n-th request always ends alike, also after the server was told to forget; another is another."""
    flaky = ["/flaky"] * 24
    one = answers(*flaky, server=Server(seed=1))
    assert answers(*flaky, server=Server(seed=1)) == one
    assert answers(*flaky, server=Server(seed=2)) != one
    statuses = [status for status, _ in answers(*["/delay/0s"] * 24, server=Server(seed=1, fail_rate=0.5))]
    assert statuses == [status for status, _ in one]

    async def main():
        async with demo_at(Server(seed=1)) as (demo, session):
            rounds = []
            for _ in range(2):
                demo.forget()
                rounds.append([(await session.get(path)).status for path in flaky])
        return rounds

    assert on_real_time(main) == [[status for status, _ in one]] * 2


# As a command.


@contextmanager
def served(*options: str, number: int = signal.SIGTERM, code: int = 143, said: str = "") -> Iterator[str]:
    """`asyncmodes serve` as a child of its own session, ended by this signal: its address."""
    command = [*PROGRAM, "serve", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
    ) as child:
        try:
            yield child.stdout.readline().strip()
            child.send_signal(number)
            out, err = child.communicate(timeout=30)
        except BaseException:
            child.kill()
            raise
    assert (child.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert err.startswith(said) if said else not err


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_serve_says_its_address_and_stops_when_told(number: int, code: int):
    """The first line is the address; a signal ends it cleanly, without waiting for those who are being served."""
    with served("--latency", "1ms", number=number, code=code) as address:
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}/bytes/10B") as response:
            assert response.read() == b"asyncmodes"
        port = int(address.rpartition(":")[2])
        busy = socket.create_connection(("127.0.0.1", port))
        busy.sendall(b"GET /drip/1h HTTP/1.1\r\nHost: h\r\n\r\n")
        assert busy.recv(12) == b"HTTP/1.1 200"
    with busy:
        while busy.recv(1000):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@posix
def test_serve_is_silent_about_what_is_no_http():
    """Whoever sends nonsense gets status 400, and the terminal stays as it was."""
    nonsense = (b"GARBAGE\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0", b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
                b"POST /delay/0ms HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")  # fmt: skip
    with served() as address:
        port = int(address.rpartition(":")[2])
        for data in nonsense:
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(data)
                assert client.recv(12) == b"HTTP/1.0 400"


@posix
def test_serve_has_all_that_a_server_can_be():
    """Every option of the model is one of the command."""
    options = ["--capacity", "1", "--overload", "reject", "--reject-latency", "1ms", "--latency", "2ms", "--jitter",
               "1ms", "--fail-rate", "1", "--seed", "5"]  # fmt: skip
    with served(*options) as address, pytest.raises(urllib.error.HTTPError, match="500"):
        urllib.request.urlopen(f"{address}/delay/0s")


@posix
def test_serve_warns_when_others_can_reach_it():
    """Bound to anything but loopback it says so, once, on standard error."""
    said = "asyncmodes: warning: other machines can reach http://0.0.0.0:"
    with served("--host", "0.0.0.0", said=said) as address:
        assert address.startswith("http://0.0.0.0:")


def test_a_port_in_use_is_one_line():
    """Where somebody listens already, serve says so in one line and exits 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*PROGRAM, "serve", "--port", port], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"asyncmodes: error: --port {port}: it is in use already; write another, or none for a free one\n"
    )


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("", 0, "--host: '' is no host that can be found; write for example 127.0.0.1"),
        ("no host", 0, "--host: 'no host' is no host that can be found"),
        ("192.0.2.1", 0, "--host 192.0.2.1: it is no address of this machine; write for example 127.0.0.1"),
        ("127.0.0.1", 65536, "--port: 65536 does not exist; write a port from 1 to 65535, or 0 for a free one"),
        ("127.0.0.1", -1, "--port: -1 does not exist"),
    ],
)
def test_addresses_that_cannot_be_had(host, port, said):
    """What cannot be listened at is a usage error with the remedy."""
    with pytest.raises(UsageError) as caught:
        bound(host, port)
    assert str(caught.value).startswith(said)


def test_addresses_of_both_families():
    """An IPv6 address stands in brackets, as URLs want it."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        with bound("::1", 0) as listener:
            assert address_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"
    except UsageError:
        pytest.skip("no IPv6 loopback here")


# As a child of a run.

PATHS = ("url:/delay/1ms*3", "url:/flaky")


def test_a_run_has_its_own_server():
    """URLs that are just a path are asked of a real server with the same model, and it is as new for each run."""
    tasks = asyncmodes.words("url:/flaky*12")
    server = Server(seed=3)
    comparison = asyncmodes.compare(tasks, ["sequential", "limited=1+settled"], runs=2, warmup=1, server=server)
    sequential = [run for run in comparison.runs if str(run.mode) == "sequential"]
    settled = [run for run in comparison.runs if str(run.mode) == "limited=1+settled"]
    statuses = [span.detail["status"] for span in settled[0].spans]
    assert set(statuses) == {200, 500}
    assert [span.detail["status"] for span in settled[1].spans] == statuses
    assert all(run.decided_by == statuses.index(500) for run in sequential)
    assert settled[0].notes == ("paths were requested from a server of our own: seed=3",)
    assert {span.task.work.target for span in settled[0].spans} == {"/flaky"}


def test_a_cancelled_run_leaves_no_load_behind():
    """After a run that was cancelled in the middle the server is idle for the next one."""
    tasks = asyncmodes.words("url:/flaky", "url:/delay/50ms*7")
    server = Server(capacity=4, overload=Overload.REJECT, seed=3)
    comparison = asyncmodes.compare(tasks, ["parallel+cancel", "limited=4+settled"], runs=3, server=server)
    for run in comparison.runs[1::2]:
        assert all(span.state is State.OK for span in run.spans[1:])


@posix
def test_no_child_and_no_descriptor_is_left():
    """When the runs are over the server is gone, and so are its pipes."""
    before = descriptors()
    with prepared(asyncmodes.words(*PATHS), Options(server=Server())) as options:
        assert isinstance(options.local, LocalServer)
        port = int(options.local.address.rstrip("/").rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    assert descriptors() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_no_server_without_need():
    """Without a path no process is started, and one under way is shared."""
    options = Options(server=Server())
    with prepared(asyncmodes.words("request:1ms", "https://example.org"), options) as ready:
        assert ready is options
    with prepared(asyncmodes.words(*PATHS), options) as ready, prepared(asyncmodes.words(*PATHS), ready) as again:
        assert again is ready


def test_a_path_without_a_server():
    """A path that nobody can be asked for is a usage error with the remedy, before anything runs."""
    said = r"task '/flaky': /flaky is just a path, and there is no server to ask for it; add --server \"capacity=8"
    with pytest.raises(UsageError, match=said):
        asyncmodes.compare(asyncmodes.words("url:/flaky"))
    with pytest.raises(UsageError, match=said):
        asyncio.run(asyncmodes.execute(asyncmodes.words("url:/flaky"), "parallel"))


def test_execute_starts_and_ends_the_server_too():
    """One run in one's own event loop has a server as well."""
    tasks = asyncmodes.words("url:/delay/1ms*3")
    run = asyncio.run(asyncmodes.execute(tasks, "parallel", Options(server=Server())))
    assert run.counts[State.OK] == 3


def test_a_server_that_does_not_start(monkeypatch):
    """A child that cannot be started, or ends at once, is one line and exit code 2."""
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(UsageError, match=r"server: it did not start \(.+\); try "):
        asyncmodes.compare(asyncmodes.words("url:/flaky"), server=Server())
    monkeypatch.undo()
    monkeypatch.setattr("asyncmodes.sources.local._BOOT", "import sys; sys.exit(3)")
    with pytest.raises(UsageError, match="server: it did not start"):
        asyncmodes.compare(asyncmodes.words("url:/flaky"), server=Server())


def test_a_server_that_dies_is_a_failed_request():
    """Requests to a server that was killed fail, as they would with any other; the run is whole."""
    with local_server(Server()) as local:
        local._process.kill()
        local._process.wait()
        run = on_real_time(
            lambda: run_tasks(asyncmodes.words("url:/delay/1ms"), "settled", Options(server=Server(), local=local))
        )
    assert run.counts[State.FAILED] == 1


def alive(pid: int) -> bool:
    """Whether there is such a process (a zombie that nobody waits for is none)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    try:
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    """The processes that this one has started."""
    done = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in done.stdout.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def wait_for(it_holds) -> None:
    """Wait until this holds; the deadline is for broken code only."""
    deadline = time.monotonic() + 30
    while not it_holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_ends_its_server(number: int, code: int):
    """Interrupted or terminated, while the server starts or while it serves: the result is whole, the server gone."""
    command = [*PROGRAM, "run", "url:/delay/1h", "--server", "capacity=8", "--timeout", "2h", "--warmup", "0",
               "--format", "json"]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        wait_for(lambda: child.poll() is not None or children_of(child.pid))
        (server,) = children_of(child.pid)
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
    assert child.returncode == code, err
    wait_for(lambda: not alive(server))
    assert "Traceback" not in err
    assert json.loads(out)["interrupted"] is True


KILLED = """
import asyncio, asyncmodes
async def say():
    print("running", flush=True)
tasks = [*asyncmodes.words("url:/delay/1h"), asyncmodes.call(say)]
asyncmodes.compare(tasks, ["parallel"], server=asyncmodes.Server())
"""


@posix
def test_a_killed_run_ends_its_server():
    """Also when the process that started it has no chance to say so, the server ends."""
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True) as child:
        assert child.stdout.readline() == "running\n"
        (server,) = children_of(child.pid)
        child.kill()
    wait_for(lambda: not alive(server))


@posix
def test_the_overload_example():
    """On real sockets a limit beats none with all results; where the excess is rejected, the fastest has a tenth."""
    slow = compared("--spec", "examples/overload.toml", "-m", "limited=8", "-m", "parallel", "--warmup", "0")
    limited, parallel = slow["runs"]
    assert limited["counts"]["ok"] == parallel["counts"]["ok"] == 40
    assert limited["total_s"] < parallel["total_s"]
    reject = compared("--spec", "examples/overload.toml", "--server", "capacity=4 overload=reject",
                      "-m", "limited=4", "-m", "settled", "--warmup", "0")  # fmt: skip
    limited, settled = reject["runs"]
    assert (limited["delivered"], settled["delivered"]) == (40, 4)
    assert settled["total_s"] < limited["total_s"]


def compared(*arguments: str) -> dict:
    """The JSON of a comparison."""
    done = subprocess.run(
        [*PROGRAM, "compare", *arguments, "--format", "json"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_the_examples_figures_in_theory():
    """The totals that the example's comments tell are those of the model."""
    spec = asyncmodes.read_spec(ROOT / "examples" / "overload.toml")
    assert spec.server == Server(capacity=8, overload=Overload.SLOW)
    tasks = asyncmodes.words("request:50ms*40")
    comparison = asyncmodes.compare(tasks, ["sequential", "limited=8", "parallel"], clock="virtual", server=spec.server)
    assert [run.total_ns for run in comparison.runs] == [2000 * MS, 250 * MS, 1250 * MS]
