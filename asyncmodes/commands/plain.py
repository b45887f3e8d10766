"""A command whose words are turned into values here: Typer (0.29) would load pydantic, twice the time of the rest."""

from __future__ import annotations

import re
from typing import Any, cast, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from asyncmodes.text import without_passwords

_NUMBERS = {int: (re.compile(r"[+-]?[0-9]{1,4000}"), "a whole number"), float: (re.compile(r"[-+.0-9eE]+"), "a number")}
_LONGEST = 20


class _WithPlainValues:
    """A command whose parameters are words, numbers, switches, and lists of words.

    Typer makes what turns words into values when a parameter is first read, and keeps it in an attribute; what is
    there already is used. A Typer that has no such attribute goes its own way, and is only slower.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, that for help included."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # a command's
        for parameter in parameters:
            kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
            if kind in (str, int, float, bool) or (get_origin(kind) is list and get_args(kind) == (str,)):
                parameter._runtime_param = _Plain(kind)
        return parameters


class PlainCommand(_WithPlainValues, TyperCommand):
    """A command with plain values."""


class Listed(TyperCommand):
    """A command as the list of all tells of it; the rest is loaded when it is called.

    `home` names the module and in it the class of the options; the function that runs it has the command's name.
    """

    def __init__(self, name: str, home: str, summary: str) -> None:
        super().__init__(name, help=summary, rich_markup_mode=None)
        self._module, _, self._options = home.partition(".")

    def loaded(self) -> PlainCommand:
        """The command itself."""
        from importlib import import_module

        from asyncmodes.commands.options import command

        module = import_module(f"asyncmodes.commands.{self._module}")
        app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
        run = command(getattr(module, self._options), getattr(module, str(self.name)))
        app.command(self.name, cls=PlainCommand)(run)
        return cast("PlainCommand", typer.main.get_command(app))


class PlainGroup(_WithPlainValues, TyperGroup):
    """A command of commands, with plain values."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The name of the command that is called, the command itself, and its arguments."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, self.load(found), rest

    def load(self, command: Any) -> Any:
        """The command itself, from now on in the place of what was just listed."""
        if isinstance(command, Listed):
            command = command.loaded()
            self.add_command(command)
        return command


class _Plain:
    """Turns what was written into a value of this kind."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value; several as a list. Raises typer.BadParameter for what is no number and should be."""
        if param.multiple or param.nargs == -1:
            return () if value is None else list(value)
        pattern, what = _NUMBERS.get(self._kind, (None, ""))
        if not isinstance(value, str) or pattern is None:
            return value
        try:
            if pattern.fullmatch(value):
                return self._kind(value)
        except ValueError:
            pass
        value = without_passwords(value)
        shown = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
        raise typer.BadParameter(f"{shown!r} is not {what}", ctx=ctx, param=param)
