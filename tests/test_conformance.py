"""What Node.js 20 did with the same tasks, recorded as data, against this executor and this prediction."""

import asyncio
import json
import time
from itertools import pairwise
from pathlib import Path

import pytest
from helpers import MS, execution_of, on_virtual_time

from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Run
from asyncmodes.tasks import Delay, State, Task

SCENARIOS = json.loads((Path(__file__).parent / "data" / "node-promises.json").read_text(encoding="utf-8"))
BY_ID = {scenario["id"]: scenario for scenario in SCENARIOS}


def tasks_of(scenario, shorter: int = 1) -> list[Task]:
    """The scenario's tasks, their delays divided by `shorter`."""
    return [
        Task(task["name"], Delay(duration_ns(task) // shorter, task["delay"], "failed" if task.get("fails") else None))
        for task in scenario["tasks"]
    ]


def duration_ns(task) -> int:
    """A recorded delay in nanoseconds."""
    return int(task["delay"].removesuffix("ms")) * MS


def as_recorded(run: Run) -> dict:
    """The run in the shape of the recorded expectations: names, and times in seconds."""

    def seconds(ns):
        return None if ns is None else ns / 1e9

    return {
        "outcome": run.verdict,
        "decided_by": None if run.decided_by is None else run.tasks[run.decided_by].name,
        "total_s": seconds(run.total_ns),
        "drained_s": seconds(run.drained_ns),
        "peak_in_flight": run.peak,
        "tasks": [
            {
                "name": span.task.name,
                "state": span.state,
                "orphan": span.orphan,
                "start_s": seconds(span.start_ns),
                "end_s": seconds(span.end_ns),
            }
            for span in run.spans
        ],
    }


def executed(scenario) -> Run:
    """The scenario run on the virtual clock."""

    async def main():
        return await execution_of(tasks_of(scenario), scenario["mode"]).finish()

    return on_virtual_time(main)


def test_there_are_scenarios():
    """The data are all there, each under its own name."""
    assert len(BY_ID) == len(SCENARIOS) == 35


@pytest.mark.parametrize("scenario", SCENARIOS, ids=BY_ID)
def test_the_virtual_clock_does_what_node_did(scenario):
    """Every state, start, end, orphan and total is Node's, to the nanosecond."""
    assert as_recorded(executed(scenario)) == scenario["expected"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=BY_ID)
def test_theory_says_what_node_did(scenario):
    """Prediction, which knows no clock, says the same."""
    assert as_recorded(predict(tasks_of(scenario), parse_mode(scenario["mode"]))) == scenario["expected"]


# Real time: the same scenarios five times as fast, beside bare asyncio.

FASTER = 5
IN_REAL_TIME = [
    "ok-sequential",
    "ok-limited-2",
    "fail-mid-sequential",
    "fail-mid-parallel",
    "fail-mid-settled",
    "queue-fail-pmap-2",
    "race-win",
]


async def beside_bare_asyncio(scenario) -> tuple[Run, dict[int, int]]:
    """The run in real time, and when plain sleeps of the same shape ended that were begun just after it.

    A plain sleeper for each lane does the lane's durations one after another. Each of its sleeps is begun just
    after the executor's own, on the same loop, and so ends just after it: however slow the machine, the executor
    is late by no more than bare asyncio is, unless it loses time of its own.
    """
    shape = predict(tasks_of(scenario, FASTER), parse_mode(scenario["mode"]))
    ends: dict[int, int] = {}
    begun_ns = time.monotonic_ns()
    running = asyncio.create_task(execution_of(tasks_of(scenario, FASTER), scenario["mode"]).finish())
    await asyncio.sleep(0)  # its workers are now first in the loop's queue

    async def plain(lane):
        for span in shape.spans:
            if span.lane == lane:
                await asyncio.sleep((span.end_ns - span.start_ns) / 1e9)
                ends[span.index] = time.monotonic_ns() - begun_ns

    await asyncio.gather(*(plain(lane) for lane in range(shape.peak)))
    return await running, ends


@pytest.mark.parametrize("name", IN_REAL_TIME)
def test_real_time_keeps_the_order_and_loses_none(name):
    """In real time states and decision are Node's, no task is early, and none is later than bare asyncio is."""
    scenario = BY_ID[name]
    expected = scenario["expected"]
    resolution_ns = time.get_clock_info("monotonic").resolution * 1e9
    # If the machine stood still between two starts for as long as two ends are apart, the ends may change places.
    instants = sorted({task["end_s"] for task in expected["tasks"] if task["end_s"]})
    smallest_gap_ns = min([b - a for a, b in pairwise(instants)], default=1) / FASTER * 1e9
    for _ in range(100):
        run, plain_ends = asyncio.run(beside_bare_asyncio(scenario))
        first_starts = [span.start_ns for span, task in zip(run.spans, expected["tasks"]) if task["start_s"] == 0]
        if max(first_starts) < smallest_gap_ns:
            break
    else:
        pytest.skip("this machine never ran the tasks' starts closer together than their ends are apart")

    observed = as_recorded(run)
    timeless = ("start_s", "end_s", "total_s", "drained_s", "tasks")
    assert {k: v for k, v in observed.items() if k not in timeless} == {
        k: v for k, v in expected.items() if k not in timeless
    }
    for task, span in zip(expected["tasks"], run.spans, strict=True):
        assert (span.task.name, span.state, span.orphan) == (task["name"], task["state"], task["orphan"])
        if span.state is not State.SKIPPED:
            assert task["start_s"] / FASTER * 1e9 - resolution_ns <= span.start_ns
            assert task["end_s"] / FASTER * 1e9 - resolution_ns <= span.end_ns <= plain_ends[span.index] + resolution_ns
    assert run.total_ns == (run.drained_ns if run.decided_by is None else run.ends[run.decided_by])
    assert run.drained_ns == max(run.ends)
