"""The program `asyncmodes`; `python -m asyncmodes` is the same."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program and return its exit code. The version is told without loading the rest."""
    if sys.argv[1:] == ["--version"] and sys.stdout is not None:
        from asyncmodes import __version__

        try:
            print(f"asyncmodes {__version__}", flush=True)  # noqa: T201  # all that there is to do
        except OSError:
            pass
        else:
            return 0
    from asyncmodes.commands.program import main as run_program

    return run_program(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
