import asyncio
import errno
import gzip
import os
import re
import socket
import ssl
import subprocess
import sys
import threading

import pytest
import trustme

from asyncmodes import __version__
from asyncmodes.executor import execute
from asyncmodes.modes import parse_mode
from asyncmodes.sources import Options, http, opened
from tests.servers import (
    GUARD_S,
    always,
    descriptors,
    interrupted,
    on_real_time,
    once,
    reply,
    request,
    reset,
    run_tasks,
    serving,
    silence,
    until,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="descriptors are counted and limited the POSIX way")
HEAD = b"HTTP/1.1 200 OK\r\n"


def one(answer, tls=None, options=None, **fields):
    """The only span of a run of one request to a server that answers so."""

    async def main():
        async with serving(answer, tls) as server:
            run = await run_tasks([request(server.url, **fields)], options=options)
        return run.spans[0]

    return on_real_time(main)


def told(span):
    """A failed span's error as one text; it is one line, and not empty."""
    assert span.error is not None, span
    assert span.error.message
    assert "\n" not in span.error.message
    return f"{span.error.type}: {span.error.message}"


def test_a_request_is_read_to_the_end_and_counted():
    """Status and bytes are known."""
    span = one(always(reply(b"x" * 300_000)))
    assert (str(span.state), span.detail) == ("ok", {"status": 200, "bytes": 300_000})


def test_bytes_are_those_after_decoding():
    """A compressed body counts with the size it unpacks to."""
    body = gzip.compress(b"a" * 100_000)
    assert one(always(reply(body, Content_Encoding="gzip"))).detail == {"status": 200, "bytes": 100_000}


def test_as_many_requests_are_in_flight_as_the_mode_says():
    """A server that answers nobody before all 250 have come gets them all: no pool of 100 is in between."""
    total = 250
    _allow_descriptors(2 * total + 50)
    everybody = asyncio.Event()
    waiting = 0

    async def answer(_):
        nonlocal waiting
        waiting += 1
        if waiting == total:
            everybody.set()
        await everybody.wait()
        return reply()

    async def main():
        async with serving(answer) as server:
            return await run_tasks([request(server.url)] * total, "parallel")

    run = on_real_time(main)
    assert {str(state): count for state, count in run.counts.items() if count} == {"ok": total}
    assert run.peak == total


def _allow_descriptors(count):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def test_connections_are_kept_within_a_run_and_fresh_in_the_next():
    """One after another the requests of a run share a connection; the next run makes its own."""

    async def main():
        async with serving(always(reply())) as server:
            for _ in range(2):
                await run_tasks([request(server.url)] * 3, "sequential")
            return [seen.connection for seen in server.requests]

    assert on_real_time(main) == [0, 0, 0, 1, 1, 1]


def test_cookies_are_not_kept():
    """What one request is given to remember, the next one does not send."""

    async def main():
        async with serving(always(reply(Set_Cookie="a=b"))) as server:
            url = server.url.replace("127.0.0.1", "localhost")  # an address would never get cookies
            await run_tasks([request(url)] * 2, "sequential")
            return [seen.header("cookie") for seen in server.requests]

    assert on_real_time(main) == [None, None]


def test_method_headers_and_data_are_sent():
    """The server sees what the task says, headers given twice included, and our name unless another is given."""

    async def main():
        async with serving(always(reply())) as server:
            headers = (("X-A", "1"), ("X-A", "2"), ("User-Agent", "me"))
            tasks = [
                request(server.url + "p?q=1", method="PUT", headers=headers, data=b"x" * 2_000_000),
                request(server.url),
            ]
            run = await run_tasks(tasks, "sequential")
            return run, server.requests

    run, (put, get) = on_real_time(main)
    assert [str(span.state) for span in run.spans] == ["ok", "ok"]
    assert (put.method, put.path, put.body) == ("PUT", "/p?q=1", b"x" * 2_000_000)
    assert [value for name, value in put.headers if name == "x-a"] == ["1", "2"]
    assert put.header("user-agent") == "me"
    assert (get.method, get.body, get.header("user-agent")) == ("GET", b"", f"asyncmodes/{__version__}")


def test_the_password_of_a_url_is_sent_as_authorization():
    """User and password go to the server, as browsers do it, and not in the path."""

    async def main():
        async with serving(always(reply())) as server:
            await run_tasks([request(server.url.replace("//", "//user:hunter2@"))])
            return server.requests[0]

    seen = on_real_time(main)
    assert (seen.header("authorization"), seen.path) == ("Basic dXNlcjpodW50ZXIy", "/")


@pytest.mark.parametrize(
    ("status", "expect", "seen"),
    [
        ("204 No Content", (), "ok"),
        ("304 Not Modified", (), "ok"),
        ("404 Not Found", (), "HTTPStatus: 404 Not Found"),
        ("503", (), "HTTPStatus: 503 Service Unavailable"),
        ("599", (), "HTTPStatus: 599"),
        ("404 Not Found", (404, 410), "ok"),
        ("200 OK", (404,), "HTTPStatus: 200 OK"),
        ("302 Found", (302,), "ok"),
    ],
)
def test_the_status_decides(status, expect, seen):
    """200 to 399 is ok unless other statuses are expected; the status is known in either case."""
    span = one(always(reply(b"", status, Location="/elsewhere")), expect_status=expect)
    assert (str(span.state) if span.error is None else told(span)) == seen
    assert span.detail == {"status": int(status[:3]), "bytes": 0}


def test_the_body_of_a_failure_is_read_too():
    """A page that says 404 is counted like any other, and its connection is used again."""

    async def main():
        async with serving(always(reply(b"gone", "404 Not Found"))) as server:
            run = await run_tasks([request(server.url)] * 2, "sequential+settled")
            return [span.detail["bytes"] for span in run.spans], server.made

    assert on_real_time(main) == ([4, 4], 1)


def test_ten_redirects_are_followed_and_no_more():
    """The tenth redirect still arrives, the eleventh is one too many."""

    async def answer(seen):
        left = int(seen.path[1:] or 0)
        return reply(b"", "302 Found", Location=f"/{left - 1}") if left else reply(b"there")

    async def main():
        async with serving(answer) as server:
            return (await run_tasks([request(f"{server.url}{hops}") for hops in (10, 11)])).spans

    ten, eleven = on_real_time(main)
    assert ten.detail == {"status": 200, "bytes": 5}
    assert told(eleven) == "TooManyRedirects: redirected more than 10 times"


@pytest.mark.parametrize(
    ("location", "end"),
    [
        ("file:///etc/passwd", " (file:)"),
        ("ftp://user:hunter2@host/", " (ftp:)"),
        ("http://[::1", " (http:)"),
        ("http://", " (http:)"),
    ],
)
def test_a_redirect_to_no_page_is_a_failure(location, end):
    """Nothing but http and https is followed, and a file is never opened."""
    span = one(always(reply(b"", "302 Found", Location=location)))
    assert told(span) == f"BadRedirect: redirected to something that is no http or https URL{end}"


MALFORMED = {
    "no HTTP at all": b"GARBAGE\r\n\r\n",
    "binary": b"\x00\x01\x02\x03\r\n\r\n",
    "another version": b"HTTP/3.9 200 OK\r\n\r\n",
    "bad chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    "negative length": HEAD + b"Content-Length: -5\r\n\r\nhello",
    "both lengths": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "endless header": HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "broken gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    "unknown encoding": HEAD + b"Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
    "two encodings in two lines": HEAD
    + b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    "an unknown encoding in a second line": HEAD
    + b"Content-Encoding: identity\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
}


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_response_is_called_so(answer):
    """No status is made up that the server has not sent, and aiohttp's 400 shows nowhere."""
    span = one(once(answer))
    assert told(span).startswith("MalformedResponse: malformed response: ")
    assert "400" not in told(span)
    assert span.detail.get("status") in (None, 200)


def test_a_bad_chunk_after_good_ones_does_not_hang():
    """What breaks in the middle of a body is a failure at once, with the bytes until then, also without a timeout."""
    span = one(once(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"zz\r\nhello\r\n"))
    assert told(span) == "MalformedResponse: malformed response: Invalid character in chunk size: b'zz'"
    assert span.detail == {"status": 200, "bytes": 5}


@pytest.mark.parametrize(
    ("parts", "seen"),
    [
        ([], "Disconnected: the server closed the connection without a complete answer"),
        ([HEAD + b"Content-Le"], "Disconnected: the server closed the connection without a complete answer"),
        ([HEAD + b"Content-Length: 50\r\n\r\nhello"], "IncompleteBody: the body ended too early: .*5 of 50 bytes.*"),
        ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"], "IncompleteBody: the body ended too early: .*"),
    ],
    ids=["empty reply", "half a header", "short body", "missing last chunk"],
)
def test_an_answer_cut_short_is_a_failure(parts, seen):
    """What did arrive is counted."""
    span = one(once(*parts))
    assert re.fullmatch(seen, told(span))
    assert span.detail == ({"status": 200, "bytes": 5} if "Body" in seen else {})


def test_nothing_is_sent_twice_behind_our_back():
    """An empty reply is one request of one duration; aiohttp would have tried again."""

    async def main():
        async with serving(once()) as server:
            await run_tasks([request(server.url)])
            return len(server.requests)

    assert on_real_time(main) == 1


def test_a_connection_gone_stale_while_idle_is_no_failure():
    """The server hangs up after its answer without saying so; the next request gets a new connection."""

    async def answer(seen):
        if seen.connection == 0 and seen.path == "/again":
            return None  # the request came on the connection just when the server closed it
        return reply()

    async def main():
        async with serving(answer) as server:
            run = await run_tasks([request(server.url), request(server.url + "again")], "sequential")
            return [str(span.state) for span in run.spans], server.made

    assert on_real_time(main) == (["ok", "ok"], 2)


@pytest.mark.parametrize(("method", "state", "connections"), [("GET", "ok", 2), ("POST", "failed", 1)])
def test_a_connection_gone_stale_under_a_redirect_is_no_failure(method, state, connections):
    """The connection that brought the redirect is gone when what it names is asked for; a POST is not sent twice."""

    async def answer(seen):
        if seen.path == "/":
            return reply(b"", "302 Found", Location="/there")
        return None if seen.connection == 0 else reply()

    async def main():
        async with serving(answer) as server:
            run = await run_tasks([request(server.url, method=method)])
            return str(run.span(0).state), server.made

    assert on_real_time(main) == (state, connections)


def test_a_reset_is_a_failure():
    """In the middle of a body and before any answer."""

    async def in_the_body(seen):
        seen.writer.write(HEAD + b"Content-Length: 50\r\n\r\nhello")
        for _ in range(20):
            await asyncio.sleep(0)
        reset(seen.writer)

    async def at_once(seen):
        reset(seen.writer)

    span = one(in_the_body)
    assert told(span) == "IncompleteBody: the connection was reset in the middle of the body"
    assert span.detail == {"status": 200, "bytes": 5}
    assert told(one(at_once)) == "ConnectionResetError: Connection reset by peer"


def test_a_body_without_end_is_stopped():
    """Reading stops at the cap, and says how much had come."""

    async def endless(seen):
        seen.writer.write(HEAD + b"\r\n")
        while True:
            seen.writer.write(b"x" * 65536)
            await seen.writer.drain()

    span = one(endless, options=Options(max_bytes=1_000_000))
    assert told(span) == "TooLarge: the body is larger than 1000000 bytes"
    assert 1_000_000 < span.detail["bytes"] < 10_000_000


def test_a_gzip_bomb_is_stopped_while_it_unpacks():
    """The cap counts decoded bytes, and what unpacks to 50 MB is never unpacked as a whole."""
    bomb = gzip.compress(bytes(50_000_000))
    span = one(always(reply(bomb, Content_Encoding="gzip")), options=Options(max_bytes=1_000_000))
    assert told(span).startswith("TooLarge: ")
    assert 1_000_000 < span.detail["bytes"] < 10_000_000


def test_a_body_of_just_the_allowed_size_is_ok():
    """The cap itself is allowed."""
    span = one(always(reply(b"12345")), options=Options(max_bytes=5))
    assert (str(span.state), span.detail["bytes"]) == ("ok", 5)


def test_a_silent_server_times_out():
    """The failure has a text of its own, and the task lasted at least its timeout."""
    span = one(silence, timeout_ms=50)
    assert (str(span.state), told(span)) == ("timed_out", "Timeout: not done after 0.05 s")
    assert span.end_ns - span.start_ns >= 50_000_000


def test_a_server_that_drips_times_out_too():
    """A byte now and then does not keep a request alive; what had come is known."""

    async def drip(seen):
        seen.writer.write(HEAD + b"Content-Length: 1000000\r\n\r\n")
        while True:
            seen.writer.write(b"x")
            await asyncio.sleep(0.001)

    span = one(drip, timeout_ms=100)
    assert (str(span.state), span.detail["status"]) == ("timed_out", 200)
    assert 0 < span.detail["bytes"] < 1_000_000


def test_refused_is_a_failure_that_names_host_and_port():
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    span = on_real_time(lambda: run_tasks([request(f"http://127.0.0.1:{port}/")])).spans[0]
    assert told(span) == f"ConnectionRefusedError: cannot connect to 127.0.0.1:{port}: Connection refused"
    assert span.detail == {}


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "a" * 70 + ".example"])
def test_a_host_that_cannot_be_found_is_named(host):
    """No address, or no name that could have one."""
    span = on_real_time(lambda: run_tasks([request(f"http://{host}/")])).spans[0]
    assert told(span).startswith(f"HostNotFound: cannot find host {host}: ")


def test_host_names_are_looked_up_all_at_once(monkeypatch):
    """Forty lookups that wait for each other all end: asyncio's own few threads are not what does them."""
    everybody = threading.Barrier(40)

    def lookup(*_, **__):
        everybody.wait(GUARD_S)
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    run = on_real_time(lambda: run_tasks([request(f"http://host{n}.invalid/") for n in range(40)]))
    assert {told(span).split(":")[0] for span in run.spans} == {"HostNotFound"}


def test_a_host_name_is_looked_up_once_a_run_and_its_addresses_are_used_in_turn(monkeypatch):
    """Who comes while a name is looked up waits for the same answer; after a failure it is looked up again."""
    lookups, used = [], []
    look_up, counted = socket.getaddrinfo, http.counted_sockets
    reached = threading.Event()

    def lookup(host, port, **options):
        if host == "twice.invalid":
            lookups.append(host)
            assert reached.wait(GUARD_S)
            return [*look_up("127.0.0.2", port, **options), *look_up("127.0.0.3", port, **options)]
        if host == "fails.invalid":
            lookups.append(host)
            raise socket.gaierror(socket.EAI_NONAME, "no such host")
        return look_up(host, port, **options)

    def noting(usage):
        make_socket = counted(usage)

        def noted(address):
            used.append(address[4][0])
            return make_socket(address)

        return noted

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(http, "counted_sockets", noting)

    async def main():
        async with serving(always(reply())) as server:
            tasks = [request(f"http://twice.invalid:{server.port}/", timeout_ms=GUARD_S * 1000)] * 2
            run = asyncio.create_task(run_tasks(tasks, "parallel"))
            await until(lambda: bool(lookups))
            for _ in range(20):
                await asyncio.sleep(0)  # the second request comes to wait, too
            reached.set()
            await run
            await run_tasks([request("http://fails.invalid/")] * 2, "sequential+settled")
            return list(lookups)

    assert on_real_time(main) == ["twice.invalid", "fails.invalid", "fails.invalid"]
    assert {"127.0.0.2", "127.0.0.3"} <= set(used)


@pytest.mark.parametrize("url", ["http://[::1", "http://", "ftp://host/", "http://user:hunter2@127.1/", "nonsense"])
def test_what_is_no_url_is_a_failure(url):
    """The specs refuse these; through the API they are failed tasks, and no bug."""
    span = on_real_time(lambda: run_tasks([request(url)])).spans[0]
    assert told(span).startswith("InvalidRequest: not a URL that can be requested")


def test_a_header_that_cannot_be_sent_is_a_failure():
    """A line break in it would be another header."""
    span = one(always(reply()), headers=(("X", "a\nb"),))
    assert told(span).startswith("InvalidRequest: ")


PASSWORD = "hunter2"
FAULTS = {
    "closed": once(),
    "garbage": once(b"GARBAGE\r\n\r\n"),
    "short": once(HEAD + b"Content-Length: 50\r\n\r\nhello"),
    "status": always(reply(b"", "401 Unauthorized")),
    "loop": always(reply(b"", "302 Found", Location="/")),
    "file": always(reply(b"", "302 Found", Location="file:///etc/passwd")),
    "timeout": silence,
}


@pytest.mark.parametrize("answer", FAULTS.values(), ids=FAULTS.keys())
def test_no_text_shows_the_password(answer):
    """Whatever goes wrong with it."""

    async def main():
        async with serving(answer) as server:
            url = server.url.replace("//", f"//user:{PASSWORD}@")
            return (await run_tasks([request(url, timeout_ms=100 if answer is silence else None)])).spans[0]

    assert PASSWORD not in told(on_real_time(main))


@pytest.mark.parametrize("rest", ["nowhere.invalid/", "127.0.0.1:1/", "[::1", "127.1/", "host:99999/", "/"])
def test_no_text_shows_the_password_when_nobody_is_reached(rest):
    """Nor when the URL is the fault; a header beside it included."""
    tasks = [request(f"http://user:{PASSWORD}@{rest}", headers=h) for h in ((), (("Authorization", "mine"),))]
    for span in on_real_time(lambda: run_tasks(tasks)).spans:
        assert PASSWORD not in told(span)


@pytest.fixture(scope="module")
def authority():
    """A certificate authority that nobody trusts by default."""
    return trustme.CA()


def _tls(authority, *names):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_an_untrusted_certificate_is_a_failure(authority):
    """There is no silent way around it."""
    span = one(always(reply()), _tls(authority, "127.0.0.1"))
    text = r"Certificate: the certificate of 127\.0\.0\.1:\d+ is not accepted: .*issuer certificate"
    assert re.fullmatch(text, told(span))


def test_https_to_a_plain_port_is_a_failure():
    """It says what is probably wrong."""

    async def main():
        async def no_tls(reader, writer):
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(no_tls, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return (await run_tasks([request(f"https://127.0.0.1:{port}/")])).spans[0]

    assert re.fullmatch(r"TLS: no TLS connection with 127\.0\.0\.1:\d+: .*http:// port\?", told(on_real_time(main)))


CHILD = """
import asyncio, sys
from tests.servers import request, run_tasks
for span in asyncio.run(run_tasks([request(url) for url in sys.argv[1:]])).spans:
    print(span.error.type + ": " + span.error.message if span.error else dict(span.detail))
"""


def test_a_trusted_certificate_is_accepted_for_its_own_host_only(authority, tmp_path):
    """With the authority in SSL_CERT_FILE the request is made, and another host's certificate is still refused."""
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))

    async def main():
        async with (
            serving(always(reply()), _tls(authority, "127.0.0.1")) as right,
            serving(always(reply()), _tls(authority, "other.example")) as wrong,
        ):
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "error", "-c", CHILD, right.url, wrong.url),
                env={**os.environ, "SSL_CERT_FILE": str(trusted)},
                stdout=subprocess.PIPE,
            )
            out, _ = await child.communicate()
            return out.decode().splitlines(), child.returncode

    (right, wrong), code = on_real_time(main)
    assert (code, right) == (0, "{'status': 200, 'bytes': 5}")
    assert re.fullmatch("Certificate: the certificate of .* is not accepted: .*not valid for '127.0.0.1'.*", wrong)


@POSIX
def test_cancelling_the_run_closes_its_sockets():
    """The server sees every connection end, and no descriptor stays behind."""

    async def main():
        async with serving(silence) as server:
            before = descriptors()
            run = await interrupted([request(server.url)] * 5, until(lambda: len(server.requests) == 5), "parallel")
            # The server's own ends are open until it stops being silent.
            await until(lambda: descriptors() <= before + 5)
            return run

    run = on_real_time(main)
    assert {str(span.state) for span in run.spans} == {"cancelled"}


def test_a_request_cancelled_by_another_s_failure_is_cancelled():
    """With leftovers cancelled the silent server's request ends with the other's failure."""

    async def answer(seen):
        return None if seen.path == "/silent" and await silence(seen) else reply(b"", "500 Oh")

    async def main():
        async with serving(answer) as server:
            tasks = [request(server.url + "silent"), request(server.url)]
            return (await run_tasks(tasks, "parallel+cancel")).spans

    assert [str(span.state) for span in on_real_time(main)] == ["cancelled", "failed"]


@POSIX
def test_running_out_of_descriptors_comes_with_advice():
    """The system's own words would not say what to do about it."""
    import resource

    async def main():
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        async with serving(always(reply())) as server:
            tasks = [request(server.url)]
            async with opened(tasks, parse_mode("settled")) as sources:
                resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
                try:
                    return (await execute(tasks, sources.starts, parse_mode("settled"))).spans[0]
                finally:
                    resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert told(on_real_time(main)).endswith(
        "too many open files; run fewer at once (limited=N) or raise the limit (ulimit -n)"
    )


@POSIX
def test_a_name_that_is_not_found_for_lack_of_descriptors_says_so(monkeypatch):
    """The resolver calls it a temporary failure of its own; who reads that would look for the fault elsewhere."""

    def exhausted():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    def unresolved(*_, **__):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    page = request("http://name.invalid/")
    assert told(on_real_time(lambda: run_tasks([page])).spans[0]).startswith("HostNotFound: ")
    monkeypatch.setattr("asyncmodes.sources.resolver.refuse_exhausted", exhausted)
    assert told(on_real_time(lambda: run_tasks([page])).spans[0]).endswith(
        "too many open files; run fewer at once (limited=N) or raise the limit (ulimit -n)"
    )


def test_proxies_and_netrc_are_used_only_when_asked_for(monkeypatch, tmp_path):
    """HTTP_PROXY and ~/.netrc are left alone by default; with the option both count."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine example.invalid login user password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("no_proxy", "NO_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)

    async def main():
        async with serving(always(reply())) as server:
            monkeypatch.setenv("HTTP_PROXY" if os.name == "nt" else "http_proxy", server.url)
            page = request("http://example.invalid/")
            without = (await run_tasks([page])).spans[0]
            with_them = (await run_tasks([page], options=Options(trust_env=True))).spans[0]
            return told(without), str(with_them.state), server.requests

    without, state, (seen,) = on_real_time(main)
    assert without.startswith("HostNotFound: ")
    assert state == "ok"
    assert seen.path == "http://example.invalid/"
    assert seen.header("authorization") == "Basic dXNlcjpodW50ZXIy"
