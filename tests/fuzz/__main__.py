"""`make fuzz`: give every target its number of inputs, print a line for each, and exit 1 if anything was found.

`make fuzz ONLY=specs` picks some; `INPUTS=0.1` takes so much of each number. What was found is kept in `.fuzz/`.
"""

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS, Target

SLOWEST_S = 10
FINDINGS = Path(".fuzz")


def fuzz(name: str, target: Target, share: float) -> bool:
    """Fuzz a target in a process of its own; whether it found nothing."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        command = [
            *(sys.executable, "-m", "tests.fuzz.one", name, corpus),
            f"-runs={round(target.inputs * share)}",
            f"-max_len={target.most_bytes}",
            f"-timeout={SLOWEST_S}",
            f"-artifact_prefix={FINDINGS}/{name}-",
            "-rss_limit_mb=0",  # what the fuzzer itself keeps is not of interest
            "-print_final_stats=1",
        ]
        done = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
    figures = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stdout))
    found = "nothing" if done.returncode == 0 else f"exit code {done.returncode}"
    print(
        f"{name:10} {int(figures.get('number_of_executed_units', 0)):9,} inputs, slowest "
        f"{figures.get('slowest_unit_time_sec', '?')} s, found: {found}",
        flush=True,
    )
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-60:]))
    return done.returncode == 0


def main(wanted: list[str]) -> int:
    """Fuzz the targets asked for (default: all)."""
    if importlib.util.find_spec("atheris") is None:
        print("fuzzing needs atheris, which is there for CPython on Linux and macOS: pip install '.[fuzz]'")
        return 2
    FINDINGS.mkdir(exist_ok=True)
    share = float(os.environ.get("INPUTS") or 1)
    clean = [fuzz(name, TARGETS[name], share) for name in wanted or TARGETS]
    return int(not all(clean))


sys.exit(main(sys.argv[1:]))
