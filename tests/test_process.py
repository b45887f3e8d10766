"""The program as a process: pipes, closed and full outputs, signals, encodings, odd environments."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import PROGRAM

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals, pipes and devices")
VIRTUAL = ["--clock", "virtual"]


def started(*arguments: str, **options) -> subprocess.Popen[str]:
    """The program as a child of its own session with default signal handlers; `options` go to Popen."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"} | options
    return subprocess.Popen([*PROGRAM, *arguments], start_new_session=True, **options)


def finished(*arguments: str, **options) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the program."""
    with started(*arguments, **options) as child:
        out, err = child.communicate(timeout=60)
    return child.returncode, out or "", err or ""


def interrupted(number: int, *arguments: str, **options) -> tuple[int, str, str]:
    """The same, with a request to a silent server as last task, and the signal sent once the request has arrived."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with started(*arguments, "--warmup", "0", url, **options) as child:
            server.settimeout(60)
            connection, _ = server.accept()
            with connection:
                child.send_signal(number)
                out, err = child.communicate(timeout=60)
    return child.returncode, out, err


@posix
@pytest.mark.parametrize("arguments", [("compare", *VIRTUAL), ("run", "--help"), ("--help",)], ids=" ".join)
def test_closed_pipe_is_silent(arguments: tuple[str, ...]):
    """`| head -1` ends the program with 141 and not a word."""
    read, write = os.pipe()
    os.close(read)
    code, _, err = finished(*arguments, stdout=write)
    os.close(write)
    assert (code, err) == (141, "")


@posix
@pytest.mark.parametrize("arguments", [("compare", *VIRTUAL), ("compare", "--help"), ("--version",)], ids=" ".join)
def test_full_disk_is_one_line(arguments: tuple[str, ...]):
    """A result that cannot be written is exit code 4 and one line."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        code, _, err = finished(*arguments, stdout=full)
    assert code == 4
    assert err == "asyncmodes: error: standard output: No space left on device; write it somewhere else\n"


@posix
def test_closed_stdout_is_said_before_running():
    """Without any standard output nothing is run, with exit code 4."""
    code, _, err = finished("compare", "5s", stdout=None, preexec_fn=lambda: os.close(1))
    assert code == 4
    assert err.startswith("asyncmodes: error: standard output: it is closed")


@posix
def test_export_to_a_full_device(tmp_path: Path):
    """An export that cannot be written is exit code 4, and the result is still shown."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    link = tmp_path / "full.json"
    link.symlink_to("/dev/full")
    code, out, err = finished("compare", *VIRTUAL, "-o", str(link))
    assert code == 4
    assert err == f"asyncmodes: error: --output {link}: No space left on device; write it somewhere else\n"
    assert "sequential" in out


@posix
def test_closed_stderr_is_no_problem():
    """Nobody listening on standard error changes nothing."""
    code, out, _ = finished("compare", "1ms", "-m", "any", "-m", "any", *VIRTUAL, stderr=None,
                            preexec_fn=lambda: os.close(2))  # fmt: skip
    assert code == 0
    assert "any" in out


def test_an_empty_environment_is_enough():
    """Plain commands work without HOME, PATH or anything."""
    keep = {key: os.environ[key] for key in ("SYSTEMROOT",) if key in os.environ}
    code, out, err = finished("compare", *VIRTUAL, env=keep)
    assert (code, err) == (0, "")
    assert "sequential" in out


def test_an_ascii_terminal_gets_ascii():
    """Where the encoding cannot hold block characters the picture is ASCII, names are spelled out."""
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    code, out, _ = finished("run", "100ms", *VIRTUAL, env=environment)
    assert code == 0
    assert out.isascii()
    assert "===" in out


def test_words_from_standard_input():
    """`-` reads one word a line, without comments and blank lines."""
    with started("run", "-", *VIRTUAL, "--format", "json", stdin=subprocess.PIPE) as child:
        out, _ = child.communicate("10ms\n\n# no\n  b=20ms  \n", timeout=60)
    assert [task["name"] for task in json.loads(out)["runs"][0]["tasks"]] == ["10ms", "b"]


def test_spec_from_standard_input():
    """`--spec -` reads a spec."""
    with started("run", "--spec", "-", *VIRTUAL, stdin=subprocess.PIPE) as child:
        out, _ = child.communicate('title = "Tea"\n[[tasks]]\ndelay = "3m"\n', timeout=60)
    assert child.returncode == 0
    assert out.startswith("run Tea   1 task, 180 s of work")


def test_module_and_script_are_the_same_program():
    """`python -m asyncmodes` answers like the console script."""
    script = Path(sys.executable).with_name("asyncmodes")
    if not script.exists():
        pytest.skip("the console script is not installed beside this Python")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == finished("--version")[1]


TASKS = ("1ms", "fail:2ms", "1h")


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_shows_what_had_happened(number: int, code: int):
    """The first SIGINT or SIGTERM cancels, shows the partial picture marked interrupted, and exits 130 or 143."""
    result, out, err = interrupted(number, "compare", *TASKS, "-m", "settled")
    assert result == code
    assert "interrupted" in out.splitlines()[0]
    assert "Traceback" not in err


@posix
def test_an_interrupted_run_is_valid_json(tmp_path: Path):
    """Interrupted results are complete records: every task is final, and both outputs hold the same document."""
    target = tmp_path / "x.json"
    code, out, _ = interrupted(signal.SIGINT, "compare", *TASKS, "-m", "settled", "--format", "json", "-o", str(target))
    assert code == 130
    document = json.loads(out)
    assert document["interrupted"] is True
    assert document == json.loads(target.read_text())
    for run in document["runs"]:
        assert run["outcome"] == "interrupted"
        assert {task["state"] for task in run["tasks"]} <= {"ok", "failed", "timed_out", "cancelled", "skipped"}
        assert sum(run["counts"].values()) == 4
    assert document["summary"] == []


@posix
def test_a_signal_beats_a_full_disk():
    """130 outranks 4 where both hold."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        assert interrupted(signal.SIGINT, "run", *TASKS, stdout=full)[0] == 130


@posix
def test_a_signal_while_the_result_is_written_loses_nothing():
    """A signal that comes after the last run still leaves one whole JSON document."""
    with started("run", "1ms*30000", *VIRTUAL, "--format", "json") as child:
        assert child.stdout is not None
        out = child.stdout.read(1000)
        child.send_signal(signal.SIGINT)
        out += child.stdout.read()
        assert child.wait(timeout=60) == 130
    assert len(json.loads(out)["runs"][0]["tasks"]) == 30000


@posix
@pytest.mark.parametrize("arguments", [(), ("--no-such",)], ids=["none", "bad option"])
def test_closed_stderr_is_still_a_usage_error(arguments: tuple[str, ...]):
    """With nobody to tell it, a usage error is still exit code 2."""
    assert finished(*arguments, stderr=None, preexec_fn=lambda: os.close(2))[0] == 2


@posix
def test_ignored_sigint_stays_ignored():
    """A background job of a shell, which ignores SIGINT, is not interrupted by it."""
    code, out, _ = interrupted(
        signal.SIGINT, "run", "--timeout", "200ms", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)
    )
    assert code == 1
    assert "1 timed out" in out
    assert "interrupted" not in out
