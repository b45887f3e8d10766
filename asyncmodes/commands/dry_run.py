"""`--dry-run`: what would be run and what theory expects of it, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from asyncmodes.commands.screen import Screen
from asyncmodes.measure import Plan, begun, expectations
from asyncmodes.modes import Mode
from asyncmodes.record import Run
from asyncmodes.views.picture import Look


def dry_run(
    made: Plan,
    screen: Screen,
    look: Look,
    output_format: str,
    *,
    remark: str = "",
    more: Mapping[str, object] | None = None,
) -> str:
    """The tasks, the modes and the predicted totals of a plan of which nothing is run.

    `remark` says in the table what would be run besides, `more` has it for the JSON.
    """
    expected = expectations(made)
    if output_format == "json":
        return json.dumps({**_document(made, expected), **(more or {})}, indent=1, allow_nan=False) + "\n"
    from asyncmodes.views.outline import outline

    return screen.rendered(outline(begun(made), expected, look, remark))


def _document(made: Plan, expected: Mapping[Mode, Run | None]) -> dict[str, object]:
    from asyncmodes.exports.json import known_task

    return {
        "dry_run": True,
        "title": made.title,
        "clock": str(made.clock),
        "runs": made.runs,
        "warmup": made.warmup,
        "baseline": str(made.baseline),
        "modes": [
            {
                "mode": str(mode),
                "predicted_s": run and run.total_ns / 1e9,
                "predicted_outcome": run and str(run.verdict),
                "predicted_peak": run and run.peak,
            }
            for mode, run in expected.items()
        ],
        "tasks": [known_task(task) for task in made.tasks],
    }
