"""Programs that take turns: each runs for an instant and is stopped while the others have theirs.

On a machine that others share, a processor is slower for seconds at a time, by half and more. Of programs that run
one after another each meets its own share of that; of programs that take turns all meet the same.
"""

import os
import select
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

TURN_S = 0.02


def ready() -> None:
    """Called by a program that is ready: wait for its first turn."""
    os.kill(os.getpid(), signal.SIGSTOP)


@contextmanager
def apart(server: int) -> Iterator[None]:
    """Give a server a processor of its own, and the programs that take turns another, where the system can."""
    if not hasattr(os, "sched_setaffinity") or len(processors := sorted(os.sched_getaffinity(0))) < 2:
        yield
        return
    os.sched_setaffinity(server, processors[-1:])
    os.sched_setaffinity(0, processors[:1])  # the programs inherit it
    try:
        yield
    finally:
        os.sched_setaffinity(0, processors)


def ratios(
    commands: Mapping[str, Sequence[str]], base: str, rounds: int, environment: Mapping[str, str]
) -> dict[str, float]:
    """The median over the rounds of how long each program takes, as a ratio to the one named `base`.

    A program calls `ready()`, is measured from then until it writes a line, and ends.
    """
    found: dict[str, list[float]] = {name: [] for name in commands}
    names = list(commands)
    for shift in range(rounds):
        order = names[shift % len(names) :] + names[: shift % len(names)]
        took = _took({name: commands[name] for name in order}, environment)
        for name in names:
            found[name].append(took[name] / took[base])
    return {name: statistics.median(values) for name, values in found.items()}


def _took(commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> dict[str, float]:
    """How long each program ran, in seconds."""
    running = {}
    for name, command in commands.items():
        running[name] = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        os.waitpid(running[name].pid, os.WUNTRACED)
    took = dict.fromkeys(commands, 0.0)
    while running:
        for name, program in list(running.items()):
            assert program.stdout is not None
            began = time.perf_counter()
            program.send_signal(signal.SIGCONT)
            done, _, _ = select.select([program.stdout], [], [], TURN_S)
            if done:
                took[name] += time.perf_counter() - began
                if not program.communicate()[0] or program.returncode:
                    raise subprocess.CalledProcessError(program.returncode, program.args)
                del running[name]
                continue
            program.send_signal(signal.SIGSTOP)
            os.waitpid(program.pid, os.WUNTRACED)
            took[name] += time.perf_counter() - began
    return took
