"""The live picture on a pseudo-terminal against none: 200 delays of 50 ms in four modes, the totals and the starts."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.goal import Goal

ROUNDS = 5
TASK_S = 0.05
SHARES = (0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1)


def measured(folder: str, live: str) -> list[dict[str, Any]]:
    """The runs of one comparison on a terminal of 100 columns and 40 lines, read to its end."""
    import fcntl
    import pty
    import struct
    import termios

    result = Path(folder) / "result.json"
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    command = [sys.executable, "-m", "asyncmodes", "compare", "50ms*200", live, "-o", str(result)]
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as process:
        os.close(terminal)
        try:
            while os.read(master, 1 << 16):
                pass
        except OSError:  # how a terminal ends whose last writer has gone
            pass
        os.close(master)
    assert process.returncode == 0
    return json.loads(result.read_text())["runs"]


def lateness_ms(run: dict[str, Any], at_once: int) -> list[float]:
    """How much later each task started than if every task before it had taken exactly 50 ms, in milliseconds."""
    starts = sorted(task["start_s"] for task in run["tasks"])
    waits = [start - before for start, before in zip(starts[at_once:], starts, strict=False)]
    return [1e3 * start for start in starts[:at_once]] + [1e3 * (wait - TASK_S) for wait in waits]


def goals() -> Iterator[Goal]:
    """Yield for each mode how far the medians of the totals are apart, in allowances of 1 % or 2 ms."""
    if sys.platform == "win32":
        return
    totals: dict[str, dict[str, list[float]]] = {}
    late: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for live in ("--no-live", "--live"):
                for run in measured(folder, live):
                    mode = run["mode"]
                    totals.setdefault(mode, {}).setdefault(live, []).append(run["total_s"])
                    late.setdefault(mode, {}).setdefault(live, []).extend(lateness_ms(run, run["peak_in_flight"]))
    heads = "".join(f"{share:8.0%}" for share in SHARES)
    print(f"       {'how late tasks started, ms':28}{heads}")
    for mode, both in late.items():
        for live, values in both.items():
            values.sort()
            row = "".join(f"{values[min(int(share * len(values)), len(values) - 1)]:8.2f}" for share in SHARES)
            print(f"       {mode:12}{live:16}{row}")
    for mode, both in totals.items():
        off, on = statistics.median(both["--no-live"]), statistics.median(both["--live"])
        what = f"live view, {mode}: {1e3 * on:.1f} ms with it, {1e3 * off:.1f} without"
        yield Goal(what, abs(on - off) / max(0.01 * off, 0.002), 1, unit="")
