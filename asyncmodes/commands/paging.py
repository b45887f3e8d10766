"""A stage that draws whole pages on a terminal and reads single keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from rich.text import Text

from asyncmodes.commands import keys as k
from asyncmodes.commands.keys import REDRAW
from asyncmodes.commands.stage import Back, Leave, leave_by
from asyncmodes.lessons.grading import AskAgain
from asyncmodes.views.pages import Page, screenful

if TYPE_CHECKING:
    from asyncmodes.commands.terminal import Terminal
    from asyncmodes.measure import Plan
    from asyncmodes.playback import Playback
    from asyncmodes.record import Comparison
    from asyncmodes.views.picture import Look
    from asyncmodes.views.playback import Scene

T = TypeVar("T")
_FRAME_S = 0.05
_LONGEST_ANSWER = 200


@dataclass
class _Line:
    """What is being typed."""

    typed: str = ""

    def takes(self, key: str) -> None:
        """Take a key: a character, or one that removes some."""
        if key == k.BACKSPACE:
            self.typed = self.typed[:-1]
        elif key in (k.CLEAR, k.ESCAPE):
            self.typed = ""
        elif len(key) == 1 and len(self.typed) < _LONGEST_ANSWER:
            self.typed += key


class Pages:
    """Draws whole pages on the terminal and reads single keys."""

    def __init__(self, terminal: Terminal, *, widest: int, big: bool = False) -> None:
        self._terminal = terminal
        self._widest = widest
        self._big = big
        self._scroll = 0

    def __enter__(self) -> Pages:
        self._terminal.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._terminal.__exit__(kind, error, at)

    def choose(self, make: Callable[[int, int], Page], count: int, chosen: int) -> int:
        """Choose with the arrows, or by number."""
        number = ""
        while True:
            width, height = self._size
            self._draw(make(chosen, width), scroll=max(chosen - height // 2 + 3, 0))
            key = self._key()
            if key == k.ENTER:
                return chosen
            if key == "q":
                raise Leave
            chosen = _moved(key, chosen, count)
            number = _number(number, key, count)
            chosen = int(number) - 1 if number else chosen

    def ask(self, make: Callable[[int, int, int], Page], read: Callable[[str], T], *, hint: str = "") -> T:
        """Read a line, key by key; the keys that are commands are so only on an empty one."""
        line, said, tabs = _Line(), "", 0
        self._scroll = 0
        while True:
            self._draw(make(*self._size, tabs), typed=line.typed, said=said, scroll=self._scroll)
            key = self._key()
            if key == k.ENTER:
                try:
                    return read(line.typed)
                except AskAgain as again:
                    line, said = _Line(), str(again)
            elif key == k.OVER:
                raise Leave
            elif key == k.TAB:
                tabs += 1
            elif line.typed.strip() or (line.typed if key == k.BACKSPACE else key not in ("h", "l", "q")):
                self._scrolled(key)
                line.takes(key)
            elif key == k.BACKSPACE:
                raise Back
            elif key == "h":
                said = hint or "There is no hint here; a guess is fine."
            else:
                leave_by(key)

    def show(self, make: Callable[[int, int], Page], *, also: str = "") -> str:
        """Wait for a key; arrows scroll."""
        self._scroll = 0
        while True:
            self._draw(make(*self._size), scroll=self._scroll)
            key = self._key()
            if key == k.ENTER or key in [*also]:
                return key
            self._scrolled(key)
            leave_by(key)

    def play(self, scene: Scene, playback: Playback, look: Look, page: Page, *, hint: str = "") -> None:
        """Draw frame after frame; between two frames keys are waited for."""
        from asyncmodes.views.playback import Film

        film, made_for, said = None, None, ""
        before = time.monotonic()
        while True:
            size = self._size
            now_page = playing(page, playback, look)
            if film is None or made_for != (size, said):
                made_for = (size, said)
                room = screenful(now_page, *size, said=said).room
                film = Film(scene, look._replace(width=min(size[0], look.width)), room)
            body = tuple(film.frame(playback).split("\n", allow_blank=True))
            self._draw(replace(now_page, body=body), said=said)
            key = self._terminal.key(None if playback.paused or playback.is_over else _FRAME_S)
            now = time.monotonic()
            if key != REDRAW:  # the time that the program was stopped is none of the playback's
                playback = playback.later(now - before)
            before = now
            if key == k.ENTER and playback.is_over:
                return
            if key not in (*_CHANGES, *(key for key, _ in page.keys), k.OVER):
                continue
            if key == "h":
                said = "" if said else hint or "There is no hint here."
            elif key in _CHANGES:
                playback = _CHANGES[key](playback)
            else:
                leave_by(key)

    def run(self, title: Text, look: Look, made: Plan) -> Comparison:
        """Run it below the title with its picture growing; keys that leave cancel it."""
        from asyncmodes.commands.live_lesson import run_live

        self._draw(Page(title, (), (("l", "list"), ("q", "quit"))))
        comparison, key = run_live(self._terminal, look._replace(width=self._size[0]), made)
        leave_by(key)
        return comparison

    @property
    def _size(self) -> tuple[int, int]:
        width, height = self._terminal.size
        return min(width, self._widest), height

    def _draw(self, page: Page, *, typed: str = "", said: str = "", scroll: int = 0) -> None:
        shown = screenful(page, *self._size, typed=typed, said=said, scroll=scroll)
        self._scroll = min(self._scroll, shown.most_scroll)
        lines = list(shown.lines)
        if self._big:
            from asyncmodes.views.big import undimmed

            lines = undimmed(lines)
        self._terminal.draw(lines, shown.cursor)

    def _key(self) -> str:
        return self._terminal.key() or ""

    def _scrolled(self, key: str) -> None:
        page = max(self._terminal.size[1] // 2, 1)
        moves = {k.UP: -1, k.DOWN: 1, k.PAGE_UP: -page, k.PAGE_DOWN: page, " ": page}
        self._scroll = max(self._scroll + moves.get(key, 0), 0)


_CHANGES: Mapping[str, Callable[[Playback], Playback]] = {
    " ": lambda playback: playback.toggled(),
    k.RIGHT: lambda playback: playback.forth(),
    k.LEFT: lambda playback: playback.back(),
    "+": lambda playback: playback.faster(),
    "=": lambda playback: playback.faster(),
    "-": lambda playback: playback.slower(),
    k.ENTER: lambda playback: playback.ended(),
    k.END: lambda playback: playback.ended(),
    k.HOME: lambda playback: replace(playback, at_ns=0, paused=True),
}


def playing(page: Page, playback: Playback, look: Look) -> Page:
    """The page while something is played on it: where that is, and what can be done, beside the page's own keys."""
    from asyncmodes.views.playback import status

    space = "again" if playback.is_over else "go on" if playback.paused else "pause"
    enter = "go on" if playback.is_over else "skip"
    keys = (("space", space), ("<- ->", "step"), ("+ -", "speed"), ("enter", enter), *page.keys)
    return replace(page, ask=(Text(status(playback, look), "bold"),), keys=keys)


def _number(before: str, key: str, count: int) -> str:
    """The number being typed after this key, empty if it is none from 1 to `count`."""
    if len(key) != 1 or key not in "0123456789":
        return ""
    return next((number for number in (before + key, key) if 1 <= int(number) <= count), "")


def _moved(key: str, chosen: int, count: int) -> int:
    moves = {k.UP: -1, k.LEFT: -1, k.DOWN: 1, k.RIGHT: 1, k.PAGE_UP: -5, k.PAGE_DOWN: 5, k.HOME: -count, k.END: count}
    if key == k.OVER:
        raise Leave
    return min(max(chosen + moves.get(key, 0), 0), count - 1)
