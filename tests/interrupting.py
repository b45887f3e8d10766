"""`make signals`: real signals at random moments of every phase, on a real pseudo-terminal; what they leave behind.

`COUNT=300 make signals` prints a table: phase, moments, exit codes, what was left. SEED=N begins elsewhere.
"""

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.moments import Moment, moments, surroundings
from tests.terminal import PROGRAM

ROOT = Path(__file__).parent.parent
OURS = str(ROOT / "asyncmodes")
GUARD_S = 20.0
HANGS = "it hangs"
OLD = "the old file\n"
_MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")
_AT_REST = {b"25": b"h"}  # the cursor is shown; all other modes are off


@dataclass
class Outcome:
    """How it ended, and everything that is wrong with that."""

    moment: Moment
    code: int
    screen: bytes
    took_s: float
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = self.screen[-600:].decode("utf-8", "replace")
        return f"{self.moment}: code {self.code} after {self.took_s:.2f} s, {'; '.join(self.wrong)}\n{said}"


def all_of(chosen: Sequence[Moment], at_once: int = 3) -> list[Outcome]:
    """What came of each."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(interrupted, chosen))


def interrupted(moment: Moment) -> Outcome:
    """Start the program, send the signal at that moment, and look at everything that it left."""
    mark = f"asyncmodes-{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory() as folder:
        targets = [Path(folder) / name for name in ("x.json", "x.svg")]
        for target in targets:
            target.write_text(OLD)
        for name in ("home", "tmp"):
            (Path(folder) / name).mkdir()
        ours, theirs = os.openpty()
        try:
            termios.tcsetwinsize(theirs, (40, 90))
            before = termios.tcgetattr(theirs)
            child = subprocess.Popen(
                [*PROGRAM, *(word.replace("{dir}", folder) for word in moment.phase.arguments)],
                stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, start_new_session=True,
                env={**_environment(), "MARK": mark, "HOME": f"{folder}/home", "TMPDIR": f"{folder}/tmp",
                     "TERM": moment.phase.terminal},
            )  # fmt: skip
            screen = _Screen(ours, child)
            for shown, keys in moment.phase.keys:
                screen.read_until_seen(shown)
                os.write(ours, keys)
            if moment.phase.after is not None:
                screen.read_until_seen(moment.phase.after)
            screen.read_for(moment.at_s)
            sent = time.monotonic()
            too_late = child.poll() is not None
            _send(child, moment)
            if moment.again:
                screen.read_for(moment.gap_s)
                _send(child, moment)
            screen.read_until(lambda: child.poll() is not None)
            took_s = time.monotonic() - sent
            screen.read_for(0)
            outcome = Outcome(moment, child.returncode, bytes(screen.seen), took_s)
            outcome.wrong += _wrong_with_the_end(outcome, too_late)
            outcome.wrong += _wrong_with_the_terminal(outcome, before, termios.tcgetattr(theirs))
            outcome.wrong += _left_processes(child.pid, mark)
            outcome.wrong += _wrong_with_the_files(outcome, Path(folder), targets)
        finally:
            os.close(ours)
            os.close(theirs)
    return outcome


def _environment() -> dict[str, str]:
    hidden = ("XDG_STATE_HOME", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI", "PYTHONUNBUFFERED")
    kept = {key: value for key, value in os.environ.items() if key not in hidden}
    return kept | {"PYTHONIOENCODING": "utf-8"}


class _Screen:
    """Reads what the program writes to its terminal."""

    def __init__(self, descriptor: int, child: subprocess.Popen[bytes]) -> None:
        self.seen = bytearray()
        self._descriptor = descriptor
        self._child = child
        self._from = 0

    def read_until_seen(self, shown: bytes) -> None:
        """Read until this was written, after whatever was waited for before."""
        self.read_until(lambda: self.seen.find(shown, self._from) >= 0)
        self._from = max(self.seen.find(shown, self._from), 0) + len(shown)

    def read_until(self, is_true) -> None:
        deadline = time.monotonic() + GUARD_S
        while not is_true() and self._child.poll() is None:
            if time.monotonic() > deadline:
                os.killpg(self._child.pid, signal.SIGKILL)
                self._child.wait()
                self.seen += HANGS.encode()
            self._read(0.01)
        while self._read(0):
            pass

    def read_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._child.poll() is None:
            self._read(min(left, 0.02))
        while self._read(0):
            pass

    def _read(self, wait_s: float) -> bool:
        if not select.select([self._descriptor], [], [], wait_s)[0]:
            return False
        self.seen += os.read(self._descriptor, 65536)
        return True


def _send(child: subprocess.Popen[bytes], moment: Moment) -> None:
    with suppress(ProcessLookupError):
        if child.poll() is None:
            (os.killpg if moment.to_group else os.kill)(child.pid, moment.number)


def _wrong_with_the_end(outcome: Outcome, too_late: bool) -> Iterator[str]:
    moment, code = outcome.moment, outcome.code
    expected = {-moment.number if moment.number == signal.SIGHUP else 128 + moment.number}
    text = outcome.screen.decode("utf-8", "replace")
    if code == 0 and not moment.phase.endless:  # it was over, all but the interpreter's own end
        too_late = moment.phase.name != "slow output" or text.rstrip().endswith("}")
    if moment.phase.after is None:
        expected.add(-moment.number)  # before Python itself is ready; a shell shows it as 130 or 143, too
        if "Traceback" in text and OURS not in text and "Exception ignored" not in text:
            return  # nobody could tell it yet how to end
    if (code not in expected and not too_late) or (moment.phase.endless and too_late):
        yield f"exit code {code}"
    for sign in ("Traceback", "Exception ignored", "was never awaited", "bug:", HANGS):
        if sign in text:
            yield f"it says {sign!r}"
    if moment.phase.cut and not moment.again and "interrupted" not in text:
        yield "no picture that says interrupted"


def _wrong_with_the_terminal(outcome: Outcome, before: list, after: list) -> Iterator[str]:
    if before != after:
        yield "the terminal's settings are not as before"
    last = dict(_MODE.findall(outcome.screen))
    for mode, state in last.items():
        if state != _AT_REST.get(mode, b"l"):
            yield f"mode {mode.decode()} is left {state.decode()}"


def _left_processes(group: int, mark: str) -> Iterator[str]:
    deadline = time.monotonic() + 5
    while left := _alive(group, mark):
        if time.monotonic() > deadline:
            yield f"processes {left}"
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.02)


def _alive(group: int, mark: str) -> list[int]:
    """The processes of the group, and where there is /proc those that were started with this mark."""
    found = []
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, 0)
        found.append(group)
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark.encode() in environ.read_bytes():
                found.append(int(environ.parent.name))
    return found


def _wrong_with_the_files(outcome: Outcome, folder: Path, targets: Sequence[Path]) -> Iterator[str]:
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    progress = [name for name in left if Path(name).name == "progress.json" and outcome.moment.phase.is_lesson]
    if extra := [name for name in left if name not in ("x.json", "x.svg", *progress)]:
        yield f"files {extra}"
    yield from _wrong_with_progress(outcome, [folder / name for name in progress])
    document, drawing = (target.read_text() for target in targets)
    if document != OLD:
        try:
            record = json.loads(document)
        except ValueError:
            yield "broken JSON in a file"
        else:
            if outcome.moment.phase.cut and not record["interrupted"]:
                yield "a file that does not say interrupted"
    elif outcome.moment.phase.cut and "-o" in outcome.moment.phase.arguments and not outcome.moment.again:
        yield "no export"
    if drawing != OLD and not drawing.rstrip().endswith("</svg>"):
        yield "a broken SVG"


def _wrong_with_progress(outcome: Outcome, kept: Sequence[Path]) -> Iterator[str]:
    """The file is whole, and has every grade that somebody was told."""
    if not kept and b"Many believe" in outcome.screen:
        yield "no progress"
    for path in kept:
        try:
            if not json.loads(path.read_text())["grades"]:
                yield "empty progress"
        except (ValueError, KeyError):
            yield "broken progress"


def main(count: int, seed: int) -> int:
    """Interrupt so many times, print the table; 0 if nothing was wrong."""
    with surroundings() as listed:
        only = os.environ.get("ONLY")
        outcomes = all_of(moments(count, seed, [phase for phase in listed if not only or only in phase.name]))
    print(f"{'phase':<22}{'moments':>8}{'slowest':>10}  {'exit codes':<44}left behind")
    for phase in {outcome.moment.phase.name: None for outcome in outcomes}:
        each = [outcome for outcome in outcomes if outcome.moment.phase.name == phase]
        codes = " ".join(f"{code}: {times}" for code, times in sorted(Counter(one.code for one in each).items()))
        wrong = Counter(what for one in each for what in one.wrong)
        slowest = max(one.took_s for one in each)
        left = ", ".join(f"{what} ({times})" for what, times in wrong.items()) or "nothing"
        print(f"{phase:<22}{len(each):>8}{slowest * 1000:>7.0f} ms  {codes:<44}{left}")
    bad = [outcome for outcome in outcomes if outcome.wrong]
    for outcome in bad:
        print(f"\n{outcome}")
    print(f"\n{len(outcomes)} moments, {len(bad)} with something wrong (seed {seed})")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(int(os.environ.get("COUNT") or 300), int(os.environ.get("SEED") or 0)))
