"""Where a lesson is shown and its keys are read, whatever that is, and how somebody leaves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from asyncmodes.commands.keys import OVER
from asyncmodes.views.pages import Page

if TYPE_CHECKING:
    from rich.text import Text

    from asyncmodes.measure import Plan
    from asyncmodes.playback import Playback
    from asyncmodes.record import Comparison
    from asyncmodes.views.picture import Look
    from asyncmodes.views.playback import Scene

T = TypeVar("T")


class Leave(Exception):
    """Somebody wants to leave: they pressed q, or there is no more input."""


class ToList(Exception):
    """Somebody wants the list of lessons."""


class Back(Exception):
    """Somebody wants to say something else than they did just now."""


class Stage(Protocol):
    """Shows pages and waits for what is to be done; all of it raises Leave and ToList."""

    def choose(self, make: Callable[[int, int], Page], count: int, chosen: int) -> int:
        """Let one of `count` lines be chosen; `make` gets the one chosen so far and the width."""
        ...

    def ask(self, make: Callable[[int, int, int], Page], read: Callable[[str], T], *, hint: str = "") -> T:
        """Ask until `read` takes what is typed; `make` gets the width, the height, and how often tab was pressed."""
        ...

    def show(self, make: Callable[[int, int], Page], *, also: str = "") -> str:
        """Show a page until enter, or one of the keys `also`, is pressed, and return the key."""
        ...

    def play(self, scene: Scene, playback: Playback, look: Look, page: Page, *, hint: str = "") -> None:
        """Play the scene on this page until somebody goes on; the page's keys stand beside those of the playback."""
        ...

    def run(self, title: Text, look: Look, made: Plan) -> Comparison:
        """Run for real, and show it."""
        ...


def leave_by(key: str) -> None:
    """Raise Leave or ToList if this is the key for it."""
    if key in ("q", OVER):
        raise Leave
    if key == "l":
        raise ToList
