"""Why tasks failed that were not declared to: what each kind of failure says, once."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from asyncmodes.record import Run
from asyncmodes.tasks import State
from asyncmodes.text import clean
from asyncmodes.views.glyphs import STYLES, Glyphs

_MOST = 5
_LONGEST = 400


def failure_lines(runs: Sequence[Run], glyphs: Glyphs) -> list[Text]:
    """A line for each of the first few messages, with the task that got it and how many others did; not wrapped."""
    first: dict[str, tuple[str, State]] = {}
    counts: dict[str, int] = {}
    for run in runs:
        for index, failure in sorted(run.failures.items()):
            if failure.type != "DeclaredFailure":
                first.setdefault(failure.message, (run.tasks[index].name, failure.state))
                counts[failure.message] = counts.get(failure.message, 0) + 1
    lines = []
    for message, (name, state) in list(first.items())[:_MOST]:
        glyph = glyphs.timed_out if state is State.TIMED_OUT else glyphs.failed
        line = Text(glyph, STYLES[state])
        more = f"   ({counts[message]:,} times)" if counts[message] > 1 else ""
        lines.append(line.append(f" {clean(name[:_LONGEST])}: {clean(message[:_LONGEST])}{more}", ""))
    hidden = len(first) - _MOST
    if hidden > 0:
        lines.append(Text(f"... {hidden:,} other {'message' if hidden == 1 else 'messages'}, in the JSON", "dim"))
    return lines
