"""What is fuzzed: each target takes bytes, and may raise nothing but what it promises.

A finding is any other exception, a property that does not hold, or an input that takes more than ten seconds.
"""

import contextlib
import io
import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from asyncmodes.commands.program import main
from asyncmodes.commands.sweep import parse_limits
from asyncmodes.expectations import check_expectations, judge, parse_expectation
from asyncmodes.measure import compare
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.record import Comparison
from asyncmodes.spec import (
    Defaults,
    parse_delay,
    parse_duration,
    parse_header,
    parse_server,
    parse_timeout,
    read_spec,
    read_words,
)
from asyncmodes.sweep import chosen_limits, finer_limits
from asyncmodes.text import clean
from asyncmodes.views.rulings import judgement_line
from tests.fuzz import documents
from tests.fuzz.promises import is_clean, refused_in_words

_FEW = Defaults(max_tasks=1000)
_REQUESTS = read_words(["request:5ms*3"], _FEW)


@dataclass(frozen=True)
class Target:
    """A function to be given `inputs` different bytes, beginning with and from the `seeds`."""

    check: Callable[[bytes], None]
    inputs: int
    seeds: Sequence[bytes]
    most_bytes: int = 200


def _text(data: bytes) -> str:
    """The bytes as a command line gives them: what is no UTF-8 is there as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def durations(data: bytes) -> None:
    """A duration is a whole number of nanoseconds, or a usage error in one line."""
    for parse in (parse_duration, parse_timeout, parse_delay):
        with refused_in_words():
            parse(_text(data))


def modes(data: bytes) -> None:
    """A mode's spelling is that of the same mode."""
    with refused_in_words():
        mode = parse_mode(_text(data))
        assert parse_mode(str(mode)) == mode
        assert str(parse_mode(str(mode))) == str(mode)


def servers(data: bytes) -> None:
    """A server is one whose effect on three requests is known, unless it depends on luck, or a usage error."""
    with refused_in_words():
        server = parse_server(_text(data))
        predict(_REQUESTS, parse_mode("parallel"), server=server)


def limits(data: bytes) -> None:
    """Limits are whole numbers, rising, of which those that fit are swept; or a usage error."""
    with refused_in_words():
        parsed = parse_limits(_text(data))
        assert parsed
        assert list(parsed) == sorted(set(parsed))
        chosen = chosen_limits(parsed, 1000)
        assert (*chosen.chosen, *chosen.dropped) == parsed
        for limit in chosen.chosen[:5]:
            assert not set(finer_limits(chosen.chosen, limit)) & set(parsed)


@cache
def _measured() -> Comparison:
    """Runs as if they had been measured: none takes as long as the one before, and one mode fails."""
    made = compare(
        read_words(["9ms", "fail:20ms"], _FEW), ["sequential", "parallel", "settled"], runs=3, clock="virtual"
    )
    later = [(run.total_ns + run.repeat * 1000, run) for run in made.runs]
    return replace(
        made, clock="real", runs=tuple(replace(run, total_ns=total, drained_ns=2 * total) for total, run in later)
    )


def expectations(data: bytes) -> None:
    """An expectation's spelling is that of the same one, and it can be judged, or it is a usage error."""
    with refused_in_words():
        expectation = parse_expectation(_text(data))
        assert parse_expectation(str(expectation)) == expectation
        measured = _measured()
        check_expectations([expectation], measured.modes, measured.clock)
        (judged,) = judge([expectation], measured, strict=len(data) % 2 == 1)
        assert is_clean(judgement_line(judged))


def headers(data: bytes) -> None:
    """A header is a name and a value without line breaks, or a usage error."""
    with refused_in_words():
        assert not {"\r", "\n"} & set("".join(parse_header(_text(data))))


def words(data: bytes) -> None:
    """Words are tasks, or a usage error; `-` reads them from standard input."""
    if b"**" in data and (b"/" in data or b".." in data):
        return  # to look through the whole machine takes as long as it takes
    with refused_in_words():
        read_words(_text(data).split(" "), _FEW, stdin=io.TextIOWrapper(io.BytesIO(data)))


def specs(data: bytes) -> None:
    """A spec in TOML or JSON is tasks, or at most eleven lines of usage errors."""
    with refused_in_words():
        spec = read_spec("-", _FEW, stdin=io.TextIOWrapper(io.BytesIO(data)))
        assert spec.tasks


def texts(data: bytes) -> None:
    """What is shown on a terminal has no control, no bidirectional override and no surrogate, and stays as it is."""
    shown = clean(_text(data))
    assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(character) for character in shown}
    assert not set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(shown)
    assert clean(shown) == shown


def programs(data: bytes) -> None:
    """The whole program ends with 0, 1 or 2, on a virtual clock; its JSON is JSON, and with 2 there is none."""
    if b"**" in data:
        return  # as above
    arguments = [word.replace("\0", "") for word in _text(data).split(" ")]
    out, err = io.StringIO(), io.StringIO()
    always = ["--clock", "virtual", "--max-tasks", "300", "--format", "json", "--no-live"]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["compare", *always, "--", *arguments])
    assert code in (0, 1, 2), err.getvalue()
    assert bool(out.getvalue()) == (code != 2)
    if out.getvalue():
        json.loads(out.getvalue())
    assert all(line.startswith("asyncmodes: ") for line in err.getvalue().splitlines()), err.getvalue()


TOML = b'title = "Dinner"\n[server]\ncapacity = 8\noverload = "slow"\n[[tasks]]\nname = "rice"\ndelay = "400ms"\n'
TARGETS = {
    "durations": Target(durations, 150_000, [b"300ms", b"1.5s", b"100ms..400ms", b"2m", b"0us", b"365d"], 40),
    "modes": Target(modes, 150_000, [b"sequential", b"limited=3+settled", b"batched=2", b"any+cancel"], 60),
    "servers": Target(servers, 100_000, [b"capacity=8 overload=slow latency=50ms", b"overload=usl:0.1,0.02 seed=1"]),
    "headers": Target(headers, 100_000, [b"Accept: text/html", b"X-A:b"]),
    "limits": Target(limits, 100_000, [b"1,2,4,8", b"1, 3 ,1000,9999", b"0,1", b"2,2"]),
    "expectations": Target(
        expectations,
        100_000,
        [
            b"parallel <= 0.5 sequential",
            b"settled.p95 < 2s",
            b"parallel.failed == 0",
            b"settled.failed <= 50%",
            b"sequential.speedup >= 1.5",
            b"parallel.drained != 2 x sequential.total",
            b"settled.memory > 1",
        ],
    ),
    "words": Target(
        words,
        200_000,
        [b"soup=800ms", b"fail:300ms*3", b"100ms..400ms", b"http://a:b@h.example/x?y*2", b"file:x", b"- 1s", b"*.toml"],
    ),
    "specs": Target(
        specs,
        200_000,
        [
            TOML,
            TOML
            + b'timeout = "1s"\nfails = "smoke"\nrepeat = 2\n[[tasks]]\nurl = "http://h.example/"\nmethod = "PUT"\n',
            b'{"title": "x", "tasks": [{"name": "a", "delay": "1ms", "fails": true}, {"request": "5ms"}]}',
            b'[[tasks]]\nurl = "/delay/5ms"\nheaders = {a = "b"}\nexpect_status = [200]\n[server]\nfail_rate = 0.1\n',
        ],
        2000,
    ),
    **{
        name: Target(getattr(documents, name), inputs, seeds, 6000)
        for name, (inputs, seeds) in documents.TARGETS.items()
    },
    "texts": Target(texts, 100_000, ["a\x1b[31m\u202e\u200d👩‍🚀é".encode(), b"\xff\x9b"]),
    "programs": Target(programs, 20_000, [b"300ms 1s*3", b"fail:5ms a=2ms", b"request:5ms", b"http://h.example", b"x"]),
}
