"""Runs the same tasks in several modes, each as often as asked for, and keeps the record of it all."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from asyncmodes import __version__
from asyncmodes.clocks import ClockName, new_loop, running_clock
from asyncmodes.errors import UsageError
from asyncmodes.executor import Execution
from asyncmodes.metering import Meter
from asyncmodes.modes import DEFAULT_MODES, Mode, parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison, Run
from asyncmodes.sources import Options, opened, refuse_too_long, refuse_virtual
from asyncmodes.sources.resources import descriptor_notes
from asyncmodes.tasks import Task

_LONGEST_NS = 2**63 - 1  # what a record's columns can hold


@dataclass(frozen=True)
class Plan:
    """What is to be run: the tasks, the modes, how often, and on which clock.

    `limits` tells for each mode that may come upon a limit of the machine which one, and what to do about it.
    """

    title: str
    tasks: Sequence[Task]
    modes: tuple[Mode, ...]
    baseline: Mode
    clock: ClockName = ClockName.REAL
    runs: int = 1
    warmup: int = 0
    options: Options = field(default_factory=Options)
    limits: Mapping[Mode, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise UsageError if these tasks cannot be run so; nothing has been run then."""
        if not self.tasks:
            raise UsageError.at("tasks", "there are none", "give at least one task")
        known = (task.outcome for task in self.tasks)
        if sum(outcome.duration_ns for outcome in known if outcome is not None) > _LONGEST_NS:
            raise UsageError.at("tasks", "together they take more than 292 years", "give fewer or shorter ones")
        if self.clock is ClockName.VIRTUAL:
            refuse_virtual(self.tasks)
        else:
            refuse_too_long(self.tasks)


Watch = Callable[[Comparison, Callable[[], Run]], None]
"""Is told of each measured run as it begins: the comparison of the runs that are done, and what tells how it stands."""


def plan(
    tasks: Sequence[Task],
    modes: Sequence[str | Mode] = DEFAULT_MODES,
    *,
    baseline: str | Mode | None = None,
    title: str = "",
    clock: str = "real",
    runs: int = 1,
    warmup: int = 0,
    options: Options | None = None,
) -> Plan:
    """Make a plan from modes in any spelling; the same mode twice is run once.

    The baseline is sequential if it is among the modes, else the first. Raises UsageError if any of it is wrong.
    """
    parsed = tuple(dict.fromkeys(_mode(mode) for mode in modes))
    sequential = parse_mode("sequential")
    default = sequential if sequential in parsed else parsed[0]
    chosen = default if baseline is None else _mode(baseline)
    if chosen not in parsed:
        listed = ", ".join(map(str, parsed))
        raise UsageError.at("baseline", f"{chosen} is not among the modes", f"choose one of {listed}")
    made = Plan(title, tasks, parsed, chosen, ClockName(clock), runs, warmup, options or Options())
    made.check()
    return replace(made, limits=descriptor_notes(tasks, parsed))


def compare(
    tasks: Sequence[Task],
    modes: Sequence[str | Mode] = DEFAULT_MODES,
    *,
    baseline: str | Mode | None = None,
    title: str = "",
    clock: str = "real",
    runs: int = 1,
    warmup: int = 0,
) -> Comparison:
    """Run the tasks in each mode and return the comparison. Not to be called from a running event loop.

    `clock` is "real" or "virtual"; `runs` repeats all modes in turn; `warmup` runs in the first mode are not
    recorded. Raises UsageError before anything runs.
    """
    made = plan(tasks, modes, baseline=baseline, title=title, clock=clock, runs=runs, warmup=warmup)
    with asyncio.Runner(loop_factory=lambda: new_loop(made.clock)) as runner:
        return runner.run(measure(made))


async def execute(tasks: Sequence[Task], mode: str | Mode, options: Options | None = None) -> Run:
    """Run the tasks once in one mode on the running loop's clock, and return the record.

    A task's failure is a value in it. If cancelled, cancels the tasks in flight and waits for them first.
    """
    parsed = _mode(mode)
    if running_clock().name is ClockName.VIRTUAL:
        refuse_virtual(tasks)
    notes = descriptor_notes(tasks, [parsed]).values()
    async with opened(tasks, parsed, options or Options()) as sources:
        with Meter(sources.usage) as meter:
            run = await Execution(tasks, sources.starts, parsed, (*notes, *sources.notes)).finish()
            return replace(run, resources=meter.cost(), width_cap=sources.width_cap)


async def measure(made: Plan, watch: Watch | None = None) -> Comparison:
    """Do what the plan says on the running loop, all modes in turn, again and again.

    A cancellation ends it with what had happened until then, marked as interrupted.
    """
    predicted = {mode: predict(made.tasks, mode) for mode in made.modes}
    comparison = Comparison(
        title=made.title,
        clock=made.clock,
        tasks=made.tasks,
        modes=made.modes,
        baseline=made.baseline,
        runs=(),
        started_at=datetime.now(UTC).replace(microsecond=0),
        environment=environment(),
        asyncmodes=__version__,
    )
    try:
        for _ in range(made.warmup):
            await execute(made.tasks, made.modes[0], made.options)
        for repeat in range(made.runs):
            for mode in made.modes:
                expected = predicted[mode]
                labelled = _labeller(repeat, None if expected is None else expected.total_ns)
                async with opened(made.tasks, mode, made.options) as sources:
                    notes = (made.limits[mode],) if mode in made.limits else ()
                    execution = Execution(made.tasks, sources.starts, mode, (*notes, *sources.notes))
                    if watch is not None:
                        watch(comparison, _snapshots(execution, labelled))
                    with Meter(sources.usage) as meter:
                        try:
                            await execution.finish()
                        finally:
                            if execution.record is not None:
                                run = replace(
                                    labelled(execution.record), resources=meter.cost(), width_cap=sources.width_cap
                                )
                                comparison = replace(comparison, runs=(*comparison.runs, run))
    except asyncio.CancelledError:
        comparison = replace(comparison, interrupted=True)
    return comparison


def _labeller(repeat: int, predicted_ns: int | None) -> Callable[[Run], Run]:
    return lambda run: replace(run, repeat=repeat, predicted_ns=predicted_ns)


def _snapshots(execution: Execution, labelled: Callable[[Run], Run]) -> Callable[[], Run]:
    return lambda: labelled(execution.snapshot())


def environment() -> dict[str, object]:
    """Where this was measured: Python's version, the platform, the cores, the event loop's policy."""
    if hasattr(os, "uname"):
        system = os.uname()
        platform = f"{system.sysname} {system.release} {system.machine}"
    else:
        platform = sys.platform
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "platform": platform,
        "cpu_count": os.cpu_count(),
        "event_loop": "asyncio",
    }


def _mode(mode: str | Mode) -> Mode:
    return mode if isinstance(mode, Mode) else parse_mode(mode)
