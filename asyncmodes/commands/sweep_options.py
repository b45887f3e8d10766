"""What `sweep` can be told: what every command that runs tasks can, and which limits to try for how long."""

from collections.abc import Sequence
from typing import Annotated

import typer

from asyncmodes.commands.options import Common


class SweepOptions(Common):
    """What `sweep` can be told."""

    limits: Annotated[
        str | None,
        typer.Option(metavar="1,2,4,...", help="Default: 1, 2, 4, 8 up to the number of tasks, then finer ones."),
    ] = None
    budget: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="How long it may take; limits that may be the answer are repeated until it is clear."
        ),
    ] = "30s"

    output: Annotated[
        list[str] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Also write FILE.json, or the picture as FILE.svg."),
    ] = None

    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the tasks, the limits and the predicted totals, and run nothing.")
    ] = False
    expect: Annotated[
        list[str] | None,
        typer.Option(metavar="EXPR", help="Exit 3 unless it holds: 'recommended <= 8', 'limited=8.throughput > 50'."),
    ] = None
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 also where noise leaves an expectation open.")] = (
        False
    )

    runs: int = 1
    big: bool = False
    hide_totals: bool = False
    against: str | None = None
    max_slowdown: str | None = None
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
