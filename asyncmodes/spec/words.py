"""Tasks as words of the command line, read in a fixed order: NAME=, prefix, URL, duration, file, glob."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import IO, Any, NamedTuple

from asyncmodes.errors import Problem, UsageError
from asyncmodes.spec.durations import diagnosis, is_delay
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
from asyncmodes.spec.inputs import STANDARD_INPUT, standard_input
from asyncmodes.spec.model import Defaults
from asyncmodes.spec.paths import Files, is_pattern
from asyncmodes.spec.web import check_url
from asyncmodes.spec.wording import shown
from asyncmodes.tasks import DECLARED, Task, Work

_NAMED = re.compile(r"([\w.-]+)=(.*)", re.DOTALL)
_PREFIXED = re.compile(r"(delay|fail|block|cpu|request|url|file):(.*)", re.DOTALL)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://|https?:", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,_]*")
_WHOLE = re.compile(r"[0-9]+")
_LONGEST_LINE = 1 << 16
FORMS = "write a delay (300ms), a URL (https://example.org/) or a file (data.txt, file:300)"
_PIPE_HINT = "send it one word a line: asyncmodes compare - < words.txt"


class _Word(NamedTuple):
    place: str
    text: str


def read_words(words: Sequence[str], defaults: Defaults, stdin: IO[Any] | None = None) -> Collection[Task]:
    """The tasks that the words stand for; the word `-` stands for the lines of `stdin` (None: `sys.stdin`).

    Raises UsageError with everything that is wrong with them.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    names = GivenNames()
    files = Files()
    for count, word in enumerate(_all_words(words, stdin), start=1):
        if count > defaults.max_tasks:  # said at once: standard input may never end
            raise too_many(word.place, count, defaults.max_tasks)
        try:
            entry = _entry(word, defaults, files)
        except UsageError as error:
            problems.extend(error.problems)
            continue
        entries.append(entry)
        if entry.name is not None and (twice := names.add(entry.name, word.place, word.place)):
            problems.append(twice)
    if problems:
        raise UsageError(*problems)
    return tasks_of(entries, defaults)


def _all_words(words: Sequence[str], stdin: IO[Any] | None) -> Iterator[_Word]:
    opened = False
    for number, text in enumerate(words, start=1):
        place = f"argument {number}"
        if text != "-":
            yield _Word(place, text)
            continue
        if opened:
            raise UsageError.at(place, "'-' stands there twice", "standard input can be read only once")
        opened = True
        yield from _lines(standard_input(stdin, _PIPE_HINT))


def _lines(stream: IO[bytes]) -> Iterator[_Word]:
    """The words in the stream, one a line; blank lines and lines that begin with # are skipped."""
    number = 0
    found = False
    try:
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            place = f"{STANDARD_INPUT}, line {number}"
            if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
                raise UsageError.at(place, f"it is longer than {_LONGEST_LINE:,} bytes", "write one word a line")
            # File names need not be UTF-8: as in sys.argv, bytes that are not go through unharmed.
            text = line.decode("utf-8", "surrogateescape").removeprefix("\ufeff" if number == 1 else "").strip()
            if text and not text.startswith("#"):
                found = True
                yield _Word(place, text)
    except OSError as error:
        raise UsageError.at(STANDARD_INPUT, f"it cannot be read ({error.strerror})", _PIPE_HINT) from None
    if not found:
        raise UsageError.at(STANDARD_INPUT, "there is no task in it", _PIPE_HINT)


def _entry(word: _Word, defaults: Defaults, files: Files) -> Entry:
    match = _NAMED.fullmatch(word.text)
    name, text = match.groups() if match else (None, word.text)
    works, repeat = _works(_Word(word.place, text), defaults, files, word.text)
    return Entry(word.place, works, name, repeat)


def _works(word: _Word, defaults: Defaults, files: Files, whole: str) -> tuple[Sequence[Work | Drawn], int]:
    """What is to be done, and how often."""
    place, text = word
    match = _PREFIXED.fullmatch(text)
    prefix, text = match.groups() if match else ("", text)
    if prefix == "file":
        if text.startswith("//"):
            raise UsageError.at(
                place, f"{shown(word.text)} is a URL of a scheme that is not supported", "write file:PATH"
            )
        return files.expand(text, place), 1
    head, star, tail = text.rpartition("*")
    once = head if star else text
    if prefix in ("delay", "fail") or (not prefix and is_delay(once)):
        # The prefix fail: stays in sight: it becomes part of the name of a task that has no other.
        fails, shown_prefix = (DECLARED, "fail:") if prefix == "fail" else (None, "")
        return [delay_of(once, fails, place, shown_prefix)], _times(tail, place) if star else 1
    if prefix in ("block", "cpu", "request"):
        return [_lasting(prefix, once, defaults, place)], _times(tail, place) if star else 1
    if prefix == "url" or _URL.match(text):
        times = 1
        if star and _NUMBER.fullmatch(tail):
            text, times = head, _times(tail, place)
        check_url(text, place)
        return [request_of(text, defaults, where=place)], times
    if star and _WHOLE.fullmatch(tail) and files.exists(head):
        return files.expand(head, place), _times(tail, place)
    if files.exists(text):
        return files.expand(text, place), 1
    if found := is_pattern(text) and files.lookup(text):
        return found, 1
    raise _no_task(_Word(place, text), whole, files)


def _lasting(prefix: str, text: str, defaults: Defaults, place: str) -> Work | Drawn:
    """What a prefix other than `delay` and `fail` makes of a duration."""
    match prefix:
        case "block":
            return block_of(text, where=place)
        case "cpu":
            return cpu_of(text, defaults.cpu_in, place)
    return fake_request_of(text, place)


def _times(text: str, where: str) -> int:
    """The number after `*`; of a number with very many digits only that it is very large."""
    digits = text.lstrip("0")
    if not _WHOLE.fullmatch(text) or not digits:
        raise UsageError.at(where, f"{shown('*' + text)} is no number of times", "write a whole number from *1 up")
    return int(digits[:20])


def _no_task(word: _Word, whole: str, files: Files) -> UsageError:
    """The error that a word is none of the known forms, with the likeliest remedy; `whole` is it with its name."""
    place, text = word

    def refuse(what: str, instead: str) -> UsageError:
        return UsageError.at(place, what, instead)

    if not whole:
        return refuse("it is empty", FORMS)
    if text != whole and files.exists(whole):
        return refuse(f"{shown(text)} is no task, but {shown(whole)} exists", f"write file:{whole} to read it")
    if not text:
        return refuse(f"nothing stands after {shown(whole)}", FORMS)
    if text == "-":
        return refuse("standard input takes no name", "write - alone")
    for part in text.split("*")[0].split(".."):
        if not is_delay(part) and (near := diagnosis(part)):
            return refuse(f"{shown(part)} {near[0]}", near[1])
    name, _, task = text.partition("=")
    if is_delay(task.split("*")[0]) or _URL.match(task):
        return refuse(f"{shown(name)} cannot be its name", "a name is letters, digits, _ . - and stands once")
    none = "matches no file" if is_pattern(text) else "no file or directory of that name exists"
    return refuse(f"{shown(text)} is no URL and no duration, and {none}", FORMS)
