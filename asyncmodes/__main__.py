"""The program `asyncmodes`; `python -m asyncmodes` is the same."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # type checkers know the name; importing typing for it would cost what --version takes
if TYPE_CHECKING:
    from types import TracebackType

_INTERRUPTED, _TERMINATED = 130, 143
_COLLECTED_AFTER = 50_000  # new objects; the usual 700 would look through all that is loaded a hundred times


def _leave_quietly(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """End the program without a traceback where it was interrupted before it could say what signals do."""
    if issubclass(kind, KeyboardInterrupt):
        os._exit(_INTERRUPTED)
    sys.__excepthook__(kind, error, traceback)


sys.excepthook = _leave_quietly


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
    import gc
    import signal

    gc.set_threshold(_COLLECTED_AFTER)
    # While the program is being loaded, and before it has its own way.
    ignored = signal.SIG_IGN
    caught = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not ignored]
    for number in caught:
        signal.signal(number, lambda number, _: os._exit(128 + number))
    code = _run(sys.argv[1:])
    for number in caught:
        signal.signal(number, ignored)  # it is over, and the exit code is known
    _leave_if_something_is_left(code)
    return code


def _run(arguments: list[str]) -> int:
    """Run the command. A lesson without options is opened at once, without all that other commands need."""
    if arguments[:1] == ["learn"] and len(arguments) <= 2 and not any(word.startswith("-") for word in arguments):
        from asyncmodes.commands.exits import exit_code
        from asyncmodes.commands.lesson_flow import open_lesson

        return exit_code(lambda: open_lesson(*arguments[1:]))
    from asyncmodes.commands.program import main as run_program

    return run_program(arguments)


def _leave_if_something_is_left(code: int) -> None:
    """End the process here if a thread hangs in a file or a host name, since the interpreter would wait for it.

    And if a signal was the end: the interpreter would complain of what was under way.
    """
    import threading

    stuck = any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate())
    if stuck or code in (_INTERRUPTED, _TERMINATED):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
