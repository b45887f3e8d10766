"""Whole processes: start-up against an empty console script, and what 10,000 simulated delays cost."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.goal import Goal, medians

SCRIPT = Path(sys.executable).with_name("asyncmodes")


def goals() -> Iterator[Goal]:
    """Yield the goals of start-up and of the virtual clock."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty"
        # The wrapper that pip wrote for asyncmodes, calling a function that does nothing instead.
        empty.write_text(SCRIPT.read_text().replace("asyncmodes.__main__", "empty_program"))
        empty.chmod(0o755)
        (Path(folder) / "empty_program.py").write_text("def main():\n    return 0\n")
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPATH"] = folder

        def seconds(*command: str | Path) -> float:
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
            return time.perf_counter() - began

        virtual = (SCRIPT, "compare", "--clock", "virtual")
        took = medians(
            {
                "empty": lambda: seconds(empty),
                "version": lambda: seconds(SCRIPT, "--version"),
                "dinner": lambda: seconds(*virtual),
                "10,000 delays": lambda: seconds(*virtual, "1ms..400ms*10000"),
            },
            rounds=11,
        )
        yield Goal("asyncmodes --version against an empty console script", took["version"] / took["empty"], 1.3)
        yield Goal("10,000 delays in 4 modes against the built-in example", took["10,000 delays"] / took["dinner"], 8)
        result = subprocess.run(
            [*virtual, "1ms..400ms*10000", "--format", "json"], check=True, capture_output=True, env=environment
        )
        inexact = [run["mode"] for run in json.loads(result.stdout)["runs"] if run["total_s"] != run["predicted_s"]]
        yield Goal("modes whose simulated total is not exactly the predicted one", len(inexact), 0, unit="")
