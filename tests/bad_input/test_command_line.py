"""Section A: words and options that mean nothing. One line says what to write instead, and nothing is run."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.bad_input.program import Program, sound

VIRTUAL = ("--clock", "virtual")
MODES = "the modes are sequential, parallel, settled, limited=N, batched=N, race, any"
FORMS = "write a delay (300ms), a URL (https://example.org/) or a file (data.txt, file:300)"


def refused(program: Program, *arguments: str, **options) -> str:
    """The one line that says why these arguments are refused."""
    done = sound(program.call(*arguments, **options))
    assert (done.code, len(done.errors)) == (2, 1), done
    return done.errors[0].removeprefix("asyncmodes: error: ")


def test_row_1_no_arguments(program: Program):
    """The help is shown where errors go."""
    done = program.call()
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: asyncmodes")
    assert "compare" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--nope",), "No such option: --nope; see 'asyncmodes --help'", id="row-2"),
        pytest.param(("run", "1ms", "--warmupp", "1"), "--warmup", id="row-2-typo"),
        pytest.param(("compar",), "Did you mean 'compare'", id="row-3"),
        pytest.param(("run", "1ms", "--mode", "foo"), f"mode 'foo': there is no such mode; {MODES}", id="row-4"),
        pytest.param(("run", "1ms", "--mode", "limited=0"), "'0' is not a whole number of at least 1", id="row-5"),
        pytest.param(("run", "1ms", "--mode", "limited=abc"), "'abc' is not a whole number", id="row-6-abc"),
        pytest.param(("run", "1ms", "--mode", "limited=-1"), "'-1' is not a whole number", id="row-6-negative"),
        pytest.param(("run", "1ms", "--mode", "limited=1.5"), "'1.5' is not a whole number", id="row-6-fraction"),
        pytest.param(("run", "1ms", "--mode", "limited="), "'' is not a whole number", id="row-6-empty"),
        pytest.param(("run", "1ms", "--mode", "limited"), "write for example limited=3", id="row-6-none"),
        pytest.param(("run", "1ms", "--runs", "0"), "--runs: 0 is too few", id="row-10"),
        pytest.param(("run", "1ms", "--runs", "9" * 30), "write at most 1,000,000", id="row-10-endless"),
        pytest.param(("run", "400ms..100ms"), "begins above its end; write 100ms..400ms", id="row-11"),
        pytest.param(("run", "--clock", "\x1b[31m\x1b]0;x\x07"), r"there is no '\x1b[31m\x1b]0;x\x07'", id="row-13"),
        pytest.param(("run", "--clock", "[red]x"), "there is no '[red]x'", id="row-14"),
        pytest.param(("run", "[/tmp]"), "'[/tmp]' is no URL and no duration", id="row-14-closing"),
        pytest.param(("run", "foo"), FORMS, id="row-17"),
        pytest.param(("run", "300"), "'300' has no unit; write 300ms or 300s", id="row-18"),
        pytest.param(("run", ""), f"it is empty; {FORMS}", id="row-20"),
        pytest.param(("run", "*.nothing"), "matches no file", id="row-21"),
        pytest.param(("run", "file:*.nothing"), "matches no file", id="row-21-file"),
        pytest.param(("run", "-5ms"), "a duration is never negative", id="row-22-duration"),
        pytest.param(("run", "-x"), "No such option: -x", id="row-22-option"),
        (("run", "1ms", "-H", "bad"), "there is no colon in it; write 'Name: value'"),
        (("run", "1ms", "-H", ": x"), "'' is no header name"),
        (("run", "1ms", "-H", "A: b\r\nC: secret"), "the value of A has line breaks"),
        (("run", "1ms", "-H", "A\x1b: b"), r"'A\x1b' is no header name"),
        (("run", "1ms", "-H", "content-length: 3"), "content-length is told by what is sent; leave it out"),
        (("run", "1ms", "-H", "Transfer-Encoding: chunked"), "Transfer-Encoding is told by what is sent"),
        (("run", "1ms", "--method", "G T"), "'G T' is no HTTP method"),
        (("run", "1ms", "--max-bytes", "-1"), "--max-bytes: -1 is too few"),
        (("run", "1ms", "--max-bytes", "1GiB"), "'1GiB' is not a whole number"),
        (("run", "1ms", "--width", "0"), "write 20 to 200"),
        (("run", "1ms", "--width", "99999"), "write 20 to 200"),
        (("run", "1ms", "--warmup", "9" * 30), "write at most 1,000,000"),
        (("run", "1ms", "--timeout", "1e3s"), "has an exponent"),
        (("run", "1ms*99999999999999999999"), "far more than can be run"),
        (("run", "1ms*0"), "'*0' is no number of times"),
        (("run", "١ms"), "has other digits than 0 to 9"),
        (("run", "\ud800"), r"'\ud800' is no URL"),
        (("run", "http://[::1%]/"), "has a host that cannot exist"),
        (("run", "--spec", "no\x1b[2Jsuch.toml"), r"no\x1b[2Jsuch.toml: there is no such file"),
        (("run", "1ms", "--spec", "x.toml"), "--spec: tasks are given as words too"),
        (("run", "1ms", "--server", "capacity=1 capacity=2"), "capacity stands there twice"),
        (("serve", "--port", "99999"), "--port: 99999 does not exist"),
        (("serve", "--host", "\x1b"), r"--host: '\x1b' is no host"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_rows_2_to_22_refused(program: Program, tmp_path: Path, arguments: tuple[str, ...], said: str):
    """One line, with the remedy."""
    if any("\ud800" in argument for argument in arguments) and os.name == "nt":
        pytest.skip("Windows passes it on as it is")
    assert said in refused(program, *arguments, cwd=tmp_path)


def test_row_9_the_same_mode_twice(program: Program):
    """It is run once, in the place where it stood first, with a warning; two spellings are one mode."""
    done = sound(program.call("compare", "1ms", *VIRTUAL, "--format", "json",
                              "-m", "settled", "-m", "any", "-m", "parallel+settled"))  # fmt: skip
    assert done.code == 0
    assert [run["mode"] for run in done.document["runs"]] == ["settled", "any"]
    assert done.err == "asyncmodes: warning: mode settled was asked for 2 times; it is run once\n"


def test_row_12_one_run_has_no_deviation(program: Program):
    """Neither in the picture nor in the data, which says that it was one."""
    arguments = ("run", "1ms", *VIRTUAL, "--runs", "1")
    assert "±" not in sound(program.call(*arguments)).out
    (summary,) = sound(program.call(*arguments, "--format", "json")).document["summary"]
    assert (summary["runs"], summary["total_s"]["stddev"]) == (1, None)


@pytest.mark.parametrize("command", [(), ("compare",), ("run",), ("serve",)], ids=str)
def test_row_15_every_help(program: Program, command: tuple[str, ...]):
    """Brackets and bars of the help texts are shown, not swallowed as markup."""
    done = sound(program.call(*command, "--help"))
    assert (done.code, done.err) == (0, "")
    for word in {"compare": ("real|virtual", "[default"), "run": ("table|json",), "serve": ("queue|slow",)}.get(
        "".join(command), ("[OPTIONS]",)
    ):
        assert word in " ".join(done.out.split())


def test_row_16_commands_really_run(program: Program):
    """Exit code 0 means that the tasks have been run."""
    for command in ("compare", "run"):
        document = sound(program.call(command, "1ms", *VIRTUAL, "--format", "json")).document
        assert {task["state"] for run in document["runs"] for task in run["tasks"]} == {"ok"}


def test_row_19_a_file_named_like_a_duration(program: Program, tmp_path: Path):
    """It is the duration; `file:` forces the file."""
    (tmp_path / "5s").write_text("hello")
    kinds = [
        sound(program.call("run", word, *more, "--format", "json", cwd=tmp_path)).document["runs"][0]["tasks"][0][
            "kind"
        ]
        for word, *more in (["5s", *VIRTUAL], ["file:5s", "--warmup", "0"])
    ]
    assert kinds == ["delay", "file"]


def test_row_22_a_word_that_begins_with_a_dash(program: Program, tmp_path: Path):
    """After `--` everything is a task."""
    (tmp_path / "-x").write_text("hello")
    done = sound(program.call("run", "--warmup", "0", "--format", "json", "--", "-x", cwd=tmp_path))
    assert (done.code, done.document["runs"][0]["tasks"][0]["detail"]) == (0, {"bytes": 5})
    assert "is negative" in refused(program, "run", "--", "-5ms")


def test_row_23_nothing_is_installed(program: Program, tmp_path: Path):
    """No option writes into the shell's own files."""
    for command in ((), ("compare",)):
        refused(program, *command, "--install-completion", env={"HOME": str(tmp_path), "SHELL": "/bin/bash"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "stdin",
    [b"\xff\xfe\n", b"\0\n", b"x" * 70_000, b"# nothing\n\n", b"", b"foo\n" * 30],
    ids=lambda data: repr(data[:9]),
)
def test_bad_words_on_standard_input(program: Program, stdin: bytes):
    """Each has its line number, and at most ten are told."""
    done = sound(program.call("run", "-", stdin=stdin))
    assert done.code == 2
    assert all("standard input" in line for line in done.errors[:10])
    assert len(done.errors) == (11 if stdin.startswith(b"foo") else 1)


@pytest.mark.skipif(sys.platform == "win32", reason="its names are text")
def test_data_that_is_no_text_is_no_bug(program: Program):
    """Arguments may be any bytes."""
    assert sound(program.call("run", "1ms", "--data", "\udcff", *VIRTUAL)).code == 0


def test_json_is_empty_when_nothing_was_run(program: Program):
    """With exit code 2 standard output has not a byte."""
    assert sound(program.call("run", "foo", "--format", "json")).out == ""
    assert json.loads(sound(program.call("run", "1ms", *VIRTUAL, "--format", "json")).out)
