"""Comparisons for the tests of pictures and exports: predicted runs, so that every figure is known."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from asyncmodes.modes import DEFAULT_MODES, parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison, Run
from asyncmodes.spec import DINNER
from asyncmodes.tasks import Delay, Task

MS = 1_000_000


def delay(name: str, ms: float, fails: str | None = None, timeout_ms: int | None = None) -> Task:
    """A fake delay by name and milliseconds."""
    timeout = None if timeout_ms is None else timeout_ms * MS
    return Task(name, Delay(round(ms * MS), f"{ms}ms", fails), timeout)


DISHES = list(DINNER.tasks)
TROUBLE = [delay("a", 400), delay("b", 200, "burnt"), delay("c", 300), delay("d", 100)]


def predicted(tasks: Sequence[Task], mode: str) -> Run:
    """The run that theory gives, with itself as prediction."""
    run = predict(tasks, parse_mode(mode))
    assert run is not None
    return replace(run, predicted_ns=run.total_ns)


def comparison(
    tasks: Sequence[Task], modes: Sequence[str] = DEFAULT_MODES, title: str = "", clock: str = "virtual", runs: int = 1
) -> Comparison:
    """A comparison of predicted runs; `clock` only says how it is labelled."""
    parsed = tuple(parse_mode(mode) for mode in modes)
    return Comparison(
        title=title,
        clock=clock,
        tasks=tasks,
        modes=parsed,
        baseline=parsed[0],
        runs=tuple(replace(predicted(tasks, mode), repeat=repeat) for repeat in range(runs) for mode in modes),
        started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        environment={"python": "3.11.7", "platform": "Linux", "cpu_count": 2, "event_loop": "asyncio"},
        asyncmodes="0.1.0",
    )
