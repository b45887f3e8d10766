"""Hypothesis without deadlines: no test depends on the machine's speed. Signals as in a terminal, and the program."""

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.bad_input.program import Program, programs

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("on-ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("on-ci" if os.environ.get("CI") else "here")

# A shell that starts the tests with & lets them inherit that SIGINT is ignored, and so would the programs they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that was loaded: tests of what is left behind collect again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    """The program, called as a process; nothing of it is left in the next call."""
    with programs() as program:
        yield program
