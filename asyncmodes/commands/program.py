"""The command line: the commands by name, and every way out of them as an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer
from typer.exceptions import TyperException

from asyncmodes import __version__
from asyncmodes.commands import explain, learn, serve, session, sweep
from asyncmodes.commands.options import CompareOptions, RunOptions, SweepOptions, command
from asyncmodes.commands.output import note, silence_stdout, write_stdout
from asyncmodes.commands.plain import PlainCommand, PlainGroup
from asyncmodes.commands.signals import Terminated
from asyncmodes.errors import OutputError, PipeClosed, UsageError

_WRITE_ERRORS = {errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG}
USAGE, OUTPUT, BUG, INTERRUPTED, PIPE_CLOSED, TERMINATED = 2, 4, 70, 130, 141, 143

# Rich markup would swallow words in brackets such as [parallel] from the help texts.
app = typer.Typer(
    name="asyncmodes",
    cls=PlainGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.command("compare", cls=PlainCommand)(command(CompareOptions, session.compare))
app.command("run", cls=PlainCommand)(command(RunOptions, session.run))
app.command("sweep", cls=PlainCommand)(command(SweepOptions, sweep.sweep))
app.command("explain", cls=PlainCommand)(command(explain.ExplainOptions, explain.explain))
app.command("learn", cls=PlainCommand)(command(learn.LearnOptions, learn.learn))
app.command("serve", cls=PlainCommand)(command(serve.ServeOptions, serve.serve))


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
) -> None:
    """One by one, all at once, or five at a time? Run the same tasks in several async modes and see what happened."""
    if version:
        write_stdout(f"asyncmodes {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        with suppress(OSError, AttributeError):  # closed: nobody wants to know
            sys.stderr.write(context.get_help() + "\n")
        raise typer.Exit(USAGE)


def main(arguments: Sequence[str]) -> int:
    """Run the program with these arguments and return its exit code. Only errors that nobody foresaw end in 70."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        if sys.stdout is None and {"--help", "-h"} & set(arguments):
            raise OutputError("standard output: it is closed, so no help can be shown; leave it open")
        return _called(list(arguments))
    except UsageError as error:
        for line in error.lines():
            note(f"error: {line}")
        return USAGE
    except TyperException as error:
        note(f"error: {_usage(error)}")
        return USAGE
    except OutputError as error:
        note(f"error: {error}")
        return OUTPUT
    except (PipeClosed, SystemExit):  # Typer exits by itself only where a help text met a closed pipe
        silence_stdout()
        return PIPE_CLOSED
    except OSError as error:  # Typer's own writing of a help text
        if error.errno not in _WRITE_ERRORS:
            return _bug(error)
        silence_stdout()
        note(f"error: standard output: {error.strerror}; write it somewhere else")
        return OUTPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except Exception as error:
        return _bug(error)


def _bug(error: Exception) -> int:
    if os.environ.get("ASYNCMODES_DEBUG"):
        raise error
    what = f"{type(error).__name__}: {error}"
    note(f"bug: {what}; set ASYNCMODES_DEBUG=1 to see where, and please report it")
    return BUG


def _called(arguments: list[str]) -> int:
    code = typer.main.get_command(app).main(arguments, prog_name="asyncmodes", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _usage(error: TyperException) -> str:
    """Typer's message in one line, with where it happened and where to read on."""
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "asyncmodes"
    message = " ".join(error.format_message().split()).rstrip(".?")
    if "No such option" in message and any(f"-{digit}" in message for digit in "0123456789."):
        return f"{where}: {message}; a duration is never negative, and a file named so is written file:NAME"
    if "No such command" in message and any(character in message for character in "0123456789:/"):
        return f"{where}: {message}; tasks follow a command: asyncmodes compare 300ms 100ms"
    return f"{where}: {message}; see '{where} --help'"
