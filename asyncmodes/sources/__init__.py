"""One file a kind of work: each turns tasks into awaitables and owns the sockets and threads they need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

from asyncmodes.errors import UsageError
from asyncmodes.executor import Start
from asyncmodes.modes import Mode
from asyncmodes.tasks import Delay, Task

_MODULES = {"delay": "delay", "url": "http", "file": "file", "call": "call"}
_LONGEST_REAL_DELAY_NS = 24 * 3600 * 10**9


@dataclass(frozen=True, slots=True)
class Options:
    """`max_bytes` is the most decoded bytes a request may receive; `trust_env` lets proxies and netrc be used.

    `phases` measures where the time of each request goes (see `asyncmodes.phases`).
    """

    max_bytes: int = 1 << 30
    trust_env: bool = False
    phases: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """For each task what starts it, in input order, and remarks that belong beside the figures."""

    starts: Sequence[Start]
    notes: tuple[str, ...] = ()


_DEFAULTS = Options()


@asynccontextmanager
async def opened(tasks: Sequence[Task], mode: Mode, options: Options = _DEFAULTS) -> AsyncIterator[Opened]:
    """Open what these tasks need in one run in this mode, and close it at the end, however the run ended.

    Nothing is shared with another opening: each has sessions and threads of its own. Threads that hang
    are not waited for.
    """
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.work.kind, []).append(task)
    starts: dict[str, Iterator[Start]] = {}
    notes: list[str] = []
    async with AsyncExitStack() as stack:
        for kind, group in groups.items():
            source = import_module(f"asyncmodes.sources.{_MODULES[kind]}")
            part: Opened = await stack.enter_async_context(source.opened(group, mode, options))
            starts[kind] = iter(part.starts)
            notes += part.notes
        yield Opened([next(starts[task.work.kind]) for task in tasks], tuple(notes))


def refuse_virtual(tasks: Sequence[Task]) -> None:
    """Raise UsageError if one of these tasks cannot run on the virtual clock."""
    for task in tasks:
        if task.work.real_io:
            raise UsageError.at(
                f"task {task.name!r}",
                f"{task.work.target} is real input and output, and the virtual clock runs only fake tasks",
                "use --clock real",
            )


def refuse_too_long(tasks: Sequence[Task]) -> None:
    """Raise UsageError if one of these tasks would wait longer on the real clock than anybody means it to."""
    for task in tasks:
        work = task.work
        if isinstance(work, Delay) and work.duration_ns > _LONGEST_REAL_DELAY_NS:
            raise UsageError.at(
                f"task {task.name!r}",
                f"{work.target} is more than 24 hours of real waiting",
                "use --clock virtual",
            )
