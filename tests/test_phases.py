"""The phases of requests: measured on real sockets, read off the record, drawn and exported."""

import asyncio
import gzip
import json
import socket
import subprocess
import sys
import time
from dataclasses import replace

import aiohttp
import pytest

from asyncmodes import read_json, render, summarise, write_json
from asyncmodes.phases import PHASES, mean_phases, phases_of
from asyncmodes.sources import Options
from tests.comparisons import comparison, delay
from tests.servers import always, on_real_time, once, reply, request, run_tasks, serving

MEASURED = Options(phases=True)


def measured(answer, mode="sequential", count=1, path="", options=MEASURED, **fields):
    """The run of so many requests to a server that answers so."""

    async def main():
        async with serving(answer) as server:
            return await run_tasks([request(server.url + path, **fields)] * count, mode, options)

    return on_real_time(main)


def durations_of(run, index=0):
    """The task's own duration in seconds, and what its phases but the wait add up to."""
    span = run.span(index)
    phases = phases_of(run, index)
    return (span.end_ns - span.start_ns) / 1e9, sum(seconds for phase, seconds in phases.items() if phase != "wait")


def test_each_phase_gets_the_time_that_it_took(monkeypatch):
    """A slow lookup, a server that thinks, and a body in two parts: each takes at least what it was made to take."""
    look_up = socket.getaddrinfo

    def slowly(host, *args, **options):
        if host == "slow.invalid":
            time.sleep(0.03)
            return look_up("127.0.0.1", *args, **options)
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)

    async def answer(seen):
        await asyncio.sleep(0.05)
        seen.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        await seen.writer.drain()
        await asyncio.sleep(0.3)  # what the client is late in seeing the first part is missing here
        return b"b"

    async def main():
        async with serving(answer) as server:
            return await run_tasks([request(f"http://slow.invalid:{server.port}/")], "sequential", MEASURED)

    run = on_real_time(main)
    phases = phases_of(run, 0)
    assert list(phases) == list(PHASES)
    assert phases["dns"] >= 0.03
    assert phases["connect"] > 0
    assert phases["first_byte"] >= 0.05
    assert phases["body"] >= 0.03


def test_phases_make_up_the_duration():
    """From the lookup to the body they add up to what was asked for, and to no more than the task took."""

    async def answer(_):
        await asyncio.sleep(0.05)
        return reply()

    run = measured(answer, count=3)
    for index in range(3):
        duration, together = durations_of(run, index)
        assert 0.05 <= together <= duration


def test_what_did_not_happen_is_absent():
    """The second request uses the first one's connection: no lookup, no connecting; it waited for its slot."""
    run = measured(always(reply()), count=2)
    assert set(phases_of(run, 0)) == {"wait", "connect", "first_byte", "body"}  # 127.0.0.1 is not looked up
    assert set(phases_of(run, 1)) == {"wait", "first_byte", "body"}
    assert phases_of(run, 1)["wait"] == run.span(1).start_ns / 1e9 > 0


def test_redirects_are_added_up():
    """Both answers' waiting is in the first byte's phase."""

    async def answer(seen):
        await asyncio.sleep(0.03)
        return reply(status="302 Found", Location="/end") if seen.path == "/begin" else reply()

    run = measured(answer, path="begin")
    assert phases_of(run, 0)["first_byte"] >= 0.06
    duration, together = durations_of(run)
    assert together <= duration


@pytest.mark.parametrize(
    ("answer", "last"),
    [
        (once(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"), "body"),
        (once(b""), "first_byte"),
        (always(reply(gzip.compress(b"x" * 100)[:-9] + b"?" * 9, Content_Encoding="gzip")), "body"),
    ],
)
def test_a_failed_request_has_the_phases_that_it_reached(answer, last):
    """The last one is where it failed."""
    run = measured(answer, mode="settled")
    assert run.failures
    assert list(phases_of(run, 0))[-1] == last


def test_a_refused_connection_never_waits_for_a_byte():
    """Its time went into connecting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    run = on_real_time(lambda: run_tasks([request(url)], "settled", MEASURED))
    assert set(phases_of(run, 0)) == {"wait", "connect"}


def test_without_being_asked_for_nothing_is_measured(monkeypatch):
    """The detail is as ever, the connector is aiohttp's own, and no clock is read."""
    made = []
    session = aiohttp.ClientSession

    def noted(*args, **options):
        made.append((type(options["connector"]), "middlewares" in options))
        return session(*args, **options)

    monkeypatch.setattr(aiohttp, "ClientSession", noted)
    run = measured(always(reply()), options=Options())
    assert run.span(0).detail == {"status": 200, "bytes": 5}
    assert made == [(aiohttp.TCPConnector, False)]
    assert (phases_of(run, 0), mean_phases([run])) == (None, None)


def of_requests(clock="real"):
    """A comparison of four tasks, three of which were requests whose phases are known."""
    tasks = [delay("page", 400), delay("image", 200), delay("style", 100), delay("pause", 300)]
    subject = comparison(tasks, ["sequential", "parallel"], clock=clock)
    details = {
        0: {"phases": {"dns": 0.1, "connect": 0.1, "first_byte": 0.15, "body": 0.05}},
        1: {"phases": {"first_byte": 0.05, "body": 0.15}},
        2: {"phases": {"connect": 0.1}},
    }
    return replace(subject, runs=tuple(replace(run, details=details) for run in subject.runs))


def test_means_add_up_to_the_mean_wait_and_duration():
    """A phase that did not happen counts as nothing; tasks that were not measured do not count at all."""
    means = mean_phases(of_requests().runs[:1])
    assert means == pytest.approx(
        {"wait": (0 + 0.4 + 0.6) / 3, "dns": 0.1 / 3, "connect": 0.2 / 3, "first_byte": 0.2 / 3, "body": 0.2 / 3}
    )


PICTURE = """\
compare   4 tasks, 1000 ms of work   real clock

       0           200          400         600          800         1000 ms
       ┬───────────┬────────────┬───────────┬────────────┬───────────
sequential   1000 ms   1.00×   peak 1   4 ok
page   ▂▂▂▂▂▂▄▄▄▄▄▄░░░░░░░░░░▆▆▆                                      400 ms  ok
image  ·························░░░▆▆▆▆▆▆▆▆▆                          200 ms  ok
style  ·····································▄▄▄▄▄▄                    100 ms  ok
pause  ···········································███████████████████ 300 ms  ok
flying 11111111111111111111111111111111111111111111111111111111111111 peak 1

parallel   400 ms   2.50×   peak 4   4 ok
page   ▂▂▂▂▂▂▄▄▄▄▄▄░░░░░░░░░░▆▆▆                                      400 ms  ok
image  ░░░▆▆▆▆▆▆▆▆▆                                                   200 ms  ok
style  ▄▄▄▄▄▄                                                         100 ms  ok
pause  ███████████████████                                            300 ms  ok
flying 4444444333333222222111111                                      peak 4

· waiting   ▂ DNS lookup   ▄ connecting (with TLS)
░ waiting for the first byte   ▆ receiving the body

mode          total  speedup  predicted  peak  ok  failed  lost
sequential  1000 ms    1.00×    1000 ms     1   4       0     0
parallel     400 ms    2.50×     400 ms     4   4       0     0

mean phase    wait      DNS  connect  first byte     body
sequential  333 ms  33.3 ms  66.7 ms     66.7 ms  66.7 ms
parallel      0 ms  33.3 ms  66.7 ms     66.7 ms  66.7 ms

parallel was 2.50 times faster than sequential (400 ms instead of 1000 ms)"""


def test_phases_are_drawn_in_the_bar_and_averaged_below():
    """Each phase has its glyph in the bar and a word in the legend; the table has the means of each mode."""
    picture = render(of_requests(), 80)
    assert picture == PICTURE


def test_they_are_drawn_in_plain_characters_too():
    """Letters stand for DNS and connect."""
    picture = render(of_requests(), 80, ascii_only=True)
    assert "dddddccccc" in picture
    assert picture.isascii()


def test_the_json_has_them_and_reads_them_back():
    """Each measured task's detail has all five, null for what did not happen; the summary has the means."""
    subject = of_requests()
    text = write_json(subject)
    document = json.loads(text)
    tasks = document["runs"][0]["tasks"]
    assert tasks[1]["detail"]["phases"] == {
        "wait": 0.4,
        "dns": None,
        "connect": None,
        "first_byte": 0.05,
        "body": 0.15,
    }
    assert tasks[3]["detail"] == {}
    assert set(document["summary"][0]["phases_s"]) == set(PHASES)
    again = read_json(text)
    assert [summary.phases_s for summary in summarise(again)] == [summary.phases_s for summary in summarise(subject)]
    assert write_json(again) == text


def test_a_strange_document_is_no_crash():
    """Phases that are no numbers, in a document of somebody's own, are left out."""
    subject = of_requests()
    details = {0: {"phases": {"dns": "long", "body": [1], "first_byte": 0.2}}, 1: {"phases": "none"}}
    run = replace(subject.runs[0], details=details)
    assert (phases_of(run, 0), phases_of(run, 1)) == ({"wait": 0.0, "first_byte": 0.2}, None)
    render(replace(subject, runs=(run,)), 80)


def test_the_option_shows_them_for_a_server_of_our_own():
    """`--phases` works from the command line, for path URLs too; fake tasks have none."""
    command = [sys.executable, "-m", "asyncmodes", "run", "url:/delay/20ms*2", "10ms", "--server", "latency=1ms"]
    done = subprocess.run([*command, "--phases", "--format", "json"], capture_output=True, text=True, check=True)
    first, _, fake = json.loads(done.stdout)["runs"][0]["tasks"]
    assert first["detail"]["phases"]["first_byte"] >= 0.02
    assert "phases" not in fake["detail"]
