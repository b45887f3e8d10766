"""Measuring: the order of runs, warm-ups, progress, and predictions from measured durations."""

import asyncio
from dataclasses import replace

import pytest

import asyncmodes
from asyncmodes.clocks import new_loop
from asyncmodes.hindsight import with_predictions
from asyncmodes.measure import Progress, measure, plan
from asyncmodes.record import Comparison
from asyncmodes.tasks import Call
from tests.comparisons import DISHES, MS, TROUBLE, comparison, delay


def measured(*arguments, **options) -> tuple[Comparison, list[Progress]]:
    """What a plan on the virtual clock gives, and the progress told on the way."""
    made = plan(*arguments, clock="virtual", **options)
    seen: list[Progress] = []
    with asyncio.Runner(loop_factory=lambda: new_loop(made.clock)) as runner:
        return runner.run(measure(made, seen.append)), seen


def order(subject: Comparison) -> list[str]:
    """The modes in the order in which they were run."""
    return [str(run.mode) for run in subject.runs]


def test_rounds_go_through_the_modes_in_turn():
    """Repeats run A B C A B C, so that drift hits all alike."""
    subject, _ = measured(DISHES, ["race", "any", "settled"], runs=2)
    assert order(subject) == ["race", "any", "settled"] * 2
    assert [run.repeat for run in subject.runs] == [0, 0, 0, 1, 1, 1]


def test_all_runs_are_of_one_list_which_is_looked_through_once():
    """Later changes of the caller's own list change neither the comparison nor what is known of its tasks."""
    tasks = [delay("a", 3), delay("b", 1)]
    made = asyncmodes.compare(tasks, ["sequential", "parallel"], clock="virtual")
    expected = list(tasks)
    tasks[1] = replace(tasks[1], needs=(0,))
    assert made.tasks == expected
    assert all(run.tasks is made.tasks and not run.has_needs for run in made.runs)
    needy = asyncmodes.compare(tasks, ["parallel"], clock="virtual")
    assert needy.runs[0].has_needs


def test_a_shuffled_order_is_the_same_for_a_seed():
    """Shuffled rounds hold every mode once, in an order that the seed decides."""
    modes = ["race", "any", "settled", "parallel", "sequential"]
    first = order(measured(DISHES, modes, runs=4, order="shuffled", seed=1)[0])
    assert first == order(measured(DISHES, modes, runs=4, order="shuffled", seed=1)[0])
    assert first != order(measured(DISHES, modes, runs=4, order="shuffled", seed=2)[0])
    assert all(sorted(first[i : i + 5]) == sorted(modes) for i in range(0, 20, 5))


def test_a_warmup_is_an_unrecorded_run_of_the_first_mode():
    """Warm-ups come first, in the first mode asked for, and are told of but not recorded."""
    subject, seen = measured(DISHES, ["any", "sequential"], warmup=2)
    assert [(str(p.snapshot().mode), p.is_warmup) for p in seen] == [
        ("any", True), ("any", True), ("any", False), ("sequential", False),
    ]  # fmt: skip
    assert order(subject) == ["any", "sequential"]
    assert [(p.number, p.count) for p in seen] == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_progress_knows_how_long_is_left():
    """Known durations tell the time left from the start; unknown ones once each mode has run."""
    _, seen = measured(DISHES, ["sequential", "parallel"], runs=2)
    assert [p.left_ns for p in seen] == [2800 * MS, 1800 * MS, 1400 * MS, 400 * MS]

    async def half_a_second() -> None:
        await asyncio.sleep(0.5)

    _, seen = measured([asyncmodes.call(half_a_second)], ["sequential", "parallel"], runs=2)
    assert [p.left_ns for p in seen] == [None, None, 1000 * MS, 500 * MS]


def unknown(subject: Comparison) -> Comparison:
    """The same runs of tasks whose durations nobody knew beforehand."""

    async def nothing() -> None:
        pass

    tasks = [replace(task, work=Call(nothing, task.name)) for task in subject.tasks]
    runs = tuple(replace(run, tasks=tasks, predicted_ns=None) for run in subject.runs)
    return replace(subject, tasks=tasks, runs=runs)


def test_predictions_come_from_a_sequential_run():
    """Without known durations totals are predicted from those measured in sequential, which gets none itself."""
    subject = with_predictions(unknown(comparison(DISHES, ["sequential", "parallel", "limited=2"])))
    assert [run.predicted_ns for run in subject.runs] == [None, 400 * MS, 500 * MS]
    assert str(subject.predicted_from) == "sequential"


def test_predictions_come_from_a_settled_run_where_sequential_stopped():
    """A sequential run that a failure cut short does not know all durations; a settled one does."""
    subject = with_predictions(unknown(comparison(TROUBLE, ["sequential", "parallel", "settled"])))
    assert [run.predicted_ns for run in subject.runs] == [600 * MS, 200 * MS, None]
    assert str(subject.predicted_from) == "settled"


def test_nothing_is_predicted_from_overload():
    """Durations of a run in which tasks timed out say nothing about another mode."""
    overloaded = unknown(comparison([delay("a", 100), delay("b", 900, timeout_ms=200)], ["settled", "parallel"]))
    assert with_predictions(overloaded) == overloaded


def test_nothing_is_predicted_from_incomplete_runs():
    """Where no run ended all tasks, or all was known beforehand, nothing changes."""
    cut_short = unknown(comparison(TROUBLE, ["sequential", "parallel+cancel"]))
    assert with_predictions(cut_short) == cut_short
    known = comparison(DISHES)
    assert with_predictions(known) == known


def test_slowdown_is_said_in_a_sentence():
    """Tasks that take much longer beside others are named with the likely reason."""
    subject = comparison([delay(f"t{i}", 100) for i in range(4)], ["sequential", "parallel"], clock="real")
    slow = subject.runs[1]
    for index in range(4):
        slow.ends[index] = 310 * MS
    picture = asyncmodes.render(replace(subject, runs=(subject.runs[0], replace(slow, total_ns=310 * MS))), 120)
    assert "each task took 3.1 times as long in parallel as alone: tasks slow each other down" in picture
    assert "3.10×" in picture


def test_compare_inside_a_loop_says_what_to_write():
    """Called from a running loop, compare refuses with the remedy and leaves no coroutine behind."""

    async def main() -> None:
        with pytest.raises(RuntimeError, match="await execute"):
            asyncmodes.compare(DISHES)

    asyncio.run(main())


def test_anything_a_coroutine_returns_can_be_written():
    """Results that JSON has no form for are written as text."""

    async def odd() -> object:
        return {("a", 1): float("nan"), "b": {1, 2}.__class__}

    written = asyncmodes.write_json(asyncmodes.compare([asyncmodes.call(odd)], "parallel", clock="virtual"))
    assert "nan" in written
    assert asyncmodes.write_json(asyncmodes.read_json(written)) == written


@pytest.mark.parametrize("wrong", [float("inf"), 0, -1, float("nan")])
def test_a_call_is_checked_when_it_is_made(wrong: float):
    """A timeout that is none, or something that cannot be called, is refused at once."""
    with pytest.raises(ValueError, match="timeout_s"):
        asyncmodes.call(asyncio.Event().wait, timeout_s=wrong)
    with pytest.raises(TypeError, match="cannot be called"):
        asyncmodes.call("sleep")  # type: ignore[arg-type]  # the mistake itself


def test_the_plan_refuses_before_anything_runs():
    """An empty list, a foreign baseline and more time than a record can hold are usage errors."""
    for arguments, options in (
        (([],), {}),
        ((DISHES, ["race"]), {"baseline": "any"}),
        (([delay("year", 365 * 24 * 3600 * 1000.0)] * 300,), {}),
    ):
        with pytest.raises(asyncmodes.UsageError):
            plan(*arguments, clock="virtual", **options)
