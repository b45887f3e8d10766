"""Lists too long to be kept: what is in them is made anew each time it is asked for, in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Indexed(Protocol[T_co]):
    """What gives its items by index: a sequence, or one that gives each of them once, in order."""

    def __getitem__(self, index: int, /) -> T_co: ...


class Stream(Collection[T]):
    """`count` items, which `make()` makes anew, always in the same order, each time that they are asked for."""

    def __init__(self, make: Callable[[], Iterator[T]], count: int) -> None:
        self._make = make
        self._count = count

    def __iter__(self) -> Iterator[T]:
        return self._make()

    def __len__(self) -> int:
        return self._count

    def __contains__(self, item: object) -> bool:
        return any(each == item for each in self)


class _InOrder(Generic[T]):
    """Items that are asked for by indices that only ever rise."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._next = 0

    def __getitem__(self, index: int, /) -> T:
        while self._next < index:  # those in between are not wanted
            next(self._items)
            self._next += 1
        self._next += 1
        return next(self._items)


def listed(items: Collection[T]) -> Sequence[T]:
    """All items at once: the sequence itself, or those of a stream in one."""
    return items if isinstance(items, Sequence) else tuple(items)


def by_index(items: Collection[T]) -> Indexed[T]:
    """The items, to be asked for by index: those of a stream only in order, and each of them once."""
    return items if isinstance(items, Sequence) else _InOrder(items)


def each(function: Callable[[T], T_co], items: Collection[T]) -> Indexed[T_co]:
    """What the function makes of each item: at once for all of a sequence, of a stream when it is asked for."""
    made = map(function, items)
    return list(made) if isinstance(items, Sequence) else _InOrder(made)
