from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from helpers import MS, delays, examples, execution_of, on_virtual_time, run, spans, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncmodes.errors import UsageError
from asyncmodes.modes import Leftovers, Stop, parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Run, Verdict
from asyncmodes.tasks import Block, Delay, Failure, FileRead, Outcome, State, Task

WIDE = ["sequential", "parallel", *(f"{name}={n}" for name in ("limited", "batched") for n in (1, 2, 3, 5))]
MODES = {
    parse_mode(base + modifier)
    for bases, modifiers in [
        (WIDE, ["", "+settled", "+keep", "+drop", "+cancel"]),
        (["settled"], [""]),
        (["race", "any"], ["", "+keep", "+drop", "+cancel"]),
    ]
    for base in bases
    for modifier in modifiers
}
EXAMPLES = 150

# Few different durations, so that ties and zeros are common; now and then one to the odd nanosecond.
DURATIONS = st.one_of(st.integers(0, 4).map(lambda n: n * MS), st.integers(0, 10**13))
TASKS = st.lists(
    st.builds(
        lambda kind, duration, fails, timeout: Task("t", kind(duration, "", fails), timeout),
        st.sampled_from([Delay, Delay, Block]),
        DURATIONS,
        st.sampled_from([None, None, None, "burnt"]),
        st.one_of(st.none(), st.none(), DURATIONS),
    ),
    min_size=1,
    max_size=9,
)


@st.composite
def linked(draw) -> list[Task]:
    """Tasks of which some need others, earlier or later in the list, never in a circle."""
    tasks = draw(TASKS)
    order = draw(st.permutations(range(len(tasks))))
    for place, index in enumerate(order[1:], start=1):
        needs = draw(st.one_of(st.just([]), st.lists(st.sampled_from(order[:place]), max_size=3)))
        tasks[index] = replace(tasks[index], needs=tuple(needs))
    return tasks


def executed(tasks: list[Task], modes) -> list[Run]:
    """The runs of these tasks on the virtual clock, one mode after another on one loop."""

    async def main():
        return [await execution_of(tasks, mode).finish() for mode in modes]

    return on_virtual_time(main)


def test_the_modes_tried_here_are_all_there_are():
    """Limits and batches of four widths, each settled or with three leftovers, then parallel, race and any."""
    assert len(MODES) == 4 * 4 + 4 * 4 + 4 + 3 + 3
    assert len(MODES) * EXAMPLES >= 3000


@given(TASKS)
@settings(max_examples=examples(EXAMPLES))
def test_theory_and_execution_agree_in_every_field(tasks):
    """In every mode the predicted run equals the run on the virtual clock, and both keep the definitions."""
    modes = sorted(MODES, key=str)
    for mode, happened in zip(modes, executed(tasks, modes), strict=True):
        assert predict(tasks, mode) == happened, str(mode)
        check_definitions(happened)


@given(linked())
@settings(max_examples=examples(75))
def test_theory_and_execution_agree_where_tasks_need_others(tasks):
    """The same for any graph of needs: lanes, ends, orphans, who was skipped and because of whom."""
    modes = sorted(MODES, key=str)
    for mode, happened in zip(modes, executed(tasks, modes), strict=True):
        expected = predict(tasks, mode)
        assert expected == happened, str(mode)
        assert expected.spans == happened.spans
        check_definitions(happened)


def check_definitions(run: Run) -> None:
    """What the vocabulary says of every finished run, recomputed here from the spans alone."""
    spans, mode = run.spans, run.mode
    started = [span for span in spans if span.start_ns is not None]
    ended = Counter(span.state for span in spans)
    assert set(ended) <= {State.OK, State.FAILED, State.TIMED_OUT, State.CANCELLED, State.SKIPPED}
    assert run.counts == {state: ended[state] for state in run.counts}
    assert sum(run.counts.values()) == len(run) == len(spans)

    assert run.drained_ns == max(span.end_ns for span in started)
    assert run.total_ns <= run.drained_ns
    assert run.work_ns == sum(span.end_ns - span.start_ns for span in started)

    check_starts(run, spans, started)

    # The peak is the most in flight at once. Two may touch: one that ends where the other starts hands over its lane.
    for lane in {span.lane for span in started}:
        on_lane = sorted((span for span in started if span.lane == lane), key=lambda span: (span.start_ns, span.end_ns))
        assert all(one.end_ns <= other.start_ns for one, other in pairwise(on_lane))
    moments = {span.start_ns for span in started if span.end_ns > span.start_ns}
    in_flight = [sum(span.start_ns <= moment < span.end_ns for span in started) for moment in moments]
    assert max(in_flight, default=0) <= run.peak <= min(len(run), mode.width or len(run))

    # A barrier: everything of a batch has ended when the next begins; a batch begins at once, if nothing blocks.
    if mode.barrier:
        begun = sorted({span.start_ns for span in started})
        for one, other in pairwise(begun if not any(span.task.work.blocking for span in spans) else []):
            assert max(span.end_ns for span in started if span.start_ns <= one) == other
        if not any(task.needs for task in run.tasks):
            batches = [started[i : i + mode.width] for i in range(0, len(started), mode.width)]
            for one, other in pairwise(batches):
                assert max(span.end_ns for span in one) == min(span.start_ns for span in other)

    check_needs(spans)
    check_caller(run, spans)


def check_starts(run: Run, spans, started) -> None:
    """Input order among ready tasks, on the lowest free lane, and no task waits while a slot is free."""
    if not any(task.needs for task in run.tasks):
        # Nothing starts before an earlier task, and only the tail never does.
        assert [span.index for span in started] == list(range(len(started)))
        starts = [span.start_ns for span in started]
        assert starts == sorted(starts)
        return
    if any(span.task.work.blocking for span in spans):
        return
    moments = sorted({ns for span in started for ns in (span.start_ns, span.end_ns)})
    for span in started:
        for other in spans[: span.index]:
            if other.ready_ns is not None and other.ready_ns < span.start_ns:
                assert other.start_ns is not None
                assert other.start_ns <= span.start_ns
        beside = {other.lane for other in started if other.start_ns <= span.start_ns <= other.end_ns}
        assert beside >= set(range(span.lane))
        if not run.mode.barrier:
            waited = [moment for moment in moments if span.ready_ns <= moment < span.start_ns]
            for moment in waited:
                assert sum(other.start_ns <= moment < other.end_ns for other in started) == run.mode.width


def check_needs(spans) -> None:
    """A task is ready when all it needs has ended ok, and one that never will be names a culprit, if there is one."""
    unlucky = {State.FAILED, State.TIMED_OUT, State.CANCELLED}
    for span in spans:
        needed = [spans[index] for index in span.task.needs]
        met = all(other.state is State.OK for other in needed)
        assert span.ready_ns == (max((other.end_ns for other in needed), default=0) if met else None)
        assert span.start_ns is None or span.start_ns >= span.ready_ns
        culprits = {other.index for other in needed if other.state in unlucky}
        culprits |= {other.skipped_because for other in needed if other.skipped_because is not None}
        if culprits:
            assert span.state is State.SKIPPED
            assert span.skipped_because == min(culprits, key=lambda index: (spans[index].end_ns, index))
        else:
            assert span.skipped_because is None


def check_caller(run: Run, spans) -> None:
    """When and why the caller resumed, what became of the leftovers, and what the caller got."""
    mode, decided_by = run.mode, run.decided_by
    deciding = {
        Stop.NEVER: set(),
        Stop.ON_FAILURE: {State.FAILED, State.TIMED_OUT},
        Stop.ON_SUCCESS: {State.OK},
        Stop.ON_FIRST: {State.OK, State.FAILED, State.TIMED_OUT},
    }[mode.stop]
    candidates = [span for span in spans if span.state in deciding]
    assert (decided_by is None) == (not candidates)
    ok = run.counts[State.OK]
    if decided_by is None:
        assert run.total_ns == run.drained_ns
        assert run.verdict is (Verdict.REJECTED if mode.stop is Stop.ON_SUCCESS else Verdict.FULFILLED)
        assert not run.orphans
        assert not run.cancelled
        assert run.counts[State.SKIPPED] == len(run.skipped_because)
        assert run.delivered == (0 if mode.stop is Stop.ON_SUCCESS else ok)
    else:
        first = spans[decided_by]
        assert first in candidates
        # The first to end; on a tie the first to start, then the lower index, unless that was not ready first. What
        # blocks the loop is ahead of those that were due while it ran.
        assert first.end_ns == min(span.end_ns for span in candidates)
        if not any(span.task.work.blocking for span in spans):
            earliest = min((span.end_ns, span.start_ns) for span in candidates)
            assert (first.end_ns, first.start_ns) == earliest
            if not any(task.needs for task in run.tasks):
                assert first.index == min(span.index for span in candidates if (span.end_ns, span.start_ns) == earliest)
        assert run.total_ns == first.end_ns
        assert run.verdict is (Verdict.FULFILLED if first.state is State.OK else Verdict.REJECTED)
        assert run.delivered == (first.state is State.OK)
        check_leftovers(run, spans, first)
    assert run.lost == ok - run.delivered >= 0


def check_leftovers(run: Run, spans, first) -> None:
    """Kept tasks all run, dropped queues never start, and with cancel nothing outlives the deciding task."""
    after = [span for span in spans if span.end_ns is not None and span.end_ns > run.total_ns]
    before = [span for span in spans if span.end_ns is not None and span.end_ns < run.total_ns]
    by_itself = {State.OK, State.FAILED, State.TIMED_OUT}
    assert all(span.orphan for span in after if span.state in by_itself)
    assert not any(span.orphan for span in [*before, first])
    assert all(span.state in by_itself for span in spans if span.orphan)
    match run.mode.leftovers:
        case Leftovers.KEEP:
            assert run.counts[State.CANCELLED] == 0
            assert run.counts[State.SKIPPED] == len(run.skipped_because)
        case Leftovers.DROP:
            assert run.counts[State.CANCELLED] == 0
            assert all(span.start_ns <= run.total_ns for span in spans if span.start_ns is not None)
        case Leftovers.CANCEL:
            assert run.drained_ns == run.total_ns
            assert not run.orphans
            assert all(span.end_ns == run.total_ns for span in spans if span.state is State.CANCELLED)


def test_a_prediction_is_a_complete_run():
    """The prediction has states, lanes, orphans and totals, without any clock."""
    expected = predict(delays("300 200! 100 100"), parse_mode("limited=2"))
    assert verdict(expected) == "rejected by b, total 200, drained 400"
    assert spans(expected) == [
        "a ok 0-300 lane 0 orphan",
        "b failed 0-200 lane 1",
        "c ok 200-300 lane 1 orphan",
        "d ok 300-400 lane 0 orphan",
    ]


def test_a_blocked_loop_runs_nothing_else():
    """Four blocks take the sum in every mode, one after another on one lane: none begins while another one runs."""
    for mode in ("sequential", "parallel", "settled", "limited=2", "parallel+cancel"):
        expected = predict(delays("200# 200# 200# 200#"), parse_mode(mode))
        assert expected == run("200# 200# 200# 200#", mode)
        assert (expected.total_ns, expected.peak) == (800 * MS, 1)
        assert spans(expected)[3] == "d ok 600-800 lane 0"


def test_what_was_due_while_the_loop_was_blocked_comes_late():
    """A delay of 100 beside a block of 200 ends at 200; a task behind the block starts then, on the free lane."""
    expected = predict(delays("100 200# 50"), parse_mode("parallel"))
    assert expected == run("100 200# 50", "parallel")
    assert spans(expected) == ["a ok 0-200 lane 0", "b ok 0-200 lane 1", "c ok 200-250 lane 1"]


def test_a_timeout_cannot_stop_a_block():
    """A block that is longer than its timeout ends ok, late; asyncio.timeout around time.sleep does the same."""
    expected = predict(delays("200#/100 50"), parse_mode("parallel"))
    assert expected == run("200#/100 50", "parallel")
    assert spans(expected) == ["a ok 0-200 lane 0", "b ok 200-250 lane 0"]


def test_an_unknown_duration_makes_the_whole_unknown():
    """One task of which only running it can tell how long it takes leaves no prediction."""
    assert predict([*delays("300"), Task("f", FileRead("f", "f"))], parse_mode("parallel")) is None


def test_outcomes_replace_what_the_tasks_know():
    """Measured durations and failures answer what the same tasks would have cost in another mode."""
    tasks = [*delays("1"), Task("f", FileRead("f", "f"))]
    failure = Failure("Burnt", "")
    expected = predict(tasks, parse_mode("sequential"), [Outcome(300 * MS), Outcome(200 * MS, failure)])
    assert verdict(expected) == "rejected by f, total 500, drained 500"
    assert expected.failures == {1: failure}
    assert expected.tasks == tasks


@pytest.mark.parametrize("count", [1, 3])
def test_every_task_has_one_outcome(count):
    """More of them than tasks, or fewer, are a mistake: nobody could tell whose they are."""
    with pytest.raises(ValueError, match="zip"):
        predict(delays("1 2"), parse_mode("parallel"), [Outcome(1)] * count)


@pytest.mark.parametrize(
    ("mode", "last"),
    [("parallel", "d ok 100-200 lane 1"), ("batched=3", "d ok 200-300 lane 0")],
)
def test_the_machine_s_limit_holds_where_tasks_need_others(mode, last):
    """No more are in flight than the machine works on at once, also of a batch that is larger; d needs a."""
    a, b, c, d = delays("100 100 100 100")
    expected = predict([a, b, c, replace(d, needs=(0,))], parse_mode(mode), width_cap=2)
    assert spans(expected) == ["a ok 0-100 lane 0", "b ok 0-100 lane 1", "c ok 100-200 lane 0", last]


@pytest.mark.parametrize("mode", sorted({m for m in MODES if m.stop is not Stop.ON_FIRST}, key=str), ids=str)
def test_an_empty_list_is_predicted_as_it_is_run(mode):
    """Theory and execution agree about nothing, too."""
    assert predict([], mode) == run("", mode)


def test_a_race_of_nobody_is_not_predicted():
    """Where execution refuses, prediction does."""
    with pytest.raises(UsageError, match="a race of no tasks never ends"):
        predict([], parse_mode("race"))


def test_a_hundred_thousand_tasks_are_predicted():
    """limited=100 of 100,000 equal tasks is a thousand rounds, exactly."""
    expected = predict(delays("7") * 100_000, parse_mode("limited=100"))
    assert (expected.total_ns, expected.peak, expected.counts[State.OK]) == (7000 * MS, 100, 100_000)
