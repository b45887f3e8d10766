"""The command line: what each option does, and what is said for each bad input. In this process, for speed."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncmodes import __version__
from asyncmodes.commands import program
from asyncmodes.commands.options import CompareOptions, RunOptions
from asyncmodes.commands.plain import Listed

VIRTUAL = ("--clock", "virtual")


class Result:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Call = Callable[..., Result]


@pytest.fixture
def call(capsys, monkeypatch) -> Call:
    """Call the program in this process; the environment says nothing about colour or width."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)

    def called(*arguments: str) -> Result:
        capsys.readouterr()
        code = program.main(arguments)
        return Result(code, *capsys.readouterr())

    return called


def test_compare_without_tasks_cooks_the_dinner(call: Call):
    """The built-in example runs in the four default modes with the known totals."""
    result = call("compare", *VIRTUAL)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("compare dinner   4 tasks, 1000 ms of work   virtual clock: simulated, exact\n")
    assert (
        "parallel, settled and limited=3 were 2.50 times faster than sequential (400 ms instead of 1000 ms)"
        in " ".join(result.out.split())
    )


def test_run_draws_one_mode(call: Call):
    """`run` has one timeline, parallel unless told otherwise."""
    result = call("run", "100ms", "200ms", *VIRTUAL)
    assert result.out.startswith("run   2 tasks")
    assert "parallel   200 ms   peak 2   2 ok" in result.out
    assert "limited=1   300 ms" in call("run", "100ms", "200ms", "-m", "limited=1", *VIRTUAL).out


def test_real_clock_measures(call: Call):
    """On the real clock totals are measured, at least as long as the delays, and predicted stands beside."""
    result = call("compare", "20ms*3", "--format", "json")
    document = json.loads(result.out)
    assert document["clock"] == "real"
    for run in document["runs"]:
        assert run["total_s"] >= run["predicted_s"] - 1e-6
        assert all(task["end_s"] - task["start_s"] >= 0.02 - 1e-6 for task in run["tasks"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("10ms",), 0),
        (("fail:10ms",), 0),
        (("20ms", "--timeout", "10ms"), 1),
        (("file:/nowhere/at/all",), 1),
        (("fail:10ms", "20ms", "-m", "parallel+cancel"), 0),
        (("fail:10ms", "20ms", "-m", "sequential"), 0),
    ],
)
def test_exit_code_tells_undeclared_failures(call: Call, arguments: tuple[str, ...], code: int):
    """Only a failure that was not declared makes the exit code 1; cancelled and skipped tasks never do."""
    clock = () if "file:" in arguments[0] else VIRTUAL
    assert call("compare", *arguments, *clock).code == code


BAD = {
    ("compare", "--mode", "foo"): ("mode 'foo'", "the modes are sequential, parallel"),
    ("compare", "--mode", "paralel"): ("mode 'paralel'", "did you mean parallel"),
    ("compare", "--mode", "limited=0"): ("mode 'limited=0'", "write for example limited=3"),
    ("compare", "--mode", "limited=-1"): ("mode 'limited=-1'", "write for example limited=3"),
    ("compare", "--mode", "limited=1.5"): ("mode 'limited=1.5'", "write for example limited=3"),
    ("compare", "--mode", "limited="): ("mode 'limited='", "write for example limited=3"),
    ("compare", "--mode", "limited"): ("mode 'limited'", "write for example limited=3"),
    ("compare", "--mode", "settled+cancel"): ("mode 'settled+cancel'", "leave out +cancel"),
    ("compare", "--runs", "0"): ("--runs", "at least 1"),
    ("compare", "--runs", "abc"): ("--runs", "'abc' is not a whole number; see 'asyncmodes compare --help'"),
    ("compare", "--runs", "1_0"): ("--runs", "'1_0' is not a whole number"),
    ("compare", "--seed", "9" * 5000): ("--seed", "'99999999999999999999...' is not a whole number"),
    ("compare", "--warmup", "-1"): ("--warmup", "at least 0"),
    ("compare", "--width", "5"): ("--width", "write 20 to 200"),
    ("compare", "--rows=-1"): ("--rows", "at least 0"),
    ("compare", "--clock", "sundial"): ("--clock", "write real or virtual"),
    ("compare", "--format", "xml"): ("--format", "write table or json"),
    ("compare", "--color", "pink"): ("--color", "write auto, always or never"),
    ("compare", "--baseline", "race"): ("baseline", "choose one of sequential, parallel"),
    ("compare", "--timeout", "0s"): ("--timeout", "above zero"),
    ("compare", "--timeout", "3"): ("--timeout", "write 3ms or 3s"),
    ("compare", "--no-such"): ("asyncmodes compare", "see 'asyncmodes compare --help'"),
    ("compare", "-5ms"): ("asyncmodes compare", "never negative"),
    ("300ms",): ("asyncmodes", "asyncmodes compare 300ms"),
    ("run", "-m", "any", "-m", "race"): ("--mode", "asyncmodes compare"),
    ("compare", "1ms", "-o", "x" * 300 + ".json"): ("--output", "name another file"),
    ("compare", "Makefile", "-o", "Makefile.pdf"): ("--output", "in .json, .csv"),
    ("compar",): ("asyncmodes", "see 'asyncmodes --help'"),
    ("compare", "300"): ("argument 1", "write 300ms or 300s"),
    ("compare", ""): ("argument 1", "write a delay"),
    ("compare", "no-such-file"): ("argument 1", "write a delay"),
    ("compare", "nothing/*.here"): ("argument 1", "write a delay"),
    ("compare", "a=1s", "a=2s"): ("argument 2", "its own name"),
    ("compare", "ftp://host/x"): ("argument 1", "http"),
    ("compare", "http://[::1"): ("argument 1", "host"),
    ("compare", "http://h:99999/"): ("argument 1", "port"),
    ("compare", "10ms*2000000"): ("argument 1", "--max-tasks"),
    ("compare", "--max-tasks", "0"): ("--max-tasks", "at least 1"),
    ("compare", "-H", "no colon", "http://h/"): ("--header", "Name: value"),
    ("compare", "--spec", "no-such.toml"): ("no-such.toml", "TOML or JSON"),
    ("compare", "--spec", "x.toml", "10ms"): ("--spec", "write one of the two"),
    ("compare", "--spec", "-", "-"): ("-", "only once"),
    ("compare", "https://example.org", *VIRTUAL): ("example.org", "--clock real"),
    ("compare", "file:README.md", *VIRTUAL): ("README.md", "--clock real"),
    ("compare", "25h"): ("25h", "--clock virtual"),
    ("compare", "10ms", "-o", "result.txt"): ("--output result.txt", ".json"),
    ("compare", "10ms", "-o", "no/such/dir/x.json"): ("--output no/such/dir/x.json", "make the directory first"),
    ("compare", "8760h*300", *VIRTUAL): ("tasks", "fewer or shorter"),
    ("run", "--mode", "parallel,settled"): ("mode 'parallel,settled'", "the modes are"),
    ("compare", "url:/delay/5ms"): ("task '/delay/5ms'", '--server "capacity=8 overload=slow"'),
    ("compare", "url:/delay/5ms", "--server", "capacity=8", *VIRTUAL): ("task '/delay/5ms'", "--clock real"),
    ("compare", "url:/menu", "--server", "capacity=8"): ("argument 1", "it has /delay/300ms"),
    ("compare", "request:5ms", "--server", "capacity=x"): ("--server: capacity", "whole number"),
    ("compare", "request:5ms", "--server", ""): ("--server", "write for example 'capacity=8"),
    ("compare", "request:25h"): ("25h", "--clock virtual"),
    ("compare", "request:8760h*300", *VIRTUAL): ("tasks", "fewer or shorter"),
    ("serve", "--port", "70000"): ("--port", "from 1 to 65535"),
    ("serve", "--port", "x"): ("--port", "see 'asyncmodes serve --help'"),
    ("serve", "--host", "no host"): ("--host", "127.0.0.1"),
    ("serve", "--capacity", "0"): ("asyncmodes serve", "from 1 to"),
    ("serve", "--capacity", "x"): ("--capacity", "from 1 to"),
    ("serve", "--overload", "slow"): ("asyncmodes serve", "capacity=8 overload=slow"),
    ("serve", "--overload", "slwo"): ("--overload", "did you mean slow?"),
    ("serve", "--latency", "5"): ("--latency", "write 5ms or 5s"),
    ("serve", "--reject-latency", "x"): ("--reject-latency", "write a number and a unit"),
    ("serve", "--fail-rate", "2"): ("asyncmodes serve", "from 0 to 1"),
    ("serve", "now"): ("asyncmodes serve", "see 'asyncmodes serve --help'"),
}


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_usage_is_one_line_and_runs_nothing(call: Call, arguments: tuple[str, ...]):
    """Every usage error is exit code 2, nothing on standard output, one line with place and remedy."""
    result = call(*arguments)
    where, remedy = BAD[arguments]
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert result.err.startswith("asyncmodes: error: ")
    assert where in result.err
    assert remedy in result.err


def test_the_server_of_a_run(call: Call, tmp_path: Path):
    """Fake requests go to the server of --server, or else to that of the spec, and the result names it."""
    spec = tmp_path / "x.toml"
    spec.write_text("[server]\ncapacity = 1\n[[tasks]]\nrequest = '100ms'\nrepeat = 4\n")
    own = call("run", "--spec", str(spec), *VIRTUAL)
    assert "parallel took 400 ms" in own.out
    assert "fake requests went to a simulated server: capacity=1 overload=queue" in own.out
    assert "parallel took 200 ms" in call("run", "--spec", str(spec), "--server", "capacity=2", *VIRTUAL).out
    assert "parallel took 100 ms" in call("run", "request:100ms*4", *VIRTUAL).out
    rejected = call("run", "request:100ms*4", "--server", "capacity=1 overload=reject", *VIRTUAL)
    assert rejected.code == 1


def test_a_server_for_nothing_is_said(call: Call):
    """A server that no task goes to is most likely a mistake: there is a warning, and the run is done."""
    result = call("run", "10ms", "--server", "capacity=8", *VIRTUAL)
    assert result.code == 0
    assert result.err == (
        "asyncmodes: warning: there is a server, but no task goes to it; "
        "write request:50ms (simulated) or url:/delay/50ms\n"
    )
    assert call("run", "10ms", "--server", "capacity=8", "--quiet", *VIRTUAL).err == ""


def test_help_of_serve(call: Call):
    """The help of `serve` names every overload and says how it ends."""
    result = call("serve", "--help")
    assert (result.code, result.err) == (0, "")
    flat = " ".join(result.out.split())
    for word in ("queue|slow|reject|usl", "--fail-rate", "130", "/delay/300ms"):
        assert word in flat


def test_requests_to_a_server_of_our_own_are_announced(call: Call):
    """Before the requests it is said how many go to a server that is started for them."""
    result = call("run", "url:/delay/1ms*3", "--server", "capacity=8", "--warmup", "0")
    assert result.code == 0
    assert result.err.splitlines()[0] == "asyncmodes: requests: 3 to a server of our own (1 mode x 1 run)"


def test_no_arguments_prints_help_on_stderr(call: Call):
    """`asyncmodes` alone explains itself on standard error and is a usage error."""
    result = call()
    assert (result.code, result.out) == (2, "")
    assert "compare" in result.err


@pytest.mark.parametrize("arguments", [("--help",), ("compare", "--help"), ("run", "--help")], ids=" ".join)
def test_help_is_whole(call: Call, arguments: tuple[str, ...]):
    """`--help` goes to standard output with exit code 0, and no bracketed word is lost."""
    result = call(*arguments)
    assert (result.code, result.err) == (0, "")
    if len(arguments) > 1:
        flat = " ".join(result.out.split())
        assert "TASK..." in flat
        for word in ("+settled", "limited=N", "fail:300ms", "100ms..400ms"):
            assert word in flat


@pytest.mark.parametrize("listed", program.COMMANDS, ids=lambda listed: listed.name)
def test_the_list_of_commands_says_what_their_own_help_says(listed: Listed):
    """What stands in the list, without the command being loaded, is the first paragraph of the command's help."""
    command = listed.loaded()
    assert " ".join(command.help.split("\n\n")[0].split()) == listed.help
    assert (command.name, command.get_short_help_str(60)) == (listed.name, listed.get_short_help_str(60))


def test_every_option_is_in_the_help(call: Call):
    """Every field of the options has a help text that the program prints."""
    for command, options in (("compare", CompareOptions), ("run", RunOptions)):
        text = call(command, "--help").out
        for name in ("--mode", "--spec", "--clock", "--timeout", "--runs", "--warmup", "--reverse", "--seed",
                     "--format", "--output", "--live", "--width", "--ascii", "--color", "--quiet", "--max-tasks",
                     "--header", "--method", "--data", "--max-bytes", "--trust-env"):  # fmt: skip
            assert name in text, (command, name, options)


def test_version(call: Call):
    """`--version` prints name and version."""
    assert call("--version").out == f"asyncmodes {__version__}\n"


def test_same_mode_twice_runs_once(call: Call):
    """A mode given twice, in any spelling, runs once, keeps its place, and is warned of."""
    result = call("compare", "10ms", "-m", "parallel+settled", "-m", "race", "-m", "settled", *VIRTUAL)
    assert result.err == "asyncmodes: warning: mode settled was asked for 2 times; it is run once\n"
    assert result.out.index("settled   10 ms") < result.out.index("race   10 ms")
    assert call("compare", "10ms", "-m", "any", "-m", "any", "-q", *VIRTUAL).err == ""


def test_reverse_and_seed(call: Call):
    """`--reverse` turns the list round; the same seed draws the same delays and another one others."""

    def tasks(*arguments: str) -> list[dict[str, object]]:
        return json.loads(call("run", *arguments, *VIRTUAL, "--format", "json").out)["runs"][0]["tasks"]

    assert [task["name"] for task in tasks("a=1ms", "b=2ms", "--reverse")] == ["b", "a"]
    drawn = [task["end_s"] for task in tasks("1ms..900ms*9")]
    assert [task["end_s"] for task in tasks("1ms..900ms*9")] == drawn
    assert [task["end_s"] for task in tasks("1ms..900ms*9", "--seed", "1")] != drawn


def test_runs_and_warmup(call: Call):
    """`--runs` repeats all modes in turn; warm-ups are not in the record."""
    result = call("compare", "1ms", "-m", "race", "-m", "any", "--runs", "3", "--warmup", "2", *VIRTUAL,
                  "--format", "json")  # fmt: skip
    document = json.loads(result.out)
    assert [(run["mode"], run["repeat"]) for run in document["runs"]] == [
        ("race", 0), ("any", 0), ("race", 1), ("any", 1), ("race", 2), ("any", 2),
    ]  # fmt: skip
    assert document["summary"][0]["total_s"]["stddev"] == 0


def test_baseline(call: Call):
    """`--baseline` says what speedup is measured against."""
    result = call("compare", "10ms*4", "-m", "sequential", "-m", "limited=2", "--baseline", "limited=2", *VIRTUAL)
    assert "sequential was 2.00 times slower than limited=2" in result.out


def test_format_json_is_one_document(call: Call):
    """`--format json` prints one document and nothing else, whatever fails."""
    result = call("compare", "fail:10ms", "20ms", "--timeout", "15ms", *VIRTUAL, "--format", "json")
    assert result.code == 1
    assert len(json.loads(result.out)["runs"]) == 4


def test_output_files(call: Call, tmp_path: Path):
    """`-o` writes each format beside the picture, replaces what was there and keeps its permissions."""
    target, picture = tmp_path / "x.json", tmp_path / "x.svg"
    target.write_text("old")
    target.chmod(0o640)
    result = call("compare", *VIRTUAL, "-o", str(target), "-o", str(picture))
    assert result.code == 0
    assert "sequential" in result.out
    assert json.loads(target.read_text())["clock"] == "virtual"
    assert picture.read_text().startswith("<svg")
    if sys.platform != "win32":
        assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.json", "x.svg"]


def test_output_keeps_links(call: Call, tmp_path: Path):
    """A result written through a symbolic link changes the file it points to and leaves the link."""
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("no symbolic links here")
    assert call("compare", *VIRTUAL, "-o", str(link)).code == 0
    assert link.is_symlink()
    assert json.loads(real.read_text())


def test_output_onto_the_spec_is_refused(call: Call, tmp_path: Path):
    """The spec itself is never overwritten."""
    spec = tmp_path / "spec.json"
    spec.write_text('{"tasks": [{"delay": "1ms"}]}')
    result = call("compare", "--spec", str(spec), "-o", str(spec))
    assert result.code == 2
    assert "that is the spec itself" in result.err
    assert spec.read_text().startswith('{"tasks"')


def test_output_onto_a_file_that_is_read_is_refused(call: Call, tmp_path: Path):
    """A file that the tasks read is never overwritten by their result."""
    data = tmp_path / "data.json"
    data.write_text("[]")
    result = call("run", str(data), "-o", str(data))
    assert (result.code, result.out) == (2, "")
    assert data.read_text() == "[]"


def test_warnings_end_on_stderr_and_in_the_json(call: Call):
    """Reasons for doubt are said after the result on standard error, and are data in the JSON."""
    result = call("compare", "fail:10ms", "20ms", "-m", "settled", "-m", "parallel", *VIRTUAL, "--format", "json")
    (warning,) = json.loads(result.out)["warnings"]
    assert warning["kind"] == "lost_in_fastest"
    assert result.err == f"asyncmodes: warning: {warning['message']}\n"
    assert call("compare", "fail:10ms", "20ms", "-m", "settled", "-m", "parallel", *VIRTUAL, "-q").err == ""


def test_color_is_asked_for_or_detected(call: Call, monkeypatch):
    """Pipes get no escape sequence; `--color always` and FORCE_COLOR give colour, NO_COLOR takes it away."""
    assert "\x1b" not in call("compare", *VIRTUAL).out
    assert "\x1b[" in call("compare", *VIRTUAL, "--color", "always").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in call("compare", *VIRTUAL).out
    assert "\x1b" not in call("compare", *VIRTUAL, "--color", "never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in call("compare", *VIRTUAL).out


def test_width_comes_from_option_then_columns(call: Call, monkeypatch):
    """`--width` beats COLUMNS, and an absurd COLUMNS is clamped."""
    monkeypatch.setenv("COLUMNS", "99999")
    assert max(map(len, call("compare", *VIRTUAL).out.splitlines())) <= 200
    assert max(map(len, call("compare", *VIRTUAL, "--width", "61").out.splitlines())) <= 61
    assert max(map(len, call("compare", *VIRTUAL, "--width", "20").out.splitlines())) <= 20


def test_ascii(call: Call):
    """`--ascii` leaves no other character."""
    assert call("compare", *VIRTUAL, "--ascii").out.isascii()


def test_hostile_words_never_reach_the_terminal_raw(call: Call):
    """Escape and bidi characters in a bad word or mode are spelled out in the message."""
    for arguments in (("compare", "\x1b]0;x\x07\u202e"), ("compare", "-m", "\x1b[2J"), ("compare", "--\x1b[2J")):
        result = call(*arguments)
        assert result.code == 2
        assert not any((ord(c) < 32 and c != "\n") or c == "\u202e" for c in result.err)


def loaded_by(*arguments: str) -> set[str]:
    """What this command has loaded once it is over."""
    code = (
        "import sys; from asyncmodes.commands.program import main; "
        f"main({list(arguments)!r}); print(); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_fake_delays_load_no_library_for_anything_else():
    """Comparing delays given as words loads neither libraries for other tasks nor other commands nor Rich's console."""
    loaded = loaded_by("compare", "1ms", "--clock", "virtual")
    assert not {"aiohttp", "aiofiles", "pydantic", "rich.console", "asyncmodes.spec.files"} & loaded
    others = {f"asyncmodes.commands.{listed.name}" for listed in program.COMMANDS}
    assert not others & loaded
    assert "asyncmodes.commands.session" in loaded


def test_the_list_of_commands_loads_none_of_them():
    """`--help` is answered without what the commands need."""
    loaded = loaded_by("--help")
    assert "typer" in loaded
    assert not {"asyncio", "rich", "asyncmodes.commands.options", "asyncmodes.commands.session"} & loaded


def test_version_loads_next_to_nothing():
    """`--version` is answered without Typer, Rich or asyncio."""
    code = (
        "import sys; sys.argv[1:] = ['--version']; from asyncmodes.__main__ import main; main(); "
        "print(*sorted({'typer', 'rich', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""
