"""A run while it is being written, by the executor or by prediction: a row a task, or just sums."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Collection, Mapping, MutableMapping
from typing import Protocol

from asyncmodes.errors import UsageError
from asyncmodes.lists import listed
from asyncmodes.modes import Leftovers, Mode, Stop
from asyncmodes.record import NEVER, Run, Verdict
from asyncmodes.tasks import Failure, Task


class Column(Protocol):
    """A figure for each task, by index."""

    def __getitem__(self, index: int, /) -> int: ...
    def __setitem__(self, index: int, value: int, /) -> None: ...


class Recorder(ABC):
    """What the executor and the prediction write to while tasks run.

    The writer fills `lanes` and `starts` when a task starts, `failures`, `cancelled` and `details` when it ends, then
    `ends`, itself and as cheaply as it can. Then it calls `decide` if that outcome makes the caller resume. Raises
    UsageError for a race of nobody.
    """

    starts: Column
    ends: Column
    lanes: Column
    details: MutableMapping[int, Mapping[str, object]]

    def __init__(self, tasks: Collection[Task], mode: Mode) -> None:
        if mode.stop is Stop.ON_FIRST and not len(tasks):
            raise UsageError.at(f"mode {mode}", "a race of no tasks never ends", "give it at least one task")
        self.tasks = tasks
        self.mode = mode
        self.failures: dict[int, Failure] = {}
        self.cancelled: set[int] = set()
        self.decided_by: int | None = None
        self.resumed_ns: int | None = None
        self.interrupted_ns: int | None = None

    def decide(self, index: int) -> bool:
        """Let the caller resume because of this task, which has just ended; False if it had resumed before."""
        if self.resumed_ns is not None or self.interrupted_ns is not None:
            return False
        self.decided_by = index
        self.resumed_ns = self.ends[index]
        return True

    def interrupt(self, at_ns: int) -> None:
        """Note that the run was cancelled from outside; a caller that had resumed has its outcome already."""
        self.interrupted_ns = at_ns
        if self.mode.leftovers is Leftovers.CANCEL and self.running():
            # That caller resumes only when the cancelled ones have ended: it was not to be.
            self.decided_by = self.resumed_ns = None

    @abstractmethod
    def is_running(self, index: int) -> bool:
        """Whether this task, which has started, has not ended."""

    @abstractmethod
    def running(self) -> list[int]:
        """The indices of the tasks in flight, in order."""

    @abstractmethod
    def finished(self, ended_ns: int, notes: tuple[str, ...] = ()) -> Run:
        """The record of a run whose last task ended then (0: none did)."""

    @abstractmethod
    def snapshot(self, now_ns: int) -> Run:
        """The record as it stands at `now_ns` of a run that is under way; orphans are running or have ended."""

    def _resumed_by(self, ended_ns: int) -> int:
        """The total, if the last task ended then."""
        if self.resumed_ns is not None:
            return ended_ns if self.mode.leftovers is Leftovers.CANCEL else self.resumed_ns
        return ended_ns if self.interrupted_ns is None else self.interrupted_ns

    def _verdict(self, *, failed: bool) -> Verdict:
        """What the caller got; `failed` tells how the task ended that decided."""
        if self.decided_by is not None:
            return Verdict.REJECTED if failed else Verdict.FULFILLED
        if self.interrupted_ns is not None:
            return Verdict.INTERRUPTED
        return Verdict.REJECTED if self.mode.stop is Stop.ON_SUCCESS else Verdict.FULFILLED


Keep = Callable[[Collection[Task], Mode], Recorder]
"""Makes the recorder of a run: what is kept of it."""


_TIME = "L" if array("L").itemsize == 8 else "Q"
_NEVER_TIME, _NEVER_LANE = 2**64 + NEVER, 2**32 + NEVER


def _signed(typecode: str, column: array[int]) -> array[int]:
    """A copy whose numbers have the same bits with a sign."""
    signed = array(typecode)
    signed.frombytes(memoryview(column).cast("B"))
    return signed


class SpanRecorder(Recorder):
    """Keeps everything about every task, in the columns of a `Run`."""

    starts: array[int]
    ends: array[int]
    lanes: array[int]

    def __init__(self, tasks: Collection[Task], mode: Mode) -> None:
        super().__init__(tasks, mode)
        count = len(tasks)
        # Unsigned: to write a signed one takes Python half as long again. Never is all bits set, as in the Run's.
        self.starts = array(_TIME, [_NEVER_TIME]) * count
        self.ends = array(_TIME, [_NEVER_TIME]) * count
        self.lanes = array("I", [_NEVER_LANE]) * count
        self.details = {}
        self._ends_at_resume: array[int] | None = None

    def decide(self, index: int) -> bool:
        """Let the caller resume, and note who has ended by then."""
        decided = super().decide(index)
        if decided:
            self._ends_at_resume = self.ends[:]
        return decided

    def is_running(self, index: int) -> bool:
        """Whether this task, which has started, has not ended."""
        return self.ends[index] == _NEVER_TIME

    def running(self) -> list[int]:
        """The indices of the tasks in flight, in order."""
        pairs = enumerate(zip(self.starts, self.ends, strict=True))
        return [i for i, (start, end) in pairs if start != _NEVER_TIME == end]

    def finished(self, ended_ns: int, notes: tuple[str, ...] = ()) -> Run:
        """The record of a run whose last task ended then."""
        total = self._resumed_by(ended_ns)
        orphans = {i for i in self._left_alone() if self.ends[i] != _NEVER_TIME} - self.cancelled
        verdict = self._verdict(failed=self.decided_by in self.failures)
        return self._run(verdict, total, max(ended_ns, total), orphans, notes)

    def snapshot(self, now_ns: int) -> Run:
        """The record as it stands now."""
        total = self.resumed_ns
        if total is None or self.mode.leftovers is Leftovers.CANCEL:
            total = now_ns
        orphans = {i for i in self._left_alone() if self.starts[i] != _NEVER_TIME}
        return self._run(Verdict.RUNNING, total, now_ns, orphans, ())

    def _left_alone(self) -> list[int]:
        """The tasks that were not final when the caller resumed and were left to go on."""
        if self._ends_at_resume is None or self.mode.leftovers is Leftovers.CANCEL:
            return []
        return [i for i, end in enumerate(self._ends_at_resume) if end == _NEVER_TIME]

    def _run(self, verdict: Verdict, total: int, drained: int, orphans: set[int], notes: tuple[str, ...]) -> Run:
        ends = _signed("q", self.ends)  # before the starts: a snapshot's task may not have ended before it started
        return Run(
            tasks=listed(self.tasks),
            mode=self.mode,
            verdict=verdict,
            decided_by=self.decided_by,
            total_ns=total,
            drained_ns=drained,
            starts=_signed("q", self.starts),
            ends=ends,
            lanes=_signed("i", self.lanes),
            failures=dict(self.failures),
            cancelled=frozenset(self.cancelled),
            orphans=frozenset(orphans),
            details=dict(self.details),
            notes=notes,
            interrupted_ns=self.interrupted_ns,
        )
