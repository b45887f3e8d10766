"""Whole processes: start-up against an empty console script and httpie, and what 10,000 simulated delays cost."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from tests.bench.goal import Goal, installed, medians, seconds, spent

SCRIPT = Path(sys.executable).with_name("asyncmodes")
DINNER = (SCRIPT, "compare", "--clock", "virtual")
DELAYS = (*DINNER, "1ms..400ms*10000")
IMPORTS = (sys.executable, "-c", "import asyncio, typer, rich.console")
AGAINST_HTTPIE = (
    ("asyncmodes --help", "http --help", 0.6),
    ("compare of the built-in example", "http --version", 0.5),
    ("explain parallel", "http --version", 1.0),
    ("the first question of learn", "http --version", 0.6),
)


def goals() -> Iterator[Goal]:
    """Yield the goals of start-up and of the virtual clock."""
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(folder)
        process = partial(partial, seconds, environment=environment)
        timed: dict[str, Callable[[], float]] = {
            "an empty console script": process(_empty_script(folder)),
            "asyncmodes --version": process(SCRIPT, "--version"),
            "asyncmodes --help": process(SCRIPT, "--help"),
            "compare of the built-in example": process(*DINNER),
            "importing asyncio, typer and rich.console": process(*IMPORTS),
            "explain parallel": process(SCRIPT, "explain", "parallel"),
        }
        if sys.platform != "win32":
            timed["the first question of learn"] = partial(_first_question, environment)
        httpie = installed("http")
        if httpie is not None:
            timed |= {f"http {option}": process(httpie, option) for option in ("--version", "--help")}
        took = medians(timed, rounds=21)
        for name, peer, bound in (
            ("asyncmodes --version", "an empty console script", 1.1),
            ("compare of the built-in example", "importing asyncio, typer and rich.console", 1.15),
            *AGAINST_HTTPIE,
        ):
            if name in took and peer in took:
                yield Goal(f"{name} against {peer}", took[name] / took[peer], bound)
            elif name in took:
                yield Goal(f"{name} against {peer}: httpie is not installed", None, bound)
        few_and_many = {"few": process(*DINNER), "many": process(*DELAYS)}
        took = medians(few_and_many, rounds=5)
        yield Goal("10,000 delays in 4 modes against the built-in example", took["many"] / took["few"], 8)
        result = subprocess.run([*DELAYS, "--format", "json"], check=True, capture_output=True, env=environment)
        inexact = [run["mode"] for run in json.loads(result.stdout)["runs"] if run["total_s"] != run["predicted_s"]]
        yield Goal("modes whose simulated total is not exactly the predicted one", len(inexact), 0, unit="")


def _environment(folder: str) -> Mapping[str, str]:
    """As a user has it: modules are compiled once, and nothing is known of earlier lessons."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**environment, "XDG_STATE_HOME": folder, "TERM": "xterm-256color"}


def _empty_script(folder: str) -> Path:
    """The wrapper that pip wrote for asyncmodes, calling a function that does nothing instead.

    Its module is found at the end of the path, where that of an editable installation is.
    """
    empty = Path(folder) / "empty"
    wrapper = SCRIPT.read_text().replace("asyncmodes.__main__", "empty_program")
    empty.write_text(wrapper.replace("import sys\n", f"import sys\nsys.path.append({folder!r})\n", 1))
    empty.chmod(0o755)
    (Path(folder) / "empty_program.py").write_text("def main():\n    return 0\n")
    return empty


def _first_question(environment: Mapping[str, str]) -> float:
    """The processor time from Enter until the first question of a lesson stands on a terminal of 80 x 24."""
    import fcntl
    import pty
    import struct
    import termios

    began = spent()
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen(
        [SCRIPT, "learn", "dinner"], stdin=terminal, stdout=terminal, stderr=terminal, env=environment
    ) as child:
        os.close(terminal)
        seen = b""
        while b"Your answer" not in seen:
            seen += os.read(master, 1 << 16)
        child.kill()
    os.close(master)
    return spent() - began
