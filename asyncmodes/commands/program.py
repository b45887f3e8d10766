"""The command line: the commands by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer
from typer.exceptions import TyperException

from asyncmodes import __version__
from asyncmodes.commands.exits import USAGE, exit_code
from asyncmodes.commands.output import note, write_stdout
from asyncmodes.commands.plain import Listed, PlainGroup
from asyncmodes.errors import OutputError

# In the order of the help, each with the words that its own help begins with.
COMMANDS = (
    Listed("compare", "session.CompareOptions", "Run the same tasks in several modes and compare them."),
    Listed("run", "session.RunOptions", "Run tasks in one mode and draw its timeline."),
    Listed(
        "sweep",
        "sweep.SweepOptions",
        "Find the limit to use: run the tasks with several, and recommend the lowest that is as good as the best.",
    ),
    Listed("show", "show.ShowOptions", "Draw saved results again, compare them, or write them in other formats."),
    Listed(
        "explain",
        "explain.ExplainOptions",
        "Explain a mode, a modifier or a pitfall: code, timeline, failure, when to use it and when not.",
    ),
    Listed(
        "learn",
        "learn.LearnOptions",
        "Predict, see what happens, and learn why: short lessons on async, a question before each run.",
    ),
    Listed("schema", "schema.SchemaOptions", "Print the JSON Schema (draft 2020-12) of spec files or of results."),
    Listed(
        "serve", "serve.ServeOptions", "Start a server that can be slow, overloaded and unreliable, to try things on."
    ),
)

# Rich markup would swallow words in brackets such as [parallel] from the help texts.
app = typer.Typer(
    name="asyncmodes",
    cls=PlainGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
    show_completion: str | None = typer.Option(
        None, metavar="bash|zsh|fish|powershell", help="Show what completes modes, options and files in that shell."
    ),
) -> None:
    """One by one, all at once, or five at a time? Run the same tasks in several async modes and see what happened."""
    if version:
        write_stdout(f"asyncmodes {__version__}\n")
        raise typer.Exit
    if show_completion is not None:
        from asyncmodes.commands.completion import script

        write_stdout(script(show_completion))
        raise typer.Exit
    if context.invoked_subcommand is None:
        with suppress(OSError, AttributeError):  # closed: nobody wants to know
            sys.stderr.write(context.get_help() + "\n")
        raise typer.Exit(USAGE)


def main(arguments: Sequence[str]) -> int:
    """Run the program with these arguments and return its exit code. Only errors that nobody foresaw end in 70."""
    return exit_code(lambda: _called(list(arguments)))


def _called(arguments: list[str]) -> int:
    if sys.stdout is None and {"--help", "-h"} & set(arguments):
        raise OutputError("standard output: it is closed, so no help can be shown; leave it open")
    program = typer.main.get_group(app)
    for each in COMMANDS:
        program.add_command(each)
    if instruction := os.environ.get("_ASYNCMODES_COMPLETE"):
        from asyncmodes.commands.completion import complete

        return complete(program, instruction)
    try:
        code = program.main(arguments, prog_name="asyncmodes", standalone_mode=False)
    except TyperException as error:
        note(f"error: {_usage(error)}")
        return USAGE
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
