"""Whatever tasks do and whenever a run is cancelled: what the vocabulary promises of every record holds."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from asyncmodes.clocks import running_clock
from asyncmodes.executor import Execution, Start
from asyncmodes.modes import Leftovers, Mode, Stop, parse_mode
from asyncmodes.record import Run, Verdict
from asyncmodes.sources.deadline import within
from asyncmodes.tasks import Delay, Failure, State, Task, TaskFailed
from tests.helpers import MS, examples, on_virtual_time
from tests.test_predict import MODES

FINAL = {State.OK, State.FAILED, State.TIMED_OUT, State.CANCELLED, State.SKIPPED}
FAILED = {State.FAILED, State.TIMED_OUT}
EXAMPLES = 200


class Manners(Enum):
    """What a task does when it is cancelled: ends, cleans up first, or does not listen."""

    OBEYS = "obeys"
    CLEANS_UP = "cleans up"
    IS_DEAF = "is deaf"


@dataclass(frozen=True)
class Program:
    """Tasks with their manners, a mode, and when it is cancelled from outside and looked at, in nanoseconds."""

    tasks: tuple[Task, ...]
    manners: tuple[Manners, ...]
    blocks: frozenset[int]
    mode: Mode
    cancel_at_ns: tuple[int, ...]
    look_at_ns: tuple[int, ...]


INSTANTS = st.one_of(st.integers(0, 12).map(lambda n: n * MS // 2), st.integers(0, 6 * MS))
SHORT = st.integers(0, 4).map(lambda n: n * MS)


@st.composite
def programs(draw) -> Program:
    """Few tasks of few different durations, so that ties, zeros and cancellations in the very same turn are common."""
    count = draw(st.integers(1, 8))
    tasks = [
        Task(
            f"t{index}",
            Delay(draw(SHORT), "", draw(st.sampled_from([None, None, "burnt"]))),
            draw(st.one_of(st.none(), st.none(), SHORT.filter(bool))),
        )
        for index in range(count)
    ]
    order = draw(st.permutations(range(count)))
    if draw(st.booleans()):
        for place, index in enumerate(order[1:], start=1):
            needs = draw(st.one_of(st.just([]), st.lists(st.sampled_from(order[:place]), max_size=2)))
            tasks[index] = replace(tasks[index], needs=tuple(needs))
    return Program(
        tuple(tasks),
        tuple(draw(st.sampled_from([Manners.OBEYS, Manners.OBEYS, *Manners])) for _ in tasks),
        frozenset(index for index in range(count) if draw(st.integers(0, 7)) == 7),
        draw(st.sampled_from(sorted(MODES, key=str))),
        tuple(sorted(draw(st.lists(INSTANTS, max_size=2)))),
        tuple(sorted(draw(st.lists(INSTANTS, max_size=2)))),
    )


@dataclass
class Story:
    """What came of a program: the record, each start and end in order, and the snapshots taken meanwhile."""

    program: Program
    run: Run
    log: list[tuple[str, int]]
    snapshots: list[Run]
    was_cancelled: bool

    def place(self, what: str, index: int) -> int:
        return self.log.index((what, index))


def told(program: Program) -> Story:
    """Run the program on the virtual clock; no asyncio task is left behind, and no error goes unseen."""
    log: list[tuple[str, int]] = []
    snapshots: list[Run] = []

    async def main() -> Story:
        clock = running_clock()
        execution = Execution(program.tasks, [start_of(program, index, log) for index in range(len(program.tasks))],
                              program.mode)  # fmt: skip
        running = asyncio.create_task(execution.finish())

        async def at(instants: Sequence[int], act: Callable[[], object]) -> None:
            now = 0
            for instant in instants:
                await clock.sleeper(instant - now)()
                now = instant
                if not running.done():
                    act()

        await asyncio.gather(
            at(program.cancel_at_ns, running.cancel),
            at(program.look_at_ns, lambda: snapshots.append(execution.snapshot())),
            asyncio.wait([running]),
        )
        if not running.cancelled():
            assert running.result() is execution.record
        assert execution.record is not None
        return Story(program, execution.record, log, snapshots, running.cancelled())

    return on_virtual_time(main)


def start_of(program: Program, index: int, log: list[tuple[str, int]]) -> Start:
    """What starts the task: it waits, or blocks, fails if it is to, and says when it starts and ends."""
    task, manners = program.tasks[index], program.manners[index]
    clock = running_clock()
    work = task.work
    assert isinstance(work, Delay)

    async def wait() -> None:
        if index in program.blocks:
            clock.block(work.duration_ns)
            return
        try:
            await clock.sleeper(work.duration_ns)()
        except asyncio.CancelledError:
            if manners is Manners.OBEYS:
                raise
            await clock.sleeper(MS)()
            if manners is Manners.CLEANS_UP:
                raise

    async def start() -> Mapping[str, object]:
        log.append(("start", index))
        try:
            await within(task.timeout_ns, wait())
            if work.fails is not None:
                raise TaskFailed(Failure("DeclaredFailure", work.fails))
        finally:
            log.append(("end", index))
        return {"index": index}

    return start


# One that is ready, and whose worker has not begun when the caller resumes in the same turn.
CLOSED_IN_BETWEEN = Program(
    (Task("a", Delay(MS, "")), Task("b", Delay(MS, "", "burnt")), Task("c", Delay(MS, ""), needs=(0,))),
    (Manners.OBEYS,) * 3,
    frozenset(),
    parse_mode("parallel+drop"),
    (),
    (),
)


@settings(max_examples=examples(EXAMPLES))
@given(programs())
@example(CLOSED_IN_BETWEEN)
def test_every_record_keeps_the_promises(program: Program):
    """Peak, lanes, order, decision, leftovers, needs, counts and totals, interrupted or not."""
    story = told(program)
    event(f"{story.run.verdict}{' and cancelled' if story.was_cancelled else ''}")
    nobody_is_lost(story)
    nobody_passes_the_limit(story)
    nobody_jumps_the_queue(story)
    the_caller_gets_what_the_mode_says(story)
    nothing_starts_once_it_is_over(story)
    needs_are_met(story)
    times_are_consistent(story)
    snapshots_tell_the_same(story)


def nobody_is_lost(story: Story) -> None:
    """Every task is in one final state, and the counts add up."""
    run = story.run
    states = [run.state(index) for index in range(len(run))]
    assert set(states) <= FINAL
    assert run.counts == {state: states.count(state) for state in FINAL}
    assert sum(run.counts.values()) == len(story.program.tasks)
    started = {index for what, index in story.log if what == "start"}
    assert started == {index for index, state in enumerate(states) if state is not State.SKIPPED}
    assert sorted(story.log) == [(what, index) for what in ("end", "start") for index in sorted(started)]
    assert {i for i, state in enumerate(states) if state in FAILED} == set(run.failures)
    assert {i for i, state in enumerate(states) if state is State.CANCELLED} == run.cancelled
    for index, state in enumerate(states):
        assert run.details.get(index) == ({"index": index} if state is State.OK else None)
    asked_to = story.was_cancelled or run.mode.leftovers is Leftovers.CANCEL
    assert not run.cancelled or asked_to


def nobody_passes_the_limit(story: Story) -> None:
    """In flight are at most as many as the width, each on a lane of its own, the lowest that was free."""
    run, program = story.run, story.program
    lanes: set[int] = set()
    most = 0
    for what, index in story.log:
        lane = run.lanes[index]
        if what == "start":
            assert lane not in lanes
            assert lane == min(set(range(len(lanes) + 1)) - lanes)
            lanes.add(lane)
        else:
            lanes.remove(lane)
        most = max(most, len(lanes))
    assert most == run.peak <= program.mode.lanes(len(program.tasks))
    assert all((lane < 0) == (start < 0) for lane, start in zip(run.lanes, run.starts))


def nobody_jumps_the_queue(story: Story) -> None:
    """Among tasks that are ready the earlier in the list starts first; a slot is idle only where a batch is awaited."""
    run, mode = story.run, story.program.mode
    order = [index for what, index in story.log if what == "start"]
    assert [run.starts[index] for index in order] == sorted(run.starts[index] for index in order)
    if not any(task.needs for task in run.tasks):
        assert order == list(range(len(order)))
        if mode.barrier:
            for first, second in pairwise(mode.batches(len(order))):
                assert max(run.ends[index] for index in first) <= min(run.starts[index] for index in second)
    elif not mode.barrier and not story.program.blocks:  # what is ready while the loop stands still begins later
        for place, index in enumerate(order):
            for later in order[place + 1 :]:
                ready_ns = run.ready_ns(later)
                assert ready_ns is not None
                assert later > index or ready_ns >= run.starts[index]
    if not mode.barrier and not story.program.blocks:
        lanes = mode.lanes(len(run))
        for index in order:
            ready_ns, start_ns = run.ready_ns(index), run.starts[index]
            assert ready_ns is not None
            instants = {ready_ns, *(at for at in (*run.starts, *run.ends) if ready_ns <= at < start_ns)}
            for instant in instants if start_ns > ready_ns else ():
                assert sum(start <= instant < end for start, end in zip(run.starts, run.ends)) == lanes


def the_caller_gets_what_the_mode_says(story: Story) -> None:
    """The first outcome that decides is the caller's; without one it gets all, or was interrupted."""
    run, mode = story.run, story.program.mode
    ends = [index for what, index in story.log if what == "end" and index not in run.cancelled]
    decisive = [index for index in ends if mode.decides(ok=index not in run.failures)]
    assert (run.interrupted_ns is not None) == story.was_cancelled
    if run.decided_by is not None:
        assert run.decided_by == decisive[0]
        assert run.verdict is (Verdict.REJECTED if run.decided_by in run.failures else Verdict.FULFILLED)
    elif story.was_cancelled:
        assert run.verdict is Verdict.INTERRUPTED
    else:
        assert not decisive
        assert run.verdict is (Verdict.REJECTED if mode.stop is Stop.ON_SUCCESS else Verdict.FULFILLED)
    ok = run.counts[State.OK]
    assert run.delivered + run.lost == ok
    wanted = min(ok, 1) if mode.stop in (Stop.ON_FIRST, Stop.ON_SUCCESS) else ok
    assert run.delivered == (wanted if run.verdict is Verdict.FULFILLED else 0)


def nothing_starts_once_it_is_over(story: Story) -> None:
    """Dropped and cancelled leftovers never start, not even in the same tick; orphans are those left alone."""
    run, mode = story.run, story.program.mode
    if run.interrupted_ns is not None:
        assert all(start <= run.interrupted_ns for start in run.starts)
    if run.decided_by is None or mode.leftovers is Leftovers.CANCEL:
        assert not run.orphans
    if run.decided_by is None:
        return
    decision = story.place("end", run.decided_by)
    later = {index for what, index in story.log[decision + 1 :] if what == "end"}
    if mode.leftovers is not Leftovers.KEEP:
        assert not [index for what, index in story.log[decision:] if what == "start"]
    if mode.leftovers is not Leftovers.CANCEL:
        assert run.orphans == later - run.cancelled
        assert later & run.cancelled == run.cancelled
    assert all(run.ends[index] >= run.ends[run.decided_by] for index in run.orphans)


def needs_are_met(story: Story) -> None:
    """A task starts only after all it needs ended ok; who never starts names the culprit or was left behind."""
    run, mode = story.run, story.program.mode
    closed = story.was_cancelled or (run.decided_by is not None and mode.leftovers is not Leftovers.KEEP)
    for index, task in enumerate(run.tasks):
        culprit = run.skipped_because.get(index)
        if run.starts[index] >= 0:
            assert culprit is None
            assert all(run.state(need) is State.OK and run.ends[need] <= run.starts[index] for need in task.needs)
            assert all(story.place("end", need) < story.place("start", index) for need in task.needs)
        elif culprit is None:
            assert closed
        else:
            assert run.state(culprit) in FAILED | {State.CANCELLED}
            assert culprit in task.needs or any(run.skipped_because.get(need) == culprit for need in task.needs)


def times_are_consistent(story: Story) -> None:
    """Total is at most drained, which is the last end; and every task took as long as it says where nothing held it."""
    run, program = story.run, story.program
    assert 0 <= run.total_ns <= run.drained_ns
    assert run.drained_ns == max(run.total_ns, *run.ends)
    if run.decided_by is not None:
        cancels = run.mode.leftovers is Leftovers.CANCEL
        assert run.total_ns == (max(run.ends) if cancels else run.ends[run.decided_by])
    elif run.interrupted_ns is not None:
        assert run.total_ns == run.interrupted_ns
    else:
        assert run.total_ns == max(0, *run.ends)
    assert run.work_ns == sum(end - start for start, end in zip(run.starts, run.ends) if start >= 0)
    for index, task in enumerate(run.tasks):
        if program.blocks or run.state(index) is State.SKIPPED:
            continue
        took_ns, outcome = run.ends[index] - run.starts[index], task.outcome
        assert outcome is not None
        if not story.was_cancelled and run.mode.leftovers is not Leftovers.CANCEL:
            late = task.timeout_ns is not None and program.manners[index] is not Manners.OBEYS
            extra = MS if late and outcome.failure is not None and outcome.failure.type == "Timeout" else 0
            assert took_ns == outcome.duration_ns + extra
            assert run.failures.get(index) == outcome.failure
        elif run.state(index) is State.OK and program.manners[index] is not Manners.IS_DEAF:
            assert took_ns == outcome.duration_ns


def snapshots_tell_the_same(story: Story) -> None:
    """A look at a run under way never contradicts its record."""
    run = story.run
    for now in story.snapshots:
        assert now.verdict is Verdict.RUNNING
        assert sum(now.counts.values()) == len(run)
        assert now.counts[State.RUNNING] <= run.peak
        for index in range(len(run)):
            state = now.state(index)
            assert now.starts[index] in (-1, run.starts[index])
            assert now.ends[index] in (-1, run.ends[index])
            if state in FINAL and state is not State.SKIPPED:
                assert state is run.state(index)
            if index in now.skipped_because:
                assert run.state(index) is State.SKIPPED
