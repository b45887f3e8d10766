"""Section E: outputs that cannot take a result, and terminals that are none."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_input.program import Program, sound
from tests.servers import GUARD_S
from tests.terminal import PROGRAM

POSIX = pytest.mark.skipif(os.name != "posix", reason="descriptors and pipes of POSIX")
DINNER = ("compare", "--clock", "virtual")
SPEC = '{"tasks": [{"delay": "1ms"}]}'


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("no/such/x.json", "its directory does not exist; make the directory first", id="row-99"),
        pytest.param("file.txt/x.json", "its directory does not exist", id="row-99-a-file-is-no-directory"),
        ("folder.json", "that is a directory; name a file in it"),
        ("folder.json/", "that is a directory; name a file in it"),
        ("x.unknown", ".unknown is no known format; end the name in "),
        ("x", "the name has no extension to tell the format"),
        ("", "the name has no extension to tell the format"),
        ("a\x1b[2J.y", r"--output a\x1b[2J.y: "),
        ("x" * 300 + ".json", "name another file"),
    ],
)
def test_row_99_exports_are_checked_before_the_run(program: Program, tmp_path: Path, name: str, said: str):
    """An hour is not waited for a result that cannot be kept."""
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file.txt").touch()
    done = sound(program.call("run", "1h", "-o", name, cwd=tmp_path))
    assert (done.code, len(done.errors)) == (2, 1)
    assert said in done.errors[0]


def test_row_100_an_export_that_exists_is_replaced(program: Program, tmp_path: Path):
    """In one step: whoever has the old one open keeps it whole; a name given twice is written once more."""
    target = tmp_path / "x.json"
    target.write_text("old")
    with target.open() as still_open:
        done = sound(program.call(*DINNER, "-o", "x.json", "-o", "./x.json", cwd=tmp_path))
        assert (done.code, done.err) == (0, "")
        if os.name == "posix":
            assert still_open.read() == "old"
    assert json.loads(target.read_text())["clock"] == "virtual"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.skipif(os.name != "posix", reason="Windows allows shorter names")
def test_an_export_may_have_the_longest_name_there_is(program: Program, tmp_path: Path):
    """Also where each character takes several bytes."""
    name = "料" * 83 + ".json"
    assert sound(program.call(*DINNER, "-o", name, cwd=tmp_path)).code == 0
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("way", ["itself", "a longer way", "symbolic link", "hard link"])
def test_row_102_the_spec_is_never_overwritten(program: Program, tmp_path: Path, way: str):
    """Whatever leads to it."""
    spec, other = tmp_path / "spec.json", tmp_path / "other.json"
    spec.write_text(SPEC)
    if way == "symbolic link" and os.name == "posix":
        other.symlink_to(spec)
    elif way == "hard link":
        other.hardlink_to(spec)
    name = {"itself": "spec.json", "a longer way": f"../{tmp_path.name}/spec.json"}.get(way, "other.json")
    if not (tmp_path / name).exists():
        pytest.skip("no symbolic links here")
    done = sound(program.call("run", "--spec", "spec.json", "-o", name, cwd=tmp_path))
    assert done.code == 2
    assert "that is the spec itself, or a file to be read; name another file" in done.err
    assert spec.read_text() == SPEC


@pytest.mark.parametrize("columns", ["99999", "0", "-5", "abc", "1", "9" * 5000, " 80", "²"])
def test_row_105_columns(program: Program, columns: str):
    """An absurd width is made a possible one."""
    done = sound(program.call(*DINNER, env={"COLUMNS": columns}))
    assert done.code == 0
    assert 20 <= max(map(len, done.out.splitlines())) <= 200


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "xterm-256color"}, {}])
def test_row_107_no_styles_in_a_pipe(program: Program, environment: dict[str, str]):
    """No escape sequence of any kind."""
    assert "\x1b" not in sound(program.call(*DINNER, env=environment)).out


def test_rows_109_and_111_forced_colour_in_a_pipe(program: Program):
    """It is coloured, and nothing moves: a log is no terminal; the last line is a whole one."""
    out = program.call("compare", "1ms", "2ms", env={"FORCE_COLOR": "1", "TERM": "xterm-256color"}).out
    assert "\x1b[" in out
    assert not re.sub(r"\x1b\[[0-9;]*m", "", out).count("\x1b")
    assert out.endswith("\n")
    assert "\r" not in out


def test_row_114_pages_are_plain_text(program: Program, tmp_path: Path):
    """Markup in a message stays text in a page, which runs no script; formats that nobody knows are refused."""
    (tmp_path / "a.toml").write_text("[[tasks]]\ndelay = '1ms'\nfails = '</script><script>alert(1)</script>'\n")
    sound(program.call("run", "--spec", "a.toml", "-q", "-o", "x.html", cwd=tmp_path))
    page = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert sound(program.call(*DINNER, "-o", "x.pdf", cwd=tmp_path)).code == 2


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot do without these folders")
def test_row_116_nothing_is_written_unless_asked(program: Program, tmp_path: Path):
    """Neither beside the tasks nor in a folder for temporary files, which need not exist."""
    (tmp_path / "data.txt").write_text("hello")
    before = sorted(tmp_path.rglob("*"))
    env = {"TMPDIR": str(tmp_path / "none"), "HOME": str(tmp_path / "none"), "XDG_CONFIG_HOME": str(tmp_path)}
    done = sound(program.call("run", "data.txt", "1ms", "--warmup", "0", cwd=tmp_path, env=env))
    assert done.code == 0
    assert sorted(tmp_path.rglob("*")) == before


def _with_closed(closed: tuple[int, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program started as a shell does with `<&-`, `>&-` or `2>&-`."""
    script = 'exec "$@" ' + " ".join({0: "<&-", 1: ">&-", 2: "2>&-"}[number] for number in closed)
    command = ["sh", "-c", script, "sh", *PROGRAM, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=GUARD_S, check=False)


@POSIX
@pytest.mark.parametrize(
    ("closed", "arguments", "code", "said"),
    [
        ((0,), ("run", "-"), 2, "standard input: it is closed"),
        ((0, 2), ("run", "url:/status/200", "--server", "capacity=8", "--format", "json"), 0, '"ok": 1'),
        ((0, 1, 2), ("run", "1h"), 4, ""),
    ],
    ids=["stdin", "stdin and stderr", "all"],
)
def test_closed_descriptors(closed, arguments, code, said):
    """Whatever is closed: what can be said is said, and the exit code is right."""
    done = _with_closed(closed, *arguments)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@POSIX
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("compare", "1ms", "-m", "any", "-m", "any", "--clock", "virtual"), 0), (("run", "foo"), 2)],
)
def test_nobody_reads_standard_error(arguments, code):
    """Messages that nobody wants are no reason to fail, nor for another exit code."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-m", "asyncmodes", *arguments], stdout=subprocess.PIPE, stderr=write,
                          timeout=GUARD_S, check=False)  # fmt: skip
    os.close(write)
    assert done.returncode == code
