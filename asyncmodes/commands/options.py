"""The options that commands share, each declared once, and a command made from such a declaration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Annotated, Any, get_type_hints

import typer

from asyncmodes.errors import UsageError
from asyncmodes.modes import DEFAULT_MODES

TASKS_HELP = (
    "Tasks: 300ms, fail:300ms, 100ms..400ms, block:100ms, cpu:200ms, request:50ms, URLs, files, NAME=WORD, WORD*20, "
    "- for standard input."
)
MODES = (
    "Modes: sequential, parallel, settled, limited=N, batched=N, race, any; modifiers: +settled (wait for all), and "
    "for the tasks left after a failure +keep, +drop (queued ones never start) or +cancel."
)

Format = Annotated[str, typer.Option("--format", metavar="table|json", help="What goes to standard output.")]
Width = Annotated[int | None, typer.Option(metavar="N", help="Width of the picture, from 20 to 200 columns.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")]
Color = Annotated[str, typer.Option(metavar="auto|always|never", help="Colour the picture.")]


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command that runs tasks can be told."""

    words: Annotated[list[str] | None, typer.Argument(metavar="TASK...", help=TASKS_HELP)] = None
    spec: Annotated[
        str | None, typer.Option("--spec", "-s", metavar="FILE", help="Tasks from a TOML or JSON file; - for stdin.")
    ] = None
    server: Annotated[
        str | None,
        typer.Option(
            metavar="'KEY=VALUE ...'",
            help="For request:50ms (simulated) and url:/delay/50ms (real): 'capacity=8 overload=slow latency=50ms'.",
        ),
    ] = None
    clock: Annotated[str, typer.Option(metavar="real|virtual", help="virtual: simulated, instant and exact.")] = "real"
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="For each task, such as 2s (default: 30s for URLs, else none).")
    ] = None
    cpu_in: Annotated[
        str, typer.Option("--cpu-in", metavar="inline|thread|process", help="Where cpu:200ms burns its processor time.")
    ] = "inline"
    runs: Annotated[int, typer.Option(metavar="N", help="Run every mode so often, all modes in turn.")] = 1
    order: Annotated[
        str, typer.Option(metavar="in-turn|shuffled", help="The order of the modes in each round of --runs.")
    ] = "in-turn"
    warmup: Annotated[
        int | None,
        typer.Option(metavar="N", help="Unrecorded runs first (default: 1 for URLs and files, 0 for fake delays)."),
    ] = None
    reverse: Annotated[bool, typer.Option("--reverse", help="Run the tasks in reverse order.")] = False
    seed: Annotated[int, typer.Option(metavar="N", help="For delays drawn from a range, and a shuffled order.")] = 0
    output_format: Format = "table"
    output: Annotated[
        list[str] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Also write FILE.json, or the picture as FILE.svg."),
    ] = None
    live: Annotated[bool, typer.Option("--live/--no-live", help="Let the picture grow in a terminal.")] = True
    rows: Annotated[
        int | None, typer.Option(metavar="N", help="Draw at most N tasks a mode (default: 20, or 12 of more).")
    ] = None
    slow: Annotated[
        float | None,
        typer.Option(metavar="N", help="Then play the runs back on the terminal, N times slower than they were."),
    ] = None
    step: Annotated[bool, typer.Option("--step", help="Then go through the runs from event to event.")] = False
    big: Annotated[bool, typer.Option("--big", help="For a projector: two-row bars, at most 8 tasks, nothing dim.")] = (
        False
    )
    hide_totals: Annotated[
        bool, typer.Option("--hide-totals", help="Draw no totals, so that a class can predict them.")
    ] = False
    resources: Annotated[
        bool, typer.Option("--resources", help="Show what each mode cost: threads, files, memory, CPU, longest gap.")
    ] = False
    width: Width = None
    ascii_only: Ascii = False
    color: Color = "auto"
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No live picture, notes or warnings.")] = False
    max_tasks: Annotated[int, typer.Option(metavar="N", help="Refuse longer task lists.")] = 1_000_000
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", metavar="'K: V'", help="For URLs; repeatable.")
    ] = None
    method: Annotated[str | None, typer.Option(metavar="METHOD", help="For URLs (default: GET; POST with --data).")] = (
        None
    )
    data: Annotated[str | None, typer.Option(metavar="TEXT", help="For URLs: the body to send.")] = None
    max_bytes: Annotated[int, typer.Option(metavar="N", help="For URLs: the most bytes of a body, once decoded.")] = (
        1 << 30
    )
    trust_env: Annotated[
        bool, typer.Option("--trust-env", help="For URLs: use proxies and .netrc of the environment.")
    ] = False
    phases: Annotated[
        bool, typer.Option("--phases", help="For URLs: show the time for slot, DNS, connecting, first byte and body.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class CompareOptions(Common):
    """What `compare` can be told."""

    mode: Annotated[
        list[str] | None,
        typer.Option("--mode", "-m", metavar="MODE", help=f"Repeatable (default: {', '.join(DEFAULT_MODES)}). {MODES}"),
    ] = None
    baseline: Annotated[
        str | None,
        typer.Option(metavar="MODE", help="Compare with this mode (default: sequential, otherwise the first)."),
    ] = None

    events: bool = field(default=False, init=False)

    @property
    def modes(self) -> Sequence[str]:
        """The modes asked for, in that order, or the default ones."""
        return self.mode or DEFAULT_MODES


@dataclass(frozen=True, kw_only=True)
class RunOptions(Common):
    """What `run` can be told."""

    mode: Annotated[
        list[str] | None, typer.Option("--mode", "-m", metavar="MODE", help=f"Default: parallel. {MODES}")
    ] = None
    events: Annotated[
        bool, typer.Option("--events", help="Show what the event loop did, one event a line (at most 50 tasks).")
    ] = False
    baseline: str | None = field(default=None, init=False)

    @property
    def modes(self) -> Sequence[str]:
        """The one mode. Raises UsageError if there are several."""
        if self.mode and len(self.mode) > 1:
            raise UsageError.at("--mode", "run takes one mode", "for several write asyncmodes compare")
        return self.mode or ["parallel"]


@dataclass(frozen=True, kw_only=True)
class SweepOptions(Common):
    """What `sweep` can be told."""

    limits: Annotated[
        str | None,
        typer.Option(metavar="1,2,4,...", help="Default: 1, 2, 4, 8 up to the number of tasks, then finer ones."),
    ] = None
    budget: Annotated[
        str, typer.Option(metavar="TIME", help="How long it may repeat the limits until the figures are steady.")
    ] = "30s"

    runs: int = field(default=1, init=False)
    live: bool = field(default=False, init=False)
    slow: float | None = field(default=None, init=False)
    step: bool = field(default=False, init=False)
    rows: int | None = field(default=None, init=False)
    resources: bool = field(default=False, init=False)
    phases: bool = field(default=False, init=False)
    events: bool = field(default=False, init=False)
    baseline: str | None = field(default=None, init=False)

    @property
    def modes(self) -> Sequence[str]:
        """The lowest limit there is; the others are known only once the tasks are."""
        return ["limited=1+settled"]


_FIRST = {name: place for place, name in enumerate(("lesson", "words", "mode", "spec", "clock", "baseline"))}


def command(options: type[Any], run: Callable[[Any], int]) -> Callable[..., None]:
    """A function with an argument for each field of `options`, for Typer to read; `run` returns its exit code."""

    def called(**values: object) -> None:
        raise typer.Exit(run(options(**values)))

    hints = get_type_hints(options, include_extras=True)
    called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # inspect reads it from any callable
        [
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if each.default is MISSING else each.default,
                annotation=hints[each.name],
            )
            for each in sorted(fields(options), key=lambda each: _FIRST.get(each.name, len(_FIRST)))
            if each.init
        ]
    )
    called.__annotations__ = {}
    called.__doc__ = run.__doc__
    return called
