import asyncio

import pytest

from asyncmodes.tasks import Failure, TaskFailed, call
from tests.helpers import MS, on_virtual_time
from tests.servers import interrupted, on_real_time, run_tasks


def one(function, timeout_s=None, mode="settled"):
    """The span of a run of this function on the virtual clock."""
    task = call(function, name="it", timeout_s=timeout_s)
    return on_virtual_time(lambda: run_tasks([task], mode)).spans[0]


def told(span):
    """How the task ended and when, as one text; milliseconds."""
    error = f" {span.error.type}: {span.error.message}" if span.error else ""
    return f"{span.state} at {span.end_ns / MS:g}{error}"


def sleeper(*delays_s):
    """A coroutine function that sleeps for so long, one delay after another."""

    async def sleep():
        for delay_s in delays_s:
            await asyncio.sleep(delay_s)
        return "slept"

    return sleep


def test_the_result_stands_in_the_detail():
    """What the function returns is kept; None is nothing to keep."""
    assert one(sleeper(0.1)).detail == {"result": "slept"}
    assert one(lambda: asyncio.sleep(0.1)).detail == {}


def test_what_can_be_awaited_need_not_be_a_coroutine():
    """A function may return a future or an asyncio task."""
    span = one(lambda: asyncio.ensure_future(sleeper(0.2)()))
    assert (told(span), span.detail) == ("ok at 200", {"result": "slept"})


def test_an_exception_is_a_failure_with_its_class_s_name():
    """Its text is never empty."""

    async def fail():
        raise KeyError("soup")

    async def fail_silently():
        raise ValueError

    def fail_at_once():
        raise OSError("no kitchen")

    assert told(one(fail)) == "failed at 0 KeyError: 'soup'"
    assert told(one(fail_silently)) == "failed at 0 ValueError: ValueError"
    assert told(one(fail_at_once)) == "failed at 0 OSError: no kitchen"


def test_a_function_may_say_itself_how_it_failed():
    """TaskFailed is passed on as it is, detail included."""

    async def fail():
        raise TaskFailed(Failure("Burnt", "the toast is black"), {"colour": "black"})

    span = one(fail)
    assert (told(span), span.detail) == ("failed at 0 Burnt: the toast is black", {"colour": "black"})


def test_a_function_that_is_not_async_gets_a_helpful_text():
    """It names the function, what it returned, and what is wanted."""

    def forgot_async():
        return 42

    text = told(one(forgot_async))
    assert text.startswith("failed at 0 TypeError: ")
    assert text.endswith("forgot_async returned int, which cannot be awaited; give a coroutine function (async def)")


def test_a_cancellation_that_nobody_asked_for_is_a_failure():
    """A function that raises CancelledError itself has failed: nobody cancelled it."""

    async def give_up():
        raise asyncio.CancelledError

    assert told(one(give_up)) == "failed at 0 CancelledError: the function itself raised CancelledError"


def test_a_function_cancelled_by_another_s_failure_is_cancelled():
    """And so it is said."""

    async def fail():
        await asyncio.sleep(0.1)
        raise ValueError("burnt")

    run = on_virtual_time(lambda: run_tasks([call(sleeper(1)), call(fail)], "parallel+cancel"))
    assert [told(span) for span in run.spans] == ["cancelled at 100", "failed at 100 ValueError: burnt"]


def test_an_interrupted_function_is_cancelled():
    """Cancelling the run from outside is no failure of the function, timeout or not."""

    async def main():
        tasks = [call(sleeper(1)), call(sleeper(1), timeout_s=5)]
        return await interrupted(tasks, asyncio.sleep(0.1))

    assert [told(span) for span in on_virtual_time(main).spans] == ["cancelled at 100"] * 2


def _nested(depth):
    """Half a second at the bottom of as many tasks within tasks."""

    async def within():
        if not depth:
            await asyncio.sleep(0.5)
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(_nested(depth - 1)())

    return within


@pytest.mark.parametrize(
    "function",
    [sleeper(0.5), sleeper(0.2, 0.3), sleeper(0.5, 0, 0), _nested(1), _nested(5)],
    ids=["one sleep", "two", "sleeps of nothing at the end", "a task group", "task groups within each other"],
)
def test_what_ends_exactly_at_its_timeout_ends_ok(function):
    """On the virtual clock there is such an instant."""
    assert told(one(function, timeout_s=0.5)) == "ok at 500"


@pytest.mark.parametrize("function", [sleeper(0.500000001), sleeper(0.5, 0.000000001), sleeper(9), _nested(2)])
def test_what_takes_longer_times_out_exactly_then(function):
    """By a nanosecond or by far."""
    limit_s = 0.5 if function.__name__ == "sleep" else 0.499999999
    span = one(function, timeout_s=limit_s)
    assert (str(span.state), span.end_ns, span.error.type) == ("timed_out", round(limit_s * 1e9), "Timeout")


def test_a_timeout_error_of_the_function_s_own_is_a_failure():
    """Before the deadline and without one: it is not the task that timed out."""

    async def give_up():
        async with asyncio.timeout(0.1):
            await asyncio.sleep(1)

    for timeout_s in (None, 0.5):
        assert told(one(give_up, timeout_s)) == "failed at 100 TimeoutError: TimeoutError"


def test_a_function_that_makes_something_else_of_its_timeout_timed_out():
    """It was not done in time, whatever it raises or returns when it is cancelled."""

    async def complain():
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            raise ValueError("how dare you") from None

    async def shrug():
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            return "anyway"

    for function in (complain, shrug):
        assert told(one(function, 0.5)) == "timed_out at 500 Timeout: not done after 0.5 s"


def test_a_lane_goes_on_after_a_timeout():
    """The next task on it is neither cancelled nor cut short."""
    tasks = [call(sleeper(1), timeout_s=0.1), call(sleeper(1)), call(sleeper(0.5), timeout_s=0.5)]
    run = on_virtual_time(lambda: run_tasks(tasks, "limited=1+settled"))
    assert [told(span) for span in run.spans] == [
        "timed_out at 100 Timeout: not done after 0.1 s",
        "ok at 1100",
        "ok at 1600",
    ]


def test_a_timeout_that_was_not_needed_is_forgotten():
    """When its time comes, another task that runs on is left alone, and nothing goes wrong unseen."""
    tasks = [call(sleeper(0.1), timeout_s=0.5), call(sleeper(1))]
    run = on_virtual_time(lambda: run_tasks(tasks, "limited=1+settled"))
    assert [told(span) for span in run.spans] == ["ok at 100", "ok at 1100"]


def test_real_input_and_output_on_the_virtual_clock_is_a_failure():
    """The virtual clock's refusal is the task's failure."""
    span = one(lambda: asyncio.to_thread(print))
    assert told(span).startswith("failed at 0 VirtualTimeError: real I/O on the virtual clock")


def test_calls_run_on_the_real_clock_too():
    """With a timeout and without."""
    never = call(lambda: asyncio.Event().wait(), timeout_s=0.02)
    run = on_real_time(lambda: run_tasks([call(sleeper(0)), call(sleeper(0), timeout_s=50), never]))
    assert [str(span.state) for span in run.spans] == ["ok", "ok", "timed_out"]
    assert run.spans[2].end_ns - run.spans[2].start_ns >= 20_000_000
