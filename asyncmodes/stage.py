"""Where the scenes of topics are played: by the executor on the virtual clock, at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial

from asyncmodes.measure import measure, plan
from asyncmodes.record import Comparison
from asyncmodes.sources import Options
from asyncmodes.tasks import Call, Task
from asyncmodes.topics import Played, Scene
from asyncmodes.virtual_time import VirtualTimeLoop


def play(scenes: Sequence[Scene]) -> list[Played]:
    """Play the scenes one after another, each from time 0. Not to be called from a running event loop."""
    return [Played(scene, _played(scene)) for scene in scenes]


def _played(scene: Scene) -> Comparison:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        made = plan(_cast(scene), scene.mode, title=scene.title, clock="virtual", options=Options(server=scene.server))
        if scene.interrupted_ns is None:
            return runner.run(measure(made))
        return runner.run(_interrupted(measure(made), scene.interrupted_ns))


async def _interrupted(running: Coroutine[object, object, Comparison], at_ns: int) -> Comparison:
    """Cancel it then. Tasks that end at this very instant do: they are woken before the cancellation gets to them."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    task = loop.create_task(running)
    await loop.sleep_ns(at_ns)
    task.cancel()
    return await task


def _cast(scene: Scene) -> Sequence[Task]:
    """The scene's tasks; those that wait for others, and these, know each other."""
    if not scene.awaits:
        return scene.tasks
    ended = {task.name: asyncio.Event() for task in scene.tasks}

    def part(task: Task) -> Task:
        others = [ended[name] for name in scene.awaits.get(task.name, ())]
        assert task.outcome is not None
        act = partial(_act, task.outcome.duration_ns, others, ended[task.name])
        return replace(task, work=Call(act, task.work.target))

    return [part(task) for task in scene.tasks]


async def _act(duration_ns: int, others: Sequence[asyncio.Event], ended: asyncio.Event) -> None:
    await asyncio.sleep(duration_ns / 1e9)
    for each in others:
        await each.wait()
    ended.set()
