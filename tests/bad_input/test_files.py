"""Section D: faults of files. Each is one failed task that names the file, and exit code 1."""

import asyncio
import io
import os
import socket
import sys
import threading
from pathlib import Path

import pytest

import asyncmodes.sources.file
from asyncmodes.tasks import FileRead, Task
from tests.bad_input.program import Done, Program, sound
from tests.servers import run_tasks

POSIX = pytest.mark.skipif(os.name != "posix", reason="special files are a POSIX matter")
SIZE = 600_000


def _read(program: Program, path: object, *arguments: str, **options) -> Done:
    return sound(program.call("run", f"file:{path}", "--warmup", "0", "--format", "json", *arguments, **options))


def _fails(done: Done, error_type: str, message: str) -> None:
    (task,) = done.document["runs"][0]["tasks"]
    assert (done.code, task["state"], task["error"]) == (1, "failed", {"type": error_type, "message": message})
    assert not done.errors


def test_row_85_missing(program: Program, tmp_path: Path):
    """As the system says, with the name as it was written."""
    _fails(_read(program, "none.txt", cwd=tmp_path), "FileNotFoundError", "No such file or directory: 'none.txt'")


def test_row_86_directory(program: Program, tmp_path: Path):
    """It is no file."""
    _fails(_read(program, tmp_path), "IsADirectoryError", f"{str(tmp_path)!r} is a directory, not a file")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_row_87_permission(program: Program, tmp_path: Path):
    """As the system says."""
    secret = tmp_path / "secret"
    secret.touch(0o000)
    _fails(_read(program, secret), "PermissionError", f"Permission denied: {str(secret)!r}")


@POSIX
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("/dev/zero", "a character device", id="row-89"),
        ("/dev/null", "a character device"),
        ("/dev/stdin", "a named pipe"),
        ("pipe", "a named pipe"),
        ("link-to-pipe", "a named pipe"),
        ("socket", "a socket"),
    ],
)
def test_row_89_devices_and_pipes(program: Program, tmp_path: Path, name: str, kind: str):
    """What might never end, or never begin, is not opened."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link-to-pipe").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.open(".", os.O_RDONLY)
        os.chdir(tmp_path)  # a socket's name must be short
        try:
            unix.bind("socket")
        finally:
            os.fchdir(here)
            os.close(here)
        done = _read(program, name, cwd=tmp_path, anew=name == "/dev/stdin")
    _fails(done, "NotAFile", f"{name!r} is {kind}, not a file")


@pytest.mark.parametrize("change", [-SIZE + 1000, -1, 1000, SIZE])
def test_row_92_shrinks_or_grows(tmp_path: Path, monkeypatch, change: int):
    """Cut short or added to after the first read: the bytes are those that were really there to be read."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * SIZE)
    read_first = 0

    class Changing(io.FileIO):
        def readinto(self, buffer) -> int | None:
            nonlocal read_first
            count = super().readinto(buffer)
            if not read_first:
                read_first = count or 0
                os.truncate(path, SIZE + change)
            return count

    monkeypatch.setattr(asyncmodes.sources.file, "FileIO", Changing)
    (span,) = asyncio.run(run_tasks([Task("file", FileRead(str(path), "file"))])).spans
    assert (str(span.state), span.detail) == ("ok", {"bytes": max(SIZE + change, read_first)})


@POSIX
def test_a_file_that_vanishes_is_a_failure_in_the_next_run(program: Program, tmp_path: Path):
    """What was there when the words were read may be gone when it is its turn."""
    path = tmp_path / "fleeting"
    os.mkfifo(tmp_path / "pipe")
    path.touch()

    def remove() -> None:
        with open(tmp_path / "pipe", "wb", buffering=0) as pipe:  # opens when the program reads its spec
            path.unlink()
            pipe.write(f'[[tasks]]\nfile = "{path}"\n'.encode())

    thread = threading.Thread(target=remove)
    thread.start()
    done = sound(program.call("run", "--spec", str(tmp_path / "pipe"), "--warmup", "0", "--format", "json"))
    thread.join()
    _fails(done, "FileNotFoundError", f"No such file or directory: {str(path)!r}")


@POSIX
def test_links_in_a_circle(program: Program, tmp_path: Path):
    """As the system says."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    _fails(_read(program, "a", cwd=tmp_path), "OSError", "Too many levels of symbolic links: 'a'")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems want names to be text")
@pytest.mark.parametrize("name", [b"new\nline", b"esc\x1b[2J", b"caf\xe9", b"[red]x[bold]", b"\xe2\x80\xaegnp.txt"])
def test_hostile_names(program: Program, tmp_path: Path, name: bytes):
    """They are read, whole in the JSON, and spelled out where people read."""
    (tmp_path / os.fsdecode(name)).write_bytes(b"12345")
    done = _read(program, os.fsdecode(name), cwd=tmp_path)
    (task,) = done.document["runs"][0]["tasks"]
    assert (done.code, task["name"], task["detail"]) == (0, os.fsdecode(name), {"bytes": 5})
    assert sound(program.call("run", f"file:{os.fsdecode(name)}", "--warmup", "0", cwd=tmp_path)).code == 0
    assert _read(program, os.fsdecode(name).replace("[", "") + ".none", cwd=tmp_path).code == 1


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs Linux's /proc")
@pytest.mark.parametrize("name", ["/proc/self/mem", "/proc/kmsg", "/proc/self/attr/fscreate"])
def test_odd_files_of_the_system_do_not_hang(program: Program, name: str):
    """They call themselves regular, and are not: what the system says is the task's outcome."""
    assert _read(program, name, "--timeout", "5s").code in (0, 1)
