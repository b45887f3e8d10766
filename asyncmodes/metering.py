"""Measures what a run costs the machine, and hardly costs anything itself: it only looks when the loop is at rest."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import ExitStack

from asyncmodes.clocks import ClockName, running_clock
from asyncmodes.resources import Resources, Usage
from asyncmodes.turns import WatchedLoop

_SAMPLE_NS = 20_000_000
_STATM = "/proc/self/statm"


class Meter:
    """Measures while it is entered, on a running loop; `cost` tells what there was until then.

    On the virtual clock nothing is measured: a simulation's own costs are not those of what it simulates.
    """

    def __init__(self, usage: Usage) -> None:
        self._usage = usage
        self._longest_ns = 0
        self._next_sample_ns = 0
        self._open = ExitStack()

    def __enter__(self) -> Meter:
        self._real = running_clock().name is ClockName.REAL
        if self._real:
            loop = asyncio.get_running_loop()
            self._turns = loop.turns if isinstance(loop, WatchedLoop) else None
            self._memory = _Memory()
            self._open.callback(self._memory.close)
            self._cpu_ns = time.process_time_ns()
            if self._turns is not None:
                self._watch = self._turn  # one object, by which it is known
                self._open.enter_context(self._turns.watched(self._watch))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def cost(self) -> Resources | None:
        """What the run has cost so far; None if that is not measured."""
        if not self._real:
            return None
        cpu_ns = time.process_time_ns() - self._cpu_ns
        return Resources(
            threads=1 + self._usage.threads,
            open_files=self._usage.peak_open,
            memory_bytes=self._memory.most(),
            cpu_ns=cpu_ns + self._usage.cpu_elsewhere_ns,
            longest_gap_ns=None if self._turns is None else self._longest_ns,
        )

    def _turn(self, took_ns: int, now_ns: int) -> None:
        self._longest_ns = max(self._longest_ns, took_ns)
        if now_ns >= self._next_sample_ns:
            self._next_sample_ns = now_ns + _SAMPLE_NS
            self._memory.sample()


class _Memory:
    """The most resident memory that the process had: the highest of samples, or exact where there was never so much."""

    def __init__(self) -> None:
        self._ever_before = _most_ever()
        self._sampled: int | None = None
        self._file = -1
        try:
            self._file = os.open(_STATM, os.O_RDONLY)
        except OSError:  # only Linux has it, and there may be no descriptor left for it
            return
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")

    def sample(self) -> None:
        if self._file >= 0:
            resident = int(os.pread(self._file, 100, 0).split()[1]) * self._page_bytes
            self._sampled = max(resident, self._sampled or 0)

    def most(self) -> int | None:
        self.sample()
        ever = _most_ever()
        return ever if ever > self._ever_before else self._sampled

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _most_ever() -> int:
    """The most memory that the process has ever had, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # on Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
