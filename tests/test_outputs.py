"""Results are never lost: targets are checked before the run, written beside and moved, and the old file stays else."""

import errno
import json
import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

from asyncmodes.commands import exporting
from asyncmodes.commands.exporting import Export, exports
from asyncmodes.errors import OutputError, UsageError
from tests.comparisons import DISHES, comparison
from tests.test_process import finished, posix, started

VIRTUAL = ("--clock", "virtual")
MADE = comparison(DISHES)


def refused(*names: str | Path, inputs: tuple[str, ...] = ()) -> str:
    """What is said of targets that are no good."""
    with pytest.raises(UsageError) as error:
        exports(map(str, names), inputs)
    (line,) = error.value.lines()
    return line


@posix
def test_the_disk_is_full_in_the_middle(tmp_path: Path):
    """A file that outgrows its disk is exit code 4 and one line; the old one is intact, and nothing lies beside it."""
    import resource

    target = tmp_path / "x.json"
    target.write_text("old")
    code, out, err = finished(
        "run", "1ms*2000", *VIRTUAL, "-o", str(target), "--format", "json",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
    )  # fmt: skip
    assert code == 4
    assert err == f"asyncmodes: error: --output {target}: File too large; write it somewhere else\n"
    assert len(json.loads(out)["runs"][0]["tasks"]) == 2000
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_whatever_step_fails_the_old_file_is_intact(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A disk that breaks, a folder in which nothing may be moved: one error, and nothing else has changed."""
    target = tmp_path / "x.svg"
    target.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (exporting.Path, step)), fail)
    with pytest.raises(OutputError, match="Input/output error"):
        Export(str(target), ()).write(MADE, "compare", None)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_vanishes_during_the_run_loses_that_file_only(tmp_path: Path):
    """The other targets are still written."""
    gone, kept = tmp_path / "gone", tmp_path / "kept.json"
    gone.mkdir()
    targets = exports([str(gone / "x.json"), str(kept)], ())
    shutil.rmtree(gone)
    with pytest.raises(OutputError, match="No such file or directory"):
        targets[0].write(MADE, "compare", None)
    targets[1].write(MADE, "compare", None)
    assert json.loads(kept.read_text())["schema_version"] == 1


@posix
@pytest.mark.parametrize("old", ["old", None], ids=["to a file", "to nowhere"])
def test_links_are_followed_and_stay(old: str | None, tmp_path: Path):
    """Through any number of symbolic links the file at their end is replaced, or made."""
    real = tmp_path / "real.json"
    if old is not None:
        real.write_text(old)
        real.chmod(0o604)
    (tmp_path / "a.json").symlink_to("b")
    (tmp_path / "b").symlink_to(real)
    Export(str(tmp_path / "a.json"), ()).write(MADE, "compare", None)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_symlink()) == ["a.json", "b"]
    assert json.loads(real.read_text())["schema_version"] == 1
    if old is not None:
        assert real.stat().st_mode & 0o777 == 0o604


@posix
def test_links_that_lead_in_a_circle_are_refused(tmp_path: Path):
    """They lead to no file, and are not overwritten."""
    (tmp_path / "a.json").symlink_to("b.json")
    (tmp_path / "b.json").symlink_to("a.json")
    assert "its symbolic links lead in a circle; name another file" in refused(tmp_path / "a.json")


@posix
def test_two_formats_are_not_written_over_each_other(tmp_path: Path):
    """One file cannot be both; the same format twice is the same file."""
    (tmp_path / "x.svg").symlink_to("x.json")
    line = refused(tmp_path / "x.json", tmp_path / "x.svg")
    assert line.endswith(f"that is the file of --output {tmp_path / 'x.json'}; name another file")
    assert len(exports([str(tmp_path / "y.json"), f"{tmp_path}/./y.json"], ())) == 2


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_that_cannot_be_written_to_is_refused(exists: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Before the run: a file in it cannot be replaced either, whoever may write the file itself."""
    target = tmp_path / "x.json"
    if exists:
        target.touch()
    monkeypatch.setattr(exporting.os, "access", lambda path, _: Path(path) != tmp_path)
    assert "there is no permission to write it" in refused(target)


@posix
def test_standard_output_is_no_target(tmp_path: Path):
    """What is redirected to the very file would be lost when the file is replaced."""
    target = tmp_path / "x.json"
    with target.open("w") as stream:
        code, _, err = finished("run", "1ms", *VIRTUAL, "-o", str(target), "--format", "json", stdout=stream)
    assert (code, target.read_text()) == (2, "")
    assert err.endswith("standard output goes there too; name another file\n")


@posix
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("1ms", *VIRTUAL), 0),
        (("fail:1ms", *VIRTUAL), 0),
        (("1s", "--timeout", "1ms", *VIRTUAL), 1),
        (("file:no/such",), 1),
        (("1ms", *VIRTUAL, "-o", "{}/full.json"), 4),
        (("1ms", *VIRTUAL, "-q", "-m", "any", "-o", "{}/fine.svg"), 0),
    ],
    ids=str,
)
def test_json_on_standard_output_is_one_document(arguments, code, tmp_path: Path):
    """On every path on which a run began, whatever becomes of tasks and exports."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (tmp_path / "full.json").symlink_to("/dev/full")
    done, out, _ = finished("run", *(word.replace("{}", str(tmp_path)) for word in arguments), "--format", "json")
    assert done == code
    assert len(json.loads(out)["runs"]) == 1


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_json_of_a_run_interrupted_while_warming_up(number: int):
    """No run is recorded, and the document says why."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with started("compare", url, "--format", "json") as child:
            server.settimeout(60)
            with server.accept()[0]:
                child.send_signal(number)
                out, _ = child.communicate(timeout=60)
    document = json.loads(out)
    assert child.returncode == 128 + number
    assert (document["interrupted"], document["runs"], document["summary"]) == (True, [], [])
