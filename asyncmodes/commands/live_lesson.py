"""A run for real in the middle of a lesson: its picture grows, and keys are still answered."""

from __future__ import annotations

import asyncio

from asyncmodes.clocks import new_loop
from asyncmodes.commands.keys import OVER
from asyncmodes.commands.live import LivePicture
from asyncmodes.commands.painting import canvas
from asyncmodes.commands.screen import Screen
from asyncmodes.commands.signals import Signals
from asyncmodes.commands.terminal import Terminal
from asyncmodes.measure import Plan, measure
from asyncmodes.record import Comparison
from asyncmodes.views.glyphs import ASCII
from asyncmodes.views.picture import Look

_LEAVING = ("q", "l", OVER)


def run_live(terminal: Terminal, look: Look, made: Plan) -> tuple[Comparison, str]:
    """Do what the plan says and show it below the first line; the key that cancelled it, empty if none did.

    SIGINT and SIGTERM end it as they end everything else on the terminal, once what runs has been cancelled; the second
    one leaves at once.
    """
    pressed = ""

    async def main() -> Comparison:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def on_key() -> None:
            nonlocal pressed
            pressed = next((key for key in terminal.waiting() if key in _LEAVING), pressed)
            if pressed:
                task.cancel()

        loop.add_reader(terminal.input, on_key)
        try:
            return await measure(made, picture.watch)
        finally:
            loop.remove_reader(terminal.input)

    screen = Screen(look.width, True, look.glyphs is ASCII, terminal.color, True)
    terminal.go_to(1)
    with (
        Signals() as signals,
        asyncio.Runner(loop_factory=lambda: new_loop(made.clock)) as runner,
        LivePicture(canvas(screen, look, list(made.tasks))) as picture,
    ):

        def abandon() -> None:
            picture.abandon()
            terminal.restore()

        signals.tell, signals.abandon = picture.say, abandon
        comparison = signals.run(main, runner)
    signals.raise_received()
    return comparison, pressed
