"""What can go wrong before or after a run, said in one line each: where, what, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SHOWN_PROBLEMS = 10


class Problem(NamedTuple):
    """One thing that is wrong: the place, what was found there, and what to write instead."""

    where: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.instead}"


class UsageError(ValueError):
    """A bad option, mode, task or spec; nothing was run (exit code 2).

    `problems` holds all of them; the message lists the first ten, one a line.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems: Sequence[Problem] = problems
        super().__init__("\n".join(self.lines()))

    @classmethod
    def at(cls, where: str, what: str, instead: str) -> UsageError:
        """The error that has just one problem."""
        return cls(Problem(where, what, instead))

    def lines(self) -> list[str]:
        """The problems as text, one a line, at most ten, then how many more."""
        shown = [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        hidden = len(self.problems) - len(shown)
        if hidden:
            shown.append(f"{hidden} more {'problem' if hidden == 1 else 'problems'}; mend these first")
        return shown


class OutputError(Exception):
    """A result or an export could not be written (exit code 4)."""


class PipeClosed(Exception):
    """Whoever read standard output has gone (exit code 141, silent); no OSError, which Typer would turn into 1."""


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word that `word` is most likely a typo of, or None."""
    from difflib import get_close_matches  # imported late: only an error needs it

    matches = get_close_matches(word[:100], known, n=1)
    return matches[0] if matches else None
