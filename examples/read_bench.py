"""What `make bench` found: the goals that were missed, or, of two files, the figures that changed by a tenth or more.

python examples/read_bench.py bench.json [earlier.json]
"""

import json
import sys
from pathlib import Path


def read(path: str) -> dict[str, dict]:
    """The measured goals of the file by what they are about."""
    goals = json.loads(Path(path).read_text())["goals"]
    return {goal["what"]: goal for goal in goals if goal["figure"] is not None}


def main(new: str, old: str | None = None) -> int:
    """Print a line for each; the exit code is 1 if a goal was missed."""
    now = read(new)
    before = read(old) if old else {}
    missed = [what for what, goal in now.items() if goal["met"] is False]
    for what, goal in now.items():
        then = before.get(what, goal)["figure"]
        if what in missed or abs(goal["figure"] - then) >= 0.1 * abs(then) > 0:
            verdict = "MISSED" if what in missed else "ok" if goal["met"] else "shown"
            relation = ">=" if goal["at_least"] else "<="
            bound = "" if goal["bound"] is None else f" (goal {relation} {goal['bound']:g})"
            earlier = f", was {then:.2f}" if what in before else ""
            print(f"{verdict:6} {goal['figure']:8.2f}{bound}{earlier}  {what}")
    print(f"{len(missed)} of {len(now)} goals missed")
    return int(bool(missed))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
