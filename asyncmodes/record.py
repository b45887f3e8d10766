"""What happened: one `Run` for each execution of a task list in a mode, and the `Comparison` of several.

A run keeps its times as columns (one array a figure, one row a task), since it may hold a million tasks;
a `Span` is one row of them. All times are whole nanoseconds from the start of their own run, and -1 in a
column stands for "never happened".
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import compress
from operator import attrgetter, not_, sub
from typing import TYPE_CHECKING

from asyncmodes.critical import CriticalPath, critical_path
from asyncmodes.lists import Tasks
from asyncmodes.modes import Mode, Stop
from asyncmodes.resources import Resources
from asyncmodes.spread import Spread
from asyncmodes.tasks import Failure, State, Task

if TYPE_CHECKING:
    from asyncmodes.rulings import Against, Judgement

NEVER = -1
_NEVER_BYTES = array("q", [NEVER]).tobytes()
_CHUNK = 4096  # rows


def happened(column: array[int]) -> int:
    """How many rows of a column of times are not NEVER.

    Bytes are searched fifty times as fast as numbers are compared. All bits of NEVER are set, and a time is neither
    negative nor as long as two years, so no other eight bytes that follow each other are like it.
    """
    return len(column) - column.tobytes().count(_NEVER_BYTES)


def nevers(column: array[int], start: int = 0) -> Iterator[int]:
    """The rows of a column of times that are NEVER, in order, from row `start` on; see `happened`."""
    for first in range(start, len(column), _CHUNK):
        data = column[first : first + _CHUNK].tobytes()
        found = data.find(_NEVER_BYTES)
        while found >= 0:
            row = -(-found // column.itemsize)
            yield first + row
            found = data.find(_NEVER_BYTES, (row + 1) * column.itemsize)


def _in_order(column: array[int]) -> array[int]:
    """The times that are not NEVER, in order; a new column also where nothing had to move."""
    times = column.tolist()
    ordered = sorted(times)
    if ordered == times and NEVER not in ordered[:1]:  # of the same objects that is known ten times as fast
        return column[:]
    return array("q", ordered[bisect_left(ordered, 0) :])


class Verdict(StrEnum):
    """What the caller got: all it waited for, an error, an interruption; or nothing yet."""

    FULFILLED = "fulfilled"
    REJECTED = "rejected"
    INTERRUPTED = "interrupted"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Span:
    """What happened to one task in one run; times in nanoseconds, None where it never happened."""

    index: int
    task: Task
    state: State
    orphan: bool
    lane: int | None
    ready_ns: int | None
    start_ns: int | None
    end_ns: int | None
    error: Failure | None
    skipped_because: int | None
    detail: Mapping[str, object]


@dataclass(frozen=True, repr=False)
class Run:
    """One execution of one task list in one mode. A live run's picture is a Run too, with RUNNING as verdict.

    `total_ns` is when the caller resumed, `drained_ns` when no task was running any more. `decided_by` is the
    index of the task whose outcome made the caller resume early. `interrupted_ns` is when the run was cancelled from
    outside, also where the caller had resumed before. `notes` are remarks of the sources that belong beside the
    figures. `resources` is what the run cost the machine, None where that was not measured. `width_cap` is the most
    tasks that were worked on at once where the machine allowed fewer than the mode.
    """

    tasks: Sequence[Task]
    mode: Mode
    verdict: Verdict
    decided_by: int | None
    total_ns: int
    drained_ns: int
    starts: array[int]
    ends: array[int]
    lanes: array[int]
    failures: Mapping[int, Failure]
    cancelled: frozenset[int] = frozenset()
    orphans: frozenset[int] = frozenset()
    details: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    predicted_ns: int | None = None
    repeat: int = 0
    interrupted_ns: int | None = None
    resources: Resources | None = None
    width_cap: int | None = None

    def __len__(self) -> int:
        return len(self.tasks)

    def __repr__(self) -> str:
        # Short: asyncio's runner writes out what a coroutine has returned, a million tasks too.
        return f"<{type(self).__name__} of {len(self)} tasks in {self.mode}: {self.verdict} after {self.total_ns} ns>"

    def state(self, index: int) -> State:
        """Where the task stands (in a finished run: how it ended)."""
        if self.starts[index] < 0:
            if self.verdict is not Verdict.RUNNING or index in self.skipped_because:
                return State.SKIPPED
            return State.QUEUED if self.ready_ns(index) is not None else State.WAITING
        if self.ends[index] < 0:
            return State.RUNNING
        if index in self.failures:
            return self.failures[index].state
        return State.CANCELLED if index in self.cancelled else State.OK

    def ready_ns(self, index: int) -> int | None:
        """When the last task that this one needs had ended ok: 0 if it needs none, None if that never happened."""
        needs = self.tasks[index].needs
        if not needs:
            return 0
        return max(self.ends[need] for need in needs) if all(map(self._is_ok, needs)) else None

    def _is_ok(self, index: int) -> bool:
        return self.ends[index] >= 0 and index not in self.failures and index not in self.cancelled

    @cached_property
    def skipped_because(self) -> dict[int, int]:
        """The culprit of each task that can no longer start because of what it needs, directly or through others.

        A culprit has failed, timed out or been cancelled; of several it is the one that ended first.
        """
        culprits = sorted({*self.failures, *self.cancelled}, key=lambda index: (self.ends[index], index))
        if not culprits or not self.has_needs:
            return {}
        needed_by: dict[int, list[int]] = {}
        for index, task in enumerate(self.tasks):
            for need in task.needs:
                needed_by.setdefault(need, []).append(index)
        because: dict[int, int] = {}
        for culprit in culprits:
            doomed = [culprit]
            while doomed:
                new = [index for index in needed_by.pop(doomed.pop(), ()) if index not in because]
                because.update(dict.fromkeys(new, culprit))
                doomed += new
        return because

    def span(self, index: int) -> Span:
        """Everything about one task."""

        def known(column: array[int]) -> int | None:
            return None if column[index] < 0 else column[index]

        return Span(
            index=index,
            task=self.tasks[index],
            state=self.state(index),
            orphan=index in self.orphans,
            lane=known(self.lanes),
            ready_ns=self.ready_ns(index),
            start_ns=known(self.starts),
            end_ns=known(self.ends),
            error=self.failures.get(index),
            skipped_because=self.skipped_because.get(index),
            detail=self.details.get(index, {}),
        )

    @property
    def spans(self) -> list[Span]:
        """A span for each task that was kept, in input order."""
        return [self.span(index) for index in range(len(self.tasks))]

    @cached_property
    def started(self) -> int:
        """How many tasks started."""
        return happened(self.starts)

    @cached_property
    def ended(self) -> int:
        """How many tasks have ended."""
        return happened(self.ends)

    @cached_property
    def counts(self) -> dict[State, int]:
        """How many tasks are in each final state (and in a live run: `running`, `queued`, `waiting`)."""
        running = self.started - self.ended
        timed_out = sum(failure.state is State.TIMED_OUT for failure in self.failures.values())
        counts = {
            State.OK: self.started - running - len(self.failures) - len(self.cancelled),
            State.FAILED: len(self.failures) - timed_out,
            State.TIMED_OUT: timed_out,
            State.CANCELLED: len(self.cancelled),
            State.SKIPPED: len(self) - self.started,
        }
        if self.verdict is Verdict.RUNNING:
            skipped = len(self.skipped_because)
            needy = (index for index, task in enumerate(self.tasks) if task.needs) if self.has_needs else ()
            waiting = sum(self.state(index) is State.WAITING for index in needy)
            queued = len(self) - self.started - skipped - waiting
            counts |= {State.SKIPPED: skipped, State.RUNNING: running, State.QUEUED: queued, State.WAITING: waiting}
        return counts

    @cached_property
    def work_ns(self) -> int:
        """The sum of the started tasks' own durations."""
        if self.ended == len(self):
            return sum(self.lengths)
        return sum(ns for ns in self.lengths if ns >= 0)

    @cached_property
    def in_order(self) -> tuple[array[int], array[int]]:
        """The starts that happened, and the ends, each in order of time."""
        return self.starts[:] if self.all_started_first else _in_order(self.starts), _in_order(self.ends)

    @cached_property
    def all_started_first(self) -> bool:
        """Whether all tasks started when the run did, at 0: what then follows from the ends is not worked out anew."""
        return self.starts == array("q", bytes(len(self.starts) * self.starts.itemsize))

    @cached_property
    def instants(self) -> list[tuple[int, int]]:
        """When each task that took no time at all did so, and in which lane."""
        if bytes(self.lengths.itemsize) not in self.lengths.tobytes():  # nearly always: see `happened`
            return []
        indices = compress(range(len(self)), map(not_, self.lengths))
        return [(self.starts[index], self.lanes[index]) for index in indices]

    @cached_property
    def lengths(self) -> array[int]:
        """How long each task took, NEVER for those that have not ended."""
        if self.all_started_first:
            return self.ends
        if self.ended == len(self):
            return array("q", map(sub, self.ends, self.starts))
        times = zip(self.starts, self.ends, strict=True)
        return array("q", (end - start if end >= 0 else NEVER for start, end in times))

    @cached_property
    def durations(self) -> array[int]:
        """How long each task took that ended by itself, in order of length."""
        if not self.cancelled and self.all_started_first:
            return self.in_order[1][:]
        if not self.cancelled and self.ended == len(self):
            return array("q", sorted(self.lengths))
        ended = (ns for i, ns in enumerate(self.lengths) if ns >= 0 and i not in self.cancelled)
        return array("q", sorted(ended))

    @cached_property
    def slowest(self) -> int | None:
        """The task that took longest of those that ended, of several the first one; None if none did."""
        longest = max(self.lengths, default=NEVER)
        return None if longest == NEVER else self.lengths.index(longest)

    @cached_property
    def first_open(self) -> tuple[int, int]:
        """The first task that has not started, and the first that has not ended; as many as there are if none is."""
        return next(nevers(self.starts), len(self)), next(nevers(self.ends), len(self))

    @cached_property
    def last_started(self) -> int | None:
        """The task that started last, of several the first one; None if none did."""
        return self.starts.index(self.in_order[0][-1]) if self.started else None

    @cached_property
    def has_needs(self) -> bool:
        """Whether any of its tasks needs another."""
        return Tasks.of(self.tasks).has_needs

    @cached_property
    def has_blocking_work(self) -> bool:
        """Whether any of its tasks blocks the event loop."""
        return Tasks.of(self.tasks).has_blocking_work

    @cached_property
    def peak(self) -> int:
        """The most tasks in flight at once. A task takes the lowest free lane, so it is the highest one used + 1."""
        return max(self.lanes, default=NEVER) + 1

    @property
    def orphaned(self) -> int:
        """How many tasks are orphans."""
        return len(self.orphans)

    @property
    def spread(self) -> Spread | None:
        """How long tasks took that ended by themselves, where that is all that was kept of them."""
        return None

    @cached_property
    def critical_path(self) -> CriticalPath | None:
        """The longest chain of tasks that need each other, as they ran; None unless every task ended ok."""
        if not len(self) or self.counts[State.OK] < len(self):
            return None
        return critical_path(self.tasks, [end - start for start, end in zip(self.starts, self.ends, strict=True)])

    @property
    def delivered(self) -> int:
        """How many results reached the caller."""
        if self.verdict is not Verdict.FULFILLED:
            return 0
        return 1 if self.mode.stop in (Stop.ON_FIRST, Stop.ON_SUCCESS) else self.counts[State.OK]

    @property
    def lost(self) -> int:
        """How many results existed and never reached the caller."""
        return self.counts[State.OK] - self.delivered

    @property
    def undeclared_failures(self) -> int:
        """How many tasks failed or timed out that the spec had not declared to fail."""
        return sum(
            failure.state is State.TIMED_OUT or not self.tasks[index].work.declared_failure
            for index, failure in self.failures.items()
        )


@dataclass(frozen=True, repr=False)
class Comparison:
    """The same tasks run in several modes; `runs` are in the order in which they were run.

    `predicted_from` is the mode whose measured durations the predicted totals come from, None if the tasks' own
    durations were known beforehand. `judgements` tell what became of expectations, `against` how it compares with an
    earlier result; both are empty where nobody asked.
    """

    title: str
    clock: str
    tasks: Sequence[Task]
    modes: tuple[Mode, ...]
    baseline: Mode
    runs: tuple[Run, ...]
    started_at: datetime
    environment: Mapping[str, object]
    asyncmodes: str
    interrupted: bool = False
    predicted_from: Mode | None = None
    judgements: tuple[Judgement, ...] = ()
    against: Against | None = None

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(map(str, self.modes))}: {len(self.runs)} runs>"

    @cached_property
    def work_ns(self) -> int | None:
        """The sum of what is known beforehand about how long the tasks take, None if it is not known of all."""
        known = list(map(attrgetter("outcome"), self.tasks))
        return None if None in known else sum(map(attrgetter("duration_ns"), known))

    @cached_property
    def exact(self) -> bool:
        """Whether it was simulated, and no run of a mode had other luck than the others."""
        return self.clock == "virtual" and all(
            len({run.total_ns for run in self.runs_of(mode)}) <= 1 for mode in self.modes
        )

    @property
    def clock_said(self) -> str:
        """The clock in words, and whose event loop it was if not asyncio's."""
        if self.clock == "virtual":
            return "virtual clock: simulated"
        return "real clock, uvloop" if self.environment.get("event_loop") == "uvloop" else "real clock"

    def runs_of(self, mode: Mode) -> list[Run]:
        """The runs of one mode that were not interrupted, in order."""
        return [run for run in self.runs if run.mode == mode and run.verdict is not Verdict.INTERRUPTED]
