"""What sources take of the machine: threads, and sockets that are counted; and what to say when it has no more."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from asyncmodes.resources import MOST_THREADS, Usage
from asyncmodes.tasks import Failure, TaskFailed

T = TypeVar("T")

_LONGEST_TEXT = 300
_FEWER = "run fewer at once (limited=N) or raise the limit (ulimit -n)"


@contextmanager
def threads(lanes: int, name: str, usage: Usage) -> Iterator[ThreadPoolExecutor]:
    """A thread for each lane, at most 256, started when needed. At the end those that hang are not waited for."""
    most = min(lanes, MOST_THREADS)
    pool = _Threads(most, thread_name_prefix=f"asyncmodes {name}", initializer=usage.thread_started)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Threads(ThreadPoolExecutor):
    """A pool in which a thread that the system will not start is a task's failure."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        try:
            return super().submit(fn, *args, **kwargs)
        except RuntimeError as error:
            raise TaskFailed(Failure("NoThread", f"{error}; run fewer at once (limited=N)")) from error


def counted_sockets(usage: Usage) -> Callable[[tuple[Any, ...]], socket.socket]:
    """What makes a socket from what `socket.getaddrinfo` tells, counted until it is closed."""

    def made(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, *_ = info
        return _Socket(usage, family, kind, protocol)

    return made


class _Socket(socket.socket):
    """A socket that tells when it is opened and closed."""

    __slots__ = ("_usage",)

    def __init__(self, usage: Usage, *which: int) -> None:
        self._usage: Usage | None = None  # a socket that cannot be made is closed all the same
        super().__init__(*which)
        self._usage = usage
        usage.opened()

    def close(self) -> None:
        """Close the socket; the first time counts."""
        usage, self._usage = self._usage, None
        super().close()
        if usage is not None:
            usage.closed()


def refuse_exhausted() -> None:
    """Raise OSError if not even one more file can be open: what failed for that reason may have named another."""
    os.close(os.open(os.devnull, os.O_RDONLY))


def system_text(error: OSError) -> str:
    """What the operating system says, in one line and never empty; with advice when files have run out."""
    resolver = isinstance(error, socket.gaierror)  # its numbers are no errno
    if error.errno in (errno.EMFILE, errno.ENFILE) and not resolver:
        return f"too many open files; {_FEWER}"
    on_windows = getattr(error, "winerror", None) is not None  # its errno is often just "invalid argument"
    if error.errno and error.errno > 0 and not resolver and not on_windows:
        return os.strerror(error.errno)
    return one_line(error.strerror or str(error)) or type(error).__name__


def one_line(text: str) -> str:
    """The text with every run of white space as one space, cut to a length that fits a message."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
