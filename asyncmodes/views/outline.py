"""What would be run: the tasks, and what theory expects of each mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.cells import cell_len
from rich.text import Text

from asyncmodes.modes import Mode
from asyncmodes.record import Comparison, Run
from asyncmodes.tasks import Task
from asyncmodes.text import clean
from asyncmodes.views.axis import duration
from asyncmodes.views.folding import ALL_DRAWN, SOME_DRAWN
from asyncmodes.views.glyphs import Glyphs
from asyncmodes.views.picture import Look, heading
from asyncmodes.views.timeline import fit
from asyncmodes.views.totals import Column, table
from asyncmodes.views.wrapping import wrapped

_WIDEST = 40


def outline(comparison: Comparison, expected: Mapping[Mode, Run | None], look: Look, remark: str = "") -> Text:
    """The tasks in a list, some of many, and the predicted total of each mode; a dash where nobody can know it."""
    lines = [*heading(comparison, look), Text(), *_tasks(comparison.tasks, look), Text()]
    lines += table(_columns(expected, look.glyphs), look.width, look.glyphs)
    said = "; ".join(filter(None, ["dry run: nothing was run", remark]))
    lines += [Text(), *wrapped(Text(said), look.width)]
    return Text("\n").join(lines)


def _tasks(tasks: Sequence[Task], look: Look) -> list[Text]:
    most = look.rows or (ALL_DRAWN if len(tasks) <= ALL_DRAWN else SOME_DRAWN)
    first = tasks if len(tasks) <= most else tasks[: max(most - 1, 1)]
    shown = [*first, tasks[-1]] if len(first) < len(tasks) else [*first]
    dash = look.glyphs.dash
    columns = zip(("task", "kind", "target", "timeout", "needs"), *(_row(task, tasks, dash) for task in shown))
    told = [column for column in columns if {*column[1:]} != {dash}]
    widths = [min(max(map(cell_len, column)), _WIDEST) for column in told]
    lines = [Text("  ".join(fit(text, width, look.glyphs) for text, width in zip(row, widths))) for row in zip(*told)]
    lines[0].stylize("bold")
    if len(first) < len(tasks) - 1:
        lines.insert(-1, Text(f"... {len(tasks) - len(first) - 1:,} more", "dim"))
    for line in lines:
        line.rstrip()
        line.truncate(look.width)
    return lines


def _row(task: Task, tasks: Sequence[Task], dash: str) -> tuple[str, ...]:
    timeout = dash if task.timeout_ns is None else duration(task.timeout_ns)
    needs = ", ".join(tasks[need].name for need in task.needs) or dash
    texts = (task.name, task.work.kind, task.work.target, timeout, needs)
    return tuple(clean(text[: 4 * _WIDEST]) for text in texts)


def _columns(expected: Mapping[Mode, Run | None], glyphs: Glyphs) -> list[Column]:
    def shown(figure: Callable[[Run], str]) -> list[str]:
        return [glyphs.dash if run is None else figure(run) for run in expected.values()]

    return [
        Column("mode", [str(mode) for mode in expected], 0),
        Column("predicted", shown(lambda run: duration(run.total_ns)), 0, "bold"),
        Column("peak", shown(lambda run: str(run.peak)), 1),
        Column("outcome", shown(lambda run: str(run.verdict)), 1),
    ]
