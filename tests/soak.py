"""`make soak`: `run` in a loop for 30 minutes against a faulty server; memory, descriptors and threads stay flat.

`MINUTES=2 make soak` takes less. The server is a process of its own; each connection has a fault of its own.
"""

import asyncio
import contextlib
import gc
import gzip
import io
import itertools
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import threading
import time

from asyncmodes.commands.program import main as program

MODES = ("parallel", "settled", "limited=5", "limited=3+drop", "parallel+cancel", "batched=4+settled", "race", "any")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
SAMPLE_S = 5.0
ENDING_S = 2.0  # threads that read files end by themselves soon after their run
LINES = 10
WARM_UP = 0.3  # this share of the time is for caches, pools and the allocator to fill
MIB = 1 << 20
MOST_MEMORY = 8 * MIB
FAULTS = [
    OK,
    OK[:-3],
    b"",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n",
    b"\x00\xff garbage \r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip!!",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(5_000_000)),
]


async def serve_faults() -> None:
    """Serve for ever; the port is the only line on standard output."""
    dice = random.Random(0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                fault = dice.choice([*FAULTS, "silence", "reset", "slowly"])
                if fault == "silence":
                    await asyncio.sleep(1)
                elif fault == "reset":
                    writer.transport.abort()
                elif fault == "slowly":
                    for byte in OK:
                        if writer.is_closing():
                            break
                        writer.write(bytes([byte]))
                        await asyncio.sleep(0.01)
                else:
                    writer.write(fault)
                    await writer.drain()
                if fault is not OK:
                    break
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def sample() -> tuple[int, int, int]:
    """Bytes of memory, open descriptors, and threads of this process, once those of the last run have ended."""
    deadline = time.monotonic() + ENDING_S
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    gc.collect()
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            memory = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # elsewhere: the peak, which is flat if memory is
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return memory, len(os.listdir("/dev/fd")), threading.active_count()


def main(minutes: float) -> int:
    """Run until the time is over; 0 if nothing grew and no run ended in a bug."""
    with subprocess.Popen([sys.executable, "-m", "tests.soak", "server"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            return _soak(f"http://127.0.0.1:{server.stdout.readline().strip()}/", minutes)
        finally:
            server.kill()


def _soak(url: str, minutes: float) -> int:
    began = last = time.monotonic()
    samples: list[tuple[float, tuple[int, int, int]]] = []
    codes: dict[int, int] = {}
    tasks = 0
    for mode in itertools.cycle(MODES):
        out = io.StringIO()
        words = [f"{url}*12", "README.md*3", "file:/missing", "5ms*3"]
        options = ["--mode", mode, "--timeout", "250ms", "--format", "json", "--max-bytes", "1000000", "--quiet"]
        with contextlib.redirect_stdout(out):
            code = program(["run", *words, *options])
        codes[code] = codes.get(code, 0) + 1
        tasks += sum(json.loads(out.getvalue())["runs"][0]["counts"].values())
        now = time.monotonic()
        if now - last >= SAMPLE_S:
            last = now
            samples.append((now - began, sample()))
        if now - began > minutes * 60:
            break
    settled = [figures for at, figures in samples if at >= WARM_UP * minutes * 60]
    half = len(settled) // 2
    flat = True
    print(f"{sum(codes.values()):,} runs of {tasks:,} tasks in {minutes:g} minutes, by exit code: {codes}")
    print("minutes     memory  descriptors  threads")
    for part in range(LINES):
        some = samples[part * len(samples) // LINES : (part + 1) * len(samples) // LINES]
        memory, descriptors, threads = (statistics.mean(each[place] for _, each in some) for place in range(3))
        print(f"{some[-1][0] / 60:7.1f}  {memory / MIB:5.1f} MiB  {descriptors:11.1f}  {threads:7.1f}")
    for name, place, most in (("memory", 0, MOST_MEMORY), ("descriptors", 1, 0.5), ("threads", 2, 0.5)):
        before, after = (statistics.mean(each[place] for each in part) for part in (settled[:half], settled[half:]))
        flat &= after - before <= most
        print(f"{name:12} mean {before:,.1f} in the first half after warming up, {after:,.1f} in the second")
    print("flat" if flat else "GREW")
    return int(not flat or not set(codes) <= {0, 1})


if __name__ == "__main__":
    if sys.argv[1:] == ["server"]:
        asyncio.run(serve_faults())
    else:
        sys.exit(main(float(os.environ.get("MINUTES") or 30)))
