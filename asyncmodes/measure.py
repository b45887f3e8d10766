"""Runs the same tasks in several modes, each as often as asked for, and keeps the record of it all."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib.util import find_spec

from asyncmodes import __version__
from asyncmodes.capacity import Server
from asyncmodes.clocks import ClockName, LoopName, new_loop, running_clock
from asyncmodes.dispatch import check_needs
from asyncmodes.errors import UsageError
from asyncmodes.executor import Execution
from asyncmodes.hindsight import with_predictions
from asyncmodes.lists import Tasks, listed
from asyncmodes.metering import Meter
from asyncmodes.modes import DEFAULT_MODES, Mode, parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison, Run
from asyncmodes.recorder import Keep, SpanRecorder
from asyncmodes.sources import (
    Options,
    opened,
    prepared,
    refuse_endless,
    refuse_paths,
    refuse_too_long,
    refuse_virtual,
)
from asyncmodes.sources.descriptors import descriptor_notes
from asyncmodes.tasks import Request, Task

_LONGEST_NS = 2**63 - 1  # what a record's columns can hold


class Order(StrEnum):
    """In which order the modes of one round are run."""

    IN_TURN = "in-turn"
    SHUFFLED = "shuffled"


@dataclass(frozen=True)
class Plan:
    """What is to be run: the tasks, the modes, how often, and on which clock.

    `limits` tells for each mode that may come upon a limit of the machine which one, and what to do about it.
    `notes` are remarks that belong beside the figures of every run. Without `keep_tasks` only sums are kept of them.
    """

    title: str
    tasks: Tasks
    modes: tuple[Mode, ...]
    baseline: Mode
    clock: ClockName = ClockName.REAL
    runs: int = 1
    warmup: int = 0
    options: Options = field(default_factory=Options)
    order: Order = Order.IN_TURN
    seed: int = 0
    limits: Mapping[Mode, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    keep_tasks: bool = True
    loop: LoopName = LoopName.ASYNCIO

    @property
    def keep(self) -> Keep:
        """What is kept of each run."""
        if self.keep_tasks:
            return SpanRecorder
        from asyncmodes.tally import TallyRecorder  # imported late: few lists are too long to be kept

        return TallyRecorder

    def check(self) -> None:
        """Raise UsageError if these tasks cannot be run so; nothing has been run then."""
        if not self.tasks:
            raise UsageError.at("tasks", "there are none", "give at least one task")
        inventory = self.tasks.inventory
        if self.tasks.has_needs:
            check_needs(self.tasks)
        refuse_paths(inventory.samples, self.options.server)
        refuse_endless(inventory, self.modes, self.options.server, _LONGEST_NS)
        if self.clock is ClockName.VIRTUAL:
            refuse_virtual(inventory.samples)
        else:
            refuse_too_long(inventory.samples)
        if self.options.trust_env:
            from asyncmodes.sources.environment import check_environment

            check_environment()
        if self.loop is LoopName.UVLOOP:
            _refuse_uvloop(inventory.samples, self.clock)


@dataclass(frozen=True, slots=True)
class Progress:
    """A run that begins: the comparison of those that are done, and which of how many it is, warm-ups included.

    `left_ns` is how long it and the ones after it will take, None if unknown; `snapshot` tells how it stands.
    """

    comparison: Comparison
    number: int
    count: int
    is_warmup: bool
    left_ns: int | None
    snapshot: Callable[[], Run]


Watch = Callable[[Progress], None]
"""Is told of each run as it begins."""


def plan(
    tasks: Collection[Task],
    modes: Sequence[str | Mode] | str | Mode = DEFAULT_MODES,
    *,
    baseline: str | Mode | None = None,
    title: str = "",
    clock: str = "real",
    runs: int = 1,
    warmup: int = 0,
    options: Options | None = None,
    order: str = "in-turn",
    seed: int = 0,
    notes: tuple[str, ...] = (),
    keep_tasks: bool = True,
    loop: str = "asyncio",
) -> Plan:
    """Make a plan from modes in any spelling; the same mode twice is run once.

    The baseline is sequential if it is among the modes, else the first. Raises UsageError if any of it is wrong.
    """
    listed_modes = [modes] if isinstance(modes, str | Mode) else modes
    parsed = tuple(dict.fromkeys(_mode(mode) for mode in listed_modes))
    if not parsed:
        raise UsageError.at("modes", "there are none", "give at least one mode")
    if clock not in tuple(ClockName):
        raise UsageError.at("clock", f"there is no {clock!r}", "write real or virtual")
    if runs < 1 or warmup < 0:
        raise UsageError.at("runs", f"{runs} with {warmup} warm-ups", "give at least 1 run and 0 warm-ups")
    sequential = parse_mode("sequential")
    default = sequential if sequential in parsed else parsed[0]
    chosen = default if baseline is None else _mode(baseline)
    if chosen not in parsed:
        listed = ", ".join(map(str, parsed))
        raise UsageError.at("baseline", f"{chosen} is not among the modes", f"choose one of {listed}")
    made = Plan(
        title,
        Tasks.of(tasks),
        parsed,
        chosen,
        ClockName(clock),
        runs,
        warmup,
        options or Options(),
        Order(order),
        seed,
        notes=notes,
        keep_tasks=keep_tasks,
        loop=LoopName(loop),
    )
    made.check()
    return replace(made, limits=descriptor_notes(made.tasks.inventory, parsed))


def compare(
    tasks: Collection[Task],
    modes: Sequence[str | Mode] | str | Mode = DEFAULT_MODES,
    *,
    baseline: str | Mode | None = None,
    title: str = "",
    clock: str = "real",
    runs: int = 1,
    warmup: int = 0,
    server: Server | None = None,
    keep_tasks: bool = True,
) -> Comparison:
    """Run the tasks in each mode and return the comparison. Not to be called from a running event loop.

    `clock` is "real" or "virtual"; `runs` repeats all modes in turn; `warmup` runs in the first mode are not
    recorded; `server` is the one that fake requests and URLs that are just a path go to. Without `keep_tasks` the
    comparison has figures and no tasks: a limited mode then runs any number of them in the same memory, if `tasks` is
    a `Stream` or another collection that makes them anew each time. Raises UsageError before anything runs, and
    RuntimeError inside a running event loop.
    """
    if asyncio._get_running_loop() is not None:
        raise RuntimeError(
            "compare() needs an event loop of its own; inside one, write: run = await execute(tasks, mode)"
        )
    options = Options(server=server)
    return measured(
        plan(
            tasks,
            modes,
            baseline=baseline,
            title=title,
            clock=clock,
            runs=runs,
            warmup=warmup,
            options=options,
            keep_tasks=keep_tasks,
        )
    )


def measured(made: Plan) -> Comparison:
    """Do what the plan says on an event loop of its own. Not to be called from a running one."""
    with asyncio.Runner(loop_factory=lambda: new_loop(made.clock, made.loop)) as runner:
        return runner.run(measure(made))


async def execute(tasks: Sequence[Task], mode: str | Mode, options: Options | None = None) -> Run:
    """Run the tasks once in one mode on the running loop's clock, and return the record.

    A task's failure is a value in it. If cancelled, cancels the tasks in flight and waits for them first.
    """
    parsed = _mode(mode)
    made = Tasks.of(tasks)
    if running_clock().name is ClockName.VIRTUAL:
        refuse_virtual(made.inventory.samples)
    notes = descriptor_notes(made.inventory, [parsed]).values()
    with prepared(made, options or Options()) as ready:
        async with opened(made, parsed, ready) as sources:
            with Meter(sources.usage) as meter:
                run = await Execution(made, sources.starts, parsed, (*notes, *sources.notes)).finish()
                return replace(run, resources=meter.cost(), width_cap=sources.width_cap)


async def measure(made: Plan, watch: Watch | None = None) -> Comparison:
    """Do what the plan says on the running loop, all modes in turn, again and again.

    A cancellation ends it with what had happened until then, marked as interrupted.
    """
    with prepared(made.tasks, made.options) as options:
        comparison = await _measured(replace(made, options=options), watch)
        return with_predictions(comparison) if made.keep_tasks else comparison


def begun(made: Plan) -> Comparison:
    """The comparison as it stands before the first run."""
    return Comparison(
        title=made.title,
        clock=made.clock,
        tasks=listed(made.tasks) if made.keep_tasks else (),
        modes=made.modes,
        baseline=made.baseline,
        runs=(),
        started_at=datetime.now(UTC).replace(microsecond=0),
        environment=environment(made.loop),
        asyncmodes=__version__,
    )


def expectations(made: Plan) -> dict[Mode, Run | None]:
    """The run that theory gives for each mode, None where only running it can tell."""
    return {mode: predict(made.tasks, mode, server=made.options.server, keep=made.keep) for mode in made.modes}


async def _measured(made: Plan, watch: Watch | None) -> Comparison:
    rounds = list(_rounds(made))
    comparison = begun(made)
    expected = expectations(made)
    left = _TimeLeft([mode for mode, _ in rounds], expected)
    try:
        for number, (mode, repeat) in enumerate(rounds):
            labelled = _labeller(repeat or 0, expected[mode])
            async with opened(made.tasks, mode, made.options) as sources:
                notes = (made.limits[mode],) if mode in made.limits else ()
                notes = (*made.notes, *notes, *sources.notes)
                execution = Execution(made.tasks, sources.starts, mode, notes, made.keep)
                if watch is not None:
                    snapshot = _snapshots(execution, labelled)
                    watch(Progress(comparison, number, len(rounds), repeat is None, left.ns, snapshot))
                with Meter(sources.usage) as meter:
                    try:
                        await execution.finish()
                    finally:
                        if execution.record is not None:
                            left.ran(execution.record)
                            if repeat is not None:
                                run = labelled(execution.record)
                                run = replace(run, resources=meter.cost(), width_cap=sources.width_cap)
                                comparison = replace(comparison, runs=(*comparison.runs, run))
    except asyncio.CancelledError:
        comparison = replace(comparison, interrupted=True)
    return comparison


def _rounds(made: Plan) -> Iterator[tuple[Mode, int | None]]:
    """Every run to be done, as mode and repeat; None for a warm-up."""
    yield from [(made.modes[0], None)] * made.warmup
    dice = None
    if made.order is Order.SHUFFLED:
        from random import Random

        dice = Random(made.seed)  # noqa: S311  # reproducible on purpose, and no secret
    for repeat in range(made.runs):
        modes = list(made.modes)
        if dice is not None:
            dice.shuffle(modes)
        yield from ((mode, repeat) for mode in modes)


class _TimeLeft:
    """How long the runs to come will take, as far as runs of the same mode, or predictions, tell."""

    def __init__(self, to_come: list[Mode], expected: Mapping[Mode, Run | None]) -> None:
        self._to_come = to_come
        self._known = {mode: run.drained_ns for mode, run in expected.items() if run is not None}

    @property
    def ns(self) -> int | None:
        """The nanoseconds left, None if unknown."""
        if any(mode not in self._known for mode in self._to_come):
            return None
        return sum(self._known[mode] for mode in self._to_come)

    def ran(self, run: Run) -> None:
        """Note that the next run is over and took so long."""
        self._known[run.mode] = run.drained_ns
        self._to_come = self._to_come[1:]


def _labeller(repeat: int, expected: Run | None) -> Callable[[Run], Run]:
    predicted_ns = None if expected is None else expected.total_ns
    return lambda run: replace(run, repeat=repeat, predicted_ns=predicted_ns)


def _snapshots(execution: Execution, labelled: Callable[[Run], Run]) -> Callable[[], Run]:
    return lambda: labelled(execution.snapshot())


def environment(loop: LoopName) -> dict[str, object]:
    """Where this is measured: Python's version, the platform, the cores, whose event loop."""
    if hasattr(os, "uname"):
        system = os.uname()
        platform = f"{system.sysname} {system.release} {system.machine}"
    else:
        platform = sys.platform
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "platform": platform,
        "cpu_count": os.cpu_count(),
        "event_loop": str(loop),
    }


def _refuse_uvloop(tasks: Iterable[Task], clock: ClockName) -> None:
    """Raise UsageError unless these are URLs on the real clock, and uvloop is installed."""
    where = "--loop uvloop"
    if clock is ClockName.VIRTUAL:
        raise UsageError.at(where, "the virtual clock is an event loop itself", "leave out one of the two")
    for task in tasks:
        if task.work.kind != Request.kind:
            what = f"it is for URLs, and {task.work.target} is none: its timers fire early, by up to a millisecond"
            raise UsageError.at(where, what, "leave it out")
    if find_spec("uvloop") is None:
        raise UsageError.at(where, "uvloop is not installed", "run: pip install 'asyncmodes[uvloop]'")


def _mode(mode: str | Mode) -> Mode:
    return mode if isinstance(mode, Mode) else parse_mode(mode)
