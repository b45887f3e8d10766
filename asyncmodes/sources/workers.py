"""A pool of worker processes for CPU work. They can be stopped one by one, and never outlive the program.

Python's own ProcessPoolExecutor can do neither: what has begun cannot be cancelled, and its workers, which hold both
ends of their queue, wait for ever when the program is killed. These ones end when their standard input does.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Lock

from asyncmodes.resources import Usage
from asyncmodes.tasks import Failure, TaskFailed

# As multiprocessing does it: the child finds its modules where this process finds them.
_BOOT = """\
import json, sys
sys.path[:] = json.loads(sys.stdin.buffer.readline())
from asyncmodes.burning import serve_parent
serve_parent()
"""


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Let a process that is started here never see what is sent to this one's group before it has its own."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Worker:
    """One process that burns processor time when told to. Started by whoever makes it; ready when `greet` returns."""

    def __init__(self) -> None:
        options: dict[str, object] = {"start_new_session": True}  # a Ctrl-C of the terminal is not for it
        if sys.platform == "win32":
            options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        with _signals_held_back():
            self._process = subprocess.Popen(  # noqa: S603  # this very Python, and a program that is a constant
                [sys.executable, "-P", "-c", _BOOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                **options,  # type: ignore[call-overload]  # Popen's own keywords
            )
        with suppress(OSError):  # it has ended already: greeting it will tell
            self._send(json.dumps(sys.path))

    def greet(self) -> None:
        """Wait until it has started. Raises OSError if it does not."""
        if self._answer() != "ready":
            raise OSError(f"it ended with exit code {self._process.wait()}")

    def burn(self, duration_ns: int) -> int:
        """Let it use so much processor time, and return how much it was. Raises OSError if it ends meanwhile."""
        self._send(str(duration_ns))
        used = self._answer()
        if not used:
            raise OSError(f"it ended with exit code {self._process.wait()}")
        return int(used)

    def kill(self) -> None:
        """End it at once, whatever it does; callable from another thread, and twice."""
        self._process.kill()

    def close(self) -> None:
        """Kill it and wait for its end, which is a matter of milliseconds."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line: bytes = self._process.stdout.readline()
        return line.decode().strip()


class Job:
    """Work for a worker, which can be stopped at any time from another thread."""

    def __init__(self, pool: Pool, duration_ns: int) -> None:
        self._pool = pool
        self._duration_ns = duration_ns
        self._worker: Worker | None = None
        self._stopped = False
        self._lock = Lock()

    def run(self) -> int:
        """Wait for a worker and let it work; the nanoseconds of processor time used."""
        worker = self._pool.take()
        with self._lock:
            if self._stopped:
                self._pool.give_back(worker)
                return 0
            self._worker = worker
        try:
            used_ns = worker.burn(self._duration_ns)
        except OSError as error:
            self._pool.replace(worker)
            raise TaskFailed(Failure("WorkerLost", f"the worker process is gone: {error}")) from error
        self._pool.usage.used_elsewhere(used_ns)
        with self._lock:
            self._worker = None
            if self._stopped:  # too late to tell whether it was killed
                self._pool.replace(worker)
                return used_ns
        self._pool.give_back(worker)
        return used_ns

    def stop(self) -> None:
        """Kill the worker that does it; another one takes its place."""
        with self._lock:
            self._stopped = True
            if self._worker is not None:
                self._worker.kill()


class Pool:
    """Worker processes, idle and at work. For each there is a thread in `waiting`, where the jobs are to be run."""

    def __init__(self, waiting: ThreadPoolExecutor, usage: Usage) -> None:
        self.waiting = waiting
        self.usage = usage
        self._idle: SimpleQueue[Worker | None] = SimpleQueue()
        self._all: list[Worker] = []
        self._closed = False
        self._lock = Lock()

    def take(self) -> Worker:
        """An idle worker; waits for one. Raises TaskFailed if the pool is closed meanwhile."""
        worker = self._idle.get()
        if worker is None:
            raise TaskFailed(Failure("WorkerLost", "the worker processes have been ended"))
        return worker

    def give_back(self, worker: Worker) -> None:
        """Note that the worker is idle again."""
        self._idle.put(worker)

    def replace(self, worker: Worker) -> None:
        """Put a new worker in the place of one that has been killed."""
        with self._lock:
            if self._closed:
                return
            worker.kill()
            with suppress(OSError):  # no more processes or files: whoever gets the dead one will hear of it, and retry
                new = Worker()
                self._all[self._all.index(worker)] = new
                worker.close()
                worker = new
        with suppress(OSError):
            worker.greet()
        self.give_back(worker)

    def start(self, count: int) -> None:
        """Start so many workers and wait until all of them are ready. Raises OSError."""
        for _ in range(count):
            self._all.append(Worker())
        for worker in self._all:
            worker.greet()
            self.give_back(worker)

    def close(self) -> None:
        """Kill all workers, whatever they do."""
        with self._lock:
            self._closed = True
            for worker in self._all:
                worker.kill()
                self._idle.put(None)
        self.waiting.shutdown(cancel_futures=True)  # with the workers dead nobody waits for long
        for worker in self._all:
            worker.close()


@contextmanager
def workers(count: int, waiting: ThreadPoolExecutor, usage: Usage) -> Iterator[Pool]:
    """So many worker processes, started and ready, with as many threads that wait for them. Raises OSError.

    At the end they are killed, whatever they do.
    """
    pool = Pool(waiting, usage)
    try:
        pool.start(count)
        yield pool
    finally:
        pool.close()
