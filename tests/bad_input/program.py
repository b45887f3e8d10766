"""The program as a real process with real pipes, a hundred times: each is forked from one that has loaded it all.

Loading takes half a second and forking a few milliseconds. Where forking does not work, or not with what macOS loads,
each is started anew.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import GUARD_S
from tests.terminal import PROGRAM

_BOOT = "from tests.bad_input.program import fork_on_demand; fork_on_demand({})"
_LOADED = ("aiohttp", "aiofiles.os", "pydantic", "rich.console", "asyncmodes.sources.http", "asyncmodes.sources.file",
           "asyncmodes.sources.delay", "asyncmodes.spec.tables", "asyncmodes.views.picture", "asyncmodes.exports.json",
           "asyncmodes.exports.svg", "asyncmodes.commands.program")  # fmt: skip
_HIDDEN = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "CI")


@dataclass(frozen=True)
class Done:
    """How a process ended, and all that it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict:
        """Standard output as JSON; only strict JSON will do."""
        return json.loads(self.out, parse_constant=_no_json)

    @property
    def errors(self) -> list[str]:
        """The lines on standard error that say what went wrong."""
        return [line for line in self.err.splitlines() if line.startswith("asyncmodes: error: ")]


def _no_json(name: str) -> None:
    """Python reads and writes NaN and Infinity, and JSON has none."""
    raise AssertionError(f"{name} is no JSON")


def sound(done: Done) -> Done:
    """What holds for whatever the program was given: no traceback, no bug, nothing raw, lines that say who speaks."""
    assert done.code in (0, 1, 2, 4, 130, 141, 143), done
    assert "Traceback" not in done.err, done
    assert all(line.startswith("asyncmodes: ") for line in done.err.splitlines()), done.err
    for text in (done.out, done.err):
        assert all(character.isprintable() or character in "\n" for character in text), text
    if done.code == 2:
        assert not done.out
        assert 1 <= len(done.errors) <= 11
    return done


class Program:
    """Runs the program; `call` waits for it."""

    def __init__(self, forks: socket.socket | None) -> None:
        self._forks = forks

    def call(
        self,
        *arguments: str,
        stdin: str | bytes = b"",
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        anew: bool = False,
    ) -> Done:
        """Run it with these arguments; `env` is added to an environment that says nothing of terminals.

        `anew` starts it from nothing: libraries look at some variables only when they are loaded.
        """
        environment = {k: v for k, v in os.environ.items() if k not in _HIDDEN} | (env or {})
        data = stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin
        run = self._started_anew if anew or self._forks is None else self._forked
        code, out, err = run(arguments, data, environment, str(cwd or Path.cwd()))
        return Done(code, out.decode("utf-8"), err.decode("utf-8"))

    def _started_anew(self, arguments, data, environment, cwd):
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), environment.get("PYTHONPATH")]))
        done = subprocess.run([*PROGRAM, *arguments], input=data, capture_output=True, env=environment, cwd=cwd,
                              timeout=GUARD_S, check=False)  # fmt: skip
        return done.returncode, done.stdout.replace(b"\r\n", b"\n"), done.stderr.replace(b"\r\n", b"\n")

    def _forked(self, arguments, data, environment, cwd):
        """The three ends go to the child; what it writes goes through files, so that nobody has to pump."""
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            stdin.write(data)
            stdin.seek(0)
            told = json.dumps({"arguments": arguments, "env": environment, "cwd": cwd}).encode()
            socket.send_fds(self._forks, [len(told).to_bytes(4, "big")], [stdin.fileno(), out.fileno(), err.fileno()])
            self._forks.sendall(told)
            pid = int.from_bytes(_exactly(self._forks, 4), "big")
            try:
                status = int.from_bytes(_exactly(self._forks, 4), "big")
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                _exactly(self._forks, 4)
                raise AssertionError(f"it hangs: {arguments}") from None
            out.seek(0)
            err.seek(0)
            return os.waitstatus_to_exitcode(status), out.read(), err.read()


@contextmanager
def programs() -> Iterator[Program]:
    """What runs the program until the end."""
    if not hasattr(os, "fork") or sys.platform == "darwin":
        yield Program(None)
        return
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            ours.settimeout(GUARD_S)
            command = [sys.executable, "-c", _BOOT.format(theirs.fileno())]
            subprocess.run(command, pass_fds=[theirs.fileno()], start_new_session=True, check=True, timeout=GUARD_S)
        yield Program(ours)
        ours.shutdown(socket.SHUT_WR)
        assert not ours.recv(1), "it ends when nobody wants another"


def fork_on_demand(number: int) -> None:
    """Be the process that all others are forked from, until nobody wants another."""
    import gc
    import importlib

    if os.fork():
        os._exit(0)  # other tests make sure that they leave no child behind: this one is nobody's
    for name in _LOADED:
        importlib.import_module(name)
    gc.freeze()
    with socket.socket(fileno=number) as wanted:
        while True:
            size, descriptors, _, _ = socket.recv_fds(wanted, 4, 3)
            if not size:
                return
            told = json.loads(_exactly(wanted, int.from_bytes(size, "big")))
            pid = os.fork()
            if not pid:
                wanted.close()
                break
            for descriptor in descriptors:
                os.close(descriptor)
            wanted.sendall(pid.to_bytes(4, "big"))
            wanted.sendall(os.waitpid(pid, 0)[1].to_bytes(4, "big"))
    _become(told, descriptors)


def _become(told: dict, descriptors: list[int]) -> None:
    """Be the program, as if it had just been started."""
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(told["env"])
    os.chdir(told["cwd"])
    sys.argv = ["asyncmodes", *told["arguments"]]
    from asyncmodes.__main__ import main

    code = main()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)  # to take apart all that is loaded would take longer than all the rest


def _exactly(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = stream.recv(count - len(data))
        if not part:
            raise AssertionError("the process that forks has gone")
        data += part
    return data
