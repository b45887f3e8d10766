"""The options that commands share, each declared once, and a command made from such a declaration."""

import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, get_origin

import typer

from asyncmodes.errors import UsageError
from asyncmodes.exports.formats import FORMATS
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
Output = Annotated[
    list[str] | None,
    typer.Option("--output", "-o", metavar="FILE", help=f"Also write FILE, as its end says: {', '.join(FORMATS)}."),
]
Rows = Annotated[
    int | None,
    typer.Option(metavar="N", help="Draw at most N tasks a mode, 0: just totals (default: 20, or 12 of more)."),
]
WithResources = Annotated[
    bool, typer.Option("--resources", help="Show what each mode cost: threads, files, memory, CPU, longest gap.")
]
Events = Annotated[
    bool, typer.Option("--events", help="Show what the event loop did, one event a line (at most 50 tasks).")
]
Big = Annotated[bool, typer.Option("--big", help="For a projector: two-row bars, at most 8 tasks, nothing dim.")]
HideTotals = Annotated[bool, typer.Option("--hide-totals", help="Draw no totals, so that a class can predict them.")]
Baseline = Annotated[
    str | None, typer.Option(metavar="MODE", help="Compare with this mode (default: sequential, otherwise the first).")
]


class Options:
    """What a command can be told: each field that is Annotated is an option or the arguments, the others are settled.

    The annotations have to be real ones: a module that declares options has none from the future. No dataclass:
    making the methods of one with so many fields would take longer than many a command.
    """

    def __init__(self, **said: Any) -> None:
        vars(self).update(said)


class Common(Options):
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
    replay: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="Simulate with the durations of a result (.json) or a HAR; - too."),
    ] = None
    clock: Annotated[
        str | None,
        typer.Option(metavar="real|virtual", help="virtual: simulated, instant and exact (default: real)."),
    ] = None
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="For each task, such as 2s (default: 30s for URLs, else none).")
    ] = None
    cpu_in: Annotated[
        str, typer.Option("--cpu-in", metavar="inline|thread|process", help="Where cpu:200ms burns its processor time.")
    ] = "inline"
    loop: Annotated[
        str, typer.Option(metavar="asyncio|uvloop", help="For URLs: whose event loop (uvloop, if it is installed).")
    ] = "asyncio"
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
    output: Output = None
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the tasks, the modes and the predicted totals, and run nothing.")
    ] = False
    live: Annotated[bool, typer.Option("--live/--no-live", help="Let the picture grow in a terminal.")] = True
    rows: Rows = None
    slow: Annotated[
        float | None,
        typer.Option(metavar="N", help="Then play the runs back on the terminal, N times slower than they were."),
    ] = None
    step: Annotated[bool, typer.Option("--step", help="Then go through the runs from event to event.")] = False
    big: Big = False
    hide_totals: HideTotals = False
    resources: WithResources = False
    width: Width = None
    ascii_only: Ascii = False
    color: Color = "auto"
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No live picture, notes or warnings.")] = False
    max_tasks: Annotated[
        int | None,
        typer.Option(metavar="N", help="Refuse longer task lists (default: a million; with --no-tasks, a billion)."),
    ] = None
    no_tasks: Annotated[
        bool,
        typer.Option("--no-tasks", help="With --format json: keep figures only, for lists too long to keep."),
    ] = False
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
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EXPR", help="Exit 3 unless it holds: 'parallel <= 0.5 sequential', 'settled.failed == 0'."
        ),
    ] = None
    against: Annotated[
        str | None, typer.Option(metavar="FILE", help="Compare with an earlier result that -o FILE.json wrote.")
    ] = None
    max_slowdown: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="With --against: exit 3 if a mode is slower than that: 10%.")
    ] = None
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 3 also where noise leaves an expectation or a slowdown open.")
    ] = False
    summary: Annotated[
        bool, typer.Option("--summary", help="Append a Markdown report to the file that GITHUB_STEP_SUMMARY names.")
    ] = False
    phases: Annotated[
        bool, typer.Option("--phases", help="For URLs: show the time for slot, DNS, connecting, first byte and body.")
    ] = False

    @property
    def clock_name(self) -> str:
        """The clock asked for, otherwise that which suits the tasks: what was measured before is only simulated now."""
        return self.clock or ("real" if self.replay is None else "virtual")


class CompareOptions(Common):
    """What `compare` can be told."""

    mode: Annotated[
        list[str] | None,
        typer.Option("--mode", "-m", metavar="MODE", help=f"Repeatable (default: {', '.join(DEFAULT_MODES)}). {MODES}"),
    ] = None
    baseline: Baseline = None

    events: bool = False

    @property
    def modes(self) -> Sequence[str]:
        """The modes asked for, in that order, or the default ones."""
        return self.mode or DEFAULT_MODES


class RunOptions(Common):
    """What `run` can be told."""

    mode: Annotated[
        list[str] | None, typer.Option("--mode", "-m", metavar="MODE", help=f"Default: parallel. {MODES}")
    ] = None
    events: Events = False
    baseline: str | None = None

    @property
    def modes(self) -> Sequence[str]:
        """The one mode. Raises UsageError if there are several."""
        if self.mode and len(self.mode) > 1:
            raise UsageError.at("--mode", "run takes one mode", "for several write asyncmodes compare")
        return self.mode or ["parallel"]


_LEADING = ("lesson", "files", "what", "words", "mode", "spec", "clock", "baseline")
_FIRST = {name: place for place, name in enumerate(_LEADING)}


def command(options: type[Options], run: Callable[[Any], int]) -> Callable[..., None]:
    """A function with an argument for each option, for Typer to read; `run` returns its exit code."""

    def called(**values: object) -> None:
        raise typer.Exit(run(options(**values)))

    annotations: dict[str, Any] = {}
    for each in reversed(options.__mro__):
        annotations |= inspect.get_annotations(each)
    names = [name for name, annotation in annotations.items() if get_origin(annotation) is Annotated]
    called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # inspect reads it from any callable
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=getattr(options, name, inspect.Parameter.empty),
                annotation=annotations[name],
            )
            for name in sorted(names, key=lambda name: _FIRST.get(name, len(_FIRST)))
        ]
    )
    called.__annotations__ = {}
    called.__doc__ = run.__doc__
    return called
