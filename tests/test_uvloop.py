import importlib.util
import json
import signal
import socket
import subprocess
import sys

import pytest

from asyncmodes import measure
from asyncmodes.errors import UsageError
from asyncmodes.spec import Defaults, read_words

COMMAND = (sys.executable, "-m", "asyncmodes")
URLS = ("url:/delay/5ms*6", "--server", "capacity=8")


def asyncmodes(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return subprocess.run([*COMMAND, *arguments], check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--loop", "trio"], "--loop: there is no 'trio'; write asyncio or uvloop"),
        (
            ["--loop", "uvloop"],
            "--loop uvloop: it is for URLs, and 1ms is none: its timers fire early, by up to a millisecond; "
            "leave it out",
        ),
        (
            ["--loop", "uvloop", "--clock", "virtual"],
            "--loop uvloop: the virtual clock is an event loop itself; leave out one of the two",
        ),
    ],
)
def test_uvloop_is_refused_where_it_would_lie(arguments, what):
    """Its timers fire early, so it runs no delays, and never the virtual clock; this is said before anything runs."""
    done = asyncmodes("run", "1ms", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"asyncmodes: error: {what}\n")


def test_uvloop_has_to_be_installed(monkeypatch):
    """Where it is absent the error says how to get it."""
    monkeypatch.setattr(measure, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"uvloop is not installed; run: pip install 'asyncmodes\[uvloop\]'"):
        measure.plan(read_words(["https://example.org/"], Defaults()), loop="uvloop")


needs_uvloop = pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed")


@needs_uvloop
def test_the_loop_is_named():
    """The picture and the JSON say that it was uvloop; without the option it is asyncio."""
    told = asyncmodes("run", *URLS, "--loop", "uvloop", "--phases").stdout
    assert "   real clock, uvloop\n" in told
    assert "6 ok" in told
    document = json.loads(asyncmodes("run", *URLS, "--loop", "uvloop", "--format", "json").stdout)
    assert document["environment"]["event_loop"] == "uvloop"
    assert document["runs"][0]["resources"]["longest_gap_s"] is None
    plain = json.loads(asyncmodes("run", *URLS, "--format", "json").stdout)
    assert plain["environment"]["event_loop"] == "asyncio"


@needs_uvloop
def test_failures_and_timeouts_are_the_same_on_uvloop():
    """A status, a refused connection and a timeout end tasks as on asyncio's loop."""
    words = ("url:/status/503", "url:/delay/20s", "http://127.0.0.1:9/", "--server", "capacity=8")
    rows = {}
    for loop in ("asyncio", "uvloop"):
        done = asyncmodes(
            "run", *words, "--timeout=300ms", "--mode=settled", "--format=json", "--warmup=0", f"--loop={loop}"
        )
        assert done.returncode == 1
        tasks = json.loads(done.stdout)["runs"][0]["tasks"]
        rows[loop] = [(task["state"], task["error"], task["detail"]) for task in tasks]
    assert rows["uvloop"] == rows["asyncio"]
    assert [row[0] for row in rows["uvloop"]] == ["failed", "timed_out", "failed"]


@needs_uvloop
@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
def test_an_interrupt_on_uvloop_still_gives_the_result():
    """Ctrl-C ends the requests, and the partial run is a whole document."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        child = subprocess.Popen(
            [*COMMAND, "run", url, "--warmup=0", "--format=json", "--loop=uvloop"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        server.settimeout(30)
        connection, _ = server.accept()
        with connection:
            assert connection.recv(1000).startswith(b"GET / ")  # it is under way, and waits for an answer
            child.send_signal(signal.SIGINT)
            told, _ = child.communicate(timeout=30)
    assert child.returncode == 130
    assert json.loads(told)["interrupted"] is True
