"""Runs the same tasks with one limit after another, and those that may be the best again, until it is clear."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from asyncmodes.clocks import ClockName
from asyncmodes.errors import UsageError
from asyncmodes.hindsight import with_predictions
from asyncmodes.knee import Sweep, mode_of, sample_of
from asyncmodes.knee.choice import Sample, choose, has_a_choice, in_question, is_settled
from asyncmodes.measure import Order, Plan, Watch, measure
from asyncmodes.record import Comparison, Run, Verdict
from asyncmodes.sources import prepared, uses_server

_FINER = 3  # limits that are added in each gap beside the knee


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits to be swept; `finer`: add some around the knee once it is seen. `dropped` are above the tasks.

    `asked_about` are repeated as often as those that may be the best, whatever they turn out to be.
    """

    chosen: tuple[int, ...]
    finer: bool = False
    dropped: tuple[int, ...] = ()
    asked_about: frozenset[int] = frozenset()


def default_limits(count: int) -> Limits:
    """1, 2, 4, 8 and so on up to the number of tasks, itself included; finer ones to follow."""
    powers = [1 << power for power in range(count.bit_length()) if 1 << power < count]
    return Limits((*powers, count), finer=True)


def chosen_limits(asked: Sequence[int], count: int) -> Limits:
    """These limits, without those above the number of tasks. Raises UsageError if none is left."""
    kept = tuple(limit for limit in asked if limit <= count)
    if not kept:
        tasks = "1 task" if count == 1 else f"{count:,} tasks"
        raise UsageError.at("--limits", f"all are above the {tasks}", "write lower ones, or give more tasks")
    return Limits(kept, dropped=tuple(limit for limit in asked if limit > count))


def finer_limits(limits: Sequence[int], around: int) -> list[int]:
    """Up to three more limits in each gap that this one lies in or beside, evenly spaced."""
    gaps = [(low, high) for low, high in pairwise(limits) if low <= around <= high]
    added = {low + (high - low) * part // (_FINER + 1) for low, high in gaps for part in range(1, _FINER + 1)}
    return sorted(added - set(limits))


async def sweep(made: Plan, limits: Limits, budget_ns: int | None = None, watch: Watch | None = None) -> Sweep:
    """Sweep the limits on the running loop; `made` says everything else, its modes and runs do not matter.

    On the virtual clock a single round is exact, unless the server has jitter or failures: then each round has other
    luck. A cancellation, or the budget's end, ends it with what had happened until then.
    """
    with prepared(made.tasks, made.options) as options:
        return await _Sweeping(replace(made, options=options), limits, budget_ns, watch).run()


class _Sweeping:
    """A sweep under way."""

    def __init__(self, made: Plan, limits: Limits, budget_ns: int | None, watch: Watch | None) -> None:
        self._made = made
        self._asked = limits
        self._limits = list(limits.chosen)
        self._budget_ns = budget_ns
        self._watch = watch
        self._deadline_s = None if budget_ns is None else time.monotonic() + budget_ns / 1e9
        self._dice = Random(made.seed)  # noqa: S311  # reproducible on purpose, and no secret
        self._first: Comparison | None = None
        self._runs: list[Run] = []
        self._samples: dict[int, list[Sample]] = {}
        self._took_s: dict[int, float] = {}
        self._interrupted = False
        self._over = False
        self._number = 0

    async def run(self) -> Sweep:
        """Warm up, run every limit once, and then what may be the answer again."""
        for _ in range(self._made.warmup):
            await self._once(self._limits[len(self._limits) // 2], is_warmup=True)
        await self._round(self._limits)
        too_small = self._over
        while limits := self._next():
            await self._round(limits)
        return Sweep(
            with_predictions(self._so_far()),
            tuple(self._limits),
            self._asked.dropped,
            self._budget_ns,
            over_budget=too_small,
            exact=self._exact,
        )

    @property
    def _exact(self) -> bool:
        server, samples = self._made.options.server, self._made.tasks.inventory.samples
        lucky = server is not None and bool(server.jitter_ns or server.fail_rate) and any(map(uses_server, samples))
        return self._made.clock is ClockName.VIRTUAL and not lucky

    def _next(self) -> list[int]:
        """The limits to run next: finer ones around the knee, then those that may be it; none if that is all."""
        if self._interrupted or self._over or not has_a_choice(self._samples):
            return []
        if self._asked.finer:
            chosen = choose(self._samples, noise=0.0 if self._exact else None)
            added = finer_limits(self._asked.chosen, chosen.recommended)
            added = [limit for limit in added if limit not in self._limits]
            self._limits = sorted([*self._limits, *added])
            if added:
                return added
        if self._exact or is_settled(self._samples):
            return []
        again = sorted({*in_question(self._samples), *self._asked.asked_about})
        takes_s = sum(self._took_s[limit] for limit in again)
        return again if self._deadline_s is None or time.monotonic() + takes_s <= self._deadline_s else []

    async def _round(self, limits: Sequence[int]) -> None:
        # From the middle outwards: low limits take long, high ones may, and what is left of a small budget is a curve.
        order = sorted(limits, key=lambda limit: abs(limits.index(limit) - len(limits) // 2))
        if self._made.order is Order.SHUFFLED:
            self._dice.shuffle(order)
        for limit in order:
            await self._once(limit)

    async def _once(self, limit: int, *, is_warmup: bool = False) -> None:
        """Run the tasks with this limit, unless it is all over."""
        if self._interrupted or self._over:
            return
        if self._deadline_s is not None and time.monotonic() >= self._deadline_s:
            self._over = True
            return
        began_s = time.monotonic()
        comparison = await self._measured(limit, is_warmup=is_warmup)
        self._number += 1
        if self._first is None:
            self._first = comparison
        if not is_warmup:
            for run in comparison.runs:
                if run.verdict is not Verdict.INTERRUPTED:
                    done = self._samples.setdefault(limit, [])
                    self._runs.append(replace(run, repeat=len(done)))
                    done.append(sample_of(run))
        self._took_s[limit] = time.monotonic() - began_s

    async def _measured(self, limit: int, *, is_warmup: bool) -> Comparison:
        made = replace(self._made, modes=(mode_of(limit),), baseline=mode_of(limit), runs=1, warmup=0)
        server = made.options.server
        if made.clock is ClockName.VIRTUAL and server is not None:
            luck = server.seed + len(self._samples.get(limit, ()))
            made = replace(made, options=made.options._replace(server=replace(server, seed=luck)))
        if made.clock is ClockName.VIRTUAL or self._deadline_s is None:
            comparison = await measure(made, self._watching(is_warmup=is_warmup))
        else:
            left_s = max(self._deadline_s - time.monotonic(), 0.0)
            async with asyncio.timeout(left_s) as cut:  # measure() itself ends well when it is cancelled
                comparison = await measure(made, self._watching(is_warmup=is_warmup))
            if cut.expired():
                self._over = True
                return replace(comparison, interrupted=False)
        self._interrupted = comparison.interrupted
        return comparison

    def _watching(self, *, is_warmup: bool) -> Watch | None:
        watch = self._watch
        if watch is None:
            return None
        return lambda progress: watch(
            replace(progress, number=self._number, count=0, is_warmup=is_warmup, left_ns=None)
        )

    def _so_far(self) -> Comparison:
        assert self._first is not None
        modes = tuple(mode_of(limit) for limit in self._limits if limit in self._samples) or self._first.modes
        return replace(
            self._first, modes=modes, baseline=modes[0], runs=tuple(self._runs), interrupted=self._interrupted
        )
