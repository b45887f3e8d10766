"""What the rows share: the program, called as a process."""

from collections.abc import Iterator

import pytest

from tests.bad_input.program import Program, programs


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    """The program; nothing of it is left in the next call."""
    with programs() as program:
        yield program
