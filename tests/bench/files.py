"""Files from the page cache: many small ones and a few large ones, ours against aiofiles and a synchronous loop."""

import asyncio
import gc
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import aiofiles

from asyncmodes.measure import execute
from asyncmodes.tasks import FileRead, Task
from tests.bench.goal import Goal, medians

LIMIT = 8
SMALL, SMALL_SIZE = 5_000, 4 << 10
LARGE, LARGE_SIZE = 20, 50 << 20
CHUNK = 256 * 1024


async def ours(paths: Sequence[str]) -> None:
    """Our run, fully recorded."""
    tasks = [Task(path, FileRead(path, path)) for path in paths]
    run = await execute(tasks, f"limited={LIMIT}")
    assert run.delivered == len(paths)


async def plain_aiofiles(paths: Sequence[str]) -> None:
    """Open, read, close with aiofiles, by as many workers."""
    left = iter(paths)

    async def worker() -> None:
        for path in left:
            async with aiofiles.open(path, "rb") as file:
                await file.read()

    await asyncio.gather(*(worker() for _ in range(LIMIT)))


async def synchronous(paths: Sequence[str]) -> None:
    """One file after the other in one thread, into one buffer."""
    buffer = bytearray(CHUNK)
    for path in paths:
        with open(path, "rb", buffering=0) as file:  # noqa: ASYNC230  # it blocks on purpose
            while file.readinto(buffer):
                pass


def seconds(work: Callable[[Sequence[str]], Awaitable[None]], paths: Sequence[str]) -> float:
    """Time the work on a fresh loop."""
    gc.collect()
    began = time.perf_counter()
    asyncio.run(work(paths))  # type: ignore[arg-type]  # all of them are coroutine functions
    return time.perf_counter() - began


def goals() -> Iterator[Goal]:
    """Yield the goals of files."""
    with tempfile.TemporaryDirectory() as folder:
        small = _files(Path(folder) / "small", SMALL, SMALL_SIZE)
        large = _files(Path(folder) / "large", LARGE, LARGE_SIZE)
        took = medians(
            {
                "ours, small": lambda: seconds(ours, small),
                "aiofiles, small": lambda: seconds(plain_aiofiles, small),
                "ours, large": lambda: seconds(ours, large),
                "aiofiles, large": lambda: seconds(plain_aiofiles, large),
                "synchronous, large": lambda: seconds(synchronous, large),
            },
            rounds=11,
        )
    of_small, of_large = f"{SMALL:,} files of 4 KiB at limited={LIMIT}", f"{LARGE} files of 50 MiB at limited={LIMIT}"
    yield Goal(f"{of_small}: ours against aiofiles", took["ours, small"] / took["aiofiles, small"], 1.0)
    yield Goal(
        f"{of_large}: aiofiles' read() against ours", took["aiofiles, large"] / took["ours, large"], 3, at_least=True
    )
    yield Goal(
        f"{of_large}: ours against a synchronous loop with one buffer",
        took["ours, large"] / took["synchronous, large"],
        1.5,
    )


def _files(folder: Path, count: int, size: int) -> list[str]:
    folder.mkdir()
    content = b"x" * size
    paths = [folder / str(index) for index in range(count)]
    for path in paths:
        path.write_bytes(content)
    return list(map(str, paths))
