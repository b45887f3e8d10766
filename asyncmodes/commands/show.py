"""The command `show`: saved results drawn again, put side by side, and written in other formats."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmodes.advice import warnings
from asyncmodes.commands.exporting import exports, write_all
from asyncmodes.commands.options import (
    Ascii,
    Baseline,
    Big,
    Color,
    Events,
    Format,
    HideTotals,
    Options,
    Output,
    Rows,
    Width,
    WithResources,
)
from asyncmodes.commands.output import OUTPUT_FAILED, note, write_stdout
from asyncmodes.commands.screen import Screen, printed
from asyncmodes.errors import UsageError
from asyncmodes.record import Comparison
from asyncmodes.side_by_side import Labelled, differences, side_by_side
from asyncmodes.text import clean

if TYPE_CHECKING:
    from asyncmodes.knee import Sweep

_HINT = "name a file that asyncmodes wrote with -o FILE.json, or send one: asyncmodes show - < FILE.json"
_END = ".json"


class ShowOptions(Options):
    """What `show` can be told."""

    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Results written with -o FILE.json; - for standard input.")
    ]
    baseline: Baseline = None
    output_format: Format = "table"
    output: Output = None
    rows: Rows = None
    big: Big = False
    hide_totals: HideTotals = False
    resources: WithResources = False
    events: Events = False
    width: Width = None
    ascii_only: Ascii = False
    color: Color = "auto"
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes or warnings.")] = False

    @property
    def are_of_runs(self) -> bool:
        """Whether any of them is about runs, of which the curve of a sweep shows none."""
        return self.rows is not None or bool(
            self.baseline or self.big or self.hide_totals or self.resources or self.events
        )


def show(options: ShowOptions) -> int:
    """Draw saved results again, compare them, or write them in other formats.

    Nothing is run. Several results of the same tasks are drawn side by side, with the file's name before each mode. Of
    a sweep this is its curve, and the runs of all limits with an option about them, such as --rows or --resources.
    For example: asyncmodes show before.json after.json -o report.html
    """
    screen = Screen.detect(width=options.width, ascii_only=options.ascii_only, color=options.color)
    if options.output_format not in ("table", "json"):
        raise UsageError.at("--format", f"there is no {options.output_format!r}", "write table or json")
    if options.rows is not None and options.rows < 0:
        raise UsageError.at("--rows", f"{options.rows} is too few", "write a whole number of at least 0")
    targets = exports(options.output or [], [each for each in options.files if each != "-"])
    results, swept = _results(options.files)
    comparison = _with_baseline(side_by_side(results), options.baseline)
    swept = swept and replace(swept, comparison=comparison)
    if options.events:
        from asyncmodes.views.events import refuse_many

        refuse_many(len(comparison.tasks))
    code = 0 if write_all(targets, swept or comparison, "show", options.rows) else OUTPUT_FAILED
    look = screen.look("show", options.rows)
    look = look._replace(resources=options.resources, big=options.big, hide_totals=options.hide_totals)
    of_runs = options.output_format == "table" and options.are_of_runs
    shown = comparison if swept is None or of_runs else swept
    write_stdout(printed(shown, options.output_format, screen, look, with_events=options.events))
    if not options.quiet and shown is comparison:
        for difference in differences(results):
            note(f"warning: {difference}")
        for warning in warnings(comparison):
            note(f"warning: {warning.message}")
    return code


def _results(files: Sequence[str]) -> "tuple[list[Labelled], Sweep | None]":
    """What the files hold, each with its label; and the sweep, if that is all there is."""
    from asyncmodes.exports.reading import read_result
    from asyncmodes.exports.saved import read_text

    if len(set(files)) < len(files):
        twice = next(name for name in files if files.count(name) > 1)
        raise UsageError.at(twice, "it is named twice", "name each file once")
    read = [read_result(*read_text(name, _HINT)) for name in files]
    sweeps = [each for each in read if not isinstance(each, Comparison)]
    comparisons = [each if isinstance(each, Comparison) else each.comparison for each in read]
    return list(zip(_labels(files), comparisons, strict=True)), sweeps[0] if len(read) == len(sweeps) == 1 else None


def _labels(files: Sequence[str]) -> list[str]:
    """The files' names without folders and ends where these tell them apart, otherwise as they were written."""
    short = [os.path.basename(name).removesuffix(_END) if name != "-" else "stdin" for name in files]
    return [clean(label) for label in (short if len(set(short)) == len(short) else files)]


def _with_baseline(comparison: Comparison, wanted: str | None) -> Comparison:
    if wanted is None:
        return comparison
    named = {str(mode): mode for mode in comparison.modes}
    if wanted not in named:
        raise UsageError.at("--baseline", f"{wanted[:60]!r} is not among the modes", f"write one of {', '.join(named)}")
    return replace(comparison, baseline=named[wanted])
