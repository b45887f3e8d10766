"""The command `sweep`: which limit to use, by measuring several."""

import asyncio
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmodes.clocks import ClockName, new_loop
from asyncmodes.commands.exporting import Export, exports, write_all
from asyncmodes.commands.gate import all_parsed, told
from asyncmodes.commands.output import OUTPUT_FAILED, note, write_stdout
from asyncmodes.commands.progress import ProgressLine
from asyncmodes.commands.screen import Screen, printed
from asyncmodes.commands.session import announce, check_options, plan_of
from asyncmodes.commands.signals import Phase, Signals
from asyncmodes.commands.sweep_options import SweepOptions
from asyncmodes.errors import OutputError, PipeClosed, UsageError
from asyncmodes.exports.formats import FORMATS
from asyncmodes.knee import mode_of
from asyncmodes.measure import Plan
from asyncmodes.sources.descriptors import descriptor_notes
from asyncmodes.spec import parse_timeout

if TYPE_CHECKING:
    from asyncmodes.expectations.sweeps import OfSweep
    from asyncmodes.sweep import Limits

_NUMBER = re.compile(r"0*[1-9][0-9]{0,17}")
_MOST_LIMITS = 1000
_SHOWN = 20


def sweep(options: SweepOptions) -> int:
    """Find the limit to use: run the tasks with several, and recommend the lowest that is as good as the best.

    Draws throughput against limit and fits the Universal Scalability Law. For example: asyncmodes sweep request:50ms*64
    --server "capacity=8 overload=slow" --clock virtual
    """
    if sys.stdout is None:
        raise OutputError("standard output: it is closed, so no result can be shown; leave it open")
    with Signals() as signals:
        return _swept_and_shown(options, signals)


def parse_limits(text: str) -> tuple[int, ...]:
    """Read `1,2,4,8`: whole numbers of at least 1, rising. Raises UsageError."""
    words = [word.strip() for word in text.split(",")]
    if not any(words):
        raise UsageError.at("--limits", "there are none", "write for example 1,2,4,8")
    if len(words) > _MOST_LIMITS:
        raise UsageError.at("--limits", f"{len(words):,} limits", f"write at most {_MOST_LIMITS:,}")
    limits: list[int] = []
    for word in words:
        if not _NUMBER.fullmatch(word):
            shown = word if len(word) <= _SHOWN else f"{word[:_SHOWN]}..."
            what = f"{shown!r} is not a whole number of at least 1" if word else "a number is missing"
            raise UsageError.at("--limits", what, "write for example 1,2,4,8")
        limit = int(word)
        if limits and limit == limits[-1]:
            raise UsageError.at("--limits", f"{limit} stands there twice", "write each limit once")
        if limits and limit < limits[-1]:
            raise UsageError.at("--limits", f"{limit} comes after {limits[-1]}", "write them rising, such as 1,2,4,8")
        limits.append(limit)
    return tuple(limits)


def _swept_and_shown(options: SweepOptions, signals: Signals) -> int:
    screen = Screen.detect(width=options.width, ascii_only=options.ascii_only, color=options.color)
    check_options(options)
    asked = None if options.limits is None else parse_limits(options.limits)
    budget_ns = parse_timeout(options.budget, "--budget")
    made = plan_of(options)
    made, limits = _with_limits(made, asked)
    targets = _exports(options, [*made.tasks.files, *filter(None, [options.spec, options.replay])])
    expectations, limits = _expectations(options, made, limits)
    if not options.quiet:
        _announce(options, made, limits)
    if options.dry_run:
        write_stdout(_dry_run(made, limits, budget_ns, screen, options.output_format))
        return 0
    with asyncio.Runner(loop_factory=lambda: new_loop(made.clock, made.loop)) as runner:
        from asyncmodes.sweep import sweep as swept

        with ProgressLine(wanted=not options.quiet and made.clock is ClockName.REAL) as line:
            result = signals.run(lambda: swept(made, limits, budget_ns, line.watch), runner)
    signals.phase = Phase.WRITING
    if expectations:
        from asyncmodes.expectations.sweeps import judge_sweep

        judgements = tuple(judge_sweep(expectations, result, strict=options.strict))
        result = replace(result, comparison=replace(result.comparison, judgements=judgements))
    code = int(any(run.undeclared_failures for run in result.comparison.runs))
    if not write_all(targets, result, "sweep", None):
        code = OUTPUT_FAILED
    try:
        screen = screen.resized()
        write_stdout(printed(result, options.output_format, screen, screen.look("sweep", None)))
    except (OutputError, PipeClosed):
        if signals.received is None:
            raise
    missed = told(result.comparison, quiet=options.quiet)
    code = code or missed
    return code if signals.received is None else 128 + signals.received


def _announce(options: SweepOptions, made: Plan, limits: "Limits") -> None:
    if limits.dropped:
        dropped = ", ".join(map(str, limits.dropped[:10])) + ", ..." * (len(limits.dropped) > 10)
        note(f"warning: --limits: {dropped} dropped, there are just {len(made.tasks):,} tasks")
    if options.dry_run:
        return
    announce(made)
    if made.clock is ClockName.REAL:
        note(f"limits that may be it are repeated, for at most {options.budget} (--budget)")


def _with_limits(made: Plan, asked: tuple[int, ...] | None) -> "tuple[Plan, Limits]":
    from asyncmodes.sweep import chosen_limits, default_limits

    limits = default_limits(len(made.tasks)) if asked is None else chosen_limits(asked, len(made.tasks))
    modes = tuple(map(mode_of, limits.chosen))
    made = replace(made, modes=modes, baseline=modes[0])
    made.check()
    return replace(made, limits=descriptor_notes(made.tasks.inventory, modes)), limits


def _expectations(options: SweepOptions, made: Plan, limits: "Limits") -> "tuple[tuple[OfSweep, ...], Limits]":
    """What is expected, and the limits with those marked that it is about."""
    if options.strict and not options.expect:
        raise UsageError.at("--strict", "nothing is expected", "add --expect")
    if not options.expect:
        return (), limits
    from asyncmodes.expectations.sweeps import check_of_sweep, limits_of, parse_of_sweep

    expectations = all_parsed(options.expect, parse_of_sweep)
    check_of_sweep(expectations, limits.chosen, made.clock)
    return expectations, replace(limits, asked_about=limits_of(expectations))


def _dry_run(made: Plan, limits: "Limits", budget_ns: int, screen: Screen, output_format: str) -> str:
    from asyncmodes.commands.dry_run import dry_run

    more = {
        "limits": list(limits.chosen),
        "dropped_limits": list(limits.dropped),
        "finer": limits.finer,
        "budget_s": budget_ns / 1e9,
    }
    remark = "finer limits around the knee would follow" if limits.finer else ""
    return dry_run(made, screen, screen.look("sweep", None), output_format, remark=remark, more={"sweep": more})


def _exports(options: SweepOptions, inputs: list[str]) -> list[Export]:
    found = exports(options.output or [], inputs)
    own = [end for end, form in FORMATS.items() if form.of_sweep]
    for each in found:
        if not each.format.of_sweep:
            remedy = f"end the name in {' or '.join(own)}; asyncmodes show FILE.json writes the others"
            raise UsageError.at(each.where, "a sweep has no such format", remedy)
    return found
