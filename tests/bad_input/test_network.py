"""Section C: faults of the network, from real servers on real sockets. Each is one failed task, and exit code 1."""

import asyncio
import gzip
import os
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import requires

import pytest
import trustme

from tests.background import served
from tests.bad_input.program import Done, Program, sound
from tests.servers import GUARD_S, Server, always, once, reply, reset, silence

HEAD = b"HTTP/1.1 200 OK\r\n"
PACKED = gzip.compress(bytes(range(256)) * 40)
SECRET = "hunter2"


async def _reset_in_the_body(seen) -> None:
    seen.writer.write(HEAD + b"Content-Length: 50\r\n\r\nhello")
    for _ in range(20):
        await asyncio.sleep(0)
    reset(seen.writer)


async def _drip(seen) -> None:
    """A slow loris: always a byte more, and never the end of the head."""
    seen.writer.write(HEAD)
    while True:
        seen.writer.write(b"X: y\r\n")
        await seen.writer.drain()
        await asyncio.sleep(0.01)


async def _endless(seen) -> None:
    seen.writer.write(HEAD + b"\r\n")
    while True:
        seen.writer.write(b"x" * 65536)
        await seen.writer.drain()


def _coded(body: bytes, coding: str = "gzip", status: str = "200 OK") -> bytes:
    return reply(body, status, Content_Encoding=coding)


def _to(location: str) -> bytes:
    return reply(b"", "302 Found", Location=location)


ANSWERS = {
    "ok": always(reply()),
    "404": always(reply(b"", "404 Not Found")),
    "500": always(reply(b"", "500 Internal Server Error")),
    "to-a-file": always(_to("file:///etc/passwd")),
    "reset": _reset_in_the_body,
    "short": once(HEAD + b"Content-Length: 50\r\n\r\nhello"),
    "empty": once(),
    "silent": silence,
    "drip": _drip,
    "bomb": always(_coded(gzip.compress(bytes(50_000_000)))),
    "endless": _endless,
    "no-gzip": always(_coded(b"hello, I am plain")),
    "cut-gzip": always(_coded(PACKED[:-20])),
    "gzip-without-its-sum": always(_coded(PACKED[:-8])),
    "wrong-sum": always(_coded(PACKED[:-8] + b"\0" * 8)),
    "cut-deflate": always(_coded(zlib.compress(bytes(5000))[:-3], "deflate")),
    "brotli": always(_coded(b"hello", "br")),
    "two-codings": always(_coded(gzip.compress(PACKED), "gzip, gzip")),
    "bad-chunk": once(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"),
    "bad-later-chunk": once(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"zz\r\nhello\r\n"),
    "negative-length": once(HEAD + b"Content-Length: -5\r\n\r\nhello"),
    "both-lengths": once(HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "two-lengths": once(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    "no-http": once(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "http-0.9": once(b"<html>hello</html>\r\n\r\n"),
    "http-2": once(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x10\0\0\0\x06\0\0\x40\0"),
    "status-99": once(b"HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n"),
    "status-1000": once(b"HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n"),
    "flood-of-headers": once(HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(40_000)) + b"\r\n"),
    "long-header": once(HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n"),
    "nul-in-header": once(HEAD + b"X: a\0b\r\nContent-Length: 0\r\n\r\n"),
    "huge-chunk": once(HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\nx"),
    "huge-length": once(HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx"),
    "garbage-behind": always(reply() + b"GARBAGE\r\n\r\n"),
    "body-of-204": once(b"HTTP/1.1 204 No Content\r\n\r\nhello"),
    "status-999": always(reply(b"", "999 Request denied")),
    "hostile-reason": always(reply(b"", "500 \x1b]0;pwned\x07\x9b31m [red]x[/red] :smile:")),
    "echo": always(reply(b"", f"401 {SECRET} is wrong")),
    "loop": always(_to("/loop")),
    "to-a-bad-url": always(_to("http://[::1")),
    "to-control-characters": always(_to("http://\x07host/")),
    "to-a-secret": always(_to(f"ftp://user:{SECRET}@host/")),
    "to-refused-secret": always(_to(f"http://user:{SECRET}@127.0.0.1:1/")),
    "nowhere": always(reply(b"", "302 Found")),
    "upgrade": once(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    "flood-of-100": once(b"HTTP/1.1 100 Continue\r\n\r\n" * 2000 + reply()),
    "early-hints": once(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + reply()),
    "http-1.0": once(b"HTTP/1.0 200 OK\r\n\r\nhello"),
    "trailers": always(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n"),
    "two-members": always(_coded(PACKED + PACKED)),
    "raw-deflate": always(_coded(zlib.compress(bytes(10240))[2:-4], "deflate")),
    "deflate": always(_coded(zlib.compress(bytes(10240)), "deflate")),
    "not-modified": always(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\nContent-Encoding: gzip\r\n\r\n"),
    "line-feeds": always(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
    "odd-cookies": always(HEAD + b"Set-Cookie: =;;;\x01\xff\r\n" * 50 + b"Content-Length: 5\r\n\r\nhello"),
    "keeps-its-body": always(reply(b"", "307 Temporary Redirect", Location="/ok")),
    "gzip": always(_coded(PACKED)),
    "x-gzip": always(_coded(PACKED, "X-GZip")),
    "confused-coding": always(_coded(b"hello", "utf-8")),
    "empty-gzip": always(_coded(b"")),
    "part-of-gzip": always(_coded(PACKED[:100], status="206 Partial Content")),
}


async def _answered(seen):
    return await ANSWERS[seen.path.partition("?")[0].strip("/")](seen)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server with a path for each fault."""
    with served(_answered) as server:
        yield server


def _run(program: Program, *arguments: str, **options) -> Done:
    return sound(program.call("run", *arguments, "--warmup", "0", "--format", "json", **options))


def _only(done: Done, error_type: str, said: str, state: str = "failed") -> dict:
    """The only task, which failed with this type and a text of one line that has these words."""
    (task,) = done.document["runs"][0]["tasks"]
    assert (done.code, task["state"], task["error"]["type"]) == (1, state, error_type), task
    message = task["error"]["message"]
    assert said in message
    assert "\n" not in message
    assert not done.errors
    return task


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


def test_row_56_refused(program: Program):
    """Nobody listens there: the host and the port are told."""
    port = _unused_port()
    done = _run(program, f"http://127.0.0.1:{port}/")
    _only(done, "ConnectionRefusedError", f"cannot connect to 127.0.0.1:{port}: ")


def test_row_57_no_such_host(program: Program):
    """The name is told."""
    _only(_run(program, "http://nowhere.invalid/"), "HostNotFound", "cannot find host nowhere.invalid")


@pytest.mark.parametrize(("status", "said"), [(404, "404 Not Found"), (500, "500 Internal Server Error")])
def test_row_58_status(program: Program, server: Server, status: int, said: str):
    """404 and 500 are failures."""
    task = _only(_run(program, f"{server.url}{status}"), "HTTPStatus", said)
    assert task["detail"]["status"] == status


def test_row_58_an_expected_status(program: Program, server: Server):
    """A spec may expect them."""
    done = _run(program, "--spec", "-", stdin=f'[[tasks]]\nurl = "{server.url}404"\nexpect_status = 404\n')
    (task,) = done.document["runs"][0]["tasks"]
    assert (done.code, task["state"], task["detail"]["status"]) == (0, "ok", 404)


def test_row_60_redirect_to_a_file(program: Program, server: Server):
    """No file is opened because a server says so."""
    _only(_run(program, f"{server.url}to-a-file"), "BadRedirect", "no http or https URL (file:)")


@pytest.fixture(scope="module")
def secure(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The URLs of a server with a certificate of its own name and of one with another's, and who vouches for them."""
    authority = trustme.CA()
    trusted = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with ExitStack() as stack:
        urls = {"authority": str(trusted)}
        for name, host in (("right", "127.0.0.1"), ("wrong", "other.example")):
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert(host).configure_cert(context)
            urls[name] = stack.enter_context(served(always(reply()), context)).url
        yield urls


def test_row_62_untrusted_authority(program: Program, secure):
    """Nobody trusts it, and there is no silent way around."""
    _only(_run(program, secure["right"]), "Certificate", "is not accepted: unable to get local issuer certificate")


def test_row_63_wrong_host_name(program: Program, secure):
    """Who is trusted is still not somebody else."""
    trusting = {"SSL_CERT_FILE": secure["authority"]}
    assert _run(program, secure["right"], env=trusting, anew=True).code == 0
    _only(_run(program, secure["wrong"], env=trusting, anew=True), "Certificate", "not valid for '127.0.0.1'")


def test_row_64_https_to_a_plain_port(program: Program):
    """The text says what is probably wrong."""
    with socket.create_server(("127.0.0.1", 0)) as plain:
        plain.settimeout(GUARD_S)

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        done = _run(program, f"https://127.0.0.1:{plain.getsockname()[1]}/")
        thread.join(GUARD_S)
    _only(done, "TLS", "is this an http:// port?")


@pytest.mark.parametrize(
    ("path", "error_type", "said"),
    [
        pytest.param("reset", "IncompleteBody", "reset in the middle of the body", id="row-66"),
        pytest.param("short", "IncompleteBody", "5 of 50 bytes", id="row-67"),
        pytest.param("empty", "Disconnected", "without a complete answer", id="row-68"),
    ],
)
def test_rows_66_to_68_cut_off(program: Program, server: Server, path: str, error_type: str, said: str):
    """What did arrive is counted, and it is sent only once."""
    before = len(server.requests)
    task = _only(_run(program, f"{server.url}{path}"), error_type, said)
    assert task["detail"] == ({} if path == "empty" else {"status": 200, "bytes": 5})
    assert len(server.requests) == before + 1


@pytest.mark.parametrize("path", ["silent", "drip"])
def test_row_70_silent_server(program: Program, server: Server, path: str):
    """A timeout always has a text; a slow loris gains no time."""
    _only(_run(program, f"{server.url}{path}", "--timeout", "80ms"), "Timeout", "not done after 0.08 s", "timed_out")


@pytest.mark.parametrize("path", [pytest.param("bomb", id="row-72"), pytest.param("endless", id="row-73")])
def test_rows_72_and_73_too_large(program: Program, server: Server, path: str):
    """Bodies are capped in decoded bytes, and no more is unpacked than a piece beyond the cap."""
    done = _run(program, f"{server.url}{path}", "--max-bytes", "1000000")
    task = _only(done, "TooLarge", "the body is larger than 1000000 bytes")
    assert 1_000_000 < task["detail"]["bytes"] < 3_000_000


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("no-gzip", "the gzip body is broken"),
        ("wrong-sum", "the gzip body is broken"),
        ("cut-gzip", "the gzip body ends too early"),
        ("gzip-without-its-sum", "the gzip body ends too early"),
        ("cut-deflate", "the deflate body ends too early"),
        ("brotli", "the content encoding br cannot be decoded"),
        ("two-codings", "the content encoding gzip, gzip cannot be decoded"),
    ],
)
def test_row_74_broken_gzip(program: Program, server: Server, path: str, said: str):
    """What says that it is compressed has to be, to its end."""
    task = _only(_run(program, f"{server.url}{path}"), "MalformedResponse", f"malformed response: {said}")
    assert task["detail"]["status"] == 200


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("gzip", 10240),
        ("x-gzip", 10240),
        ("two-members", 20480),
        ("deflate", 10240),
        ("raw-deflate", 10240),
        ("confused-coding", 5),
        ("empty-gzip", 0),
        ("part-of-gzip", 100),
        ("trailers", 5),
        ("http-1.0", 5),
        ("flood-of-100", 5),
        ("early-hints", 5),
        ("nowhere", 0),
        ("not-modified", 0),
        ("line-feeds", 5),
        ("odd-cookies", 5),
        ("keeps-its-body", 5),
    ],
)
def test_what_is_odd_and_yet_right(program: Program, server: Server, path: str, size: int):
    """Whatever other clients take is taken, and its decoded bytes are counted."""
    done = _run(program, f"{server.url}{path}")
    (task,) = done.document["runs"][0]["tasks"]
    assert (done.code, task["state"], task["detail"]["bytes"]) == (0, "ok", size), task


@pytest.mark.parametrize(
    "path",
    [
        *("bad-chunk", "bad-later-chunk", "negative-length", "both-lengths", "two-lengths", "no-http", "http-0.9"),
        *("http-2", "status-99", "status-1000", "flood-of-headers", "long-header", "nul-in-header"),
        *("huge-chunk", "huge-length", "garbage-behind", "body-of-204"),
    ],
)
def test_row_76_malformed(program: Program, server: Server, path: str):
    """It is called malformed, and never HTTP 400, which no server has sent."""
    task = _only(_run(program, f"{server.url}{path}"), "MalformedResponse", "malformed response: ")
    assert "400" not in task["error"]["message"]
    assert task["detail"].get("status") in (None, 200)


@pytest.mark.parametrize(
    ("path", "error_type", "said"),
    [
        ("status-999", "HTTPStatus", "999 Request denied"),
        ("hostile-reason", "HTTPStatus", "500 "),
        ("loop", "TooManyRedirects", "redirected more than 10 times"),
        ("to-a-bad-url", "BadRedirect", "no http or https URL (http:)"),
        ("to-control-characters", "", ""),
        ("upgrade", "HTTPStatus", "101 Switching Protocols"),
    ],
)
def test_other_answers_that_fail(program: Program, server: Server, path: str, error_type: str, said: str):
    """Each is one failed task with a text of its own, in the picture too."""
    done = _run(program, f"{server.url}{path}")
    if error_type:
        _only(done, error_type, said)
    assert sound(program.call("run", f"{server.url}{path}", "--warmup", "0")).code == 1


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://[::1", id="row-78-bracket"),
        pytest.param("http://h:99999/", id="row-78-port"),
        pytest.param("http://", id="row-78-no-host"),
        pytest.param("https:example.org", id="row-78-no-slashes"),
        pytest.param("http://a b/", id="row-78-space"),
        pytest.param("http://h/\r\nX: y", id="row-78-line-break"),
        pytest.param("http://exa℀mple.com/", id="row-78-host-that-hides-a-slash"),
        pytest.param("ftp://h/", id="row-81-ftp"),
        pytest.param("file:///etc/passwd", id="row-81-file"),
        pytest.param("unix://run/x.sock", id="row-81-unix"),
        pytest.param("foo://x", id="row-81-foo"),
    ],
)
def test_rows_78_and_81_no_url(program: Program, url: str):
    """Found before anything is run, and told in one line; as a word and in a spec."""
    done = _run(program, url, "10ms")
    assert (done.code, len(done.errors)) == (2, 1)
    assert done.errors[0].startswith("asyncmodes: error: argument 1: ")
    quoted = url.replace("\r", "\\r").replace("\n", "\\n")
    done = _run(program, "--spec", "-", stdin=f'[[tasks]]\nurl = "{quoted}"\n[[tasks]]\ndelay = "10ms"\n')
    assert (done.code, len(done.errors)) == (2, 1)
    assert "tasks[0].url" in done.errors[0]


def test_row_82_password(program: Program, server: Server, tmp_path):
    """It is sent, and stands in no picture, no JSON, no SVG, and not on standard error, whatever the answer is."""
    files = [tmp_path / "result.json", tmp_path / "result.svg"]
    base = server.url.replace("//", f"//user:{SECRET}@")
    paths = ("ok", "empty", "echo", "to-a-file", "to-a-secret", "to-refused-secret", "loop", "no-http", "cut-gzip")
    words = [base + path for path in paths] + ["http://user:" + SECRET + "@nowhere.invalid/"]
    exports = [argument for file in files for argument in ("-o", str(file))]
    before = len(server.requests)
    done = sound(program.call("compare", *words, "--warmup", "0", "-m", "settled", "-m", "limited=2", *exports))
    sent = {seen.header("authorization") for seen in server.requests[before:]}
    assert (done.code, sent) == (1, {"Basic dXNlcjpodW50ZXIy"})
    texts = [done.out, done.err, *(file.read_text(encoding="utf-8") for file in files)]
    assert all(texts)
    assert not any(SECRET in text or "dXNlcjpodW50ZXIy" in text for text in texts)
    assert "user:***@" in texts[0] + texts[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", f"http://user:{SECRET}@host:99999/"),
        ("compare", f"https:/user:{SECRET}@host/"),
        ("compare", f"http:user:{SECRET}@host/"),
        ("compare", f"foo://user:{SECRET}@host/"),
        ("compare", f"a b=http://user:{SECRET}@host/"),
        ("compare", f"url:user:{SECRET}@host/"),
        ("compare", "--mode", f"http://user:{SECRET}@host/"),
        ("compare", "--baseline", f"http://user:{SECRET}@host/"),
        ("compare", "--spec", f"http://user:{SECRET}@host/"),
        ("compare", "-o", f"http://user:{SECRET}@host/x.json"),
        ("compare", "-o", f"http://user:{SECRET}@host/"),
        ("compare", "--server", f"http://user:{SECRET}@host/"),
        ("compare", "--clock", f"http://user:{SECRET}@host/"),
        ("compare", "--runs", f"http://user:{SECRET}@h/"),
        ("compare", f"--http://user:{SECRET}@host/"),
        (f"http://user:{SECRET}@host/",),
        ("serve", "--host", f"http://user:{SECRET}@host/"),
        ("compare", f"a=http://user:{SECRET}@host/", f"a=http://user:{SECRET}@host/"),
        ("compare", f"http://user:{SECRET}@host/", "--clock", "virtual"),
        ("compare", f"http://user:{SECRET}@host/*9999999999"),
    ],
    ids=" ".join,
)
def test_row_82_password_in_a_mistake(program: Program, arguments):
    """Nor does a usage error repeat it, wherever it was written."""
    done = sound(program.call(*arguments))
    assert done.code == 2
    assert SECRET not in done.err


@pytest.fixture
def no_proxy(monkeypatch) -> None:
    """An environment that names no proxy, and nobody that is reached without it."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.mark.usefixtures("no_proxy")
def test_row_83_proxy(program: Program):
    """HTTP_PROXY counts only with --trust-env, and so does netrc."""
    with served(always(reply())) as proxy:
        named = {"HTTP_PROXY" if os.name == "nt" else "http_proxy": proxy.url}
        _only(_run(program, "http://example.invalid/", env=named), "HostNotFound", "example.invalid")
        assert _run(program, "http://example.invalid/", "--trust-env", env=named).code == 0
        assert [seen.path for seen in proxy.requests] == ["http://example.invalid/"]


@pytest.mark.usefixtures("no_proxy")
def test_row_83_a_server_of_our_own_needs_no_proxy(program: Program):
    """What is asked for by its path is on this machine, and nobody else's business."""
    with served(always(reply(b"", "500 Oh"))) as proxy:
        named = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy"), proxy.url)
        done = _run(program, "url:/delay/1ms", "--server", "capacity=8", "--trust-env", env=named)
        assert (done.code, proxy.requests) == (0, [])


def test_row_84_the_library_is_new_enough():
    """The one version that breaks after a cancelled read cannot be installed beside us."""
    (wanted,) = [line for line in requires("asyncmodes") or [] if line.startswith("aiohttp")]
    assert wanted == "aiohttp>=3.14.1"


def test_many_hosts_are_one_short_line(program: Program):
    """Where requests go is told before they go, for 150 hosts as well, and the sum is right."""
    words = [f"http://127.0.0.{number}:1/" for number in range(1, 151)]
    done = sound(program.call("run", *words, "--warmup", "0", "-m", "settled"))
    assert done.err.splitlines()[0] == (
        "asyncmodes: requests: 1 to 127.0.0.1:1, 1 to 127.0.0.2:1, 1 to 127.0.0.3:1 and 147 to 147 more hosts "
        "(1 mode x 1 run)"
    )
    done = sound(program.call("run", *words[:4], "--warmup", "0", "-m", "settled"))
    assert "1 to 127.0.0.4:1 (" in done.err
