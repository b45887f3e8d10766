"""The figures of a run, read off its columns the short way or taken on from an earlier snapshot, are the plain ones."""

from array import array
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from asyncmodes.continued import continued
from asyncmodes.modes import parse_mode
from asyncmodes.playback import at
from asyncmodes.prediction import predict
from asyncmodes.record import NEVER, Run, happened, nevers
from asyncmodes.tasks import Task, in_reverse
from tests.helpers import MS, delays

FIGURES = (
    "started", "ended", "counts", "work_ns", "in_order", "lengths", "durations", "slowest", "first_open",
    "last_started", "peak", "has_needs", "has_blocking_work",
)  # fmt: skip


def figures(run: Run) -> dict[str, object]:
    """All figures of a run that are read off its tasks; of tasks that took no time the order does not matter."""
    return {name: getattr(run, name) for name in FIGURES} | {"instants": sorted(run.instants)}


TIMES = st.lists(st.integers(0, 1 << 55) | st.just(NEVER) | st.sampled_from([0xFF, 0xFFFF, (1 << 48) - 1, 1 << 48]))


@given(TIMES, st.integers(0, 20))
def test_what_never_happened_is_counted_and_found(times, start):
    """A search in bytes finds what a comparison of numbers finds."""
    column = array("q", times)
    assert happened(column) == sum(time != NEVER for time in times)
    assert list(nevers(column, start)) == [row for row, time in enumerate(times) if time == NEVER and row >= start]
    assert list(nevers(column * 3000, start)) == [
        row for row, time in enumerate(times * 3000) if time == NEVER and row >= start
    ]


@st.composite
def needy_tasks(draw) -> list[Task]:
    """Tasks that may fail, time out, take no time, and need one before them or, the other way round, behind them."""
    text = draw(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["", "!", "/100"])), min_size=1, max_size=30))
    tasks = delays(" ".join(f"{10 * ms}{ends}" for ms, ends in text))
    if draw(st.booleans()):
        back = draw(st.lists(st.integers(0, 3), min_size=len(tasks), max_size=len(tasks)))
        tasks = [
            replace(task, needs=(index - far,)) if 0 < far <= index else task
            for index, (task, far) in enumerate(zip(tasks, back, strict=True))
        ]
    return in_reverse(tasks) if draw(st.booleans()) else tasks


TASKS = needy_tasks()
MODES = st.sampled_from(
    ["parallel", "settled", "parallel+cancel", "limited=3", "limited=3+settled", "batched=4", "any"]
)


@given(TASKS, MODES, st.lists(st.integers(0, 600), min_size=2, max_size=6))
def test_the_figures_of_a_continued_snapshot_are_those_of_one_from_scratch(
    tasks: list[Task], mode: str, times: list[int]
):
    """At whatever instants a run is looked at, with failures, needs, cancellations and orphans."""
    run = predict(tasks, parse_mode(mode))
    assert run is not None
    before = None
    for time_ms in sorted(times):
        before = continued(at(run, time_ms * MS), before)
        assert figures(before) == figures(at(run, time_ms * MS))


@given(TASKS, MODES, st.integers(0, 600))
def test_the_figures_of_a_run_are_read_off_its_columns(tasks: list[Task], mode: str, time_ms: int):
    """Whatever is known of the columns, the figures are those of going through all of them row by row."""
    run = predict(tasks, parse_mode(mode))
    assert run is not None
    for each in (run, at(run, time_ms * MS)):
        rows = list(zip(each.starts, each.ends, each.lanes, strict=True))
        took = [end - start if end >= 0 else NEVER for start, end, _ in rows]
        assert [*map(list, each.in_order)] == [
            sorted(time for time in column if time >= 0) for column in (each.starts, each.ends)
        ]
        assert list(each.lengths) == took
        assert list(each.durations) == sorted(
            ns for index, ns in enumerate(took) if ns >= 0 and index not in each.cancelled
        )
        assert each.instants == [(start, lane) for start, end, lane in rows if start >= 0 and start == end]
        assert each.work_ns == sum(ns for ns in took if ns >= 0)
        assert each.in_order[0] is not each.starts  # it is taken on by the next snapshot
        assert each.in_order[1] is not each.ends


def test_many_tasks_that_take_no_time_or_end_at_once():
    """Also over more rows than are compared at once, and where many times are the same."""
    run = predict(delays(" ".join(f"{n * 37 % 5 * 10}" for n in range(2000))), parse_mode("limited=700"))
    assert run is not None
    before = None
    for time_ms in range(0, 120, 10):
        before = continued(at(run, time_ms * MS), before)
        assert figures(before) == figures(at(run, time_ms * MS))


def test_what_does_not_follow_is_read_from_scratch():
    """A snapshot of an earlier moment, of another mode or of a run that is over is taken for itself."""
    tasks = delays("300 100 200 50")
    run = predict(tasks, parse_mode("limited=2"))
    other = predict(tasks, parse_mode("settled"))
    assert run is not None
    assert other is not None
    late = at(run, 150 * MS)
    for now in (at(run, 50 * MS), at(other, 200 * MS), run):
        assert figures(continued(replace(now), late)) == figures(now)
        assert "started" not in vars(continued(replace(now), late))
    assert "started" in vars(continued(at(run, 200 * MS), late))
