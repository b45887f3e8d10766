"""Runs of which no task is kept: sums that are made while they run, in memory that does not grow with the tasks."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from asyncmodes.critical import CriticalPath
from asyncmodes.modes import Leftovers, Mode
from asyncmodes.record import NEVER, Run, Verdict
from asyncmodes.recorder import Recorder
from asyncmodes.spread import Spread
from asyncmodes.tasks import DECLARED_FAILURE, Failure, State, Task

_FINAL = (State.OK, State.FAILED, State.TIMED_OUT, State.CANCELLED, State.SKIPPED)


@dataclass(slots=True)
class Sums:
    """What became of tasks that are not kept; times in nanoseconds. `spread` is of those that ended by themselves."""

    tasks: int = 0
    started: int = 0
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(_FINAL, 0))
    orphaned: int = 0
    undeclared: int = 0
    work_ns: int = 0
    peak: int = 0
    spread: Spread = field(default_factory=Spread)


@dataclass(frozen=True, repr=False)
class Tally(Run):
    """A run whose tasks were not kept: it has figures, and neither tasks nor spans. `len` is how many tasks it had."""

    sums: Sums = field(default_factory=Sums)

    def __len__(self) -> int:
        return self.sums.tasks

    @cached_property
    def started(self) -> int:
        """How many tasks started."""
        return self.sums.started

    @cached_property
    def counts(self) -> dict[State, int]:
        """How many tasks are in each final state (and in a live run: `running` and `queued`)."""
        ended = sum(self.sums.states.values())
        left = self.sums.tasks - self.sums.started
        if self.verdict is Verdict.RUNNING:
            return {**self.sums.states, State.RUNNING: self.sums.started - ended, State.QUEUED: left, State.WAITING: 0}
        return {**self.sums.states, State.SKIPPED: left}

    @cached_property
    def work_ns(self) -> int:
        """The sum of the started tasks' own durations."""
        return self.sums.work_ns

    @cached_property
    def peak(self) -> int:
        """The most tasks in flight at once."""
        return self.sums.peak

    @property
    def orphaned(self) -> int:
        """How many tasks are orphans."""
        return self.sums.orphaned

    @property
    def spread(self) -> Spread | None:
        """How long tasks took that ended by themselves."""
        return self.sums.spread

    @cached_property
    def critical_path(self) -> CriticalPath | None:
        """Unknown: nobody kept who needed whom."""
        return None

    @property
    def undeclared_failures(self) -> int:
        """How many tasks failed or timed out that the spec had not declared to fail."""
        return self.sums.undeclared


class TallyRecorder(Recorder):
    """Keeps of a task, once it has ended, what it adds to the sums."""

    def __init__(self, tasks: Collection[Task], mode: Mode) -> None:
        super().__init__(tasks, mode)
        self.starts = self._starts = dict[int, int]()  # of the tasks in flight
        self.lanes = self._lanes = _Lanes()
        self.ends = self._ends = _Ends(self)
        self.details = _Forgotten()
        self.sums = Sums(tasks=len(tasks))
        self._decided_failed = False

    def decide(self, index: int) -> bool:
        """Let the caller resume, and note how the task ended that let it."""
        decided = super().decide(index)
        if decided:
            self._decided_failed = self._ends.last_failed
        return decided

    def ended(self, index: int, now_ns: int) -> bool:
        """Add a task that has ended to the sums; whether it failed."""
        sums = self.sums
        took_ns = now_ns - self._starts.pop(index)
        del self._lanes[index]
        sums.work_ns += took_ns
        failure = self.failures.pop(index, None)
        if index in self.cancelled:
            self.cancelled.remove(index)
            sums.states[State.CANCELLED] += 1
            return False
        sums.states[failure.state if failure else State.OK] += 1
        sums.undeclared += failure is not None and _undeclared(failure)
        sums.orphaned += self._left_alone
        sums.spread.add(took_ns)
        return failure is not None

    @property
    def _left_alone(self) -> bool:
        """Whether the caller has resumed and lets the others go on."""
        return self.resumed_ns is not None and self.mode.leftovers is not Leftovers.CANCEL

    def is_running(self, index: int) -> bool:
        """Whether this task, which has started, has not ended."""
        return index in self._starts

    def running(self) -> list[int]:
        """The indices of the tasks in flight, in order."""
        return sorted(self._starts)

    def finished(self, ended_ns: int, notes: tuple[str, ...] = ()) -> Run:
        """The figures of a run whose last task ended then."""
        total = self._resumed_by(ended_ns)
        if not self.sums.spread.exact:
            notes = (*notes, "with so many different durations p50 and p95 are within 0.05 %")
        return self._tally(self._verdict(failed=self._decided_failed), total, max(ended_ns, total), notes)

    def snapshot(self, now_ns: int) -> Run:
        """The figures as they stand now."""
        total = now_ns if self.resumed_ns is None or self.mode.leftovers is Leftovers.CANCEL else self.resumed_ns
        return self._tally(Verdict.RUNNING, total, now_ns, ())

    def _tally(self, verdict: Verdict, total: int, drained: int, notes: tuple[str, ...]) -> Tally:
        sums = replace(self.sums, states=dict(self.sums.states))
        sums.started, sums.peak = self._lanes.taken, self._lanes.highest + 1
        if self._left_alone:
            sums.orphaned += len(self._starts)
        return Tally(
            tasks=(),
            mode=self.mode,
            verdict=verdict,
            decided_by=self.decided_by,
            total_ns=total,
            drained_ns=drained,
            starts=array("q"),
            ends=array("q"),
            lanes=array("i"),
            failures={},
            notes=notes,
            interrupted_ns=self.interrupted_ns,
            sums=sums,
        )


def _undeclared(failure: Failure) -> bool:
    return failure.state is State.TIMED_OUT or failure.type != DECLARED_FAILURE


class _Lanes(dict[int, int]):
    """The lanes of the tasks in flight, the highest that was ever used, and how often one was taken."""

    highest = NEVER
    taken = 0

    def __setitem__(self, index: int, lane: int) -> None:
        super().__setitem__(index, lane)
        self.taken += 1
        self.highest = max(self.highest, lane)


class _Ends:
    """Takes the end of each task, and knows the last one."""

    def __init__(self, recorder: TallyRecorder) -> None:
        self._recorder = recorder
        self.last_ns = 0
        self.last_failed = False

    def __getitem__(self, index: int) -> int:  # only the one that has just ended is asked for
        return self.last_ns

    def __setitem__(self, index: int, now_ns: int) -> None:
        self.last_failed = self._recorder.ended(index, now_ns)
        self.last_ns = now_ns


class _Forgotten(MutableMapping[int, Mapping[str, object]]):
    """Details, which nobody can ask for."""

    def __setitem__(self, index: int, detail: Mapping[str, object]) -> None:
        """Forget it."""

    def __getitem__(self, index: int) -> Mapping[str, object]:
        raise KeyError(index)

    def __delitem__(self, index: int) -> None:
        raise KeyError(index)

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0
