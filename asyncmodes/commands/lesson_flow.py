"""A lesson on the terminal: predict, see what happens, learn why, change one thing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from asyncmodes.commands.exits import signals_wait
from asyncmodes.commands.output import note, write_stdout
from asyncmodes.commands.screen import can_draw, colored
from asyncmodes.commands.stage import Back, Leave, Stage, ToList
from asyncmodes.errors import OutputError, PipeClosed, UsageError
from asyncmodes.lessons import pages
from asyncmodes.lessons.grading import Answer, Graded, grade, parse_answer, parse_sure, score
from asyncmodes.lessons.model import Lesson, Pack, Step, Value
from asyncmodes.lessons.pages import Place
from asyncmodes.lessons.progress import Progress
from asyncmodes.views.pages import Page

if TYPE_CHECKING:
    from rich.text import Text

    from asyncmodes.commands.lines import Lines
    from asyncmodes.commands.paging import Pages
    from asyncmodes.lessons.figures import Runs
    from asyncmodes.views.picture import Look
    from asyncmodes.views.playback import Said, Scene

_WIDEST = 100  # longer lines are hard to read
_PICTURE_LINES = 16
_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Wishes:
    """How lessons are to be shown: `slow` times slower than they run, event by `step`, `big` for a class."""

    slow: float | None = None
    step: bool = False
    big: bool = False
    hide_totals: bool = False
    real: bool = False
    ascii_only: bool = False
    color: str = "auto"


@dataclass(frozen=True, slots=True)
class Result:
    """A question that was answered: what was said, and what it was."""

    step: Step
    graded: Graded
    was: Value


def open_lesson(name: str | None = None) -> int:
    """Play a lesson of those that come along, by its name, or one from the list; as `asyncmodes learn` does."""
    from asyncmodes.lessons.pack import read_pack

    pack = read_pack()
    return play(None if name is None else pack.find(name), pack, Wishes())


def play(lesson: Lesson | None, pack: Pack, wishes: Wishes) -> int:
    """Go through a lesson, or choose one first, until somebody leaves; what was learnt stays on the terminal.

    Raises UsageError if there is no terminal, or a lesson needs requests or files and `real` is not wished for.
    """
    for stream in (sys.stdin, sys.stdout):
        if not _is_terminal(stream):
            raise UsageError.at(
                "asyncmodes learn",
                "it asks questions, and this is no terminal",
                "use a terminal, or add --answers FILE",
            )
    said: list[str] = []
    flow = Flow(pack, wishes, Progress.load(said.append))
    try:
        with _stage(wishes) as stage, suppress(Leave):
            flow.run(stage, lesson)
    finally:
        for line in said:
            note(line)
        with suppress(OutputError, PipeClosed):
            write_stdout(flow.transcript())
    return 0


def _is_terminal(stream: object) -> bool:
    try:
        return stream is not None and bool(stream.isatty())  # type: ignore[attr-defined]  # whatever stands there
    except ValueError:  # closed
        return False


def _stage(wishes: Wishes) -> Pages | Lines:
    """Pages where they can be drawn, else lines: Windows has no such keys, and a dumb terminal no such screen."""
    is_colored = colored(wishes.color, terminal=True)
    if os.name != "posix" or os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        from asyncmodes.commands.lines import Lines

        return Lines(min(shutil.get_terminal_size().columns, _WIDEST))
    from asyncmodes.commands.paging import Pages
    from asyncmodes.commands.terminal import Terminal

    return Pages(Terminal(color=is_colored), widest=_WIDEST, big=wishes.big)


class Flow:
    """One person's way through the lessons of a pack."""

    def __init__(self, pack: Pack, wishes: Wishes, progress: Progress) -> None:
        self._pack = pack
        self._wishes = wishes
        self._progress = progress
        self._results: list[Result] = []

    def run(self, stage: Stage, lesson: Lesson | None) -> None:
        """Lesson after lesson; Leave ends it."""
        while True:
            try:
                chosen = lesson or self._chosen(stage)
                lesson = self._lesson(stage, chosen)
            except ToList:
                lesson = None

    def transcript(self) -> str:
        """What was learnt, empty if nothing was answered."""
        if not self._results:
            return ""
        learnt = [(each.step, each.graded, each.was) for each in self._results]
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        return pages.transcript(learnt, score(each.graded for each in self._results), width)

    def _chosen(self, stage: Stage) -> Lesson:
        grades = self._progress.grades(self._pack.name)
        lessons = self._pack.lessons
        open_ones = [i for i, each in enumerate(lessons) if any(step.id not in grades for step in each.steps)]
        start = open_ones[0] if open_ones else 0
        chosen = stage.choose(lambda at, width: pages.list_page(self._pack, grades, at, width), len(lessons), start)
        return lessons[chosen]

    def _lesson(self, stage: Stage, lesson: Lesson) -> Lesson | None:
        """All steps and the score; the lesson to go on with, or None for the list."""
        if not self._wishes.real:
            _refuse_outside(lesson)
        results = [self._step(stage, Place(lesson, number)) for number in range(1, len(lesson.steps) + 1)]
        total = score(each.graded for each in results)
        graded = [(each.step, each.graded) for each in results]
        following = lesson.next
        stage.show(lambda width, _: pages.score_page(lesson, graded, total, following, width))
        return None if following is None else self._pack.find(following)

    def _step(self, stage: Stage, place: Place) -> Result:
        step = place.step
        answer = self._answer(stage, place)
        runs = self._runs(stage, place)
        result = self._graded(step, answer, runs)
        self._results = [each for each in self._results if each.step is not step] + [result]
        with signals_wait():  # or what is written would be left half written beside the file
            self._progress.note(self._pack.name, step.id, result.graded.grade)
        scene = self._scene(result, runs) if runs else None
        at_end = self._wishes.real
        while True:
            if scene is not None:
                self._played(stage, place, scene, at_end=at_end)
            key = stage.show(lambda *size: self._explained(place, result, scene, *size), also="r" if scene else "")
            if key != "r":
                return result
            at_end = False

    def _answer(self, stage: Stage, place: Place) -> Answer:
        """What somebody commits to: an answer, and how sure they are of it."""
        is_real = self._wishes.real

        def ask_value() -> Value:
            return stage.ask(
                lambda width, height, tabs: pages.question_page(place, width, height, tabs, is_real=is_real),
                lambda typed: parse_answer(place.step.question, typed),
                hint=place.step.hint,
            )

        def ask_sure(value: Value) -> float:
            make = partial(pages.sure_page, place, value)
            return stage.ask(lambda width, height, _: make(width, height), parse_sure, hint=_SURE_HINT)

        while True:
            with suppress(Back):
                value = ask_value()
                return Answer(value, ask_sure(value))

    def _runs(self, stage: Stage, place: Place) -> Runs:
        from asyncmodes.lessons.experiments import run_step

        if not self._wishes.real:
            with signals_wait():  # it takes no time, and what is raised in an event loop leaves half of it behind
                return run_step(place.step)
        return run_step(place.step, real=True, through=partial(stage.run, place.title, self._look(_WIDEST)))

    def _graded(self, step: Step, answer: Answer, runs: Runs) -> Result:
        """By what the run shows; one for real is a little late, so there what is expected judges."""
        from asyncmodes.lessons.experiments import right_answer

        was = right_answer(step, runs)
        right = step.question.expect if self._wishes.real else was
        return Result(step, grade(step.question, answer, right), right if step.question.choices else was)

    def _scene(self, result: Result, runs: Runs) -> Scene:
        from asyncmodes.views.playback import Scene

        named = [
            (f"{label}: {run.mode}" if len(runs) > 1 else str(run.mode), run)
            for label, comparison in runs.items()
            for run in comparison.runs
        ]
        return Scene(tuple(run for _, run in named), tuple(name for name, _ in named), _said(result))

    def _played(self, stage: Stage, place: Place, scene: Scene, *, at_end: bool) -> None:
        from asyncmodes.playback import Playback

        wishes = self._wishes
        playback = Playback.of(scene.runs, slow=wishes.slow, paused=wishes.step)
        page = Page(place.title, (), _LESSON_KEYS)
        stage.play(scene, playback.ended() if at_end else playback, self._look(_WIDEST), page, hint=place.step.hint)

    def _look(self, width: int) -> Look:
        from asyncmodes.views.glyphs import ASCII, UNICODE
        from asyncmodes.views.picture import Look

        glyphs = ASCII if self._wishes.ascii_only or not can_draw(sys.stdout) else UNICODE
        return Look(width, glyphs, big=self._wishes.big, hide_totals=self._wishes.hide_totals)

    def _explained(self, place: Place, result: Result, scene: Scene | None, width: int, height: int) -> Page:
        """The explanation with the picture below it, as high as there is room for."""
        page = pages.explanation_page(place, result.graded, result.was, (), width)
        room = min(height - len(page.body) - 5, _PICTURE_LINES)
        if scene is None:
            return page
        shown: Sequence[Text] = ()
        if room >= 6:
            from asyncmodes.playback import Playback
            from asyncmodes.views.playback import Film

            film = Film(scene, self._look(width)._replace(hide_totals=False), room)
            shown = tuple(film.frame(Playback.of(scene.runs).ended()).split("\n", allow_blank=True))
        return pages.explanation_page(place, result.graded, result.was, shown, width, can_replay=True)


def _refuse_outside(lesson: Lesson) -> None:
    """Raise UsageError for a lesson with requests or files before its first question, and not after an answer."""
    for step in lesson.steps:
        for experiment in step.experiments:
            if any("url" in task or "file" in task for task in experiment.tasks):
                from asyncmodes.lessons.experiments import plan_of

                plan_of(experiment)


_LESSON_KEYS = (("h", "hint"), ("l", "list"), ("q", "quit"))
_SURE_HINT = "Say what you really think: to be certain and wrong costs most, a guess costs least."


def _said(result: Result) -> Said | None:
    """The marks of a time that was predicted, None where the question was for something else."""
    from asyncmodes.views.playback import Said

    question, answer = result.step.question, result.graded.answer
    if question.unit != "ms" or question.choices or answer is None or question.figure is None:
        return None
    if isinstance(answer.value, str) or isinstance(result.was, str):
        return None
    return Said(
        round(answer.value * _MS),
        f"you said {pages.told(question, answer.value)}",
        round(result.was * _MS),
        f"{pages.it_was(question)} {pages.told(question, result.was)}",
    )
