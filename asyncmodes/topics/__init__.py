"""What there is to explain: modes, modifiers and pitfalls as data, one TOML file each beside this one.

A file that is not as it has to be is a mistake of ours: it raises ValueError with file and place, and a test reads
them all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncmodes.errors import UsageError, nearest
from asyncmodes.modes import Mode, parse_mode
from asyncmodes.text import clean

if TYPE_CHECKING:
    from asyncmodes.capacity import Server
    from asyncmodes.record import Comparison, Run
    from asyncmodes.tasks import Task

GROUPS = {"modes": "Modes", "modifiers": "Modifiers", "pitfalls": "Pitfalls, wrong and right"}
LANGUAGES = {"javascript": "JavaScript", "python": "Python"}
VERDICTS = ("wrong", "right")
TASK_LISTS = {
    "dinner": ("rice=400ms", "sauce=200ms", "salad=300ms", "bread=100ms"),
    "trouble": ("a=400ms", "b=fail:200ms", "c=300ms", "d=100ms"),
}
_FOLDER = Path(__file__).parent
_TEXTS = ("title", "group", "summary", "paragraph", "on_failure", "when", "when_not")
_TOPIC_KEYS = {*_TEXTS, "aliases", "see", "mode", "code", "scenes"}
_SCENE_KEYS = {"title", "verdict", "mode", "tasks", "server", "awaits", "interrupted", "ends", "code"}
_SHOWN = 60  # characters of a wrong topic that its error repeats


@dataclass(frozen=True)
class Scene:
    """One experiment of a topic: words for tasks, the mode that they run in, and the code that does the same.

    `code` is by language; empty where the scene only shows what else there is. `ends` tells by language what its
    timeline does not show, such as an exception at the end. `awaits` names for a task those that it waits for while
    it holds its slot. `interrupted_ns` is when somebody or something ends it all.
    """

    title: str
    verdict: str
    mode: Mode
    words: tuple[str, ...]
    code: Mapping[str, str]
    server_words: str | None
    awaits: Mapping[str, tuple[str, ...]]
    interrupted_ns: int | None
    ends: Mapping[str, str]

    def written_in(self, languages: Sequence[str]) -> bool:
        """Whether it concerns somebody who reads these languages."""
        return not self.code or any(language in self.code for language in languages)

    @property
    def label(self) -> str:
        """What stands above its timeline."""
        said = ", ".join(filter(None, [self.verdict, self.title]))
        return said if self.interrupted_ns is not None else f"{said}: {self.mode}"

    @cached_property
    def tasks(self) -> Sequence[Task]:
        """The tasks, new ones for each scene; those that wait for others can be run once only."""
        from asyncmodes.spec import Defaults, read_words

        return list(read_words(self.words, Defaults()))

    @property
    def server(self) -> Server | None:
        """The simulated server that its requests go to, None for one without limits."""
        from asyncmodes.spec import parse_server

        return None if self.server_words is None else parse_server(self.server_words)


@dataclass(frozen=True)
class Topic:
    """One thing to explain. All texts are ASCII; `code` is that of its mode, or of the right way, by language."""

    name: str
    title: str
    group: str
    aliases: tuple[str, ...]
    summary: str
    paragraph: str
    on_failure: str
    when: str
    when_not: str
    see: tuple[str, ...]
    code: Mapping[str, str]
    scenes: tuple[Scene, ...]

    def judged(self, verdict: str) -> list[Scene]:
        """The scenes that show how it goes wrong, or right; none in a topic that is no pitfall."""
        return [scene for scene in self.scenes if scene.verdict == verdict]


@dataclass(frozen=True)
class Played:
    """A scene and the record of what happened when it was played."""

    scene: Scene
    comparison: Comparison

    @property
    def run(self) -> Run:
        """The one run that a scene is."""
        return self.comparison.runs[0]


@cache
def names() -> tuple[str, ...]:
    """The names of all topics in the order of the groups, modes and modifiers in their own."""
    from asyncmodes.modes import MODIFIERS, ROWS

    known = [*ROWS, *(f"+{modifier}" for modifier in MODIFIERS)]
    found = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    return (*known, *(name for name in found if name not in known))


@cache
def load(name: str) -> Topic:
    """The topic of this very name. Raises KeyError if there is none, ValueError if its file is broken."""
    if name not in names():
        raise KeyError(name)
    return parse(name, (_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def find(word: str) -> Topic:
    """The topic that is called so, or known as such, or that explains this mode. Raises UsageError."""
    wanted = _plain(word)
    by_name = {_plain(name): name for name in names()}
    if wanted in by_name:
        return load(by_name[wanted])
    by_alias = {_plain(alias): name for name in names() for alias in load(name).aliases}
    if wanted in by_alias:
        return load(by_alias[wanted])
    try:
        return load(_explaining(word))
    except UsageError:
        guess = nearest(wanted, [*by_name, *by_alias])
        hint = f"did you mean {by_name.get(guess) or by_alias[guess]}? " if guess else ""
        found = f"there is no topic {clean(word[:_SHOWN])!r}"
        raise UsageError.at("explain", found, f"{hint}asyncmodes explain lists them all") from None


def _plain(word: str) -> str:
    return "-".join(word.casefold().split())


def _explaining(spelling: str) -> str:
    """The topic of a mode: its modifier's, if it has one, since that is what is special about it."""
    parse_mode(spelling)
    base, plus, modifier = spelling.partition("+")
    return plus + modifier if plus else base.partition("=")[0]


def parse(name: str, text: str) -> Topic:
    """A topic from its file's text. Raises ValueError with the place of what is wrong."""

    def refuse(where: str, what: str) -> ValueError:
        return ValueError(f"topic {name}: {where}: {what}")

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refuse("file", str(error)) from None
    check = _Checker(refuse)
    check.keys("file", table, _TOPIC_KEYS, {*_TEXTS, "aliases", "see", "scenes"})
    texts = {key: " ".join(check.text(key, table[key]).split()) for key in _TEXTS}
    if texts["group"] not in GROUPS:
        raise refuse("group", f"{texts['group']!r} is none of {', '.join(GROUPS)}")
    code = check.code("code", table.get("code", {}))
    scenes = tuple(
        _scene(f"scenes[{number}]", scene, table.get("mode"), code, check)
        for number, scene in enumerate(check.tables("scenes", table["scenes"]))
    )
    right = [scene.code for scene in scenes if scene.verdict == "right"]
    return Topic(
        name=name,
        aliases=check.texts("aliases", table["aliases"]),
        see=check.texts("see", table["see"]),
        code=code or (right[0] if right else {}),
        scenes=scenes,
        **texts,
    )


def _scene(where: str, table: dict[str, Any], default: str | None, code: Mapping[str, str], check: _Checker) -> Scene:
    from asyncmodes.spec import parse_duration

    check.keys(where, table, _SCENE_KEYS, set())
    written = check.text(f"{where}.mode", table.get("mode", default))
    verdict = table.get("verdict", "")
    if verdict not in ("", *VERDICTS):
        raise check.refuse(f"{where}.verdict", f"{verdict!r} is none of {', '.join(VERDICTS)}")
    tasks = table.get("tasks", "dinner")
    words = TASK_LISTS.get(tasks) if isinstance(tasks, str) else check.texts(f"{where}.tasks", tasks)
    if not words:
        raise check.refuse(f"{where}.tasks", f"there are no tasks {tasks!r}")
    own = check.code(f"{where}.code", table.get("code", {}))
    interrupted = table.get("interrupted")
    return Scene(
        title=check.text(f"{where}.title", table.get("title", "" if verdict else None), empty=bool(verdict)),
        verdict=verdict,
        mode=parse_mode(written),
        words=tuple(words),
        code=own or (code if written == default else {}),
        server_words=table.get("server"),
        awaits={
            name: check.texts(f"{where}.awaits.{name}", others) for name, others in table.get("awaits", {}).items()
        },
        interrupted_ns=None if interrupted is None else parse_duration(interrupted),
        ends=check.by_language(f"{where}.ends", table.get("ends", {})),
    )


class _Checker:
    """Looks whether values are what they have to be; `refuse` makes the error that says they are not."""

    def __init__(self, refuse: Any) -> None:
        self.refuse = refuse

    def keys(self, where: str, table: Mapping[str, Any], allowed: set[str], needed: set[str]) -> None:
        """No key but the allowed ones, and all that are needed."""
        if unknown := table.keys() - allowed:
            raise self.refuse(where, f"unknown key {min(unknown)}")
        if missing := needed - table.keys():
            raise self.refuse(where, f"{min(missing)} is missing")

    def text(self, where: str, value: object, *, empty: bool = False) -> str:
        """A text in ASCII, so that it can be shown everywhere, and not empty unless it may be."""
        if not isinstance(value, str) or not (empty or value.strip()):
            raise self.refuse(where, f"{value!r} is no text")
        if not value.isascii():
            raise self.refuse(where, "it has characters beyond ASCII")
        return value

    def texts(self, where: str, values: object) -> tuple[str, ...]:
        """A list of texts."""
        if not isinstance(values, list):
            raise self.refuse(where, f"{values!r} is no list")
        return tuple(self.text(where, value) for value in values)

    def tables(self, where: str, values: object) -> list[dict[str, Any]]:
        """A list of tables that is not empty."""
        if not isinstance(values, list) or not values or not all(isinstance(value, dict) for value in values):
            raise self.refuse(where, "it has to be a list of tables")
        return values

    def by_language(self, where: str, table: object) -> dict[str, str]:
        """A table of texts by language."""
        if not isinstance(table, dict):
            raise self.refuse(where, f"{table!r} is no table")
        self.keys(where, table, set(LANGUAGES), set())
        return {
            language: self.text(f"{where}.{language}", table[language]) for language in LANGUAGES if language in table
        }

    def code(self, where: str, table: object) -> dict[str, str]:
        """Code by language, without blank lines around it."""
        return {language: text.strip("\n") for language, text in self.by_language(where, table).items()}
