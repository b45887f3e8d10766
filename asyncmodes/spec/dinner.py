"""The built-in example."""

from __future__ import annotations

from asyncmodes.spec.model import Spec
from asyncmodes.tasks import Delay, Task

DINNER = Spec(
    "dinner",
    tuple(
        Task(name, Delay(milliseconds * 1_000_000, f"{milliseconds}ms"))
        for name, milliseconds in (("rice", 400), ("sauce", 200), ("salad", 300), ("bread", 100))
    ),
)
"""The built-in example: four dishes, 1 s of work, of which the longest takes 400 ms."""
