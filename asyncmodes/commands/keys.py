"""Bytes from a terminal, in whatever pieces they come, as keys by name."""

from __future__ import annotations

import codecs
import re

UP, DOWN, RIGHT, LEFT = "up", "down", "right", "left"
PAGE_UP, PAGE_DOWN, HOME, END = "page up", "page down", "home", "end"
ENTER, BACKSPACE, TAB, CLEAR, ESCAPE = "enter", "backspace", "tab", "clear", "escape"
OVER = "end of input"
REDRAW = "redraw"  # no key: the terminal was resized, or the program goes on after it had been stopped

_CONTROLS = {
    "\r": ENTER, "\n": ENTER, "\x7f": BACKSPACE, "\b": BACKSPACE, "\t": TAB, "\x04": OVER, "\x15": CLEAR, "\x17": CLEAR
}  # fmt: skip  # a table
_LETTERS = {"A": UP, "B": DOWN, "C": RIGHT, "D": LEFT, "H": HOME, "F": END}
_NUMBERS = {"1": HOME, "4": END, "5": PAGE_UP, "6": PAGE_DOWN, "7": HOME, "8": END}
_SEQUENCE = re.compile(r"\x1b(?:\[([0-?]*)[ -/]*([@-~])|O([0-9]*)([ -~]))")
_BEGINNING = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O[0-9]*)?")
_LONGEST = 32


class Keys:
    """Reads keys from bytes: a printable character is itself, others have names. Unknown sequences are dropped."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._rest = ""

    @property
    def waits(self) -> bool:
        """Whether an escape sequence has begun: it may be one, or somebody pressed the escape key."""
        return bool(self._rest)

    def feed(self, data: bytes) -> list[str]:
        """The keys that are complete now."""
        text = self._rest + self._decoder.decode(data)
        self._rest = ""
        found = []
        while text:
            key, text = self._next(text)
            if key:
                found.append(key)
        return found

    def flush(self) -> list[str]:
        """What has begun and did not go on for a while: the escape key alone, or nothing."""
        rest, self._rest = self._rest, ""
        return [ESCAPE] if rest == "\x1b" else []

    def _next(self, text: str) -> tuple[str, str]:
        """The first key, empty if it is none, and the text behind it."""
        first = text[0]
        if first == "\x1b":
            return self._escaped(text)
        if first in _CONTROLS:
            return _CONTROLS[first], text[1:]
        return (first if first.isprintable() else ""), text[1:]

    def _escaped(self, text: str) -> tuple[str, str]:
        match = _SEQUENCE.match(text)
        if match:
            numbers, final, _, single = match.groups()
            key = _NUMBERS.get(numbers.partition(";")[0], "") if final == "~" else _LETTERS.get(final or single, "")
            return key, text[match.end() :]
        if len(text) < _LONGEST and _BEGINNING.fullmatch(text):
            self._rest = text
            return "", ""
        if text[1:2] == "\x1b":
            return ESCAPE, text[1:]
        return "", text[2:]  # Alt and a key, or a sequence that is none
