"""`make test-all`: the test command on every CPython from 3.11 on that this machine has, each in a `.venv-X.Y`."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
_NAME = re.compile(r"python3(\.\d+)?(\.exe)?")


def candidates() -> Iterator[Path]:
    """Whatever is called a Python on the path, and in the places where pyenv and uv put theirs."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for versions in (pyenv / "versions", Path.home() / ".local/share/uv/python"):
        folders += sorted(versions.glob("*/bin"))
    for folder in folders:
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def pythons() -> dict[tuple[int, int], str]:
    """One Python for each version, the first that was found; those in virtual environments do not count."""
    found: dict[tuple[int, int], str] = {}
    ask = "import sys; print(*sys.version_info[:2], sys.implementation.name, sys.prefix == sys.base_prefix)"
    for path in candidates():
        done = subprocess.run([path, "-I", "-c", ask], check=False, capture_output=True, text=True)
        if done.returncode == 0:
            major, minor, implementation, real = done.stdout.split()
            version = int(major), int(minor)
            if implementation == "cpython" and real == "True" and version >= OLDEST:
                found.setdefault(version, str(path))
    return dict(sorted(found.items()))


def main() -> int:
    """Run the tests on each and say how it went."""
    verdicts = {}
    for version, path in pythons().items():
        name = ".".join(map(str, version))
        print(f"== Python {name}: {path}", flush=True)
        command = ["make", "test", f"PYTHON={path}", f"VENV=.venv-{name}"]
        verdicts[name] = subprocess.run(command, check=False).returncode
    print(*(f"Python {name}: {'passed' if code == 0 else 'FAILED'}" for name, code in verdicts.items()), sep="\n")
    return int(not verdicts or any(verdicts.values()))


if __name__ == "__main__":
    sys.exit(main())
