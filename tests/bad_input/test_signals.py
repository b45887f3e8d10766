"""Section F: signals. In sessions of their own with default handlers, as a shell's background jobs have not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers import GUARD_S

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

# The program, but the disk takes until it is told, on standard input, that the file is safe.
_SLOW_DISK = """
import os, sys
def fsync(_):
    os.write(2, b"writing\\n")
    os.read(0, 1)
os.fsync = fsync
from asyncmodes.commands.program import main
sys.exit(main(sys.argv[1:]))
"""


def _writing(folder: Path) -> subprocess.Popen[bytes]:
    """The program in the middle of writing its result over an old one."""
    (folder / "x.json").write_text("old")
    arguments = ["run", "1ms", "--clock", "virtual", "-o", str(folder / "x.json")]
    child = subprocess.Popen([sys.executable, "-c", _SLOW_DISK, *arguments], start_new_session=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert child.stderr is not None
    assert child.stderr.readline() == b"writing\n"
    return child


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_row_125_a_signal_while_exporting(tmp_path: Path, number: int, code: int):
    """The result is there, so it is still written whole."""
    with _writing(tmp_path) as child:
        child.send_signal(number)
        _, err = child.communicate(b"safe", timeout=GUARD_S)
    assert (child.returncode, err) == (code, b"")
    assert json.loads((tmp_path / "x.json").read_text())["runs"]
    assert len(list(tmp_path.iterdir())) == 1


def test_row_119_and_125_a_second_signal_while_exporting(tmp_path: Path):
    """Who insists is let go at once: no temporary file stays behind, and the old result is as it was."""
    with _writing(tmp_path) as child:
        child.send_signal(signal.SIGINT)
        time.sleep(1)  # two within 0.3 s may be one press of a key that arrives on two ways, and be noticed late
        child.send_signal(signal.SIGINT)
        assert child.wait(GUARD_S) == 130
        child.communicate()
    assert (tmp_path / "x.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
