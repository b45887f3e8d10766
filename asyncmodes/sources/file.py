"""Files, read to their end by threads of the run's own."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from aiofiles.os import wrap

from asyncmodes.modes import Mode
from asyncmodes.sources import Opened, Options
from asyncmodes.sources.deadline import SharedTimeout, shared_timeouts
from asyncmodes.sources.resources import MOST_THREADS, descriptor_notes, one_line, system_text, threads
from asyncmodes.tasks import Failure, FileRead, Task, TaskFailed

_CHUNK = 256 * 1024
_SPECIAL = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


@asynccontextmanager
async def opened(tasks: Sequence[Task], mode: Mode, options: Options) -> AsyncIterator[Opened]:  # noqa: ARG001  # every source takes these
    """What starts each read; its detail is `{"bytes": n}`, on failure too as far as it got.

    A failure's type is the name of Python's class for it, such as FileNotFoundError; NotAFile is what can be
    opened and yet is no file.
    """
    lanes = mode.lanes(len(tasks))
    notes = descriptor_notes(min(lanes, MOST_THREADS))
    if lanes > MOST_THREADS:
        notes = (f"files are read by at most {MOST_THREADS} threads at once", *notes)
    with threads(lanes, "file") as pool, shared_timeouts(tasks) as timeouts:
        yield Opened([partial(_read, pool, timeouts[task.timeout_ns], task) for task in tasks], notes)


async def _read(pool: ThreadPoolExecutor, limit: SharedTimeout, task: Task) -> Mapping[str, object]:
    """Read the task's file to its end; its detail, or TaskFailed."""
    work = task.work
    assert isinstance(work, FileRead)
    detail: dict[str, object] = {}
    try:
        await limit.within(_read_in(pool, work.path, detail), detail)
    except OSError as error:
        text = f"{system_text(error)}: {work.target!r}"
        raise TaskFailed(Failure(type(error).__name__, text), detail) from error
    except ValueError as error:
        text = f"no file can have this name ({one_line(str(error))}): {work.target!r}"
        raise TaskFailed(Failure(type(error).__name__, text), detail) from error
    return detail


async def _read_in(pool: ThreadPoolExecutor, path: str, detail: dict[str, object]) -> None:
    progress = _Progress()
    try:
        await _read_whole(path, progress, executor=pool)
    finally:
        progress.abandoned = True  # nobody waits for a thread that hangs; it stops as soon as it goes on
        if progress.size is not None:
            detail["bytes"] = progress.size


class _Progress:
    """What a thread has read of a file so far (None: it is not open), and whether it is to stop."""

    size: int | None = None
    abandoned = False


@wrap  # one step for the whole file: each is a round trip between threads, which costs more than a small file
def _read_whole(path: str, progress: _Progress) -> None:
    """Open a regular file, read it to its end and close it.

    A read that is not full is the last one, unless the size said that more is to come. (Files of size 0 in /proc
    have content all the same, and give it in small portions.)
    """
    expected = 0

    def opener(name: str, flags: int) -> int:
        nonlocal expected
        descriptor, expected = _open_regular(name, flags)
        return descriptor

    buffer = _buffer()
    with open(path, "rb", buffering=0, opener=opener) as file:
        total = progress.size = 0
        while not progress.abandoned:
            count = file.readinto(buffer)
            if count is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            total = progress.size = total + count
            if not count or (count < len(buffer) and 0 < expected <= total):
                break


_thread = threading.local()


def _buffer() -> bytearray:
    """The running thread's buffer, which all files that it reads share."""
    buffer: bytearray | None = getattr(_thread, "buffer", None)
    if buffer is None:
        buffer = _thread.buffer = bytearray(_CHUNK)
    return buffer


def _open_regular(path: str, flags: int) -> tuple[int, int]:
    """Open a regular file; its descriptor and size. Nothing else is opened: that might hang, or never end.

    The path is looked at first, since opening alone can already disturb a device or who writes into a pipe;
    and again when it is open, without waiting, since it may have been replaced.
    """
    _refuse_special(os.stat(path), path)
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(descriptor)
        _refuse_special(status, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def _refuse_special(status: os.stat_result, path: str) -> None:
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        raise TaskFailed(Failure("IsADirectoryError", f"{path!r} is a directory, not a file"))
    if not stat.S_ISREG(mode):
        kind = next((name for is_it, name in _SPECIAL if is_it(mode)), "something special")
        raise TaskFailed(Failure("NotAFile", f"{path!r} is {kind}, not a file"))
