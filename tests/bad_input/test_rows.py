"""The table of rows itself."""

import importlib

import pytest

from tests.bad_input.rows import FURTHER, NO_YAML, NUMBERS, ROWS


def test_every_row_is_in_the_table():
    """None is missing, none is made up, and none stands there twice."""
    listed = sorted(number for numbers in NUMBERS.values() for number in numbers)
    assert sorted([*ROWS, *NO_YAML]) == listed


@pytest.mark.parametrize("number", ROWS)
def test_every_row_has_its_tests(number: int):
    """The tests that the table names exist; one of this folder bears the row's number, itself or in a case's name."""
    section, what, tests = ROWS[number]
    assert what
    assert tests
    for test in tests:
        module, _, name = test.rpartition(".")
        function = getattr(importlib.import_module(f"tests.{module or section}"), name)
        assert function.__doc__
        if not module:
            assert number in _numbers(name) | _cases(function), f"{name} does not say that it shows row {number}"


@pytest.mark.parametrize(("what", "tests"), FURTHER)
def test_everything_further_has_its_tests(what: str, tests: tuple[str, ...]):
    """The tests that are named for what the list lacks exist."""
    assert what
    for test in tests:
        module, _, name = test.rpartition(".")
        assert getattr(importlib.import_module(f"tests.{module}"), name).__doc__


def _numbers(name: str) -> set[int]:
    """The rows that a name such as `test_row_74_broken_gzip` tells."""
    return {int(word) for word in name.split("_") if word.isdigit()}


def _cases(function) -> set[int]:
    """The rows after which the test's cases are named: `row-78-port`."""
    cases = [case for mark in getattr(function, "pytestmark", ()) for values in mark.args[1:2] for case in values]
    names = [str(getattr(case, "id", "")) for case in cases]
    return {int(name.split("-")[1]) for name in names if name.startswith("row-")}
