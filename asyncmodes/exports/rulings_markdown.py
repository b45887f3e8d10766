"""What became of expectations and of a comparison with a reference, as sections of a Markdown report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from asyncmodes.record import Comparison
from asyncmodes.text import clean
from asyncmodes.views.rulings import against_heading, change_cells, expectation_cells, reasons

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~])")
_MARKS = {"pass": "✅ pass", "fail": "❌ fail", "inconclusive": "❔ inconclusive"}


def rulings_markdown(comparison: Comparison) -> str:
    """Tables of the expectations and of the changes, and what has to be known beside them; empty without either."""
    parts = []
    if comparison.judgements:
        titles = ("expected", "measured", "interval", "judged by", "verdict")
        parts.append(_table(titles, (expectation_cells(each) for each in comparison.judgements)))
    if comparison.against is not None:
        titles_of_changes = ("mode", "total", "then", "change", "interval", "judged by", "verdict")
        rows = (change_cells(each) for each in comparison.against.changes)
        parts += [f"**{_escaped(', '.join(against_heading(comparison.against)))}**", _table(titles_of_changes, rows)]
    said = reasons(comparison)
    if said:
        parts.append("\n".join(f"- {_escaped(sentence)}" for sentence in said))
    return "".join(f"{part}\n\n" for part in parts)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] + ["---:"] * (len(titles) - 2) + ["---"]]
    body = [[*map(_escaped, row[:-1]), _marked(row[-1])] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in [*lines, *body])


def _marked(verdict: str) -> str:
    return _MARKS.get(verdict, _escaped(verdict))


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is, HTML included."""
    safe = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", safe)
