"""A server's description, from an option's text or a spec's table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from asyncmodes.capacity import MOST_CAPACITY, Overload, Server
from asyncmodes.errors import UsageError, nearest
from asyncmodes.spec.durations import parse_duration
from asyncmodes.spec.wording import shown

SERVER_ALLOWED: dict[str, str] = {
    "capacity": f"a whole number from 1 to {MOST_CAPACITY:,}",
    "overload": '"queue", "slow", "reject" or "usl:σ,κ", such as "usl:0.05,0.001"',
    "latency": 'text with a unit, such as "50ms"',
    "reject_latency": 'text with a unit, such as "20ms"',
    "jitter": 'text with a unit, such as "5ms"',
    "fail_rate": "a number from 0 to 1, such as 0.1",
    "seed": "a whole number",
}
_EXAMPLE = "write for example 'capacity=8 overload=slow latency=50ms'"
_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,400})?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def parse_server(text: str, where: str = "--server") -> Server:
    """Read words such as `capacity=8 overload=slow latency=50ms`, in any order. Raises UsageError at `where`.

    The keys are those of a spec's `[server]` table; what is not said is as in `Server`.
    """
    values: dict[str, str] = {}
    for word in text.split():
        written, equals, value = word.partition("=")
        key = written.replace("-", "_")
        if key not in SERVER_ALLOWED or not equals:
            guess = nearest(key, list(SERVER_ALLOWED))
            hint = f"did you mean {guess}=? " if guess else ""
            raise UsageError.at(
                where, f"{shown(word)} says nothing about a server", f"{hint}the keys are {', '.join(SERVER_ALLOWED)}"
            )
        if key in values:
            raise UsageError.at(where, f"{key} stands there twice", "write it once")
        values[key] = value
    if not values:
        raise UsageError.at(where, "it says nothing", _EXAMPLE)
    return server_of(values, where)


def server_of(values: Mapping[str, Any], where: str) -> Server:
    """The server of a table whose keys are known; its values are texts, or else checked already.

    Raises UsageError at `where`, which names the key too if the fault is in one.
    """
    known: dict[str, Any] = {}
    for key, value in values.items():
        known |= _READERS[key](value, f"{where}: {key}") if isinstance(value, str) else {key: value}
    try:
        return Server(**known)
    except UsageError as error:
        raise UsageError(*(problem._replace(where=where) for problem in error.problems)) from None


def parse_overload(text: str, where: str = "overload") -> dict[str, Any]:
    """Read `queue`, `slow`, `reject` or `usl:σ,κ`: the fields of a server that it stands for."""
    name, colon, numbers = text.partition(":")
    if name == Overload.USL:
        factors = numbers.split(",")
        if len(factors) != 2 or not all(map(_DECIMAL.fullmatch, factors)):
            raise UsageError.at(where, f"{shown(text)} has not two numbers σ,κ", "write for example usl:0.05,0.001")
        return {"overload": Overload.USL, "sigma": float(factors[0]), "kappa": float(factors[1])}
    if colon or name not in tuple(Overload):
        guess = nearest(name, list(Overload))
        hint = f"did you mean {guess}? " if guess else ""
        raise UsageError.at(where, f"there is no {shown(text)}", f"{hint}write queue, slow, reject or usl:0.05,0.001")
    return {"overload": Overload(name)}


def _time(key: str) -> Callable[[str, str], dict[str, Any]]:
    return lambda text, where: {f"{key}_ns": parse_duration(text, where)}


def _number(key: str, form: re.Pattern[str], kind: type[int] | type[float]) -> Callable[[str, str], dict[str, Any]]:
    def read(text: str, where: str) -> dict[str, Any]:
        if form.fullmatch(text) is None:
            raise UsageError.at(where, f"found {shown(text)}", f"write {SERVER_ALLOWED[key]}")
        return {key: kind(text)}

    return read


_READERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "capacity": _number("capacity", _WHOLE, int),
    "overload": parse_overload,
    "latency": _time("latency"),
    "reject_latency": _time("reject_latency"),
    "jitter": _time("jitter"),
    "fail_rate": _number("fail_rate", _DECIMAL, float),
    "seed": _number("seed", _WHOLE, int),
}
