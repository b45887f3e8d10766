import asyncio

import pytest

from asyncmodes.errors import UsageError
from asyncmodes.modes import parse_mode
from asyncmodes.sources import opened, refuse_too_long, refuse_virtual
from asyncmodes.tasks import Delay, FileRead, Request, Task, call
from tests.helpers import MS, delays, on_virtual_time, spans
from tests.servers import on_real_time, run_tasks

HOUR = 3600 * 10**9


def test_delays_end_exactly_when_their_outcome_says():
    """Ok, failed with its own message, exactly at the timeout, and timed out."""
    run = on_virtual_time(lambda: run_tasks(delays("300 200! 500/500 500/100 400!/100")))
    assert spans(run) == [
        "a ok 0-300 lane 0",
        "b failed 0-200 lane 1",
        "c ok 0-500 lane 2",
        "d timed_out 0-100 lane 3",
        "e timed_out 0-100 lane 4",
    ]
    assert [span.error and (span.error.type, span.error.message) for span in run.spans] == [
        None,
        ("DeclaredFailure", "burnt"),
        None,
        ("Timeout", "not done after 0.1 s"),
        ("Timeout", "not done after 0.1 s"),
    ]


def test_equal_delays_are_told_apart_by_timeout_and_failure():
    """Delays of the same length that differ in anything else do not end alike."""
    run = on_virtual_time(lambda: run_tasks(delays("100 100! 100/50 100 100!"), "sequential+settled"))
    assert spans(run) == [
        "a ok 0-100 lane 0",
        "b failed 100-200 lane 0",
        "c timed_out 200-250 lane 0",
        "d ok 250-350 lane 0",
        "e failed 350-450 lane 0",
    ]


def test_delays_on_the_real_clock_wait_at_least_as_long():
    """And a timeout is decided by the figures, not by which of two timers is faster."""
    run = on_real_time(lambda: run_tasks(delays("20 20! 20/20 500/20 0")))
    assert [str(span.state) for span in run.spans] == ["ok", "failed", "ok", "timed_out", "ok"]
    assert all(span.end_ns - span.start_ns >= 20 * MS for span in run.spans[:4])


def test_kinds_may_be_mixed_and_keep_their_order(tmp_path):
    """Each task is started by its own kind's source."""

    async def three():
        return 3

    (tmp_path / "file").write_bytes(b"12")
    one, four = delays("1 1!")
    tasks = [
        one,
        Task("two", FileRead(str(tmp_path / "file"), "file")),
        call(three),
        four,
        Task("five", Request("http://127.0.0.1:1/", "page")),
        Task("six", FileRead(str(tmp_path), "folder")),
    ]
    run = on_real_time(lambda: run_tasks(tasks))
    assert [dict(span.detail) for span in run.spans] == [{}, {"bytes": 2}, {"result": 3}, {}, {}, {}]
    errors = [span.error.type if span.error else "" for span in run.spans]
    assert errors == ["", "", "", "DeclaredFailure", "ConnectionRefusedError", "IsADirectoryError"]


def test_nothing_is_opened_for_no_tasks():
    """No task has no start."""

    async def main():
        async with opened([], parse_mode("parallel")) as sources:
            return list(sources.starts), sources.notes

    assert on_virtual_time(main) == ([], ())


def test_an_error_within_an_opening_is_passed_on():
    """Whatever is raised among opened sources comes out, and they are closed."""

    async def main():
        async with opened([*delays("1"), Task("page", Request("http://127.0.0.1:1/", "page"))], parse_mode("parallel")):
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        asyncio.run(main())


@pytest.mark.parametrize("work", [Request("https://example.org/", "https://example.org/"), FileRead("menu", "menu")])
def test_real_work_is_refused_on_the_virtual_clock(work):
    """The first such task is named, and so is the remedy."""
    with pytest.raises(UsageError) as refused:
        refuse_virtual([*delays("100"), Task("first", work), Task("second", work)])
    assert str(refused.value) == (
        f"task 'first': {work.target} is real input and output, and the virtual clock runs only fake tasks; "
        "use --clock real"
    )


def test_fake_work_is_not_refused_on_the_virtual_clock():
    """Delays of any length and calls may run there."""
    refuse_virtual([Task("long", Delay(240 * HOUR, "240h")), call(asyncio.Event().wait)])


def test_a_delay_of_days_is_refused_on_the_real_clock():
    """24 hours are the most; the virtual clock is named as the remedy."""
    day = Task("day", Delay(24 * HOUR, "24h"))
    refuse_too_long([day, *delays("100"), call(asyncio.Event().wait), Task("file", FileRead("menu", "menu"))])
    with pytest.raises(UsageError) as refused:
        refuse_too_long([day, Task("sleep", Delay(24 * HOUR + 1, "86400000000001ns"))])
    assert str(refused.value) == (
        "task 'sleep': 86400000000001ns is more than 24 hours of real time; use --clock virtual"
    )
