"""A topic as a page: what it is, its code, its timelines on one axis, when to use it and when not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text

from asyncmodes.topics import GROUPS, LANGUAGES, Played, Scene, Topic
from asyncmodes.views.axis import duration
from asyncmodes.views.picture import NARROWEST_TIMELINE, Look, run_heading, timelines
from asyncmodes.views.wrapping import wrapped

NARROWEST_PAIR = 98
ROWS = 7  # of a list of tasks that is too long to be shown whole
_SHORT = 12
_WIDEST_PROSE = 100  # longer lines are hard to read
_INDENT = "  "
_GAP = 2
_TASKS_ARE = "In the code, tasks is a list of functions that begin one task each."

Highlight = Callable[[str, str], Text]
"""Colours code: the code and its language, a key of `LANGUAGES`."""


def contents(topics: Sequence[Topic], look: Look) -> Text:
    """The topics by group, a line or two each."""
    width = max(len(topic.name) for topic in topics) + 2
    lines = wrapped(Text("asyncmodes explain TOPIC", "bold"), look.width)
    for group, title in GROUPS.items():
        lines += [Text(), *wrapped(Text(title, "bold"), look.width)]
        for topic in topics:
            if topic.group == group:
                lines += _entry(topic, width, look.width)
    said = "It also knows what you may call them: explain Promise.all, explain TaskGroup, explain limited=5+drop."
    return Text("\n").join([*lines, Text(), *wrapped(Text(said), look.width)])


def _entry(topic: Topic, names: int, width: int) -> list[Text]:
    name = Text(topic.name, "cyan")
    room = width - len(_INDENT) - names
    if room < names:
        below = wrapped(Text(topic.summary), width - 2 * len(_INDENT))
        return [*_indented(wrapped(name, width - len(_INDENT)), 1), *_indented(below, 2)]
    first, *more = wrapped(Text(topic.summary), room)
    name.pad_right(names - len(topic.name))
    return _indented([name + first, *(Text(" " * names) + line for line in more)], 1)


def page(topic: Topic, played: Sequence[Played], languages: Sequence[str], look: Look, highlight: Highlight) -> Text:
    """Everything about a topic, with the timelines of its scenes as they have just been run."""
    prose = min(look.width, _WIDEST_PROSE)
    title = Text.assemble((topic.name, "bold cyan"), f"   {topic.title}")
    lines = [*wrapped(title, look.width, indent=2), Text(), *wrapped(Text(topic.paragraph), prose)]
    if any("tasks" in code for each in played for code in each.scene.code.values()):
        lines += [Text(), *wrapped(Text(_TASKS_ARE, "dim"), prose)]
    for language in languages:
        lines += _code(topic, [each.scene for each in played], language, look.width, highlight)
    lines += _timelines(played, look)
    for heading, said in (
        ("When a task fails", topic.on_failure),
        ("Use it when" if topic.group != "pitfalls" else "Fine when", topic.when),
        ("Not when" if topic.group != "pitfalls" else "Trouble when", topic.when_not),
    ):
        lines += [Text(), Text(heading, "bold"), *wrapped(Text(said), prose)]
    lines += [Text(), *wrapped(Text("See also: " + ", ".join(topic.see), "dim"), prose, indent=2)]
    return Text("\n").join(lines)


@dataclass(frozen=True, slots=True)
class _Block:
    """Some code under its title, and what becomes of it if that is not what it looks like."""

    title: str
    code: str
    language: str
    ends: str = ""

    def lines(self, width: int, highlight: Highlight) -> list[Text]:
        """The block in lines of at most `width` cells."""
        lines = wrapped(Text(self.title, "bold"), width)
        for line in highlight(self.code, self.language).split("\n", allow_blank=True):
            line.rstrip()
            lines += _indented(wrapped(line, width - len(_INDENT), indent=4), 1)
        if self.ends:
            lines += _indented(wrapped(Text(self.ends, "bold red"), width - len(_INDENT)), 1)
        return lines


def _code(topic: Topic, scenes: Sequence[Scene], language: str, width: int, highlight: Highlight) -> list[Text]:
    """The topic's code in this language; the wrong way and the right one side by side where there is room."""
    name = LANGUAGES[language]
    blocks = [
        _Block(f"{name}, {scene.verdict}", scene.code[language], language, scene.ends.get(language, ""))
        for scene in scenes
        if scene.verdict and language in scene.code
    ]
    if not blocks and language in topic.code:
        blocks = [_Block(name, topic.code[language], language)]
    room = (width - _GAP) // 2
    fits = all(len(line) + len(_INDENT) <= room for block in blocks for line in block.code.splitlines())
    if len(blocks) == 2 and width >= NARROWEST_PAIR and fits:
        left, right = (block.lines(room, highlight) for block in blocks)
        return [Text(), *_side_by_side(left, right, room)]
    return [line for block in blocks for line in (Text(), *block.lines(width, highlight))]


def _indented(lines: Sequence[Text], levels: int) -> list[Text]:
    return [Text(_INDENT * levels) + line if line.plain else line for line in lines]


def _side_by_side(left: Sequence[Text], right: Sequence[Text], room: int) -> list[Text]:
    lines = []
    for number in range(max(len(left), len(right))):
        line = left[number].copy() if number < len(left) else Text()
        if number < len(right) and right[number].plain:
            line.pad_right(room + _GAP - line.cell_len)
            line = line + right[number]
        lines.append(line)
    return lines


def _timelines(played: Sequence[Played], look: Look) -> list[Text]:
    """The scenes' timelines on one axis; where there is no room for any, their figures only."""
    runs = [each.run for each in played]
    labels = [each.scene.label for each in played]
    lines = [Text(), *wrapped(Text("What happens   virtual clock: simulated, exact", "bold"), look.width)]
    if look.width >= NARROWEST_TIMELINE:
        rows = None if max(map(len, runs)) <= _SHORT else ROWS
        drawn = timelines(runs, (), Look(look.width, look.glyphs, rows), labels=labels)
        while drawn and not drawn[-1].plain:
            drawn.pop()
        return [*lines, *drawn]
    for each in played:
        lines += [*_tasks(each, look.width), *run_heading(each.run, None, look, label=each.scene.label)]
    return lines


def _tasks(played: Played, width: int) -> list[Text]:
    count = len(played.run)
    if count > _SHORT:
        return wrapped(Text(f"{count} tasks"), width)
    known = [(task.name, task.outcome) for task in played.scene.tasks if task.outcome]
    said = (f"{name} {duration(does.duration_ns)}{' fails' if does.failure else ''}" for name, does in known)
    return wrapped(Text(", ".join(said)), width)
