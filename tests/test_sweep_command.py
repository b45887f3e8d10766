"""The command `sweep`: its JSON, exports, expectations, exit codes and dry run, and all that can be asked wrongly."""

import json
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from asyncmodes.commands import program
from asyncmodes.commands.sweep import parse_limits
from asyncmodes.errors import UsageError
from asyncmodes.exports.json import read_json
from asyncmodes.exports.result_schema import result_schema
from tests.test_process import finished, interrupted
from tests.test_schema import closed

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
VIRTUAL = ("--clock", "virtual")
SLOW = ("request:50ms*64", "--server", "capacity=8 overload=slow", *VIRTUAL)
NOISY = ("request:50ms*16", "--server", "overload=usl:0.3,0.01 jitter=10ms", *VIRTUAL, "--limits", "1,4,5,6,7,8")
JITTER = ("request:50ms*16", "--server", "capacity=4 jitter=20ms", *VIRTUAL, "--limits", "1,2,4,8")


def called(*arguments: str, capsys) -> tuple[int, str, str]:
    """The program in this process: exit code, standard output, standard error."""
    capsys.readouterr()
    code = program.main(["sweep", *arguments])
    return code, *capsys.readouterr()


@posix
def test_ctrl_c_shows_what_there_was_and_exits_130():
    """SIGINT in the middle of a run: one valid document, marked interrupted, without a recommendation."""
    code, out, _ = interrupted(signal.SIGINT, "sweep", "10ms", "--limits", "1,2", "--format", "json")
    document = json.loads(out)
    assert code == 130
    assert document["interrupted"] is True
    assert document["sweep"]["recommended"] is None


def test_the_real_thing():
    """Real sockets, a real server of capacity 2 that rejects: three limits in a few rounds, and a plain result."""
    code, out, err = finished(
        *("sweep", "url:/delay/20ms*12", "--server", "capacity=2 overload=reject", "--limits", "1,2,6"),
        *("--budget", "3s", "--format", "json"),
    )
    document = json.loads(out)
    assert code == 1
    assert "requests: 48 to a server of our own" in err
    told = document["sweep"]
    assert told["points"][2]["failed"] > 0
    assert told["recommended"] in (1, 2)
    assert len(document["runs"]) == sum(point["runs"] for point in told["points"])


def test_json(capsys, tmp_path: Path):
    """One document: a comparison that can be read back, and under `sweep` all that was found; exports are the same."""
    target = tmp_path / "sweep.json"
    picture = tmp_path / "sweep.svg"
    arguments = ("request:50ms*64", "--server", "overload=usl:0.1,0.001", "--clock", "virtual", "--limits", "1,2,4,8")
    code, out, err = called(
        *arguments, "--format", "json", "-o", str(target), "-o", str(picture), "--quiet", capsys=capsys
    )
    document = json.loads(out)
    told = document["sweep"]
    assert (code, err) == (0, "")
    assert (told["limits"], told["exact"], told["sure"], told["problem"]) == ([1, 2, 4, 8], True, 1, None)
    assert (told["recommended"], told["best"]) == (8, 8)
    assert told["fit"]["sigma"] == pytest.approx(0.1)
    assert told["fit"]["kappa"] == pytest.approx(0.001)
    assert told["fit"]["best_limit"] == pytest.approx(30)
    assert told["points"][0]["ok_per_s"] == pytest.approx(20)
    assert {run["mode"] for run in document["runs"]} == {f"limited={limit}+settled" for limit in (1, 2, 4, 8)}
    assert len(read_json(out).runs) == 4
    written = json.loads(target.read_text(encoding="utf-8"))
    assert written["sweep"] == told
    assert picture.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize("arguments", [NOISY, (*SLOW, "--limits", "2,8,99")])
def test_a_saved_sweep_is_shown_as_it_was(arguments: tuple[str, ...], capsys, tmp_path: Path):
    """`show` draws its curve, also as SVG, and its JSON stays what it is; of runs it draws what is asked for."""
    saved, again, drawn = (str(tmp_path / name) for name in ("a.json", "b.json", "a.svg"))
    _, swept, _ = called(*arguments, "--expect", "recommended <= 8", "-o", saved, capsys=capsys)
    code = program.main(["show", saved, "-o", again, "-o", drawn])
    shown, err = capsys.readouterr()
    assert (code, shown, err) == (0, "show" + swept.removeprefix("sweep"), "")
    assert Path(again).read_bytes() == Path(saved).read_bytes()
    assert "recommended" in Path(drawn).read_text(encoding="utf-8")
    assert program.main(["show", saved, "--format", "json"]) == 0
    assert capsys.readouterr().out == Path(saved).read_text(encoding="utf-8")
    assert program.main(["show", saved, "--rows", "0"]) == 0
    assert "+settled was " in capsys.readouterr().out
    report, baseline = tmp_path / "a.md", "limited=8+settled"
    assert program.main(["show", saved, "--baseline", baseline, "-o", str(report)]) == 0
    (row,) = [line for line in report.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {baseline} ")]
    assert "| 1.00" in row


def test_other_luck_in_each_run_is_not_called_exact(capsys, tmp_path: Path):
    """The runs of a sweep on a server with jitter are simulated, but another run would be another."""
    saved = str(tmp_path / "a.json")
    called(*NOISY, "-o", saved, capsys=capsys)
    assert program.main(["show", saved, "--rows", "0", "-o", str(tmp_path / "a.md")]) == 0
    heading = capsys.readouterr().out.splitlines()[0]
    assert heading == "show   16 tasks   virtual clock: simulated"
    assert "virtual clock: simulated ·" in (tmp_path / "a.md").read_text(encoding="utf-8")
    assert program.main(["compare", *NOISY[:-2], "-m", "limited=4+settled", "--against", saved]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.endswith(("slower", "faster", "same"))]
    assert "by value, n=1" in line


def test_an_interrupted_sweep_is_shown_as_such(capsys, tmp_path: Path):
    """What was saved without a recommendation gets none when it is shown."""
    _, out, _ = called(*SLOW, "--format", "json", "--limits", "2,8", capsys=capsys)
    saved = tmp_path / "a.json"
    saved.write_text(out.replace('"interrupted": false', '"interrupted": true'), encoding="utf-8")
    assert program.main(["show", str(saved)]) == 0
    assert "No recommendation: the sweep was interrupted." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"limits": [8, 1]}, "sweep.limits: its limits do not rise"),
        ({"limits": [0, 1]}, "sweep.limits[0]: found the number 0 where there must be a whole number from 1 to"),
        ({"limits": "1"}, "sweep.limits: found the text '1' where there must be a list"),
        ({"dropped_limits": None}, "sweep.dropped_limits: found null where there must be a list"),
        ({"budget_s": -1}, "sweep.budget_s: found the number -1 where there must be a time"),
        ({"over_budget": 0}, "sweep.over_budget: found the number 0 where there must be true or false"),
        ({"exact": "yes"}, "sweep.exact: found the text 'yes' where there must be true or false"),
        (None, "sweep: parallel is no mode of a sweep"),
    ],
)
def test_a_broken_sweep_is_refused(change: dict[str, object] | None, what: str, capsys, tmp_path: Path):
    """The line tells the place within the file."""
    _, out, _ = called(*SLOW, "--format", "json", "--limits", "2,8", capsys=capsys)
    if change is None:
        document = json.loads(out.replace("limited=2+settled", "parallel"))
    else:
        document = json.loads(out)
        document["sweep"].update(change)
    saved = tmp_path / "a.json"
    saved.write_text(json.dumps(document), encoding="utf-8")
    assert program.main(["show", str(saved)]) == 2
    assert what in capsys.readouterr().err


def test_other_luck_in_each_round_is_said_once(capsys):
    """A server whose seed is another in every round is named in one line."""
    _, out, _ = called(*NOISY, capsys=capsys)
    (line,) = [line for line in out.splitlines() if "simulated server" in line]
    assert line == "fake requests went to a simulated server: overload=usl:0.3,0.01 jitter=10ms,"
    assert "another seed each round" in out


def test_a_fit_that_is_none_has_no_figures(capsys):
    """Where the data do not support the law, its coefficients are null, and the reason stands there."""
    _, out, _ = called(
        *("request:50ms*64", "--server", "capacity=8", "--clock", "virtual", "--format", "json"), capsys=capsys
    )
    fit = json.loads(out)["sweep"]["fit"]
    assert fit["sigma"] is None
    assert fit["best_limit"] is None
    assert "another shape" in fit["problem"]


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        ("", "there are none"),
        (" , ", "there are none"),
        ("0", "'0' is not a whole number of at least 1"),
        ("4,2", "2 comes after 4; write them rising"),
        ("1,2,2", "2 stands there twice"),
        ("two", "'two' is not a whole number"),
        ("1.5", "'1.5' is not a whole number"),
        ("-1", "'-1' is not a whole number"),
        ("1,,2", "a number is missing"),
        ("٣", "is not a whole number"),
        ("9" * 50, "is not a whole number"),
        ("9,10", "all are above the 8 tasks"),
        (",".join(map(str, range(1, 2000))), "1,999 limits"),
    ],
)
def test_limits_that_make_no_sense(limits: str, what: str, capsys):
    """Each is one line that says what is wrong with --limits, exit code 2, and nothing was run."""
    code, out, err = called("20ms*8", "--limits", limits, capsys=capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "error: --limits: " in err
    assert what in err


@given(st.text(max_size=30))
def test_limits_are_read_or_refused(text: str):
    """Whatever is written, the limits are rising whole numbers, or it is a usage error."""
    try:
        limits = parse_limits(text)
    except UsageError:
        return
    assert list(limits) == sorted(set(limits))
    assert limits[0] >= 1


def test_limits_above_the_tasks_are_dropped_with_a_notice(capsys):
    """The others are swept, and the notice names those that are not."""
    code, out, err = called("20ms*8", "--limits", "1,4,9,100", "--clock", "virtual", capsys=capsys)
    assert code == 0
    assert err == "asyncmodes: warning: --limits: 9, 100 dropped, there are just 8 tasks\n"
    assert "Recommended: limit 4" in out


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--budget", "0s"), "--budget: '0s' leaves no time at all"),
        (("--budget", "soon"), "--budget: 'soon' is no duration"),
        (("-o", "sweep.csv"), "a sweep has no such format"),
        (("--runs", "3"), "No such option"),
        (("--clock", "virtual", "https://example.org"), "the virtual clock runs only fake tasks"),
    ],
)
def test_other_bad_input(arguments: tuple[str, ...], what: str, capsys):
    """Options that mean nothing here are one line on standard error and exit code 2."""
    code, out, err = called("20ms*8", *arguments, capsys=capsys)
    assert (code, out) == (2, "")
    assert what in err


def test_exit_codes(capsys):
    """1 if a task failed that was not declared to, even where a sweep looks for it; declared failures do not count."""
    virtual = ("--clock", "virtual", "--limits", "1,2,4")
    assert called("request:9ms*8", "--server", "capacity=2 overload=reject", *virtual, capsys=capsys)[0] == 1
    assert called("request:9ms*8", "--server", "capacity=2 overload=queue", *virtual, capsys=capsys)[0] == 0
    code, out, _ = called("fail:9ms*8", *virtual, capsys=capsys)
    assert code == 0
    assert "No recommendation: no task ended ok at any limit." in out


@pytest.mark.parametrize(
    "arguments",
    [
        SLOW,
        (*JITTER, "--expect", "recommended <= 8", "--expect", "limited=8.throughput > 1"),
        ("request:50ms*64", "--server", "overload=usl:0.1,0.001", *VIRTUAL),
        ("request:50ms*16", "--server", "capacity=4 overload=reject", *VIRTUAL),
        ("fail:9ms*8", *VIRTUAL, "--limits", "1,2,40", "--expect", "best == 1"),
        ("0s*4", *VIRTUAL),
    ],
)
def test_the_json_keeps_the_schema_of_results(arguments: tuple[str, ...], capsys):
    """With a fit and without, with a recommendation and without: what is written is described, to the last field."""
    document = json.loads(called(*arguments, "--format", "json", "--quiet", capsys=capsys)[1])
    Draft202012Validator(result_schema()).validate(document)
    document["environment"] = {}
    for run in document["runs"]:
        for task in run["tasks"]:
            task["detail"] = {}
    Draft202012Validator(closed(result_schema())).validate(document)


def test_what_is_expected_is_judged_shown_and_decides_the_exit_code(capsys):
    """A miss is exit code 3, a table with verdicts, a line on standard error, and rows in the JSON."""
    kept = (
        "--expect",
        "recommended <= 8",
        "--expect",
        "limited=8.throughput >= 160",
        "--expect",
        "limited=8.failed==0",
    )
    assert called(*SLOW, *kept, "--quiet", capsys=capsys)[::2] == (0, "")
    code, out, err = called(*SLOW, *kept, "--expect", "best > 8", "--expect", "limited=16 <= limited=8", capsys=capsys)
    assert code == 3
    assert err.splitlines() == [
        "asyncmodes: missed: best > 8: measured 8 (exact)",
        "asyncmodes: missed: limited=16+settled <= limited=8+settled: measured 2 limited=8+settled (exact)",
    ]
    verdicts = [line.split()[-1] for line in out.partition("verdict\n")[2].splitlines()]
    assert verdicts == ["pass", "pass", "pass", "fail", "fail"]
    code, out, _ = called(*SLOW, "--expect", "recommended == 9", "--format", "json", capsys=capsys)
    row = json.loads(out)["expectations"][0]
    assert code == 3
    assert (row["expectation"], row["verdict"], row["measured"], row["bound"]) == ("recommended == 9", "fail", 8, 9)


def test_what_noise_leaves_open_is_inconclusive(capsys):
    """The recommended limit is judged by what 95 % of the resamples recommend; --strict makes what is open a miss."""
    told = json.loads(called(*NOISY, "--format", "json", capsys=capsys)[1])["sweep"]
    low, high = told["recommended_interval"]
    assert low < high
    bounds = {f"recommended <= {low}": "inconclusive", f"recommended <= {high}": "pass", f"recommended < {low}": "fail"}
    expected = [word for bound in bounds for word in ("--expect", bound)]
    code, out, err = called(*NOISY, *expected, "--format", "json", capsys=capsys)
    rows = json.loads(out)["expectations"]
    assert code == 3
    assert [row["verdict"] for row in rows] == [*bounds.values()]
    assert {(row["low"], row["high"], row["method"]) for row in rows} == {(low, high, "bootstrap, 95 %")}
    assert f"inconclusive: recommended <= {low}: measured {told['recommended']} ({low} to {high}, bootstrap" in err
    assert called(*NOISY, "--expect", f"recommended <= {low}", "--strict", capsys=capsys)[0] == 3


def test_a_limit_that_is_asked_about_is_measured_as_often(capsys):
    """Limit 1 is out of the question after one run, but an expectation of it is judged by several."""
    counts = []
    for more in ((), ("--expect", "limited=1.throughput > 5")):
        document = json.loads(called(*JITTER, *more, "--format", "json", capsys=capsys)[1])
        counts.append(document["sweep"]["points"][0]["runs"])
    assert counts[0] == 1
    assert counts[1] > 3


def test_nothing_recommended_is_inconclusive(capsys):
    """Where there is no recommendation the expectation is open, and says why."""
    code, _, err = called("fail:9ms*8", *VIRTUAL, "--expect", "recommended <= 4", capsys=capsys)
    assert code == 0
    assert "inconclusive: recommended <= 4: no task ended ok at any limit" in err


@pytest.mark.parametrize(
    ("expectation", "what"),
    [
        ("recommended", "it compares nothing; write a whole number: 'recommended <= 8'"),
        ("recommended <= 2s", "'2s' is no limit"),
        ("best >= 0", "'0' is no limit"),
        ("recommended <= limited=8", "'limited=8' is no limit"),
        ("limited=7 < 2s", "limited=7+settled is not among the modes that run"),
        ("parallel < 2s", "parallel is not among the modes that run"),
        ("limited=8.throughput > 2s", "throughput is a rate and no time"),
        ("limited=8.througput > 2", "did you mean throughput?"),
        ("recomended <= 8", "there is no 'recomended'; did you mean recommended?"),
    ],
)
def test_expectations_that_make_no_sense(expectation: str, what: str, capsys):
    """Each is one line before anything is run, and exit code 2."""
    code, out, err = called(*SLOW, "--expect", expectation, capsys=capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert what in err


def test_strict_without_an_expectation(capsys):
    """There is nothing to be strict about."""
    code, _, err = called(*SLOW, "--strict", capsys=capsys)
    assert code == 2
    assert "--strict: nothing is expected; add --expect" in err


def test_a_dry_run_shows_the_limits_and_runs_nothing(tmp_path: Path, capsys):
    """The limits with their predicted totals; no task of hours is waited for, and no file is written."""
    exported = tmp_path / "a.json"
    code, out, err = called("8h*4", "--limits", "1,2,4,9", "--dry-run", "-o", str(exported), capsys=capsys)
    assert code == 0
    assert err == "asyncmodes: warning: --limits: 9 dropped, there are just 4 tasks\n"
    assert out.splitlines()[-6:] == [
        "mode               predicted  peak    outcome",
        "limited=1+settled       32 h     1  fulfilled",
        "limited=2+settled       16 h     2  fulfilled",
        "limited=4+settled        8 h     4  fulfilled",
        "",
        "dry run: nothing was run",
    ]
    assert not exported.exists()
    code, out, _ = called("8h*4", "--dry-run", "--format", "json", "--budget", "5s", capsys=capsys)
    assert code == 0
    assert json.loads(out)["sweep"] == {"limits": [1, 2, 4], "dropped_limits": [], "finer": True, "budget_s": 5}
