"""Pictures of many tasks: drawn once against loading Rich, and a frame of the live picture against one of few tasks."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from asyncmodes.continued import continued
from asyncmodes.lists import TaskList
from asyncmodes.modes import DEFAULT_MODES, parse_mode
from asyncmodes.playback import at
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison, Run
from asyncmodes.stats import summarise
from asyncmodes.tasks import Delay, Task
from asyncmodes.views.live import live_picture
from asyncmodes.views.picture import Look, picture
from tests.bench.goal import Goal, medians, seconds

FEW, MANY = 100, 100_000
LOOK = Look(width=100)
FRAME_NS = 80_000_000  # as far apart as the frames of a live picture are


def predicted(count: int) -> tuple[TaskList, list[Run]]:
    """So many tasks, and what becomes of them in the default modes."""
    tasks = TaskList(Task(f"task {i}", Delay(i % 400 * 1_000_000, f"{i % 400}ms")) for i in range(count))
    runs = [predict(tasks, parse_mode(mode)) for mode in DEFAULT_MODES]
    return tasks, [run for run in runs if run is not None]


def compared(tasks: TaskList, runs: Sequence[Run]) -> Comparison:
    """These runs as a comparison."""
    modes = tuple(map(parse_mode, DEFAULT_MODES))
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    # Copies: they remember what was once read off them, and a picture is drawn of runs that nobody has looked at.
    tasks = TaskList(tasks)
    fresh = tuple(replace(run, tasks=tasks) for run in runs)
    return Comparison("bench", "virtual", tasks, modes, modes[0], fresh, moment, {"python": "3.11.7"}, "0.1.0")


def timed(work: Callable[[], object]) -> float:
    """The processor time of the work in seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def goals() -> Iterator[Goal]:
    """Yield the goals of pictures."""
    size = {count: predicted(count) for count in (FEW, MANY)}

    def drawn(count: int) -> float:
        comparison = compared(*size[count])
        return timed(lambda: picture(comparison, LOOK))

    def framed(count: int, number: int = -1) -> float:
        comparison = compared(*size[count])
        last = comparison.runs[number]
        shown = replace(comparison, runs=comparison.runs[:number])
        summaries = summarise(shown)
        # Half way through the run. The frames before it were drawn already; what the first one read off all tasks
        # is only taken on from there.
        half = last.total_ns // 2
        first, before, now = (at(last, half - ago * FRAME_NS) for ago in (2, 1, 0))
        before = continued(before, continued(first, None))
        live_picture(shown, before, LOOK, 40, summaries=summaries)
        return timed(lambda: live_picture(shown, continued(now, before), LOOK, 40, summaries=summaries))

    took = medians(
        {
            "import": partial(seconds, sys.executable, "-c", "import rich.console"),
            "drawn": partial(drawn, MANY),
            "few": partial(framed, FEW),
            "many": partial(framed, MANY),
            "few at once": partial(framed, FEW, DEFAULT_MODES.index("parallel")),
            "many at once": partial(framed, MANY, DEFAULT_MODES.index("parallel")),
        },
        rounds=9,
    )
    yield Goal(
        f"timelines and totals of 4 modes x {MANY:,} tasks against importing rich.console",
        took["drawn"] / took["import"],
        4,
    )
    yield Goal(f"a live frame at {MANY:,} tasks against one at {FEW}", took["many"] / took["few"], 1.5)
    ratio = took["many at once"] / took["few at once"]
    yield Goal(f"the same in parallel, where {MANY // 5:,} tasks end from one frame to the next", ratio, None)
