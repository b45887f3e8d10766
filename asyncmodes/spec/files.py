"""Spec files, TOML or JSON: from bytes to tasks, or to the list of all that is wrong with them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, cast

from asyncmodes.collector import collector_paused
from asyncmodes.errors import Problem, UsageError, nearest
from asyncmodes.spec.durations import parse_timeout
from asyncmodes.spec.entries import (
    Drawn,
    Entry,
    GivenNames,
    block_of,
    cpu_of,
    delay_of,
    fake_request_of,
    request_of,
    tasks_of,
    too_many,
)
from asyncmodes.spec.inputs import STANDARD_INPUT, read_bytes
from asyncmodes.spec.model import Defaults, Spec
from asyncmodes.spec.needs import needed_tables, needs_problems
from asyncmodes.spec.paths import Files
from asyncmodes.spec.servers import SERVER_ALLOWED, server_of
from asyncmodes.spec.syntax import parsed, parsed_toml, sentence, text_of
from asyncmodes.spec.wording import shown
from asyncmodes.tasks import DECLARED, CpuIn, Work

if TYPE_CHECKING:
    from asyncmodes.spec.tables import SpecTable, TaskTable

LARGEST_BYTES = 1 << 28

ALLOWED: dict[str, str] = {
    "title": 'text, such as "Dinner"',
    "tasks": "at least one [[tasks]] table, in double brackets",
    "server": 'a table, such as [server] with capacity = 8 and overload = "slow" below',
    "name": 'text that is not empty, such as "rice"',
    "delay": 'text with a unit, such as "300ms", or a range, such as "100ms..400ms"',
    "block": 'text with a unit, such as "100ms", or a range, such as "50ms..150ms"',
    "cpu": 'text with a unit, such as "200ms", or a range, such as "100ms..300ms"',
    "request": 'text with a unit, such as "50ms", or a range, such as "20ms..80ms"',
    "url": 'text, such as "https://example.org/"',
    "file": 'text, such as "data/menu.txt", or a pattern, such as "data/*.csv"',
    "fails": "true, false or a message",
    "cpu_in": '"inline", "thread" or "process"',
    "timeout": 'text with a unit, such as "2s"',
    "repeat": "a whole number from 1 up",
    "needs": 'a list of names, such as ["rice"]',
    "headers": 'a table of texts, such as {Accept = "text/html"}',
    "method": 'text, such as "POST"',
    "data": "text",
    "expect_status": "a status from 100 to 999, or a list of them, such as [200, 404]",
}
KINDS = ("delay", "block", "cpu", "request", "url", "file")
_TOP_KEYS = ("title", "server", "tasks")
ONLY_FOR = {"fails": ("delay", "block"), "cpu_in": ("cpu",)} | dict.fromkeys(
    ("headers", "method", "data", "expect_status"), ("url",)
)
_TASK_KEYS = tuple(key for key in ALLOWED if key not in _TOP_KEYS)
_SERVER_KEYS = tuple(SERVER_ALLOWED)
_KINDS = frozenset(KINDS)
_FITTING = {
    kind: {kind, *(key for key in _TASK_KEYS if key not in KINDS and kind in ONLY_FOR.get(key, KINDS))}
    for kind in KINDS
}
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
_HINT = "write a spec file, or send one: asyncmodes compare --spec - < spec.toml"


@collector_paused()
def read_spec(path: str | os.PathLike[str], defaults: Defaults | None = None, stdin: IO[Any] | None = None) -> Spec:
    """The tasks of a TOML or JSON file; the path `-` stands for `stdin` (None: `sys.stdin`).

    Files are relative to the spec's directory. Raises UsageError with everything that is wrong with the spec.
    """
    name = os.fspath(path)
    base = "" if name == "-" else os.path.dirname(name)
    default_title = "" if name == "-" else os.path.splitext(os.path.basename(name))[0]
    label, tables = read_tables(path, stdin)
    return _spec(tables, label, Files(base), defaults or Defaults(), default_title)


def read_tables(
    path: str | os.PathLike[str], stdin: IO[Any] | None = None, hint: str = _HINT
) -> tuple[str, dict[str, Any]]:
    """The tables of a TOML or JSON file, unchecked, and what to call it; `-` stands for `stdin` (None: `sys.stdin`).

    Raises UsageError for what cannot be read, with the hint if standard input is a terminal.
    """
    name = os.fspath(path)
    label = STANDARD_INPUT if name == "-" else name or "''"
    data = read_bytes(
        name,
        label,
        LARGEST_BYTES,
        advice="write the path of a TOML or JSON file",
        smaller="write a smaller spec; try repeat",
        hint=hint,
        stdin=stdin,
    )
    text = text_of(data, label)
    is_json = text.lstrip().startswith("{") or name.lower().endswith(".json")
    return label, parsed(text, label, _parsed_json if is_json else parsed_toml)


def spec_of(tables: Mapping[str, object], where: str, *, base: str = "", defaults: Defaults | None = None) -> Spec:
    """The spec that these tables are; files are relative to `base`. Raises UsageError at `where`."""
    return _spec(dict(tables), where, Files(base), defaults or Defaults(), "")


def _spec(raw: dict[str, Any], label: str, files: Files, defaults: Defaults, default_title: str) -> Spec:
    table = _checked(raw, label, files, defaults.max_tasks)
    needed = needed_tables(table["tasks"], KINDS)
    entries = [
        _entry(f"{label}: tasks[{index}]", task, needed[index], defaults, files)
        for index, task in enumerate(table["tasks"])
    ]
    server = server_of(table["server"], f"{label}: server") if "server" in table else None
    tasks = tasks_of(entries, defaults)
    return Spec(table.get("title", default_title), tuple(tasks) if defaults.keep_tasks else tasks, server)


def _parsed_json(text: str, label: str) -> dict[str, Any]:
    import json

    doubled = False

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        doubled = True
        return _Doubled(pairs)

    try:
        found = json.loads(text, object_pairs_hook=table)
    except json.JSONDecodeError as error:
        raise UsageError.at(f"{label}:{error.lineno}:{error.colno}", sentence(error.msg), "mend the JSON") from None
    if not isinstance(found, dict):
        raise UsageError.at(label, f"found {_described(found)}", 'write a table: {"tasks": [{"delay": "300ms"}]}')
    if doubled:
        places = [_place(place) for place in _doubled_keys(found, ())]
        raise UsageError(*(Problem(f"{label}: {place}", "the key stands twice", "write it once") for place in places))
    return found


class _Doubled(dict[str, Any]):
    """A JSON object in which a key stands twice; `keys_twice` are those keys."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.keys_twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]


def _doubled_keys(value: object, place: tuple[int | str, ...]) -> Iterator[tuple[int | str, ...]]:
    if isinstance(value, _Doubled):
        yield from ((*place, key) for key in value.keys_twice)
    inner: Iterable[tuple[int | str, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, each in inner:
        yield from _doubled_keys(each, (*place, key))


def _checked(raw: dict[str, Any], label: str, files: Files, max_tasks: int) -> SpecTable:
    """The tables of the spec, all of whose values have been checked. Raises UsageError with all problems, in order."""
    from pydantic import ValidationError

    from asyncmodes.spec.tables import SPEC

    tables = raw.get("tasks")
    tables = tables if isinstance(tables, list) else []
    if len(tables) > max_tasks:
        raise too_many(f"{label}: tasks[{max_tasks}]", len(tables), max_tasks)
    found: list[tuple[int, Problem]] = []
    try:
        checked = SPEC.validate_python(raw, context=files)
    except ValidationError as error:
        found.extend(_problems(raw, error.errors(include_url=False), label))
    found.extend(_kind_problems(tables, label))
    found.extend(_name_problems(tables, label))
    found.extend(needs_problems(tables, KINDS, label))
    if found:
        found.sort(key=lambda each: each[0])
        raise UsageError(*(problem for _, problem in found))
    return checked


def _problems(raw: Mapping[str, Any], errors: Iterable[Any], label: str) -> Iterator[tuple[int, Problem]]:
    """What pydantic objects to, in our words: one problem for each place, with the index of its task (else -1)."""
    seen = set()
    for error in errors:
        # What follows the key of a task says which alternative of a union was tried, but for what is within these.
        loc = error["loc"]
        place = tuple(loc[: 4 if loc[2:3] in _WITH_PARTS else 3])
        if place in seen:
            continue
        seen.add(place)
        yield _index(place), _problem(f"{label}: {_place(place)}", place, error, _value_at(raw, place))


def _index(place: Sequence[int | str]) -> int:
    return cast("int", place[1]) if len(place) > 1 and place[0] == "tasks" else -1


def _value_at(raw: Any, place: Sequence[int | str]) -> Any:
    for key in place:
        if isinstance(raw, dict) and key not in raw:
            return _MISSING
        raw = raw[key]
    return raw


_MISSING = object()
_WITH_PARTS = (("headers",), ("needs",))


def _problem(where: str, place: Sequence[int | str], error: Mapping[str, Any], value: Any) -> Problem:
    if error["type"] == "string_unicode":
        what = (
            "a key is half a character" if isinstance(value, dict) else f"found {_described(value)}, half a character"
        )
        return Problem(where.removesuffix(": "), what, "write valid Unicode")
    of_server = place[0] == "server" and len(place) > 1
    key = str(place[1] if of_server else place[2] if len(place) > 2 else place[0])
    if error["type"] == "extra_forbidden":
        return _unknown_key(where, key, _SERVER_KEYS if of_server else _TASK_KEYS if len(place) > 2 else _TOP_KEYS)
    if error["type"] == "value_error" and isinstance(cause := error["ctx"]["error"], UsageError):
        return cause.problems[0]._replace(where=where)
    if of_server:
        return Problem(where, f"found {_described(value)}", f"write {SERVER_ALLOWED[key]}")
    if len(place) == 2:
        return Problem(where, f"found {_described(value)}", "write a table: [[tasks]], and its keys below")
    return Problem(where, f"found {_described(value)}", f"write {ALLOWED[key]}")


@lru_cache(maxsize=256)
def _nearest(key: str, known: tuple[str, ...]) -> str | None:
    return nearest(key, known)


def _unknown_key(where: str, key: str, known: tuple[str, ...]) -> Problem:
    guess = _nearest(key, known)
    hint = f"did you mean {guess}? " if guess else ""
    return Problem(where, f"there is no key {shown(key)}", f"{hint}the keys are {', '.join(known)}")


def _described(value: object) -> str:
    """A value as found in a spec, in a few words; unlike other documents TOML has tables, dates and times."""
    from asyncmodes.documents import described  # only when something is wrong: it reads JSON

    match value:
        case None | bool() | int() | float():
            return described(value)
        case str():
            return f"the text {shown(value)}"
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a table"
    return "nothing" if value is _MISSING else f"the date or time {value}"


def _place(place: Iterable[int | str]) -> str:
    """The place as people write it: `tasks[2].delay`."""
    parts = [
        f"[{part}]" if isinstance(part, int) else f".{part}" if _PLAIN_KEY.fullmatch(part) else f".{shown(part)}"
        for part in place
    ]
    return "".join(parts).lstrip(".")


def _kind_problems(tables: Sequence[Any], label: str) -> Iterator[tuple[int, Problem]]:
    """Tasks that are no delay, URL or file, or several of them, or that have a key of another kind."""
    for index, table in enumerate(tables):
        if not isinstance(table, dict):
            continue
        keys = table.keys()
        if len(only := _KINDS & keys) == 1 and keys <= _FITTING[next(iter(only))]:
            continue
        kinds = [kind for kind in KINDS if kind in table]
        where = f"{label}: tasks[{index}]"
        if len(kinds) > 1:
            yield index, Problem(where, f"it has both {' and '.join(kinds)}", "make a task of each")
        elif not kinds:
            if not any(_means_a_kind(key) for key in table):
                yield index, Problem(where, "it says not what to do", f"write one of {', '.join(KINDS)}")
        else:
            for key in table:
                if kinds[0] not in (owners := ONLY_FOR.get(key, kinds)):
                    instead = f"leave it out: it is for a {' or a '.join(owners)}"
                    yield index, Problem(f"{where}.{key}", f"a {kinds[0]} has no {key}", instead)


def _means_a_kind(key: str) -> bool:
    return key not in ALLOWED and _nearest(key, _TASK_KEYS) in KINDS


def _name_problems(tables: Sequence[Any], label: str) -> Iterator[tuple[int, Problem]]:
    given = [name for table in tables if isinstance(table, dict) and isinstance(name := table.get("name"), str)]
    if len(set(given)) == len(given):
        return
    names = GivenNames()
    for index, table in enumerate(tables):
        name = table.get("name") if isinstance(table, dict) else None
        if name and isinstance(name, str):
            place = f"tasks[{index}].name"
            if twice := names.add(name, f"{label}: {place}", place):
                yield index, twice


def _entry(where: str, table: TaskTable, needs: Sequence[int], defaults: Defaults, files: Files) -> Entry:
    timeout_ns = parse_timeout(table["timeout"]) if "timeout" in table else None
    return Entry(
        where, _works(table, defaults, files, where), table.get("name"), table.get("repeat", 1), timeout_ns, needs
    )


def _works(table: TaskTable, defaults: Defaults, files: Files, where: str) -> Sequence[Work | Drawn]:
    if "delay" in table:
        return (delay_of(table["delay"], _message(table)),)
    if "block" in table:
        return (block_of(table["block"], _message(table)),)
    if "cpu" in table:
        return (cpu_of(table["cpu"], CpuIn(table.get("cpu_in", defaults.cpu_in))),)
    if "request" in table:
        return (fake_request_of(table["request"]),)
    if "file" in table:
        return files.expand(table["file"])
    expected = table.get("expect_status", [])
    request = request_of(
        table["url"],
        defaults,
        method=table.get("method"),
        headers=tuple(table.get("headers", {}).items()),
        data=table["data"].encode() if "data" in table else None,
        expect_status=(expected,) if isinstance(expected, int) else tuple(expected),
        where=f"{where}.url",
    )
    return (request,)


def _message(table: TaskTable) -> str | None:
    """How the task is declared to fail, None if it is not."""
    fails = table.get("fails", False)
    return DECLARED if fails is True else fails or None
