"""At home in CI: the example runs locally, logs are plain, the step summary is appended to, shells complete."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncmodes.commands import program

ROOT = Path(__file__).parent.parent
CI = ROOT / "examples" / "ci"
posix = pytest.mark.skipif(sys.platform == "win32", reason="for POSIX shells")
VIRTUAL = ("--clock", "virtual", "--rows", "0")


def ran(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as CI does: no terminal, CI set, and this Python's programs first on the path."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "GITHUB_STEP_SUMMARY")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.run(
        command,
        cwd=ROOT,
        env=kept | {"PATH": path, "CI": "true", "GITHUB_ACTIONS": "true", "PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def asyncmodes(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as CI does."""
    return ran(sys.executable, "-m", "asyncmodes", *arguments, **environment)


# The example


@posix
def test_the_example_passes_and_becomes_its_own_reference(tmp_path: Path):
    """The script that the workflow runs passes, keeps its result, and holds the next run against it.

    A median of five runs has no interval: that is inconclusive, and passes.
    """
    summary = tmp_path / "summary.md"
    first = ran("sh", str(CI / "check.sh"), RESULTS=str(tmp_path), GITHUB_STEP_SUMMARY=str(summary))
    assert first.returncode == 0, first.stderr
    assert "against" not in first.stdout
    assert (tmp_path / "base.json").exists()
    again = ("--max-slowdown", "900%", "--expect", "limited=4.median < 10s")
    second = ran("sh", str(CI / "check.sh"), *again, RESULTS=str(tmp_path))
    assert second.returncode == 0, second.stderr
    assert "50 % slower" not in second.stdout
    assert "900 % slower is allowed" in second.stdout
    assert re.search(r"base.json\nof 20..-..-..T", second.stdout)
    assert "inconclusive: limited=4.median < 10s" in second.stderr
    assert summary.read_text(encoding="utf-8").count("| mode |") == 2


@posix
def test_the_example_fails(tmp_path: Path):
    """What is out of reach, or with --strict inconclusive, fails the script with 3, and no reference is made."""
    expected = ("--expect", "limited=4 < 1ms", "--expect", "limited=4.median < 10s", "--strict")
    done = ran("sh", str(CI / "check.sh"), *expected, RESULTS=str(tmp_path))
    assert done.returncode == 3
    assert "missed: limited=4 < 1ms: measured " in done.stderr
    assert "missed: limited=4.median < 10s" in done.stderr
    assert "inconclusive, and --strict" in done.stderr
    assert not (tmp_path / "base.json").exists()


def test_the_workflow_runs_what_can_be_run_here():
    """The workflow's last step is the script that the tests run, and nothing else is installed but by pip."""
    steps = re.findall(r"- run: (.*)", (CI / "workflow.yml").read_text(encoding="utf-8"))
    assert steps == ["python -m pip install .", "sh examples/ci/check.sh"]


def test_the_readme_shows_the_action_as_it_is():
    """The composite action in the README is the one in the examples, and has 15 lines."""
    (shown,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    action = (CI / "action.yml").read_text(encoding="utf-8")
    assert shown == action
    assert len(action.splitlines()) == 15


@posix
def test_the_action_runs(tmp_path: Path):
    """The action's own lines run here, with pip replaced: options come one a line and keep their blanks."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    block = re.search(r"- run: \|\n(.*?)\n      shell:", (CI / "action.yml").read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.strip() for line in block[1].splitlines() if "pip install" not in line]
    summary = tmp_path / "summary.md"
    environment = {
        "SPEC": "examples/dinner.toml",
        "OPTIONS": "--clock=virtual\n  --expect=parallel <= 0.4 sequential\n\n--expect=limited=3 < 1ms\n",
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    done = ran("bash", "-euo", "pipefail", "-c", "\n".join(lines), **environment)
    assert done.returncode == 3, done.stderr
    assert done.stderr == "asyncmodes: missed: limited=3 < 1ms: measured 400 ms (exact)\n"
    assert r"| parallel \<= 0.4 sequential | 0.4 sequential | exact | pass |" in summary.read_text(encoding="utf-8")


# Logs


def test_logs_are_plain():
    """Without a terminal no output has a control character, on CI as elsewhere."""
    done = asyncmodes("compare", "5ms", "fail:5ms", "--runs", "2", "--expect", "settled.failed == 1")
    assert done.returncode == 0
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stdout + done.stderr)


def test_colour_in_logs_is_for_the_asking():
    """FORCE_COLOR gives colour, but nothing that moves the cursor."""
    done = asyncmodes("run", "5ms", FORCE_COLOR="1")
    codes = set(re.findall(r"\x1b\[[0-9;?]*[A-Za-z]", done.stdout))
    assert codes
    assert all(code.endswith("m") for code in codes)
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("runs", ["1", "3"])
def test_a_mode_has_one_line_that_begins_with_its_name_and_total(runs: str):
    """The line that the README promises to scripts: name, two blanks or more, total with unit."""
    done = asyncmodes("compare", "5ms*3", "--rows", "0", "--runs", runs)
    for mode in ("sequential", "parallel", "settled", "limited=3"):
        lines = [line for line in done.stdout.splitlines() if re.match(rf"{mode}  ", line)]
        assert len(lines) == 1
        assert re.match(rf"{mode} {{2,}}[0-9.]+ (us|ms|s|min|h)\b", lines[0])
    assert "▁" not in done.stdout
    assert len(done.stdout.splitlines()) < 15


# The step summary


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX")
def test_a_summary_that_cannot_be_written_is_as_before(tmp_path: Path):
    """Of a report that does not fit nothing is left behind."""
    path = tmp_path / "summary.md"
    path.write_text("0" * 900)
    program = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)); "
        "from asyncmodes.__main__ import main; raise SystemExit(main())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "compare", "10ms*20", "--clock", "virtual", "--summary", "-q"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "GITHUB_STEP_SUMMARY": str(path)},
    )
    assert ran.returncode == 4
    assert ran.stderr.splitlines() == [f"asyncmodes: error: --summary {path}: File too large; write it somewhere else"]
    assert path.read_text() == "0" * 900


def test_the_summary_is_appended_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """What other steps wrote stays, and the report has the verdicts."""
    path = tmp_path / "summary.md"
    path.write_text("# before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    assert program.main(["compare", *VIRTUAL, "--summary", "--expect", "parallel < 300ms"]) == 3
    capsys.readouterr()
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# before\n")
    assert r"| parallel \< 300ms | 400 ms | exact | fail |" in text
    assert text.endswith("\n\n")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "GITHUB_STEP_SUMMARY is not set; GitHub's runners set it"),
        ("", "GITHUB_STEP_SUMMARY is not set"),
        ("/nowhere/at/all", "it cannot be written; let GITHUB_STEP_SUMMARY name a file to append to"),
        (".", "it cannot be written"),
    ],
)
def test_a_summary_that_cannot_be_written_is_refused(
    value: str | None, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Unset, or naming what is no file, is a usage error before anything runs."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    if value is not None:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", value)
    assert program.main(["compare", *VIRTUAL, "--summary"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_summary_that_fails_is_exit_code_4(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A full disk is said in one line; the result is shown all the same."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")
    assert program.main(["compare", *VIRTUAL, "--summary"]) == 4
    out, err = capsys.readouterr()
    assert "sequential" in out
    assert err == "asyncmodes: error: --summary /dev/full: No space left on device; write it somewhere else\n"


# Completion


Completed = Callable[..., list[str]]


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Completed:
    """What the program answers to a shell about an unfinished line, without explanations; it says nothing else."""

    def called(line: str, shell: str = "fish") -> list[str]:
        monkeypatch.chdir(ROOT)
        monkeypatch.setenv("_ASYNCMODES_COMPLETE", f"complete_{shell}")
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        capsys.readouterr()
        program.main([])
        out, err = capsys.readouterr()
        assert err == ""
        return [each.partition("\t")[0] for each in out.splitlines() if each]

    return called


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("asyncmodes co", ["compare"]),
        ("asyncmodes compare --max-s", ["--max-slowdown"]),
        ("asyncmodes compare -m l", ["limited="]),
        ("asyncmodes compare --mode s", ["sequential", "settled"]),
        ("asyncmodes compare -m limited=12+", [f"limited=12+{each}" for each in ("settled", "keep", "drop", "cancel")]),
        ("asyncmodes compare -m settled+", []),
        ("asyncmodes compare --baseline a", ["any"]),
        ("asyncmodes compare --spec examples/d", ["examples/dinner.toml"]),
        ("asyncmodes compare --spec exam", ["examples/"]),
        ("asyncmodes compare --spec nowhere/", []),
        ("asyncmodes compare --clock ", ["real", "virtual"]),
        ("asyncmodes compare --format j", ["json"]),
        ("asyncmodes --show-completion z", ["zsh"]),
        ("asyncmodes compare 'unfinished", []),
        ("asyncmodes explain awa", ["await-in-loop"]),
        ("asyncmodes learn heartb", ["heartbeat"]),
    ],
)
def test_completion(line: str, expected: list[str], completed: Completed):
    """Commands, options, modes with their modifiers, spec files and listed alternatives are completed."""
    assert completed(line) == expected


def test_zsh_is_answered_in_its_own_form(completed: Completed):
    """What zsh is told is what it evaluates."""
    assert completed("asyncmodes compare -m l", "zsh") == ["""_arguments '*: :(("limited="))'"""]


@posix
def test_bash_completes():
    """A real bash reads the script and completes, also after `=`, where it wants the rest of the word only."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    lines = f"""
        asyncmodes() {{ "{sys.executable}" -m asyncmodes "$@"; }}
        eval "$(asyncmodes --show-completion bash)"
        for COMP_LINE in 'asyncmodes compare -m limited=3+k' 'asyncmodes compare --spec examples/bu'; do
            COMP_POINT=${{#COMP_LINE}}
            _asyncmodes_completion asyncmodes
            printf '%s\\n' "${{COMPREPLY[@]}}"
        done
    """
    done = ran("bash", "--norc", "-c", lines)
    assert done.stderr == ""
    assert done.stdout.split() == ["3+keep", "examples/burnt-toast.toml"]


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_scripts_for_other_shells(shell: str, capsys: pytest.CaptureFixture[str]):
    """Each shell's script names the program and the variable by which it asks."""
    assert program.main(["--show-completion", shell]) == 0
    out = capsys.readouterr().out
    assert "asyncmodes" in out
    assert "_ASYNCMODES_COMPLETE" in out


def test_an_unknown_shell_is_refused_and_nothing_is_installed(capsys: pytest.CaptureFixture[str]):
    """There is no option that edits the user's files."""
    assert program.main(["--show-completion", "zhs"]) == 2
    assert "did you mean zsh?" in capsys.readouterr().err
    assert program.main(["--install-completion"]) == 2
    assert program.main(["--help"]) == 0
    assert "--install-completion" not in capsys.readouterr().out
