"""Processor time, really used; and the worker process that uses it for another one. Standard library only."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import NoReturn

_SPIN = 500  # rounds between two looks at the clock: some ten microseconds


def burn(duration_ns: int, stopped: Callable[[], bool] = lambda: False) -> int:
    """Use so much processor time of this thread, or less once it is `stopped`; how much it was, in nanoseconds."""
    began_ns = time.thread_time_ns()
    used_ns = 0
    while used_ns < duration_ns and not stopped():
        for _ in range(_SPIN):
            pass
        used_ns = time.thread_time_ns() - began_ns
    return used_ns


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "process_cpu_count"):  # since Python 3.13; it heeds PYTHON_CPU_COUNT too
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def serve_parent() -> NoReturn:
    """Be a worker: each line on standard input is a number of nanoseconds to burn, and is answered with those burnt.

    Ends at once, in the middle of the work too, when nobody is left at the other end of standard input.
    """
    import queue
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the parent, who ends us
    orders: queue.SimpleQueue[int] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin.buffer:
            orders.put(int(line))
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    burn(1_000_000)  # the first burn of a process is slower than the others
    answer = b"ready\n"
    while True:
        try:
            os.write(1, answer)
        except OSError:
            os._exit(0)
        answer = b"%d\n" % burn(orders.get())
