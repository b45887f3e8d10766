"""Durations as people write them, read exactly: whole nanoseconds, by integer arithmetic alone."""

from __future__ import annotations

import re
from functools import lru_cache

from asyncmodes.errors import UsageError
from asyncmodes.spec.wording import shown

UNITS = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000}
LONGEST_NS = 365 * 24 * UNITS["h"]

_UNIT = "|".join(UNITS)
_EXACT = rf"[0-9]{{1,40}}(?:\.[0-9]{{1,40}})?(?:{_UNIT})"  # 40 digits: far beyond need, and no work for int()
_DURATION = re.compile(rf"([0-9]{{1,40}})(?:\.([0-9]{{1,40}}))?({_UNIT})")
_DELAY = re.compile(rf"{_EXACT}(?:\.\.{_EXACT})?")
_NEARLY = re.compile(r"([-+−]?)(\d+(?:[.,]\d*)?|[.,]\d+)(e[-+]?\d+)?(\s*)([^\W\d_]*)", re.IGNORECASE)
_NO_NUMBER = re.compile(rf"[-+]?(nan|inf|infinity)({_UNIT})?", re.IGNORECASE)


def parse_duration(text: str, where: str = "duration") -> int:
    """Read a duration such as `300ms`, `1.5s` or `2m`, rounded half up to whole nanoseconds.

    Units are us, ms, s, m, h. Raises UsageError at `where` for anything else and for more than 365 days.
    """
    ns = _nanoseconds(text)
    if ns is None:
        what, instead = diagnosis(text) or ("is no duration", "write a number and a unit: 300ms, 1.5s, 2m")
        raise UsageError.at(where, f"{shown(text)} {what}", instead)
    if ns > LONGEST_NS:
        raise UsageError.at(where, f"{shown(text)} is more than 365 days", "write at most 8760h")
    return ns


@lru_cache(maxsize=1024)  # many tasks, few durations
def _nanoseconds(text: str) -> int | None:
    """The duration, however long; None for what is none."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    whole, fraction, unit = match.groups()
    ns: int = int(whole) * UNITS[unit]
    if fraction:
        scale = 10 ** len(fraction)
        ns += (2 * int(fraction) * UNITS[unit] + scale) // (2 * scale)
    return ns


def parse_timeout(text: str, where: str = "timeout") -> int:
    """Read a duration above zero, in nanoseconds. Raises UsageError at `where`."""
    ns = parse_duration(text, where)
    if not ns:
        raise UsageError.at(where, f"{shown(text)} leaves no time at all", "write a timeout above zero, such as 2s")
    return ns


def parse_delay(text: str, where: str = "delay") -> tuple[int, int]:
    """Read `300ms` or a range such as `100ms..400ms`: the least and the most nanoseconds, equal without a range.

    Raises UsageError at `where`.
    """
    low, dots, high = text.partition("..")
    if not dots:
        ns = parse_duration(text, where)
        return ns, ns
    least, most = parse_duration(low, where), parse_duration(high, where)
    if least > most:
        raise UsageError.at(where, f"{shown(text)} begins above its end", f"write {high}..{low}")
    return least, most


def is_delay(text: str) -> bool:
    """Whether the text has the form of a delay or a range of delays; its size may still be refused."""
    return _DELAY.fullmatch(text) is not None


def diagnosis(text: str) -> tuple[str, str] | None:
    """What keeps a text that is nearly a duration from being one, and what to write; None if it is not near."""
    if _NO_NUMBER.fullmatch(text.strip()):
        return "is not a finite number", "write a number and a unit: 300ms, 1.5s, 2m"
    match = _NEARLY.fullmatch(text.strip())
    if match is None:
        return None
    sign, number, exponent, gap, unit = match.groups()
    if sign in ("-", "−"):
        return "is negative", "a duration is zero or more: write 300ms"
    if not number.isascii():
        return "has other digits than 0 to 9", "write a number and a unit: 300ms, 1.5s, 2m"
    if exponent:
        return "has an exponent", "write the number out: 300ms, 1.5s, 2m"
    if len(number) > 40:
        return "has more digits than a duration needs", "write at most 8760h (365 days)"
    number = number.replace(",", ".").removesuffix(".")
    number = f"0{number}" if number.startswith(".") else number
    if not unit:
        return "has no unit", f"write {number}ms or {number}s"
    meant = {"µs": "us", "μs": "us"}.get(unit, unit.lower())  # both micro signs of Unicode
    if meant not in UNITS:
        return "has an unknown unit", "the units are us, ms, s, m, h"
    if meant != unit:
        return f"has the unit {unit}", f"write {number}{meant}"
    return f"has {'white space' if gap or text != text.strip() else 'an odd form'}", f"write {number}{unit}"
