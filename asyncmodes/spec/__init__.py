"""From words and spec files to tasks, or to what is wrong with them."""

from __future__ import annotations

from asyncmodes.spec.durations import parse_delay, parse_duration, parse_timeout
from asyncmodes.spec.entries import Defaults, Spec
from asyncmodes.spec.files import read_spec
from asyncmodes.spec.servers import parse_server
from asyncmodes.spec.web import parse_header
from asyncmodes.spec.words import read_words
from asyncmodes.tasks import Delay, Task

__all__ = [
    "DINNER",
    "Defaults",
    "Spec",
    "parse_delay",
    "parse_duration",
    "parse_header",
    "parse_server",
    "parse_timeout",
    "read_spec",
    "read_words",
]

DINNER = Spec(
    "dinner",
    tuple(
        Task(name, Delay(milliseconds * 1_000_000, f"{milliseconds}ms"))
        for name, milliseconds in (("rice", 400), ("sauce", 200), ("salad", 300), ("bread", 100))
    ),
)
"""The built-in example: four dishes, 1 s of work, of which the longest takes 400 ms."""
