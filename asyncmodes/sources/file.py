"""Files, read to their end by threads of the run's own."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import AsyncIterator, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from io import FileIO

from aiofiles.os import wrap

from asyncmodes.executor import Start
from asyncmodes.modes import Mode
from asyncmodes.resources import MOST_THREADS, Usage
from asyncmodes.sources import Options, Source
from asyncmodes.sources.deadline import SharedTimeout, shared_timeouts
from asyncmodes.sources.resources import one_line, system_text, threads
from asyncmodes.tasks import Failure, FileRead, Task, TaskFailed

_CHUNK = 256 * 1024
_SPECIAL = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


@asynccontextmanager
async def opened(tasks: Collection[Task], mode: Mode, options: Options) -> AsyncIterator[Source]:  # noqa: ARG001  # every source takes these
    """What starts each read; its detail is `{"bytes": n}`, on failure too as far as it got.

    A failure's type is the name of Python's class for it, such as FileNotFoundError; NotAFile is what can be
    opened and yet is no file.
    """
    lanes = mode.lanes(len(tasks))
    at_once = min(lanes, MOST_THREADS)
    usage = Usage()
    notes: tuple[str, ...] = ()
    if lanes > MOST_THREADS:
        notes = (f"{mode} reads files in at most {MOST_THREADS} threads at once: its width is {MOST_THREADS}",)
    with threads(lanes, "file", usage) as pool, shared_timeouts(tasks) as timeouts:

        def start(task: Task) -> Start:
            return partial(_read, pool, usage, timeouts[task.timeout_ns], task)

        yield Source(start, notes, usage, at_once if at_once < lanes else None)


async def _read(pool: ThreadPoolExecutor, usage: Usage, limit: SharedTimeout, task: Task) -> Mapping[str, object]:
    """Read the task's file to its end; its detail, or TaskFailed."""
    work = task.work
    assert isinstance(work, FileRead)
    detail: dict[str, object] = {}
    try:
        await limit.within(_read_in(pool, usage, work.path, detail), detail)
    except OSError as error:
        text = f"{system_text(error)}: {work.target!r}"
        raise TaskFailed(Failure(type(error).__name__, text), detail) from error
    except ValueError as error:
        text = f"no file can have this name ({one_line(str(error))}): {work.target!r}"
        raise TaskFailed(Failure(type(error).__name__, text), detail) from error
    return detail


async def _read_in(pool: ThreadPoolExecutor, usage: Usage, path: str, detail: dict[str, object]) -> None:
    """Read in two steps: each is a round trip between threads, which costs more than a small file.

    The file is opened in a step of its own, so that as many are open as are in flight, as in any async program.
    """
    reading = _Reading(path, usage)
    try:
        await _open(reading, executor=pool)
        await _drain(reading, executor=pool)
    finally:
        reading.abandon()
        if reading.size is not None:
            detail["bytes"] = reading.size


class _Reading:
    """A file on its way from being opened to being closed, by whoever has taken it.

    `size` is what has been read so far, None before the file is open. Nobody waits for a thread that hangs: when
    it goes on it finds the reading abandoned, and cleans up.
    """

    def __init__(self, path: str, usage: Usage) -> None:
        self.size: int | None = None
        self._path = path
        self._usage = usage
        self._expected = 0
        self._abandoned = False
        self._file: FileIO | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Open the file, if it is a regular one."""
        file = FileIO(self._path, opener=self._opened)
        self.size = 0
        with self._lock:
            self._file = file
        if self._abandoned:
            self._close(self._taken())

    def drain(self) -> None:
        """Read to the end, and close. A read that is not full is the last one, unless the size promised more.

        (Files of size 0 in /proc have content all the same, and give it in small portions.)
        """
        file = self._taken()
        if file is None:
            return
        try:
            buffer = _buffer()
            total = 0
            while not self._abandoned:
                count = file.readinto(buffer)
                if count is None:
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
                total = self.size = total + count
                if not count or (count < len(buffer) and 0 < self._expected <= total):
                    break
        finally:
            self._close(file)

    def abandon(self) -> None:
        """Nobody waits for it any more: read no further, and close the file unless a thread has it."""
        self._abandoned = True
        self._close(self._taken())

    def _opened(self, name: str, flags: int) -> int:
        descriptor, self._expected = _open_regular(name, flags)
        self._usage.opened()
        return descriptor

    def _taken(self) -> FileIO | None:
        with self._lock:
            file, self._file = self._file, None
        return file

    def _close(self, file: FileIO | None) -> None:
        if file is not None:
            try:
                file.close()
            finally:
                self._usage.closed()


_open, _drain = wrap(_Reading.open), wrap(_Reading.drain)

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
