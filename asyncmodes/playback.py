"""A recorded run played back: how it stood at any instant, and where in it somebody who watches is.

Pure: nothing here knows a clock or a screen. Times are whole nanoseconds from the start of the run.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace

from asyncmodes.modes import Leftovers
from asyncmodes.record import NEVER, Run, Verdict

SLOWEST, FASTEST = 1000.0, 0.01
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
_HUMAN_S = 3.0  # played faster than that a run is over before one has looked at it
_S = 1_000_000_000


def at(run: Run, now_ns: int) -> Run:
    """The record of a finished run as it stood at `now_ns`: what happens at that very instant has happened."""
    if now_ns >= run.drained_ns:
        return run
    starts = array("q", [start if start <= now_ns else NEVER for start in run.starts])
    ends = array("q", [end if end <= now_ns else NEVER for end in run.ends])
    by = run.decided_by
    decided = by is not None and 0 <= run.ends[by] <= now_ns
    resumed = decided and run.mode.leftovers is not Leftovers.CANCEL
    interrupted = run.interrupted_ns if run.interrupted_ns is not None and run.interrupted_ns <= now_ns else None
    return replace(
        run,
        verdict=Verdict.RUNNING,
        decided_by=by if decided else None,
        total_ns=run.total_ns if resumed else now_ns,
        drained_ns=now_ns,
        starts=starts,
        ends=ends,
        lanes=array("i", [lane if start >= 0 else NEVER for lane, start in zip(run.lanes, starts, strict=True)]),
        failures={index: failure for index, failure in run.failures.items() if ends[index] >= 0},
        cancelled=frozenset(index for index in run.cancelled if ends[index] >= 0),
        orphans=frozenset(index for index in run.orphans if starts[index] >= 0) if resumed else frozenset(),
        details={index: detail for index, detail in run.details.items() if ends[index] >= 0},
        interrupted_ns=interrupted,
    )


def events(runs: Iterable[Run]) -> tuple[int, ...]:
    """The instants at which something happens: a start, an end, a caller that resumes. The first is 0."""
    found = {0}
    for run in runs:
        found.update(run.starts, run.ends, (run.total_ns, run.drained_ns))
    return tuple(sorted(found - {NEVER}))


@dataclass(frozen=True, slots=True)
class Playback:
    """Where in the time of some runs somebody is, how many times slower than they were it goes on, and whether.

    `events` are what can be stepped to; the last one is the end.
    """

    events: tuple[int, ...]
    slow: float
    at_ns: int = 0
    paused: bool = False

    @classmethod
    def of(cls, runs: Iterable[Run], *, slow: float | None = None, paused: bool = False) -> Playback:
        """From the beginning of these runs, which share their time; without `slow` at a pace that one can follow."""
        found = events(runs)
        pace = human_pace(found[-1]) if slow is None else min(max(slow, FASTEST), SLOWEST)
        return cls(found, pace, paused=paused)

    @property
    def span_ns(self) -> int:
        """When all of it is over."""
        return self.events[-1]

    @property
    def is_over(self) -> bool:
        """Whether the end is reached."""
        return self.at_ns >= self.span_ns

    def later(self, elapsed_s: float) -> Playback:
        """After so many seconds in front of the screen; nothing moves while it is paused."""
        if self.paused or self.is_over:
            return self
        return replace(self, at_ns=min(self.at_ns + int(max(elapsed_s, 0) * _S / self.slow), self.span_ns))

    def toggled(self) -> Playback:
        """Paused, or going on; at the end, from the beginning again."""
        if self.is_over:
            return replace(self, at_ns=0, paused=False)
        return replace(self, paused=not self.paused)

    def forth(self) -> Playback:
        """Paused at the next event."""
        index = min(bisect_right(self.events, self.at_ns), len(self.events) - 1)
        return replace(self, at_ns=self.events[index], paused=True)

    def back(self) -> Playback:
        """Paused at the event before."""
        index = max(bisect_left(self.events, self.at_ns) - 1, 0)
        return replace(self, at_ns=self.events[index], paused=True)

    def ended(self) -> Playback:
        """At the end."""
        return replace(self, at_ns=self.span_ns)

    def faster(self) -> Playback:
        """One step faster."""
        return replace(self, slow=_STEPS[max(bisect_left(_STEPS, self.slow) - 1, 0)])

    def slower(self) -> Playback:
        """One step slower."""
        return replace(self, slow=_STEPS[min(bisect_right(_STEPS, self.slow), len(_STEPS) - 1)])

    @property
    def speed(self) -> str:
        """The speed in words, such as `5x slower`."""
        if self.slow == 1:
            return "real speed"
        return f"{self.slow:g}x slower" if self.slow > 1 else f"{1 / self.slow:g}x faster"


def human_pace(span_ns: int) -> float:
    """How many times slower a run of this length is to be played so that one can follow it."""
    return next((slow for slow in _STEPS if span_ns * slow >= _HUMAN_S * _S), SLOWEST)
