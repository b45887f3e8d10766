"""What words and spec files have in common: entries, and the tasks that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import accumulate, repeat
from typing import TYPE_CHECKING, NamedTuple

from asyncmodes.errors import Problem, UsageError
from asyncmodes.lists import TaskStream
from asyncmodes.spec.durations import parse_delay
from asyncmodes.spec.model import Defaults
from asyncmodes.spec.web import check_credentials, masked
from asyncmodes.spec.wording import shown
from asyncmodes.tasks import Block, Cpu, CpuIn, Delay, FakeRequest, Request, Task, Work

if TYPE_CHECKING:
    from random import Random  # imported late: few delays are drawn

URL_TIMEOUT_NS = 30_000_000_000
_COUNTLESS = 10**18


class Drawn(NamedTuple):
    """A work whose duration is drawn from a range, ends included; `make` gives the work of that duration."""

    low_ns: int
    high_ns: int
    make: Callable[[int], Work]


class Entry(NamedTuple):
    """One word, or one table of a spec: all its works, `repeat` times, each as a task of its own.

    Each needs all tasks of the entries whose indices are in `needs`.
    """

    where: str
    works: Sequence[Work | Drawn]
    name: str | None = None
    repeat: int = 1
    timeout_ns: int | None = None
    needs: Sequence[int] = ()

    @property
    def size(self) -> int:
        """How many tasks it stands for."""
        return len(self.works) * self.repeat


def delay_of(text: str, fails: str | None = None, where: str = "delay", prefix: str = "") -> Work | Drawn:
    """The fake delay that `300ms` or `100ms..400ms` stands for; its target is the text with that prefix.

    Raises UsageError at `where`.
    """
    return _drawn(text, where, lambda duration_ns: Delay(duration_ns, prefix + text, fails))


def fake_request_of(text: str, where: str = "request") -> Work | Drawn:
    """The request to a simulated server that takes `50ms` or `20ms..80ms` there. Raises UsageError at `where`."""
    return _drawn(text, where, lambda duration_ns: FakeRequest(duration_ns, f"request:{text}"))


def block_of(text: str, fails: str | None = None, where: str = "block") -> Work | Drawn:
    """The blocking delay that `100ms` or `50ms..150ms` stands for. Raises UsageError at `where`."""
    return _drawn(text, where, lambda duration_ns: Block(duration_ns, f"block:{text}", fails))


def cpu_of(text: str, place: CpuIn, where: str = "cpu") -> Work | Drawn:
    """The CPU work that takes `200ms` or `100ms..300ms` of processor time. Raises UsageError at `where`."""
    return _drawn(text, where, lambda duration_ns: Cpu(duration_ns, f"cpu:{text}", place))


def _drawn(text: str, where: str, make: Callable[[int], Work]) -> Work | Drawn:
    low_ns, high_ns = parse_delay(text, where)
    return make(low_ns) if low_ns == high_ns else Drawn(low_ns, high_ns, make)


def request_of(
    url: str,
    defaults: Defaults,
    *,
    method: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    data: bytes | None = None,
    expect_status: tuple[int, ...] = (),
    where: str = "url",
) -> Request:
    """The request of a URL that has been checked; a header of its own replaces the default of that name.

    Raises UsageError at `where` if its headers do not go with the URL.
    """
    body = defaults.data if data is None else data
    verb = method or defaults.method or ("GET" if body is None else "POST")
    sent = _merged(defaults.headers, headers)
    check_credentials(url, sent, where)
    return Request(url, masked(url), verb.upper(), sent, body, expect_status)


def _merged(defaults: tuple[tuple[str, str], ...], own: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    if not own:
        return defaults
    replaced = {name.lower() for name, _ in own}
    return (*(header for header in defaults if header[0].lower() not in replaced), *own)


class GivenNames:
    """The names that people gave, and where; a generated name is none of them."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def add(self, name: str, where: str, place: str) -> Problem | None:
        """Note that the name stands at `place`; if it stood elsewhere before, the problem at `where` that this is."""
        first = self.places.setdefault(name, place)
        if first == place:
            return None
        return Problem(where, f"the name {shown(name)} is given at {first} already", "give each its own name")


def too_many(where: str, count: int, most: int) -> UsageError:
    """The error that an entry makes the list of tasks longer than allowed."""
    found = f"{count:,}" if count < _COUNTLESS else "far more than can be run"
    return UsageError.at(where, f"the tasks up to here are {found}", f"write at most {most:,}, or raise --max-tasks")


def tasks_of(entries: Sequence[Entry], defaults: Defaults) -> Collection[Task]:
    """The tasks of all entries in order: a list in which each has a name of its own, or a stream (`keep_tasks`).

    Given names must differ. Raises UsageError, before any task is made, if they are too many.
    """
    count = 0
    for entry in entries:
        count += entry.size
        if count > defaults.max_tasks:
            raise too_many(entry.where, count, defaults.max_tasks)
    if not defaults.keep_tasks and not any(entry.needs for entry in entries):
        return TaskStream(partial(_made, entries, defaults), count)
    needs = _needs_of(entries, defaults.max_tasks)
    names = _Names({entry.name for entry in entries if entry.name is not None})
    dice = _Dice(defaults.seed)
    tasks: list[Task] = []
    for entry, needed in zip(entries, needs, strict=True):
        given = entry.name
        for _ in range(entry.repeat):
            for source in entry.works:
                work = dice.draw(source) if isinstance(source, Drawn) else source
                name = names.generated(entry.name or work.target) if given is None else given
                given = None  # only the first of an entry bears the given name as it is
                tasks.append(Task(name, work, _timeout_ns(entry, work, defaults), needed))
    return tasks


def _made(entries: Sequence[Entry], defaults: Defaults) -> Iterator[Task]:
    """The tasks one after another, each forgotten again; what is repeated as it is, is the same task each time."""
    dice = _Dice(defaults.seed)
    for entry in entries:
        if len(entry.works) == 1 and not isinstance(entry.works[0], Drawn):
            work = entry.works[0]
            yield from repeat(Task(entry.name or work.target, work, _timeout_ns(entry, work, defaults)), entry.repeat)
            continue
        for _ in range(entry.repeat):
            for source in entry.works:
                work = dice.draw(source) if isinstance(source, Drawn) else source
                yield Task(entry.name or work.target, work, _timeout_ns(entry, work, defaults))


def _needs_of(entries: Sequence[Entry], most: int) -> Sequence[tuple[int, ...]]:
    """For each entry the indices of all tasks that each of its own needs."""
    if not any(entry.needs for entry in entries):
        return [()] * len(entries)
    firsts = [0, *accumulate(entry.size for entry in entries)]
    needs, links = [], 0
    for entry in entries:
        links += entry.size * sum(entries[need].size for need in entry.needs)
        if links > most:
            what = f"the needs up to here link {links:,} pairs of tasks"
            raise UsageError.at(f"{entry.where}.needs", what, "let them all need one task that needs the others")
        needs.append(tuple(index for need in entry.needs for index in range(firsts[need], firsts[need + 1])))
    return needs


def _timeout_ns(entry: Entry, work: Work, defaults: Defaults) -> int | None:
    own = defaults.timeout_ns if entry.timeout_ns is None else entry.timeout_ns
    return URL_TIMEOUT_NS if own is None and work.kind == Request.kind else own


class _Names:
    """Makes names unique: `a`, `a#2`, `a#3`, none of them in use already."""

    def __init__(self, given: set[str]) -> None:
        self._used = given
        self._next: dict[str, int] = {}

    def generated(self, text: str) -> str:
        name = text
        if name in self._used:
            number = self._next.get(text, 2)
            while (name := f"{text}#{number}") in self._used:
                number += 1
            self._next[text] = number + 1
        self._used.add(name)
        return name


class _Dice:
    """Draws durations in the order of the tasks: with the same seed the same every time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random: Random | None = None

    def draw(self, drawn: Drawn) -> Work:
        if self._random is None:
            from random import Random

            self._random = Random(self._seed)  # noqa: S311  # reproducible on purpose, and no secret
        return drawn.make(self._random.randint(drawn.low_ns, drawn.high_ns))
