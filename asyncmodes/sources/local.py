"""The demo server in a process of its own, for as long as runs need it; it never outlives the one that started it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict

from asyncmodes.capacity import Server
from asyncmodes.errors import UsageError

_START_S = 60  # far more than it ever takes
_STOP_S = 10
# As multiprocessing does it: the child finds its modules where this process finds them.
_BOOT = """\
import json, os, sys
line = b""
while not line.endswith(b"\\n"):
    line += os.read(0, 1) or sys.exit(1)
told = json.loads(line)
sys.path[:] = told["path"]
from asyncmodes.server import serve_parent
serve_parent(told["server"])
"""


class LocalServer:
    """A demo server at `address`, such as `http://127.0.0.1:40123/`; it takes no requests from other machines."""

    def __init__(self, process: subprocess.Popen[bytes], address: str, server: Server) -> None:
        self._process = process
        self.address = address
        self.server = server

    def forget(self) -> None:
        """Let the server be as new: idle, and with its luck drawn from the seed again."""
        with suppress(OSError):  # it has crashed: the requests will tell
            _send(self._process, b"forget\n")
            _receive(self._process)


@contextmanager
def local_server(server: Server) -> Iterator[LocalServer]:
    """Start such a server, wait until it takes requests, and end it at the end.

    However this process ends: the server watches a pipe from it. Raises UsageError if it cannot be started.
    """
    options: dict[str, object] = {"start_new_session": True}  # a Ctrl-C of the terminal is not for it
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    try:
        process = subprocess.Popen(  # noqa: S603  # this very Python, and a program that is a constant
            [sys.executable, "-P", "-c", _BOOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            **options,  # type: ignore[call-overload]  # Popen's own keywords
        )
    except OSError as error:
        raise _not_started(error.strerror or str(error)) from error
    try:
        yield LocalServer(process, _started(process, server), server)
    finally:
        _end(process)


def _started(process: subprocess.Popen[bytes], server: Server) -> str:
    """Tell the process what to do, and wait for its address."""
    too_late = threading.Timer(_START_S, process.kill)
    too_late.start()
    try:
        _send(process, json.dumps({"path": sys.path, "server": asdict(server)}).encode() + b"\n")
        address = _receive(process)
    except OSError as error:
        raise _not_started(error.strerror or str(error)) from error
    finally:
        too_late.cancel()
        too_late.join()
    if not address:
        raise _not_started(f"it ended with exit code {process.wait()}")
    return address


def _not_started(reason: str) -> UsageError:
    return UsageError.at("server", f"it did not start ({reason})", "try 'asyncmodes serve', and name its address")


def _send(process: subprocess.Popen[bytes], line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line)


def _receive(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()  # it ends when nobody is at the other end
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        process.stdout.close()
