"""Results of 100,000 tasks as JSON: written and read back, against the standard library alone on the same document."""

import gc
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from asyncmodes.exports.json import as_document, read_json, write_json
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison
from asyncmodes.tasks import Delay, Task
from tests.bench.goal import Goal, medians

COUNT = 100_000


def result() -> Comparison:
    """A comparison with one run of so many tasks."""
    tasks = [Task(f"task {i}", Delay(i % 400 * 1_000_000, f"{i % 400}ms")) for i in range(COUNT)]
    mode = parse_mode("limited=50")
    run = predict(tasks, mode)
    assert run is not None
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    return Comparison("bench", "virtual", tasks, (mode,), mode, (run,), moment, {"python": "3.11.7"}, "0.1.0")


def seconds(work: Callable[[], object]) -> float:
    """Time the work, and throw away what it made only afterwards."""
    gc.collect()
    began = time.perf_counter()
    made = work()
    took = time.perf_counter() - began
    del made
    return took


def goals() -> Iterator[Goal]:
    """Yield the goals of results as JSON."""
    comparison = result()
    document, text = as_document(comparison), write_json(comparison)
    took = medians(
        {
            "dumps": lambda: seconds(lambda: json.dumps(document)),
            "write": lambda: seconds(lambda: write_json(comparison)),
            "loads": lambda: seconds(lambda: json.loads(text)),
            "read": lambda: seconds(lambda: read_json(text)),
        },
        rounds=5,
    )
    yield Goal("a result of 100,000 tasks written, against json.dumps of the same", took["write"] / took["dumps"], 2)
    yield Goal("a result of 100,000 tasks read back, against json.loads of the same", took["read"] / took["loads"], 2)
