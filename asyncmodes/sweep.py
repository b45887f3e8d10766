"""Runs the same tasks with one limit after another, again and again, until the figures are steady or time is up."""

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
from asyncmodes.knee import Sweep, choose, half_width, has_a_choice, mode_of, samples_of
from asyncmodes.measure import Order, Plan, Watch, measure
from asyncmodes.record import Comparison, Run, Verdict
from asyncmodes.sources import prepared, uses_server

STEADY = 0.025
FEWEST_ROUNDS, MOST_ROUNDS = 3, 30
_FINER = 3  # limits that are added in each gap beside the knee


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits to be swept; `finer`: add some around the knee once it is seen. `dropped` are above the tasks."""

    chosen: tuple[int, ...]
    finer: bool = False
    dropped: tuple[int, ...] = ()


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
    """Up to three more limits in the gap on either side of this one, evenly spaced."""
    place = limits.index(around)
    edges = limits[max(place - 1, 0) : place + 2]
    added = {
        low + (high - low) * part // (_FINER + 1) for low, high in pairwise(edges) for part in range(1, _FINER + 1)
    }
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
        self._took_s: dict[int, float] = {}
        self._interrupted = False
        self._over = False
        self._number = 0

    async def run(self) -> Sweep:
        """Warm up, run every limit, add finer ones, and repeat."""
        for _ in range(self._made.warmup):
            await self._once(self._limits[len(self._limits) // 2], None)
        await self._round(self._limits, 0)
        too_small = self._over
        if self._asked.finer and not self._interrupted and not self._over and has_a_choice(samples_of(self._so_far())):
            added = finer_limits(self._limits, choose(samples_of(self._so_far()))[1])
            self._limits = sorted([*self._limits, *added])
            await self._round(added, 0)
        repeat = 1
        while self._goes_on(repeat):
            await self._round(self._limits, repeat)
            repeat += 1
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
        server = self._made.options.server
        lucky = server is not None and bool(server.jitter_ns or server.fail_rate)
        return self._made.clock is ClockName.VIRTUAL and not (lucky and any(map(uses_server, self._made.tasks)))

    def _goes_on(self, repeat: int) -> bool:
        if self._interrupted or self._over or self._exact or repeat >= MOST_ROUNDS:
            return False
        if self._deadline_s is not None and time.monotonic() + sum(self._took_s.values()) > self._deadline_s:
            return False
        samples = samples_of(self._so_far())
        if not has_a_choice(samples):
            return False
        return repeat < FEWEST_ROUNDS or any(half_width(each) > STEADY for each in samples.values())

    async def _round(self, limits: Sequence[int], repeat: int) -> None:
        # From the middle outwards: low limits take long, high ones may, and what is left of a small budget is a curve.
        order = sorted(limits, key=lambda limit: abs(limits.index(limit) - len(limits) // 2))
        if self._made.order is Order.SHUFFLED:
            self._dice.shuffle(order)
        for limit in order:
            await self._once(limit, repeat)

    async def _once(self, limit: int, repeat: int | None) -> None:
        """Run the tasks with this limit, unless it is all over; None for a warm-up."""
        if self._interrupted or self._over:
            return
        if self._deadline_s is not None and time.monotonic() >= self._deadline_s:
            self._over = True
            return
        began_s = time.monotonic()
        comparison = await self._measured(limit, repeat)
        self._number += 1
        if self._first is None:
            self._first = comparison
        if repeat is not None:
            done = [run for run in comparison.runs if run.verdict is not Verdict.INTERRUPTED]
            self._runs += [replace(run, repeat=repeat) for run in done]
        self._took_s[limit] = time.monotonic() - began_s

    async def _measured(self, limit: int, repeat: int | None) -> Comparison:
        made = replace(self._made, modes=(mode_of(limit),), baseline=mode_of(limit), runs=1, warmup=0)
        server = made.options.server
        if made.clock is ClockName.VIRTUAL and server is not None and repeat:
            made = replace(made, options=made.options._replace(server=replace(server, seed=server.seed + repeat)))
        if made.clock is ClockName.VIRTUAL or self._deadline_s is None:
            comparison = await measure(made, self._watching(repeat))
        else:
            left_s = max(self._deadline_s - time.monotonic(), 0.0)
            async with asyncio.timeout(left_s) as cut:  # measure() itself ends well when it is cancelled
                comparison = await measure(made, self._watching(repeat))
            if cut.expired():
                self._over = True
                return replace(comparison, interrupted=False)
        self._interrupted = comparison.interrupted
        return comparison

    def _watching(self, repeat: int | None) -> Watch | None:
        watch = self._watch
        if watch is None:
            return None
        return lambda progress: watch(
            replace(progress, number=self._number, count=0, is_warmup=repeat is None, left_ns=None)
        )

    def _so_far(self) -> Comparison:
        assert self._first is not None
        measured = {run.mode.width or 0 for run in self._runs}
        modes = tuple(mode_of(limit) for limit in self._limits if limit in measured) or self._first.modes
        return replace(
            self._first, modes=modes, baseline=modes[0], runs=tuple(self._runs), interrupted=self._interrupted
        )
