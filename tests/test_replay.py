"""`--from`: measured durations, of a result or of a browser, simulated in other modes."""

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncmodes import UsageError, compare, write_json
from asyncmodes.commands.program import main
from asyncmodes.replay import read_replay
from asyncmodes.spec.model import Defaults
from tests.comparisons import TROUBLE, comparison, delay

EXAMPLE = Path(__file__).parent.parent / "examples" / "page.har"


def request(url: str, ms: float, status: int = 200, **more: Any) -> dict[str, Any]:
    """One entry of a HAR, with what is read of it."""
    return {"time": ms, "request": {"url": url}, "response": {"status": status}, **more}


def archive(*entries: Any) -> str:
    """A HAR of these entries."""
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}})


def read(tmp_path: Path, text: str, name: str = "page.har") -> list[tuple[str, float, str | None]]:
    """The tasks of a file: name, milliseconds, failure."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    tasks = read_replay(str(tmp_path / name)).tasks
    known = [(task.name, task.outcome) for task in tasks]
    return [(name, o.duration_ns / 1e6, o.failure and o.failure.message) for name, o in known if o is not None]


def test_the_requests_of_a_page(tmp_path: Path):
    """Times are as measured, without the wait for a connection; names hold no secret; failures stay failures."""
    text = archive(
        request("https://me:pw@a.example/x/y.js?token=secret#part", 120.5),
        request("https://a.example/x/y.js?other", 80, timings={"blocked": 30.0, "wait": 50}),
        request("https://a.example/", 10, timings={"blocked": -1}),
        request("https://a.example/gone", 5, 404),
        request("https://b.example/", 7, 0),
        {"time": 7, "request": {"url": "https://c.example/"}, "response": {"status": 0, "_error": "net::ERR_FAILED"}},
        request("data:image/png;base64,AAAA", 0),
        request("https://[::1", 1),
        request("https://d.example/a;jsessionid=1?x", 1),
    )
    assert read(tmp_path, text) == [
        ("a.example/x/y.js", 120.5, None),
        ("a.example/x/y.js#2", 50, None),
        ("a.example/", 10, None),
        ("a.example/gone", 5, "HTTP 404"),
        ("b.example/", 7, "no answer"),
        ("c.example/", 7, "net::ERR_FAILED"),
        ("data: URL", 0, None),
        ("a URL that cannot be read", 1, None),
        ("d.example/a", 1, None),
    ]


def test_requests_to_one_host_are_named_by_their_paths(tmp_path: Path):
    """What all names would begin with tells nothing."""
    text = archive(request("https://a.example/", 1), request("https://a.example/x?y", 2))
    assert [name for name, _, _ in read(tmp_path, text)] == ["/", "/x"]


def test_a_page_with_six_connections_with_twelve_and_unlimited(capsys: pytest.CaptureFixture[str]):
    """The picture names the file, says that it is simulated and on which assumption, and exits 0 whatever failed."""
    modes = ["-m", "limited=6+settled", "-m", "limited=12+settled", "-m", "settled"]
    assert main(["compare", "--from", str(EXAMPLE), *modes, "--width", "100"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith("compare page.har 40 tasks, ")
    assert "virtual clock: simulated, exact" in out
    assert "simulated from the durations measured in page.har, without what requests waited for a connection" in out
    assert "as if tasks did not slow each other down" in out
    assert "secret" not in out


def test_a_result_is_replayed_in_another_mode(tmp_path: Path):
    """The durations are those of the mode in which tasks slow each other down least, and names and needs stay."""
    slow = comparison([delay("a", 30), delay("b", 50)], ["settled"], clock="real")
    path = tmp_path / "a.json"
    path.write_text(write_json(slow))
    spec = read_replay(str(path))
    assert [(task.name, task.outcome.duration_ns) for task in spec.tasks if task.outcome] == [
        ("a", 30_000_000),
        ("b", 50_000_000),
    ]
    assert spec.notes == (
        "simulated from the durations measured in a.json in mode settled, as if tasks did not slow each other down",
    )
    assert compare(spec.tasks, "sequential", clock="virtual").runs[0].total_ns == 80_000_000


def test_failures_of_a_result_are_declared(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What failed then fails again, with its message, and is no news to the exit code."""
    path = tmp_path / "a.json"
    path.write_text(write_json(comparison(TROUBLE, ["settled"])))
    assert main(["compare", "--from", str(path), "-m", "settled"]) == 0
    assert "b failed: burnt" in capsys.readouterr().out


def test_a_result_without_durations_is_refused(tmp_path: Path):
    """Where tasks were cut short nobody knows how long they take."""
    path = tmp_path / "a.json"
    path.write_text(write_json(comparison(TROUBLE, ["parallel+cancel"])))
    with pytest.raises(UsageError, match=r"a\.json: in none of its modes did every task end by itself; "):
        read_replay(str(path))


REFUSED = {
    "": "page.har: it is empty;",
    '{"log": {"entries"': "page.har:1:19: it ends in the middle; write the file again",
    "{}": "page.har: it is no result of asyncmodes",
    '{"log": 3}': "page.har: log: found the number 3 where there must be an object;",
    '{"log": {}}': "page.har: log.entries: it is missing;",
    '{"log": {"entries": []}}': "page.har: log.entries: there is no request; load the page",
    archive({"time": 1}): "page.har: log.entries[0].request: it is missing;",
    archive(request("x", -5)): "page.har: log.entries[0].time: found the number -5 where there must be a time",
    archive(request("x", 1), request("x", 1e300)): "page.har: log.entries[1].time: ",
    archive({**request("x", 1), "response": {"status": "ok"}}): "page.har: log.entries[0].response.status: found",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items())
def test_a_broken_archive_is_one_line(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The line says where in the file what is wrong, and what to do; nothing is run."""
    monkeypatch.chdir(tmp_path)
    Path("page.har").write_text(text)
    assert main(["compare", "--from", "page.har"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(f"asyncmodes: error: {said}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "page.har", "1ms"], "--from: tasks are given in another way too"),
        (["--from", "page.har", "--spec", "a.toml"], "--from: tasks are given in another way too"),
        (["--from", "page.har", "--clock", "real"], "leave out --clock real"),
        (["--from", "page.har", "-o", "page.har"], "--output page.har: .har is no known format"),
        (["--from", "nothing.har"], "nothing.har: there is no such file"),
        (["--from", "page.har", "--max-tasks", "1"], "raise --max-tasks"),
    ],
)
def test_bad_usage_of_replay(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """What does not go with a replay is a usage error in one line."""
    monkeypatch.chdir(tmp_path)
    Path("page.har").write_text(archive(request("x", 1), request("y", 1)))
    assert main(["compare", *arguments]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


GOOD = json.loads(archive(request("https://a.example/", 12.5, timings={"blocked": 1, "wait": 5}), request("b", 1)))
VALUES = [None, True, -1, 0, 1e300, 10**30, "", "\x1b[2J", "http://[", [], {}, [1], {"a": 1}]


KEYS = st.sampled_from(["time", "request", "response", "timings"])


@settings(max_examples=100)
@given(KEYS, st.sampled_from(["", "url", "status", "blocked"]), st.sampled_from(VALUES))
def test_anything_in_an_archive_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, key: str, inner: str, value: Any
):
    """Whatever stands in an entry, it is tasks or a usage error."""
    document = copy.deepcopy(GOOD)
    entry = document["log"]["entries"][0]
    if inner and isinstance(entry[key], dict):
        entry[key][inner] = value
    else:
        entry[key] = value
    path = tmp_path_factory.getbasetemp() / "any.har"
    path.write_text(json.dumps(document))
    with suppress(UsageError):
        assert len(read_replay(str(path), Defaults()).tasks) == 2
