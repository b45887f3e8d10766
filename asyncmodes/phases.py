"""Where the time of requests went, read off a record in which it was measured (`--phases`).

    wait        ready, and waiting for a free slot of the mode
    dns         looking up the host's name
    connect     making a connection, with TLS where there is some
    first_byte  sending the request, and waiting until the answer begins (its head is there)
    body        receiving the body

A phase that did not happen, such as connecting where an idle connection was used again, is absent. Phases of
redirects are added up. From dns to body they make up the task's duration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from asyncmodes.record import Run

WAIT, DNS, CONNECT, FIRST_BYTE, BODY = PHASES = ("wait", "dns", "connect", "first_byte", "body")


def phases_of(run: Run, index: int) -> dict[str, float] | None:
    """The phases of one task that happened, in seconds and in order; None where they were not measured."""
    measured = run.details.get(index, {}).get("phases")
    if not isinstance(measured, Mapping):
        return None
    span = run.span(index)
    waited_ns = (span.start_ns or 0) - (span.ready_ns or 0)
    figures = {**measured, WAIT: waited_ns / 1e9}
    return {phase: figures[phase] for phase in PHASES if isinstance(figures.get(phase), int | float)}


def mean_phases(runs: Iterable[Run]) -> dict[str, float] | None:
    """The mean of each phase in seconds over the tasks that were measured and not cancelled; None if there are none.

    A phase that did not happen counts as 0, so that the means add up to the mean wait and duration.
    """
    sums = dict.fromkeys(PHASES, 0.0)
    count = 0
    for run in runs:
        for index in run.details:
            phases = phases_of(run, index)
            if phases is not None and index not in run.cancelled:
                count += 1
                for phase, seconds in phases.items():
                    sums[phase] += seconds
    return {phase: total / count for phase, total in sums.items()} if count else None
