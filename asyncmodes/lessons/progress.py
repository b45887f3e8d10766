"""Which questions somebody has answered, and how well: one small JSON file in the user's state directory.

Losing it must never stop a lesson: whatever goes wrong is told in one line, and the lesson goes on without.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from asyncmodes.lessons.grading import Grade

_FILE = "progress.json"
_VERSION = 1
_LARGEST_BYTES = 1 << 20

Tell = Callable[[str], object]
"""Says something to the user in one line."""


def default_path() -> Path | None:
    """Where progress is kept: under XDG_STATE_HOME, or where this system keeps such things; None if nowhere."""
    from platformdirs import user_state_path

    path = user_state_path("asyncmodes", appauthor=False) / _FILE
    return path if path.is_absolute() else None  # as where there is no home


class Progress:
    """The grades of answers, by pack and step. Each change is written at once, whole or not at all."""

    def __init__(self, path: Path | None, tell: Tell) -> None:
        self._path = path
        self._tell = tell
        self._told = False
        self._grades = self._read()

    @classmethod
    def load(cls, tell: Tell) -> Progress:
        """What is kept in the user's state directory; `tell` gets a line for whatever is wrong with it."""
        return cls(default_path(), tell)

    def grades(self, pack: str) -> Mapping[str, Grade]:
        """The last grade of each step of this pack that was answered."""
        start = f"{pack}/"
        return {key.removeprefix(start): grade for key, grade in self._grades.items() if key.startswith(start)}

    def note(self, pack: str, step: str, grade: Grade) -> None:
        """Keep the grade of an answer."""
        self._grades[f"{pack}/{step}"] = grade
        self._change(self._write)

    def reset(self) -> bool:
        """Forget everything; whether there was anything."""
        had = bool(self._grades)
        self._grades = {}
        self._change(lambda path: path.unlink(missing_ok=True))
        return had

    def _read(self) -> dict[str, Grade]:
        if self._path is None:
            return {}
        try:
            if self._path.exists() and not self._path.is_file():  # a pipe would be waited for
                raise OSError(None, "it is no file")
            with self._path.open("rb") as file:
                data = file.read(_LARGEST_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            self._excuse(error)
            return {}
        try:
            return _grades(data)
        except (ValueError, RecursionError):
            self._put_aside(self._path)
            return {}

    def _put_aside(self, path: Path) -> None:
        aside = path.with_name("progress.broken.json")
        try:
            path.replace(aside)
        except OSError as error:
            self._excuse(error)
        else:
            self._tell(f"note: the record of your progress could not be read; it is kept as {aside}, and begins anew")

    def _change(self, change: Callable[[Path], object]) -> None:
        if self._path is None:
            self._excuse(OSError(None, "there is no home directory"))
            return
        try:
            change(self._path)
        except OSError as error:
            self._excuse(error)

    def _excuse(self, error: OSError) -> None:
        """Say once that progress is not kept, and why."""
        if not self._told:
            self._told = True
            where = f" in {self._path}" if self._path else ""
            self._tell(f"note: your progress is not kept{where}: {error.strerror or error}")

    def _write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"version": _VERSION, "grades": self._grades}, indent=1, sort_keys=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{_FILE}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _grades(data: bytes) -> dict[str, Grade]:
    """What a progress file says. Raises ValueError if it is none."""
    if len(data) > _LARGEST_BYTES:
        raise ValueError("too large")
    kept = json.loads(data.decode("utf-8"))
    if not isinstance(kept, dict) or kept.get("version") != _VERSION or not isinstance(kept.get("grades"), dict):
        raise ValueError("no progress")
    return {str(key): Grade(grade) for key, grade in kept["grades"].items()}
