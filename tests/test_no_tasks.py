import asyncio
import json
import subprocess
import sys
import tracemalloc
from statistics import mean

import pytest
from helpers import delays, execution_of, on_virtual_time, starts_of
from hypothesis import given
from hypothesis import strategies as st

from asyncmodes.errors import UsageError
from asyncmodes.executor import Execution
from asyncmodes.lists import Stream, by_index, each
from asyncmodes.measure import compare, plan
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison
from asyncmodes.spec import Defaults, read_words
from asyncmodes.spread import Ranked, Spread
from asyncmodes.stats import quantile, summarise
from asyncmodes.tally import TallyRecorder
from asyncmodes.tasks import State
from tests.test_predict import MODES, TASKS, linked

LAZY = Defaults(keep_tasks=False, max_tasks=10**9)


def asyncmodes(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return subprocess.run([sys.executable, "-m", "asyncmodes", *arguments], check=False, capture_output=True, text=True)


def figures(run) -> dict[str, object]:
    """Whatever a run says of all its tasks together."""
    counts = {state: run.counts[state] for state in (*State,) if state in run.counts}
    return {
        "verdict": (run.verdict, run.decided_by, run.interrupted_ns),
        "times": (run.total_ns, run.drained_ns, run.work_ns),
        "counts": (counts, run.started, run.orphaned, run.delivered, run.lost, run.undeclared_failures),
        "peak": (run.peak, len(run)),
    }


def durations(run, clock="virtual"):
    """What the summary tells of the tasks' durations."""
    comparison = Comparison("", clock, run.tasks, (run.mode,), run.mode, (run,), None, {}, "")
    return [summary.task for summary in summarise(comparison)]


@given(st.one_of(TASKS, linked()), st.sampled_from(sorted(MODES, key=str)))
def test_sums_say_what_the_columns_say(tasks, mode):
    """Whatever the mode and however tasks end, a run that kept no task has the same figures as one that kept all."""

    async def main():
        kept = await execution_of(tasks, mode).finish()
        return kept, await Execution(tasks, starts_of(tasks), mode, keep=TallyRecorder).finish()

    kept, summed = on_virtual_time(main)
    assert figures(summed) == figures(kept)
    assert durations(summed) == durations(kept)
    assert figures(predict(tasks, mode, keep=TallyRecorder)) == figures(kept)
    assert (summed.spans, summed.tasks) == ([], ())


@pytest.mark.parametrize("mode", ["limited=2", "parallel+cancel"])
@pytest.mark.parametrize("at_ms", [50, 250, 350])
def test_an_interrupted_run_has_its_sums_too(mode, at_ms):
    """Cancelled from outside, what is in flight counts as cancelled and the rest as skipped, as in a full record."""
    tasks = delays("100 400! 300 200 500")

    async def interrupted(**keep):
        execution = Execution(tasks, starts_of(tasks), parse_mode(mode), **keep)
        running = asyncio.ensure_future(execution.finish())
        await asyncio.sleep(at_ms / 1000)
        live = figures(execution.snapshot())
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return live, figures(execution.record)

    async def main():
        return await interrupted(), await interrupted(keep=TallyRecorder)

    (live, done), (live_sums, done_sums) = on_virtual_time(main)
    assert done_sums == done
    live["times"] = live["times"][:2]
    live_sums["times"] = live_sums["times"][:2]  # the work of a task under way is no sum yet, in neither
    assert live_sums == live


@given(st.lists(st.integers(0, 10**15), min_size=1), st.integers(1, 3))
def test_counted_durations_rank_as_listed_ones(listed, parts):
    """Quantiles of what was counted, in one run or several, are those of the sorted list."""
    spreads = [Spread() for _ in range(parts)]
    for place, duration in enumerate(listed):
        spreads[place % parts].add(duration)
    ranked, ordered = Ranked(spreads), sorted(listed)
    assert list(ranked) == ordered
    assert [quantile(ranked, share) for share in (0.5, 0.95)] == [quantile(ordered, share) for share in (0.5, 0.95)]


def test_many_different_durations_are_counted_in_classes():
    """Beyond 65,536 of them quantiles are within 0.05 %, sum and longest are exact, and no more is kept."""
    spread = Spread()
    listed = [1_000_003 * number for number in range(70_000)]
    for duration in listed:
        spread.add(duration)
    assert (spread.exact, len(spread.counts) < 65_536) == (False, True)
    assert (spread.sum_ns, spread.longest_ns) == (sum(listed), listed[-1])
    ranked = Ranked([spread])
    assert len(ranked) == len(listed)
    for share in (0.01, 0.5, 0.95):
        assert quantile(ranked, share) == pytest.approx(quantile(listed, share), rel=0.0005)


def test_a_stream_gives_the_same_tasks_each_time():
    """Words become the works that a list of them would have, drawn durations included, however often one asks."""
    words = ["1ms..400ms*50", "soup=2ms*3", "fail:1ms", "9ms"]
    stream, listed = read_words(words, LAZY), read_words(words, Defaults())
    assert isinstance(stream, Stream)
    assert len(stream) == len(listed) == 55
    assert [task.work for task in stream] == [task.work for task in stream] == [task.work for task in listed]


def test_a_stream_can_be_asked_by_rising_indices():
    """Each item once and in order; those in between are passed over. A sequence is just itself."""
    stream = Stream(lambda: iter("abcdef"), 6)
    letters, doubled = by_index(stream), each(lambda letter: letter * 2, stream)
    assert [letters[0], letters[1], letters[4]] == ["a", "b", "e"]
    assert [doubled[2], doubled[5]] == ["cc", "ff"]
    assert by_index("abc") == "abc"
    assert each(str.upper, "abc") == ["A", "B", "C"]


@pytest.mark.parametrize("words", [["1ms*{}"], ["request:1ms*{}"], ["1ms*{}", "fail:2ms*{}", "request:3ms*{}"]])
def test_memory_does_not_grow_with_the_tasks(words):
    """Ten times as many tasks, run and predicted, need no more memory where none is kept."""

    def peak(count: int) -> int:
        tasks = read_words([word.format(count) for word in words], LAZY)
        tracemalloc.start()
        compare(tasks, "limited=5+settled", clock="virtual", keep_tasks=False)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)  # what is imported and cached the first time
    assert peak(10_000) < peak(1000) + 20_000


@pytest.mark.parametrize(("modes", "times"), [(["limited=5"], 5), (["sequential", "limited=5", "limited=9"], 11)])
def test_a_stream_is_made_anew_only_as_often_as_it_must(modes, times):
    """All checks together take two passes; then each mode is predicted, with a look at its tasks, and run."""
    made = []

    def make():
        made.append(1)
        return iter(delays("1 20 3"))

    compare(Stream(make, 3), modes, clock="virtual", keep_tasks=False)
    assert len(made) == times


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    ("words", "clock", "what"),
    [
        (["1ms*3", "2ms", "25h", "3ms"], "real", "25h is more than 24 hours of real time"),
        (["1ms", "url:http://127.0.0.1:1/", "url:/delay/1ms"], "real", "/delay/1ms is just a path"),
        (["1ms", "file:pyproject.toml"], "virtual", "pyproject.toml is real input and output"),
        (["1ms", "cpu:1ms"], "virtual", "cpu:1ms burns real processor time"),
        (["8760h*300"], "virtual", "together they may take more than 292 years"),
        (["1ms", "request:8760h*300"], "virtual", "together they may take more than 292 years"),
    ],
)
def test_what_cannot_be_run_is_found_wherever_it_stands(words, clock, what, keep):
    """The checks look at a few samples of each kind of work, and miss none; a stream is checked as a list is."""
    tasks = read_words(words, Defaults(keep_tasks=keep))
    with pytest.raises(UsageError, match=what):
        plan(tasks, "sequential", clock=clock, keep_tasks=keep)


def test_no_tasks_gives_figures_and_no_rows():
    """The document is the same, without rows and without what only rows could tell."""
    arguments = (
        "compare",
        "10ms..40ms*30",
        "-m",
        "sequential",
        "-m",
        "limited=4",
        "--clock",
        "virtual",
        "--format=json",
    )
    kept, bare = (asyncmodes(*arguments), asyncmodes(*arguments, "--no-tasks"))
    assert (kept.returncode, bare.returncode, bare.stderr) == (0, 0, "")
    whole, figures_only = json.loads(kept.stdout), json.loads(bare.stdout)
    assert figures_only["tasks"] == [] == [row for run in figures_only["runs"] for row in run["tasks"]]
    assert figures_only["summary"] == whole["summary"]
    unknown = {"tasks": [], "critical_path_s": None, "critical_path": None}
    for mine, theirs in zip(figures_only["runs"], whole["runs"]):
        assert mine == {key: value for key, value in {**theirs, **unknown}.items() if key != "blocked_s"}
    assert mean(row["end_s"] - row["start_s"] for row in whole["runs"][0]["tasks"]) == pytest.approx(
        figures_only["summary"][0]["task_s"]["mean"]
    )


def test_no_tasks_on_the_real_clock_counts_undeclared_failures(tmp_path):
    """Real tasks work too: a file that is missing is an undeclared failure, and the exit code says so."""
    (tmp_path / "there").write_text("x")
    words = [f"file:{tmp_path / 'there'}", f"file:{tmp_path / 'gone'}", "fail:1ms"]
    done = asyncmodes("run", *words, "-m", "settled", "--no-tasks", "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["runs"][0]["counts"] == {
        "ok": 1, "failed": 2, "timed_out": 0, "cancelled": 0, "skipped": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "--no-tasks: there is nothing to draw then; add --format json"),
        (["--format", "json", "-o", "x.csv"], "--no-tasks: --output needs the tasks; leave out one of the two"),
        (["--format", "json", "--events"], "--no-tasks: --events needs the tasks; leave out one of the two"),
        (["--format", "json", "--dry-run"], "--no-tasks: --dry-run needs the tasks; leave out one of the two"),
    ],
)
def test_what_needs_the_tasks_is_refused(arguments, what):
    """Whatever shows tasks, or compares them, cannot be had without them."""
    done = asyncmodes("run", "1ms", "--no-tasks", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"asyncmodes: error: {what}\n")


def test_longer_lists_are_allowed_without_tasks():
    """A million is no limit where no task is kept, a billion is; --max-tasks still says otherwise."""
    assert len(read_words(["1ms*10000000"], LAZY)) == 10_000_000
    done = asyncmodes("run", "1ms*2000000000", "--no-tasks", "--format", "json")
    assert "write at most 1,000,000,000, or raise --max-tasks" in done.stderr
    done = asyncmodes("run", "1ms*11", "--no-tasks", "--format", "json", "--max-tasks", "10")
    assert "write at most 10" in done.stderr


def test_a_reversed_list_is_still_a_list():
    """--reverse and needs keep the tasks while they run, and only them."""
    done = asyncmodes("run", "1ms", "5ms", "--reverse", "--no-tasks", "--format=json", "--clock=virtual", "-m", "race")
    assert json.loads(done.stdout)["runs"][0]["decided_by"] == 1
