"""Lists of tasks: what is read off all of them once for all runs, and those too long to be kept.

The items of a list that is too long, a `Stream`, are made anew each time they are asked for, in order.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Generic, NamedTuple, Protocol, TypeVar

from asyncmodes.errors import UsageError
from asyncmodes.tasks import Failure, FileRead, Request, Task

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Indexed(Protocol[T_co]):
    """What gives its items by index: a sequence, or one that gives each of them once, in order."""

    def __getitem__(self, index: int, /) -> T_co: ...


class Stream(Collection[T]):
    """`count` items, which `make()` makes anew, always in the same order, each time that they are asked for."""

    def __init__(self, make: Callable[[], Iterator[T]], count: int) -> None:
        self._make = make
        self._count = count

    def __iter__(self) -> Iterator[T]:
        return self._make()

    def __len__(self) -> int:
        return self._count

    def __contains__(self, item: object) -> bool:
        return any(each == item for each in self)


class _InOrder(Generic[T]):
    """Items that are asked for by indices that only ever rise."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._next = 0

    def __getitem__(self, index: int, /) -> T:
        while self._next < index:  # those in between are not wanted
            next(self._items)
            self._next += 1
        self._next += 1
        return next(self._items)


def listed(items: Collection[T]) -> Sequence[T]:
    """All items at once: the sequence itself, or those of a stream in one."""
    return items if isinstance(items, Sequence) else tuple(items)


def by_index(items: Collection[T]) -> Indexed[T]:
    """The items, to be asked for by index: those of a stream only in order, and each of them once."""
    return items if isinstance(items, Sequence) else _InOrder(items)


def each(function: Callable[[T], T_co], items: Collection[T]) -> Indexed[T_co]:
    """What the function makes of each item: at once for all of a sequence, of a stream when it is asked for."""
    made = map(function, items)
    return list(made) if isinstance(items, Sequence) else _InOrder(made)


Known = tuple[int, Failure | None, bool]
"""An outcome known beforehand and whether the work blocks: plain, as a named tuple takes four times as long to read."""


def _known(task: Task) -> Known | None:
    outcome = task.outcome
    return None if outcome is None else (outcome.duration_ns, outcome.failure, task.work.blocking)


class Inventory(NamedTuple):
    """What is in a list of tasks: all that is asked before they are run, read off them in one pass.

    `kinds` counts the tasks of each kind of work. `samples` are the first and the longest task of each kind, paths of
    a server apart from other URLs: whether any task is real, too long or for a server, shows at them. `known_ns` is
    how long those tasks take together whose outcome is known.
    """

    kinds: Counter[str]
    samples: Sequence[Task]
    known_ns: int


def _inventory(tasks: Iterable[Task]) -> Inventory:
    kinds: Counter[str] = Counter()
    firsts: dict[tuple[str, bool], Task] = {}
    longest: dict[str, tuple[int, Task]] = {}
    known_ns = 0
    for task in tasks:
        if not isinstance(task, Task):
            hint = "make tasks with words(...), call(...) or read_spec(...)"
            raise UsageError.at("tasks", f"{task!r} is no task", hint)
        work = task.work
        kind = work.kind
        kinds[kind] += 1
        firsts.setdefault((kind, isinstance(work, Request) and work.is_path), task)
        duration_ns = getattr(work, "duration_ns", 0)
        if duration_ns > longest.get(kind, (0,))[0]:
            longest[kind] = duration_ns, task
        if (outcome := task.outcome) is not None:
            known_ns += outcome.duration_ns
    return Inventory(kinds, [*firsts.values(), *(task for _, task in longest.values())], known_ns)


class Tasks(Collection[Task]):
    """The tasks of all runs of a comparison, with what is read off all of them once. They never change."""

    @staticmethod
    def of(tasks: Collection[Task]) -> Tasks:
        """These tasks with that: themselves if they have it."""
        if isinstance(tasks, Tasks):
            return tasks
        return TaskList(tasks) if isinstance(tasks, Sequence) else TaskStream(tasks.__iter__, len(tasks))

    @property
    @abstractmethod
    def known(self) -> Indexed[Known | None]:
        """What is known of each of them beforehand, None where only running it can tell."""

    @cached_property
    def inventory(self) -> Inventory:
        """What is in them. Raises UsageError if one is no task."""
        return _inventory(self)

    @cached_property
    def files(self) -> list[str]:
        """The paths of all files that they read, each once."""
        if FileRead.kind not in self.inventory.kinds:
            return []
        return list(dict.fromkeys(task.work.path for task in self if isinstance(task.work, FileRead)))

    @cached_property
    def has_needs(self) -> bool:
        """Whether any of them needs another."""
        return any(map(attrgetter("needs"), self))

    @cached_property
    def has_blocking_work(self) -> bool:
        """Whether any of them blocks the event loop."""
        return any(map(attrgetter("work.blocking"), self))


class TaskList(list[Task], Tasks):
    """Tasks that are kept."""

    @cached_property
    def known(self) -> list[Known | None]:
        """What is known of each of them beforehand, None where only running it can tell."""
        return list(map(_known, self))


class TaskStream(Stream[Task], Tasks):
    """Tasks that are not kept."""

    @property
    def known(self) -> Indexed[Known | None]:
        """What is known of each of them beforehand, to be asked for in order."""
        return each(_known, self)
