"""The critical path: the longest chain of tasks that need each other. No run in which all end ok can beat it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from asyncmodes.tasks import Task


class CriticalPath(NamedTuple):
    """`ns` nanoseconds long, from the durations of one run.

    `chain` is the chain in the order in which it ran, of several as long the one that ends with the lowest index;
    `tasks` are all that lie on one of these. Without needs a chain is a single task.
    """

    ns: int
    chain: tuple[int, ...]
    tasks: frozenset[int]


def critical_path(tasks: Sequence[Task], durations_ns: Sequence[int]) -> CriticalPath:
    """The critical path of at least one task, of these durations."""
    order = _needs_first(tasks)
    until = list(durations_ns)  # how long the longest chain that ends with this task takes
    for index in order:
        until[index] += max((until[need] for need in tasks[index].needs), default=0)
    after = [0] * len(until)  # and how much longer the longest one that goes on from here
    for index in reversed(order):
        for need in tasks[index].needs:
            after[need] = max(after[need], durations_ns[index] + after[index])
    longest = max(until)
    chain = [until.index(longest)]
    while needs := tasks[chain[-1]].needs:
        chain.append(min(needs, key=lambda need: (-until[need], need)))
    on_it = frozenset(i for i, (before, rest) in enumerate(zip(until, after, strict=True)) if before + rest == longest)
    return CriticalPath(longest, tuple(reversed(chain)), on_it)


def _needs_first(tasks: Sequence[Task]) -> list[int]:
    """All tasks that need others or are needed, each after those that it needs."""
    needs = {index: task.needs for index, task in enumerate(tasks) if task.needs}
    if not needs:
        return []
    from graphlib import TopologicalSorter  # imported late: few specs have needs

    return list(TopologicalSorter(needs).static_order())
