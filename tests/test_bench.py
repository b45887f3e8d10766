"""What `make bench` says of figures and goals, and that the example reads it; speed itself is no matter of tests."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.bench.goal import Goal, installed, medians

READER = Path(__file__).parent.parent / "examples" / "read_bench.py"


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        (Goal("start", 1.05, 1.1), "ok          1.05 x  <= 1.1   start"),
        (Goal("start", 1.2, 1.1), "MISSED      1.20 x  <= 1.1   start"),
        (Goal("gather", 18, 12, at_least=True), "ok         18.00 x  >= 12    gather"),
        (Goal("errors", 1, 0, unit=""), "MISSED       1.00   <= 0     errors"),
        (Goal("Promise.all", 0.17, None), "shown       0.17 x           Promise.all"),
        (
            Goal("help: httpie is not installed", None, 0.6),
            "absent           -  <= 0.6   help: httpie is not installed",
        ),
    ],
)
def test_a_goal_says_how_it_stands(goal: Goal, said: str):
    """Verdict, figure, goal and what it is about stand in one row."""
    assert str(goal) == said


def test_medians_are_of_interleaved_rounds_after_one_that_does_not_count():
    """Each function is called once a round, not always after the same one, and its first figure is thrown away."""
    calls: list[str] = []
    figures = {"a": iter([99, 1, 3, 2]), "b": iter([99, 5, 5, 7])}

    def once(name: str) -> float:
        calls.append(name)
        return next(figures[name])

    assert medians({name: (lambda name=name: once(name)) for name in figures}, rounds=3) == {"a": 2, "b": 5}
    rounds = ["".join(calls[first : first + 2]) for first in range(0, 8, 2)]
    assert rounds[0] == "ab"
    assert set(rounds) == {"ab", "ba"}


def test_a_program_that_is_not_there_is_not_installed():
    """Peers are looked for, never taken for granted."""
    assert installed("no-such-program-anywhere") is None
    assert installed(Path(sys.executable).name) is not None


def test_the_example_reads_what_was_written(tmp_path):
    """Missed goals are listed, and what changed against an earlier file; what was not measured is left out."""
    goals = [Goal("start", 1.2, 1.1), Goal("read", 1.5, 2), Goal("peer", None, 1), Goal("shown", 3, None)]
    for name, rows in (("new", goals), ("old", [goals[0], Goal("read", 1.8, 2), *goals[2:]])):
        document = {"goals": [{"part": "cli", **asdict(goal), "met": goal.met} for goal in rows]}
        (tmp_path / name).write_text(json.dumps(document))
    for files, expected in (
        (["new"], ["MISSED     1.20 (goal <= 1.1)  start", "1 of 3 goals missed"]),
        (
            ["new", "old"],
            [
                "MISSED     1.20 (goal <= 1.1), was 1.20  start",
                "ok         1.50 (goal <= 2), was 1.80  read",
                "1 of 3 goals missed",
            ],
        ),
    ):
        done = subprocess.run(
            [sys.executable, READER, *files], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout.splitlines()) == (1, expected), done.stderr
