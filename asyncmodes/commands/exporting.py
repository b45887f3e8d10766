"""Results in files, checked before anything runs and written whole or not at all; the step summary."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmodes.commands.exits import signals_wait
from asyncmodes.commands.output import note
from asyncmodes.errors import OutputError, UsageError
from asyncmodes.exports.formats import FORMATS, format_of

if TYPE_CHECKING:
    from io import FileIO

    from asyncmodes.knee import Sweep
    from asyncmodes.record import Comparison

_DEADLY = ("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")  # they would end the program where it stands
_MOST_OF_A_NAME = 60  # characters that a temporary file takes from the name of its target
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"


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


def write_all(
    exports: Iterable[Export | StepSummary], result: Comparison | Sweep, command: str, rows: int | None
) -> bool:
    """Write all exports that can be written, and note what is wrong with the others; whether all could be."""
    done = True
    for export in exports:
        try:
            export.write(result, command, rows)
        except OutputError as error:
            note(f"error: {error}")
            done = False
    return done


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

    def write(self, result: Comparison | Sweep, command: str, rows: int | None) -> None:
        """Write it; a regular file is replaced in one step and keeps its permissions. Raises OutputError."""
        self.save(self.format.write(result, command, rows))

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
        with signals_wait(_DEADLY):
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


def _is_stdout(path: Path) -> bool:
    """Whether standard output goes to this regular file."""
    try:
        return path.is_file() and os.path.samestat(os.fstat(sys.stdout.fileno()), path.stat())
    except (OSError, ValueError, AttributeError):  # it is closed, or somebody captures the text
        return False


class StepSummary:
    """The file of a GitHub step's summary, checked before anything runs; reports are appended to it."""

    def __init__(self) -> None:
        name = os.environ.get(SUMMARY_VARIABLE)
        if not name:
            remedy = "GitHub's runners set it; elsewhere set it to a file, or write -o report.md"
            raise UsageError.at("--summary", f"{SUMMARY_VARIABLE} is not set", remedy)
        self.path = Path(name)
        self.where = f"--summary {name}"
        place = self.path if self.path.exists() else self.path.parent
        if self.path.is_dir() or not place.exists() or not os.access(place, os.W_OK):
            raise UsageError.at(self.where, "it cannot be written", f"let {SUMMARY_VARIABLE} name a file to append to")

    def write(self, result: Comparison | Sweep, command: str, rows: int | None) -> None:
        """Append the report. Raises OutputError if that fails."""
        report = FORMATS[".md"].write(result, command, rows)
        try:
            with self.path.open("ab", buffering=0) as file:
                _append(file, (report.strip("\n") + "\n\n").encode())
        except OSError as error:
            raise OutputError(f"{self.where}: {error.strerror or error}; write it somewhere else") from error


def _append(file: FileIO, data: bytes) -> None:
    """Append all of it, or nothing. Raises OSError."""
    before = file.seek(0, os.SEEK_END) if file.seekable() else None
    try:
        while data:
            data = data[file.write(data) :]
    except OSError:
        if before is not None:
            with suppress(OSError):  # a device has no length
                file.truncate(before)
        raise
