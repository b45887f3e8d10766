"""What is read from words and files: a list of tasks, and what holds for those that do not say otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmodes.errors import UsageError
from asyncmodes.tasks import CpuIn, Task

if TYPE_CHECKING:
    from asyncmodes.capacity import Server


@dataclass(frozen=True, slots=True)
class Spec:
    """A list of tasks with a title, which may be empty, and the server that those go to which name none.

    `notes` are remarks that belong beside all figures of these tasks.
    """

    title: str
    tasks: Collection[Task]
    server: Server | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every task that does not say otherwise.

    `timeout_ns` None: 30 s for URLs and no limit for others. `method` None: GET, or POST if there is `data`.
    `cpu_in` is where CPU work is done. `seed` is for delays drawn from a range; a list of more than `max_tasks` is
    refused. Without `keep_tasks` the tasks are made anew whenever they are asked for, and named by what they do.
    Raises UsageError.
    """

    timeout_ns: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    method: str | None = None
    data: bytes | None = None
    cpu_in: CpuIn = CpuIn.INLINE
    seed: int = 0
    max_tasks: int = 1_000_000
    keep_tasks: bool = True

    def __post_init__(self) -> None:
        if self.timeout_ns is not None and self.timeout_ns <= 0:
            raise UsageError.at("--timeout", "it leaves no time at all", "write a timeout above zero, such as 2s")
        if self.method is not None:
            from asyncmodes.spec.web import check_method

            check_method(self.method, "--method")
