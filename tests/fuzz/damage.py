"""Damage to documents that are whole: bytes that name a value and what becomes of it get further than random text."""

import copy
import json
import math
from collections.abc import Iterator
from typing import Any

_DEEP: Any = "deep"
for _ in range(60):
    _DEEP = [_DEEP]

ODD = [
    None, True, False, 0, 1, 2, -1, 0.5, -0.0, 1e-9, 1e308, 2**31, 2**63, 10**30, 10**400, 9.3e9, math.nan, math.inf,
    "", " ", "x", "ok", "skipped", "failed", "real", "virtual", "parallel", "limited=2", "race", "1ms", "365d", "a/b",
    "\x1b[31m", "\u202e", "\ud800", "a\nb", "[/red]", "=1+1", "e\u0301" * 9, "x" * 5000, "\u3042" * 300, "\0",
    [], [0], [[]], {}, {"": 0}, {"type": "x", "message": "\x1b"}, _DEEP,
]  # fmt: skip
"""What stands where it should not."""

_LEFT_OUT, _DOUBLED, _MOVED, _TEXT = range(-4, 0)
_MARK = b"\xff\xfe"


def damaged(document: Any, orders: bytes) -> Any:
    """A copy in which values were replaced, left out, doubled or moved: three bytes an order, at most twelve of them.

    Two bytes say which value, the third what becomes of it. What follows the mark 0xFF 0xFE is a text to be put in.
    """
    orders, _, rest = orders.partition(_MARK)
    text = rest.decode("utf-8", "surrogateescape")
    whole = [copy.deepcopy(document)]
    for at in range(0, min(len(orders) - 2, 36), 3):
        places = list(_places(whole))
        which = int.from_bytes(orders[at : at + 2], "big")
        holder, key = places[which % len(places)]
        what = orders[at + 2] % (len(ODD) + 4) - 4
        if what >= 0:
            holder[key] = copy.deepcopy(ODD[what])
        elif what == _LEFT_OUT and holder is not whole:
            del holder[key]
        elif what == _DOUBLED and isinstance(holder, list) and holder is not whole:
            holder.insert(key, copy.deepcopy(holder[key]))
        elif what == _MOVED:
            other, place = places[(which * 7 + at) % len(places)]
            holder[key] = copy.deepcopy(other[place])
        elif what == _TEXT:
            holder[key] = text
    return whole[0]


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every value within, each as what holds it and the key or index there."""
    todo = [holder]
    while todo:
        each = todo.pop()
        for key, value in list(each.items() if isinstance(each, dict) else enumerate(each)):
            yield each, key
            if isinstance(value, dict | list):
                todo.append(value)


def as_json(document: Any) -> bytes:
    """The document as JSON, with NaN and Infinity if it has them."""
    return json.dumps(document).encode()


def as_toml(document: Any) -> bytes:
    """The document as TOML, a line for each key of its top; what TOML cannot hold is left out."""
    if not isinstance(document, dict):
        return as_json(document)
    lines = [f"{_quoted(key)} = {_toml(value)}\n" for key, value in document.items() if value is not None]
    return "".join(lines).encode("utf-8", "surrogatepass")


def _toml(value: Any) -> str:
    match value:
        case dict():
            inside = (f"{_quoted(key)} = {_toml(each)}" for key, each in value.items() if each is not None)
            return f"{{{', '.join(inside)}}}"
        case list():
            return f"[{', '.join(_toml(each) for each in value if each is not None)}]"
        case str():
            return _quoted(value)
        case bool():
            return str(value).lower()
        case float():
            return repr(value)
    return str(value)


def _quoted(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for those of lone surrogates, which stay what they are."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
