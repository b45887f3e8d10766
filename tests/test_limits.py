"""The limits of the machine, said before they bite: descriptors under a real `ulimit -n`, and the threads for files."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from asyncmodes import execute
from asyncmodes.clocks import ClockName, new_loop
from asyncmodes.measure import plan
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.sources import opened
from asyncmodes.tasks import FileRead, Task
from tests.comparisons import delay
from tests.servers import always, on_real_time, reply, request, serving
from tests.terminal import PROGRAM

posix = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are limited the POSIX way")
ADVICE = "too many open files; run fewer at once (limited=N) or raise the limit (ulimit -n)"
COUNT = 150


async def limited(*arguments: str) -> tuple[int, dict, str]:
    """Exit code, result and standard error of the program as a child that may have 64 files and sockets open."""
    command = ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh", *PROGRAM, *arguments, "--format", "json"]
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await child.communicate()
    return child.returncode, json.loads(out), err.decode()


async def of_files(folder: Path, *arguments: str) -> tuple[int, dict, str]:
    """The program reading 150 files, all of them being open at once where the mode lets them."""
    for index in range(COUNT):
        (folder / f"{index}.bin").write_bytes(bytes(1_000_000))
    return await limited(*arguments, "--warmup", "0", str(folder / "*.bin"))


async def of_requests(_: Path, *arguments: str) -> tuple[int, dict, str]:
    """The program requesting from a server that takes its time."""

    async def answer(_):
        await asyncio.sleep(0.1)
        return reply()

    async with serving(answer) as server:
        return await limited(*arguments, "--warmup", "0", f"{server.url}*{COUNT}")


@posix
@pytest.mark.parametrize("work", [of_files, of_requests])
def test_what_does_not_fit_is_said_before_and_the_error_says_what_to_do(work, tmp_path):
    """Under ulimit -n 64 settled fails in part, in these words; each mode concerned is named beforehand, once."""
    modes = ("-m", "settled", "-m", "limited=20", "-m", "parallel+cancel")
    code, result, err = on_real_time(lambda: work(tmp_path, "compare", *modes))
    settled, limited_20, _ = result["runs"]
    errors = {task["error"]["message"] for task in settled["tasks"] if task["error"]}
    assert (code, limited_20["counts"]["ok"], limited_20["notes"]) == (1, COUNT, [])
    assert 0 < settled["counts"]["failed"] < COUNT
    assert all(ADVICE in error for error in errors)
    warnings = [line for line in err.splitlines() if "warning" in line]
    assert [line.split()[2] for line in warnings] == ["settled", "parallel+cancel"]
    assert re.fullmatch(
        r"asyncmodes: warning: settled may need 150 open files and sockets at once, and the limit leaves (\d+); "
        r"limited=\1\+settled fits, or raise the limit \(ulimit -n\)",
        warnings[0],
    )
    assert settled["notes"] == [warnings[0].removeprefix("asyncmodes: warning: ")]


@posix
@pytest.mark.parametrize("work", [of_files, of_requests])
def test_the_limit_that_is_named_fits(work, tmp_path):
    """The mode that the warning names runs without a failure and without a warning."""
    _, _, err = on_real_time(lambda: work(tmp_path, "run", "-m", "settled"))
    named = re.search(r"limited=\S+", err)[0]
    code, result, err = on_real_time(lambda: work(tmp_path, "run", "-m", named))
    assert (code, result["runs"][0]["counts"]["ok"], "warning" in err) == (0, COUNT, False)


def _allowed(monkeypatch, count):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (count, count))


@pytest.mark.parametrize(
    ("mode", "instead"),
    [
        ("parallel", "limited=N fits, or raise"),
        ("limited=5000+drop", "limited=N+drop fits, or raise"),
        ("batched=6000", "batched=N fits, or raise"),
        ("any", "limited=N fits, or raise"),
    ],
)
def test_what_fits_is_the_same_mode_with_a_limit(mode, instead, monkeypatch):
    """What is proposed keeps all but the width; race and any, which have none, become a plain limit."""
    _allowed(monkeypatch, 4096)
    made = plan([request("http://127.0.0.1:1/")] * 10_000, [mode, "sequential", "limited=3000"])
    (text,) = made.limits.values()
    assert instead in re.sub(r"=\d+(?=\S* fits)", "=N", text)


def test_nothing_fits_where_nothing_is_left(monkeypatch):
    """When not even one more file can be open no limit is proposed."""
    _allowed(monkeypatch, 4)
    (text,) = plan([request("http://127.0.0.1:1/")], ["parallel"]).limits.values()
    assert text.endswith("and the limit leaves 0; raise the limit (ulimit -n)")


def test_fake_delays_need_no_files(monkeypatch):
    """However many they are, and files need no more than there are threads for them."""
    _allowed(monkeypatch, 400)
    assert not plan([delay("a", 1)] * 1000, ["parallel"]).limits
    assert not plan([Task("file", FileRead("x", "x"))] * 1000, ["parallel"]).limits


def test_the_api_is_told_too(monkeypatch):
    """`execute` has no standard error to speak on: the remark stands in the run."""
    _allowed(monkeypatch, 30)

    async def main():
        async with serving(always(reply())) as server:
            return await execute([request(server.url)] * 60, "parallel")

    (note,) = on_real_time(main).notes
    assert note.startswith("parallel may need 60 open files and sockets at once")


@pytest.mark.parametrize(("mode", "cap"), [("parallel", 256), ("limited=299", 256), ("limited=256", None)])
def test_the_threads_for_files_are_the_run_s_width(mode, cap, tmp_path):
    """Where 256 threads are fewer than the mode allows, the run says so, in words and as a number."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    tasks = [Task("file", FileRead(str(path), "file"))] * 300

    async def main():
        return await execute(tasks, mode)

    with asyncio.Runner(loop_factory=lambda: new_loop(ClockName.REAL)) as runner:
        run = runner.run(main())
    note = f"{mode} reads files in at most 256 threads at once: its width is 256"
    assert (run.width_cap, note in run.notes) == (cap, cap is not None)


def test_a_cap_is_no_cap_for_all_when_tasks_are_mixed():
    """Delays beside the files know no threads, so the run as a whole has no cap."""

    async def main():
        tasks = [*[Task("file", FileRead("x", "x"))] * 300, delay("a", 1)]
        async with opened(tasks, parse_mode("parallel")) as sources:
            return sources.width_cap, len(sources.notes)

    assert on_real_time(main) == (None, 1)


@pytest.mark.parametrize(("mode", "total_ms"), [("parallel", 20), ("batched=3", 30), ("race", 10), ("limited=2", 20)])
def test_predictions_count_the_cap_as_the_width(mode, total_ms):
    """Four tasks of 10 ms of which two at most are worked on at once; a batch stays as large as it is."""
    run = predict([delay(name, 10) for name in "abcd"], parse_mode(mode), width_cap=2)
    assert (run.total_ns, run.mode) == (total_ms * 1_000_000, parse_mode(mode))
    assert run.peak == 2
