"""The shape of a lesson file: for each table its keys, what fits each, and what to write where it does not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from asyncmodes.errors import Problem, nearest
from asyncmodes.lessons.model import LANGUAGES
from asyncmodes.spec.wording import shown
from asyncmodes.text import clean

MOST_TEXT = 400  # characters: with the tasks and the code, one screen of 80 x 24 holds no more
MOST_CODE_LINES, MOST_CODE_COLUMNS = 10, 76
MOST_CHOICES = 6
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_MOST_NUMBER = 1e12


@dataclass(frozen=True, slots=True)
class Key:
    """What a value must be: `fits` says whether it is, `write` what to write instead."""

    fits: Callable[[Any], bool]
    write: str
    required: bool = False


Shape = Mapping[str, Key]


def _text(most: int, required: bool = False) -> Key:
    return Key(
        lambda value: isinstance(value, str) and bool(value.strip()) and len(value) <= most and is_plain(value),
        f"write text of at most {most} characters, without control characters",
        required,
    )


def is_plain(text: str) -> bool:
    """Whether nothing in the text could steer a terminal; new lines may be."""
    return all(clean(line) == line for line in text.split("\n"))


def _name(required: bool = False) -> Key:
    return Key(
        lambda value: isinstance(value, str) and _NAME.fullmatch(value) is not None,
        "write a name of up to 40 letters, digits, _ and -, such as S4b",
        required,
    )


def is_number(value: object) -> bool:
    """Whether this is a number that a lesson can count with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MOST_NUMBER  # nan is not


def _number(write: str) -> Key:
    return Key(lambda value: is_number(value) and value >= 0, write)


def _value(value: object) -> bool:
    return is_number(value) or (isinstance(value, str) and 0 < len(value) <= MOST_TEXT and is_plain(value))


def _values(value: object) -> bool:
    return isinstance(value, dict) and len(value) <= 40 and all(is_plain(key) and _value(value[key]) for key in value)


def _choices(value: object) -> bool:
    return (
        isinstance(value, dict)
        and 2 <= len(value) <= MOST_CHOICES
        and all(isinstance(text, str) and 0 < len(text) <= 200 and is_plain(text) for text in value.values())
        and all(0 < len(key) <= 80 and is_plain(key) for key in value)
        and len(set(value.values())) == len(value)
    )


def _code(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and is_plain(value) and _fits_the_screen(value)


def _fits_the_screen(code: str) -> bool:
    lines = code.strip("\n").split("\n")
    return len(lines) <= MOST_CODE_LINES and all(len(line) <= MOST_CODE_COLUMNS for line in lines)


def _names(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= 12
        and all(isinstance(each, str) and _NAME.fullmatch(each) for each in value)
    )


def _texts(value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 20 and all(isinstance(each, str) for each in value)


def _tables(value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 200 and all(isinstance(each, dict) for each in value)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _tables_or_name(value: object) -> bool:
    return isinstance(value, str) or _tables(value)


LESSON: Shape = {
    "name": _name(required=True),
    "title": _text(60, required=True),
    "summary": _text(160, required=True),
    "next": _name(),
    "task_lists": Key(_is_table, 'write a table: [task_lists] with dinner = [{name = "rice", delay = "400ms"}]'),
    "steps": Key(_tables, "write at least one [[steps]] table, in double brackets", required=True),
}
STEP: Shape = {
    "id": _name(required=True),
    "title": _text(70, required=True),
    "teaches": Key(_names, 'write a list of at most 12 names, such as ["S4"]'),
    "change": _text(160),
    "text": _text(MOST_TEXT),
    "analogy": _text(200),
    "code": Key(_is_table, "write a table: [steps.code] with python = '...' and javascript = '...'"),
    "question": Key(_is_table, "write a table: [steps.question]", required=True),
    "experiments": Key(_tables, "write [[steps.experiments]] tables, in double brackets"),
    "belief": _text(160),
    "hint": _text(240),
    "explanation": _text(600, required=True),
    "figures": Key(_values, 'write a table of numbers and texts, such as {"parallel.lost" = 2}'),
}
CODE: Shape = {
    language: Key(_code, f"write at most {MOST_CODE_LINES} lines of at most {MOST_CODE_COLUMNS} characters, no tabs")
    for language in LANGUAGES
}
QUESTION: Shape = {
    "ask": _text(240, required=True),
    "figure": _text(200),
    "expect": Key(_value, "write the right answer: a number, or the key of the right choice", required=True),
    "unit": _text(20),
    "tolerance": _number("write a number from 0 up, in the question's unit"),
    "least": _number("write a number from 0 up, in the question's unit"),
    "most": _number("write a number from 0 up, in the question's unit"),
    "choices": Key(_choices, f"write a table of 2 to {MOST_CHOICES} different texts, such as {{ok = 'It goes on'}}"),
}
EXPERIMENT: Shape = {
    "label": _name(),
    "tasks": Key(_tables_or_name, "write the name of a list in [task_lists], or a list of task tables", required=True),
    "modes": Key(_texts, 'write a list of modes, such as ["sequential", "limited=2"]', required=True),
    "reverse": Key(lambda value: isinstance(value, bool), "write true or false"),
    "server": Key(_is_table, 'write a table, such as {capacity = 8, overload = "slow"}'),
    "clock": Key(lambda value: value in ("virtual", "real"), "write virtual or real"),
}


def checked(raw: Mapping[str, Any], shape: Shape, where: str, problems: list[Problem]) -> dict[str, Any]:
    """The values of a table that are as they should be; what is wrong with the others goes to `problems`."""
    good = {}
    for key, value in raw.items():
        if key not in shape:
            place = joined(where, key) if _NAME.fullmatch(key) else where
            problems.append(_unknown(place, key, list(shape)))
        elif shape[key].fits(value):
            good[key] = value
        else:
            problems.append(Problem(joined(where, key), f"found {described(value)}", shape[key].write))
    for key, declared in shape.items():
        if declared.required and key not in raw:
            problems.append(Problem(where, f"the key {key} is missing", declared.write))
    return good


def joined(where: str, key: str) -> str:
    """The place of a key in the table at `where`; a file's own table has no place but the file."""
    return f"{where}.{key}" if "]" in where else f"{where}: {key}"


def _unknown(where: str, key: str, known: list[str]) -> Problem:
    guess = nearest(key, known)
    hint = f"did you mean {guess}? " if guess else ""
    return Problem(where, f"there is no key {shown(key)}", f"{hint}the keys are {', '.join(known)}")


def described(value: object) -> str:
    """A value as found in a lesson file, in a few words."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return "a number of many digits" if _MOST_NUMBER < abs(value) < math.inf else f"the number {value}"
        case str():
            many = f" of {len(value):,} characters" if len(value) > 60 else ""
            return f"the text {shown(value)}{many}"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return f"a table of {len(value)} keys" if value else "an empty table"
    return f"the date or time {value}"
