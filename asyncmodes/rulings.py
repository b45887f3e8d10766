"""What became of expectations, and of a comparison with an earlier result: plain data, kept with the comparison."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ruling(StrEnum):
    """Whether a bound was kept. Inconclusive: the confidence interval spans it, or the figure is not known."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_JUDGED = "not judged"  # the runs were interrupted


class Unit(StrEnum):
    """What a figure counts: nanoseconds, things, times as much, a share of all tasks, or things a second."""

    TIME = "time"
    COUNT = "count"
    FACTOR = "factor"
    SHARE = "share"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One expectation and what was measured, both in `unit`; times in nanoseconds, shares from 0 to 1.

    `low` to `high` is the confidence interval, or the range over the runs where every run has to keep the bound; None
    where the value alone was judged. `relative_to` names the figure that `measured` and `bound` are multiples of.
    `method` says how it was judged, `reason` what has to be known beside the figures; both may be empty.
    """

    expectation: str
    ruling: Ruling
    unit: Unit
    bound: float
    runs: int
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    relative_to: str = ""
    method: str = ""
    reason: str = ""


class Movement(StrEnum):
    """How a mode's total changed."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Change:
    """A mode's mean total against that of the reference, in nanoseconds; `change` is 0.1 for a tenth slower.

    `low` to `high` is its confidence interval, None where single runs were compared by value or nothing could be.
    `ruling` tells whether the most slowdown allowed was kept, None if none was given.
    """

    mode: str
    movement: Movement
    total_ns: float
    reference_ns: float
    runs: int
    reference_runs: int
    change: float | None = None
    low: float | None = None
    high: float | None = None
    ruling: Ruling | None = None
    method: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Against:
    """A reference, when it was measured, what differs there, and the change of each mode that both have.

    `max_slowdown` is the most that a mode may be slower, as a share; `missing` names the modes without a reference.
    """

    file: str
    started_at: str
    changes: tuple[Change, ...]
    max_slowdown: float | None = None
    differs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
