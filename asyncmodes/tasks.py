"""A task is one unit of awaitable work: a name, and the work itself as plain data.

The works say what is to be done, not how: each kind's source (`asyncmodes.sources`) turns them into
awaitables. Times are whole nanoseconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar, NamedTuple, Protocol


class State(StrEnum):
    """Where a task stands. The last five are final; a finished run holds only final ones."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Failure(NamedTuple):
    """How a task failed: state FAILED or TIMED_OUT, the error's type and its message."""

    type: str
    message: str
    state: State = State.FAILED


class TaskFailed(Exception):
    """Raised by a task's work to say that the task failed: a value in the record, not a bug.

    `detail` is what is known nevertheless, such as the bytes that had arrived.
    """

    def __init__(self, failure: Failure, detail: Mapping[str, object] | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.detail = detail


class Outcome(NamedTuple):
    """What is known beforehand of a task: how long it takes, and its failure (None: it ends ok)."""

    duration_ns: int
    failure: Failure | None = None


class Work(Protocol):
    """What a task does. `kind` names its source; `target` is its text for people, free of secrets."""

    @property
    def kind(self) -> str: ...

    @property
    def real_io(self) -> bool: ...

    @property
    def blocking(self) -> bool:
        """Whether it keeps the event loop busy from its start to its end: nothing else runs, no timeout can stop it."""
        ...

    @property
    def target(self) -> str: ...

    @property
    def declared_failure(self) -> bool:
        """Whether the spec itself says that this work fails."""
        ...

    @property
    def outcome(self) -> Outcome | None:
        """What this work will do when nothing stops it, or None if only running it can tell."""
        ...


DECLARED = "declared to fail"
"""The message of a declared failure that has none of its own."""

DECLARED_FAILURE = "DeclaredFailure"
"""The type of a declared failure."""


@dataclass(frozen=True, slots=True)
class _Pause:
    """What takes `duration_ns`, and then ends ok or fails with the message `fails`."""

    real_io: ClassVar[bool] = False

    duration_ns: int
    target: str
    fails: str | None = None
    outcome: Outcome = field(init=False, repr=False, compare=False)  # made once: every run and prediction asks

    @property
    def declared_failure(self) -> bool:
        return self.fails is not None

    def __post_init__(self) -> None:
        failure = None if self.fails is None else Failure(DECLARED_FAILURE, self.fails)
        object.__setattr__(self, "outcome", Outcome(self.duration_ns, failure))


class Delay(_Pause):
    """Wait for `duration_ns`, then end ok or fail with the message `fails`."""

    __slots__ = ()
    kind: ClassVar[str] = "delay"
    blocking: ClassVar[bool] = False


class Block(_Pause):
    """Block the event loop for `duration_ns`, as `time.sleep` does, then end ok or fail with the message `fails`."""

    __slots__ = ()
    kind: ClassVar[str] = "block"
    blocking: ClassVar[bool] = True


class CpuIn(StrEnum):
    """Where CPU work is done: on the event loop itself, in a thread of a pool, or in a process of a pool."""

    INLINE = "inline"
    THREAD = "thread"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Cpu:
    """Use `duration_ns` of processor time. Inline that takes as long, where the core has nothing else to do."""

    kind: ClassVar[str] = "cpu"
    real_io: ClassVar[bool] = False  # nothing is opened or asked for, but it is no simulation either
    declared_failure: ClassVar[bool] = False

    duration_ns: int
    target: str
    place: CpuIn = CpuIn.INLINE

    @property
    def blocking(self) -> bool:
        return self.place is CpuIn.INLINE

    @property
    def outcome(self) -> Outcome | None:
        return Outcome(self.duration_ns) if self.blocking else None


@dataclass(frozen=True, slots=True)
class FakeRequest:
    """Ask a simulated server for something that takes `duration_ns` when it has nothing else to do."""

    kind: ClassVar[str] = "request"
    real_io: ClassVar[bool] = False
    blocking: ClassVar[bool] = False
    declared_failure: ClassVar[bool] = False
    outcome: ClassVar[None] = None  # known only once it is known who else is there

    duration_ns: int
    target: str


@dataclass(frozen=True, slots=True)
class Request:
    """Request `url` and read the body to its end; `expect_status` lists the statuses that are no failure.

    Without it every status from 200 to 399 is ok. `target` is the URL with its password masked. A URL that is
    just a path, such as `/delay/50ms`, is for a demo server of the run's own.
    """

    kind: ClassVar[str] = "url"
    real_io: ClassVar[bool] = True
    blocking: ClassVar[bool] = False
    declared_failure: ClassVar[bool] = False
    outcome: ClassVar[None] = None

    url: str
    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    data: bytes | None = None
    expect_status: tuple[int, ...] = ()

    @property
    def is_path(self) -> bool:
        return self.url.startswith("/")


@dataclass(frozen=True, slots=True)
class FileRead:
    """Read the whole regular file at `path`."""

    kind: ClassVar[str] = "file"
    real_io: ClassVar[bool] = True
    blocking: ClassVar[bool] = False
    declared_failure: ClassVar[bool] = False
    outcome: ClassVar[None] = None

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Call:
    """Await what a function of the caller's own returns; its result stands in `detail["result"]`."""

    kind: ClassVar[str] = "call"
    real_io: ClassVar[bool] = False
    blocking: ClassVar[bool] = False
    declared_failure: ClassVar[bool] = False
    outcome: ClassVar[None] = None

    function: Callable[[], Awaitable[object]]
    target: str


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work in a list of tasks. A timeout counts from the task's start; None: no limit.

    `needs` holds the indices of tasks in the same list that must have ended ok before this one is ready.
    """

    name: str
    work: Work
    timeout_ns: int | None = None
    needs: tuple[int, ...] = ()

    @property
    def outcome(self) -> Outcome | None:
        """What this task will do, its timeout included, or None if only running it can tell."""
        outcome = self.work.outcome
        if outcome is None or self.timeout_ns is None or self.work.blocking or outcome.duration_ns <= self.timeout_ns:
            return outcome
        return Outcome(self.timeout_ns, timed_out(self.timeout_ns))


_LONGEST_TIMEOUT_S = 365 * 24 * 3600


def timed_out(timeout_ns: int) -> Failure:
    """The failure of a task that was still running after its timeout."""
    return Failure("Timeout", f"not done after {timeout_ns / 1e9:g} s", State.TIMED_OUT)


def in_reverse(tasks: Sequence[Task]) -> list[Task]:
    """The tasks the other way round, each with the same needs as before."""
    last = len(tasks) - 1
    return [
        replace(task, needs=tuple(last - need for need in task.needs)) if task.needs else task
        for task in reversed(tasks)
    ]


def call(
    function: Callable[[], Awaitable[object]],
    *,
    name: str | None = None,
    timeout_s: float | None = None,
    needs: Sequence[int] = (),
) -> Task:
    """A task from any zero-argument coroutine function; its name defaults to the function's.

    `timeout_s` is in seconds; `needs` are the indices of tasks in the same list that must have ended ok before.
    Raises ValueError if the timeout is not above zero, TypeError if the function is none.
    """
    if not callable(function):
        raise TypeError(
            f"{function!r} cannot be called; give the coroutine function itself, or functools.partial of it"
        )
    if timeout_s is not None and not 0 < timeout_s < _LONGEST_TIMEOUT_S:
        raise ValueError(f"timeout_s is {timeout_s}; it must be above 0 seconds and below a year")
    target = str(getattr(function, "__qualname__", None) or function)
    limit = None if timeout_s is None else round(timeout_s * 1e9)
    return Task(name or getattr(function, "__name__", None) or target, Call(function, target), limit, tuple(needs))
