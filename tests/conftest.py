"""Hypothesis without deadlines: no test depends on the machine's speed. Signals as in a terminal, and the program."""

import gc
import os
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.bad_input.program import Program, programs

FOR_MUTANTS = "MUTANT_UNDER_TEST" in os.environ  # mutmut's: thousands of changed programs meet these tests

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("on-ci", settings.get_profile("here"), derandomize=True)
settings.register_profile("mutants", settings.get_profile("on-ci"), max_examples=25, database=None)
settings.load_profile("mutants" if FOR_MUTANTS else "on-ci" if os.environ.get("CI") else "here")

# A shell that starts the tests with & lets them inherit that SIGINT is ignored, and so would the programs they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The quick tests first where many mutants meet them: most are killed by those."""
    if FOR_MUTANTS:
        items.sort(key=lambda item: item.get_closest_marker("hypothesis") is not None)


def pytest_runtest_setup() -> None:
    """No answer remembered from the last test where mutants meet them: each test calls all that it tests."""
    if FOR_MUTANTS:
        for name, module in list(sys.modules.items()):
            if name.startswith("asyncmodes"):
                for value in list(vars(module).values()):
                    if hasattr(value, "cache_clear"):
                        value.cache_clear()


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that was loaded: tests of what is left behind collect again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    """The program, called as a process; nothing of it is left in the next call."""
    with programs() as program:
        yield program
