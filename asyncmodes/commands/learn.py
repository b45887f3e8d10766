"""The command `learn`: which of its doors was meant, and what goes through it."""

import json
from typing import Annotated

import typer

from asyncmodes.commands.options import Options
from asyncmodes.commands.output import note, write_stdout
from asyncmodes.commands.playback import check_slow
from asyncmodes.errors import UsageError
from asyncmodes.lessons.model import Lesson, Pack
from asyncmodes.text import clean

MISSED = 3


class LearnOptions(Options):
    """What `learn` can be told."""

    lesson: Annotated[
        str | None, typer.Argument(metavar="LESSON", help="A lesson, a question or a claim by name, see --list.")
    ] = None
    list_all: Annotated[bool, typer.Option("--list", help="List all lessons and their questions.")] = False
    answers: Annotated[
        str | None,
        typer.Option("--answers", metavar="FILE", help="Grade the answers of a TOML or JSON file; - for stdin."),
    ] = None
    min_score: Annotated[
        float | None, typer.Option("--min-score", metavar="SHARE", help="With --answers: exit 3 below, such as 0.8.")
    ] = None
    output_format: Annotated[
        str, typer.Option("--format", metavar="table|json", help="For --list, --answers and --check.")
    ] = "table"
    pack: Annotated[str | None, typer.Option("--pack", metavar="DIR", help="Lessons of your own.")] = None
    check: Annotated[
        bool, typer.Option("--check", help="Check all lessons, or those in the directory LESSON, by running them.")
    ] = False
    real: Annotated[
        bool, typer.Option("--real", help="Run for real and not on the virtual clock; allows requests and files.")
    ] = False
    reset: Annotated[bool, typer.Option("--reset", help="Forget which questions were answered.")] = False
    slow: Annotated[
        float | None,
        typer.Option(metavar="N", help="Play runs N times slower than they are (default: at a human pace)."),
    ] = None
    step: Annotated[bool, typer.Option("--step", help="Begin each run paused, to go from event to event.")] = False
    big: Annotated[bool, typer.Option("--big", help="For a projector: two-row bars, at most 8 tasks, nothing dim.")] = (
        False
    )
    hide_totals: Annotated[bool, typer.Option("--hide-totals", help="Show totals only after the run.")] = False
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")] = False
    color: Annotated[str, typer.Option(metavar="auto|always|never", help="Colour the pages.")] = "auto"


def learn(options: LearnOptions) -> int:
    """Predict, see what happens, and learn why: short lessons on async, a question before each run.

    Without LESSON you choose one from the list, which knows where you left off. For example: asyncmodes learn dinner
    """
    _check_options(options)
    if options.reset:
        return _reset(options)
    if options.check:
        return _check(options)
    from asyncmodes.lessons.pack import read_pack

    pack = read_pack(options.pack)
    if options.list_all:
        return _list(pack, options)
    if options.answers is not None:
        return _grade(pack, options, options.answers)
    return _play(pack, options)


def _check_options(options: LearnOptions) -> None:
    doors = {
        "--list": options.list_all,
        "--answers": options.answers is not None,
        "--check": options.check,
        "--reset": options.reset,
    }
    chosen = [door for door, is_chosen in doors.items() if is_chosen]
    if len(chosen) > 1:
        raise UsageError.at(" ".join(chosen), "each of them does something else", "write one of them")
    if options.output_format not in ("table", "json"):
        raise UsageError.at("--format", f"there is no {options.output_format!r}", "write table or json")
    if options.output_format == "json" and (options.reset or not chosen):
        raise UsageError.at("--format json", "a lesson at the terminal has no JSON", "add --answers FILE or --list")
    if options.slow is not None:
        check_slow(options.slow)
    if options.min_score is None:
        return
    if options.answers is None:
        raise UsageError.at("--min-score", "there are no answers to be graded", "add --answers FILE")
    if not 0 <= options.min_score <= 1:
        raise UsageError.at(
            "--min-score", f"{options.min_score} is no share", "write a number from 0 to 1, such as 0.8"
        )


def _reset(options: LearnOptions) -> int:
    if options.lesson is not None:
        raise UsageError.at("--reset", "it forgets the answers to all lessons", f"leave out {options.lesson!r}")
    from asyncmodes.lessons.progress import Progress

    had = Progress.load(note).reset()
    write_stdout("your progress is forgotten\n" if had else "there was no progress to forget\n")
    return 0


def _check(options: LearnOptions) -> int:
    if options.pack is not None and options.lesson is not None:
        raise UsageError.at("--check", "it was given two packs", "write asyncmodes learn --check DIR")
    from asyncmodes.commands.signals import measured
    from asyncmodes.lessons.checking import check_pack
    from asyncmodes.lessons.pack import read_pack

    pack = read_pack(options.pack or options.lesson)
    found = check_pack(pack, real=options.real, through=measured)
    for step in found.left_out:
        note(f"note: {step} asks servers or reads files, and was not run; add --real")
    counts = {"lessons": found.lessons, "questions": found.questions, "runs": found.runs}
    if options.output_format == "json":
        write_stdout(_json({"pack": pack.name, **counts, "left_out": list(found.left_out)}))
    else:
        listed = ", ".join(f"{count} {what if count != 1 else what[:-1]}" for what, count in counts.items())
        write_stdout(f"{clean(pack.name)}: {listed}, and every figure is as the lessons say\n")
    return 0


def _list(pack: Pack, options: LearnOptions) -> int:
    if options.lesson is not None:
        raise UsageError.at("--list", f"it lists all lessons, not just {options.lesson!r}", "leave the name out")
    from asyncmodes.lessons.progress import Progress
    from asyncmodes.lessons.reports import listing, listing_text

    grades = Progress.load(note).grades(pack.name)
    as_json = options.output_format == "json"
    write_stdout(_json(listing(pack, grades)) if as_json else listing_text(pack, grades))
    return 0


def _grade(pack: Pack, options: LearnOptions, answers: str) -> int:
    from asyncmodes.commands.signals import measured
    from asyncmodes.lessons.answers import read_answers
    from asyncmodes.lessons.experiments import right_answer, run_step
    from asyncmodes.lessons.grading import grade, score
    from asyncmodes.lessons.reports import Answered, report, report_text

    lesson = _chosen(pack, options.lesson)
    asked = {step.id: step for step in lesson.steps}
    given = read_answers(answers, asked, {step.id: step for step in pack.steps})
    answered = []
    for step in lesson.steps:
        runs = run_step(step, real=options.real, through=measured)
        right = step.question.expect if options.real else right_answer(step, runs)
        answered.append(Answered(step, grade(step.question, given.get(step.id), right), runs))
    as_json = options.output_format == "json"
    write_stdout(_json(report(pack, lesson.name, answered)) if as_json else report_text(lesson, answered))
    share = score(each.graded for each in answered).share
    if options.min_score is not None and share < options.min_score:
        note(f"error: --min-score: the score is {share:.2f}, less than {options.min_score:g}; see what was wrong above")
        return MISSED
    return 0


def _chosen(pack: Pack, name: str | None) -> Lesson:
    """The lesson of this name; all of the pack in one if there is no name."""
    if name is not None:
        return pack.find(name)
    return Lesson("all", "all lessons", "", tuple(pack.steps))


def _play(pack: Pack, options: LearnOptions) -> int:
    from asyncmodes.commands.lesson_flow import Wishes, play

    wishes = Wishes(
        slow=options.slow,
        step=options.step,
        big=options.big,
        hide_totals=options.hide_totals,
        real=options.real,
        ascii_only=options.ascii_only,
        color=options.color,
    )
    return play(None if options.lesson is None else pack.find(options.lesson), pack, wishes)


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
