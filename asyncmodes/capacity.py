"""A server of limited capacity as a model: data and arithmetic, without a clock, a socket or an event loop.

A `Server` is what a server is like. A `Service` is such a server at work: it is told who arrives and who leaves,
and says when each will be done. The fake requests of both clocks, the demo server and the prediction all ask the
same `Service`. All times are whole nanoseconds, of whichever clock the caller reads.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from asyncmodes.errors import UsageError
from asyncmodes.tasks import Failure, FakeRequest, Outcome, Task, timed_out

if TYPE_CHECKING:
    from random import Random  # imported late: few servers need luck

MOST_CAPACITY = 10**9
MOST_USL = 1000.0


class Overload(StrEnum):
    """What becomes of a request that arrives when there is enough to do already.

    QUEUE: it waits for its turn. SLOW: it takes base x max(1, (load/C)²). REJECT: it is refused at once, or nearly.
    USL: it takes base x (1 + σ(load-1) + κ load(load-1)), the Universal Scalability Law; that one has no C.
    """

    QUEUE = "queue"
    SLOW = "slow"
    REJECT = "reject"
    USL = "usl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What a server is like. Without `capacity` it has room for everybody. Raises UsageError if it makes no sense.

    `latency_ns` is the base of requests that name none. `jitter_ns` is the most by which a base is longer or
    shorter than said. `fail_rate` (0 to 1) is how many fail by themselves, with status 500 and after the usual
    time; who was rejected has status 503 after `reject_latency_ns`. The same `seed` means the same luck in the same
    order of arrival. `str(server)` is the text that an option would have.
    """

    capacity: int | None = None
    overload: Overload = Overload.QUEUE
    sigma: float = 0.0
    kappa: float = 0.0
    latency_ns: int = 0
    reject_latency_ns: int = 20_000_000
    jitter_ns: int = 0
    fail_rate: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.capacity is not None and not 1 <= self.capacity <= MOST_CAPACITY:
            _refuse(f"its capacity is {self.capacity:,}", f"write a whole number from 1 to {MOST_CAPACITY:,}")
        if not 0 <= self.fail_rate <= 1:
            _refuse(f"its fail_rate is {self.fail_rate:g}", "write a number from 0 to 1, such as 0.1")
        if not (0 <= self.sigma <= MOST_USL and 0 <= self.kappa <= MOST_USL):
            _refuse("its σ or κ is out of range", f"write numbers from 0 to {MOST_USL:g}, such as usl:0.05,0.001")
        if min(self.latency_ns, self.reject_latency_ns, self.jitter_ns) < 0:
            _refuse("one of its times is negative", "write times of zero or more")
        if self.overload is Overload.USL and self.capacity is not None:
            _refuse("usl knows no capacity", "leave out capacity, or write another overload")
        if self.overload in (Overload.SLOW, Overload.REJECT) and self.capacity is None:
            _refuse(f"{self.overload} needs a capacity", f"write for example capacity=8 overload={self.overload}")

    def service_ns(self, base_ns: int, load: int) -> int:
        """How long a request takes once it is served, if with it so many are."""
        match self.overload:
            case Overload.SLOW if self.capacity is not None and load > self.capacity:
                square = self.capacity * self.capacity
                return (2 * base_ns * load * load + square) // (2 * square)
            case Overload.USL:
                return round(base_ns * (1 + self.sigma * (load - 1) + self.kappa * load * (load - 1)))
        return base_ns

    def __str__(self) -> str:
        words = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value == field.default and not (field.name == "overload" and self.capacity is not None):
                continue
            name = field.name.removesuffix("_ns")
            if name == "overload" and value is Overload.USL:
                value = f"usl:{_number(self.sigma)},{_number(self.kappa)}"
            if name not in ("sigma", "kappa"):
                written = value if name == field.name else _milliseconds(value)
                words.append(f"{name}={_number(written) if isinstance(written, float) else written}")
        return " ".join(words)


def _refuse(what: str, instead: str) -> None:
    raise UsageError.at("server", what, instead)


def _number(value: float) -> str:
    """The number without an exponent, exactly as it is read back."""
    from decimal import Decimal  # imported late: only seldom is a server spelled

    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def _milliseconds(ns: int) -> str:
    return f"{ns // 10**6}.{ns % 10**6:06d}".rstrip("0").rstrip(".") + "ms"


@dataclass(eq=False, slots=True)
class Visit:
    """One request at the server: served from `begin_ns` to `end_ns`, and answered with `status` then.

    Its client waits until `patience_end_ns` at most (None: for ever), and leaves then.
    """

    service_ns: int
    status: int
    patience_end_ns: int | None = None
    begin_ns: int = 0

    @property
    def end_ns(self) -> int:
        return self.begin_ns + self.service_ns

    @property
    def leaves_ns(self) -> int:
        return self.end_ns if self.patience_end_ns is None else min(self.end_ns, self.patience_end_ns)


class Service:
    """A server at work. Everybody who arrives has to leave, or to abandon the visit; a client who goes is not served.

    When a visit will end is known as soon as it begins: its load is that of its arrival, and a queue is served in
    order of arrival. Only somebody else's `abandon` can bring it forward.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._present: dict[Visit, None] = {}  # in order of arrival; the rejected are not among them
        self._busy_until: list[int] = []  # queue: a heap of when each of the places that are taken becomes free
        self._dice: Random | None = None

    def arrive(
        self, now_ns: int, base_ns: int | None = None, patience_ns: int | None = None, fail_rate: float = 0.0
    ) -> Visit:
        """A request arrives whose client waits for so long (None: for ever).

        `base_ns` defaults to the server's latency; the larger of `fail_rate` and the server's own counts.
        """
        server = self._server
        base_ns, failed = self._luck(server.latency_ns if base_ns is None else base_ns, fail_rate)
        load = len(self._present) + 1
        if server.overload is Overload.REJECT and server.capacity is not None and load > server.capacity:
            return Visit(server.reject_latency_ns, 503, begin_ns=now_ns)
        patience_end_ns = None if patience_ns is None else now_ns + patience_ns
        visit = Visit(server.service_ns(base_ns, load), 500 if failed else 200, patience_end_ns, now_ns)
        self._present[visit] = None
        if server.overload is Overload.QUEUE and server.capacity is not None:
            self._book(visit, now_ns, server.capacity)
        return visit

    @property
    def present(self) -> Collection[Visit]:
        """Who is being served or waits to be, in order of arrival."""
        return self._present.keys()

    def leave(self, visit: Visit) -> None:
        """The visit is over, or its client's patience is."""
        self._present.pop(visit, None)

    def abandon(self, visit: Visit, now_ns: int) -> None:
        """The client has gone before anybody could know: those who wait in the queue move up."""
        self._present.pop(visit, None)
        server = self._server
        if server.overload is Overload.QUEUE and server.capacity is not None:
            waiting = [each for each in self._present if each.begin_ns > now_ns]
            self._busy_until = [each.leaves_ns for each in self._present if each.begin_ns <= now_ns]
            heapify(self._busy_until)
            for each in waiting:
                self._book(each, now_ns, server.capacity)

    def _book(self, visit: Visit, now_ns: int, capacity: int) -> None:
        """Take the place that is free, or the one that will be first."""
        busy = self._busy_until
        while busy and busy[0] <= now_ns:
            heappop(busy)
        visit.begin_ns = heappop(busy) if len(busy) == capacity else now_ns
        heappush(busy, max(visit.begin_ns, visit.leaves_ns))  # who leaves before being served takes no time

    def _luck(self, base_ns: int, fail_rate: float) -> tuple[int, bool]:
        """The base of this request with its jitter, and whether it fails: drawn in order of arrival."""
        jitter_ns, fail_rate = self._server.jitter_ns, max(self._server.fail_rate, fail_rate)
        if not jitter_ns and not fail_rate:
            return base_ns, False
        if self._dice is None:
            from random import Random

            self._dice = Random(self._server.seed)  # noqa: S311  # reproducible on purpose, and no secret
        drawn = base_ns + self._dice.randint(-jitter_ns, jitter_ns) if jitter_ns else base_ns
        return max(drawn, 0), bool(fail_rate) and self._dice.random() < fail_rate


class Answer(NamedTuple):
    """What becomes of a fake request: its visit, its outcome from its arrival on, and its detail."""

    visit: Visit
    outcome: Outcome
    detail: Mapping[str, object] | None


REASONS = {200: "OK", 500: "Internal Server Error", 503: "Service Unavailable"}
_DETAILS = {status: {"status": status} for status in REASONS}  # shared: there may be a million
_FAILURES = {status: Failure("HTTPStatus", f"{status} {reason}") for status, reason in REASONS.items() if status != 200}


def answer(service: Service, task: Task, now_ns: int) -> Answer:
    """Let a fake request arrive. Whoever asks has to let its visit leave when the outcome's time is over."""
    work, timeout_ns = task.work, task.timeout_ns
    assert isinstance(work, FakeRequest)
    visit = service.arrive(now_ns, work.duration_ns, timeout_ns)
    duration_ns = visit.end_ns - now_ns
    if timeout_ns is not None and duration_ns > timeout_ns:
        return Answer(visit, Outcome(timeout_ns, timed_out(timeout_ns)), None)
    return Answer(visit, Outcome(duration_ns, _FAILURES.get(visit.status)), _DETAILS[visit.status])


def longest_ns(count: int, most_base_ns: int, lanes: int, server: Server) -> int:
    """A bound on how long so many fake requests of no longer bases can take together, with `lanes` in flight."""
    if not count:
        return 0
    base_ns = most_base_ns + server.jitter_ns
    each_ns = max(server.service_ns(base_ns, lanes), server.reject_latency_ns)
    rounds = count if server.overload is Overload.QUEUE else -(-count // lanes)
    return each_ns * rounds
