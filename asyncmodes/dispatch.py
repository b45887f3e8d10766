"""Which task starts next, and on which lane: what the executor and the prediction have in common.

A `Dispatch` hands out tasks to workers, which are numbers. Each worker takes one task after another from its source.
Tasks start in input order among those that are ready, on the lowest free lane.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Protocol

from asyncmodes.errors import UsageError
from asyncmodes.lists import Tasks
from asyncmodes.modes import Mode
from asyncmodes.tasks import Task

_MOST_NAMED = 12  # tasks of a circle


class Dispatch(Protocol):
    """Hands out the tasks of one run. `heeds`: whether it has to be told of every task that ended.

    The number of a worker is its lane, or where the dispatch heeds every end, the index of its only task. It is
    below `workers`.
    """

    heeds: bool
    workers: int

    def portion(self) -> Sequence[int]:
        """The workers to begin with: of a batch, or of all tasks. Empty if nothing is left to start."""
        ...

    def begin(self, worker: int) -> tuple[int, Iterable[int]]:
        """A worker begins: its lane, and where it takes the indices of its tasks from, each when it starts it."""
        ...

    def ended(self, lane: int, index: int, ok: bool) -> Sequence[int]:
        """A task has ended; the further workers that can begin now."""
        ...

    def close(self) -> None:
        """Hand out nothing any more, not even to workers that have not begun yet."""
        ...


def dispatch(tasks: Collection[Task], mode: Mode, width_cap: int | None = None) -> Dispatch:
    """The dispatch of these tasks in this mode; with `width_cap` no more than so many are in flight.

    Raises UsageError if they need each other in a circle, or what is not there.
    """
    if not Tasks.of(tasks).has_needs:
        return _InTurn(len(tasks), mode, width_cap)
    check_needs(tasks)
    return _WhenReady(tasks, mode, width_cap)


class _InTurn:
    """Every task is ready: the workers of a batch pull from one iterator, each on its own lane.

    As long as there are tasks no worker is idle, so the lane that becomes free is the one of the worker that asks.
    """

    heeds = False

    def __init__(self, count: int, mode: Mode, width_cap: int | None) -> None:
        self._mode = mode
        self._width_cap = width_cap
        self.workers = mode.lanes(count)
        self._batches = mode.batches(count)
        self._rest: Iterator[int] = iter(())

    def portion(self) -> Sequence[int]:
        batch = next(self._batches, range(0))
        self._rest = iter(batch)
        return range(_capped(self._mode.lanes(len(batch)), self._width_cap))

    def begin(self, worker: int) -> tuple[int, Iterable[int]]:
        return worker, self._rest

    def ended(self, lane: int, index: int, ok: bool) -> Sequence[int]:  # noqa: ARG002  # all have their workers
        return ()

    def close(self) -> None:
        self._batches = iter(())
        for _ in self._rest:
            pass


class _WhenReady:
    """Some tasks need others: each has a worker of its own, which begins when it is ready and a lane is free."""

    heeds = True

    def __init__(self, tasks: Collection[Task], mode: Mode, width_cap: int | None) -> None:
        self.workers = len(tasks)
        self._mode = mode
        self._closed = False
        needs = [set(task.needs) for task in tasks]
        self._unmet = [len(each) for each in needs]
        self._needed_by: list[list[int]] = [[] for _ in tasks]
        for index, needed in enumerate(needs):
            for need in needed:
                self._needed_by[need].append(index)
        # Both are heaps. With a barrier only the tasks of the batch are open, without one all that are ready.
        self._ready = [index for index, unmet in enumerate(self._unmet) if not unmet]
        self._open: list[int] = [] if mode.barrier else self._ready
        # A slot is taken when a worker is handed out, its lane when it begins: others may have ended by then.
        self._slots = _capped(mode.lanes(len(tasks)), width_cap)
        self._free_lanes = list(range(self._slots))

    def portion(self) -> Sequence[int]:
        if self._open is not self._ready:
            self._open = [heappop(self._ready) for _ in range(self._mode.lanes(len(self._ready)))]
        return self._handed_out()

    def begin(self, worker: int) -> tuple[int, Iterable[int]]:
        return heappop(self._free_lanes), () if self._closed else (worker,)

    def ended(self, lane: int, index: int, ok: bool) -> Sequence[int]:
        heappush(self._free_lanes, lane)
        self._slots += 1
        for dependant in self._needed_by[index] if ok else ():
            self._unmet[dependant] -= 1
            if not self._unmet[dependant]:
                heappush(self._ready, dependant)
        return self._handed_out()

    def close(self) -> None:
        self._closed = True

    def _handed_out(self) -> list[int]:
        workers: list[int] = []
        while self._open and self._slots and not self._closed:
            self._slots -= 1
            workers.append(heappop(self._open))
        return workers


def _capped(lanes: int, cap: int | None) -> int:
    return lanes if cap is None else min(lanes, cap)


def check_needs(tasks: Collection[Task]) -> None:
    """Raise UsageError if a task needs what is not in the list, itself, or others that need it."""
    for task in tasks:
        for need in task.needs:
            if not 0 <= need < len(tasks):
                what = f"it needs task {need}, which is not there"
                raise UsageError.at(f"task {task.name!r}", what, f"give indices from 0 to {len(tasks) - 1}")
    if circle := needs_circle({index: task.needs for index, task in enumerate(tasks) if task.needs}):
        listed = list(tasks)
        names = [listed[index].name for index in circle]
        raise UsageError.at(f"task {names[0]!r}", f"it needs itself: {chained(names)}", "leave one of them out")


def chained(names: Sequence[str]) -> str:
    """The names of a circle with arrows between; of a long one the first, how many more, and the last ones."""
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 3], f"({len(names) - _MOST_NAMED + 1:,} more)", *names[-2:]]
    return " -> ".join(names)


def needs_circle(needs: dict[int, Sequence[int]]) -> list[int]:
    """Indices of which each needs the next one, the first again at the end, beginning with the lowest; else empty."""
    if not needs:
        return []
    from graphlib import CycleError, TopologicalSorter  # imported late: few specs have needs

    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle: list[int] = error.args[1][:0:-1]  # graphlib's has each before the one that needs it
        lowest = circle.index(min(circle))
        return [*circle[lowest:], *circle[: lowest + 1]]
    return []
