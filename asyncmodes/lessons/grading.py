"""Answers: from what somebody typed to right, near or wrong, and what that is worth."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from asyncmodes.lessons.model import Question, Value

NEAR = 0.1
"""A number that is off by at most this share of the right one is near."""
SURE = {1: 0.5, 2: 0.75, 3: 0.95}
"""How sure one is, from 1 to 3, as a probability: a guess, rather sure, certain."""
_WORTH = {"right": 1.0, "near": 0.5, "wrong": 0.0}
_NUMBER = re.compile(r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?:[.]([0-9]{1,15}))?\s*(\w{0,20}|%)", re.ASCII)
_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}
_LONGEST = 200


class AskAgain(ValueError):
    """This is no answer to the question; the message is a hint for whoever typed it."""


class Grade(StrEnum):
    """How good an answer is."""

    RIGHT = "right"
    NEAR = "near"
    WRONG = "wrong"

    @property
    def worth(self) -> float:
        """1 for right, a half for near, else 0."""
        return _WORTH[self]


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered, as a number in the question's unit or the value of a choice.

    `sure` is the probability that they gave it, None if they did not say.
    """

    value: Value
    sure: float | None = None


@dataclass(frozen=True, slots=True)
class Graded:
    """An answer, None where there was none, beside the right one."""

    question: Question
    answer: Answer | None
    right: Value
    grade: Grade

    @property
    def calibration(self) -> float | None:
        """1 for certain and right, 0 for certain and wrong: 1 − (how sure − how right)²; None if not known how sure.

        This is the Brier score turned round: to say what one really thinks is the best one can do.
        """
        if self.answer is None or self.answer.sure is None:
            return None
        return 1 - (self.answer.sure - self.grade.worth) ** 2


@dataclass(frozen=True, slots=True)
class Score:
    """`share` is the mean worth of all answers, 0 to 1; `calibration` the mean of those that said how sure."""

    share: float
    calibration: float | None
    right: int
    near: int
    wrong: int


def parse_answer(question: Question, text: str) -> Value:
    """Read an answer as typed: `400`, `400ms` or `0.4s` where time is asked for; a choice by letter, number or text.

    Raises AskAgain with a hint for everything else.
    """
    typed = " ".join(text.split())
    if not typed:
        raise AskAgain(f"Please write {_wanted(question)}; a guess is fine.")
    if question.choices:
        return _chosen(question, typed)
    number = _number(question, typed)
    if not question.least <= number <= question.most:
        raise AskAgain(f"It is between {_told(question, question.least)} and {_told(question, question.most)}.")
    return number


def parse_sure(text: str) -> float:
    """How sure somebody is, as a probability: `1`, `2` or `3`, or `80%`. Raises AskAgain with a hint."""
    typed = text.strip()
    match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%", typed, re.ASCII)
    if match and float(match[1]) <= 100:
        return float(match[1]) / 100
    if re.fullmatch("[1-3]", typed, re.ASCII):
        return SURE[int(typed)]
    raise AskAgain("Write 1 (a guess), 2 (rather sure), 3 (certain), or a percentage such as 80%.")


def grade(question: Question, answer: Answer | None, right: Value) -> Graded:
    """Judge an answer by the right one, which was read from the run. None is wrong."""
    return Graded(question, answer, right, _grade(question, answer, right))


def score(graded: Iterable[Graded]) -> Score:
    """What all answers together are worth; nothing asked is nothing wrong."""
    each = list(graded)
    grades = [one.grade for one in each]
    known = [one.calibration for one in each if one.calibration is not None]
    return Score(
        share=sum(one.worth for one in grades) / len(grades) if grades else 1.0,
        calibration=sum(known) / len(known) if known else None,
        right=grades.count(Grade.RIGHT),
        near=grades.count(Grade.NEAR),
        wrong=grades.count(Grade.WRONG),
    )


def _grade(question: Question, answer: Answer | None, right: Value) -> Grade:
    if answer is None:
        return Grade.WRONG
    value = answer.value
    if isinstance(value, str) or isinstance(right, str):
        return Grade.RIGHT if _text(value) == _text(right) else Grade.WRONG
    off = abs(value - right)
    if off <= question.tolerance:
        return Grade.RIGHT
    return Grade.NEAR if off <= max(question.tolerance, NEAR * abs(right)) else Grade.WRONG


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _wanted(question: Question) -> str:
    if question.choices:
        return f"a letter from a to {_letter(len(question.choices) - 1)}"
    if question.unit == "ms":
        return "a time such as 400, 400ms or 0.4s"
    return f"a number of {question.unit}" if question.unit else "a number"


def _chosen(question: Question, typed: str) -> str:
    wanted = typed.casefold()
    for index, choice in enumerate(question.choices):
        if wanted in (choice.value.casefold(), choice.text.casefold(), _letter(index)):
            return choice.value
    for index, choice in enumerate(question.choices):
        if wanted == str(index + 1):
            return choice.value
    raise AskAgain(f"That is none of the answers. Please write {_wanted(question)}.")


def _letter(index: int) -> str:
    return "abcdefghij"[index]


def _number(question: Question, typed: str) -> float:
    match = _NUMBER.fullmatch(typed[:_LONGEST])
    if match is None:
        raise AskAgain(f"That is no number. Please write {_wanted(question)}.")
    sign, whole, fraction, unit = match.groups()
    if sign == "-":
        raise AskAgain(f"It is not below zero. Please write {_wanted(question)}.")
    number = float(f"{whole.replace(',', '')}.{fraction or 0}")
    if question.unit == "ms" and unit in _IN_MS:
        number = float(f"{number * _IN_MS[unit]:.12g}")  # 0.4 s is 400 ms, without a rounding error
    elif unit and not _is_unit(unit, question.unit):
        raise AskAgain(f"{unit} is not what is asked for. Please write {_wanted(question)}.")
    return int(number) if number.is_integer() else number


def _is_unit(word: str, unit: str) -> bool:
    """A unit may be written in one or many: 1 task, 3 tasks."""
    return word.casefold().rstrip("s") == unit.casefold().rstrip("s")


def _told(question: Question, value: float) -> str:
    return f"{value:,.10g} {question.unit}".strip()
