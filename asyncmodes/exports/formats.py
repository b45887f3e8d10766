"""The formats that a result can be written in, by the end of the file's name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from asyncmodes.knee import Sweep
    from asyncmodes.record import Comparison


class Format(NamedTuple):
    """An export: the module in this package and its function of a Comparison.

    `drawn`: it takes `command` and `rows` too, as a picture does. `of_sweep` is the function of `exports.sweep` that
    writes a sweep in this format, empty where that is its comparison.
    """

    module: str
    function: str
    what: str
    drawn: bool = False
    of_sweep: str = ""

    def write(self, result: Comparison | Sweep, command: str, rows: int | None) -> str:
        """The whole text of the file."""
        from asyncmodes.record import Comparison

        module, function = self.module, self.function
        if not isinstance(result, Comparison):
            if self.of_sweep:
                module, function = "sweep", self.of_sweep
            else:
                result = result.comparison
        write = getattr(import_module(f"asyncmodes.exports.{module}"), function)
        text: str = write(result, command, rows) if self.drawn else write(result)
        return text


FORMATS: dict[str, Format] = {
    ".json": Format("json", "write_json", "everything, to be shown again", of_sweep="write_sweep"),
    ".csv": Format("csv", "write_csv", "a row a task"),
    ".md": Format("markdown", "write_markdown", "a report"),
    ".svg": Format("svg", "write_svg", "the picture", drawn=True, of_sweep="write_curve"),
    ".html": Format("html", "write_html", "a page", drawn=True),
    ".trace.json": Format("trace", "write_trace", "for Perfetto"),
    ".bench.json": Format("bench", "write_bench", "for a benchmark action"),
}


def format_of(name: str) -> Format | None:
    """The format of a file of this name; of two that fit the longer one, and a name is more than its end."""
    lowered = name.lower()
    fitting = [end for end in FORMATS if lowered.endswith(end) and len(lowered) > len(end)]
    return FORMATS[max(fitting, key=len)] if fitting else None
