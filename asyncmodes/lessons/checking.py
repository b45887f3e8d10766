"""Checks a pack of lessons by running it: the runs must show what the texts say."""

from __future__ import annotations

from dataclasses import dataclass

from asyncmodes.errors import Problem, UsageError
from asyncmodes.lessons.experiments import Through, disagreements, is_outside, run_step
from asyncmodes.lessons.model import Pack


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found to be right: how many lessons, questions and runs, and the steps that only `--real` can run."""

    lessons: int
    questions: int
    runs: int
    left_out: tuple[str, ...]


def check_pack(pack: Pack, *, real: bool = False, through: Through | None = None) -> Checked:
    """Run every experiment and compare it with what its step expects.

    Steps with requests or files are left out unless `real`: then those, and only those, are run for real, and so their
    figures must hold for real. Raises UsageError with everything that is wrong, each with its place.
    """
    problems: list[Problem] = []
    left_out: list[str] = []
    runs = 0
    for step in pack.steps:
        try:
            outside = any(is_outside(experiment) for experiment in step.experiments)
            if outside and not real:
                left_out.append(step.id)
                continue
            comparisons = run_step(step, real=outside, through=through)
        except UsageError as error:
            problems.extend(error.problems)
            continue
        runs += sum(len(comparison.runs) for comparison in comparisons.values())
        problems.extend(disagreements(step, comparisons))
    if problems:
        raise UsageError(*problems)
    return Checked(len(pack.lessons), sum(1 for _ in pack.steps), runs, tuple(left_out))
