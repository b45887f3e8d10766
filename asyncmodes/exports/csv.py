"""A comparison as comma-separated values (RFC 4180): a row a task of every run, times in seconds."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from asyncmodes.record import Comparison, Run, Span
from asyncmodes.text import clean

HEADER = (
    "mode", "repeat", "index", "name", "kind", "target", "state", "orphan", "lane", "ready_s", "start_s", "end_s",
    "duration_s", "error_type", "error_message", "skipped_because",
)  # fmt: skip  # in the order of the cells below
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(comparison: Comparison) -> str:
    """A header and a row for each task of each run; what never happened is empty.

    Texts that a spreadsheet would run as a formula begin with an apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    for run in comparison.runs:
        writer.writerows(_rows(run))
    return text.getvalue()


def _rows(run: Run) -> Iterator[tuple[object, ...]]:
    mode = cell(str(run.mode))
    for span in map(run.span, range(len(run))):
        work, error = span.task.work, span.error
        yield (
            mode,
            run.repeat,
            span.index,
            cell(span.task.name),
            cell(work.kind),
            cell(work.target),
            str(span.state),
            "true" if span.orphan else "false",
            span.lane,
            _seconds(span.ready_ns),
            _seconds(span.start_ns),
            _seconds(span.end_ns),
            _seconds(_duration_ns(span)),
            "" if error is None else cell(error.type),
            "" if error is None else cell(error.message),
            span.skipped_because,
        )


def _duration_ns(span: Span) -> int | None:
    return None if span.start_ns is None or span.end_ns is None else span.end_ns - span.start_ns


def _seconds(ns: int | None) -> str | None:
    """Seconds with as many decimals as it takes, and no exponent."""
    if ns is None:
        return None
    whole, rest = divmod(ns, 10**9)
    return f"{whole}.{rest:09}".rstrip("0").rstrip(".")


def cell(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula, without control characters."""
    return ("'" if text.startswith(_FORMULA) else "") + clean(text)
