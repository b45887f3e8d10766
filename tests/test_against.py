"""References: a saved result is held against a new one, or refused before anything runs."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import asyncmodes
from asyncmodes.commands import program
from asyncmodes.expectations.references import compared, differences
from asyncmodes.record import Comparison
from asyncmodes.rulings import Change

VIRTUAL = ("--clock", "virtual", "--rows", "0")
MODES = ("-m", "sequential", "-m", "parallel")


def measured(totals: Sequence[int], *words: str, mode: str = "parallel") -> Comparison:
    """A comparison on the real clock whose runs had these totals in microseconds."""
    simulated = asyncmodes.compare(asyncmodes.words(*(words or ("1ms", "2ms"))), [mode], clock="virtual")
    (run,) = simulated.runs
    runs = tuple(replace(run, total_ns=total * 1000, repeat=repeat) for repeat, total in enumerate(totals))
    return replace(simulated, clock="real", runs=runs)


def change(now: Comparison, before: Comparison, allowed: float | None = 0.1, *, strict: bool = False) -> Change:
    """The change of the only mode."""
    (only,) = compared(now, before, "base.json", max_slowdown=allowed, strict=strict).changes
    return only


QUIET = [10_000, 10_100, 9_900, 10_000, 10_050, 9_950]
NOISY = [10_000, 13_000, 7_000, 10_000, 12_000, 8_000]


def times(factor: float, totals: Sequence[int] = QUIET) -> list[int]:
    """So many times these totals."""
    return [round(total * factor) for total in totals]


@pytest.mark.parametrize(
    ("now", "movement", "ruling"),
    [
        (times(1), "same", "pass"),
        (times(1.05), "slower", "pass"),
        (times(1.10), "slower", "inconclusive"),
        (times(1.20), "slower", "fail"),
        (times(0.8), "faster", "pass"),
        (NOISY, "inconclusive", "inconclusive"),
    ],
)
def test_several_runs_have_an_interval(now: Sequence[int], movement: str, ruling: str):
    """A mode is slower or faster only beyond doubt, and misses only if all of the interval is beyond the limit."""
    found = change(measured(now), measured(QUIET))
    assert (found.movement, found.ruling) == (movement, ruling)
    assert found.low < found.change < found.high
    strict = change(measured(now), measured(QUIET), strict=True)
    assert strict.ruling == ("fail" if ruling == "inconclusive" else ruling)
    assert change(measured(now), measured(QUIET), None).ruling is None


@pytest.mark.parametrize(
    ("now", "before", "movement", "ruling"),
    [
        ([100_000], [100_500], "same", "pass"),
        ([108_000], [100_000], "slower", "pass"),
        ([115_000], [100_000], "slower", "fail"),
        ([80_000], [100_000], "faster", "pass"),
        ([115_000, 114_000], [100_000], "slower", "fail"),
    ],
)
def test_single_runs_are_compared_by_value(now: list[int], before: list[int], movement: str, ruling: str):
    """A single run on either side has no interval, and says so; less than 2 % or 2 ms is noise."""
    found = change(measured(now), measured(before))
    assert (found.movement, found.ruling, found.low, found.method) == (movement, ruling, None, "by value, n=1")


def test_the_virtual_clock_is_exact():
    """Exactly a tenth more is at most 10 % more, and three tenths 30 %."""

    def simulated(*words: str) -> Comparison:
        return asyncmodes.compare(asyncmodes.words(*words), ["sequential"], clock="virtual")

    found = change(simulated("110ms"), simulated("100ms"))
    assert (found.movement, found.ruling, found.method) == ("slower", "pass", "exact")
    assert change(simulated("130ms"), simulated("100ms"), 0.3).ruling == "pass"
    assert change(simulated("110001us"), simulated("100ms")).ruling == "fail"
    assert change(simulated("100ms"), simulated("100ms")).movement == "same"


def test_less_work_is_no_speed():
    """A mode that is now rejected, or delivers less, misses; one that was rejected then has nothing to compare."""
    ok, trouble = measured(QUIET, "a=1ms", "b=2ms"), measured(times(0.5), "a=1ms", "b=fail:2ms")
    worse = change(trouble, ok)
    assert (worse.movement, worse.ruling, worse.reason) == ("inconclusive", "fail", "rejected: no result delivered")
    better = change(ok, trouble)
    assert (better.ruling, better.reason) == ("inconclusive", "rejected in the reference")
    fewer = change(measured(QUIET, "1ms", "fail:2ms", mode="settled"), measured(QUIET, mode="settled"))
    assert (fewer.ruling, fewer.reason) == ("fail", "1 delivered, and 2 in the reference")


def test_modes_without_a_reference_are_named():
    """A mode that the reference lacks is not compared, and that is said."""
    now = asyncmodes.compare(asyncmodes.words("1ms"), ["parallel", "settled"], clock="virtual")
    before = asyncmodes.compare(asyncmodes.words("1ms"), ["parallel"], clock="virtual")
    found = compared(now, before, "base.json")
    assert found.missing == ("settled",)
    assert [each.mode for each in found.changes] == ["parallel"]
    assert compared(replace(now, interrupted=True), before, "base.json").changes == ()


def test_what_differs_is_named():
    """Another Python or machine is no reason to refuse, but to be told of."""
    before = measured([1])
    before = replace(before, environment={**before.environment, "python": "3.11.0", "cpu_count": 96})
    here = {**before.environment, "python": "3.12.1", "cpu_count": 2}
    assert differences(before, here, before.asyncmodes) == ["Python 3.11.0 there, 3.12.1 here", "CPUs 96 there, 2 here"]


# On the command line


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error."""
    code = program.main(list(arguments))
    return code, *capsys.readouterr()


@pytest.fixture
def base(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A result of two fake delays on the virtual clock."""
    path = tmp_path / "base.json"
    assert program.main(["compare", "a=100ms", "b=200ms", *VIRTUAL, *MODES, "-o", str(path)]) == 0
    capsys.readouterr()
    return path


def altered(base: Path, old: str, new: str) -> str:
    """Another file, in which `old` is `new`."""
    text = base.read_text(encoding="utf-8")
    assert old in text
    path = base.with_name("altered.json")
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def test_the_same_again(base: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """The table names the reference and the verdict of each mode; the JSON has it as `against`, and reads it back."""
    monkeypatch.chdir(base.parent)
    again = ("compare", "a=100ms", "b=200ms", *VIRTUAL, *MODES, "--against", "base.json", "--max-slowdown", "10%")
    code, out, err = call(capsys, *again)
    assert (code, err) == (0, "")
    started_at = json.loads(base.read_text(encoding="utf-8"))["started_at"]
    assert (
        f"""
against base.json
of {started_at}; at most 10 % slower is allowed
mode         total    then  change  judged by  verdict
sequential  300 ms  300 ms  +0.0 %      exact     same
parallel    200 ms  200 ms  +0.0 %      exact     same
"""
        in out
    )
    _, out, _ = call(capsys, *again, "--format", "json")
    against = json.loads(out)["against"]
    assert (against["file"], against["max_slowdown"], against["missing"]) == ("base.json", 0.1, [])
    assert against["modes"][0] == {
        "mode": "sequential",
        "verdict": "same",
        "total_s": 0.3,
        "reference_total_s": 0.3,
        "runs": 1,
        "reference_runs": 1,
        "change": 0.0,
        "change_low": None,
        "change_high": None,
        "threshold": "pass",
        "method": "exact",
        "reason": "",
    }
    assert asyncmodes.write_json(asyncmodes.read_json(out)) == out


def test_a_slower_mode_is_exit_code_3(base: Path, capsys: pytest.CaptureFixture[str]):
    """The same tasks that took less in the reference: the modes that got slower are named on standard error."""
    faster = altered(base, '"total_s": 0.3', '"total_s": 0.25')
    again = ("compare", "a=100ms", "b=200ms", *VIRTUAL, *MODES, "--against", faster)
    code, out, err = call(capsys, *again, "--max-slowdown", "10%")
    assert code == 3
    assert "slower, fail" in out
    assert err == "asyncmodes: missed: sequential is slower: 300 ms instead of 250 ms, +20.0 % (exact)\n"
    assert call(capsys, *again, "--max-slowdown", "20%")[0] == 0
    assert call(capsys, *again)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("a=100ms", "b=200ms", *MODES),
            "simulated on the virtual clock; simulated and measured figures do not compare",
        ),
        (("a=100ms", *VIRTUAL, *MODES), "it is of 2 tasks, and here are 1"),
        (("a=100ms", "b=201ms", *VIRTUAL, *MODES), "its task 2 is 'b' (delay, 200ms), and here 'b' (delay, 201ms)"),
        (("a=100ms", "c=200ms", *VIRTUAL, *MODES), "its task 2 is 'b' (delay, 200ms), and here 'c' (delay, 200ms)"),
        (("b=200ms", "a=100ms", *VIRTUAL, *MODES), "run the same tasks in the same order"),
        (
            ("a=100ms", "b=200ms", *VIRTUAL, "-m", "settled"),
            "it has sequential, parallel, and none of the modes that run",
        ),
    ],
)
def test_a_reference_that_does_not_fit_is_refused(
    arguments: tuple[str, ...], says: str, base: Path, capsys: pytest.CaptureFixture[str]
):
    """Another clock, other tasks, or no mode in common is a usage error before anything runs."""
    code, out, err = call(capsys, "compare", *arguments, "--against", str(base))
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_a_reference_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A device that never ends is read to the bound, before anything runs."""
    if not Path("/dev/zero").exists():
        pytest.skip("needs /dev/zero")
    monkeypatch.setattr("asyncmodes.exports.saved.LARGEST_BYTES", 1 << 20)
    code, out, err = call(capsys, "compare", *VIRTUAL, "--against", "/dev/zero")
    assert (code, out) == (2, "")
    assert "--against /dev/zero: it is larger than 1,048,576 bytes" in err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"{}", "it is no result of asyncmodes"),
        (b"[1]", "it is no result of asyncmodes"),
        (b"\xff\xfe", "the byte 0xff at byte offset 0 is not UTF-8; name a result"),
        (b'{"schema_version": 2}', "found the number 2 where there must be 1"),
        (b'{"schema_version": 1, "runs": []}', "there must be modes"),
        (b"[" * 100_000, "it is nested too deeply"),
        (None, "there is no such file; name a result that was saved with -o FILE.json"),
    ],
)
def test_a_broken_reference_is_refused(
    content: bytes | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """What is no result, or of a future version, is refused in one line that names the file."""
    path = tmp_path / "base.json"
    if content is not None:
        path.write_bytes(content)
    code, out, err = call(capsys, "compare", *VIRTUAL, "--against", str(path))
    assert (code, out) == (2, "")
    assert says in err
    assert f"--against {path}:" in err
    assert len(err.splitlines()) == 1


def test_a_truncated_reference_is_refused(base: Path, capsys: pytest.CaptureFixture[str]):
    """Wherever a result was cut off, it is refused."""
    whole = base.read_bytes()
    for length in range(0, len(whole) - 2, len(whole) // 12):
        base.write_bytes(whole[:length])
        assert program.main(["compare", *VIRTUAL, "--against", str(base)]) == 2
    capsys.readouterr()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"environment": {', '"environment": [], "was": {'),
        ('"name": "b"', '"name": 5'),
        ('"start_s": 0.0', '"start_s": "soon"'),
        ('"end_s": 0.2', '"end_s": 1e300'),
        ('"started_at": "', '"started_at": "not '),
        ('"repeat": 0', '"repeat": {}'),
        ('"lane": 0', '"lane": -7'),
        ('"detail": {}', '"detail": {"phases": 5}'),
        ('"detail": {}', '"detail": {"phases": {"dns": "x"}}'),
    ],
)
def test_a_foreign_field_is_refused_or_harmless(old: str, new: str, base: Path, capsys: pytest.CaptureFixture[str]):
    """Whatever stands in a field of the reference, the program never fails by a bug of its own."""
    again = ("compare", "a=100ms", "b=200ms", *VIRTUAL, *MODES, "--against", altered(base, old, new))
    assert program.main(again) in (0, 2)
    assert "bug" not in capsys.readouterr().err


def test_another_machine_is_warned_of(base: Path, capsys: pytest.CaptureFixture[str]):
    """On the real clock a reference from elsewhere is compared, with a warning on standard error."""
    code = program.main(["run", "a=5ms", "--rows", "0", "-o", str(base)])
    elsewhere = altered(base, '"cpu_count": ', '"cpu_count": 9')
    capsys.readouterr()
    code, _, err = call(capsys, "run", "a=5ms", "--rows", "0", "--against", elsewhere)
    assert code == 0
    assert "warning: --against" in err
    assert "measured elsewhere: CPUs 9" in err
    assert call(capsys, "run", "a=5ms", "--rows", "0", "--against", elsewhere, "-q")[2] == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--max-slowdown", "10%"), "there is nothing to be slower than; add --against FILE.json"),
        (("--against", "BASE", "--max-slowdown", "10"), "'10' is no percentage; write 10%"),
        (("--against", "BASE", "--max-slowdown", "-1%"), "'-1%' is no percentage; write for example 10%"),
        (("--against", "BASE", "--strict"), "nothing is expected"),
        (("--against", "BASE", "-o", "BASE"), "or a file to be read; name another file"),
        (("--against", "."), "it is a directory"),
    ],
)
def test_bad_options(arguments: tuple[str, ...], says: str, base: Path, capsys: pytest.CaptureFixture[str]):
    """Options that mean nothing together, or are no percentage, are usage errors."""
    given = [str(base) if each == "BASE" else each for each in arguments]
    code, out, err = call(capsys, "compare", "a=100ms", "b=200ms", *VIRTUAL, *MODES, *given)
    assert (code, out) == (2, "")
    assert says in err


def test_show_draws_the_verdicts_again(base: Path, capsys: pytest.CaptureFixture[str]):
    """A saved result keeps what it was held against, and a broken verdict is refused."""
    path = base.with_name("judged.json")
    expect = ("--expect", "parallel < 1s", "--against", str(base))
    assert program.main(["compare", "a=100ms", "b=200ms", *VIRTUAL, *MODES, *expect, "-o", str(path)]) == 0
    capsys.readouterr()
    code, out, _ = call(capsys, "show", str(path), "--rows", "0")
    assert code == 0
    assert "parallel < 1s" in out
    assert "base.json" in out
    path.write_text(path.read_text(encoding="utf-8").replace('"verdict": "pass"', '"verdict": "good"'), "utf-8")
    assert call(capsys, "show", str(path))[0] == 2
