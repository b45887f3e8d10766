"""From the name of a file, or a pattern, to the names of the files to read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import dropwhile

from asyncmodes.errors import UsageError
from asyncmodes.spec.wording import shown
from asyncmodes.tasks import FileRead

_MAGIC = re.compile(r"[*?\[]")


class Files:
    """Files named relative to the directory `base` ("": the current one). Each text is looked up once."""

    def __init__(self, base: str = "") -> None:
        self._base = base
        self._expanded: dict[str, list[FileRead]] = {}

    def exists(self, text: str) -> bool:
        """Whether anything of that name is there, be it a directory or a link to nowhere."""
        return os.path.lexists(os.path.join(self._base, text))

    def expand(self, text: str, where: str = "file") -> list[FileRead]:
        """The file of that name, or all files that match the pattern: sorted, without directories.

        A plain name is taken as it is, whether the file exists or not. Raises UsageError at `where` for a
        pattern without a match and for what can be no name.
        """
        found = self.lookup(text)
        if found:
            return found
        if not text:
            raise UsageError.at(where, "the name of the file is missing", "write for example data/menu.txt")
        if not _can_be_named(text):
            raise UsageError.at(where, f"{shown(text)} can be the name of no file", "leave out NUL and half characters")
        raise UsageError.at(where, f"{shown(text)} matches no file", "write the name of a file, or a pattern of some")

    def lookup(self, text: str) -> list[FileRead]:
        """What `expand` gives, or an empty list where it raises."""
        if text not in self._expanded:
            self._expanded[text] = [FileRead(os.path.join(self._base, name), name) for name in self._names(text)]
        return self._expanded[text]

    def _names(self, text: str) -> list[str]:
        if not text or not _can_be_named(text):
            return []
        if not is_pattern(text) or self.exists(text):
            return [text]
        try:
            names = set(_matches(text, self._base))
        except (OSError, RecursionError, re.error):  # of patterns too deep or too odd
            return []
        return sorted(name for name in names if not os.path.isdir(os.path.join(self._base, name)))


def _matches(pattern: str, base: str) -> Iterator[str]:
    """The names that match; `**` stands for folders at any depth, but not behind links, which may lead in circles."""
    from glob import escape, glob

    parts = pattern.split("/")
    if "**" not in parts:
        yield from glob(pattern, root_dir=base or None)
        return
    at = parts.index("**")
    top = "/".join(parts[:at]) or "/" * pattern.startswith("/")
    rest = list(dropwhile("**".__eq__, parts[at:]))
    below = "/".join(rest) if rest else "*"
    for start in glob(top, root_dir=base or None) if top else [""]:
        for folder, folders, _ in os.walk(os.path.join(base, start) or "."):
            folders[:] = [name for name in folders if not name.startswith(".")]  # as `*` passes over hidden ones
            inside = os.path.relpath(folder, os.path.join(base, start) or ".")
            name = start if inside == "." else os.path.join(start, inside)
            yield from _matches(os.path.join(escape(name), below), base)


def _can_be_named(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def is_pattern(text: str) -> bool:
    """Whether the text has characters that stand for others."""
    return _MAGIC.search(text) is not None
