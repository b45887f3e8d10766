"""Packs of lessons: directories of TOML files, from bytes to lessons, or to the list of all that is wrong with them.

A pack is data only, but as trusted as a Makefile: it may name requests and files, which run only with `--real`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from asyncmodes.errors import Problem, UsageError, nearest
from asyncmodes.lessons.model import Choice, Experiment, Lesson, Pack, Question, Step
from asyncmodes.lessons.shapes import CODE, EXPERIMENT, LESSON, QUESTION, STEP, checked, described, is_number
from asyncmodes.modes import parse_mode
from asyncmodes.spec.syntax import parse_toml
from asyncmodes.spec.wording import shown

LARGEST_BYTES = 1 << 20
MOST_FILES = 200
CORE = Path(__file__).parent / "core"
_MOST_DEFAULT = 1_000_000


def read_pack(directory: str | os.PathLike[str] | None = None) -> Pack:
    """The lessons of all `*.toml` files of a directory, in the order of their names; None: those that come along.

    The tasks of the experiments are read when they are run, or by `check_pack`. Raises UsageError with everything
    that is wrong, each with its place.
    """
    folder = CORE if directory is None else Path(directory)
    problems: list[Problem] = []
    lessons: list[Lesson] = []
    places: dict[str, str] = {}
    for path in _files(folder, "the lessons that come along" if directory is None else os.fspath(directory) or "''"):
        try:
            raw = parse_toml(_bytes(path), path.name)
        except UsageError as error:
            problems.extend(error.problems)
            continue
        lesson = _Reader(path.name, problems).lesson(raw)
        problems.extend(_twice(lesson, path.name, places))
        lessons.append(lesson)
    problems.extend(_no_such_next(lessons))
    if problems:
        raise UsageError(*problems)
    return Pack("core" if directory is None else str(folder.resolve()), tuple(lessons))


def _files(folder: Path, where: str) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError.at(where, f"it cannot be read: {reason}", "name a directory of lesson files") from None
    if not found:
        raise UsageError.at(where, "there are no lesson files in it", "name a directory with files such as 01-tea.toml")
    if len(found) > MOST_FILES:
        raise UsageError.at(where, f"{len(found):,} lesson files", f"write at most {MOST_FILES}")
    return found


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe would be waited for
            raise UsageError.at(path.name, "it is no file", "leave only lesson files in the directory")
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise UsageError.at(path.name, f"it cannot be read: {error.strerror}", "mend its permissions") from None
    if len(data) > LARGEST_BYTES:
        raise UsageError.at(path.name, f"it is larger than {LARGEST_BYTES:,} bytes", "write several lessons")
    return data


def _twice(lesson: Lesson, file: str, places: dict[str, str]) -> Iterable[Problem]:
    """The names of the lesson and of its steps that stand elsewhere in the pack already."""
    named = [(lesson.name, f"{file}: name"), *((step.id, f"{step.place}.id") for step in lesson.steps)]
    for name, place in named:
        first = places.setdefault(name.casefold(), place)
        if name and first != place:
            yield Problem(place, f"the name {shown(name)} is given at {first} already", "give each its own name")


def _no_such_next(lessons: list[Lesson]) -> Iterable[Problem]:
    names = [lesson.name for lesson in lessons]
    for lesson in lessons:
        if lesson.next is not None and lesson.next not in names:
            guess = nearest(lesson.next, names)
            hint = f"did you mean {guess}? " if guess else ""
            yield Problem(
                f"lesson {lesson.name}: next", f"there is no lesson {shown(lesson.next)}", f"{hint}name one of the pack"
            )


class _Reader:
    """Reads one lesson file; whatever is wrong goes to `problems`, and something harmless stands in its place."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self._file = file
        self._problems = problems
        self._lists: Mapping[str, Any] = {}

    def lesson(self, raw: Mapping[str, Any]) -> Lesson:
        good = checked(raw, LESSON, self._file, self._problems)
        self._lists = good.get("task_lists", {})
        for name, tables in self._lists.items():
            if not (isinstance(tables, list) and tables and all(isinstance(each, dict) for each in tables)):
                self._object(f"{self._file}: task_lists", f"{shown(name)} is {described(tables)}", "write task tables")
        steps = [self._step(table, f"{self._file}: steps[{i}]") for i, table in enumerate(good.get("steps", ()))]
        return Lesson(
            good.get("name", ""), good.get("title", ""), good.get("summary", ""), tuple(steps), good.get("next")
        )

    def _step(self, raw: Mapping[str, Any], place: str) -> Step:
        good = checked(raw, STEP, place, self._problems)
        experiments = tuple(
            self._experiment(table, f"{place}.experiments[{i}]") for i, table in enumerate(good.get("experiments", ()))
        )
        self._check_labels(experiments)
        code = checked(good.get("code", {}), CODE, f"{place}.code", self._problems)
        made = Step(
            id=good.get("id", ""),
            title=good.get("title", ""),
            question=self._question(good.get("question"), f"{place}.question"),
            explanation=_prose(good, "explanation"),
            teaches=tuple(good.get("teaches", [good.get("id", "")])),
            text=_prose(good, "text"),
            change=_prose(good, "change"),
            analogy=_prose(good, "analogy"),
            code={language: snippet.strip("\n") for language, snippet in code.items()},
            experiments=experiments,
            belief=_prose(good, "belief"),
            hint=_prose(good, "hint"),
            figures=good.get("figures", {}),
            place=place,
        )
        if made.expected and not experiments:
            self._object(place, "it names figures, and has no experiment", "add [[steps.experiments]]")
        return made

    def _check_labels(self, experiments: tuple[Experiment, ...]) -> None:
        labels = [experiment.label for experiment in experiments]
        for number, experiment in enumerate(experiments):
            if len(labels) > 1 and (not experiment.label or experiment.label in labels[:number]):
                found = "the label is missing" if not experiment.label else f"the label {experiment.label} stands twice"
                self._object(experiment.place, found, "give each of several experiments its own label")

    def _question(self, raw: Mapping[str, Any] | None, place: str) -> Question:
        if raw is None:
            return Question("", 0)
        good = checked(raw, QUESTION, place, self._problems)
        choices = tuple(Choice(value, text) for value, text in good.get("choices", {}).items())
        made = Question(
            ask=_prose(good, "ask"),
            expect=good.get("expect", 0),
            figure=good.get("figure"),
            unit=good.get("unit", ""),
            tolerance=good.get("tolerance", 0),
            least=good.get("least", 0),
            most=good.get("most", _MOST_DEFAULT),
            choices=choices,
        )
        if "expect" in good and "choices" not in raw:
            self._check_number(made, place)
        elif "expect" in good and choices and made.expect not in [choice.value for choice in choices]:
            known = ", ".join(shown(choice.value) for choice in choices)
            self._object(
                f"{place}.expect", f"{described(made.expect)} is no key of the choices", f"write one of {known}"
            )
        return made

    def _check_number(self, question: Question, place: str) -> None:
        if not is_number(question.expect):
            self._object(
                f"{place}.expect",
                f"found {described(question.expect)}",
                "write a number, or add [steps.question.choices]",
            )
        elif not question.least <= float(question.expect) <= question.most:
            found = f"{question.expect:g} is not within {question.least:g} to {question.most:g}"
            self._object(f"{place}.expect", found, "mend least and most, or the answer")

    def _experiment(self, raw: Mapping[str, Any], place: str) -> Experiment:
        good = checked(raw, EXPERIMENT, place, self._problems)
        modes = []
        for number, text in enumerate(good.get("modes", ())):
            try:
                modes.append(parse_mode(text))
            except UsageError as error:
                self._object(f"{place}.modes[{number}]", error.problems[0].what, error.problems[0].instead)
        return Experiment(
            tasks=self._tasks(good.get("tasks"), f"{place}.tasks"),
            modes=tuple(modes),
            label=good.get("label", ""),
            server=good.get("server"),
            clock=good.get("clock", "virtual"),
            reverse=good.get("reverse", False),
            place=place,
        )

    def _tasks(self, given: str | list[dict[str, Any]] | None, place: str) -> tuple[Mapping[str, object], ...]:
        if not isinstance(given, str):
            return tuple(given or ())
        if given in self._lists:
            tables = self._lists[given]
            return tuple(each for each in tables if isinstance(each, dict)) if isinstance(tables, list) else ()
        guess = nearest(given, list(self._lists))
        hint = f"did you mean {guess}? " if guess else ""
        self._object(
            place, f"there is no list {shown(given)} in [task_lists]", f"{hint}add it, or write the tables here"
        )
        return ()

    def _object(self, where: str, what: str, instead: str) -> None:
        self._problems.append(Problem(where, what, instead))


def _prose(good: Mapping[str, Any], key: str) -> str:
    """A text without its line breaks: screens break it anew. An empty line stays one."""
    paragraphs = str(good.get(key, "")).strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
