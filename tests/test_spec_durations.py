"""Durations are read exactly, and what is none is refused with the remedy."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncmodes.errors import UsageError
from asyncmodes.spec import parse_delay, parse_duration, parse_timeout

NS = {"us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
YEAR_NS = 365 * 24 * NS["h"]


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0s", 0),
        ("0.0ms", 0),
        ("1us", 1_000),
        ("0.001us", 1),
        ("0.0005us", 1),
        ("0.00049us", 0),
        ("300ms", 300_000_000),
        ("007ms", 7_000_000),
        ("1.5s", 1_500_000_000),
        ("0.1s", 100_000_000),
        ("2m", 120_000_000_000),
        ("0.3m", 18_000_000_000),
        ("1h", 3_600_000_000_000),
        ("8760h", YEAR_NS),
        ("1.0000000005s", 1_000_000_001),
        ("0." + "3" * 40 + "h", 1_200_000_000_000),
    ],
)
def test_reads_exactly(text, ns):
    """A duration is a whole number of nanoseconds, rounded half up."""
    assert parse_duration(text) == ns


@given(st.integers(0, 8760 * 3600 * 10**6), st.sampled_from([*NS]))
def test_round_trip(microseconds, unit):
    """What is written out in any unit is read back as the same number of nanoseconds."""
    exact = Fraction(microseconds * 1_000, NS[unit])
    digits = 20
    scaled = exact * 10**digits
    number = -(-scaled.numerator // scaled.denominator)  # no unit divides evenly; 20 digits are finer than 1 ns
    text = f"{number // 10**digits}.{number % 10**digits:0{digits}}{unit}"
    assert parse_duration(text) == microseconds * 1_000


@given(st.from_regex(r"[0-9]{1,9}(\.[0-9]{1,30})?(us|ms|s)", fullmatch=True))
def test_agrees_with_fractions(text):
    """Integer arithmetic gives what rational arithmetic gives."""
    unit = text.lstrip("0123456789.")
    exact = Fraction(text.removesuffix(unit)) * NS[unit]
    ns = (2 * exact + 1) // 2
    if ns > YEAR_NS:
        with pytest.raises(UsageError, match="365 days"):
            parse_duration(text)
    else:
        assert parse_duration(text) == ns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no duration"),
        ("300", "'300' has no unit; write 300ms or 300s"),
        ("1.5", "write 1.5ms or 1.5s"),
        ("ms", "no duration"),
        ("-300ms", "negative"),
        ("−300ms", "negative"),
        ("-0.0s", "negative"),
        ("nan", "not a finite number"),
        ("NaNs", "not a finite number"),
        ("inf", "not a finite number"),
        ("-Infinity", "not a finite number"),
        ("1e3ms", "exponent"),
        ("1e999s", "exponent"),
        ("300MS", "write 300ms"),
        ("5µs", "write 5us"),
        ("5μs", "write 5us"),
        ("5d", "the units are us, ms, s, m, h"),
        ("10minutes", "unknown unit"),
        ("5ns", "unknown unit"),
        ("300 ms", "white space; write 300ms"),
        (" 300ms", "white space; write 300ms"),
        ("300ms\n", "white space; write 300ms"),
        (".5s", "write 0.5s"),
        ("5.s", "write 5s"),
        ("1,5s", "write 1.5s"),
        ("+5s", "write 5s"),
        ("٣٠٠ms", "other digits"),
        ("３00ms", "other digits"),
        ("300²ms", "unknown unit"),
        ("1_000ms", "no duration"),
        ("0x10ms", "no duration"),
        ("1m30s", "no duration"),
        ("8760.001h", "365 days"),
        ("9000h", "365 days"),
        ("9" * 41 + "s", "more digits"),
        ("9" * 10_000 + "s", "more digits"),
        ("0." + "1" * 10_000 + "s", "more digits"),
        ("9" * 10_000, "more digits"),
    ],
)
def test_refuses(text, said):
    """What is no duration is refused in one line that names the place and the remedy."""
    with pytest.raises(UsageError) as caught:
        parse_duration(text, "--timeout")
    (problem,) = caught.value.problems
    assert problem.where == "--timeout"
    assert said in str(problem)
    assert "\n" not in str(problem)
    assert len(str(problem)) < 200


WRITE = "write a number and a unit: 300ms, 1.5s, 2m"


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        ("soon", "is no duration", WRITE),
        (" inf", "is not a finite number", WRITE),
        ("-1e5s", "is negative", "a duration is zero or more: write 300ms"),
        ("٣ms", "has other digits than 0 to 9", WRITE),
        ("1e3s", "has an exponent", "write the number out: 300ms, 1.5s, 2m"),
        ("9" * 41 + "s", "has more digits than a duration needs", "write at most 8760h (365 days)"),
        ("9" * 40, "has no unit", f"write {'9' * 40}ms or {'9' * 40}s"),
        ("1,5", "has no unit", "write 1.5ms or 1.5s"),
        ("5.", "has no unit", "write 5ms or 5s"),
        ("5,", "has no unit", "write 5ms or 5s"),
        (",5", "has no unit", "write 0.5ms or 0.5s"),
        ("5d", "has an unknown unit", "the units are us, ms, s, m, h"),
        ("5 Ms", "has the unit Ms", "write 5ms"),
        ("5 μs", "has the unit μs", "write 5us"),
        ("5 s", "has white space", "write 5s"),
        ("5s ", "has white space", "write 5s"),
        ("+5s", "has an odd form", "write 5s"),
        ("9000h", "is more than 365 days", "write at most 8760h"),
    ],
)
def test_each_fault_has_its_remedy(text, what, instead):
    """What is wrong with a text that is nearly a duration, and what to write."""
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    quoted = repr(text if len(text) <= 60 else text[:59] + "…")
    assert str(caught.value) == f"duration: {quoted} {what}; {instead}"


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (parse_timeout, "0s", "'0s' leaves no time at all; write a timeout above zero, such as 2s"),
        (parse_timeout, "5", "'5' has no unit; write 5ms or 5s"),
        (parse_delay, "5", "'5' has no unit; write 5ms or 5s"),
        (parse_delay, "5..6ms", "'5' has no unit; write 5ms or 5s"),
        (parse_delay, "5ms..6", "'6' has no unit; write 6ms or 6s"),
        (parse_delay, "6ms..5ms", "'6ms..5ms' begins above its end; write 5ms..6ms"),
    ],
)
def test_errors_name_their_place(parse, text, said):
    """What is wrong is said of the place that is given, and without one of what the text is to be."""
    for where in ({}, {"where": "here"}):
        with pytest.raises(UsageError) as caught:
            parse(text, **where)
        assert str(caught.value) == f"{where.get('where', parse.__name__.removeprefix('parse_'))}: {said}"


@given(st.text() | st.from_regex(r"[-+]?[0-9٣.,]*(e[0-9]+)? ?(us|ms|s|m|h|[a-zµ]+)?(\.\..*)?", fullmatch=True))
def test_any_text(text):
    """Any text at all is a duration from 0 to 365 days, or a usage error."""
    for parse in (parse_duration, parse_timeout, parse_delay):
        try:
            found = parse(text)
        except UsageError:
            continue
        low, high = found if isinstance(found, tuple) else (found, found)
        assert 0 <= low <= high <= YEAR_NS


def test_long_text_is_refused_at_once():
    """No text makes the reader work more than in proportion to its length."""
    for text in ("1" * 1_000_000 + "!", "1." + "1" * 1_000_000 + "!", "//" * 500_000, " " * 1_000_000):
        with pytest.raises(UsageError):
            parse_duration(text)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [("300ms", (300, 300)), ("100ms..400ms", (100, 400)), ("0s..1s", (0, 1000)), ("5ms..5ms", (5, 5))],
)
def test_ranges(text, bounds):
    """A range has the least and the most; a plain delay is a range of one."""
    assert parse_delay(text) == tuple(ms * 10**6 for ms in bounds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("400ms..100ms", "write 100ms..400ms"),
        ("100..400ms", "'100' has no unit"),
        ("100ms..400", "'400' has no unit"),
        ("..400ms", "no duration"),
        ("100ms..", "no duration"),
        ("100ms...400ms", "'.400ms'"),
        ("1s..2s..3s", "'2s..3s'"),
    ],
)
def test_ranges_refused(text, said):
    """Half a range and a range that runs backwards are refused."""
    with pytest.raises(UsageError, match=said.replace(".", r"\.")):
        parse_delay(text)


def test_timeouts_are_above_zero():
    """A timeout of nothing is refused, also one that rounds to nothing."""
    assert parse_timeout("1us") == 1_000
    for text in ("0s", "0.0001us"):
        with pytest.raises(UsageError, match="above zero"):
            parse_timeout(text)
