"""The formats that a result can be written in, by the end of the file's name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from asyncmodes.record import Comparison


class Format(NamedTuple):
    """An export: the module in this package and its function of a Comparison.

    `drawn`: it takes `command` and `rows` too, as a picture does.
    """

    module: str
    function: str
    what: str
    drawn: bool = False

    def write(self, comparison: Comparison, command: str, rows: int | None) -> str:
        """The whole text of the file."""
        function = getattr(import_module(f"asyncmodes.exports.{self.module}"), self.function)
        text: str = function(comparison, command, rows) if self.drawn else function(comparison)
        return text


FORMATS: dict[str, Format] = {
    ".json": Format("json", "write_json", "everything, to be shown again"),
    ".csv": Format("csv", "write_csv", "a row a task"),
    ".md": Format("markdown", "write_markdown", "a report"),
    ".svg": Format("svg", "write_svg", "the picture", drawn=True),
    ".html": Format("html", "write_html", "a page", drawn=True),
    ".trace.json": Format("trace", "write_trace", "for Perfetto"),
    ".bench.json": Format("bench", "write_bench", "for a benchmark action"),
}


def format_of(name: str) -> Format | None:
    """The format of a file of this name; of two that fit the longer one, and a name is more than its end."""
    lowered = name.lower()
    fitting = [end for end in FORMATS if lowered.endswith(end) and len(lowered) > len(end)]
    return FORMATS[max(fitting, key=len)] if fitting else None
