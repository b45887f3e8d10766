"""The totals as the GitHub action `benchmark-action/github-action-benchmark` reads them: customSmallerIsBetter."""

from __future__ import annotations

import json

from asyncmodes.exports.wording import line_of
from asyncmodes.record import Comparison
from asyncmodes.stats import Summary, summarise
from asyncmodes.views.glyphs import word


def write_bench(comparison: Comparison) -> str:
    """A list with the mean total of each mode in milliseconds, with its deviation where there are several runs.

    A mode that was rejected is left out: its total is short because it gave up.
    """
    title = line_of(comparison.title)
    prefix = f"{title} / " if title else ""
    entries = [_entry(prefix, summary, comparison.clock) for summary in summarise(comparison) if summary.fulfilled]
    return json.dumps(entries, indent=1, allow_nan=False) + "\n"


def _entry(prefix: str, summary: Summary, clock: str) -> dict[str, object]:
    total = summary.total
    entry: dict[str, object] = {
        "name": f"{prefix}{line_of(str(summary.mode))}",
        "unit": "ms",
        "value": total.mean / 1e6,
    }
    if total.stddev is not None:
        entry["range"] = f"± {total.stddev / 1e6:.6g}"
    counts = ", ".join(f"{count} {word(state)}" for state, count in summary.counts.items() if count)
    runs = f"{summary.runs} {'run' if summary.runs == 1 else 'runs'}"
    return {**entry, "extra": f"{runs}, {clock} clock, {counts}"}
