"""What `compare` and `run` do: read the tasks, plan, measure, show and write the result, tell how it went."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmodes.advice import warnings
from asyncmodes.clocks import ClockName, LoopName, new_loop
from asyncmodes.commands.exporting import exports, write_all
from asyncmodes.commands.options import Common, CompareOptions, RunOptions
from asyncmodes.commands.output import OUTPUT_FAILED, note, write_stdout
from asyncmodes.commands.progress import ProgressLine
from asyncmodes.commands.screen import Screen, printed
from asyncmodes.commands.signals import Phase, Signals
from asyncmodes.errors import OutputError, PipeClosed, UsageError
from asyncmodes.exports.formats import FORMATS, format_of
from asyncmodes.lists import Tasks
from asyncmodes.measure import Order, Plan, begun, measure, plan
from asyncmodes.modes import parse_mode
from asyncmodes.record import Comparison
from asyncmodes.sources import Options, uses_server
from asyncmodes.spec import DINNER, Defaults, Spec
from asyncmodes.tasks import Cpu, CpuIn, Request, in_reverse

if TYPE_CHECKING:
    from asyncmodes.commands.sweep_options import SweepOptions
    from asyncmodes.views.picture import Look

_MOST_RUNS = 1_000_000
_MOST_TASKS = 1_000_000
_MOST_STREAMED = 1_000_000_000
_MOST_HOSTS = 4  # that the line about requests names


def compare(options: CompareOptions) -> int:
    """Run the same tasks in several modes and compare them.

    Draws a timeline for each mode on one shared axis and tells which was faster. Without tasks it cooks a dinner of
    four dishes. For example: asyncmodes compare soup=800ms fail:200ms 100ms*5 -m sequential -m limited=2
    """
    return _session("compare", options)


def run(options: RunOptions) -> int:
    """Run tasks in one mode and draw its timeline."""
    return _session("run", options)


def _session(command: str, options: CompareOptions | RunOptions) -> int:
    if sys.stdout is None:
        raise OutputError("standard output: it is closed, so no result can be shown; leave it open")
    with Signals() as signals:
        return _measured_and_shown(command, options, signals)


def _measured_and_shown(command: str, options: CompareOptions | RunOptions, signals: Signals) -> int:
    from asyncmodes.commands.gate import Gate, told

    screen = Screen.detect(width=options.width, ascii_only=options.ascii_only, color=options.color)
    check_options(options)
    _check_replay(options, screen)
    if options.no_tasks:
        _check_no_tasks(options)
    made = plan_of(options)
    inputs = filter(None, [options.spec, options.replay, options.against])
    targets = exports(options.output or [], [*made.tasks.files, *inputs])
    if options.dry_run:
        from asyncmodes.commands.dry_run import dry_run

        write_stdout(dry_run(made, screen, screen.look(command, options.rows), options.output_format))
        return 0
    gate = Gate.of(options, made)
    signals.phase = Phase.RUNNING
    if not options.quiet:
        announce(made)
        gate.announce(made)
    comparison = gate.judged(_measure(made, screen, command, options, signals))
    signals.phase = Phase.WRITING
    code = int(any(run.undeclared_failures for run in comparison.runs))
    if not write_all([*targets, *gate.exports], comparison, command, options.rows):
        code = OUTPUT_FAILED
    if options.slow is not None or options.step:
        from asyncmodes.commands.playback import replay

        replay(comparison, _look(screen.resized(), command, options), screen, options, signals)
    try:
        now = screen.resized()
        look = _look(now, command, options)
        write_stdout(printed(comparison, options.output_format, now, look, with_events=options.events))
    except (OutputError, PipeClosed):
        if signals.received is None:
            raise
    if not options.quiet:
        for warning in warnings(comparison):
            note(f"warning: {warning.message}")
    missed = told(comparison, quiet=options.quiet)
    code = code or missed
    return code if signals.received is None else 128 + signals.received


def check_options(options: Common) -> None:
    """Raise UsageError for an option whose value means nothing."""

    def one_of(option: str, value: str, allowed: Sequence[str]) -> None:
        if value not in allowed:
            raise UsageError.at(option, f"there is no {value!r}", f"write {' or '.join(allowed)}")

    def at_least(option: str, value: int | None, least: int) -> None:
        if value is not None and value < least:
            raise UsageError.at(option, f"{value} is too few", f"write a whole number of at least {least}")
        if value is not None and option in ("--runs", "--warmup") and value > _MOST_RUNS:
            raise UsageError.at(option, "so many would never end", f"write at most {_MOST_RUNS:,}")

    one_of("--format", options.output_format, ("table", "json"))
    one_of("--cpu-in", options.cpu_in, tuple(CpuIn))
    one_of("--order", options.order, tuple(Order))
    one_of("--clock", options.clock_name, tuple(ClockName))
    one_of("--loop", options.loop, tuple(LoopName))
    at_least("--runs", options.runs, 1)
    at_least("--warmup", options.warmup, 0)
    at_least("--rows", options.rows, 0)
    at_least("--max-tasks", options.max_tasks, 1)
    at_least("--max-bytes", options.max_bytes, 0)


def _check_no_tasks(options: CompareOptions | RunOptions) -> None:
    """Raise UsageError for an option that needs the tasks."""
    if options.output_format != "json":
        raise UsageError.at("--no-tasks", "there is nothing to draw then", "add --format json")
    unfit = {
        "--output": [name for name in options.output or [] if format_of(name) is not FORMATS[".json"]],
        "--dry-run": options.dry_run,
        "--events": options.events,
        "--slow": options.slow is not None,
        "--step": options.step,
        "--phases": options.phases,
        "--expect": options.expect,
        "--against": options.against,
        "--summary": options.summary,
    }
    for option, asked in unfit.items():
        if asked:
            raise UsageError.at("--no-tasks", f"{option} needs the tasks", "leave out one of the two")


def _check_replay(options: CompareOptions | RunOptions, screen: Screen) -> None:
    if options.slow is not None or options.step:
        from asyncmodes.commands.playback import check_replay

        check_replay(options, screen)


def plan_of(options: CompareOptions | RunOptions | SweepOptions) -> Plan:
    """Read the tasks and plan what to do with them, with a word on standard error about what is odd."""
    modes = options.modes
    seen = Counter(str(parse_mode(mode)) for mode in modes)
    spec = _read(options)
    if options.server is not None:
        from asyncmodes.spec import parse_server

        spec = replace(spec, server=parse_server(options.server))
    tasks = Tasks.of(in_reverse(list(spec.tasks)) if options.reverse else spec.tasks)
    samples = tasks.inventory.samples
    made = plan(
        tasks,
        modes,
        baseline=options.baseline,
        title=spec.title,
        clock=options.clock_name,
        runs=options.runs,
        warmup=int(any(task.work.real_io for task in samples)) if options.warmup is None else options.warmup,
        order=options.order,
        seed=options.seed,
        notes=spec.notes,
        keep_tasks=not options.no_tasks,
        loop=options.loop,
        options=Options(
            max_bytes=options.max_bytes, trust_env=options.trust_env, phases=options.phases, server=spec.server
        ),
    )
    if options.events:
        from asyncmodes.views.events import refuse_many

        refuse_many(len(tasks))
    if options.cpu_in != CpuIn.INLINE and Cpu.kind not in tasks.inventory.kinds and not options.quiet:
        note("warning: --cpu-in says where cpu:200ms is done, and no task is one")
    for mode, times in seen.items():
        if times > 1 and not options.quiet:
            note(f"warning: mode {mode} was asked for {times} times; it is run once")
    if spec.server is not None and not any(map(uses_server, samples)) and not options.quiet:
        note("warning: there is a server, but no task goes to it; write request:50ms (simulated) or url:/delay/50ms")
    return made


def _read(options: Common) -> Spec:
    words = options.words or []
    if options.spec == "-" and "-" in words:
        raise UsageError.at("-", "standard input is the spec already", "write - only once")
    defaults = _defaults(options)
    if options.replay is not None:
        return _replayed(options, defaults)
    if options.spec is not None:
        if words:
            raise UsageError.at("--spec", "tasks are given as words too", "write one of the two")
        from asyncmodes.spec import read_spec

        return read_spec(options.spec, defaults, sys.stdin)
    if words:
        from asyncmodes.spec import read_words

        return Spec("", read_words(words, defaults, sys.stdin))
    return DINNER


def _defaults(options: Common) -> Defaults:
    defaults = Defaults(
        method=options.method,
        data=None if options.data is None else os.fsencode(options.data),
        cpu_in=CpuIn(options.cpu_in),
        seed=options.seed,
        max_tasks=options.max_tasks or (_MOST_STREAMED if options.no_tasks else _MOST_TASKS),
        keep_tasks=not options.no_tasks,
    )
    if options.timeout is not None:
        from asyncmodes.spec import parse_timeout

        defaults = replace(defaults, timeout_ns=parse_timeout(options.timeout, "--timeout"))
    if options.header:
        from asyncmodes.spec import parse_header

        defaults = replace(defaults, headers=tuple(map(parse_header, options.header)))
    return defaults


def _replayed(options: Common, defaults: Defaults) -> Spec:
    if options.words or options.spec is not None:
        raise UsageError.at("--from", "tasks are given in another way too", "write one of the two")
    if options.clock_name != ClockName.VIRTUAL:
        raise UsageError.at("--from", "what was measured before is only simulated now", "leave out --clock real")
    from asyncmodes.replay import read_replay

    return read_replay(str(options.replay), defaults)


def announce(made: Plan) -> None:
    """Say before anything runs which limits may be met, and how many requests go to which host."""
    for limit in made.limits.values():
        note(f"warning: {limit}")
    if Request.kind not in made.tasks.inventory.kinds:
        return
    from urllib.parse import urlsplit

    rounds = len(made.modes) * made.runs + made.warmup
    targets = (task.work.target for task in made.tasks if task.work.kind == "url")
    hosts = Counter(urlsplit(target).netloc.split("@")[-1] or "a server of our own" for target in targets)
    named = list(hosts.items()) if len(hosts) <= _MOST_HOSTS else list(hosts.items())[: _MOST_HOSTS - 1]
    requests = ", ".join(f"{count * rounds:,} to {host}" for host, count in named)
    if others := len(hosts) - len(named):
        rest = (hosts.total() - sum(count for _, count in named)) * rounds
        requests += f" and {rest:,} to {others} more hosts"
    warmup = f" + {made.warmup} warm-up" if made.warmup else ""
    per_round = f"{len(made.modes)} {'mode' if len(made.modes) == 1 else 'modes'} x {made.runs} "
    note(f"requests: {requests} ({per_round}{'run' if made.runs == 1 else 'runs'}{warmup})")


def _measure(made: Plan, screen: Screen, command: str, options: Common, signals: Signals) -> Comparison:
    live = options.live and options.rows != 0 and screen.terminal and not options.quiet and made.clock is ClockName.REAL
    with asyncio.Runner(loop_factory=lambda: new_loop(made.clock, made.loop)) as runner:
        if live and options.output_format == "table":
            from asyncmodes.commands.live import LivePicture
            from asyncmodes.commands.painting import canvas

            look = _look(screen, command, options)
            with LivePicture(canvas(screen, look, begun(made).tasks)) as picture:
                signals.tell, signals.abandon = picture.say, picture.abandon
                return signals.run(lambda: measure(made, picture.watch), runner)
        with ProgressLine(wanted=not options.quiet and made.runs + made.warmup > 1) as line:
            return signals.run(lambda: measure(made, line.watch), runner)


def _look(screen: Screen, command: str, options: Common) -> Look:
    look = screen.look(command, options.rows)
    return look._replace(resources=options.resources, big=options.big, hide_totals=options.hide_totals)
