"""A mode is how a list of tasks is run. It is a row of data, never a class hierarchy.

Four fields say everything: how many tasks may be in flight (`width`), which outcome makes the caller
resume early (`stop`), what then happens to the other tasks (`leftovers`), and whether the next tasks
wait for a whole batch (`barrier`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from asyncmodes.errors import UsageError, nearest
from asyncmodes.text import clean, without_passwords


class Stop(StrEnum):
    """Which outcome of a task makes the caller resume before all tasks have ended."""

    NEVER = "never"
    ON_FAILURE = "on_failure"
    ON_SUCCESS = "on_success"
    ON_FIRST = "on_first"


class Leftovers(StrEnum):
    """What happens to the other tasks once the caller has resumed early.

    KEEP: running ones go on and queued ones still start. DROP: running ones go on, queued ones never
    start. CANCEL: running ones are cancelled, queued ones never start, and the caller resumes when the
    cancelled ones have ended.
    """

    KEEP = "keep"
    DROP = "drop"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Mode:
    """How to run tasks: `width` is the most in flight (None: unlimited).

    `str(mode)` is the canonical spelling, which `parse_mode` reads back as the same mode. Fields that mean
    nothing together, and so have no spelling, raise UsageError. A `label` tells the same mode of several results
    apart: it stands before the spelling, and `parse_labelled` reads that back.
    """

    width: int | None
    stop: Stop
    leftovers: Leftovers = Leftovers.KEEP
    barrier: bool = False
    label: str = ""

    def __post_init__(self) -> None:
        if self.width is not None and self.width < 1:
            raise UsageError.at("mode", f"its width is {self.width}", "give a whole number of at least 1, or None")
        if self.width is None and self.barrier:
            raise UsageError.at("mode", "its barrier has no width", "give the size of a batch as width")
        if self.width is not None and self.stop in (Stop.ON_SUCCESS, Stop.ON_FIRST):
            raise UsageError.at("mode", f"stop {self.stop} has a width", "give None: race and any start all tasks")
        if self.stop is Stop.NEVER and self.leftovers is not Leftovers.KEEP:
            raise UsageError.at("mode", f"stop never leaves nothing to {self.leftovers}", "give the leftovers keep")

    def decides(self, ok: bool) -> bool:
        """Whether a task that ended so makes the caller resume early."""
        return self.stop is Stop.ON_FIRST or self.stop is (Stop.ON_SUCCESS if ok else Stop.ON_FAILURE)

    def batches(self, count: int) -> Iterator[range]:
        """The indices of `count` tasks in the portions that are run one after another."""
        size = self.width if self.barrier and self.width else max(count, 1)
        for first in range(0, count, size):
            yield range(first, min(first + size, count))

    def lanes(self, count: int) -> int:
        """How many of `count` ready tasks can be in flight at once."""
        return count if self.width is None else min(self.width, count)

    @property
    def idioms(self) -> tuple[str, str]:
        """The JavaScript and the Python idiom that this mode's base row stands for."""
        row = ROWS[re.split("[=+]", _spelling(self))[0]]
        return row.javascript, row.python

    def __str__(self) -> str:
        return f"{self.label}: {_spelling(self)}" if self.label else _spelling(self)


class Row(NamedTuple):
    """A named mode: its fields (with width 2 standing for any N if it takes a number) and its idioms."""

    mode: Mode
    javascript: str
    python: str
    takes_number: bool = False


ROWS: dict[str, Row] = {
    "sequential": Row(
        Mode(1, Stop.ON_FAILURE, Leftovers.DROP),
        "for (const t of tasks) await t()",
        "for t in tasks: await t()",
    ),
    "parallel": Row(
        Mode(None, Stop.ON_FAILURE),
        "Promise.all",
        "asyncio.gather",
    ),
    "settled": Row(
        Mode(None, Stop.NEVER),
        "Promise.allSettled",
        "gather(return_exceptions=True)",
    ),
    "limited": Row(
        Mode(2, Stop.ON_FAILURE),
        "Promise.all over p-limit(N)",
        "gather over a Semaphore(N)",
        takes_number=True,
    ),
    "batched": Row(
        Mode(2, Stop.ON_FAILURE, Leftovers.DROP, barrier=True),
        "a loop of Promise.all over chunks",
        "a loop of gather over chunks",
        takes_number=True,
    ),
    "race": Row(
        Mode(None, Stop.ON_FIRST),
        "Promise.race",
        "asyncio.wait(FIRST_COMPLETED)",
    ),
    "any": Row(
        Mode(None, Stop.ON_SUCCESS),
        "Promise.any",
        "–",
    ),
}

MODIFIERS = ("settled", *Leftovers)
SPELLINGS = "sequential, parallel, settled, limited=N, batched=N, race, any, with +settled, +keep, +drop, +cancel"
DEFAULT_MODES = ("sequential", "parallel", "settled", "limited=3")
_SHOWN = 60  # characters of a wrong mode that its error repeats
_NUMBER = re.compile("0*([1-9][0-9]*)")
_MOST_DIGITS = 18
_LONGEST_LABEL = 100


def parse_labelled(text: str) -> Mode:
    """Read what `str(mode)` gave, the label of a mode included. Raises UsageError if it is none."""
    label, _, spelling = text.rpartition(": ")
    return replace(parse_mode(spelling), label=clean(label[-_LONGEST_LABEL:]))


def parse_mode(text: str) -> Mode:
    """Read a mode such as `limited=3+settled`. Raises UsageError with the remedy if it is none."""

    def refuse(what: str, instead: str) -> UsageError:
        return UsageError.at(f"mode {without_passwords(text)[:_SHOWN]!r}", what, instead)

    base, *modifiers = text.split("+")
    name, equals, number = base.partition("=")
    row = ROWS.get(name)
    if row is None:
        guess = nearest(name, list(ROWS))
        hint = f"did you mean {guess}? " if guess else ""
        raise refuse("there is no such mode", f"{hint}the modes are {SPELLINGS}")
    mode = row.mode
    digits = match[1] if (match := _NUMBER.fullmatch(number)) else ""
    if row.takes_number:
        if not digits:
            found = f"{number[:_SHOWN]!r} is not a whole number of at least 1" if equals else "it needs a number"
            raise refuse(found, f"write for example {name}=3")
        if len(digits) > _MOST_DIGITS:
            raise refuse(f"a number of {len(digits)} digits is beyond any list of tasks", "write parallel for no limit")
        mode = replace(mode, width=int(digits))
    elif equals:
        limit = digits if 0 < len(digits) <= _MOST_DIGITS else 3
        raise refuse(f"{name} takes no number", f"write {name}, or limited={limit} for a limit")

    leftovers: str | None = None
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            guess = nearest(modifier, MODIFIERS)
            hint = f"did you mean +{guess}? " if guess else ""
            raise refuse(
                f"there is no modifier +{modifier[:_SHOWN]}", f"{hint}the modifiers are +{', +'.join(MODIFIERS)}"
            )
        if modifiers.count(modifier) > 1:
            raise refuse(f"+{modifier} stands there twice", "write it once")
        if modifier == "settled":
            if mode.stop is not Stop.ON_FAILURE:
                why = "never stops early anyway" if mode.stop is Stop.NEVER else "is over with its first winner"
                raise refuse(f"{name} {why}, so +settled means nothing", f"write {base}")
            mode = replace(mode, stop=Stop.NEVER, leftovers=Leftovers.KEEP)
        elif leftovers:
            raise refuse(f"+{leftovers} and +{modifier} contradict each other", "write one of them")
        else:
            leftovers = modifier
    if leftovers:
        if mode.stop is Stop.NEVER:
            raise refuse(
                f"its caller waits for all tasks, so there are no leftovers to {leftovers}",
                f"leave out +{leftovers}",
            )
        mode = replace(mode, leftovers=Leftovers(leftovers))
    return mode


def _shortest_spelling(mode: Mode) -> str:
    """The shortest row and modifiers with these fields, without the label; the earlier row of the table on a tie."""
    spellings = []
    for name, row in ROWS.items():
        base = replace(row.mode, width=mode.width) if row.takes_number and mode.width else row.mode
        text = f"{name}={mode.width}" if row.takes_number else name
        if (base.width, base.barrier) != (mode.width, mode.barrier):
            continue
        if base.stop is not mode.stop:
            if (base.stop, mode.stop) != (Stop.ON_FAILURE, Stop.NEVER):
                continue
            text += "+settled"
        elif base.leftovers is not mode.leftovers:
            text += f"+{mode.leftovers}"
        spellings.append(text)
    return min(spellings, key=len)


_spelling = lru_cache(maxsize=1024)(_shortest_spelling)
