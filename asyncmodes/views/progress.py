"""Which of several runs is under way, and how long they will still take, in one line."""

from __future__ import annotations

from asyncmodes.views.axis import duration


def progress_text(number: int, count: int, mode: str, *, is_warmup: bool, left_ns: int | None) -> str:
    """`run 3 of 9: parallel, about 12 s left`; `number` counts from 0, warm-ups included; a `count` of 0 is unknown."""
    what = "warm-up" if is_warmup else "run"
    left = "" if left_ns is None else f", about {duration(left_ns)} left"
    of = f" of {count}" if count else ""
    return f"{what} {number + 1}{of}: {mode}{left}"
