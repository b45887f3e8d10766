"""Exports by extension: each is what its readers expect, whatever the names in it."""

from markdown_it import MarkdownIt

from asyncmodes.exports.markdown import write_markdown
from tests.comparisons import TROUBLE, comparison


def test_the_markdown_report():
    """A heading, a table of totals, what came out, and what to doubt."""
    assert (
        write_markdown(comparison(TROUBLE, ["sequential", "settled"], "toast"))
        == """\
## toast

4 tasks · virtual clock: simulated, exact · 2026-01-02 03:04 UTC · Python 3.11.7, Linux

| mode | total | predicted | peak | ok | failed | skipped | lost |
| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| sequential | 600 ms | 600 ms | 1 | 1 | 1 | 2 | 1 |
| settled | 400 ms | 400 ms | 4 | 3 | 1 | 0 | 0 |

- sequential was rejected at 600 ms: nothing delivered, 1 result lost; no win
- settled delivered 3 of 4 results: 1 failed
- b failed: burnt
"""
    )


def test_names_are_plain_text_in_markdown():
    """Neither markup, HTML, links nor mentions come of a name, and a pipe does not end a cell."""
    name = "`a` | <b>*x*</b> [y](z) https://e.x @me &amp; ~~no~~ ![p](q)"
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(write_markdown(comparison(TROUBLE, ["any"], name)))
    children = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in children} <= {"text", "text_special", "softbreak"}
    assert "".join(child.content for child in (tokens[1].children or ())) == name
