"""The picture of a comparison as SVG: standalone, for light and dark pages, without any font or file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from asyncmodes.record import Comparison
from asyncmodes.views.glyphs import UNICODE
from asyncmodes.views.picture import Look, picture

COLUMNS = 100
_CELL, _LINE, _MARGIN = 8, 17, 16
LIGHT = {"": "#1f2328", "cyan": "#0b7285", "red": "#c92a2a", "magenta": "#9c36b5", "yellow": "#b35c00"}
DARK = {"": "#e6edf3", "cyan": "#3bc9db", "red": "#ff6b6b", "magenta": "#e599f7", "yellow": "#ffc078"}
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace"
_ORPHAN_OPACITY = 0.4


def write_svg(comparison: Comparison, command: str = "compare", rows: int | None = None) -> str:
    """The comparison's picture, 100 columns wide, as one SVG document; `command` and `rows` as in `Look`."""
    text = picture(comparison, Look(width=COLUMNS, command=command, rows=rows))
    return lines_svg(list(text.split("\n", allow_blank=True)), COLUMNS)


def lines_svg(lines: Sequence[Text], columns: int) -> str:
    """Lines of at most so many cells as one SVG document; the first one is its title."""
    width = columns * _CELL + 2 * _MARGIN
    height = len(lines) * _LINE + 2 * _MARGIN
    body = "\n".join(shape for row, line in enumerate(lines) for shape in _line(line, row))
    title = escape(f"asyncmodes: {lines[0].plain.strip()}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{title}">\n<title>{title}</title>\n<style>{_css()}</style>\n'
        f'<rect class="page" width="{width}" height="{height}" rx="8"/>\n{body}\n</svg>\n'
    )


def _css() -> str:
    def colors(theme: dict[str, str], page: str) -> str:
        rules = [f".{name or 'plain'}{{fill:{value}}}" for name, value in theme.items()]
        return f".page{{fill:{page}}}" + "".join(rules)

    return (
        f"text{{font:13.3px {_FONTS};white-space:pre}}.bold{{font-weight:700}}.dim{{opacity:.6}}"
        + colors(LIGHT, "#ffffff")
        + f"@media(prefers-color-scheme:dark){{{colors(DARK, '#0d1117')}}}"
    )


def _line(line: Text, row: int) -> Iterator[str]:
    """The shapes of one line: a rectangle for each run of blocks, text for everything else."""
    top = _MARGIN + row * _LINE
    cell = 0
    for piece, style in _pieces(line):
        width = cell_len(piece)
        x = _MARGIN + cell * _CELL
        height = _block_height(piece[0])
        if piece.isspace():
            pass
        elif height is not None:
            opacity = f' opacity="{_ORPHAN_OPACITY}"' if piece[0] == UNICODE.orphan else ""
            y = top + (_LINE - 3) * (1 - height) + 1
            yield (
                f'<rect class="{_color(style)}" x="{x}" y="{y:g}" width="{width * _CELL}" '
                f'height="{(_LINE - 3) * height:g}"{opacity}/>'
            )
        else:
            classes = " ".join(filter(None, [_color(style), "bold" * bool(style.bold), "dim" * bool(style.dim)]))
            yield (
                f'<text class="{classes}" x="{x}" y="{top + 12}" textLength="{width * _CELL}" '
                f'lengthAdjust="spacingAndGlyphs" xml:space="preserve">{escape(piece)}</text>'
            )
        cell += width


def _pieces(line: Text) -> Iterator[tuple[str, Style]]:
    """The line in runs of one style and one kind: equal blocks, blanks, or other text."""
    styles = [Style.parse(str(line.style or "")) for _ in line.plain]
    for span in line.spans:
        for index in range(span.start, min(span.end, len(styles))):
            styles[index] += Style.parse(str(span.style)) if span.style else Style()
    start = 0
    kinds = [_kind(character) for character in line.plain]
    for index in range(1, len(styles) + 1):
        if index == len(styles) or (styles[index], kinds[index]) != (styles[start], kinds[start]):
            yield line.plain[start:index], styles[start]
            start = index


def _kind(character: str) -> str:
    return character if _block_height(character) is not None or character == " " else "text"


def _block_height(character: str) -> float | None:
    levels = UNICODE.levels or ""
    if character == UNICODE.orphan:
        return 1
    return (levels.index(character) + 1) / len(levels) if character in levels else None


def _color(style: Style) -> str:
    name = style.color.name if style.color else ""
    return name if name in LIGHT and name else "plain"
