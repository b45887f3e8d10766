"""What standard output can show, and results drawn for it."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

from asyncmodes.errors import UsageError
from asyncmodes.exports.formats import FORMATS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from asyncmodes.knee import Sweep
    from asyncmodes.record import Comparison
    from asyncmodes.views.picture import Look

DEFAULT_WIDTH = 80


class Screen(NamedTuple):
    """What standard output can show: its width, its characters, colour, and whether a picture can grow on it."""

    width: int
    fixed_width: bool
    ascii_only: bool
    color: bool
    terminal: bool

    @classmethod
    def detect(cls, *, width: int | None, ascii_only: bool, color: str) -> Screen:
        """From the options first, then the environment (COLUMNS, NO_COLOR, FORCE_COLOR, TERM), then the terminal."""
        from asyncmodes.views.picture import NARROWEST, WIDEST

        if width is not None and not NARROWEST <= width <= WIDEST:
            raise UsageError.at("--width", f"{width} is out of range", f"write {NARROWEST} to {WIDEST}")
        stdout = sys.stdout
        terminal = stdout is not None and stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
        is_colored = colored(color, terminal=terminal)
        columns = width or shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
        return cls(
            width=max(NARROWEST, min(columns, WIDEST)),
            fixed_width=width is not None or bool(os.environ.get("COLUMNS")),
            ascii_only=ascii_only or not can_draw(stdout),
            color=is_colored,
            terminal=terminal,
        )

    def resized(self) -> Screen:
        """The same screen as wide as the terminal is now, unless its width was asked for."""
        if self.fixed_width or not self.terminal:
            return self
        from asyncmodes.views.picture import NARROWEST, WIDEST

        columns = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
        return self._replace(width=max(NARROWEST, min(columns, WIDEST)))

    def look(self, command: str, rows: int | None) -> Look:
        """How a picture has to look on this screen."""
        from asyncmodes.views.glyphs import ASCII, UNICODE
        from asyncmodes.views.picture import Look

        return Look(self.width, ASCII if self.ascii_only else UNICODE, rows, command)

    def console(self, *, animated: bool = False, **options: object) -> Console:
        """A Rich console that neither guesses nor interprets; `animated` lets it move the cursor, coloured or not."""
        from rich.console import Console

        return Console(
            width=self.width,
            force_terminal=self.color or animated,
            color_system="standard" if self.color else None,
            no_color=not self.color,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            _environ={},  # Rich would take any digits of COLUMNS and LINES for numbers
            **options,  # type: ignore[arg-type]  # Rich's own keywords
        )

    def rendered(self, text: Text) -> str:
        """The text as characters, with escape sequences for its styles if this screen has colour."""
        from asyncmodes.commands.ansi import painted

        lines = text.split("\n", allow_blank=True)
        return "".join(painted(line, color=self.color).rstrip() + "\n" for line in lines)


def colored(color: str, *, terminal: bool) -> bool:
    """Whether `--color` and the environment (NO_COLOR, FORCE_COLOR) ask for colour on such a screen."""
    if color not in ("auto", "always", "never"):
        raise UsageError.at("--color", f"there is no {color!r}", "write auto, always or never")
    if color != "auto":
        return color == "always"
    return (terminal or bool(os.environ.get("FORCE_COLOR"))) and not os.environ.get("NO_COLOR")


def can_draw(stdout: object) -> bool:
    """Whether the stream takes the characters of the pictures."""
    encoding = (getattr(stdout, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    return encoding in ("utf8", "utf16", "utf32", "cp65001", "utf8sig")


def printed(
    result: Comparison | Sweep, output_format: str, screen: Screen, look: Look, *, with_events: bool = False
) -> str:
    """What goes to standard output: the JSON document, or the picture and maybe what the event loop did."""
    if output_format == "json":
        return FORMATS[".json"].write(result, look.command, None)
    from asyncmodes.record import Comparison

    if not isinstance(result, Comparison):
        from asyncmodes.views.curve import curve

        return screen.rendered(curve(result, look))
    from asyncmodes.views.picture import drawn_runs, picture

    drawn = picture(result, look)
    if with_events:
        from asyncmodes.views.events import event_view

        for run in drawn_runs(result):
            drawn = drawn + "\n\n" + event_view(run, look)
    return screen.rendered(drawn)
