"""What `learn` tells without a terminal: the list of lessons, and graded answers, as data and as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from asyncmodes import __version__
from asyncmodes.lessons.figures import Runs, summary
from asyncmodes.lessons.grading import Grade, Graded, Score, score
from asyncmodes.lessons.model import Lesson, Pack, Question, Step

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Answered:
    """A step whose question was graded, and the runs that told the right answer."""

    step: Step
    graded: Graded
    runs: Runs


def listing(pack: Pack, grades: Mapping[str, Grade]) -> dict[str, object]:
    """All lessons and questions of a pack as data, without the answers; `grades` are those of earlier answers."""
    return {
        "schema_version": SCHEMA_VERSION,
        "asyncmodes": __version__,
        "pack": pack.name,
        "lessons": [
            {
                "name": lesson.name,
                "title": lesson.title,
                "summary": lesson.summary,
                "next": lesson.next,
                "steps": [_step(step, grades.get(step.id)) for step in lesson.steps],
            }
            for lesson in pack.lessons
        ],
    }


def _step(step: Step, grade: Grade | None) -> dict[str, object]:
    return {
        "id": step.id,
        "title": step.title,
        "teaches": list(step.teaches),
        "question": _question(step.question),
        "grade": grade,
    }


def _question(question: Question) -> dict[str, object]:
    if question.choices:
        return {"ask": question.ask, "choices": {choice.value: choice.text for choice in question.choices}}
    return {"ask": question.ask, "unit": question.unit, "least": question.least, "most": question.most}


def listing_text(pack: Pack, grades: Mapping[str, Grade]) -> str:
    """All lessons and steps of a pack, one a line, with the grade of an earlier answer."""
    width = max(len(_names(step, lesson)) for lesson in pack.lessons for step in lesson.steps)
    lines = []
    for lesson in pack.lessons:
        lines.append(f"{lesson.name}: {lesson.title}")
        for step in lesson.steps:
            grade = f"  ({grades[step.id]})" if step.id in grades else ""
            lines.append(f"  {_names(step, lesson):{width}}  {step.title}{grade}")
    lines += ["", "asyncmodes learn NAME starts a lesson, a question or a claim of this list."]
    return "".join(f"{line}\n" for line in lines)


def _names(step: Step, lesson: Lesson) -> str:
    """What the step can be called by, but for the lesson's own name."""
    return " ".join(name for name in dict.fromkeys([step.id, *step.teaches]) if name != lesson.name)


def report(pack: Pack, name: str, answered: Sequence[Answered]) -> dict[str, object]:
    """Graded answers as data: the score, each question with what was given and what is right, each run's figures.

    `score` and `calibration` are shares from 0 to 1, times are milliseconds.
    """
    total = score(each.graded for each in answered)
    return {
        "schema_version": SCHEMA_VERSION,
        "asyncmodes": __version__,
        "pack": pack.name,
        "lesson": name,
        "score": total.share,
        "calibration": total.calibration,
        "counts": {"right": total.right, "near": total.near, "wrong": total.wrong},
        "questions": [_graded(each) for each in answered],
        "runs": [run for each in answered for run in _runs(each)],
    }


def _graded(answered: Answered) -> dict[str, object]:
    graded = answered.graded
    answer = graded.answer
    return {
        "id": answered.step.id,
        "ask": graded.question.ask,
        "unit": graded.question.unit,
        "given": None if answer is None else answer.value,
        "sure": None if answer is None else answer.sure,
        "right": graded.right,
        "verdict": graded.grade,
        "worth": graded.grade.worth,
    }


def _runs(answered: Answered) -> Iterator[dict[str, object]]:
    for label, comparison in answered.runs.items():
        for run in comparison.runs:
            yield {
                "question": answered.step.id,
                "experiment": label,
                "clock": str(comparison.clock),
                "mode": str(run.mode),
                "figures": summary(run),
            }


def report_text(lesson: Lesson, answered: Sequence[Answered]) -> str:
    """Graded answers for people, two lines a question and the score."""
    lines = [f"{lesson.name}: {lesson.title}"]
    for each in answered:
        lines += [f"{each.step.id}: {each.graded.question.ask}", f"  {_said(each.graded)}"]
    lines.append(score_text(score(each.graded for each in answered)))
    return "".join(f"{line}\n" for line in lines)


def _said(graded: Graded) -> str:
    told = graded.question.told
    if graded.answer is None:
        return f"no answer; right is: {told(graded.right)}"
    sure = "" if graded.answer.sure is None else f" ({graded.answer.sure:.0%} sure)"
    rest = "" if graded.grade is Grade.RIGHT else f"; right is: {told(graded.right)}"
    return f"{graded.grade}: {told(graded.answer.value)}{sure}{rest}"


def score_text(total: Score) -> str:
    """The score in one line."""
    sure = "" if total.calibration is None else f", calibration {total.calibration:.0%}"
    return f"score {total.share:.0%}: {total.right} right, {total.near} near, {total.wrong} wrong{sure}"
