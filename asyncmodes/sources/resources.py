"""What sources need of the machine: threads and file descriptors, and what to say when they run out."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from asyncmodes.tasks import Failure, TaskFailed

T = TypeVar("T")

MOST_THREADS = 256
_DESCRIPTORS_OF_OUR_OWN = 16
_LONGEST_TEXT = 300
_FEWER = "run fewer at once (limited=N) or raise the limit (ulimit -n)"


@contextmanager
def threads(lanes: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """A thread for each lane, at most 256, started when needed. At the end those that hang are not waited for."""
    pool = _Threads(min(lanes, MOST_THREADS), thread_name_prefix=f"asyncmodes {name}")
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


def descriptor_notes(lanes: int) -> tuple[str, ...]:
    """A remark if this many open files or sockets at once are more than the process may have."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return ()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY or lanes + _DESCRIPTORS_OF_OUR_OWN <= limit:
        return ()
    return (f"{lanes} at once may be more than the {limit} files and sockets allowed to be open; {_FEWER}",)


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
