"""The README's walk through a lesson: the pages of a real flow, as SVG. `make picture` writes them."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from asyncmodes.commands.lesson_flow import Flow, Wishes
from asyncmodes.commands.paging import playing
from asyncmodes.commands.stage import Leave
from asyncmodes.exports.svg import lines_svg
from asyncmodes.lessons.pack import read_pack
from asyncmodes.lessons.progress import Progress
from asyncmodes.views.pages import screenful
from asyncmodes.views.playback import Film

EXAMPLES = Path(__file__).parent.parent / "examples"
WIDTH, HEIGHT = 80, 20
ANSWERS = {"Your answer (ms): ": "1000", "How sure: ": "2", "Your answer: ": "b"}
AT_NS = 250_000_000


class Album:
    """A stage without a terminal: it answers as somebody would who has not met Promise.all, and keeps every page."""

    def __init__(self) -> None:
        self.pages = []

    def ask(self, make, read, **_):
        """Type the answer."""
        page = make(WIDTH, HEIGHT, 0)
        self._keep(page, typed=ANSWERS[page.prompt])
        return read(ANSWERS[page.prompt])

    def play(self, scene, playback, look, page, **_):
        """Look at it once in the middle and once at the end."""
        for now in (replace(playback, at_ns=AT_NS), playback.ended()):
            shown = playing(page, now, look)
            film = Film(scene, look._replace(width=WIDTH), screenful(shown, WIDTH, HEIGHT).room)
            self._keep(replace(shown, body=tuple(film.frame(now).split("\n", allow_blank=True))))

    def show(self, make, **_):
        """Read it, and go on until the score."""
        page = make(WIDTH, HEIGHT)
        self._keep(page)
        if "score" in page.title.plain:
            raise Leave
        return "enter"

    def _keep(self, page, typed="") -> None:
        self.pages.append(screenful(page, WIDTH, HEIGHT, typed=typed).lines)


def pictures() -> dict[Path, str]:
    """The pictures of the walk: the second question of the dinner, and the score of all three, by their files."""
    album, pack = Album(), read_pack()
    with suppress(Leave):
        Flow(pack, Wishes(), Progress(None, lambda _: None)).run(album, pack.find("dinner"))
    asked, _, playing_now, over, explained = album.pages[5:10]
    chosen = {"question": asked, "playing": playing_now, "outcome": over, "explanation": explained}
    chosen["score"] = album.pages[-1]
    return {EXAMPLES / f"learn-{name}.svg": lines_svg(lines, WIDTH) for name, lines in chosen.items()}


if __name__ == "__main__":
    for path, text in pictures().items():
        path.write_text(text, encoding="utf-8")
