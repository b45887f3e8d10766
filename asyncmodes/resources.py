"""What a run cost the machine, and the counters by which the sources of work tell what they use."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

MOST_THREADS = 256  # that a source starts for its work


class Resources(NamedTuple):
    """What one run took of the machine, from its start until no task was running any more.

    `threads` (the event loop's own included) and `open_files` (sockets too) are the most at once as counted by the
    sources of the work. `memory_bytes` is the most memory that the whole process had, sampled; None where the
    system does not tell. `cpu_ns` is the processor time of the process, all threads together, and of the worker
    processes that did CPU work for it. `longest_gap_ns` is
    the longest turn of the event loop, in which nothing else had its turn; None in a loop that cannot be watched.
    """

    threads: int
    open_files: int
    memory_bytes: int | None
    cpu_ns: int
    longest_gap_ns: int | None


def together(costs: Iterable[Resources | None]) -> Resources | None:
    """What several runs cost: the highest of each figure, but processor time on average; None if none was measured."""
    known = [cost for cost in costs if cost is not None]
    if not known:
        return None
    return Resources(
        threads=max(cost.threads for cost in known),
        open_files=max(cost.open_files for cost in known),
        memory_bytes=_highest(cost.memory_bytes for cost in known),
        cpu_ns=round(sum(cost.cpu_ns for cost in known) / len(known)),
        longest_gap_ns=_highest(cost.longest_gap_ns for cost in known),
    )


def _highest(figures: Iterable[int | None]) -> int | None:
    return max((figure for figure in figures if figure is not None), default=None)


class Usage:
    """Counts what a source, or all `parts` together, have of the machine; callable from any thread."""

    def __init__(self, parts: Iterable[Usage] = ()) -> None:
        self.threads = 0
        self.peak_open = 0
        self.cpu_elsewhere_ns = 0
        self._open = 0
        self._lock = Lock()
        self._whole: Usage | None = None
        for part in parts:
            part._whole = self

    def thread_started(self) -> None:
        """One more thread, which stays until the end."""
        with self._lock:
            self.threads += 1
        if self._whole is not None:
            self._whole.thread_started()

    def used_elsewhere(self, cpu_ns: int) -> None:
        """So much processor time has been used by a worker process."""
        with self._lock:
            self.cpu_elsewhere_ns += cpu_ns
        if self._whole is not None:
            self._whole.used_elsewhere(cpu_ns)

    def opened(self) -> None:
        """One more open file or socket."""
        with self._lock:
            self._open += 1
            self.peak_open = max(self.peak_open, self._open)
        if self._whole is not None:
            self._whole.opened()

    def closed(self) -> None:
        """One open file or socket less."""
        with self._lock:
            self._open -= 1
        if self._whole is not None:
            self._whole.closed()
