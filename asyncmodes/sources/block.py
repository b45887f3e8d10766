"""Blocking delays: they keep the running loop from doing anything else, then end as the spec says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from functools import partial

from asyncmodes.clocks import running_clock
from asyncmodes.modes import Mode
from asyncmodes.sources import Options, Source
from asyncmodes.tasks import Task, TaskFailed


@asynccontextmanager
async def opened(tasks: Collection[Task], mode: Mode, options: Options) -> AsyncIterator[Source]:  # noqa: ARG001  # every source takes these
    """What starts each of them. It never gives up control, so nothing can stop it: neither a timeout nor Ctrl-C."""
    block = running_clock().block
    yield Source(lambda task: partial(_block, block, task), unstoppable_notes(tasks))


async def _block(block: Callable[[int], None], task: Task) -> None:
    outcome = task.work.outcome
    assert outcome is not None
    block(outcome.duration_ns)
    if outcome.failure is not None:
        raise TaskFailed(outcome.failure)


def unstoppable_notes(tasks: Iterable[Task]) -> tuple[str, ...]:
    """What to say if one of these tasks blocks the event loop for longer than its timeout."""
    for task in tasks:
        outcome = task.work.outcome
        if task.timeout_ns is not None and outcome is not None and outcome.duration_ns > task.timeout_ns:
            return ("a timeout cannot stop what blocks the event loop: it can only be noticed when the loop is free",)
    return ()
