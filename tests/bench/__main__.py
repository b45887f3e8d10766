"""`make bench`: every goal as a ratio of medians, measured side by side in turn; `make bench ONLY=real` picks some.

Speed is never asserted by a test; this prints goal, figure and verdict, writes them to `bench.json`, and exits 1 if a
goal was missed. `examples/read_bench.py` reads the file. What needs a program that is not installed is "absent".
"""

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from asyncmodes import __version__
from tests.bench import cli, drawing, executor, exports, files, http, live, real, specs, sweep
from tests.bench.goal import Goal, row

FILE = Path("bench.json")
PARTS: dict[str, Callable[[], Iterator[Goal]]] = {
    "executor": executor.goals,
    "cli": cli.goals,
    "drawing": drawing.goals,
    "specs": specs.goals,
    "live": live.goals,
    "real": real.goals,
    "http": http.goals,
    "files": files.goals,
    "exports": exports.goals,
    "sweep": sweep.goals,
}


def main(wanted: list[str]) -> int:
    """Measure the parts asked for (default: all), print a row for each goal, and write them all."""
    if unknown := [name for name in wanted if name not in PARTS]:
        print(f"there is no {unknown[0]}; write one of {', '.join(PARTS)}", file=sys.stderr)
        return 2
    print(row("verdict", "figure", "goal", "what"))
    measured: list[tuple[str, Goal]] = []
    for name in wanted or PARTS:
        for goal in PARTS[name]():
            measured.append((name, goal))
            print(goal, flush=True)
            FILE.write_text(json.dumps(document(measured), indent=1) + "\n")
    missed = [goal for _, goal in measured if goal.met is False]
    print(f"{len(measured)} figures, {len(missed)} goals missed; written to {FILE}")
    return int(bool(missed))


def document(measured: list[tuple[str, Goal]]) -> dict[str, object]:
    """What is written: `figure` is null for what could not be measured, `bound` and `met` where there is no goal."""
    machine = {"python": platform.python_version(), "platform": platform.platform(), "cpu_count": os.cpu_count()}
    goals = [{"part": part, **asdict(goal), "met": goal.met} for part, goal in measured]
    return {"asyncmodes": __version__, "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", **machine, "goals": goals}


sys.exit(main(sys.argv[1:]))
