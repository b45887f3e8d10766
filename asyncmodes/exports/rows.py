"""What happened to the tasks of a run as a result file tells it: a row a task, read as columns and checked."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from operator import itemgetter
from typing import Any

from asyncmodes.documents import LONGEST_NS, Place, described, whole_ns
from asyncmodes.errors import UsageError
from asyncmodes.lists import TaskList
from asyncmodes.record import NEVER
from asyncmodes.tasks import Failure, Outcome, State, Task


@dataclass(frozen=True, slots=True)
class Recorded:
    """The work of a task that was read back: known by kind and target, over and done."""

    kind: str
    target: str
    real_io: bool = False
    blocking: bool = False
    declared_failure: bool = False
    outcome: Outcome | None = None


_FAILED = {State.FAILED.value, State.TIMED_OUT.value}
_STATES = {*_FAILED, State.OK.value, State.CANCELLED.value, State.SKIPPED.value}
_LONGEST_S = LONGEST_NS / 1e9

Identity = tuple[str, str, str, tuple[int, ...]]
"""A task's name, kind, target, and the indices of those that it needs."""


Column = Sequence[Any]
Fits = Callable[[Column], bool]
Rules = Mapping[str, tuple[Fits, str]]
"""Of each key, whether all values of a column fit, and in words what each must be."""


def _of(*types: type) -> Fits:
    """The rule that each value is of one of these types, and not of one derived: true is no number."""
    return lambda column: set(map(type, column)) <= {*types}


def _present(column: Column) -> list[Any]:
    return [value for value in column if value is not None]


_numbers = _of(int, float)
_objects = _of(dict)


def _are_times(column: Column) -> bool:
    times = _present(column)
    return not times or (_numbers(times) and min(times) >= 0 and max(times) < _LONGEST_S)


def _are_indices(column: Column) -> bool:
    indices = _present(column)
    return not indices or (_of(int)(indices) and min(indices) >= 0 and max(indices) < 2**31)


def _are_needs(column: Column) -> bool:
    return _of(list)(column) and _of(int)([need for needs in column if needs for need in needs])


def _are_errors(column: Column) -> bool:
    errors = _present(column)
    return _objects(errors) and _of(str)([error.get(key) for error in errors for key in ("type", "message")])


def _are_known(column: Column) -> bool:
    known = _present(column)
    if not _objects(known):
        return False
    durations = [each.get("duration_s") for each in known]
    return None not in durations and _are_times(durations) and _are_errors([each.get("error") for each in known])


def _are_details(column: Column) -> bool:
    """Whether each is an object whose phases, if it has any, are times that pictures can draw."""
    if not _objects(column):
        return False
    phases = _present([detail.get("phases") for detail in column if detail])
    return _objects(phases) and _are_times([time for each in phases for time in each.values()])


_TEXT = (_of(str), "a text")
_FLAG = (_of(bool), "true or false")
_TIME = (_are_times, "null or a time, a number from 0 up")
_IDENTITY: Rules = {"name": _TEXT, "kind": _TEXT, "target": _TEXT, "needs": (_are_needs, "a list of indices")}
_TASK: Rules = {
    **_IDENTITY,
    "blocking": _FLAG,
    "timeout_s": _TIME,
    "declared_failure": _FLAG,
    "known": (_are_known, 'null, or {"duration_s": …, "error": …}'),
}
_SPAN: Rules = {
    **_IDENTITY,
    "index": (_are_indices, "a whole number from 0 up"),
    "state": (lambda column: _of(str)(column) and _STATES.issuperset(column), "a final state, such as ok"),
    "orphan": _FLAG,
    "lane": (_are_indices, "null or a whole number from 0 up"),
    "ready_s": _TIME,
    "start_s": _TIME,
    "end_s": _TIME,
    "skipped_because": (_are_indices, "null or the index of a task"),
    "error": (_are_errors, 'null, or {"type": …, "message": …}'),
    "detail": (_are_details, "an object"),
}


def columns_of(place: Place, rules: Rules) -> dict[str, tuple[Any, ...]]:
    """The rows of a list as columns, each of whose values keeps its rule. Raises UsageError where one does not."""
    rows = place.items()
    if not rows:
        raise place.refused("there is no task")
    try:
        columns = dict(zip(rules, zip(*map(itemgetter(*rules), rows), strict=True), strict=True))
    except (KeyError, TypeError):
        for row in place:
            for key in rules:
                row[key]
        raise
    for key, (fits, wanted) in rules.items():
        if not fits(columns[key]):
            index = next(index for index, value in enumerate(columns[key]) if not fits((value,)))
            found = described(columns[key][index])
            raise place.refused(f"found {found} where there must be {wanted}", f"[{index}].{key}")
    return columns


def tasks_of(place: Place) -> TaskList:
    """The tasks that a result says it was about, with what was known of them before any run."""
    columns = columns_of(place, _TASK)
    each = zip(*columns.values(), strict=True)
    return TaskList(
        Task(
            name,
            Recorded(kind, target, blocking=blocking, declared_failure=declared, outcome=known and _outcome(known)),
            None if timeout is None else whole_ns(timeout),
            tuple(needs),
        )
        for name, kind, target, needs, blocking, timeout, declared, known in each
    )


def _outcome(known: Mapping[str, Any]) -> Outcome:
    error = known.get("error")
    return Outcome(whole_ns(known["duration_s"]), error and Failure(error["type"], error["message"]))


class Rows:
    """What the rows at this place say of the tasks of a run. Raises UsageError if they contradict each other."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._columns = columns = columns_of(place, _SPAN)
        self._check()
        self.starts, self.ends = _times(columns["start_s"]), _times(columns["end_s"])
        self.lanes = array("i", [NEVER if lane is None else lane for lane in columns["lane"]])
        states = columns["state"]
        self.failures = {
            index: Failure(error["type"], error["message"], State(states[index]))
            for index, error in enumerate(columns["error"])
            if error is not None
        }
        self.cancelled = frozenset(index for index, state in enumerate(states) if state == State.CANCELLED)
        self.orphans = frozenset(index for index, orphan in enumerate(columns["orphan"]) if orphan)
        self.details = {index: detail for index, detail in enumerate(columns["detail"]) if detail}

    def identities(self) -> list[Identity]:
        """What the tasks are."""
        columns = self._columns
        needs = map(tuple, columns["needs"])
        return list(zip(columns["name"], columns["kind"], columns["target"], needs, strict=True))

    def check_identities(self, known: Sequence[Identity]) -> None:
        """Raise UsageError unless the tasks are these."""
        own = self.identities()
        if own != known:
            if len(own) != len(known):
                raise self._place.refused(f"there are {len(own):,} tasks, and {len(known):,} elsewhere in the file")
            index = next(index for index, (one, other) in enumerate(zip(own, known)) if one != other)
            raise self._refused(index, "it is another task than elsewhere in the file")

    def _check(self) -> None:
        """Raise UsageError where columns contradict each other."""
        columns = self._columns
        count = len(columns["index"])
        if columns["index"] != tuple(range(count)):
            index = next(place for place, index in enumerate(columns["index"]) if place != index)
            raise self._refused(index, f"found {columns['index'][index]} where there must be {index}", "index")
        together = zip(*map(columns.get, ("state", "lane", "start_s", "end_s", "error")), strict=True)
        for index, (state, lane, start, end, error) in enumerate(together):
            never = start is None
            if (state == "skipped") != never or (end is None) != never or (lane is None) != never:
                raise self._refused(index, "a task has a lane, a start and an end unless it was skipped, and none then")
            if not never and (end < start or lane >= count):
                raise self._refused(index, "its end is before its start, or its lane is higher than there are tasks")
            if (state in _FAILED) != (error is not None):
                raise self._refused(index, "a task has an error if it failed or timed out, and none otherwise")
        self._check_links(count)

    def _check_links(self, count: int) -> None:
        needs = self._columns["needs"]
        culprits = self._columns["skipped_because"]
        for index, (needed, culprit) in enumerate(zip(needs, culprits)):
            if needed or culprit is not None:
                named = needed if culprit is None else [*needed, culprit]
                if not all(0 <= each < count for each in named):
                    raise self._refused(index, "it names a task that is not there")
        if any(needs):
            try:
                TopologicalSorter(dict(enumerate(needs))).prepare()
            except CycleError:
                raise self._place.refused("they need each other in a circle") from None

    def _refused(self, index: int, what: str, key: str = "") -> UsageError:
        return self._place.refused(what, f"[{index}].{key}" if key else f"[{index}]")


def _times(column: Sequence[float | None]) -> array[int]:
    return array("q", [NEVER if seconds is None else whole_ns(seconds) for seconds in column])
