"""A comparison as a Markdown report: heading, table of totals, what came out, what to doubt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from asyncmodes.advice import warnings
from asyncmodes.exports.wording import subtitle_of, title_of
from asyncmodes.record import Comparison
from asyncmodes.stats import summarise
from asyncmodes.text import clean
from asyncmodes.views.glyphs import UNICODE
from asyncmodes.views.rulings import reasons, rulings_tables
from asyncmodes.views.sentences import sentences
from asyncmodes.views.totals import Column, total_columns

# What CommonMark, and GitHub's tables, links and formulas, would read as markup; a backslash makes it a character.
_MARKUP = re.compile(r"[\\`*_\[\]<>|~$#!]")


def write_markdown(comparison: Comparison) -> str:
    """The comparison as a report in GitHub's Markdown, ending in a newline; whatever it names is plain text in it."""
    summaries = summarise(comparison)
    parts = [f"## {plain(title_of(comparison))}", plain(subtitle_of(comparison))]
    if summaries:
        parts.append("\n".join(table(total_columns(summaries, UNICODE))))
    for heading, columns in rulings_tables(comparison, UNICODE):
        parts += [plain(" ".join(heading)), "\n".join(table(columns)) if columns else ""]
    parts += [
        _list([*sentences(comparison, summaries), *reasons(comparison)]),
        _list(f"warning: {each.message}" for each in warnings(comparison)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def plain(text: str) -> str:
    """The text so that Markdown shows it as it is: no markup, HTML, mention or link comes of it."""
    escaped = _MARKUP.sub(r"\\\g<0>", clean(text).replace("&", "&amp;"))
    return escaped.replace("@", "&#64;").replace("://", ":&#47;&#47;").replace("www.", "www&#46;")


def table(columns: Iterable[Column]) -> Iterator[str]:
    """The columns as the lines of a table; all but the first, which has the names, stand on the right."""
    columns = list(columns)
    yield _row(column.title for column in columns)
    yield "|" + "|".join([" :--- ", *[" ---: "] * (len(columns) - 1)]) + "|"
    for cells in zip(*(column.cells for column in columns)):
        yield _row(cells)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(plain, cells)) + " |"


def _list(texts: Iterable[str]) -> str:
    return "\n".join(f"- {plain(text)}" for text in texts)
