"""What a timeline says of tasks that need others: who waits for whom, who was skipped because of whom, the bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from asyncmodes.record import Comparison, Run
from asyncmodes.tasks import State
from asyncmodes.text import clean
from asyncmodes.views.axis import Axis, duration
from asyncmodes.views.glyphs import Glyphs, word

_MOST_NAMED = 5
_LONGEST_IN_SENTENCE = 24
_SHORTEST_NAME = 4


def after(run: Run, index: int, most: int, glyphs: Glyphs) -> str:
    """What a started or waiting task needs, as it follows its state, in `most` cells or little more: `, after user`."""
    needs = set(run.tasks[index].needs)
    state = run.state(index)
    if not needs or not most or state is State.SKIPPED:
        return ""
    who = f"{len(needs):,} tasks" if len(needs) > 1 else _cut(run.tasks[needs.pop()].name, most, glyphs)
    return f" for {who}" if state is State.WAITING else f", after {who}"


def why_skipped(run: Run, index: int, most: int, glyphs: Glyphs) -> str:
    """Why a task never started, in at most `most` cells, if that is because of its needs: `needs b, which failed`."""
    culprit = run.skipped_because.get(index)
    if culprit is None:
        return ""
    how = "was cancelled" if run.state(culprit) is State.CANCELLED else word(run.state(culprit))
    before, between = ("needs ", ", which ") if culprit in run.tasks[index].needs else ("because ", " ")
    room = max(most - cell_len(before + between + how), _SHORTEST_NAME)
    return _cut(f"{before}{_cut(run.tasks[culprit].name, room, glyphs)}{between}{how}", most, glyphs)


def marks(run: Run, glyphs: Glyphs) -> dict[int, str]:
    """The mark in front of each task's state: whether it is on the critical path; empty where there is none."""
    path = run.critical_path if run.has_needs else None
    return {index: f"{glyphs.critical} " if index in path.tasks else "  " for index in range(len(run))} if path else {}


def link_meanings(runs: Sequence[Run], axis: Axis, glyphs: Glyphs) -> Iterator[tuple[str, str, bool]]:
    """Glyph, meaning, and whether it occurs: for the two ways to wait, and the critical path."""
    links = any(run.has_needs for run in runs)
    if not links:
        starts = [run.in_order[0] for run in runs]
        yield glyphs.queued, "waiting", any(len(each) > 0 and axis.cell(each[-1]) > 0 for each in starts)
        return
    waits = [(run.ready_ns(i) or 0, ns) for run in runs for i, ns in enumerate(run.starts) if ns >= 0]
    waiting = any(axis.cell(ready) > 0 for ready, _ in waits) or any(run.counts.get(State.WAITING) for run in runs)
    yield glyphs.waiting, "waiting for what it needs", waiting
    queued = any(axis.cell(start) > axis.cell(ready) for ready, start in waits)
    yield glyphs.queued, "waiting for a free slot", queued
    yield glyphs.critical, "on the critical path", any(run.critical_path for run in runs)


def bound_sentence(comparison: Comparison) -> str | None:
    """The critical path in words, where tasks need others; of several runs in which all ended ok the shortest one."""
    paths = [path for run in comparison.runs if run.has_needs and (path := run.critical_path) is not None]
    if not paths:
        return None
    path = min(paths, key=lambda path: path.ns)
    names = [clean(comparison.tasks[index].name[:_LONGEST_IN_SENTENCE]) for index in path.chain]
    if len(names) > _MOST_NAMED:
        names = [*names[:2], f"{len(names) - 3:,} more", names[-1]]
    measured = "" if comparison.clock == "virtual" else " as measured"
    named = ", then ".join(names)
    return f"critical path {duration(path.ns)}{measured} ({named}): no mode in which all end ok can beat it"


def _cut(name: str, most: int, glyphs: Glyphs) -> str:
    safe = clean(name[: 10 * most])
    return safe if cell_len(safe) <= most else set_cell_size(safe, most - 1).rstrip() + glyphs.ellipsis
