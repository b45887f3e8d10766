"""The timeout that many tasks share: each is stopped when its own time is over, and by one timer."""

import asyncio
import time

import pytest

from asyncmodes.sources.deadline import SharedTimeout
from asyncmodes.tasks import TaskFailed
from tests.servers import on_real_time

MS = 1_000_000


async def outcome(limit: SharedTimeout, work, detail=None) -> object:
    """What comes of it: the result, or the failure's type and the detail."""
    try:
        return await limit.within(work, detail)
    except TaskFailed as failed:
        return failed.failure.type, failed.detail


async def forever() -> None:
    """Never ends by itself."""
    await asyncio.Event().wait()


def test_each_task_has_its_whole_time():
    """Those that began later are stopped later, none too early; who was done in time is left alone."""

    async def main():
        timeout = SharedTimeout(40 * MS)
        took = []

        async def stopped(after_s: float) -> object:
            await asyncio.sleep(after_s)
            began = time.monotonic()
            result = await outcome(timeout, forever(), {"bytes": 1})
            took.append(time.monotonic() - began)
            return result

        done = outcome(timeout, asyncio.sleep(0, "done"))
        results = await asyncio.gather(stopped(0), stopped(0.02), done, stopped(0.06))
        timeout.close()
        return results, took

    results, took = on_real_time(main)
    assert results == [("Timeout", {"bytes": 1}), ("Timeout", {"bytes": 1}), "done", ("Timeout", {"bytes": 1})]
    assert all(seconds >= 0.04 for seconds in took)


def test_one_timer_is_enough(monkeypatch):
    """A thousand tasks, one after another, set a single timer, and closing takes it away."""

    async def main():
        loop = asyncio.get_running_loop()
        timers = []
        call_at = loop.call_at
        monkeypatch.setattr(
            loop, "call_at", lambda *args, **options: timers.append(call_at(*args, **options)) or timers[-1]
        )
        timeout = SharedTimeout(3600 * 1000 * MS)
        for _ in range(1000):
            await timeout.within(asyncio.sleep(0))
        timeout.close()
        return timers

    (timer,) = on_real_time(main)
    assert timer.cancelled()


def test_without_a_timeout_nothing_is_limited():
    """None lets the work take as long as it takes, and sets no timer."""

    async def main():
        timeout = SharedTimeout(None)
        result = await timeout.within(asyncio.sleep(0, "done"))
        timeout.close()
        return result

    assert on_real_time(main) == "done"


def test_a_cancellation_from_outside_stays_one():
    """Also when it comes in the same instant as the timeout."""

    async def main():
        timeout = SharedTimeout(1 * MS)
        task = asyncio.create_task(timeout.within(forever()))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_at(next(iter(timeout._deadlines.values())), task.cancel)
        await asyncio.wait([task])
        timeout.close()
        return task.cancelled()

    assert on_real_time(main)


@pytest.mark.parametrize("then", ["returns", "raises"])
def test_what_makes_something_else_of_its_timeout_timed_out(then: str):
    """Work that catches its cancellation was not done in time all the same, and the task is not left half cancelled."""

    async def stubborn() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if then == "raises":
                raise RuntimeError("what?") from None
        return "too late"

    async def main():
        timeout = SharedTimeout(1 * MS)
        result = await outcome(timeout, stubborn())
        timeout.close()
        return result, asyncio.current_task().cancelling()

    assert on_real_time(main) == (("Timeout", None), 0)


def test_an_error_of_the_work_s_own_is_passed_on():
    """A TimeoutError that the work raises itself is no timeout of ours."""

    async def fails() -> None:
        raise TimeoutError("mine")

    async def main():
        timeout = SharedTimeout(60_000 * MS)
        with pytest.raises(TimeoutError, match="mine"):
            await timeout.within(fails())
        timeout.close()

    on_real_time(main)
