"""A comparison as a Markdown report: the totals, what became of expectations, and the result in sentences."""

from __future__ import annotations

from asyncmodes.exports.rulings_markdown import rulings_markdown
from asyncmodes.record import Comparison
from asyncmodes.views.glyphs import UNICODE
from asyncmodes.views.picture import Look, picture

_COLUMNS = 100


def write_markdown(comparison: Comparison) -> str:
    """The report; ends in a newline."""
    text = picture(comparison, Look(_COLUMNS, UNICODE))
    lines = [line.rstrip() for line in text.plain.split("\n")]
    fence = "`" * 8  # longer than any run of backticks that a name may hold would be read as its end
    drawn = "\n".join(lines[1:]).replace(fence, "'" * 8).strip("\n")
    title = lines[0].strip().replace("\\", "\\\\").replace("<", "&lt;").replace("`", "\\`")
    return f"### {title}\n\n{rulings_markdown(comparison)}{fence}text\n{drawn}\n{fence}\n"
