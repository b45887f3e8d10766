import asyncio
import errno
import io
import os
import socket
import sys
import threading

import pytest

import asyncmodes.sources.file
from asyncmodes.modes import parse_mode
from asyncmodes.sources import opened
from asyncmodes.tasks import FileRead, Task
from tests.servers import GUARD_S, descriptors, interrupted, join_threads, on_real_time, run_tasks

POSIX = pytest.mark.skipif(os.name != "posix", reason="special files and descriptors are POSIX matters")
CHUNK = 512 * 1024


def read(path, timeout_ms=None):
    """The task that reads this file."""
    return Task("file", FileRead(str(path), str(path)), None if timeout_ms is None else timeout_ms * 1_000_000)


def one(path, **fields):
    """The only span of a run that reads this."""
    return on_real_time(lambda: run_tasks([read(path, **fields)])).spans[0]


def told(span):
    """A failed span's error as one text; it is one line."""
    assert span.error is not None, span
    assert "\n" not in span.error.message
    return f"{span.error.type}: {span.error.message}"


@pytest.fixture
def whole(tmp_path):
    """A file of 1000 bytes."""
    path = tmp_path / "whole"
    path.write_bytes(b"x" * 1000)
    return path


@pytest.mark.parametrize("size", [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 7])
def test_a_file_is_read_to_its_end(tmp_path, size):
    """Its bytes are counted, whatever its size is to a chunk."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    span = one(path)
    assert (str(span.state), span.detail) == ("ok", {"bytes": size})


@pytest.mark.skipif(not os.path.exists("/proc/kallsyms"), reason="needs Linux's /proc")
def test_a_file_that_claims_to_be_empty_is_read_all_the_same():
    """Files in /proc have size 0 and content, which they give in small portions."""
    with open("/proc/kallsyms", "rb") as file:
        assert one(file.name).detail == {"bytes": len(file.read())}


def test_a_file_that_is_missing_is_a_failure(tmp_path):
    """With Python's name for it and the path."""
    assert told(one(tmp_path / "none")) == f"FileNotFoundError: No such file or directory: {str(tmp_path / 'none')!r}"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_failure(whole):
    """As the system says."""
    whole.chmod(0)
    assert told(one(whole)) == f"PermissionError: Permission denied: {str(whole)!r}"


def test_a_directory_is_no_file(tmp_path):
    """It says so."""
    assert told(one(tmp_path)) == f"IsADirectoryError: {str(tmp_path)!r} is a directory, not a file"


@POSIX
def test_a_named_pipe_is_refused_and_does_not_hang(tmp_path):
    """Nobody ever writes into it."""
    os.mkfifo(tmp_path / "pipe")
    assert told(one(tmp_path / "pipe")) == f"NotAFile: {str(tmp_path / 'pipe')!r} is a named pipe, not a file"


@POSIX
def test_a_named_pipe_that_takes_a_file_s_place_does_not_hang(tmp_path, whole, monkeypatch):
    """Also when the path was a file until just before it was opened; the descriptor is closed again."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    open_it = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *rest, **more: open_it(pipe if path == str(whole) else path, *rest, **more)
    )
    before = descriptors()
    assert told(one(whole)).endswith("is a named pipe, not a file")
    assert descriptors() == before


@POSIX
@pytest.mark.parametrize(("path", "kind"), [("/dev/zero", "a character device"), ("/dev/null", "a character device")])
def test_a_device_is_refused(path, kind):
    """It would never end."""
    assert told(one(path)) == f"NotAFile: {path!r} is {kind}, not a file"


@POSIX
def test_a_socket_is_refused(tmp_path, monkeypatch):
    """It is called what it is."""
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("it")
        assert told(one("it")) == "NotAFile: 'it' is a socket, not a file"


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_name_that_no_file_can_have_is_a_failure(name):
    """A NUL byte or half a character; the text of it has neither."""
    span = one(name)
    assert (str(span.state), span.error.message.isprintable()) == ("failed", True)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems want names to be text")
def test_a_name_that_is_no_text_is_read(tmp_path):
    """Python spells undecodable bytes as lone surrogates, and they lead back to the file."""
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    with open(path, "wb") as file:
        file.write(b"12345")
    assert one(path).detail == {"bytes": 5}


def test_sixty_files_are_read_at_once(tmp_path, monkeypatch):
    """Sixty reads that wait for each other when they open their files all end: each has a thread of its own."""
    everybody = threading.Barrier(60)
    _when_opened(monkeypatch, tmp_path, lambda: everybody.wait(GUARD_S))
    run = on_real_time(lambda: run_tasks([read(path) for path in _files(tmp_path, 60)], "parallel"))
    assert (sum(span.detail["bytes"] for span in run.spans), run.notes) == (60, ())


def test_a_limit_of_the_mode_is_kept(tmp_path, monkeypatch):
    """With limited=3 no fourth thread opens a file."""
    threads = set()
    _when_opened(monkeypatch, tmp_path, lambda: threads.add(threading.get_ident()))
    on_real_time(lambda: run_tasks([read(path) for path in _files(tmp_path, 30)], "limited=3"))
    assert 1 <= len(threads) <= 3


def test_more_files_than_threads_are_read_all_the_same_and_noted(tmp_path):
    """Beyond 256 the run says that it has no more threads than that."""
    run = on_real_time(lambda: run_tasks([read(path) for path in _files(tmp_path, 300)], "parallel"))
    assert (sum(span.detail["bytes"] for span in run.spans), run.peak) == (300, 300)
    assert run.notes == ("parallel reads files in at most 256 threads at once: its width is 256",)


def _files(folder, count):
    paths = [folder / f"{index}" for index in range(count)]
    for path in paths:
        path.write_bytes(b"x")
    return paths


def _when_opened(monkeypatch, folder, act):
    open_it = os.open

    def watched(path, *rest, **more):
        if str(path).startswith(str(folder)):
            act()
        return open_it(path, *rest, **more)

    monkeypatch.setattr(os, "open", watched)


def test_running_out_of_descriptors_comes_with_advice(whole, tmp_path, monkeypatch):
    """The system's own words would not say what to do about it."""

    def exhausted():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    _when_opened(monkeypatch, tmp_path, exhausted)
    assert told(one(whole)) == (
        f"OSError: too many open files; run fewer at once (limited=N) or raise the limit (ulimit -n): {str(whole)!r}"
    )


def test_running_out_of_threads_is_a_failure(whole, monkeypatch):
    """Where the system starts no more of them the task fails, and asyncmodes does not."""

    def none_left(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    assert told(one(whole)) == "NoThread: can't start new thread; run fewer at once (limited=N)"


@POSIX
def test_no_descriptor_stays_behind(tmp_path, whole):
    """Neither of a good run nor of a failed one."""
    before = descriptors()
    on_real_time(lambda: run_tasks([read(whole), read(tmp_path), read(tmp_path / "none")] * 5, "limited=2+settled"))
    join_threads()
    assert descriptors() == before


@POSIX
@pytest.mark.parametrize("stuck_in", ["open", "readinto"])
def test_cancelling_does_not_wait_for_a_stuck_thread_and_the_file_is_closed(whole, tmp_path, monkeypatch, stuck_in):
    """The run is over while the thread still hangs; as soon as it goes on, its file is closed."""
    hangs, goes_on = threading.Event(), threading.Event()
    _get_stuck(monkeypatch, tmp_path, stuck_in, hangs, goes_on)
    before = descriptors()

    async def main():
        return (await interrupted([read(whole)], asyncio.to_thread(hangs.wait, GUARD_S))).spans[0]

    try:
        assert str(on_real_time(main).state) == "cancelled"
    finally:
        goes_on.set()
    join_threads()
    assert descriptors() == before


@POSIX
@pytest.mark.parametrize("stuck_in", ["open", "readinto"])
def test_a_timeout_does_not_wait_for_a_stuck_thread_either(whole, tmp_path, monkeypatch, stuck_in):
    """The task has timed out while the thread still hangs; its file is closed in the end."""
    hangs, goes_on = threading.Event(), threading.Event()
    _get_stuck(monkeypatch, tmp_path, stuck_in, hangs, goes_on)
    before = descriptors()
    try:
        span = one(whole, timeout_ms=50)
    finally:
        goes_on.set()
    join_threads()
    assert (str(span.state), told(span)) == ("timed_out", "Timeout: not done after 0.05 s")
    assert descriptors() == before


def _get_stuck(monkeypatch, folder, where, hangs, goes_on):
    def hang():
        hangs.set()
        goes_on.wait(GUARD_S)

    if where == "open":
        _when_opened(monkeypatch, folder, hang)
        return

    class Stuck(io.FileIO):
        def readinto(self, buffer):
            hang()
            return super().readinto(buffer)

    monkeypatch.setattr(asyncmodes.sources.file, "FileIO", Stuck)


def test_threads_are_each_run_s_own(whole):
    """The threads of an opening end with it."""

    async def main():
        others = set(threading.enumerate())  # those of earlier runs may still be ending
        async with opened([read(whole)], parse_mode("parallel")) as sources:
            await sources.starts[0]()
            return [thread for thread in set(threading.enumerate()) - others if thread.name.startswith("asyncmodes")]

    join_threads()  # those of other tests
    (thread,) = on_real_time(main)
    thread.join(GUARD_S)
    assert not thread.is_alive()
