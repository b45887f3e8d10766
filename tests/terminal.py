"""A real pseudo-terminal with a screen behind it: what a person sees during and after a command."""

import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

# What a picture begins with that takes the place of the one before: the pages of a lesson, and what grows.
_FRAME = re.compile(rb"(?=\x1b\[\?25l\x1b\[H|\r\x1b\[2K\x1b\[1A)")
PROGRAM = [sys.executable, "-m", "asyncmodes"]


class Terminal:
    """Runs a command on a terminal of the given size; `screen` is what is on it after `read_until` or `finish`."""

    def __init__(
        self,
        arguments: list[str],
        columns: int = 80,
        lines: int = 24,
        *,
        program: list[str] | None = None,
        **environment: str,
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=10_000, ratio=1)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self._frames: deque[bytes] = deque()
        kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI")}
        self.child = pexpect.spawn(
            (program or PROGRAM)[0],
            [*(program or PROGRAM)[1:], *arguments],
            dimensions=(lines, columns),
            env={**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment},
            timeout=30,
            cwd=Path(__file__).parent.parent,
            preexec_fn=as_a_shell_would,
        )

    @property
    def text(self) -> str:
        """What is on the screen now, without trailing blanks."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def scrollback(self) -> str:
        """Everything that has been on the screen and was left there, the oldest first."""
        gone = ["".join(row[c].data for c in range(self.screen.columns)) for row in self.screen.history.top]
        return "\n".join(line.rstrip() for line in [*gone, *self.screen.display])

    def read_until(self, seen: Callable[[str], bool]) -> str:
        """Feed the screen until it shows what is waited for; the deadline is for broken code only."""
        deadline = time.monotonic() + 30
        while not seen(self.text):
            assert time.monotonic() < deadline, f"never seen; on the screen:\n{self.text}"
            self._feed()
        return self.text

    def finish(self) -> int:
        """Read to the end and return the exit code, or minus the number of the signal that killed it."""
        try:
            while True:
                self._feed()
        except pexpect.EOF:
            pass
        self.child.close()
        return self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus

    def _feed(self) -> None:
        """Show the next frame: who reads late, since the machine is busy, still sees every picture that there was."""
        if not self._frames:
            self._frames += filter(None, _FRAME.split(self.child.read_nonblocking(65536, timeout=30)))
        frame = self._frames.popleft()
        self.raw += frame
        self._stream.feed(frame)


def as_a_shell_would() -> None:
    """Let the program be hung up and quit, also where these tests are not, as under nohup or in the background."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
