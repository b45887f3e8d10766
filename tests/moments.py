"""When the program is interrupted: the phases of its commands, and random moments in them."""

import random
import signal
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asyncmodes import compare, words, write_json

BIG = 20_000
NOT_THE_SAME_PRESS_S = 0.35


@dataclass(frozen=True)
class Phase:
    """A command, and when to interrupt it: up to `spread_s` seconds after it wrote `after` (None: after its start).

    `{dir}` in its arguments is a directory of its own, where `old` files hold something already. `keys` are pressed
    first, each as soon as the program has written what stands before it; without `after` the last press is the start.
    """

    name: str
    arguments: Sequence[str]
    spread_s: float
    after: bytes | None = None
    endless: bool = True  # it never ends by itself
    cut: bool = True  # the signal comes while tasks run, so the exports say interrupted
    keys: Sequence[tuple[bytes, bytes]] = ()
    terminal: str = "xterm-256color"

    @property
    def is_lesson(self) -> bool:
        """Whether somebody sits there and learns, with single keys and with progress that is kept."""
        return self.arguments[0] == "learn" and self.endless


def phases(url: str, spec: str, saved: str) -> list[Phase]:
    """All of them; `url` is a server that never answers, `spec` and the result `saved` have very many tasks."""
    exports = ("-o", "{dir}/x.json", "-o", "{dir}/x.svg")
    forever = ("1ms", "fail:2ms", "1h")
    run = ("run", "--no-live", "--cpu-in")
    return [
        Phase("import", ("run", *forever, *exports), 0.6, cut=False),
        Phase("import, no run", ("run", "1ms", "--clock", "virtual", *exports), 0.8, endless=False, cut=False),
        Phase("parsing", ("run", "--spec", spec, "--clock", "virtual", *exports), 1.5, endless=False, cut=False),
        Phase("warm-up", ("compare", url, "--warmup", "2", "--no-live", *exports), 0.3, b"requests:"),
        Phase("running", ("compare", *forever, "-m", "settled", "--no-live", *exports, url, "--warmup", "0"), 0.3,
              b"requests:"),
        Phase("live view", ("compare", *forever, *exports), 1.0, b"running"),
        Phase("orphans", ("run", *forever, "-m", "parallel", *exports), 0.5, b"error of fail:2ms"),
        Phase("cpu in processes", (*run, "process", "cpu:1h*3", url, "--warmup", "0", *exports), 0.5, b"requests:"),
        Phase("cpu in threads", (*run, "thread", "cpu:1h*3", url, "--warmup", "0", *exports), 0.5, b"requests:"),
        Phase("cpu inline", ("run", "cpu:700ms", "1h", *exports), 0.5, b"running"),
        Phase("export", ("run", f"1ms*{BIG}", "--clock", "virtual", "-q", *exports), 2.0, endless=False, cut=False),
        Phase("slow output", ("run", f"1ms*{BIG}", "--clock", "virtual", "--format", "json", *exports), 0.3, b"tasks",
              endless=False, cut=False),
        Phase("sweep", ("sweep", *forever, "--limits", "1,2", *exports), 0.5, b"repeated"),
        Phase("sweep, export", ("sweep", "request:1ms*3000", "--server", "jitter=1ms", "--limits", "10,20,3000",
              "--clock", "virtual", "-q", *exports), 2.5, endless=False, cut=False),
        Phase("playback", ("compare", "--slow", "1000", "--clock", "virtual", *exports), 1.0, cut=False),
        Phase("show", ("show", saved, *exports), 1.5, endless=False, cut=False),
        Phase("explain", ("explain", "parallel"), 0.8, endless=False, cut=False),
        Phase("learn", ("learn", "--check"), 1.5, endless=False, cut=False),
        Phase("serve", ("serve",), 0.2, b"http://", cut=False),
        *lessons(),
    ]  # fmt: skip


def lessons() -> list[Phase]:
    """Everything that may be on the screen of who learns: a question, half an answer, a run that is played, a score."""
    one = ("learn", "S3")
    answer, sure = (b"Your answer", b"1000\r"), (b"How sure", b"2\r")
    seen = (answer, sure, (b"playing", b"\r"), (b"over,", b"\r"))

    def lesson(name: str, arguments: Sequence[str], spread_s: float, after: bytes | None = None, **rest) -> Phase:
        return Phase(f"learn: {name}", arguments, spread_s, after, cut=False, **rest)

    return [
        lesson("opening", one, 0.6),
        lesson("list", ("learn",), 0.2, b"choose"),
        lesson("question", one, 0.2, b"Your answer"),
        lesson("half an answer", one, 0.1, keys=[(b"Your answer", b"10\x1b[D")]),
        lesson("how sure", one, 0.2, b"How sure", keys=[answer]),
        lesson("grading", one, 0.25, keys=[answer, sure]),
        lesson("playing", (*one, "--slow", "1000"), 0.3, b"playing", keys=[answer, sure]),
        lesson("explanation", one, 0.1, b"replay", keys=seen),
        lesson("to the next", ("learn", "dinner"), 0.3, keys=[answer, sure, (b"playing", b"\r"), (b"over,", b"\r"),
                                                              (b"replay", b"\r")]),
        lesson("to the list", one, 0.2, keys=[*seen, (b"replay", b"\r"), (b"Score", b"l")]),
        lesson("for real", (*one, "--real"), 1.5, keys=[answer, sure]),
        lesson("plain lines", one, 0.2, b"Your answer", terminal="dumb"),
    ]  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """One signal, or two, at one moment of a phase; to the process alone or, as a key press does it, to its group."""

    phase: Phase
    at_s: float
    number: signal.Signals
    to_group: bool
    again: bool
    gap_s: float = NOT_THE_SAME_PRESS_S

    def __str__(self) -> str:
        to = "group" if self.to_group else "process"
        twice = f" twice within {self.gap_s * 1000:.0f} ms" if self.again else ""
        return f"{self.phase.name}: {self.number.name} to the {to}{twice} after {self.at_s * 1000:.0f} ms"


def moments(count: int, seed: int, listed: Sequence[Phase]) -> list[Moment]:
    """So many moments, all phases in turn."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        phase = listed[number % len(listed)]
        signals = [signal.SIGINT, signal.SIGINT, signal.SIGTERM]
        gap_s = NOT_THE_SAME_PRESS_S
        if phase.is_lesson:  # nothing runs that could be waited for, so the second may come at any time
            signals, gap_s = [*signals, signal.SIGHUP], dice.choice([0, dice.uniform(0, 0.1)])
        made.append(
            Moment(
                phase,
                dice.uniform(0, phase.spread_s),
                dice.choice(signals),
                dice.random() < 0.6,
                dice.random() < 0.25,
                gap_s,
            )
        )
    return made


@contextmanager
def surroundings() -> Iterator[list[Phase]]:
    """The phases, with the server and the spec that they need."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0), backlog=4096) as server:
        spec = Path(folder) / "big.toml"
        spec.write_text("".join(f'[[tasks]]\nname = "t{n}"\ndelay = "{n % 9}ms"\n' for n in range(BIG)))
        saved = Path(folder) / "big.json"
        saved.write_text(write_json(compare(words(f"1ms*{BIG}"), "parallel", clock="virtual")))
        yield phases(f"http://127.0.0.1:{server.getsockname()[1]}/", str(spec), str(saved))
