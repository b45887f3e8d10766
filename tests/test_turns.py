"""The event loop that can be watched does with callbacks what asyncio's own does."""

import asyncio
from contextvars import ContextVar, copy_context

import pytest

from asyncmodes.clocks import ClockName, new_loop

LOOPS = pytest.mark.parametrize(
    "make", [asyncio.SelectorEventLoop, lambda: new_loop(ClockName.REAL)], ids=["asyncio", "ours"]
)
whose = ContextVar("whose", default="nobody's")


@pytest.fixture
def loop(make):
    """One of the two loops, closed afterwards."""
    made = make()
    yield made
    made.close()


def after_a_turn(loop):
    """Let the loop do what is to be done, and come back."""
    loop.run_until_complete(asyncio.sleep(0))


@LOOPS
def test_callbacks_are_called_in_their_order_with_their_arguments(loop):
    """First come, first served; one that was cancelled is left out."""
    called = []
    loop.call_soon(called.append, "first")
    second = loop.call_soon(called.append, "second")
    loop.call_soon(lambda *both: called.append(both), "third", 3)
    second.cancel()
    after_a_turn(loop)
    assert called == ["first", ("third", 3)]
    assert second.cancelled()


@LOOPS
def test_a_callback_has_a_context_of_its_own(loop):
    """The one it is given, or else a copy of the caller's: what it sets is seen nowhere else."""
    given = copy_context()
    given.run(whose.set, "given")
    seen = []

    def look():
        seen.append(whose.get())
        whose.set("changed")

    loop.call_soon(look, context=given)
    loop.call_soon(look)
    loop.call_soon(look)
    after_a_turn(loop)
    assert seen == ["given", "nobody's", "nobody's"]
    assert given[whose] == "changed"
    assert whose.get() == "nobody's"


@LOOPS
def test_an_exception_in_a_callback_is_reported_and_stops_nobody(loop):
    """The loop's handler is told of it, with the handle; the next callback is called."""
    told, called = [], []
    loop.set_exception_handler(lambda _, what: told.append((what["exception"], what["handle"])))
    bad = loop.call_soon(int, "x")
    loop.call_soon(called.append, 1)
    after_a_turn(loop)
    assert [(type(error), handle) for error, handle in told] == [(ValueError, bad)]
    assert called == [1]


@LOOPS
def test_debug_mode_checks_callbacks(loop):
    """With asyncio's debug mode on, a coroutine function is refused, and a handle knows where it was made."""
    loop.set_debug(True)
    with pytest.raises(TypeError, match="coroutines cannot be used"):
        loop.call_soon(asyncio.sleep)
    assert "test_turns.py" in repr(loop.call_soon(print))


@LOOPS
def test_a_closed_loop_takes_no_callback(loop):
    """It says so."""
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_soon(print)


def test_a_handle_has_all_that_asyncio_gives_it():
    """Whatever this version of Python puts into one."""
    ours, theirs = new_loop(ClockName.REAL), asyncio.SelectorEventLoop()
    context = copy_context()
    handles = [loop.call_soon(print, 1, context=context) for loop in (ours, theirs)]
    slots = [slot for slot in asyncio.Handle.__slots__ if slot not in ("__weakref__", "_loop")]
    mine, known = ([getattr(handle, slot) for slot in slots] for handle in handles)
    assert mine == known
    assert handles[0]._loop is ours
    assert type(handles[0]) is asyncio.Handle
    ours.close()
    theirs.close()
