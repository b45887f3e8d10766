"""The pages of the demo server: what each of its paths asks for. The server and the specs read them alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from asyncmodes.errors import UsageError, nearest
from asyncmodes.spec.durations import parse_duration
from asyncmodes.spec.wording import shown

PAGES = {
    "/delay/300ms": "takes 300 ms, or as long as is said, when there is nothing else to do",
    "/bytes/64KiB": "a body of that many B, kB, KiB, MB, MiB, GB or GiB",
    "/status/503": "that status, from 200 to 599",
    "/redirect/2": "that many redirects one after another",
    "/drip": "a body that comes in ten drops within one second; /drip/3s takes three",
    "/flaky": "fails half of the times, with status 500",
}
MOST_BYTES = 1 << 30
MOST_REDIRECTS = 100
_SIZE = re.compile(r"([0-9]{1,10})(B|kB|KiB|MB|MiB|GB|GiB)")
_UNITS = {"B": 1, "kB": 10**3, "KiB": 1 << 10, "MB": 10**6, "MiB": 1 << 20, "GB": 10**9, "GiB": 1 << 30}


class Page(NamedTuple):
    """What a path asks for: an answer of this status that takes `base_ns` (None: the server's own latency).

    `size` is the bytes of the body (None: a short text), `location` where a redirect leads, `drips` whether the
    body comes drop by drop, `fail_rate` how many fail of those who ask.
    """

    base_ns: int | None = None
    status: int = 200
    size: int | None = None
    location: str = ""
    drips: bool = False
    fail_rate: float = 0.0


def page_of(path: str, where: str = "url") -> Page:
    """The page of a path, whose query does not count. Raises UsageError at `where` if there is none."""
    name, slash, text = path.partition("?")[0].removeprefix("/").partition("/")
    read = _READERS.get(name)
    if read is None or not path.startswith("/"):
        guess = nearest(name, list(_READERS))
        hint = f"did you mean /{guess}? " if guess else ""
        raise UsageError.at(where, f"{shown(path)} is no page of the demo server", f"{hint}{_KNOWN}")
    return read(text if slash else None, where)


_KNOWN = f"it has {', '.join(PAGES)}"


def _delay(text: str | None, where: str) -> Page:
    return Page(parse_duration(_given(text, "/delay/300ms", where), where))


def _bytes(text: str | None, where: str) -> Page:
    match = _SIZE.fullmatch(_given(text, "/bytes/64KiB", where))
    if match is None:
        raise UsageError.at(where, f"{shown(str(text))} is no size", "write a number and a unit: 500B, 64KiB, 10MiB")
    size = int(match[1]) * _UNITS[match[2]]
    if size > MOST_BYTES:
        raise UsageError.at(where, f"{shown(str(text))} is more than the server gives", "write at most 1GiB")
    return Page(size=size)


def _status(text: str | None, where: str) -> Page:
    return Page(status=_whole(_given(text, "/status/503", where), 200, 599, where))


def _redirect(text: str | None, where: str) -> Page:
    hops = _whole(_given(text, "/redirect/2", where), 0, MOST_REDIRECTS, where)
    return Page(status=302, location=f"/redirect/{hops - 1}") if hops else Page()


def _drip(text: str | None, where: str) -> Page:
    return Page(parse_duration("1s" if text is None else text, where), drips=True)


def _flaky(text: str | None, where: str) -> Page:
    if text is not None:
        raise UsageError.at(where, f"/flaky takes no {shown(text)}", "write /flaky")
    return Page(fail_rate=0.5)


_READERS: dict[str, Callable[[str | None, str], Page]] = {
    "delay": _delay,
    "bytes": _bytes,
    "status": _status,
    "redirect": _redirect,
    "drip": _drip,
    "flaky": _flaky,
}


def _given(text: str | None, example: str, where: str) -> str:
    if not text:
        raise UsageError.at(where, "the end of the path is missing", f"write for example {example}")
    return text


def _whole(text: str, least: int, most: int, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
        raise UsageError.at(where, f"{shown(text)} is out of range", f"write a whole number from {least} to {most}")
    return int(text)
