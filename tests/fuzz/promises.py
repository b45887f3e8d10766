"""What every target promises: errors in words, and nothing on the screen that could steer it."""

import contextlib
from collections.abc import Iterator

from asyncmodes.errors import UsageError
from asyncmodes.text import clean


def is_clean(text: str) -> bool:
    """Whether nothing in the text could steer a terminal; new lines may be."""
    return all(clean(line) == line for line in text.split("\n"))


@contextlib.contextmanager
def refused_in_words() -> Iterator[None]:
    """Let a usage error pass if it is at most eleven lines, each of them one once it is cleaned for the terminal."""
    try:
        yield
    except UsageError as error:
        lines = error.lines()
        assert 1 <= len(lines) <= 11
        assert all(line.strip() for line in lines)
