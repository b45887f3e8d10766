"""Whether the process may have as many files and sockets open at once as a mode wants, before anything runs."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from asyncmodes.lists import Inventory
from asyncmodes.modes import Mode, Stop, parse_mode
from asyncmodes.resources import MOST_THREADS
from asyncmodes.tasks import FileRead

_RESERVE = 16  # descriptors: the event loop, the live picture, looking up host names


def descriptor_notes(inventory: Inventory, modes: Iterable[Mode]) -> dict[Mode, str]:
    """What to say of each mode that may need more open files and sockets at once than the process may have."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return {}
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    real = {task.work.kind for task in inventory.samples if task.work.real_io}
    kinds = Counter({kind: inventory.kinds[kind] for kind in real})
    if limit == resource.RLIM_INFINITY or not kinds:
        return {}
    most = kinds.total() - max(kinds[FileRead.kind] - MOST_THREADS, 0)
    left = max(limit - _open_now() - _RESERVE, 0)
    at_once = {mode: min(mode.lanes(inventory.kinds.total()), most) for mode in modes}
    return {mode: _too_many(mode, count, left) for mode, count in at_once.items() if count > left}


def _too_many(mode: Mode, count: int, left: int) -> str:
    fits = f"{_narrowed(mode, left)} fits, or " if left else ""
    return (
        f"{mode} may need {count:,} open files and sockets at once, and the limit leaves {left:,}; "
        f"{fits}raise the limit (ulimit -n)"
    )


def _narrowed(mode: Mode, width: int) -> Mode:
    """The mode with this width; race and any can have none, so what they would be like without their stop."""
    if mode.stop in (Stop.ON_FIRST, Stop.ON_SUCCESS):
        return parse_mode(f"limited={width}")
    return replace(mode, width=width)


def _open_now() -> int:
    """How many files and sockets the process has open."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return len(os.listdir(folder)) - 1  # one of them was open for this
    return len((sys.stdin, sys.stdout, sys.stderr))
