"""The end of `make coverage`: in the modules of `STRICT` each line and branch is reached or has its reason.

The reasons stand in `excuses.toml`. A branch that is never taken is told as its line and, after an arrow, the line that
it would lead to, `out` if it would leave the function.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.excuses import Found, unexcused, within

STRICT = ("modes", "executor", "dispatch", "recorder", "prediction", "text", "spec")


def report() -> dict[str, dict]:
    """What coverage.py knows, file by file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "coverage.json")
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", path], check=True)
        return json.loads(path.read_text("utf-8"))["files"]


def missed(file: str, functions: dict[str, dict]) -> Iterator[Found]:
    """The lines and branches of a file that nothing reached."""
    lines = ["out", *(line.strip() for line in Path(file).read_text("utf-8").splitlines())]
    module = ".".join(Path(file).with_suffix("").parts[1:])
    for name, found in functions.items():
        where = f"{module}.{name}"
        for line in found["missing_lines"]:
            yield where, lines[line]
        for begin, end in found["missing_branches"]:
            if not {begin, end} & set(found["missing_lines"]):
                yield where, f"{lines[begin]} -> {lines[max(end, 0)]}"


def main() -> int:
    """Say what is missed without a reason; 1 if anything is."""
    found = Counter(each for file, data in report().items() for each in missed(file, data["functions"]))
    wrong = unexcused("uncovered", found, STRICT)
    strict = sum(within(each, STRICT) for each in found.elements())
    print(f"\n{', '.join(STRICT)}: {strict} lines and branches not reached,", end=" ")
    print(*["without a reason:", *wrong] if wrong else ["each with its reason"], sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
