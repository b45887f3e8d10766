"""The table of rows itself."""

import importlib

import pytest

from tests.bad_input.rows import NO_YAML, NUMBERS, ROWS


def test_every_row_is_in_the_table():
    """None is missing and none is made up."""
    listed = {number for numbers in NUMBERS.values() for number in numbers}
    assert set(ROWS) | set(NO_YAML) == listed
    assert not set(ROWS) & set(NO_YAML)


@pytest.mark.parametrize("number", ROWS)
def test_every_row_has_its_tests(number: int):
    """The tests that the table names exist, and those of a row's own bear its number."""
    section, what, tests = ROWS[number]
    assert what
    assert tests
    for test in tests:
        module, _, name = test.rpartition(".")
        function = getattr(importlib.import_module(f"tests.{module or section}"), name)
        assert function.__doc__
        assert (
            module
            or str(number) in name
            or any(str(number) in str(mark.args) or _spans(name, number) for mark in function.pytestmark)
        ), f"{name} does not say that it is row {number}"


def _spans(name: str, number: int) -> bool:
    """Whether a name such as `test_rows_66_to_68_cut_off` includes the number."""
    words = name.split("_")
    ends = [int(word) for word in words if word.isdigit()]
    return "to" in words and len(ends) >= 2 and ends[0] <= number <= ends[1]
