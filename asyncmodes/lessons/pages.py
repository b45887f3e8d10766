"""The pages of a lesson, from the list of all of them to the score: pure, each for a given width and height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from asyncmodes.lessons.grading import Grade, Graded, Score
from asyncmodes.lessons.model import Experiment, Lesson, Pack, Question, Step, Value
from asyncmodes.text import clean
from asyncmodes.views.axis import duration
from asyncmodes.views.pages import Page, footer, wrapped_lines

TALL = 10_000
"""A height for those who do not draw on a screen."""
_LANGUAGES = {"javascript": "JavaScript", "python": "Python"}
_GUTTER = 4
_MOST_TASKS = 8
_VERDICTS = {Grade.RIGHT: "Right.", Grade.NEAR: "Nearly right.", Grade.WRONG: "Not so."}
_STYLES = {Grade.RIGHT: "cyan", Grade.NEAR: "yellow", Grade.WRONG: "yellow"}
_LEAVE = (("l", "list"), ("q", "quit"))


@dataclass(frozen=True, slots=True)
class Place:
    """Which step of which lesson it is, `number` from 1."""

    lesson: Lesson
    number: int

    @property
    def step(self) -> Step:
        """The step."""
        return self.lesson.steps[self.number - 1]

    @property
    def title(self) -> Text:
        """The line at the top of all its pages."""
        line = Text()
        if len(self.lesson.steps) > 1:
            line.append(clean(self.lesson.title), "bold")
            line.append(f"   {self.number} of {len(self.lesson.steps)}   ")
        line.append(clean(self.step.title), "bold" if not line else "")
        return line


def list_page(pack: Pack, grades: Mapping[str, Grade], chosen: int, width: int) -> Page:
    """All lessons, and how far somebody got in each."""
    names = max(cell_len(lesson.name) for lesson in pack.lessons)
    lines = [Text()]
    for number, lesson in enumerate(pack.lessons):
        line = Text()
        line.append(f"{'>' if number == chosen else ' '} {number + 1:2}  ", "bold")
        line.append(lesson.name.ljust(names), "bold cyan" if number == chosen else "cyan")
        line.append(f"  {clean(lesson.title)}", "bold" if number == chosen else "")
        line.append(f"  {_progress(lesson, grades)}", "dim")
        lines.append(line)
    title = Text("asyncmodes learn", "bold")
    title.append("   predict, see what happens, and learn why")
    about = wrapped_lines(clean(pack.lessons[chosen].summary), width)
    keys = (("up down", "choose"), ("enter", "start"), ("q", "quit"))
    return Page(title, tuple(lines), keys, ask=(*about,))


def _progress(lesson: Lesson, grades: Mapping[str, Grade]) -> str:
    found = [grades[step.id] for step in lesson.steps if step.id in grades]
    if not found:
        return ""
    right = sum(grade is Grade.RIGHT for grade in found)
    if len(found) < len(lesson.steps):
        return f"{len(found)} of {len(lesson.steps)} answered"
    return f"done, {right} of {len(lesson.steps)} right"


def question_page(place: Place, width: int, height: int, language: int = 0, *, is_real: bool = False) -> Page:
    """The tasks, the code and the question, before anything runs. `language` says which code is shown if not all."""
    step = place.step
    question = step.question
    ask = (Text(), *wrapped_lines(clean(question.ask), width, "bold"), *_choices(question, width))
    prompt = "Your answer: " if question.choices or not question.unit else f"Your answer ({question.unit}): "
    keys = (("enter", "answer"), *((("h", "hint"),) if step.hint else ()), *_LEAVE)
    room = height - 1 - len(ask) - 2 - len(footer(keys, width))
    blocks = [_told(place, width), _tasks(step, width, is_real=is_real)]
    used = sum(map(len, blocks)) + 3
    code, is_cut = _code(step, width, room - used, language)
    if is_cut:
        keys = (keys[0], ("tab", "other language"), *keys[1:])
    return Page(place.title, _joined([*blocks, code], room), keys, ask, prompt)


def sure_page(place: Place, value: Value, width: int, height: int) -> Page:
    """How sure are you? The second half of the commitment."""
    page = question_page(place, width, height - 2)
    said = Text(f"You say: {told(place.step.question, value)}")
    how = Text("How sure are you?  1 a guess, 2 rather sure, 3 certain")
    keys = (("1 2 3", "how sure"), ("backspace", "another answer"), *_LEAVE)
    return Page(page.title, page.body, keys, (*page.ask, said, how), "How sure: ")


def told(question: Question, value: Value) -> str:
    """An answer as people read it, times as on the axis."""
    if question.unit == "ms" and not isinstance(value, str):
        return f"{int(value)} ms" if value == int(value) else duration(value * 1_000_000)
    return question.told(value)


def outcome(graded: Graded, was: Value) -> str:
    """What was said and what it was, in one sentence: `you said 1000 ms, it took 400 ms`."""
    question = graded.question
    said = "nothing" if graded.answer is None else _quoted(question, graded.answer.value)
    if question.choices and graded.grade is Grade.RIGHT:
        return f"you said {said}"
    return f"you said {said}, {it_was(question)} {_quoted(question, was)}"


def it_was(question: Question) -> str:
    """The words before the right answer."""
    if question.choices:
        return "right is"
    takes_time = question.figure is not None and question.figure.endswith(("total_ms", "drained_ms"))
    return "it took" if takes_time else "it was"


def _quoted(question: Question, value: Value) -> str:
    return f"'{told(question, value)}'" if question.choices else told(question, value)


def explanation_page(
    place: Place, graded: Graded, was: Value, picture: Sequence[Text], width: int, *, can_replay: bool = False
) -> Page:
    """What was said and what it was, which belief fell, why, and the picture if there is one."""
    step = place.step
    blocks = [wrapped_lines(f"{_VERDICTS[graded.grade]} {_sentence(outcome(graded, was))}", width, "bold")]
    if step.belief:
        blocks.append(wrapped_lines(f"Many believe: {step.belief} It is not so.", width, "yellow"))
    blocks.append(wrapped_lines(step.explanation, width))
    if step.analogy:
        blocks.append(wrapped_lines(step.analogy, width, "italic"))
    if picture:
        blocks.append(list(picture))
    is_last = place.number == len(place.lesson.steps)
    following = "your score" if is_last else "change one thing" if _next(place).change else "go on"
    keys = (("enter", following), *((("r", "replay"),) if can_replay else ()), *_LEAVE)
    return Page(place.title, _joined(blocks, TALL), keys)


def _next(place: Place) -> Step:
    return place.lesson.steps[place.number]


def score_page(
    lesson: Lesson, graded: Sequence[tuple[Step, Graded]], total: Score, following: str | None, width: int
) -> Page:
    """How it went, question by question, and where to go on."""
    lines = [Text(), *_score_lines(graded), Text()]
    lines += wrapped_lines(score_sentence(total), width, "bold")
    if total.calibration is not None:
        lines += wrapped_lines(calibration_sentence(total), width)
    if following is not None:
        lines += [Text(), *wrapped_lines(f"Go on with: asyncmodes learn {following}", width)]
    title = Text(f"{clean(lesson.title)}   your score", "bold")
    keys = (("enter", f"next lesson, {following}" if following else "list of lessons"), *_LEAVE)
    return Page(title, tuple(lines), keys)


def _score_lines(graded: Sequence[tuple[Step, Graded]]) -> list[Text]:
    lines = []
    for step, each in graded:
        line = Text()
        line.append(f"  {each.grade:6}", f"bold {_STYLES[each.grade]}")
        line.append(clean(step.title))
        lines.append(line)
    return lines


def score_sentence(total: Score) -> str:
    """The score as a sentence."""
    parts = [f"{total.right} right", f"{total.near} near", f"{total.wrong} wrong"]
    return f"Score {total.share:.0%}: {', '.join(parts)}."


def calibration_sentence(total: Score) -> str:
    """How well somebody knew what they knew."""
    assert total.calibration is not None
    meaning = (
        "you knew what you knew" if total.calibration >= 0.8
        else "sometimes you were too sure, or not sure enough" if total.calibration >= 0.5
        else "you were sure of what was not so, which is how one learns most"
    )  # fmt: skip  # a table
    return f"Calibration {total.calibration:.0%}: {meaning}."


def transcript(graded: Sequence[tuple[Step, Graded, Value]], total: Score, width: int) -> str:
    """What was learnt, to stay on the terminal when the pages have gone."""
    lines: list[str] = []
    for step, each, was in graded:
        lines.append(clean(step.title))
        for text in (step.question.ask, f"{_VERDICTS[each.grade]} {_sentence(outcome(each, was))}", step.explanation):
            lines += [line.plain for line in wrapped_lines(text, width, indent="  ")]
    lines.append(score_sentence(total))
    return "".join(f"{line}\n" for line in lines)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _told(place: Place, width: int) -> list[Text]:
    """What it is about; what is changed is said so only after the step from which it differs."""
    step = place.step
    change = f"Change one thing: {step.change}" if step.change and place.number > 1 else step.change
    return [*wrapped_lines(change, width), *wrapped_lines(step.text, width)]


def _tasks(step: Step, width: int, *, is_real: bool) -> list[Text]:
    """The tasks of each list, in a line or two."""
    lines: list[Text] = []
    seen: list[object] = []
    for experiment in step.experiments:
        if experiment.tasks in seen:
            continue
        seen.append(experiment.tasks)
        label = f"{experiment.label}: " if experiment.label and len(step.experiments) > 1 else ""
        lines += wrapped_lines(f"{label}{_listed(experiment)}", width - 2, "cyan", "  ")
    clock = "real clock" if is_real or any(each.clock == "real" for each in step.experiments) else "virtual clock"
    if lines and lines[-1].cell_len + len(clock) + 5 <= width:
        lines[-1].append(f"   ({clock})", "dim")
    return lines


def _listed(experiment: Experiment) -> str:
    tasks = experiment.tasks[::-1] if experiment.reverse else experiment.tasks
    shown = [_task(task) for task in tasks]
    if len(shown) > _MOST_TASKS:
        shown = [*shown[: _MOST_TASKS // 2], "...", *shown[-_MOST_TASKS // 2 :]]
    return "   ".join(shown)


def _task(table: Mapping[str, object]) -> str:
    """A task in a few words: its name, what it does, how often, whether it fails."""
    what = next((f"{'' if key == 'delay' else key + ' '}{table[key]}" for key in table if key in _WORK), "")
    words = [str(table.get("name", "")), what]
    if table.get("repeat", 1) != 1:
        words.append(f"({table['repeat']} times)")
    if table.get("fails"):
        words.append("fails")
    needs = table.get("needs")
    if isinstance(needs, list) and needs:
        words.append(f"after {', '.join(map(str, needs))}")
    return clean(" ".join(filter(None, words)))[:60]


_WORK = ("delay", "block", "cpu", "request", "url", "file")


def _choices(question: Question, width: int) -> list[Text]:
    lines: list[Text] = []
    for index, choice in enumerate(question.choices):
        wrapped = wrapped_lines(clean(choice.text), width - 5)
        for number, line in enumerate(wrapped):
            lines.append(Text(f"  {'abcdefghij'[index]}  " if not number else "     ") + line)
    return lines


def _code(step: Step, width: int, room: int, language: int) -> tuple[list[Text], bool]:
    """The code in both languages, beside or below each other, or in one of them if there is no room for both."""
    columns = [_column(name, step.code[key]) for key, name in _LANGUAGES.items() if key in step.code]
    if len(columns) < 2:
        return (columns[0] if columns else []), False
    widths = [max(line.cell_len for line in column) for column in columns]
    if sum(widths) + _GUTTER <= width:
        return _beside(columns[0], columns[1], max(widths[0] + _GUTTER, width // 2)), False
    if sum(map(len, columns)) <= room:
        return [line for column in columns for line in column], False
    return columns[language % 2], True


def _column(name: str, code: str) -> list[Text]:
    return [Text(f"  {name}", "bold"), *(Text(f"  {line}") for line in code.split("\n"))]


def _beside(left: list[Text], right: list[Text], at: int) -> list[Text]:
    lines = []
    for number in range(max(len(left), len(right))):
        line = left[number].copy() if number < len(left) else Text()
        if number < len(right):
            line = Text().append_text(line).append(" " * (at - line.cell_len)).append_text(right[number])
        lines.append(line)
    return lines


def _joined(blocks: Sequence[Sequence[Text]], room: int) -> tuple[Text, ...]:
    """The blocks with an empty line before each, if there is room for that."""
    some = [block for block in blocks if block]
    gap = [Text()] if sum(map(len, some)) + len(some) <= room else []
    return tuple(line for block in some for line in (*gap, *block))
