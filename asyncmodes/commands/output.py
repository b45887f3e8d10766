"""Where results go: standard output as it really is, messages on standard error, exports in files."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from asyncmodes.errors import OutputError, PipeClosed, UsageError
from asyncmodes.exports.formats import FORMATS, format_of
from asyncmodes.text import clean, without_passwords

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from asyncmodes.commands.gate import StepSummary
    from asyncmodes.record import Comparison
    from asyncmodes.views.picture import Look

DEFAULT_WIDTH = 80
OUTPUT_FAILED = 4
_MOST_OF_A_NAME = 60  # characters that a temporary file takes from the name of its target


def note(text: str) -> None:
    """Say something in one line on standard error; nobody listening there is no reason to fail."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"asyncmodes: {clean(without_passwords(text))}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


def write_stdout(text: str) -> None:
    """Write a result, all of it. Raises PipeClosed if nobody reads it, OutputError if it cannot be written."""
    if sys.stdout is None:
        raise OutputError("standard output: it is closed; redirect it to a file or leave it open")
    try:
        _write_whole(sys.stdout, text)
    except BrokenPipeError as error:
        silence_stdout()
        raise PipeClosed from error
    except OSError as error:
        silence_stdout()
        raise OutputError(f"standard output: {error.strerror or error}; write it somewhere else") from error


def _write_whole(stream: TextIO, text: str) -> None:
    """Write all of it: with PYTHONUNBUFFERED a signal in the middle of a write would silently lose the rest."""
    buffer = getattr(stream, "buffer", None)
    if buffer is None:  # somebody captures the text
        stream.write(text)
    else:
        stream.flush()
        rest = memoryview(text.encode(stream.encoding, stream.errors or "strict"))
        while rest:
            rest = rest[buffer.write(rest) or 0 :]
    stream.flush()


def silence_stdout() -> None:
    """Let what is left in the buffer go nowhere, or the interpreter would complain of it at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        pass


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


def printed(comparison: Comparison, output_format: str, screen: Screen, look: Look, *, with_events: bool) -> str:
    """What goes to standard output: the JSON document, or the picture and maybe what the event loop did."""
    if output_format == "json":
        from asyncmodes.exports.json import write_json

        return write_json(comparison)
    from asyncmodes.views.picture import drawn_runs, picture

    drawn = picture(comparison, look)
    if with_events:
        from asyncmodes.views.events import event_view

        for run in drawn_runs(comparison):
            drawn = drawn + "\n\n" + event_view(run, look)
    return screen.rendered(drawn)


def write_all(exports: Iterable[Export | StepSummary], comparison: Comparison, command: str, rows: int | None) -> bool:
    """Write all exports that can be written, and note what is wrong with the others; whether all could be."""
    done = True
    for export in exports:
        try:
            export.write(comparison, command, rows)
        except OutputError as error:
            note(f"error: {error}")
            done = False
    return done


def exports(names: Iterable[str], inputs: Iterable[str]) -> list[Export]:
    """What is to be written besides standard output. Raises UsageError if any of it cannot be, or is another too."""
    inputs = list(inputs)
    made: list[Export] = []
    for name in names:
        new = Export(name, inputs)
        for other in made:
            if other.path == new.path and other.format is not new.format:
                raise UsageError.at(new.where, f"that is the file of {other.where}", "name another file")
        made.append(new)
    return made


def _is_stdout(path: Path) -> bool:
    """Whether standard output goes to this regular file."""
    try:
        return path.is_file() and os.path.samestat(os.fstat(sys.stdout.fileno()), path.stat())
    except (OSError, ValueError, AttributeError):  # it is closed, or somebody captures the text
        return False


class Export:
    """A file that the result is to be written to, checked before anything runs, written whole or not at all."""

    def __init__(self, name: str, inputs: Iterable[str]) -> None:
        self.name = name
        self.where = f"--output {name}"
        found = format_of(Path(name).name)
        if found is None:
            suffix = Path(name).suffix
            what = f"{suffix} is no known format" if suffix else "the name has no extension to tell the format"
            raise UsageError.at(self.where, what, f"end the name in {', '.join(FORMATS)}")
        self.format = found
        try:
            self.path = Path(os.path.realpath(name))
            self._check(inputs)
        except UsageError:
            raise
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError.at(self.where, f"it cannot be written: {reason}", "name another file") from error

    def _check(self, inputs: Iterable[str]) -> None:
        if self.path.is_symlink():  # and so it is after all links have been followed
            raise UsageError.at(self.where, "its symbolic links lead in a circle", "name another file")
        if self.path.is_dir():
            raise UsageError.at(self.where, "that is a directory", "name a file in it")
        if not self.path.parent.is_dir():
            raise UsageError.at(self.where, "its directory does not exist", "make the directory first")
        exists = self.path.exists()
        if exists and any(self.path.samefile(each) for each in inputs if os.path.exists(each)):
            raise UsageError.at(self.where, "that is the spec itself, or a file to be read", "name another file")
        if exists and _is_stdout(self.path):
            raise UsageError.at(self.where, "standard output goes there too", "name another file")
        # A regular file is replaced by one that is written beside it.
        written = [self.path] if exists else []
        replaced = [self.path.parent] if self.path.is_file() or not exists else []
        if not all(os.access(each, os.W_OK) for each in (*written, *replaced)):
            raise UsageError.at(self.where, "there is no permission to write it", "name another file")

    def write(self, comparison: Comparison, command: str, rows: int | None) -> None:
        """Write it; a regular file is replaced in one step and keeps its permissions. Raises OutputError."""
        self.save(self.format.write(comparison, command, rows))

    def save(self, text: str) -> None:
        """Write this text in the same way. Raises OutputError."""
        try:
            if self.path.exists() and not self.path.is_file():
                with self.path.open("w", encoding="utf-8", newline="") as device:
                    device.write(text)
            else:
                self._replace(text)
        except OSError as error:
            raise OutputError(f"{self.where}: {error.strerror or error}; write it somewhere else") from error

    def _replace(self, text: str) -> None:
        # The name comes first: a signal may end the program between any two steps, and none may leave the file.
        temporary = self.path.with_name(f".{self.path.name[:_MOST_OF_A_NAME]}.{os.urandom(8).hex()}")
        try:
            with temporary.open("x", encoding="utf-8", newline="") as file:
                temporary.chmod(0o600)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(self._permissions())
            temporary.replace(self.path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _permissions(self) -> int:
        if self.path.exists():
            return stat.S_IMODE(self.path.stat().st_mode)
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
