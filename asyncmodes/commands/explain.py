"""The command `explain`: what a mode, a modifier or a pitfall is, its timelines run at that moment."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmodes.commands.exits import signals_wait
from asyncmodes.commands.options import Ascii, Color, Format, Options, Width
from asyncmodes.commands.output import write_stdout
from asyncmodes.commands.screen import Screen
from asyncmodes.errors import UsageError
from asyncmodes.stage import play
from asyncmodes.topics import LANGUAGES, find, load, names

if TYPE_CHECKING:
    from rich.text import Text


_LANGUAGES = {"js": ("javascript",), "python": ("python",), "both": tuple(LANGUAGES)}


class ExplainOptions(Options):
    """What `explain` can be told."""

    topic: Annotated[
        str | None,
        typer.Argument(metavar="TOPIC", help="A mode, a modifier, a pitfall, or a name for one (default: list them)."),
    ] = None
    lang: Annotated[str, typer.Option(metavar="js|python|both", help="The language of the code.")] = "both"
    output_format: Format = "table"
    width: Width = None
    ascii_only: Ascii = False
    color: Color = "auto"


def explain(options: ExplainOptions) -> int:
    """Explain a mode, a modifier or a pitfall: code, timeline, failure, when to use it and when not.

    Without a topic it lists them all. For example: asyncmodes explain parallel; asyncmodes explain await-in-loop
    """
    screen = Screen.detect(width=options.width, ascii_only=options.ascii_only, color=options.color)
    for option, value, allowed in (
        ("--lang", options.lang, tuple(_LANGUAGES)),
        ("--format", options.output_format, ("table", "json")),
    ):
        if value not in allowed:
            raise UsageError.at(option, f"there is no {value!r}", f"write {' or '.join(allowed)}")
    languages = _LANGUAGES[options.lang]
    text = _contents(options, screen) if options.topic is None else _topic(options.topic, options, languages, screen)
    write_stdout(text)
    return 0


def _contents(options: ExplainOptions, screen: Screen) -> str:
    topics = [load(name) for name in names()]
    if options.output_format == "json":
        from asyncmodes.exports.topics import write_contents

        return write_contents(topics)
    from asyncmodes.views.explanation import contents

    return screen.rendered(contents(topics, screen.look("explain", None)))


def _topic(name: str, options: ExplainOptions, languages: Sequence[str], screen: Screen) -> str:
    topic = find(name)
    with signals_wait():  # it takes no time, and what is raised in an event loop leaves half of it behind
        played = play([scene for scene in topic.scenes if scene.written_in(languages)])
    if options.output_format == "json":
        from asyncmodes.exports.topics import write_topic

        return write_topic(topic, played, languages)
    from asyncmodes.views.explanation import page

    look = screen.look("explain", None)
    return screen.rendered(page(topic, played, languages, look, _coloured if screen.color else _plain))


def _plain(code: str, _: str) -> "Text":
    from rich.text import Text

    return Text(code)


def _coloured(code: str, language: str) -> "Text":
    """The code in the terminal's own colours."""
    from rich.syntax import Syntax

    text = Syntax(code, language, theme="ansi_dark", background_color="default").highlight(code)
    text.rstrip()
    return text
