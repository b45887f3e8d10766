"""One file a kind of work: each turns tasks into awaitables and owns the sockets and threads they need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from asyncmodes.capacity import Server, longest_ns
from asyncmodes.collector import collector_paused
from asyncmodes.errors import UsageError
from asyncmodes.executor import Start
from asyncmodes.lists import Indexed, Inventory, Stream, Tasks, each
from asyncmodes.modes import Mode
from asyncmodes.resources import Usage
from asyncmodes.tasks import Block, Cpu, Delay, FakeRequest, Request, Task

if TYPE_CHECKING:
    from asyncmodes.sources.local import LocalServer

_MODULES = {
    "delay": "delay",
    "block": "block",
    "cpu": "cpu",
    "request": "request",
    "url": "http",
    "file": "file",
    "call": "call",
}
_LONGEST_REAL_DELAY_NS = 24 * 3600 * 10**9


class Options(NamedTuple):
    """`max_bytes` is the most decoded bytes a request may receive; `trust_env` lets proxies and netrc be used.

    `phases` measures where the time of each request goes (see `asyncmodes.phases`). `server` is the one that fake
    requests and URLs that are just a path go to: the former need none. `local` is it under way as a process of its
    own.
    """

    max_bytes: int = 1 << 30
    trust_env: bool = False
    phases: bool = False
    server: Server | None = None
    local: LocalServer | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What makes of each task of a kind what starts it, and remarks that belong beside the figures.

    `usage` counts what the tasks use while they run. `width_cap` is the most of them that are worked on at once where
    that is less than the mode allows.
    """

    start: Callable[[Task], Start]
    notes: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    width_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """For each task what starts it, by index, and what all its sources have to say; see `Source`.

    Of tasks that are not kept each is started in its turn. `width_cap` is None if some kinds know no such cap.
    """

    starts: Indexed[Start]
    notes: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    width_cap: int | None = None


_DEFAULTS = Options()


@asynccontextmanager
async def opened(tasks: Collection[Task], mode: Mode, options: Options = _DEFAULTS) -> AsyncIterator[Opened]:
    """Open what these tasks need in one run in this mode, and close it at the end, however the run ended.

    Nothing is shared with another opening: each has sessions and threads of its own. Threads that hang
    are not waited for.
    """
    counts = Tasks.of(tasks).inventory.kinds
    sources: dict[str, Source] = {}
    async with AsyncExitStack() as stack:
        for kind, count in counts.items():
            module = import_module(f"asyncmodes.sources.{_MODULES[kind]}")
            group = tasks if len(counts) == 1 else Stream(partial(_of_kind, kind, tasks), count)
            sources[kind] = await stack.enter_async_context(module.opened(group, mode, options))
        start_by_kind = {kind: source.start for kind, source in sources.items()}
        only = next(iter(start_by_kind.values())) if len(sources) == 1 else None
        caps = [source.width_cap for source in sources.values()]
        with collector_paused():
            starts = each(only or (lambda task: start_by_kind[task.work.kind](task)), tasks)
        yield Opened(
            starts,
            tuple(note for source in sources.values() for note in source.notes),
            Usage(source.usage for source in sources.values()),
            caps[0] if len(caps) == 1 else None,
        )


def _of_kind(kind: str, tasks: Iterable[Task]) -> Iterator[Task]:
    return (task for task in tasks if task.work.kind == kind)


@contextmanager
def prepared(tasks: Collection[Task], options: Options) -> Iterator[Options]:
    """What all runs of these tasks share: the server that they name by path, under way in a process of its own.

    It takes a fraction of a second to start, for which the event loop stands still. Raises UsageError.
    """
    samples = Tasks.of(tasks).inventory.samples
    refuse_paths(samples, options.server)
    if options.server is None or options.local is not None or not any(map(_is_path, samples)):
        yield options
        return
    from asyncmodes.sources.local import local_server

    with local_server(options.server) as local:
        yield options._replace(local=local)


def _is_path(task: Task) -> bool:
    return isinstance(task.work, Request) and task.work.is_path


def uses_server(task: Task) -> bool:
    """Whether the task goes to the server of `Options`."""
    return isinstance(task.work, FakeRequest) or _is_path(task)


def refuse_paths(tasks: Iterable[Task], server: Server | None) -> None:
    """Raise UsageError if one of these tasks names a server by path, and there is none."""
    if server is not None:
        return
    for task in tasks:
        if _is_path(task):
            raise UsageError.at(
                f"task {task.name!r}",
                f"{task.work.target} is just a path, and there is no server to ask for it",
                'add --server "capacity=8 overload=slow", or a [server] table to the spec; or write http://...',
            )


def refuse_endless(inventory: Inventory, modes: Sequence[Mode], server: Server | None, most_ns: int) -> None:
    """Raise UsageError if these tasks, as far as can be known, may take longer than `most_ns` in one of the modes."""
    kinds = inventory.kinds
    base_ns = [task.work.duration_ns for task in inventory.samples if isinstance(task.work, FakeRequest)]
    for mode in modes:
        lanes = mode.lanes(kinds.total())
        requests_ns = longest_ns(kinds[FakeRequest.kind], max(base_ns, default=0), lanes, server or Server())
        if inventory.known_ns + requests_ns > most_ns:
            raise UsageError.at("tasks", "together they may take more than 292 years", "give fewer or shorter ones")


def refuse_virtual(tasks: Iterable[Task]) -> None:
    """Raise UsageError if one of these tasks cannot run on the virtual clock."""
    for task in tasks:
        if isinstance(task.work, Cpu):
            raise UsageError.at(
                f"task {task.name!r}",
                f"{task.work.target} burns real processor time, and the virtual clock runs only fake tasks",
                f"use --clock real, or write {task.work.target.replace('cpu:', 'block:')} for the simulated one",
            )
        if task.work.real_io:
            raise UsageError.at(
                f"task {task.name!r}",
                f"{task.work.target} is real input and output, and the virtual clock runs only fake tasks",
                "use --clock real",
            )


def refuse_too_long(tasks: Iterable[Task]) -> None:
    """Raise UsageError if one of these tasks would wait longer on the real clock than anybody means it to."""
    for task in tasks:
        work = task.work
        if isinstance(work, Delay | Block | Cpu | FakeRequest) and work.duration_ns > _LONGEST_REAL_DELAY_NS:
            raise UsageError.at(
                f"task {task.name!r}",
                f"{work.target} is more than 24 hours of real time",
                "write less" if isinstance(work, Cpu) else "use --clock virtual",
            )
