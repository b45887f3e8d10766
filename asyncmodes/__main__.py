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
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:  # while the program was still being loaded, or after its last word
        code = 130
    _leave_without_stuck_threads(code)
    return code


def _run(arguments: list[str]) -> int:
    """Run the command. A lesson without options is opened at once, without all that other commands need."""
    if arguments[:1] == ["learn"] and len(arguments) <= 2 and not any(word.startswith("-") for word in arguments):
        from asyncmodes.commands.exits import exit_code
        from asyncmodes.commands.lesson_flow import open_lesson

        return exit_code(lambda: open_lesson(*arguments[1:]))
    from asyncmodes.commands.program import main as run_program

    return run_program(arguments)


def _leave_without_stuck_threads(code: int) -> None:
    """End the process here if a thread hangs in a file or a host name, since the interpreter would wait for it."""
    import threading

    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):
        import os

        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
