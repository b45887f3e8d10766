"""HTTP Archives (HAR 1.2), as browsers save them: each request as a delay of the time that it took.

The format: https://w3c.github.io/web-performance/specs/HAR/Overview.html. Times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from asyncmodes.documents import Place
from asyncmodes.spec.durations import LONGEST_NS
from asyncmodes.spec.entries import Entry
from asyncmodes.tasks import Delay

_MS = 10**6
_ERRORS = 400


def har_entries(document: Place) -> list[Entry]:
    """The requests in the order of the file. Raises UsageError with the place of what is wrong.

    `time` includes what a request waited for one of the browser's connections (`timings.blocked`). That is left out:
    waiting for a slot is what a mode does.
    """
    entries = list(document["log"]["entries"])
    if not entries:
        raise document["log"]["entries"].refused("there is no request; load the page while the browser records")
    urls = [entry["request"]["url"].text() for entry in entries]
    return list(_delays(entries, _names(urls)))


def _delays(entries: Sequence[Place], names: Sequence[str]) -> Iterator[Entry]:
    for entry, name in zip(entries, names, strict=True):
        duration = entry["time"]
        ns = duration.ns(_MS) - _blocked_ns(entry)
        if ns > LONGEST_NS:
            raise duration.refused("it is longer than 365 days")
        yield Entry(f"{entry.where}: {entry.path}", (Delay(max(ns, 0), name, _failed(entry)),))


def _blocked_ns(entry: Place) -> int:
    """How long the request waited before it had a connection; -1 in the file stands for not at all."""
    timings = entry.get("timings")
    blocked = None if timings is None else timings.get("blocked")
    if blocked is None or blocked.value == -1:
        return 0
    return blocked.ns(_MS)


def _failed(entry: Place) -> str | None:
    """How the request failed: with a status from 400 on, or without any answer."""
    response = entry.get("response")
    status = None if response is None else response.get("status")
    if status is None or status.value == 0:
        error = None if response is None else response.get("_error")
        return "no answer" if error is None else error.text() or "no answer"
    return f"HTTP {status.value}" if status.count() >= _ERRORS else None


def _names(urls: Sequence[str]) -> list[str]:
    """Host and path of each, or the path alone if it is one host; what else a URL holds may be secret."""
    parts = list(map(_host_and_path, urls))
    several = len({host for host, _ in parts}) > 1
    return [f"{host}{path}" if several else path for host, path in parts]


def _host_and_path(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", "a URL that cannot be read"
    if parts.scheme not in ("http", "https", "ws", "wss"):
        return "", f"{parts.scheme or 'other'}: URL"
    return parts.netloc.rpartition("@")[2], parts.path.partition(";")[0] or "/"
