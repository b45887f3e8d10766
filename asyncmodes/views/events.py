"""What the event loop did: one lane for the loop over the lanes of those who wait, and every event in a line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rich.text import Text

from asyncmodes.errors import UsageError
from asyncmodes.events import Event, What, due_ns, events, is_known
from asyncmodes.record import Run, Verdict
from asyncmodes.tasks import State
from asyncmodes.views.axis import Axis, duration, unit_for
from asyncmodes.views.glyphs import STYLES
from asyncmodes.views.picture import NARROWEST_TIMELINE, Look, meaning_lines
from asyncmodes.views.timeline import Columns, fit, name_width, state_words
from asyncmodes.views.wrapping import wrapped

MOST_TASKS = 50
_ROOM = 9
_LATE_NS = 1_000_000  # a real loop always needs some microseconds
_NOBODY = {
    Verdict.FULFILLED: ": all is done",
    Verdict.REJECTED: ": every task failed",
    Verdict.INTERRUPTED: ": interrupted",
    Verdict.RUNNING: "",
}
_NODE = (
    "in Node the times are the same, and the order within an instant is another: what awaits a settled promise goes on "
    "as a microtask, before the next timer is looked at; in asyncio it waits for the next turn of the loop"
)
_UNKNOWN = (
    "of URLs, files, fake requests, calls, threads and processes the record holds when they started and ended: in "
    "between they were suspended and resumed as often as it took"
)


def refuse_many(count: int) -> None:
    """Raise UsageError if there are more tasks than anybody can follow event by event."""
    if count > MOST_TASKS:
        raise UsageError.at(
            "--events", f"{count:,} tasks are too many to follow", f"give at most {MOST_TASKS}, or leave out --events"
        )


def event_view(run: Run, look: Look) -> Text:
    """The loop's lane over the waiting ones, if there is room for it, and below them the events one a line."""
    lines = [Text(f"events of {run.mode}", "bold"), Text()]
    if look.width >= NARROWEST_TIMELINE:
        lines += _lanes(run, look)
    lines += [*_listed(run, look), Text()]
    notes = [_NODE] if all(is_known(run, index) for index in range(len(run))) else [_UNKNOWN, _NODE]
    for note in notes:
        lines += wrapped(Text(note, "dim"), look.width)
    return Text("\n").join(lines)


def _lanes(run: Run, look: Look) -> Iterator[Text]:
    glyphs = look.glyphs
    names = name_width([run], {0: list(range(len(run)))}, look.width)
    notes = max(_ROOM, *(len(state_words(run, index)) for index in range(len(run))))
    axis = Axis(max(run.drained_ns, 1), look.width - names - 2 - notes)
    columns = Columns(names, axis, 0, notes, glyphs)
    for line in axis.lines(glyphs):
        yield Text(" " * (names + 1)) + line
    rows = [_lane(run, index, columns) for index in range(len(run))]
    width = max((len(row) for row in rows), default=0)
    busy = "".join(
        glyphs.running if any(row[cell : cell + 1] == glyphs.running for row in rows) else " " for cell in range(width)
    )
    yield columns.row("loop", Text(busy.rstrip(), STYLES[State.OK]), "", "bold")
    for index, row in enumerate(rows):
        quiet = run.starts[index] < 0
        yield columns.row(run.tasks[index].name, Text(row), state_words(run, index), "dim" if quiet else "")
    yield Text()
    meanings = (
        (glyphs.running, "the loop runs it, if only for an instant"),
        (glyphs.flat, "suspended: it waits, and the loop is free"),
        (glyphs.ready, "ready, but the loop is busy"),
        (glyphs.queued, "not started yet"),
    )
    yield from meaning_lines([each for each in meanings if any(each[0] in row for row in rows)], look.width)


def _lane(run: Run, index: int, columns: Columns) -> str:
    """One task: not started, its first step, its wait, the time it was ready for nothing, its last step."""
    glyphs, axis = columns.glyphs, columns.axis
    if run.starts[index] < 0:
        return ""
    start = min(axis.cell(run.starts[index]), axis.width - 1)
    end = max(axis.cell(run.ends[index]), start + 1)
    before = glyphs.queued * start
    if run.tasks[index].work.blocking:
        return before + glyphs.running * (end - start)
    due = due_ns(run, index)
    ready = max(min(end if due is None else axis.cell(due), end - 1), start + 1)
    inner = glyphs.flat * (ready - start - 1) + glyphs.ready * (end - 1 - ready)
    return before + (glyphs.running + inner + glyphs.running)[: end - start]


def _listed(run: Run, look: Look) -> Iterator[Text]:
    """Each event in a line; a time that has been said is not repeated."""
    told = events(run)
    unit = unit_for(max(run.drained_ns, 1))
    times = [duration(event.at_ns, unit) for event in told]
    names = name_width([run], {0: list(range(len(run)))}, look.width)
    column = max(map(len, times), default=0)
    before = [""] + [one if one == two else "" for one, two in pairwise(times)]
    for event, time, said in zip(told, times, before, strict=True):
        shown = "" if time == said else time
        name = "" if event.task is None or event.what is What.CALLER else run.tasks[event.task].name
        line = Text(f"{shown:>{column}}  {fit(name, names, look.glyphs)}  {event.what}")
        line.append(_explained(run, event), "dim")
        line.truncate(look.width)
        yield line


def _explained(run: Run, event: Event) -> str:
    index = event.task
    if event.what is What.CALLER:
        if index is None:
            return _NOBODY[run.verdict]
        return f": {'the error' if index in run.failures else 'the result'} of {run.tasks[index].name}"
    assert index is not None
    match event.what:
        case What.SUSPENDED:
            return ": the loop is free" if is_known(run, index) else ", again and again"
        case What.RESUMED if index in run.cancelled:
            return ": with the news that it is cancelled"
        case What.READY:
            late = run.ends[index] - event.at_ns
            return f": but the loop is busy for {duration(late)}" if late > _LATE_NS else ""
        case What.ENDED:
            return f": {state_words(run, index)}"
    return ""
