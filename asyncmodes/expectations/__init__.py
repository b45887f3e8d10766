"""Expectations such as `parallel <= 0.5 sequential`: read, checked against what will run, and judged."""

from asyncmodes.expectations.grammar import Expectation, check_expectations, parse_expectation
from asyncmodes.expectations.judging import judge

__all__ = ["Expectation", "check_expectations", "judge", "parse_expectation"]
