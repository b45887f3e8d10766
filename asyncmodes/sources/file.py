"""Files, read to their end by threads of the run's own."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import aiofiles
from aiofiles.threadpool.binary import AsyncFileIO

from asyncmodes.modes import Mode
from asyncmodes.resources import Usage
from asyncmodes.sources import Opened, Options
from asyncmodes.sources.deadline import within
from asyncmodes.sources.resources import MOST_THREADS, one_line, system_text, threads
from asyncmodes.tasks import Failure, FileRead, Task, TaskFailed

T = TypeVar("T")

_CHUNK = 512 * 1024
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
    at_once = min(lanes, MOST_THREADS)
    usage = Usage()
    notes: tuple[str, ...] = ()
    if lanes > MOST_THREADS:
        notes = (f"{mode} reads files in at most {MOST_THREADS} threads at once: its width is {MOST_THREADS}",)
    with threads(lanes, "file", usage) as pool:
        reader = _Reader(pool, at_once, usage)
        starts = [partial(reader.read, task) for task in tasks]
        yield Opened(starts, notes, usage, at_once if at_once < lanes else None)


class _Reader:
    """Reads files in the threads of a pool, no more of them open at once than it has threads."""

    def __init__(self, pool: ThreadPoolExecutor, at_once: int, usage: Usage) -> None:
        self._pool = pool
        self._usage = usage
        self._turns = asyncio.Semaphore(at_once)
        self._buffers: list[bytearray] = []

    async def read(self, task: Task) -> Mapping[str, object]:
        """Read the task's file to its end."""
        work = task.work
        assert isinstance(work, FileRead)
        detail: dict[str, object] = {}
        try:
            await within(task.timeout_ns, self._read(work.path, detail), detail)
        except OSError as error:
            text = f"{system_text(error)}: {work.target!r}"
            raise TaskFailed(Failure(type(error).__name__, text), detail) from error
        except ValueError as error:
            text = f"no file can have this name ({one_line(str(error))}): {work.target!r}"
            raise TaskFailed(Failure(type(error).__name__, text), detail) from error
        return detail

    async def _read(self, path: str, detail: dict[str, object]) -> None:
        size = 0

        def opener(name: str, flags: int) -> int:
            nonlocal size
            descriptor, size = _open_regular(name, flags)
            self._usage.opened()
            return descriptor

        async with self._turns:
            steps = _Steps(self._pool, self._usage)
            try:
                file = await aiofiles.open(path, "rb", buffering=0, opener=opener, executor=steps)
                await self._drain(file, size, detail)
                await file.close()
                self._usage.closed()
            except BaseException:
                steps.close_file()
                raise

    async def _drain(self, file: AsyncFileIO, size: int, detail: dict[str, object]) -> None:
        """Read to the end. A read that is not full is the last one, unless the size said that more is to come.

        (Files of size 0 in /proc have content all the same, and give it in small portions.)
        """
        buffer = self._buffer(size)
        total = 0
        while True:
            count = await file.readinto(buffer)
            if count is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            total += count
            detail["bytes"] = total
            if not count or (count < len(buffer) and 0 < size <= total):
                break
        if len(buffer) == _CHUNK:  # not after an exception: a thread may still be writing into it
            self._buffers.append(buffer)

    def _buffer(self, size: int) -> bytearray:
        if 0 < size < _CHUNK:
            return bytearray(size + 1)
        return self._buffers.pop() if self._buffers else bytearray(_CHUNK)


class _Steps(Executor):
    """The pool as one file's steps see it: it knows the first, which opens the file, and the last."""

    def __init__(self, pool: ThreadPoolExecutor, usage: Usage) -> None:
        self._pool = pool
        self._usage = usage
        self._first: Future[Any] | None = None
        self._last: Future[Any] | None = None

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Let a thread of the pool do this step."""
        step = self._last = self._pool.submit(fn, *args, **kwargs)
        if self._first is None:
            self._first = step  # aiofiles opens the file first
        return step

    def close_file(self) -> None:
        """Close the file as soon as the last step has ended, which nobody waits for: its thread may hang."""
        if self._last is not None:
            self._last.add_done_callback(self._close_opened)

    def _close_opened(self, _: Future[Any]) -> None:
        opening = self._first
        if opening is not None and not opening.cancelled() and opening.exception() is None:
            with suppress(OSError):
                opening.result().close()
            self._usage.closed()


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
