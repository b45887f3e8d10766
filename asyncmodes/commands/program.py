"""The command line: the commands by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer
from typer.exceptions import TyperException

from asyncmodes import __version__
from asyncmodes.commands import explain, learn, schema, serve, session, show, sweep
from asyncmodes.commands.exits import USAGE, exit_code
from asyncmodes.commands.options import CompareOptions, RunOptions, SweepOptions, command
from asyncmodes.commands.output import note, write_stdout
from asyncmodes.commands.plain import PlainCommand, PlainGroup
from asyncmodes.errors import OutputError

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
app.command("show", cls=PlainCommand)(command(show.ShowOptions, show.show))
app.command("explain", cls=PlainCommand)(command(explain.ExplainOptions, explain.explain))
app.command("learn", cls=PlainCommand)(command(learn.LearnOptions, learn.learn))
app.command("schema", cls=PlainCommand)(command(schema.SchemaOptions, schema.schema))
app.command("serve", cls=PlainCommand)(command(serve.ServeOptions, serve.serve))


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
    program = typer.main.get_command(app)
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
