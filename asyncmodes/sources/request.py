"""Fake requests: a simulated server says how long each takes, and they wait for so long on the running loop's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial

from asyncmodes.capacity import Server, Service, answer
from asyncmodes.clocks import Clock, running_clock
from asyncmodes.modes import Mode
from asyncmodes.sources import Options, Source
from asyncmodes.tasks import Task, TaskFailed


@asynccontextmanager
async def opened(tasks: Collection[Task], mode: Mode, options: Options) -> AsyncIterator[Source]:  # noqa: ARG001  # every source takes these
    """What starts each request to one simulated server, which is new and idle. The detail is `{"status": 200}`."""
    server = options.server or Server()
    service, clock = Service(server), running_clock()
    note = f"fake requests went to a simulated server: {str(server) or 'one without limits'}"
    yield Source(lambda task: partial(_request, service, clock, task), (note,))


async def _request(service: Service, clock: Clock, task: Task) -> Mapping[str, object] | None:
    visit, outcome, detail = answer(service, task, clock.now_ns())
    await clock.sleeper(outcome.duration_ns)()
    service.leave(visit)  # not if cancelled: with that the run is over, and so is the server
    if outcome.failure is not None:
        raise TaskFailed(outcome.failure, detail)
    return detail
