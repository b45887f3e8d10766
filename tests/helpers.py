"""Task lists and runs written as short text, and a runner that lets no asyncio task and no lost error pass."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from itertools import count
from typing import Any

from hypothesis import settings

from asyncmodes.clocks import Clock, running_clock
from asyncmodes.executor import Execution, Start
from asyncmodes.modes import Mode, parse_mode
from asyncmodes.record import Run
from asyncmodes.tasks import Block, Delay, Task, TaskFailed
from asyncmodes.virtual_time import VirtualTimeLoop

MS = 1_000_000
_ITEM = re.compile(r"(\d+)(#?)(!?)(?:/(\d+))?")


def delays(text: str) -> list[Task]:
    """Tasks a, b, c … from milliseconds: `300 200! 500/100 7#` is a delay, one that fails or times out, a block."""
    tasks = []
    for index, item in zip(count(), text.split()):
        duration, blocks, fails, timeout = _ITEM.fullmatch(item).groups()
        work = (Block if blocks else Delay)(int(duration) * MS, f"{duration}ms", "burnt" if fails else None)
        tasks.append(Task(chr(ord("a") + index), work, int(timeout) * MS if timeout else None))
    return tasks


def starts_of(tasks: Sequence[Task]) -> list[Start]:
    """What starts these tasks on the running loop's clock: wait, then end as the task's outcome says."""
    return [_start_of(task) for task in tasks]


def _start_of(task: Task) -> Start:
    outcome = task.outcome
    clock = running_clock()
    sleep = partial(_block, clock, outcome.duration_ns) if task.work.blocking else clock.sleeper(outcome.duration_ns)
    if outcome.failure is None:
        return sleep

    async def fail() -> None:
        await sleep()
        raise TaskFailed(outcome.failure)

    return fail


async def _block(clock: Clock, duration_ns: int) -> None:
    clock.block(duration_ns)


def execution_of(tasks: Sequence[Task], mode: str | Mode) -> Execution:
    """The execution of fake delays; call it on a running loop."""
    return Execution(tasks, starts_of(tasks), parse_mode(mode) if isinstance(mode, str) else mode)


def on_virtual_time(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run `main` on a new virtual loop; no asyncio task may be left behind and no error go unseen."""
    unseen = []

    async def watched() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
        try:
            return await main()
        finally:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"left behind: {left}"

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        result = runner.run(watched())
    assert not unseen
    return result


def run(text: str, mode: str | Mode) -> Run:
    """The run of `delays(text)` in this mode on the virtual clock."""
    tasks = delays(text)

    async def main() -> Run:
        return await execution_of(tasks, mode).finish()

    return on_virtual_time(main)


def verdict(run: Run) -> str:
    """What the caller got, in one line; times in milliseconds."""
    by = "" if run.decided_by is None else f" by {run.tasks[run.decided_by].name}"
    return f"{run.verdict}{by}, total {_ms(run.total_ns)}, drained {_ms(run.drained_ns)}"


def spans(run: Run) -> list[str]:
    """What happened to each task, one a line, such as `a ok 0-300 lane 0 orphan`; times in milliseconds."""
    return [" ".join(_words(span)) for span in run.spans]


def _words(span: Any) -> list[str]:
    words = [span.task.name, str(span.state)]
    if span.start_ns is not None:
        end = "" if span.end_ns is None else _ms(span.end_ns)
        words += [f"{_ms(span.start_ns)}-{end}", f"lane {span.lane}"]
    return words + ["orphan"] * span.orphan


def _ms(ns: int) -> str:
    return f"{ns / MS:g}"


def examples(most: int) -> int:
    """How many examples a property is tried with: `most`, and fewer where each of many mutants meets them."""
    profile = settings.get_current_profile_name()
    return min(most, settings.get_profile(profile).max_examples) if profile == "mutants" else most
