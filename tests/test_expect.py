"""Expectations: how they are read, what is refused before anything runs, and how each is judged."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import mean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

import asyncmodes
from asyncmodes.commands import program
from asyncmodes.errors import UsageError
from asyncmodes.expectations import Expectation, judge, parse_expectation
from asyncmodes.expectations.figures import FIGURES
from asyncmodes.expectations.grammar import Reading
from asyncmodes.intervals import mean_interval, median_interval, ratio_interval, t_quantile
from asyncmodes.modes import parse_mode
from asyncmodes.record import Comparison
from asyncmodes.rulings import Judgement, Unit

MS = 1_000_000
VIRTUAL = ("--clock", "virtual", "--rows", "0")


# How they are read


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("parallel <= 0.5 sequential", "parallel <= 0.5 sequential"),
        ("limited=5 < 2s", "limited=5 < 2s"),
        ("limited=5<2s", "limited=5 < 2s"),
        ("settled.failed == 0", "settled.failed == 0"),
        ("parallel.p95<300ms", "parallel.p95 < 300ms"),
        ("limited=5==2s", "limited=5 == 2s"),
        ("parallel+settled.mean >= 1.50s", "settled >= 1500ms"),
        ("limited=04+drop != 50% sequential", "limited=4+drop != 0.5 sequential"),
        ("parallel<sequential", "parallel < sequential"),
        ("parallel.p95 <= 2*sequential", "parallel.p95 <= 2 sequential"),
        ("parallel.p95 <= 2x sequential.total", "parallel.p95 <= 2 sequential.total"),
        ("parallel <= 2 × sequential.p95", "parallel <= 2 sequential.p95"),
        ("parallel.speedup >= 2.50", "parallel.speedup >= 2.5"),
        ("settled.failed <= 2.5%", "settled.failed <= 2.5%"),
        ("parallel > 0ms", "parallel > 0s"),
        ("any < 1.5us", "any < 1500ns".replace("1500ns", "1.5us")),
        ("parallel.task.mean < 120s", "parallel.task < 2m"),
    ],
)
def test_spellings(text: str, canonical: str):
    """Modes with `=`, `+` and digits are told from operators, and every spelling has a canonical one."""
    assert str(parse_expectation(text)) == canonical


@given(st.text(st.sampled_from("parallel limited=5+settled.p95<=>!0123456789%x*ms.²٣\n\x1b"), max_size=60) | st.text())
def test_any_text_is_read_or_refused(text: str):
    """No text raises anything but UsageError, in one line that names the option; what is read can be written."""
    try:
        expectation = parse_expectation(text)
    except UsageError as error:
        problems = error.problems
    else:
        problems = []
        assert parse_expectation(str(expectation)) == expectation
    assert all(problem.where.startswith("--expect ") and problem.instead for problem in problems)


MODES = st.sampled_from(["sequential", "parallel", "settled", "limited=5", "limited=12+drop", "batched=3+keep", "any"])
NUMBERS = st.decimals(0, 10**9, places=6) | st.integers(0, 10**6).map(Decimal)


@st.composite
def expectations(draw: st.DrawFn) -> Expectation:
    """Any expectation that can be written."""
    name = draw(st.sampled_from(list(FIGURES)))
    left = Reading(parse_mode(draw(MODES)), name)
    operator = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
    figure = FIGURES[name]
    if figure.unit is not Unit.FACTOR and draw(st.booleans()):
        others = [each.name for each in FIGURES.values() if each.unit is figure.unit]
        of = Reading(parse_mode(draw(MODES)), draw(st.sampled_from(others)))
        return Expectation(left, operator, draw(NUMBERS), Unit.FACTOR, of)
    if figure.unit is Unit.TIME:
        return Expectation(left, operator, Decimal(draw(st.integers(0, 10**16))), Unit.TIME)
    if figure.of_tasks and draw(st.booleans()):
        return Expectation(left, operator, draw(NUMBERS) / 100, Unit.SHARE)
    return Expectation(left, operator, draw(NUMBERS), figure.unit)


@given(expectations())
def test_what_is_written_is_read_back(expectation: Expectation):
    """The canonical spelling of any expectation is read back as the same."""
    assert parse_expectation(str(expectation)) == expectation


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("parallel", "it compares nothing"),
        ("limited=5 = 2s", "equality is written =="),
        ("1s < parallel < 2s", "more than one comparison; write --expect once for each"),
        ("parallel <", "nothing stands after <"),
        ("< 2s", "nothing stands before <"),
        ("2s > parallel", "write the mode first"),
        ("paralel < 2s", "did you mean parallel?"),
        ("parallel.p59 < 2s", "did you mean p95?"),
        ("parallel.p95 < 2", "2 has no unit; write 2ms or 2s"),
        ("parallel < 2 s", "write 2s"),
        ("parallel < 50%", "50% of what is not said; write for example 50% sequential"),
        ("parallel.peak < 50%", "peak is no share of tasks"),
        ("parallel.ok > 2s", "ok is a count and no time"),
        ("parallel.ok > sequential.total", "ok is a count, and total a time"),
        ("parallel.speedup > 0.5 limited=3", "speedup compares with the baseline already"),
        ("parallel < -2s", "is negative"),
        ("parallel < 9000h", "more than 365 days"),
        ("limited=0 < 2s", "not a whole number of at least 1"),
        ("parallel < 0.5 paralel", "did you mean parallel?"),
    ],
)
def test_what_is_wrong_is_said_with_its_remedy(text: str, says: str, capsys: pytest.CaptureFixture[str]):
    """A bad expectation is a usage error in one line, and nothing is run."""
    assert program.main(["compare", "--expect", text]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert len(err.splitlines()) == 1


def test_all_that_is_wrong_is_said_at_once(capsys: pytest.CaptureFixture[str]):
    """Several bad expectations are several lines."""
    assert program.main(["compare", "--expect", "a < 1s", "--expect", "parallel.x < 1s"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_mode_that_will_not_run_is_refused(capsys: pytest.CaptureFixture[str]):
    """An expectation about a mode that is not among those run is refused with the nearest one."""
    assert program.main(["compare", "-m", "limited=5", "--expect", "limited=50 < 1s"]) == 2
    assert "limited=50 is not among the modes that run; did you mean limited=5?" in capsys.readouterr().err
    assert program.main(["run", "1ms", "--expect", "parallel < 2 sequential"]) == 2
    assert "sequential is not among the modes that run; they are parallel" in capsys.readouterr().err


def test_what_the_virtual_clock_does_not_measure_is_refused(capsys: pytest.CaptureFixture[str]):
    """Costs of the machine are not measured on the virtual clock, and that is said before anything runs."""
    assert program.main(["compare", *VIRTUAL, "--expect", "parallel.threads <= 2"]) == 2
    assert "threads is not measured on the virtual clock" in capsys.readouterr().err
    assert program.main(["run", "1ms", "--rows", "0", "--expect", "parallel.threads >= 1"]) == 0


# How they are judged


def judged(text: str, comparison: Comparison, *, strict: bool = False) -> Judgement:
    """What becomes of one expectation."""
    (judgement,) = judge([parse_expectation(text)], comparison, strict=strict)
    return judgement


def dinner(*words: str, modes: Sequence[str] = ("sequential", "parallel", "settled", "limited=3")) -> Comparison:
    """The dinner, or these tasks, on the virtual clock."""
    tasks = asyncmodes.words(*(words or ("rice=400ms", "sauce=200ms", "salad=300ms", "bread=100ms")))
    return asyncmodes.compare(tasks, modes, clock="virtual")


def measured(modes: dict[str, Sequence[int]], text: str = "1ms") -> Comparison:
    """A comparison on the real clock in which each mode's runs had these totals in microseconds."""
    simulated = asyncmodes.compare(asyncmodes.words(text), list(modes), clock="virtual")
    by_mode = {str(run.mode): run for run in simulated.runs}
    runs = [
        replace(by_mode[mode], total_ns=total * 1000, drained_ns=total * 1000, repeat=repeat)
        for mode, totals in modes.items()
        for repeat, total in enumerate(totals)
    ]
    return replace(simulated, clock="real", runs=tuple(runs))


@pytest.mark.parametrize(
    ("text", "ruling"),
    [
        ("parallel <= 0.4 sequential", "pass"),
        ("parallel < 0.4 sequential", "fail"),
        ("parallel == 400ms", "pass"),
        ("parallel != 400ms", "fail"),
        ("parallel.median <= 400ms", "pass"),
        ("parallel.min >= 400ms", "pass"),
        ("parallel.max < 400ms", "fail"),
        ("parallel.drained == 400ms", "pass"),
        ("parallel.predicted == 400ms", "pass"),
        ("parallel.task == 250ms", "pass"),
        ("parallel.p50 == 250ms", "pass"),
        ("parallel.p95 == 400ms", "pass"),
        ("parallel.task.max == 400ms", "pass"),
        ("parallel.speedup == 2.5", "pass"),
        ("parallel.slowdown == 1", "pass"),
        ("parallel.ok == 4", "pass"),
        ("parallel.ok == 100%", "pass"),
        ("parallel.failed <= 0%", "pass"),
        ("parallel.timed_out == 0", "pass"),
        ("parallel.cancelled == 0", "pass"),
        ("parallel.skipped == 0", "pass"),
        ("parallel.delivered >= sequential", "pass"),
        ("parallel.lost == 0", "pass"),
        ("limited=3.peak == 3", "pass"),
        ("parallel.peak <= 2 limited=3", "pass"),
        ("parallel.p95 < sequential.task", "fail"),
    ],
)
def test_every_figure_on_the_virtual_clock_is_exact(text: str, ruling: str):
    """Each figure is read off the summary and compared exactly, without any interval."""
    judgement = judged(text, dinner())
    assert judgement.ruling == ruling
    assert judgement.method == "exact"
    assert judgement.low is None


def test_exactness_survives_decimals():
    """A tenth is a tenth: bounds and factors are no binary fractions."""
    comparison = dinner("300ms", "100ms", modes=["sequential", "parallel", "batched=1"])
    assert judged("parallel == 0.75 sequential", comparison).ruling == "pass"
    tenths = dinner(*["100ms"] * 10, modes=["sequential", "limited=7", "parallel"])
    assert judged("parallel == 0.1 sequential", tenths).ruling == "pass"
    assert judged("limited=7 == 0.2 sequential", tenths).ruling == "pass"


def test_one_run_is_judged_by_its_value():
    """A single measured run has no interval, and says so."""
    judgement = judged("parallel < 2s", measured({"parallel": [1_000_000]}))
    assert (judgement.ruling, judgement.method, judgement.low) == ("pass", "by value, n=1", None)
    assert judged("parallel < 900ms", measured({"parallel": [1_000_000]})).ruling == "fail"


@pytest.mark.parametrize(
    ("text", "ruling"),
    [
        ("parallel < 130us", "pass"),
        ("parallel < 110us", "inconclusive"),
        ("parallel < 80us", "fail"),
        ("parallel > 80us", "pass"),
        ("parallel == 100us", "inconclusive"),
        ("parallel == 200us", "fail"),
        ("parallel != 200us", "pass"),
        ("parallel <= 0.7 sequential", "pass"),
        ("parallel <= 0.5 sequential", "inconclusive"),
        ("parallel <= 0.3 sequential", "fail"),
        ("parallel.speedup >= 1.5", "pass"),
        ("parallel.speedup >= 2", "inconclusive"),
        ("parallel.speedup >= 3", "fail"),
        ("parallel.max <= 110us", "pass"),
        ("parallel.drained < 110us", "inconclusive"),
        ("parallel.median < 120us", "inconclusive"),
    ],
)
def test_several_runs_are_judged_by_their_interval(text: str, ruling: str):
    """Pass if the whole interval keeps the bound, fail if none of it does, else inconclusive."""
    comparison = measured({"sequential": [190, 200, 210, 200], "parallel": [90, 100, 110, 100]})
    assert judged(text, comparison).ruling == ruling
    strict = judged(text, comparison, strict=True)
    assert strict.ruling == ("fail" if ruling == "inconclusive" else ruling)


def test_the_interval_is_students():
    """Mean 100, deviation 8.16 of four runs: t(3) = 3.18245 times 4.0825 on both sides."""
    judgement = judged("parallel < 1s", measured({"parallel": [90, 100, 110, 100]}))
    assert judgement.low == pytest.approx(100_000 - 3.1824463 * 4082.4829, rel=1e-6)
    assert judgement.high == pytest.approx(100_000 + 3.1824463 * 4082.4829, rel=1e-6)


def test_a_median_takes_six_runs():
    """With fewer runs no pair of them holds the median with 95 % confidence; six do."""
    few = judged("parallel.median < 1s", measured({"parallel": [90, 100, 110, 100, 95]}))
    assert (few.ruling, few.reason) == ("inconclusive", "a median's interval takes at least 6 runs")
    six = judged("parallel.median < 1s", measured({"parallel": [90, 100, 110, 100, 95, 97]}))
    assert (six.ruling, six.low, six.high) == ("pass", 90_000, 110_000)


def test_a_ratio_of_medians_takes_seven_runs():
    """Two intervals hold together only if each is wrong half as often."""
    six, seven = ([90, 100, 110, 100, 95, 97][:n] + [96] * (n - 6) for n in (6, 7))
    comparison = measured({"sequential": six, "parallel": six})
    assert judged("parallel.median < 2 sequential", comparison).ruling == "inconclusive"
    comparison = measured({"sequential": seven, "parallel": seven})
    assert judged("parallel.median < 2 sequential", comparison).ruling == "pass"


def test_every_run_has_to_keep_a_bound_on_counts():
    """A single bad run among many fails, and the range over the runs is shown."""
    good = asyncmodes.compare(asyncmodes.words("1ms", "2ms"), ["settled"], clock="virtual")
    bad = asyncmodes.compare(asyncmodes.words("1ms", "fail:2ms"), ["settled"], clock="virtual")
    comparison = replace(good, clock="real", runs=(good.runs[0], replace(bad.runs[0], repeat=1), good.runs[0]))
    judgement = judged("settled.failed == 0", comparison)
    assert (judgement.ruling, judgement.measured, judgement.low, judgement.high) == ("fail", 1, 0, 1)
    assert judged("settled.failed <= 50%", comparison).ruling == "pass"
    assert judged("settled.ok >= 2", comparison).measured == 1
    assert judged("settled.ok >= settled", comparison).ruling == "fail"
    assert judged("settled.ok >= 0.5 settled", comparison).ruling == "pass"


def test_time_says_nothing_about_work_that_was_not_done():
    """A rejected mode's total is no pass, nor one that delivered less than its baseline; counts are judged."""
    trouble = dinner("400ms", "fail:200ms", "300ms", modes=["sequential", "parallel", "settled", "race"])
    rejected = judged("parallel < 1s", trouble)
    assert (rejected.ruling, rejected.reason) == ("fail", "rejected: no result delivered")
    assert judged("settled <= sequential", trouble).reason == "sequential was rejected: no result delivered"
    assert judged("settled.speedup > 1", trouble).ruling != "pass"
    assert judged("parallel.failed == 1", trouble).ruling == "pass"
    partly = judged("settled < 1s", trouble)
    assert (partly.ruling, partly.reason) == ("pass", "2 of 3 results delivered")
    fewer = dinner("400ms", "200ms", modes=["settled", "race"])
    assert judged("race < 300ms", fewer).ruling == "pass"
    assert judged("race < settled", fewer).reason == "1 delivered, and 2 by settled: not the same work"


def test_fewer_results_than_the_baseline_is_no_pass():
    """A server that turns tasks away makes a mode quick, which does not count."""
    tasks = asyncmodes.words("request:50ms*6")
    server = asyncmodes.parse_server("capacity=2 overload=reject")
    comparison = asyncmodes.compare(tasks, ["sequential", "settled"], clock="virtual", server=server)
    judgement = judged("settled < 1s", comparison)
    assert (judgement.ruling, judgement.reason) == ("fail", "2 delivered, and 6 by sequential")


def test_interrupted_runs_are_not_judged():
    """What was interrupted has no verdict, and says why."""
    judgement = judged("parallel < 2s", replace(dinner(), interrupted=True), strict=True)
    assert (judgement.ruling, judgement.reason) == ("not judged", "interrupted")


def test_an_unknown_figure_is_inconclusive():
    """No figure is no pass and no fail: a prediction of what cannot be predicted."""
    comparison = measured({"parallel": [100]})
    unknown = replace(comparison, runs=tuple(replace(run, predicted_ns=None) for run in comparison.runs))
    judgement = judged("parallel.predicted < 1s", unknown)
    assert (judgement.ruling, judgement.reason) == ("inconclusive", "predicted is not known")


# Intervals


@pytest.mark.parametrize(
    ("freedom", "t"),
    [
        (1, math.tan(math.pi * 0.475)),
        (2, 0.95 * math.sqrt(2 / (1 - 0.95**2))),
        (3, 3.182446305284263),
        (9, 2.2621571627409915),
        (30, 2.0422724563012373),
        (1e7, 1.959964221),
    ],
)
def test_quantiles_of_students_t(freedom: float, t: float):
    """The quantiles agree with closed forms (1 and 2 degrees of freedom) and with published tables."""
    assert t_quantile(freedom) == pytest.approx(t, rel=1e-8)


def test_ratio_interval_widens_with_noise_and_gives_up():
    """Without noise the ratio is a point; with noise below it has an end only while that mean is surely not nought."""
    assert ratio_interval([1, 1], [2, 2]) == (0.5, 0.5)
    low, high = ratio_interval([9, 10, 11], [19, 20, 21])
    assert low < 0.5 < high
    assert ratio_interval([1, 2, 3], [1, 20]) is None
    assert ratio_interval([1], [2, 3]) is None


def test_ratio_interval_ends_where_the_difference_is_just_noise():
    """At both ends r, |mean above - r mean below| is t times its own error: Fieller's condition, Welch's freedom."""
    above, below = [9.0, 10.0, 12.5], [19.0, 20.0, 21.5, 18.0]
    a, va = mean(above), variance(above) / 3
    b, vb = mean(below), variance(below) / 4
    ours, theirs = va, (a / b) ** 2 * vb
    t = t_quantile((ours + theirs) ** 2 / (ours**2 / 2 + theirs**2 / 3))
    for end in ratio_interval(above, below):
        assert abs(a - end * b) == pytest.approx(t * math.sqrt(va + end**2 * vb))


def test_intervals_of_one_value_are_none():
    """One value says nothing about its noise."""
    assert mean_interval([1]) is None
    assert median_interval([1]) is None


# On the command line


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error."""
    code = program.main(list(arguments))
    return code, *capsys.readouterr()


def test_the_table_and_the_exit_code(capsys: pytest.CaptureFixture[str]):
    """A fail is exit code 3, a row of the table, and one line on standard error."""
    expect = ("--expect", "parallel <= 0.5 sequential", "--expect", "limited=3 < 300ms")
    code, out, err = call(capsys, "compare", *VIRTUAL, *expect)
    assert code == 3
    assert (
        """
expected                          measured  judged by  verdict
parallel <= 0.5 sequential  0.4 sequential      exact     pass
limited=3 < 300ms                   400 ms      exact     fail
"""
        in out
    )
    assert err == "asyncmodes: missed: limited=3 < 300ms: measured 400 ms (exact)\n"


def test_a_figure_next_to_its_bound_shows_why_it_failed(capsys: pytest.CaptureFixture[str]):
    """A total that would be rounded to the bound is shown with more digits."""
    _, out, _ = call(capsys, "run", "2000.4us", *VIRTUAL, "--expect", "parallel <= 2ms")
    assert "2.0004 ms" in out


def test_the_json_has_the_verdicts_and_reads_them_back(capsys: pytest.CaptureFixture[str]):
    """`expectations` is there only if something was expected; times are seconds."""
    code, out, _ = call(capsys, "compare", *VIRTUAL, "--format", "json", "--expect", "parallel < 300ms")
    assert code == 3
    (row,) = json.loads(out)["expectations"]
    assert row == {
        "expectation": "parallel < 300ms",
        "verdict": "fail",
        "unit": "s",
        "measured": 0.4,
        "low": None,
        "high": None,
        "bound": 0.3,
        "relative_to": None,
        "runs": 1,
        "method": "exact",
        "reason": "",
    }
    assert asyncmodes.write_json(asyncmodes.read_json(out)) == out
    _, plain, _ = call(capsys, "compare", *VIRTUAL, "--format", "json")
    assert "expectations" not in json.loads(plain)
    assert "against" not in json.loads(plain)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("run", "10ms", "--timeout", "5ms", "--expect", "parallel.failed == 5"), 1),
        (("run", "10ms", "--expect", "parallel.failed == 5", "-o", "/dev/full"), 2),
        (("run", "10ms", "--expect", "parallel.failed == 0"), 0),
        (("run", "10ms", "--expect", "parallel.failed == 1", "--quiet"), 3),
        (("run", "10ms", "--strict"), 2),
    ],
)
def test_other_exit_codes_come_first(arguments: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]):
    """A failed task (1) counts more than a missed expectation (3), a usage error comes before all."""
    assert program.main([*arguments, *VIRTUAL]) == code
    capsys.readouterr()


def test_the_interval_holds_what_it_is_of():
    """The figure that is shown lies within its interval, quantiles and their ratios included."""
    words = ("5ms", "1ms*3")
    simulated = asyncmodes.compare(asyncmodes.words(*words), ["sequential", "parallel"], clock="virtual")
    runs = []
    for repeat, factor in enumerate((10, 11, 9, 14)):
        for run in simulated.runs:
            ends = run.starts[:]
            for index, (start, end) in enumerate(zip(run.starts, run.ends)):
                ends[index] = start + (end - start) * factor // 10
            runs.append(replace(run, ends=ends, total_ns=run.total_ns * factor // 10, repeat=repeat))
    comparison = replace(simulated, clock="real", runs=tuple(runs))
    for text in ("parallel.p95 < 1s", "parallel.p95 < 2 sequential", "parallel.task < 1s", "parallel.speedup > 1"):
        judgement = judged(text, comparison)
        assert judgement.low < judgement.measured < judgement.high
    assert judged("parallel.p95 < 1s", comparison).measured == pytest.approx(5.5 * MS)
