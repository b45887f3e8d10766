"""A file of answers, TOML or JSON: from bytes to an answer for each question, or to what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, Any

from asyncmodes.errors import Problem, UsageError, nearest
from asyncmodes.lessons.grading import Answer, AskAgain, parse_answer, parse_sure
from asyncmodes.lessons.model import Step, Value
from asyncmodes.lessons.shapes import described, is_number
from asyncmodes.spec.files import read_tables
from asyncmodes.spec.wording import shown

_KEYS = ("answer", "sure")
_HINT = "write a file of answers, or send one: asyncmodes learn dinner --answers - < answers.toml"
_FORM = "write for example 400, '400ms', or {answer = 400, sure = 3}"


def read_answers(
    path: str | os.PathLike[str], asked: Mapping[str, Step], known: Mapping[str, Step], stdin: IO[Any] | None = None
) -> dict[str, Answer]:
    """The answers of a file, by the ids of the steps; the path `-` stands for `stdin` (None: `sys.stdin`).

    `asked` are the steps that are to be answered, `known` all there are: answers to others of them are left out.
    Raises UsageError with everything that is wrong.
    """
    label, raw = read_tables(path, stdin, _HINT)
    names = {name.casefold(): name for name in known}
    problems: list[Problem] = []
    answers: dict[str, Answer] = {}
    for key, given in raw.items():
        name = names.get(key.casefold())
        if name is None:
            guess = nearest(key, list(asked) or list(known))
            hint = f"did you mean {guess}? " if guess else ""
            problems.append(
                Problem(label, f"there is no question {shown(key)}", f"{hint}see asyncmodes learn --list --format json")
            )
        elif name in answers:
            problems.append(Problem(f"{label}: {name}", "it is answered twice", "answer it once"))
        else:
            try:
                answers[name] = _answer(known[name], given)
            except _Wrong as wrong:
                problems.append(Problem(f"{label}: {name}", *wrong.args))
    if problems:
        raise UsageError(*problems)
    return {name: answer for name, answer in answers.items() if name in asked}


class _Wrong(Exception):
    """What is wrong with an answer, and what to write instead."""


def _answer(step: Step, given: object) -> Answer:
    if not isinstance(given, dict):
        return Answer(_value(step, given))
    for key in given:
        if key not in _KEYS:
            raise _Wrong(f"there is no key {shown(key)}", f"the keys are {', '.join(_KEYS)}")
    if "answer" not in given:
        raise _Wrong("the key answer is missing", _FORM)
    return Answer(_value(step, given["answer"]), _sure(given["sure"]) if "sure" in given else None)


def _value(step: Step, given: object) -> Value:
    if not (is_number(given) or isinstance(given, str)):
        raise _Wrong(f"found {described(given)}", _FORM)
    text = given if isinstance(given, str) else f"{given:.15g}"
    try:
        return parse_answer(step.question, text)
    except AskAgain as hint:
        raise _Wrong(f"found {described(given)}", _as_remedy(hint)) from None


def _sure(given: object) -> float:
    if is_number(given) or isinstance(given, str):
        try:
            return parse_sure(given if isinstance(given, str) else f"{given:g}")
        except AskAgain as hint:
            raise _Wrong(f"found sure = {described(given)}", _as_remedy(hint)) from None
    raise _Wrong(f"found sure = {described(given)}", "write 1, 2, 3, or a text such as '80%'")


def _as_remedy(hint: AskAgain) -> str:
    text = str(hint).rstrip(".")
    return text[:1].lower() + text[1:]
