"""Runs the experiments of lessons through the same door as any comparison, and reads the right answers from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from asyncmodes.errors import Problem, UsageError
from asyncmodes.lessons.figures import Runs, figure
from asyncmodes.lessons.model import Experiment, Step, Value
from asyncmodes.measure import Plan, measured, plan
from asyncmodes.record import Comparison
from asyncmodes.sources import Options
from asyncmodes.spec.model import Defaults, Spec
from asyncmodes.spec.wording import shown

_MOST_TASKS = 10_000


def spec(experiment: Experiment) -> Spec:
    """The tasks of an experiment and its server. Raises UsageError at its place."""
    from asyncmodes.spec.files import spec_of

    tables: dict[str, object] = {"tasks": [dict(table) for table in experiment.tasks]}
    if experiment.server is not None:
        tables["server"] = dict(experiment.server)
    made = spec_of(tables, experiment.place or "experiment", defaults=Defaults(max_tasks=_MOST_TASKS))
    return replace(made, tasks=tuple(made.tasks)[::-1]) if experiment.reverse else made


def is_outside(experiment: Experiment) -> bool:
    """Whether it asks servers or reads files, which is done only when somebody asks for it."""
    return any(task.work.real_io for task in spec(experiment).tasks)


def plan_of(experiment: Experiment, *, real: bool = False) -> Plan:
    """What is to be run. `real` runs it for real also where the virtual clock would do.

    Raises UsageError, also for requests and files unless `real`: a lesson that is just opened runs fake tasks only.
    """
    made = spec(experiment)
    place = experiment.place or "experiment"
    for task in made.tasks:
        if task.work.real_io and not real:
            what = f"{shown(task.work.target)} is a real request or file, and those are used only when asked for"
            raise UsageError.at(f"{place}: task {shown(task.name)}", what, "add --real, or write a delay or request")
    clock = "real" if real else experiment.clock
    options = Options(server=made.server)
    try:
        return plan(made.tasks, experiment.modes, title=experiment.label, clock=clock, options=options)
    except UsageError as error:
        raise UsageError(*(each._replace(where=f"{place}: {each.where}") for each in error.problems)) from None


Through = Callable[[Plan], Comparison]
"""What does what a plan says, on an event loop of its own, and perhaps shows it meanwhile."""


def run(experiment: Experiment, *, real: bool = False, through: Through | None = None) -> Comparison:
    """Run the experiment in all its modes, on the virtual clock unless it says otherwise or `real` does.

    Not to be called from a running event loop. Raises UsageError as `plan_of` does, and KeyboardInterrupt if it was
    interrupted: half a run answers no question.
    """
    comparison = (through or measured)(plan_of(experiment, real=real))
    if comparison.interrupted:
        raise KeyboardInterrupt
    return comparison


def run_step(step: Step, *, real: bool = False, through: Through | None = None) -> Runs:
    """The comparisons of all experiments of a step, by label. Raises UsageError as `plan_of` does."""
    return {experiment.label: run(experiment, real=real, through=through) for experiment in step.experiments}


def right_answer(step: Step, runs: Runs) -> Value:
    """The right answer to the step's question, read from these runs; what the step expects if no run tells it."""
    question = step.question
    if question.figure is None:
        return question.expect
    found = figure(runs, question.figure, f"{step.place}.question.figure")
    return f"{found:g}" if question.choices and not isinstance(found, str) else found


def disagreements(step: Step, runs: Runs) -> Iterator[Problem]:
    """Where these runs are not what the step's texts say they are."""
    for number, (name, expected) in enumerate(step.expected.items()):
        is_own = number == 0 and step.question.figure is not None
        where = f"{step.place}.question.expect" if is_own else f"{step.place}.figures.{name}"
        try:
            found = figure(runs, name, where)
        except UsageError as error:
            yield from error.problems
            continue
        if not same(found, expected):
            yield Problem(where, f"the run says {name} is {found}, and the lesson {expected}", f"write {found!r}")


def same(found: Value, expected: Value) -> bool:
    """Whether a figure is what was expected of it; the choices of a question are texts, also where they are numbers."""
    if isinstance(found, int | float) and isinstance(expected, str):
        return f"{found:g}" == expected
    return found == expected
