"""What the tables of a spec say of each other in `needs`: by name, and a name stands for all tasks of its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asyncmodes.dispatch import chained, needs_circle
from asyncmodes.errors import SHOWN_PROBLEMS, Problem, nearest
from asyncmodes.spec.wording import shown

_MOST_CIRCLES = SHOWN_PROBLEMS
_MOST_GUESSED_FROM = 2000


def needed_tables(tables: Sequence[Any], kinds: Sequence[str]) -> list[Sequence[int]]:
    """For each table the indices of those that it needs; names that are not there are left out.

    A table that has no name goes by the text of its kind, as it is written there.
    """
    if not _some_need(tables):
        return [()] * len(tables)
    by_name = _by_name(tables, kinds)
    return [_found(table, by_name) for table in tables]


def needs_problems(tables: Sequence[Any], kinds: Sequence[str], label: str) -> Iterator[tuple[int, Problem]]:
    """What is wrong with the needs, each with the index of its table: unknown names, and circles."""
    if not _some_need(tables):
        return
    by_name = _by_name(tables, kinds)
    known = list(by_name)[:_MOST_GUESSED_FROM]
    guesses = SHOWN_PROBLEMS
    for index, table in enumerate(tables):
        for number, name in enumerate(_names(table)):
            if name not in by_name:
                where = f"{label}: tasks[{index}].needs[{number}]"
                yield index, Problem(where, f"there is no task {shown(name)}", _instead(name, known if guesses else ()))
                guesses = max(guesses - 1, 0)
    needs = {index: found for index, table in enumerate(tables) if (found := _found(table, by_name))}
    for _ in range(_MOST_CIRCLES):
        circle = needs_circle(needs)
        if not circle:
            return
        names = [_name(tables[index], index, kinds) for index in circle]
        problem = Problem(
            f"{label}: tasks[{circle[0]}].needs",
            f"{names[0]} needs itself: {chained(names)}" + (", each the next one" if len(circle) > 2 else ""),
            "leave it out" if len(circle) == 2 else "leave one of these needs out",
        )
        yield circle[0], problem
        needs[circle[-2]] = [index for index in needs[circle[-2]] if index != circle[-1]]


def _some_need(tables: Sequence[Any]) -> bool:
    return any(isinstance(table, dict) and "needs" in table for table in tables)


def _instead(name: str, known: Sequence[str]) -> str:
    guess = nearest(name, known) or nearest(name.partition("#")[0], known)
    if guess:
        return f"did you mean {shown(guess)}? a name stands for all tasks of its table"
    return "write the name of another task of this spec"


def _by_name(tables: Sequence[Any], kinds: Sequence[str]) -> Mapping[str, Sequence[int]]:
    """The tables of each name: given names first, then those that go by what they do."""
    by_name: dict[str, list[int]] = {}
    unnamed: dict[str, list[int]] = {}
    for index, table in enumerate(tables):
        if not isinstance(table, dict):
            continue
        if isinstance(given := table.get("name"), str):
            by_name.setdefault(given, []).append(index)
        elif text := next((table[kind] for kind in kinds if isinstance(table.get(kind), str)), None):
            unnamed.setdefault(text, []).append(index)
    return unnamed | by_name


def _names(table: Any) -> Sequence[str]:
    """The names in `needs`, as far as they are names."""
    names = table.get("needs") if isinstance(table, dict) else None
    return [name for name in names if isinstance(name, str) and name] if isinstance(names, list) else ()


def _found(table: Any, by_name: Mapping[str, Sequence[int]]) -> Sequence[int]:
    return sorted({index for name in _names(table) for index in by_name.get(name, ())})


def _name(table: Any, index: int, kinds: Sequence[str]) -> str:
    """The name as it is said in a circle: without quotes, as long as nobody could misread it."""
    texts = [table.get(key) for key in ("name", *kinds)]
    name = next((text for text in texts if isinstance(text, str) and text), f"tasks[{index}]")
    quoted = shown(name)
    return name if quoted == f"'{name}'" and " -> " not in name else quoted
