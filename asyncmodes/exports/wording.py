"""What exports say alike: the heading's words, and texts of any length and origin made fit for a line."""

from __future__ import annotations

from asyncmodes.record import Comparison, Run
from asyncmodes.text import clean
from asyncmodes.views.axis import duration
from asyncmodes.views.glyphs import word
from asyncmodes.views.timeline import state_words

LONGEST = 200


def line_of(text: str, longest: int = LONGEST) -> str:
    """The text in one safe line of at most `longest` characters, its middle left out: both ends tell names apart."""
    if len(text) > 4 * longest:  # no work for what is left out anyway
        text = text[: 2 * longest] + text[-2 * longest :]
    safe = clean(text)
    if len(safe) <= longest:
        return safe
    tail = (longest - 1) // 2
    return f"{safe[: longest - 1 - tail]}…{safe[-tail:]}"


def title_of(comparison: Comparison) -> str:
    """What was compared, in a line."""
    return line_of(comparison.title) or "asyncmodes"


def subtitle_of(comparison: Comparison) -> str:
    """How many tasks there were, on which clock, when, and with which Python."""
    count = len(comparison.tasks)
    clock = comparison.clock_said + ", exact" * comparison.exact
    machine = [str(comparison.environment[key]) for key in ("python", "platform") if key in comparison.environment]
    parts = [f"{count:,} {'task' if count == 1 else 'tasks'}", clock, f"{comparison.started_at:%Y-%m-%d %H:%M} UTC"]
    if machine:
        parts.append(line_of("Python " + ", ".join(machine)))
    if comparison.interrupted:
        parts.append("interrupted")
    return " · ".join(parts)


def figures_of(run: Run, index: int) -> str:
    """Everything about a task in one run, as a person would read it out."""
    span = run.span(index)
    words = [f"{line_of(span.task.name)}: {state_words(run, index)}"]
    if span.start_ns is not None and span.end_ns is not None:
        words.append(
            f"{duration(span.end_ns - span.start_ns)}, from {duration(span.start_ns)} to {duration(span.end_ns)}"
        )
        waited = max(span.start_ns - (span.ready_ns or 0), 0)
        words.append(f"waited {duration(waited)}" if waited else "started at once")
    if span.lane is not None:
        words.append(f"lane {span.lane}")
    if span.task.work.target != span.task.name:
        words.append(line_of(span.task.work.target))
    if span.error is not None:
        words.append(line_of(f"{span.error.type}: {span.error.message}"))
    if span.skipped_because is not None:
        words.append(f"skipped because of {line_of(run.tasks[span.skipped_because].name)}")
    return "; ".join(words)


def counts_of(run: Run) -> str:
    """How many tasks ended how: `3 ok, 1 failed`."""
    return ", ".join(f"{count:,} {word(state)}" for state, count in run.counts.items() if count) or "no task"
