import asyncio
import gc
import re
from functools import partial

import pytest
from helpers import MS, delays, execution_of, on_virtual_time, run, spans, starts_of, verdict

from asyncmodes.clocks import running_clock
from asyncmodes.errors import UsageError
from asyncmodes.executor import Execution, execute
from asyncmodes.modes import parse_mode
from asyncmodes.record import Verdict
from asyncmodes.tasks import Failure, State, TaskFailed

# What follows, case by case: the rows of the vocabulary, on the virtual clock, in milliseconds.


def test_sequential_runs_one_by_one():
    """One lane, one in flight, in input order; the caller has everything at the end."""
    done = run("300 200 100", "sequential")
    assert verdict(done) == "fulfilled, total 600, drained 600"
    assert spans(done) == ["a ok 0-300 lane 0", "b ok 300-500 lane 0", "c ok 500-600 lane 0"]
    assert (done.peak, done.delivered, done.lost, done.work_ns) == (1, 3, 0, 600 * MS)


def test_sequential_skips_what_follows_a_failure():
    """With `await` in a loop the tasks after the first failure never start."""
    done = run("100 200! 300 400!", "sequential")
    assert verdict(done) == "rejected by b, total 300, drained 300"
    assert spans(done) == ["a ok 0-100 lane 0", "b failed 100-300 lane 0", "c skipped", "d skipped"]
    assert (done.delivered, done.lost) == (0, 1)
    assert done.spans[2].ready_ns == 0


def test_parallel_starts_all_at_once():
    """All tasks start at 0 on lanes of their own; the total is the longest."""
    done = run("300 200 100", "parallel")
    assert verdict(done) == "fulfilled, total 300, drained 300"
    assert spans(done) == ["a ok 0-300 lane 0", "b ok 0-200 lane 1", "c ok 0-100 lane 2"]
    assert done.peak == 3


def test_parallel_leaves_orphans_behind_a_failure():
    """Promise.all resumes at the first failure; the others go on, end ok, and their results are lost."""
    done = run("400 200! 100", "parallel")
    assert verdict(done) == "rejected by b, total 200, drained 400"
    assert spans(done) == ["a ok 0-400 lane 0 orphan", "b failed 0-200 lane 1", "c ok 0-100 lane 2"]
    assert (done.delivered, done.lost) == (0, 2)


def test_settled_waits_for_all():
    """Promise.allSettled is fulfilled whatever happens, after the longest task, and delivers the ok results."""
    done = run("400! 200! 100", "settled")
    assert verdict(done) == "fulfilled, total 400, drained 400"
    assert spans(done) == ["a failed 0-400 lane 0", "b failed 0-200 lane 1", "c ok 0-100 lane 2"]
    assert (done.delivered, done.lost) == (1, 0)


def test_limited_takes_the_lane_that_becomes_free():
    """With a limit of 2 a queued task starts on the lane, and at the very time, of the task that ended."""
    done = run("300 100 100 300", "limited=2")
    assert verdict(done) == "fulfilled, total 500, drained 500"
    assert spans(done) == ["a ok 0-300 lane 0", "b ok 0-100 lane 1", "c ok 100-200 lane 1", "d ok 200-500 lane 1"]
    assert done.peak == 2


def test_limited_still_starts_queued_tasks_after_a_failure():
    """Promise.all over p-limit: the caller has its error, and the queue runs on all the same."""
    done = run("300 200! 100 100", "limited=2")
    assert verdict(done) == "rejected by b, total 200, drained 400"
    assert spans(done) == [
        "a ok 0-300 lane 0 orphan",
        "b failed 0-200 lane 1",
        "c ok 200-300 lane 1 orphan",
        "d ok 300-400 lane 0 orphan",
    ]
    assert (done.delivered, done.lost) == (0, 3)


def test_limited_drop_starts_nothing_after_a_failure():
    """p-map: running tasks go on as orphans, queued ones are skipped."""
    done = run("300 200! 100 100", "limited=2+drop")
    assert verdict(done) == "rejected by b, total 200, drained 300"
    assert spans(done) == ["a ok 0-300 lane 0 orphan", "b failed 0-200 lane 1", "c skipped", "d skipped"]


def test_a_drop_holds_in_the_same_tick():
    """At the instant of the failure another task ends too, and its lane still starts nothing."""
    done = run("200! 200 100 100", "limited=2+drop")
    assert verdict(done) == "rejected by a, total 200, drained 200"
    assert spans(done) == ["a failed 0-200 lane 0", "b ok 0-200 lane 1 orphan", "c skipped", "d skipped"]


def test_limited_settled_goes_through_failures():
    """p-settle: the limit holds, failures decide nothing."""
    done = run("200! 300 100! 100", "limited=2+settled")
    assert verdict(done) == "fulfilled, total 400, drained 400"
    assert spans(done) == [
        "a failed 0-200 lane 0",
        "b ok 0-300 lane 1",
        "c failed 200-300 lane 0",
        "d ok 300-400 lane 1",
    ]


def test_cancel_ends_the_others_with_the_first_failure():
    """TaskGroup: running tasks are cancelled and leave no orphans; the total is when they have ended."""
    done = run("300 200! 100 400", "parallel+cancel")
    assert verdict(done) == "rejected by b, total 200, drained 200"
    assert spans(done) == [
        "a cancelled 0-200 lane 0",
        "b failed 0-200 lane 1",
        "c ok 0-100 lane 2",
        "d cancelled 0-200 lane 3",
    ]
    assert done.work_ns == 700 * MS


def test_cancel_starts_nothing_queued():
    """With a limit and cancel, what waits in the queue is skipped."""
    done = run("300 200! 100", "limited=2+cancel")
    assert spans(done) == ["a cancelled 0-200 lane 0", "b failed 0-200 lane 1", "c skipped"]


def test_a_batch_waits_for_its_slowest():
    """The next two start when both of the batch have ended, again from lane 0."""
    done = run("300 100 100 200 50", "batched=2")
    assert verdict(done) == "fulfilled, total 550, drained 550"
    assert spans(done) == [
        "a ok 0-300 lane 0",
        "b ok 0-100 lane 1",
        "c ok 300-400 lane 0",
        "d ok 300-500 lane 1",
        "e ok 500-550 lane 0",
    ]


def test_a_failed_batch_is_the_last():
    """A loop of Promise.all: its own batch goes on as orphans, the next one never starts."""
    done = run("100! 300 100 100", "batched=2")
    assert verdict(done) == "rejected by a, total 100, drained 300"
    assert spans(done) == ["a failed 0-100 lane 0", "b ok 0-300 lane 1 orphan", "c skipped", "d skipped"]


def test_batched_keep_goes_on_batch_by_batch():
    """With +keep the later batches still run, each after the one before, while the caller is long gone."""
    done = run("100! 300 100 200! 50", "batched=2+keep")
    assert verdict(done) == "rejected by a, total 100, drained 550"
    assert spans(done) == [
        "a failed 0-100 lane 0",
        "b ok 0-300 lane 1 orphan",
        "c ok 300-400 lane 0 orphan",
        "d failed 300-500 lane 1 orphan",
        "e ok 500-550 lane 0 orphan",
    ]


def test_batched_cancel_ends_with_its_batch():
    """With +cancel the batch of the failure is cancelled and no other begins."""
    done = run("50 50 100! 300 100", "batched=2+cancel")
    assert verdict(done) == "rejected by c, total 150, drained 150"
    assert spans(done) == [
        "a ok 0-50 lane 0",
        "b ok 0-50 lane 1",
        "c failed 50-150 lane 0",
        "d cancelled 50-150 lane 1",
        "e skipped",
    ]


def test_batched_settled_runs_every_batch():
    """With +settled a failure only ends its own task."""
    done = run("100! 200 100", "batched=2+settled")
    assert verdict(done) == "fulfilled, total 300, drained 300"
    assert spans(done) == ["a failed 0-100 lane 0", "b ok 0-200 lane 1", "c ok 200-300 lane 0"]


@pytest.mark.parametrize(
    ("text", "expected", "delivered", "lost"),
    [
        ("300 100 200", "fulfilled by b, total 100, drained 300", 1, 2),
        ("300 100! 200", "rejected by b, total 100, drained 300", 0, 2),
        ("100 100!", "fulfilled by a, total 100, drained 100", 1, 0),
        ("100! 100", "rejected by a, total 100, drained 100", 0, 1),
    ],
)
def test_a_race_is_over_with_the_first_to_end(text, expected, delivered, lost):
    """Promise.race takes whoever ends first, ok or not; the others run on and their results are lost."""
    done = run(text, "race")
    assert verdict(done) == expected
    assert (done.delivered, done.lost) == (delivered, lost)


@pytest.mark.parametrize(
    ("text", "expected", "delivered", "lost"),
    [
        ("300 100! 200", "fulfilled by c, total 200, drained 300", 1, 1),
        ("300! 100! 200!", "rejected, total 300, drained 300", 0, 0),
        ("100! 100 200", "fulfilled by b, total 100, drained 200", 1, 1),
    ],
)
def test_any_is_over_with_the_first_success(text, expected, delivered, lost):
    """Promise.any passes over failures, and is rejected when nobody succeeds: no one task decides that."""
    done = run(text, "any")
    assert verdict(done) == expected
    assert (done.delivered, done.lost) == (delivered, lost)


def test_the_losers_of_a_race_can_be_cancelled():
    """race+cancel leaves no work behind: everyone ends with the winner."""
    assert spans(run("300 100 200", "race+cancel")) == [
        "a cancelled 0-100 lane 0",
        "b ok 0-100 lane 1",
        "c cancelled 0-100 lane 2",
    ]


def test_of_two_failures_the_caller_sees_the_first():
    """The one that ends first decides; both are in the record with their errors."""
    done = run("200! 100! 300", "parallel")
    assert verdict(done) == "rejected by b, total 100, drained 300"
    assert spans(done) == ["a failed 0-200 lane 0 orphan", "b failed 0-100 lane 1", "c ok 0-300 lane 2 orphan"]
    assert done.failures == dict.fromkeys((0, 1), Failure("DeclaredFailure", "burnt"))
    assert done.undeclared_failures == 0


@pytest.mark.parametrize(
    ("text", "mode", "decided_by", "orphans"),
    [
        ("100 100! 100! 100", "parallel", "b", {2, 3}),  # started together: by index
        ("100 200! 100! 100", "limited=2", "b", {2, 3}),  # b ends with c and started before it
        ("200 100 100! 100!", "limited=3+drop", "c", {0, 3}),  # b ends first, so d has started when c fails
        ("0! 0!", "settled", None, set()),
    ],
)
def test_a_tie_goes_to_the_one_that_started_first(text, mode, decided_by, orphans):
    """Tasks that end at one instant are handled one by one: by start, then by index; the later ones are orphans."""
    done = run(text, mode)
    assert (None if done.decided_by is None else done.tasks[done.decided_by].name) == decided_by
    assert done.orphans == orphans


def test_a_tie_of_different_starts_beats_the_index():
    """Both c (started at 0) and d (started at 100) fail at 200: c is handled first and decides."""
    done = run("100 300 200! 100!", "limited=3")
    assert spans(done) == [
        "a ok 0-100 lane 0",
        "b ok 0-300 lane 1 orphan",
        "c failed 0-200 lane 2",
        "d failed 100-200 lane 0 orphan",
    ]
    assert done.decided_by == 2


def test_a_cancel_reaches_those_that_end_at_the_same_instant():
    """The first failure is handled first, so whoever would have ended at that instant is cancelled."""
    assert spans(run("100 100! 100 100!", "parallel+cancel")) == [
        "a ok 0-100 lane 0",
        "b failed 0-100 lane 1",
        "c cancelled 0-100 lane 2",
        "d cancelled 0-100 lane 3",
    ]


@pytest.mark.parametrize("mode", ["sequential", "parallel", "settled", "limited=3", "batched=2", "parallel+cancel"])
def test_an_empty_list_is_fulfilled_at_once(mode):
    """Nothing to do is done at 0, in every mode but race and any."""
    done = run("", mode)
    assert verdict(done) == "fulfilled, total 0, drained 0"
    assert (len(done), done.peak, done.work_ns, done.delivered) == (0, 0, 0, 0)


def test_an_empty_any_is_rejected():
    """Promise.any([]) rejects: nobody succeeded."""
    assert verdict(run("", "any")) == "rejected, total 0, drained 0"


@pytest.mark.parametrize("mode", ["race", "race+drop", "race+cancel"])
def test_an_empty_race_is_refused(mode):
    """Node would wait for ever; here it is a usage error before anything runs."""
    with pytest.raises(
        UsageError, match=re.escape(f"mode {mode}: a race of no tasks never ends; give it at least one task")
    ):
        run("", mode)


def test_a_limit_above_the_number_of_tasks_is_no_limit():
    """limited=10 of three tasks is parallel, and only as many lanes as tasks are used."""
    assert spans(run("300 200! 100", "limited=10")) == spans(run("300 200! 100", "parallel"))


def test_a_timeout_is_a_failure_that_decides():
    """A task over its timeout ends then, as timed_out with error Timeout; one that ends exactly then ends ok."""
    done = run("100/100 300/200 400", "parallel")
    assert verdict(done) == "rejected by b, total 200, drained 400"
    assert spans(done) == ["a ok 0-100 lane 0", "b timed_out 0-200 lane 1", "c ok 0-400 lane 2 orphan"]
    assert done.failures[1] == Failure("Timeout", "not done after 0.2 s", State.TIMED_OUT)
    assert done.counts == {"ok": 2, "failed": 0, "timed_out": 1, "cancelled": 0, "skipped": 0}
    assert done.undeclared_failures == 1


def test_a_timeout_counts_from_the_start_of_its_task():
    """Waiting in the queue does not count: c starts at 300 and has its whole 200 ms."""
    assert spans(run("300 100 150/200 300/200", "sequential")) == [
        "a ok 0-300 lane 0",
        "b ok 300-400 lane 0",
        "c ok 400-550 lane 0",
        "d timed_out 550-750 lane 0",
    ]


def test_times_count_from_the_start_of_the_run():
    """A run that begins late on its loop has the same times as one that begins at 0."""

    async def main():
        await asyncio.sleep(12.345)
        return await execution_of(delays("300 200! 100"), "limited=2").finish()

    assert on_virtual_time(main) == run("300 200! 100", "limited=2")


def test_times_count_from_finish_not_from_making():
    """An execution that is made long before it is run counts from where it begins to run."""

    async def main():
        execution = execution_of(delays("300 200! 100"), "limited=2")
        await asyncio.sleep(5)
        return await execution.finish()

    assert on_virtual_time(main) == run("300 200! 100", "limited=2")


def test_nanoseconds_are_exact():
    """0.3 s and 0.2 s are 0.5 s, ten times 0.1 s is 1 s, and nothing is rounded on the way."""
    assert run("300 200", "sequential").total_ns == 500_000_000
    assert run("100 " * 10, "sequential").total_ns == 1_000_000_000


# What starts a task: anything that can be awaited, in any manner.


def run_starts(*starts, mode="parallel"):
    """The run of these starts, with tasks that know nothing of them."""
    tasks = delays("1 " * len(starts))

    async def main():
        return await execute(tasks, starts, parse_mode(mode))

    return on_virtual_time(main)


def sleeping(ms):
    """A wait of so many milliseconds on the running clock."""
    return running_clock().sleeper(ms * MS)()


def ending(ms, result=None, error=None, cleanup_ms=0):
    """A start that sleeps, then returns or raises; cancelled, it cleans up for a while first."""

    async def start():
        try:
            await sleeping(ms)
        except asyncio.CancelledError:
            await sleeping(cleanup_ms)
            raise
        if error is not None:
            raise error
        return result

    return start


def failing(ms):
    """A start that fails after so many milliseconds."""
    return ending(ms, error=TaskFailed(Failure("E", "")))


def stubborn(ms):
    """A start that is not to be cancelled: it sleeps its time from its start, whatever it is told."""

    async def start():
        end = asyncio.get_running_loop().time_ns() + ms * MS
        while (left := end - asyncio.get_running_loop().time_ns()) > 0:
            try:
                await asyncio.get_running_loop().sleep_ns(left)
            except asyncio.CancelledError:
                continue

    return start


async def at_once():
    """A start that never suspends."""


async def fail_at_once():
    """A start that fails before it ever suspends."""
    raise TaskFailed(Failure("Burnt", "at once"))


def test_details_and_errors_are_recorded():
    """What a start returns is the task's detail; a failed task has its error and what was known nevertheless."""
    failure = Failure("HTTP 503", "unavailable")
    done = run_starts(
        ending(1, {"bytes": 5}), ending(2, error=TaskFailed(failure, {"status": 503})), ending(3), mode="settled"
    )
    assert [span.detail for span in done.spans] == [{"bytes": 5}, {"status": 503}, {}]
    assert [span.error for span in done.spans] == [None, failure, None]


def test_notes_stand_in_the_record():
    """Remarks of the sources are handed on with the run."""

    async def main():
        return await execute([], [], parse_mode("parallel"), ("256 threads",))

    assert on_virtual_time(main).notes == ("256 threads",)


@pytest.mark.parametrize("mode", ["parallel", "limited=2", "sequential", "batched=2"])
def test_starts_that_never_suspend(mode):
    """Tasks that are done before they ever wait are never in flight together: the peak says so."""
    done = run_starts(*[at_once] * 5, mode=mode)
    assert verdict(done) == "fulfilled, total 0, drained 0"
    assert (done.counts["ok"], done.peak) == (5, 1)


def test_a_failure_at_once_stops_those_behind_it():
    """With cancel, tasks that had no chance to start yet when one failed at once are skipped."""
    done = run_starts(at_once, fail_at_once, ending(1), at_once, mode="parallel+cancel")
    assert [span.state for span in done.spans] == ["ok", "failed", "skipped", "skipped"]
    assert (done.decided_by, done.total_ns, done.peak) == (1, 0, 1)


def test_a_future_can_be_a_start():
    """Whatever is awaitable will do, not only coroutines."""

    async def main():
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.5, future.set_result, {"from": "outside"})
        return await execute(delays("1"), [lambda: future], parse_mode("parallel"))

    done = on_virtual_time(main)
    assert (done.total_ns, done.details) == (500 * MS, {0: {"from": "outside"}})


def test_the_caller_waits_until_the_cancelled_have_ended():
    """With cancel the total is the drained time: a slow clean-up keeps the caller waiting."""
    done = run_starts(ending(300, cleanup_ms=50), failing(100), mode="parallel+cancel")
    assert verdict(done) == "rejected by b, total 150, drained 150"
    assert spans(done) == ["a cancelled 0-150 lane 0", "b failed 0-100 lane 1"]


def test_a_task_that_will_not_be_cancelled_ends_as_it_ends():
    """A task that suppresses its cancellation ends ok in its own time, the caller waits, and nothing queued starts."""
    done = run_starts(stubborn(300), failing(100), ending(1), ending(1), mode="limited=2+cancel")
    assert verdict(done) == "rejected by b, total 300, drained 300"
    assert spans(done) == ["a ok 0-300 lane 0", "b failed 0-100 lane 1", "c skipped", "d skipped"]
    assert (done.delivered, done.lost) == (0, 1)


def test_a_task_that_fails_while_it_is_cancelled_has_failed():
    """A failure in the clean-up is in the record; it was not the first, so it decides nothing."""

    async def fail_in_cleanup():
        try:
            await sleeping(300)
        finally:
            raise TaskFailed(Failure("Late", ""))

    done = run_starts(fail_in_cleanup, failing(100), mode="parallel+cancel")
    assert verdict(done) == "rejected by b, total 100, drained 100"
    assert [span.state for span in done.spans] == ["failed", "failed"]


# A bug is not a task's failure.


@pytest.mark.parametrize("bug", [ZeroDivisionError, StopIteration])
@pytest.mark.parametrize("mode", ["parallel", "settled", "limited=2", "sequential", "batched=2+keep", "any"])
def test_a_bug_gets_out_and_leaves_nothing_behind(mode, bug):
    """What is no TaskFailed propagates; running tasks are cancelled and awaited, and nothing else starts."""
    log = []

    def crash():  # no coroutine function, which would turn StopIteration into RuntimeError by itself
        log.append("crash")
        raise bug

    async def slow():
        log.append("slow")
        try:
            await sleeping(300)
        finally:
            await sleeping(100)
            log.append("cleaned")

    async def main():
        starts = [slow, ending(100), crash, slow, slow]
        if mode in ("sequential", "any"):
            starts[0] = fail_at_once if mode == "any" else at_once
        gc.enable()
        kind, said = (RuntimeError, r"^StopIteration\(\)$") if bug is StopIteration else (bug, "^$")
        with pytest.raises(kind, match=said):
            await execute(delays("1 " * 5), starts, parse_mode(mode))
        return asyncio.all_tasks() == {asyncio.current_task()}

    assert on_virtual_time(main)
    assert log.count("slow") == log.count("cleaned")
    assert log.count("crash") == 1
    assert gc.isenabled()


@pytest.mark.parametrize("bug", [KeyboardInterrupt, SystemExit])
def test_an_exit_inside_a_task_gets_out(bug):
    """KeyboardInterrupt and SystemExit out of a task are no failure of the task."""
    with pytest.raises(bug):
        run_starts(ending(100), ending(50, error=bug()), ending(300))


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("end", ["done", "bug", "interrupted"])
def test_the_garbage_collector_is_as_it_was(enabled, end):
    """The collector pauses while tasks run and is put back, on or off, however the run ends."""
    during = []

    async def look():
        during.append(gc.isenabled())

    async def main():
        if end == "interrupted":
            asyncio.get_running_loop().call_later(0.05, asyncio.current_task().cancel)
        await execute(
            delays("1 1"), [look, ending(100, error=KeyError() if end == "bug" else None)], parse_mode("parallel")
        )

    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        if end == "done":
            on_virtual_time(main)
        else:
            with pytest.raises(KeyError if end == "bug" else asyncio.CancelledError):
                on_virtual_time(main)
        after = gc.isenabled()
    finally:
        (gc.enable if before else gc.disable)()
    assert (during, after) == ([False], enabled)


# Cancelled from outside.


async def cut_short(execution):
    """The record of an execution that is cancelled."""
    with pytest.raises(asyncio.CancelledError):
        await execution.finish()
    return execution.record


def interrupted(starts, mode, *at_ms):
    """The record of a run that is cancelled at these times."""
    tasks = delays("1 " * len(starts))

    async def main():
        for ms in at_ms:
            asyncio.get_running_loop().call_at_ns(ms * MS, asyncio.current_task().cancel)
        return await cut_short(Execution(tasks, starts, parse_mode(mode)))

    return on_virtual_time(main)


def test_an_interruption_ends_with_a_complete_record():
    """Running tasks are cancelled, queued ones skipped, and the total is until the signal."""
    done = interrupted([ending(100, {"n": 1}), ending(400), ending(400), ending(1)], "limited=2", 250)
    assert verdict(done) == "interrupted, total 250, drained 250"
    assert spans(done) == ["a ok 0-100 lane 0", "b cancelled 0-250 lane 1", "c cancelled 100-250 lane 0", "d skipped"]
    assert done.details == {0: {"n": 1}}
    assert (done.delivered, done.lost, done.decided_by) == (0, 1, None)


def test_an_interruption_at_the_very_start():
    """Cancelled in its first instant, a run is a record of tasks cancelled at 0 and of skipped ones."""
    tasks = delays("1 1")

    async def main():
        execution = execution_of(tasks, "sequential")
        running = asyncio.create_task(execution.finish())
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return execution.record

    done = on_virtual_time(main)
    assert verdict(done) == "interrupted, total 0, drained 0"
    assert spans(done) == ["a cancelled 0-0 lane 0", "b skipped"]


def test_an_interrupted_record_is_as_whole_as_any():
    """Its times count from its own start, however late that was on the loop, and the sources' remarks are in it."""

    async def main():
        await asyncio.sleep(5)
        tasks = delays("300 300")
        execution = Execution(tasks, starts_of(tasks), parse_mode("sequential"), ("a remark",))
        assert execution.record is None
        asyncio.get_running_loop().call_later(0.2, asyncio.current_task().cancel)
        with pytest.raises(asyncio.CancelledError):
            await execution.finish()
        return execution.record

    record = on_virtual_time(main)
    assert verdict(record) == "interrupted, total 200, drained 200"
    assert record.notes == ("a remark",)


def test_an_interruption_drains_when_the_last_clean_up_has_ended():
    """The total ends with the signal; clean-ups and tasks that will not be cancelled still count as drained time."""
    done = interrupted([ending(400, cleanup_ms=30), stubborn(300), ending(1)], "limited=2", 250)
    assert verdict(done) == "interrupted, total 250, drained 300"
    assert spans(done) == ["a cancelled 0-280 lane 0", "b ok 0-300 lane 1", "c skipped"]
    assert not done.orphans


@pytest.mark.parametrize("mode", ["limited=2", "batched=2+keep"])
def test_an_interruption_after_the_caller_resumed_keeps_its_outcome(mode):
    """Outcome, total and decided_by stay as they were; only the orphans still running are cancelled, and are none."""
    done = interrupted([failing(100), ending(200), ending(300), ending(1)], mode, 250)
    assert verdict(done) == "rejected by a, total 100, drained 250"
    starts = {"limited=2": [100, 200], "batched=2+keep": [200, 200]}[mode]
    assert spans(done)[:2] == ["a failed 0-100 lane 0", "b ok 0-200 lane 1 orphan"]
    assert spans(done)[2].startswith(f"c cancelled {starts[0]}-250")
    assert spans(done)[3].startswith(f"d ok {starts[1]}-201")
    assert done.orphans == {1, 3}


def test_an_interruption_while_the_caller_waits_for_the_cancelled():
    """With cancel the caller has not resumed before the clean-ups end: interrupted then, the outcome is just that."""
    done = interrupted([failing(100), stubborn(300), ending(200)], "parallel+cancel", 150)
    assert verdict(done) == "interrupted, total 150, drained 300"
    assert spans(done) == ["a failed 0-100 lane 0", "b ok 0-300 lane 1", "c cancelled 0-100 lane 2"]
    assert (done.decided_by, done.delivered, done.lost) == (None, 0, 1)


@pytest.mark.parametrize(("asked_at_ms", "states"), [(0, ["cancelled", "cancelled"]), (50, ["ok", "ok"])])
def test_an_interruption_between_two_batches(asked_at_ms, states):
    """A signal at the instant at which a batch ends comes before or after those ends, and starts no other batch."""

    async def main():
        loop, cancel = asyncio.get_running_loop(), asyncio.current_task().cancel
        loop.call_at_ns(asked_at_ms * MS, loop.call_at_ns, 100 * MS, cancel)
        if not asked_at_ms:
            await asyncio.sleep(0)  # so that the signal's timer is set before the tasks' own
        return await cut_short(execution_of(delays("100 100 100"), "batched=2"))

    done = on_virtual_time(main)
    assert verdict(done) == "interrupted, total 100, drained 100"
    assert [span.state for span in done.spans] == [*states, "skipped"]


def test_what_fails_after_an_interruption_decides_nothing():
    """A task that fails in its clean-up is a failure in the record, but the outcome is the interruption."""

    async def fail_in_cleanup():
        try:
            await sleeping(400)
        finally:
            await sleeping(30)
            raise TaskFailed(Failure("Late", ""))

    done = interrupted([fail_in_cleanup, ending(400)], "parallel", 250)
    assert verdict(done) == "interrupted, total 250, drained 280"
    assert spans(done) == ["a failed 0-280 lane 0", "b cancelled 0-250 lane 1"]


@pytest.mark.parametrize(("hops", "expected"), [(0, "interrupted"), (1, "rejected by a")])
def test_an_interruption_at_the_instant_of_a_cancel(hops, expected):
    """Until the last cancelled task has ended the caller has not resumed; from then on its outcome stays."""

    async def main():
        loop, cancel = asyncio.get_running_loop(), asyncio.current_task().cancel
        signal = cancel if hops == 0 else partial(loop.call_soon, cancel)
        loop.call_at_ns(50 * MS, loop.call_at_ns, 100 * MS, signal)
        return await cut_short(execution_of(delays("100! 200"), "parallel+cancel"))

    done = on_virtual_time(main)
    assert verdict(done) == f"{expected}, total 100, drained 100"
    assert spans(done) == ["a failed 0-100 lane 0", "b cancelled 0-100 lane 1"]


def test_an_interruption_is_never_after_the_drain():
    """Even when in real time the signal comes just after the last end, total is at most drained."""

    async def main():
        me = asyncio.current_task()

        async def signal():
            me.cancel()

        return await cut_short(Execution(delays("1 1"), [at_once, signal], parse_mode("sequential")))

    done = asyncio.run(main())
    assert (done.verdict, done.counts["ok"]) == (Verdict.INTERRUPTED, 2)
    assert max(done.ends) <= done.total_ns <= done.drained_ns


def test_a_second_interruption_cuts_clean_ups_short():
    """Cancelled again while it cleans up, the run ends sooner, and still with its complete record."""
    done = interrupted([ending(400, cleanup_ms=3000), ending(400, cleanup_ms=20)], "parallel", 250, 500)
    assert verdict(done) == "interrupted, total 250, drained 500"
    assert spans(done) == ["a cancelled 0-500 lane 0", "b cancelled 0-270 lane 1"]


def test_a_bug_in_a_clean_up_gets_out_and_leaves_nothing_behind():
    """A bug that shows while an interruption cleans up propagates after all others have cleaned up too."""
    cleaned = []

    async def crash():
        try:
            await sleeping(400)
        finally:
            raise ZeroDivisionError

    async def slow():
        try:
            await sleeping(400)
        finally:
            await sleeping(100)
            cleaned.append(True)

    async def main():
        asyncio.get_running_loop().call_later(0.25, asyncio.current_task().cancel)
        with pytest.raises(ZeroDivisionError):
            await execute(delays("1 1"), [crash, slow], parse_mode("parallel"))

    on_virtual_time(main)
    assert cleaned == [True]


def test_of_two_bugs_the_first_gets_out():
    """A second bug, in the clean-up that the first one causes, is not in its way."""

    async def crash():
        await sleeping(100)
        raise ZeroDivisionError

    async def crash_too():
        try:
            await sleeping(400)
        finally:
            raise KeyError

    async def main():
        with pytest.raises(ZeroDivisionError):
            await execute(delays("1 1"), [crash, crash_too], parse_mode("parallel"))

    on_virtual_time(main)


def test_a_timeout_around_a_run_is_a_timeout():
    """A cancelled run raises what asyncio knows: `asyncio.timeout` around a run raises TimeoutError."""

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.25):
                await execution_of(delays("100 400"), "parallel").finish()

    on_virtual_time(main)


def test_a_run_in_a_task_group_ends_with_its_sibling():
    """A run in the body of a TaskGroup whose sibling fails is cancelled, and only the sibling's error comes out."""

    async def fail():
        await asyncio.sleep(0.25)
        raise KeyError

    async def main():
        with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012  # the error comes out of the group itself
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                await execution_of(delays("100 400"), "parallel").finish()
        return caught.value.exceptions

    (error,) = on_virtual_time(main)
    assert isinstance(error, KeyError)


# While it runs.


def snapshots(text, mode, *at_ms):
    """Snapshots of a run at these times, and its end."""
    tasks = delays(text)

    async def main():
        taken = []
        execution = execution_of(tasks, mode)
        before = execution.snapshot()
        for ms in at_ms:
            asyncio.get_running_loop().call_at_ns(ms * MS, lambda: taken.append(execution.snapshot()))
        return before, taken, await execution.finish()

    return on_virtual_time(main)


def test_a_snapshot_tells_how_the_run_stands():
    """At any time each task is queued, running or final, and the counts are those of that moment."""
    before, (early, late), done = snapshots("300 100! 200", "limited=2+settled", 50, 150)
    assert before.verdict is early.verdict is late.verdict is Verdict.RUNNING
    assert spans(before) == ["a queued", "b queued", "c queued"]
    assert spans(early) == ["a running 0- lane 0", "b running 0- lane 1", "c queued"]
    assert spans(late) == ["a running 0- lane 0", "b failed 0-100 lane 1", "c running 100- lane 1"]
    assert (late.total_ns, late.drained_ns, late.work_ns) == (150 * MS, 150 * MS, 100 * MS)
    final = dict.fromkeys(("ok", "failed", "timed_out", "cancelled", "skipped"), 0)
    assert early.counts == {**final, "running": 2, "queued": 1, "waiting": 0}
    assert late.counts == {**final, "failed": 1, "running": 2, "queued": 0, "waiting": 0}
    assert verdict(done) == "fulfilled, total 300, drained 300"


def test_a_snapshot_counts_from_the_start_of_the_run():
    """However late on its loop a run begins, a snapshot has the run's own times."""

    async def main():
        await asyncio.sleep(5)
        execution = execution_of(delays("300"), "parallel")
        ending = asyncio.create_task(execution.finish())
        await asyncio.sleep(0.2)
        taken = execution.snapshot()
        await ending
        return taken

    assert on_virtual_time(main).total_ns == 200 * MS


def test_a_snapshot_is_not_touched_by_what_comes_later():
    """A snapshot stays what it was at its moment while the run goes on."""
    _, (early,), done = snapshots("300 100", "parallel", 50)
    assert [span.state for span in early.spans] == ["running", "running"]
    assert [span.state for span in done.spans] == ["ok", "ok"]


@pytest.mark.parametrize(
    ("mode", "total_ms", "orphans"),
    [("parallel", 100, {0, 2}), ("settled", 150, set()), ("race", 100, {0, 2}), ("sequential", 150, set())],
)
def test_a_snapshot_knows_when_the_caller_resumed(mode, total_ms, orphans):
    """Once the caller has resumed the total stands still and what still runs is an orphan; until then it grows."""
    _, (live,), _ = snapshots("300 100! 200", mode, 150)
    assert (live.total_ns, live.drained_ns, live.orphans) == (total_ms * MS, 150 * MS, orphans)
    assert live.notes == ()


def test_a_snapshot_waits_with_the_caller_for_the_cancelled():
    """With cancel the total still grows while the cancelled tasks clean up."""

    async def main():
        execution = Execution(delays("1 1"), [ending(300, cleanup_ms=50), failing(100)], parse_mode("parallel+cancel"))
        taken = []
        asyncio.get_running_loop().call_later(0.12, lambda: taken.append(execution.snapshot()))
        await execution.finish()
        return taken

    (live,) = on_virtual_time(main)
    assert (live.total_ns, live.decided_by) == (120 * MS, 1)
    assert spans(live) == ["a running 0- lane 0", "b failed 0-100 lane 1"]


def test_many_tasks_leave_no_asyncio_task():
    """Twenty thousand tasks under a limit of 100 end on time, and no worker outlives the run."""

    async def main():
        wide = await execute(delays("1") * 20_000, [partial(sleeping, 1)] * 20_000, parse_mode("limited=100"))
        return wide, len(asyncio.all_tasks())

    wide, left = on_virtual_time(main)
    assert (wide.total_ns, wide.peak, wide.counts["ok"], left) == (200 * MS, 100, 20_000, 1)


def test_an_execution_needs_a_running_loop():
    """Made outside an event loop it says so, instead of measuring on the wrong clock."""
    with pytest.raises(RuntimeError, match="no running event loop"):
        Execution([], [], parse_mode("parallel"))
