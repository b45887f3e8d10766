"""The command `sweep`: which limit to use, by measuring several."""

import asyncio
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmodes.clocks import ClockName, new_loop
from asyncmodes.commands.options import Common
from asyncmodes.commands.output import OUTPUT_FAILED, Export, Screen, note, write_stdout
from asyncmodes.commands.progress import ProgressLine
from asyncmodes.commands.session import announce, check_options, plan_of
from asyncmodes.commands.signals import Signals
from asyncmodes.errors import OutputError, PipeClosed, UsageError
from asyncmodes.exports.formats import FORMATS, format_of
from asyncmodes.knee import Sweep, mode_of
from asyncmodes.measure import Plan
from asyncmodes.sources.descriptors import descriptor_notes
from asyncmodes.spec import parse_timeout
from asyncmodes.tasks import FileRead

if TYPE_CHECKING:
    from asyncmodes.sweep import Limits

_NUMBER = re.compile(r"0*[1-9][0-9]{0,17}")
_MOST_LIMITS = 1000
_SHOWN = 20


class SweepOptions(Common):
    """What `sweep` can be told."""

    limits: Annotated[
        str | None,
        typer.Option(metavar="1,2,4,...", help="Default: 1, 2, 4, 8 up to the number of tasks, then finer ones."),
    ] = None
    budget: Annotated[
        str, typer.Option(metavar="TIME", help="How long it may repeat the limits until the figures are steady.")
    ] = "30s"

    output: Annotated[
        list[str] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Also write FILE.json, or the picture as FILE.svg."),
    ] = None

    runs: int = 1
    dry_run: bool = False
    big: bool = False
    hide_totals: bool = False
    expect: list[str] | None = None
    against: str | None = None
    max_slowdown: str | None = None
    strict: bool = False
    summary: bool = False
    live: bool = False
    slow: float | None = None
    step: bool = False
    rows: int | None = None
    resources: bool = False
    phases: bool = False
    no_tasks: bool = False
    events: bool = False
    baseline: str | None = None

    @property
    def modes(self) -> Sequence[str]:
        """The lowest limit there is; the others are known only once the tasks are."""
        return ["limited=1+settled"]


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
    inputs = [task.work.path for task in made.tasks if isinstance(task.work, FileRead)]
    exports = [_export(name, [*inputs, *filter(None, [options.spec, options.replay])]) for name in options.output or []]
    if not options.quiet:
        if limits.dropped:
            dropped = ", ".join(map(str, limits.dropped[:10])) + ", ..." * (len(limits.dropped) > 10)
            note(f"warning: --limits: {dropped} dropped, there are just {len(made.tasks):,} tasks")
        announce(made)
        if made.clock is ClockName.REAL:
            note(f"repeated until the figures are steady, for at most {options.budget} (--budget)")
    with asyncio.Runner(loop_factory=lambda: new_loop(made.clock, made.loop)) as runner:
        from asyncmodes.sweep import sweep as swept

        with ProgressLine(wanted=not options.quiet and made.clock is ClockName.REAL) as line:
            result = signals.run(swept(made, limits, budget_ns, line.watch), runner)
    code = _written(result, exports)
    try:
        text = _json(result) if options.output_format == "json" else _table(result, screen.resized())
        write_stdout(text)
    except (OutputError, PipeClosed):
        if signals.received is None:
            raise
    return code if signals.received is None else 128 + signals.received


def _with_limits(made: Plan, asked: tuple[int, ...] | None) -> "tuple[Plan, Limits]":
    from asyncmodes.sweep import chosen_limits, default_limits

    limits = default_limits(len(made.tasks)) if asked is None else chosen_limits(asked, len(made.tasks))
    modes = tuple(map(mode_of, limits.chosen))
    made = replace(made, modes=modes, baseline=modes[0])
    made.check()
    return replace(made, limits=descriptor_notes(made.tasks, modes)), limits


def _export(name: str, inputs: list[str]) -> Export:
    if format_of(Path(name).name) not in [FORMATS[end] for end in _FORMATS]:
        raise UsageError.at(
            f"--output {name}", "a sweep has no such format", f"end the name in {' or '.join(_FORMATS)}"
        )
    return Export(name, inputs)


def _written(result: Sweep, exports: list[Export]) -> int:
    """Write the exports, all that can be; the exit code so far."""
    code = int(any(run.undeclared_failures for run in result.comparison.runs))
    for export in exports:
        try:
            export.save(_FORMATS[export.path.suffix.lower()](result))
        except OutputError as error:
            note(f"error: {error}")
            code = OUTPUT_FAILED
    return code


def _table(result: Sweep, screen: Screen) -> str:
    from asyncmodes.views.curve import curve

    return screen.rendered(curve(result, screen.look("sweep", None)))


def _json(result: Sweep) -> str:
    from asyncmodes.exports.sweep import write_sweep

    return write_sweep(result)


def _svg(result: Sweep) -> str:
    from asyncmodes.exports.svg import COLUMNS, lines_svg
    from asyncmodes.views.curve import curve
    from asyncmodes.views.picture import Look

    drawn = curve(result, Look(width=COLUMNS, command="sweep"))
    return lines_svg(list(drawn.split("\n", allow_blank=True)), COLUMNS)


_FORMATS: Mapping[str, Callable[[Sweep], str]] = {".json": _json, ".svg": _svg}
