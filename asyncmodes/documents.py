"""A parsed JSON document whose values know their place, so that what is wrong with one can be said in a line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, cast

from asyncmodes.errors import UsageError
from asyncmodes.text import clean

LONGEST_NS = 2**63 - 1  # what a record's columns can hold
_PRODUCTS_EXACT_NS = 2**51  # from 26 days on, the rounding of the time and that of its product may add up to one
_LONGEST_SHOWN = 40
_LARGEST = 2**31 - 1


def parsed(text: str, where: str, advice: str) -> Place:
    """The document that a JSON text holds. Raises UsageError if it is none or is cut off; `advice` says what to do."""
    try:
        value = json.loads(text.removeprefix("\ufeff"), parse_constant=_no_number, parse_float=_finite)
        return Place(value, where, advice=advice)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise UsageError.at(where, "it is empty", advice) from None
        cut_off = not text[error.pos :].strip() or error.msg.startswith("Unterminated")
        found = "it ends in the middle" if cut_off else f"it is no JSON ({error.msg[:1].lower()}{error.msg[1:]})"
        place = f"{where}:{error.lineno}:{error.colno}"
        raise UsageError.at(place, found, "write the file again" if cut_off else advice) from None
    except RecursionError:
        raise UsageError.at(where, "it is nested too deeply", advice) from None
    except ValueError as error:
        raise UsageError.at(where, f"it is no JSON ({str(error)[:80]})", advice) from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


def _finite(digits: str) -> float:
    """The number; Python would read 1e999 as infinity, and JSON could not hold it when it is written again."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits[:20]} is too large")
    return number


def whole_ns(time: float, unit_ns: int = 10**9) -> int:
    """The time, in seconds or another unit, in nanoseconds; up to 97 days every one comes back as it was written."""
    ns = round(time * unit_ns)
    return ns if ns < _PRODUCTS_EXACT_NS else int(time) * unit_ns + round(time % 1 * unit_ns)


class Place:
    """A value of a document, and where it stands: `place["runs"][0]["mode"].text()` is what it says there.

    What does not fit raises UsageError, which names the file `where`, the path within it, and `advice`.
    """

    __slots__ = ("advice", "path", "value", "where")

    def __init__(self, value: Any, where: str, path: str = "", advice: str = "") -> None:
        self.value = value
        self.where = where
        self.advice = advice
        self.path = path

    def refused(self, what: str, inside: str = "") -> UsageError:
        """The error that something is wrong here, or at the path `inside` of it."""
        path = f"{self.path}{inside}".removeprefix(".")
        return UsageError.at(f"{self.where}: {path}" if path else self.where, what, self.advice)

    def __getitem__(self, key: str) -> Place:
        if key not in self.table():
            raise self.refused("it is missing", f".{key}")
        return Place(self.value[key], self.where, f"{self.path}.{key}", self.advice)

    def get(self, key: str) -> Place | None:
        """What stands under the key, or None if that is missing or null."""
        return self[key] if self.table().get(key) is not None else None

    def table(self) -> dict[str, Any]:
        """The object that this is."""
        self._check(isinstance(self.value, dict), "an object")
        return cast("dict[str, Any]", self.value)

    def __iter__(self) -> Iterator[Place]:
        for index, value in enumerate(self.items()):
            yield Place(value, self.where, f"{self.path}[{index}]", self.advice)

    def items(self) -> list[Any]:
        """The list that this is."""
        self._check(isinstance(self.value, list), "a list")
        return cast("list[Any]", self.value)

    def text(self) -> str:
        """The text that this is."""
        self._check(isinstance(self.value, str), "a text")
        return cast("str", self.value)

    def flag(self) -> bool:
        """Whether this is true."""
        self._check(isinstance(self.value, bool), "true or false")
        return cast("bool", self.value)

    def one_of(self, words: Sequence[str]) -> str:
        """The word, one of these, that this is."""
        self._check(isinstance(self.value, str) and self.value in words, " or ".join(words))
        return cast("str", self.value)

    def count(self, least: int = 0, below: int = _LARGEST) -> int:
        """The whole number that this is, at least `least` and less than `below`."""
        fits = type(self.value) is int and least <= self.value < below
        self._check(fits, f"a whole number from {least} to {below - 1:,}")
        return cast("int", self.value)

    def ns(self, unit_ns: int = 10**9) -> int:
        """The time that this is, a number of seconds or of another unit, in whole nanoseconds."""
        fits = type(self.value) in (int, float) and 0 <= self.value <= LONGEST_NS / unit_ns
        self._check(fits, "a time, a number from 0 up")
        return min(whole_ns(cast("float", self.value), unit_ns), LONGEST_NS)

    def _check(self, fits: bool, wanted: str) -> None:
        if not fits:
            raise self.refused(f"found {described(self.value)} where there must be {wanted}")


def described(value: object) -> str:
    """A value of a document in a few words."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() if abs(value) >= 10**18:
            return "a number of many digits"
        case int() | float():
            return f"the number {value}"
        case str():
            text = clean(value[:_LONGEST_SHOWN])
            return f"the text {text!r}" if len(value) <= _LONGEST_SHOWN else f"a text that begins with {text!r}"
    return "a list" if isinstance(value, list) else "an object"
