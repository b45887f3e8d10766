"""The README and the examples do what they say: every command and every snippet is run."""

import importlib
import os
import pkgutil
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

import asyncmodes
from asyncmodes.lessons.checking import check_pack
from asyncmodes.lessons.pack import read_pack
from asyncmodes.modes import MODIFIERS, ROWS, parse_mode
from tests.bad_input.program import Program
from tests.pictures import pictures

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line[2:].partition(" #")[0].strip() for line in README.splitlines() if line.startswith("$ ")]
RUN = list(dict.fromkeys(command.replace(".venv/bin/", "") for command in COMMANDS if "asyncmodes" in command))
posix = pytest.mark.skipif(sys.platform == "win32", reason="the README's commands are for a POSIX shell")


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """A real server that stands in for example.org."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the README, with this Python's asyncmodes, python and make's variables first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        command,
        shell=True,
        cwd=ROOT,
        env=environment | {"PATH": path},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def words_of(command: str) -> list[str]:
    """A command as a shell splits it; empty if it takes a shell to run it."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    return [] if any(set(word) <= set("|&;<>") for word in words) or words[0] != "asyncmodes" else words


@posix
@pytest.mark.parametrize("command", RUN)
def test_every_command_of_the_readme_works(command: str, host: str, program: Program):
    """Each command runs and shows something; a real host is replaced by a local one, the venv's path by ours."""
    command = command.replace("https://example.org", host)
    if words := words_of(command):
        done = program.call(*words[1:], cwd=ROOT)
        code, out, err = done.code, done.out, done.err
    else:
        ran = shell(command)
        code, out, err = ran.returncode, ran.stdout, ran.stderr
    assert code == 0, err
    assert out
    assert "error" not in err


def test_the_readme_shows_enough():
    """The README has the commands that this file expects to find."""
    assert len(RUN) >= 12
    assert {"make demo", "make test"} <= set(COMMANDS)


@posix
def test_make_demo():
    """`make demo` runs where the environment is set up, and shows the dinner and the local server."""
    if not (ROOT / ".venv" / ".ready").exists():
        pytest.skip("the environment was not made by make")
    done = shell("make demo")
    assert done.returncode == 0, done.stderr
    assert "compare dinner" in done.stdout
    assert "page120" in done.stdout


@posix
@pytest.mark.parametrize("python", ["/nonexistent/python3", "false"])
def test_make_says_in_one_line_that_python_is_missing(python: str, tmp_path: Path):
    """Without a fitting Python, make says so in one line and names the remedy."""
    done = shell(f"make --no-print-directory demo PYTHON={python} VENV={tmp_path}/venv")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(lines) == 1
    assert "Python 3.11 or newer" in lines[0]
    assert "make PYTHON=" in lines[0]


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_every_python_block_of_the_readme_runs(block: str):
    """The README's Python runs as it stands, assertions included."""
    exec(compile(block, "README.md", "exec"), {})


def test_the_toml_of_the_readme_is_a_spec(tmp_path: Path):
    """The README's spec files are some, and its lesson is one."""
    block, server, lesson = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "soup.txt").write_text("boil")
    path = tmp_path / "spec.toml"
    path.write_text(block, encoding="utf-8")
    assert [task.work.kind for task in asyncmodes.read_spec(path).tasks] == ["delay", "delay", "url", *["file"] * 3]
    path.write_text(server + "[[tasks]]\nrequest = '1ms'\n", encoding="utf-8")
    assert asyncmodes.read_spec(path).server is not None
    assert (ROOT / "examples" / "lessons" / "01-tea.toml").read_text(encoding="utf-8").startswith(lesson)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "lesson.toml").write_text(lesson, encoding="utf-8")
    assert check_pack(read_pack(tmp_path / "pack")).runs == 2


def test_the_readme_names_every_figure_and_every_key_of_a_lesson():
    """Whoever writes a lesson finds each word of its format in the README."""
    from asyncmodes.lessons.figures import OF_ALL, OF_RUN, OF_TASK
    from asyncmodes.lessons.shapes import CODE, EXPERIMENT, LESSON, QUESTION, STEP

    section = README.partition("## Learn and teach")[2].partition("## In Python")[0]
    words = set(re.findall(r"[a-z_]+", section))
    assert {*OF_ALL, *OF_RUN, *OF_TASK, *CODE, *EXPERIMENT, *LESSON, *QUESTION, *STEP} <= words


@posix
@pytest.mark.parametrize("name", ["own_coroutines.py", "local_server.py"])
def test_every_example_program_runs(name: str):
    """The example programs run by themselves."""
    done = shell(f"{Path(sys.executable).name} examples/{name}")
    assert done.returncode == 0, done.stderr
    assert "sequential" in done.stdout


def test_the_mode_table_agrees_with_the_modes():
    """The README's table lists every mode with the idioms that the code holds, and every modifier."""
    for name, row in ROWS.items():
        (line,) = [line for line in README.splitlines() if line.startswith(f"| `{name}")]
        for idiom in (row.javascript, row.python):
            assert idiom.split(" over ")[0].split("(N)")[0] in line.replace("`", "")
        assert parse_mode(f"{name}=3" if row.takes_number else name).idioms == (row.javascript, row.python)
    for modifier in MODIFIERS:
        assert f"`+{modifier}`" in README


def test_public_names_are_all_there():
    """Every name that the package promises can be had, none is hidden by a module of that name, and no other."""
    for module in pkgutil.walk_packages(asyncmodes.__path__, "asyncmodes."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in asyncmodes.__all__:
        assert not isinstance(getattr(asyncmodes, name), ModuleType), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(asyncmodes, "nothing")  # noqa: B009  # what a misspelt name does


def test_the_changelog_names_the_version_or_is_unreleased():
    """The changelog is in Keep-a-Changelog form and has a place for what comes."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text


def test_constraints_pin_everything_and_name_no_index():
    """Every line of constraints.txt is NAME==VERSION."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)


def test_the_committed_pictures_are_what_the_tool_draws():
    """The README's pictures are current: `make picture` would draw the same."""
    from asyncmodes.exports.svg import write_svg

    tasks = asyncmodes.read_spec(ROOT / "examples" / "dinner.toml").tasks
    drawn = write_svg(
        asyncmodes.compare(tasks, ["sequential", "parallel", "limited=2"], clock="virtual", title="dinner")
    )
    assert drawn == (ROOT / "examples" / "compare.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(("path", "drawn"), pictures().items(), ids=lambda value: getattr(value, "stem", ""))
def test_the_walk_through_a_lesson_is_what_learn_shows(path: Path, drawn: str):
    """The pages of the lesson in the README are those that somebody would see today."""
    assert path.read_text(encoding="utf-8") == drawn
    assert path.name in README
