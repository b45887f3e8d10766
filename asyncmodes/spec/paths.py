"""From the name of a file, or a pattern, to the names of the files to read."""

from __future__ import annotations

import os
import re

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
        from glob import glob

        try:
            names = set(glob(text, root_dir=self._base or None, recursive=True))
        except (OSError, RecursionError, re.error):  # of patterns too deep or too odd
            return []
        return sorted(name for name in names if not os.path.isdir(os.path.join(self._base, name)))


def _can_be_named(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def is_pattern(text: str) -> bool:
    """Whether the text has characters that stand for others."""
    return _MAGIC.search(text) is not None
