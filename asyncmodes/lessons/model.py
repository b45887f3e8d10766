"""What a lesson is: steps, each a question that is asked first, the experiments that answer it, and the explanation.

Plain frozen data, made by `asyncmodes.lessons.pack` from TOML files. It knows neither how it is shown nor how it is
run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from asyncmodes.errors import UsageError, nearest
from asyncmodes.modes import Mode

LANGUAGES = ("javascript", "python")
Value = float | str
"""What a figure is: a number, or a text such as `rejected`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to choose from: `value` is what the figure would be, `text` what people read."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before anything runs: for a number in `unit`, or for one of `choices` if there are any.

    `figure` is where the right answer is read from the run, such as `parallel.total_ms` (None: no run tells it), and
    `expect` what it must be: the number, or the value of the right choice. An answer that differs by at most
    `tolerance` is right; one below `least` or above `most` is asked for again.
    """

    ask: str
    expect: Value
    figure: str | None = None
    unit: str = ""
    tolerance: float = 0
    least: float = 0
    most: float = 1_000_000
    choices: tuple[Choice, ...] = ()

    @property
    def right(self) -> str:
        """The right answer as people read it, such as `400 ms` or the text of the choice."""
        return self.told(self.expect)

    def told(self, value: Value) -> str:
        """An answer as people read it."""
        for choice in self.choices:
            if choice.value == value:
                return choice.text
        return f"{value:,.10g} {self.unit}".strip() if isinstance(value, int | float) else value


@dataclass(frozen=True, slots=True)
class Experiment:
    """A list of tasks, as the tables of a spec, and the modes that they are run in.

    `label` tells the experiments of a step apart; it may be empty where there is only one. `server` is the
    `[server]` table of a spec. `clock` is virtual, or real for what only that can show.
    `place` is where it stands, for messages.
    """

    tasks: tuple[Mapping[str, object], ...]
    modes: tuple[Mode, ...]
    label: str = ""
    server: Mapping[str, object] | None = None
    clock: str = "virtual"
    reverse: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One question, what answers it, and what it means.

    Before the question stand `title`, `change`, `text` and `code`, none of which gives the answer away; `hint` is for
    who asks; `explanation`, `belief` and `analogy` are for beside the picture of the run.

    `teaches` names the claims that this step proves, such as `S4`. `change` says what one thing is different from
    the step before, if this is a follow-up to it. `code` maps a language (`javascript`, `python`) to a snippet.
    `belief` is what the run refutes, in the words of who believes it. `figures` are more figures that the texts
    speak of, each with what it must be; `learn --check` reads them from the run.
    """

    id: str
    title: str
    question: Question
    explanation: str
    teaches: tuple[str, ...] = ()
    text: str = ""
    change: str = ""
    analogy: str = ""
    code: Mapping[str, str] = field(default_factory=dict)
    experiments: tuple[Experiment, ...] = ()
    belief: str = ""
    hint: str = ""
    figures: Mapping[str, Value] = field(default_factory=dict)
    place: str = ""

    @property
    def expected(self) -> dict[str, Value]:
        """Every figure that the runs must show, the question's own first."""
        own = {self.question.figure: self.question.expect} if self.question.figure else {}
        return {**own, **self.figures}


@dataclass(frozen=True, slots=True)
class Lesson:
    """A few steps in order; `next` is the name of the lesson to go on with, None at the end."""

    name: str
    title: str
    summary: str
    steps: tuple[Step, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """A directory of lessons, in the order of their files' names.

    `name` is `core` for those that come along, else where the directory is: progress is kept by it.
    """

    name: str
    lessons: tuple[Lesson, ...]

    @property
    def steps(self) -> Iterator[Step]:
        """All steps of all lessons."""
        return (step for lesson in self.lessons for step in lesson.steps)

    def find(self, name: str) -> Lesson:
        """The lesson of this name; or for the id of a step or a claim, a lesson of just the steps that teach it.

        Capitals do not matter. Raises UsageError for a name that is none.
        """
        wanted = name.strip().casefold()
        for lesson in self.lessons:
            if lesson.name.casefold() == wanted:
                return lesson
        found = [step for step in self.steps if wanted in _folded(step)]
        if found:
            home = next(lesson for lesson in self.lessons if found[0] in lesson.steps)
            claim = next(each for each in (found[0].id, *found[0].teaches) if each.casefold() == wanted)
            return _only(home, claim, tuple(found))
        guess = nearest(name, self.names)
        hint = f"did you mean {guess}? " if guess else ""
        raise UsageError.at(f"lesson {name[:60]!r}", "there is none of that name", f"{hint}see asyncmodes learn --list")

    @property
    def names(self) -> list[str]:
        """Everything that `find` knows: lessons, steps, claims."""
        claims = (claim for step in self.steps for claim in (step.id, *step.teaches))
        return list(dict.fromkeys([*(lesson.name for lesson in self.lessons), *claims]))


def _folded(step: Step) -> set[str]:
    return {each.casefold() for each in (step.id, *step.teaches)}


def _only(home: Lesson, name: str, steps: tuple[Step, ...]) -> Lesson:
    """These steps alone, under this name; the lesson that they are from is what to go on with."""
    title = steps[0].title if len(steps) == 1 else home.title
    return replace(home, name=name, title=title, steps=steps, next=home.name)
