"""`make bench`: every goal as a ratio of medians, measured side by side in turn; `make bench ONLY=real` picks some.

Speed is never asserted by a test; this prints goal, figure and verdict, and exits 1 if a goal was missed.
"""

import sys
from collections.abc import Callable, Iterator

from tests.bench import cli, executor, exports, files, http, live, real, sweep
from tests.bench.goal import Goal

PARTS: dict[str, Callable[[], Iterator[Goal]]] = {
    "executor": executor.goals,
    "cli": cli.goals,
    "live": live.goals,
    "real": real.goals,
    "http": http.goals,
    "files": files.goals,
    "exports": exports.goals,
    "sweep": sweep.goals,
}


def main(wanted: list[str]) -> int:
    """Measure the parts asked for (default: all) and print a line for each goal."""
    missed = 0
    for name in wanted or PARTS:
        for goal in PARTS[name]():
            missed += not goal.met
            print(goal, flush=True)
    return int(missed > 0)


sys.exit(main(sys.argv[1:]))
