"""A stage for terminals that cannot redraw: plain lines are printed and read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from rich.text import Text

from asyncmodes.commands.keys import ENTER
from asyncmodes.commands.output import write_stdout
from asyncmodes.commands.stage import Leave, leave_by
from asyncmodes.lessons.grading import AskAgain
from asyncmodes.lessons.pages import TALL
from asyncmodes.views.pages import Page, footer

if TYPE_CHECKING:
    from asyncmodes.measure import Plan
    from asyncmodes.playback import Playback
    from asyncmodes.record import Comparison
    from asyncmodes.views.picture import Look
    from asyncmodes.views.playback import Scene

T = TypeVar("T")


class Lines:
    """Prints pages and reads lines: nothing moves, and there are no single keys."""

    def __init__(self, width: int) -> None:
        self._width = width

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def choose(self, make: Callable[[int, int], Page], count: int, chosen: int) -> int:
        """Choose by number; an empty line takes the one that is marked."""
        self._print(make(chosen, self._width))
        while True:
            answer = self._line("Number of a lesson, or q: ")
            if not answer:
                return chosen
            if answer.isascii() and answer.isdigit() and 1 <= int(answer[:9]) <= count:
                return int(answer[:9]) - 1
            if answer == "q":
                raise Leave
            self._write(f"Please write a number from 1 to {count}.\n")

    def ask(self, make: Callable[[int, int, int], Page], read: Callable[[str], T], *, hint: str = "") -> T:
        """Print the page once, and ask until the answer is one."""
        page = make(self._width, TALL, 0)
        self._print(page)
        while True:
            answer = self._line(page.prompt or "")
            if answer == "h":
                self._write(f"{hint or 'There is no hint here; a guess is fine.'}\n")
                continue
            leave_by(answer)
            try:
                return read(answer)
            except AskAgain as again:
                self._write(f"{again}\n")

    def show(self, make: Callable[[int, int], Page], *, also: str = "") -> str:
        """Print the page and wait for an empty line."""
        self._print(make(self._width, TALL))
        while True:
            answer = self._line("")
            if not answer or answer in [*also]:
                return answer or ENTER
            leave_by(answer)

    def play(self, scene: Scene, playback: Playback, look: Look, page: Page, *, hint: str = "") -> None:  # noqa: ARG002  # no key asks for it
        """Print the end of it."""
        from asyncmodes.views.playback import Film

        film = Film(scene, look, TALL)
        self._print(replace(page, body=tuple(film.frame(playback.ended()).split("\n", allow_blank=True)), keys=()))

    def run(self, title: Text, look: Look, made: Plan) -> Comparison:  # noqa: ARG002  # nothing is drawn
        """Say that it runs."""
        from asyncmodes.commands.signals import measured

        self._write("running for real ...\n")
        return measured(made)

    def _print(self, page: Page) -> None:
        lines = [page.title, *page.body, *page.ask, *footer(page.keys, self._width)]
        self._write("".join(f"{line.plain.rstrip()}\n" for line in lines))

    def _line(self, prompt: str) -> str:
        self._write(prompt)
        line = sys.stdin.readline()
        if not line:
            self._write("\n")
            raise Leave
        return line.strip()

    @staticmethod
    def _write(text: str) -> None:
        write_stdout(text)
