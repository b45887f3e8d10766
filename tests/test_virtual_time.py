import asyncio
import signal
import subprocess
import threading
import time
from contextvars import Context, ContextVar
from functools import partial

import pytest
from helpers import on_virtual_time
from hypothesis import given
from hypothesis import strategies as st

from asyncmodes.clocks import ClockName, new_loop, running_clock
from asyncmodes.virtual_time import VirtualTimeError, VirtualTimeLoop

DAY = 86_400 * 10**9


def now() -> int:
    """The running loop's virtual time in nanoseconds."""
    return asyncio.get_running_loop().time_ns()


@pytest.mark.parametrize(
    ("sleeps", "total_ns"),
    [
        ([0.3, 0.2], 500_000_000),
        ([0.1] * 10, 1_000_000_000),
        ([0.1, 0.2], 300_000_000),
        ([1e-9, 0.000_000_007], 8),
        ([99 * 86_400.0, 0.000_000_001], 99 * DAY + 1),
        ([1.001, 0.000_065, 0.000_129], 1_001_194_000),  # as floats a little below their nanoseconds
        ([0.0, 0, -1.0], 0),
    ],
)
def test_seconds_add_up_to_the_nanosecond(sleeps, total_ns):
    """Sleeping on the virtual clock takes exactly what the seconds say, however they would round as floats."""

    async def main():
        for seconds in sleeps:
            await asyncio.sleep(seconds)
        return now()

    assert on_virtual_time(main) == total_ns


@given(st.lists(st.integers(0, 365 * DAY), min_size=1, max_size=20))
def test_nanoseconds_add_up(durations):
    """`sleep_ns` is exact one after another and all at once, also for a year and an odd nanosecond."""

    async def main():
        loop = asyncio.get_running_loop()
        for duration in durations:
            await loop.sleep_ns(duration)
        one_by_one = now()
        await asyncio.gather(*map(loop.sleep_ns, durations))
        return one_by_one, now() - one_by_one

    assert on_virtual_time(main) == (sum(durations), max(durations))


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40))
def test_equal_deadlines_fire_in_the_order_they_were_set(timers):
    """Callbacks come by time and, on a tie, in the order in which they were asked for; cancelled ones never."""
    fired = []

    async def main():
        loop = asyncio.get_running_loop()
        handles = [loop.call_later(after / 10, fired.append, (after, i)) for i, (after, _) in enumerate(timers)]
        for handle, (_, cancelled) in zip(handles, timers):
            if cancelled:
                handle.cancel()
        await asyncio.sleep(1)

    on_virtual_time(main)
    assert fired == sorted((after, i) for i, (after, cancelled) in enumerate(timers) if not cancelled)


def test_sleepers_wake_in_start_order_where_asyncio_has_none():
    """Eight tasks that sleep equally long end as they began: asyncio's own heap gives `acgfhbde` for this."""
    ended = []

    async def sleeper(name, seconds):
        await asyncio.sleep(seconds)
        ended.append(name)

    async def main():
        await asyncio.gather(*(sleeper(name, 0.1) for name in "abcdefgh"))
        await asyncio.gather(*(sleeper(name, 0.2 if name in "aceg" else 0.1) for name in "abcdefgh"))

    on_virtual_time(main)
    assert "".join(ended) == "abcdefgh" + "bdfh" + "aceg"


@given(st.integers(1, 10 * DAY // 1000))
def test_a_timeout_is_exact(microseconds):
    """`asyncio.timeout`, which counts in floats, still ends at the very nanosecond, days later."""

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(microseconds / 1e6):
                await asyncio.Event().wait()
        return now()

    assert on_virtual_time(main) == microseconds * 1000


def test_what_is_ready_runs_before_time_moves():
    """A chain of callbacks at one instant is finished before the clock jumps, and costs no time."""

    async def main():
        seen = []
        asyncio.get_running_loop().call_later(1e-9, seen.append, "later")
        for _ in range(1000):
            await asyncio.sleep(0)
        return seen, now()

    assert on_virtual_time(main) == ([], 0)


async def _cancel_timer():
    asyncio.get_running_loop().call_later(5, print).cancel()


async def _cancel_sleep():
    sleeping = asyncio.create_task(asyncio.get_running_loop().sleep_ns(7 * DAY))
    await asyncio.sleep(0)
    sleeping.cancel()
    await asyncio.wait([sleeping])


async def _finish_before_timeout():
    async with asyncio.timeout(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("cancel", [_cancel_timer, _cancel_sleep, _finish_before_timeout])
def test_a_cancelled_timer_does_not_move_the_clock(cancel):
    """Time jumps to real deadlines only: when none is left it stands where the last one was."""

    async def main():
        await cancel()
        await asyncio.sleep(1)
        await cancel()
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        with pytest.raises(VirtualTimeError, match="deadlock"):
            runner.run(main())
        assert runner.get_loop().time_ns() == 10**9


def test_a_deadline_in_the_past_is_due_now():
    """Time never goes back: a call for an earlier time is made now, at the present time."""

    async def main():
        loop = asyncio.get_running_loop()
        await loop.sleep_ns(50)
        called = loop.create_future()
        loop.call_at_ns(10, lambda: called.set_result(now()))
        return await called

    assert on_virtual_time(main) == 50


def test_timers_keep_their_context_and_their_time():
    """A timer runs in the context of its making, or the one it was given, and tells when it is due."""
    word = ContextVar("word", default="none")

    async def main():
        loop = asyncio.get_running_loop()
        word.set("before")
        heard = []
        handle = loop.call_at(loop.time() + 2, lambda: heard.append(word.get()))
        given = Context()
        given.run(word.set, "given")
        loop.call_later(1, lambda: heard.append(word.get()), context=given)
        word.set("after")
        await asyncio.sleep(3)
        return handle.when(), heard

    assert on_virtual_time(main) == (2.0, ["given", "before"])


async def _wait_for_lock():
    lock = asyncio.Lock()
    async with lock:
        await lock.acquire()


async def _wait_for_queue():
    await asyncio.Queue().get()


async def _wait_for_future_after_a_while():
    await asyncio.sleep(1)
    await asyncio.get_running_loop().create_future()


async def _wait_for_a_cancelled_timer():
    asyncio.get_running_loop().call_later(1, print).cancel()
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    "wait", [_wait_for_lock, _wait_for_queue, _wait_for_future_after_a_while, _wait_for_a_cancelled_timer]
)
def test_a_deadlock_is_an_error_not_a_hang(wait):
    """Waiting for what can never happen raises VirtualTimeError, and the loop can still clean up and close."""
    cleaned = []

    async def main():
        try:
            await wait()
        finally:
            await asyncio.sleep(1)
            cleaned.append(True)

    with pytest.raises(VirtualTimeError, match="deadlock"), asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(main())
    assert cleaned == [True]


def test_a_loop_with_nothing_to_do_can_be_stopped():
    """`stop` before `run_forever` ends after one turn, as asyncio's own loop does: that is no deadlock."""
    loop = VirtualTimeLoop()
    loop.stop()
    loop.run_forever()
    loop.close()


async def _ignored(*_):
    """Any protocol factory, callback or reader."""


IO_DOORS = {
    "to_thread": lambda: asyncio.to_thread(print),
    "open_connection": lambda: asyncio.open_connection("127.0.0.1", 1),
    "start_server": lambda: asyncio.start_server(_ignored, "127.0.0.1", 0),
    "subprocess_exec": lambda: asyncio.create_subprocess_exec("true"),
    "subprocess_shell": lambda: asyncio.create_subprocess_shell("true", stdout=subprocess.PIPE),
}
if hasattr(asyncio, "open_unix_connection"):
    IO_DOORS["open_unix_connection"] = lambda: asyncio.open_unix_connection("nowhere")
    IO_DOORS["start_unix_server"] = lambda: asyncio.start_unix_server(_ignored, "nowhere")


@pytest.mark.parametrize("door", IO_DOORS.values(), ids=IO_DOORS)
def test_the_doors_people_use_for_real_io_are_refused(door):
    """Threads, connections, servers and child processes fail at once and name the real clock."""

    async def main():
        with pytest.raises(VirtualTimeError, match="use the real clock"):
            await door()

    on_virtual_time(main)


LOOP_DOORS = {
    name
    for name in dir(asyncio.AbstractEventLoop)
    if name.startswith(("sock_", "create_", "connect_", "subprocess_", "add_", "remove_", "get", "send", "start_"))
} - {"create_future", "create_task", "get_debug", "get_exception_handler", "get_task_factory"}


@pytest.mark.parametrize("name", sorted(LOOP_DOORS | {"run_in_executor"}))
def test_every_door_of_the_loop_to_real_io_is_refused(name):
    """Each method of asyncio's loop interface that touches a socket, pipe, thread, signal or process refuses."""

    async def main():
        door = getattr(asyncio.get_running_loop(), name)
        with pytest.raises(VirtualTimeError, match="real I/O on the virtual clock"):
            await door()

    on_virtual_time(main)


def test_asyncios_own_tools_work():
    """Timeouts, groups, gather, queues, locks and conditions keep to the virtual clock."""

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.25):
                await asyncio.sleep(10)
        assert now() == 250_000_000
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.25)
        assert now() == 500_000_000
        async with asyncio.TaskGroup() as group:
            slow, fast = (group.create_task(asyncio.sleep(t, t)) for t in (0.5, 0.1))
        assert (now(), slow.result(), fast.result()) == (1_000_000_000, 0.5, 0.1)
        done, pending = await asyncio.wait([asyncio.ensure_future(asyncio.sleep(t)) for t in (1, 2)], timeout=1.5)
        assert (now(), len(done), len(pending)) == (2_500_000_000, 1, 1)
        await asyncio.gather(*pending)
        queue = asyncio.Queue(1)

        async def produce():
            for item in range(3):
                await asyncio.sleep(1)
                await queue.put(item)

        producing = asyncio.create_task(produce())
        items = [await queue.get() for _ in range(3)]
        await producing
        return items, now()

    assert on_virtual_time(main) == ([0, 1, 2], 6_000_000_000)


def test_a_failing_sibling_cancels_its_group_at_once():
    """A TaskGroup on the virtual clock is over at the first failure; its cancelled sleeps take no time."""

    async def fail():
        await asyncio.sleep(1)
        raise KeyError

    async def main():
        with pytest.raises(ExceptionGroup):  # noqa: PT012  # the error comes out of the group itself
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(100))
                group.create_task(fail())
        await asyncio.sleep(1)
        return now()

    assert on_virtual_time(main) == 2 * 10**9


def test_a_signal_handler_can_reach_the_loop():
    """What a signal handler hands over with `call_soon_threadsafe` runs on the loop at the same virtual time."""

    async def main():
        loop = asyncio.get_running_loop()
        heard = loop.create_future()
        before = signal.signal(
            signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(lambda: heard.set_result(loop.time_ns()))
        )
        try:
            loop.call_later(2, signal.raise_signal, signal.SIGTERM)
            loop.call_later(3, print)
            return await heard
        finally:
            signal.signal(signal.SIGTERM, before)

    assert on_virtual_time(main) == 2 * 10**9


def test_ctrl_c_cancels_the_main_coroutine():
    """SIGINT under asyncio.Runner on a virtual loop cancels, cleans up and ends as KeyboardInterrupt."""
    cleaned = []

    async def main():
        asyncio.get_running_loop().call_later(2, signal.raise_signal, signal.SIGINT)
        try:
            await asyncio.sleep(10)
        finally:
            cleaned.append(now())

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            on_virtual_time(main)
    finally:
        signal.signal(signal.SIGINT, before)
    assert cleaned == [2 * 10**9]


def test_the_clocks_name_themselves_and_count_nanoseconds():
    """Each loop's clock says which one it is, and its sleeper waits for that time, as exactly as the clock can."""

    async def main():
        clock = running_clock()
        before = clock.now_ns()
        await clock.sleeper(3_000_000)()
        return clock.name, clock.now_ns() - before

    for name in ClockName:
        with asyncio.Runner(loop_factory=partial(new_loop, name)) as runner:
            clock, took_ns = runner.run(main())
        assert clock is name
        if name is ClockName.VIRTUAL:
            assert took_ns == 3_000_000
        else:
            assert took_ns >= 3_000_000 - time.get_clock_info("monotonic").resolution * 1e9


def test_virtual_loops_do_not_share_their_time():
    """Two loops in two threads each keep their own clock."""
    ends = {}

    def run(seconds):
        async def main():
            await asyncio.sleep(seconds)
            ends[seconds] = now()

        on_virtual_time(main)

    threads = [threading.Thread(target=run, args=(seconds,)) for seconds in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == {1: 10**9, 2: 2 * 10**9}
