"""Runs played back: how they stood at an instant, stepping and speed, and frames that fit the screen."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncmodes.commands.ansi import painted
from asyncmodes.commands.keys import Keys
from asyncmodes.errors import UsageError
from asyncmodes.lessons import pages
from asyncmodes.lessons.experiments import run_step
from asyncmodes.lessons.grading import Answer, grade, score
from asyncmodes.lessons.pack import read_pack
from asyncmodes.lessons.pages import Place
from asyncmodes.playback import Playback, at, events, human_pace
from asyncmodes.record import Run, Verdict
from asyncmodes.views.glyphs import ASCII
from asyncmodes.views.pages import Page, screenful
from asyncmodes.views.picture import Look, picture
from asyncmodes.views.playback import Film, Said, Scene, status
from tests.comparisons import DISHES, MS, TROUBLE, comparison, delay, predicted
from tests.helpers import delays, execution_of, on_virtual_time

MODES = ["sequential", "parallel", "settled", "limited=2", "limited=2+drop", "parallel+cancel", "race", "any"]
ITEM = st.tuples(st.integers(0, 9), st.booleans()).map(lambda pair: f"{pair[0] * 10}{'!' * pair[1]}")
TASKS = st.lists(ITEM, min_size=1, max_size=6).map(" ".join)
STEPS = [(lesson, number) for lesson in read_pack().lessons for number in range(1, len(lesson.steps) + 1)]


def name_of(value: object) -> str:
    """A parameter as a part of a test's name."""
    return getattr(value, "name", str(value))


def playing(tasks=DISHES, modes=("sequential", "parallel"), **options) -> Playback:
    """A playback of these tasks in these modes."""
    return Playback.of(comparison(tasks, modes).runs, **options)


# The record at an instant


def snapshots(text: str, mode: str, times_ms: list[int]) -> tuple[list[Run], Run]:
    """What a run under way says at these instants, and its record in the end."""
    tasks, seen = delays(text), []

    async def main() -> Run:
        execution = execution_of(tasks, mode)
        loop = asyncio.get_running_loop()
        for time_ms in times_ms:
            loop.call_at(loop.time() + time_ms / 1000, lambda: seen.append(execution.snapshot()))
        return await execution.finish()

    run = on_virtual_time(main)
    return seen, run


@given(TASKS, st.sampled_from(MODES), st.lists(st.integers(0, 30).map(lambda n: 10 * n + 5), max_size=4, unique=True))
def test_a_record_at_an_instant_is_what_was_to_be_seen_then(text: str, mode: str, times: list[int]):
    """Played back, a run stands at every instant as it stood when it was really under way."""
    seen, run = snapshots(text, mode, sorted(times))
    for live, time_ms in zip(seen, sorted(times), strict=False):
        then = at(run, time_ms * MS)
        if then.verdict is not Verdict.RUNNING:
            continue
        for field in ("starts", "ends", "lanes", "total_ns", "drained_ns", "decided_by", "orphans", "cancelled"):
            assert getattr(then, field) == getattr(live, field), field
        assert then.counts == live.counts
        assert set(then.failures) == set(live.failures)


@given(TASKS, st.sampled_from(MODES), st.integers(0, 700))
def test_nothing_of_the_future_is_known(text: str, mode: str, time_ms: int):
    """At any instant all that is shown has happened by then, and at the end it is the record itself."""
    _, run = snapshots(text, mode, [])
    then = at(run, time_ms * MS)
    if time_ms * MS >= run.drained_ns:
        assert then is run
    else:
        assert max(*then.starts, *then.ends) <= time_ms * MS
        assert sum(then.counts.values()) == len(run)
    assert at(run, run.drained_ns) is run


def test_events_are_starts_ends_and_callers():
    """What can be stepped to: every instant at which a task starts or ends or the caller resumes, once, in order."""
    assert [ns // MS for ns in events([predicted(TROUBLE, "limited=2")])] == [0, 200, 400, 500]
    assert [ns // MS for ns in events([predicted(DISHES, "sequential")])] == [0, 400, 600, 900, 1000]
    assert events([]) == (0,)


# Where somebody is in it

ACTION = st.one_of(
    st.sampled_from(["forth", "back", "toggled", "faster", "slower", "ended"]),
    st.floats(0, 1e7),
    st.just(float("1e-9")),
)


@given(st.lists(ACTION, max_size=30), st.one_of(st.none(), st.floats(0.01, 1000)))
def test_the_position_stays_within_the_run(actions: list[object], slow: float | None):
    """Whatever keys are pressed and whatever time passes, the position is in the run, and the speed within reason."""
    playback = playing(slow=slow)
    for action in actions:
        playback = playback.later(action) if isinstance(action, float) else getattr(playback, action)()
        assert 0 <= playback.at_ns <= playback.span_ns
        assert 0.01 <= playback.slow <= 1000


@given(st.integers(0, 4))
def test_a_step_forth_and_back_is_where_one_was(index: int):
    """From any event but the last, a step forth and a step back lead to the same place; both pause."""
    playback = playing(modes=["sequential"])
    start = replace(playback, at_ns=playback.events[index], paused=True)
    if not start.is_over:
        assert start.forth().back() == start
    if start.at_ns:
        assert start.back().forth() == start


def test_time_passes_slower_by_the_factor():
    """Five times slower, one second is 200 ms of the run; paused, or at the end, none."""
    playback = playing(slow=5)
    assert playback.later(1).at_ns == 200 * MS
    assert playback.toggled().later(1).at_ns == 0
    assert playback.later(99).is_over
    assert playback.later(99).later(1) == playback.later(99)
    assert playback.ended().toggled() == playback


def test_speeds_go_in_steps_of_one_two_five():
    """Faster and slower walk along 1, 2 and 5, also from a speed between."""
    playback = playing(slow=5)
    assert [p.slow for p in (playback.faster(), playback.faster().faster(), playback.slower())] == [2, 1, 10]
    assert (playing(slow=3).faster().slow, playing(slow=3).slower().slow) == (2, 5)
    assert [playing(slow=slow).speed for slow in (5, 1, 0.5)] == ["5x slower", "real speed", "2x faster"]


@pytest.mark.parametrize(("span_ms", "pace"), [(1000, 5), (400, 10), (200, 20), (10_000, 0.5), (0, 1000), (1, 1000)])
def test_a_human_pace_takes_a_few_seconds(span_ms: int, pace: float):
    """Runs are played so slowly that one can follow them."""
    assert human_pace(span_ms * MS) == pace


# Frames


def runs_of(step) -> list[Run]:
    """The runs of a step; none where it needs a kind of task that is still to come."""
    try:
        return [run for comparison in run_step(step).values() for run in comparison.runs]
    except UsageError as error:
        if "not supported yet" in str(error):
            return []
        raise


def drawn(scene: Scene, playback: Playback, width: int = 80, height: int = 24, **options) -> str:
    """A frame as plain lines."""
    film = Film(scene, Look(width, **options), height)
    return "\n".join(line.plain.rstrip() for line in film.frame(playback).split("\n", allow_blank=True))


def test_a_frame_shows_the_run_at_that_instant_and_both_marks():
    """At 250 ms of the dinner: who runs, who waits, what the learner said; what it took only once it is known."""
    runs = comparison(DISHES, ["parallel"]).runs
    scene = Scene(runs, ("parallel",), Said(600 * MS, "you said 600 ms", 400 * MS, "it took 400 ms"))
    playback = replace(Playback.of(runs), at_ns=250 * MS)
    expected = """\
       0         100      200       300      400       500      600 ms
       ┬─────────┬────────┬─────────┬────────┬─────────┬────────
                                                               ▲ you said 600 ms
parallel   250 ms   2 ok   2 running
rice   ████████████████████████                                          running
sauce  ███████████████████                                       200 ms  ok
salad  ████████████████████████                                          running
bread  ██████████                                                100 ms  ok
flying 444444444433333333322222                                  peak 4"""
    assert drawn(scene, playback) == expected
    over = drawn(scene, playback.ended())
    assert "▲ it took 400 ms  ▲ you said 600 ms" in over
    assert "rice   ██████████████████████████████████████                    400 ms  ok" in over
    assert status(playback, Look()) == "playing at 250 ms, 10x slower"


def test_a_prediction_far_beyond_the_runs_does_not_squeeze_them():
    """What would make the axis too long is pointed at from its end."""
    runs = comparison(DISHES, ["parallel"]).runs
    said = Said(100_000 * MS, "you said 100000 ms", 400 * MS, "it took 400 ms")
    text = drawn(Scene(runs, ("parallel",), said), Playback.of(runs).ended())
    assert "you said 100000 ms >" in text
    assert "400 ms" in text.splitlines()[0]


@settings(max_examples=40)
@given(
    st.sampled_from([DISHES, TROUBLE, [delay(f"task{n}", 10 + n, "x" if n % 7 == 0 else None) for n in range(60)]]),
    st.lists(st.sampled_from(MODES), min_size=1, max_size=5, unique=True),
    st.integers(20, 160),
    st.integers(1, 50),
    st.integers(0, 1200),
    st.booleans(),
)
def test_frames_fit_and_do_not_jump(tasks, modes, width, height, time_ms, big):
    """No frame is taller or wider than there is room for, and while it is played it keeps its height."""
    runs = comparison(tasks, modes).runs
    scene = Scene(runs, tuple(modes), Said(500 * MS, "you said 500 ms", 300 * MS, "it took 300 ms"))
    playback = Playback.of(runs)
    film = Film(scene, Look(width, ASCII, big=big), height)
    frames = [film.frame(replace(playback, at_ns=min(time_ms * MS, playback.span_ns))), film.frame(playback.ended())]
    for frame in frames:
        lines = frame.split("\n", allow_blank=True)
        assert len(lines) <= height
        assert max(line.cell_len for line in lines) <= width
    assert len({len(frame.split("\n", allow_blank=True)) for frame in frames}) == 1


def test_big_is_tall_and_never_dim():
    """For a projector bars have two rows, at most eight tasks are drawn, and nothing is dim."""
    tasks = [delay(f"task{n}", 100) for n in range(12)]
    text = picture(comparison(tasks, ["parallel"]), Look(big=True))
    lines = text.plain.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("task0"))
    assert lines[first + 1].strip() == "█" * 64 or set(lines[first + 1].strip()) == {"█"}
    assert sum(line.startswith("task") for line in lines) <= 8
    assert not any("dim" in str(span.style) for span in text.spans)
    assert any("dim" in str(span.style) for span in picture(comparison(tasks), Look()).spans)


def test_hidden_totals_are_nowhere():
    """With --hide-totals a class sees the bars, and neither totals nor speedups nor who was faster."""
    text = picture(comparison(DISHES, ["sequential", "parallel"]), Look(hide_totals=True)).plain
    assert "rice" in text
    for told in ("faster", "speedup", "sequential   1000 ms", "mode", "2.50"):
        assert told not in text
    runs = comparison(TROUBLE, ["parallel"]).runs
    then = drawn(Scene.of(runs), replace(Playback.of(runs), at_ns=250 * MS), hide_totals=True)
    assert "the caller gets" not in then
    assert "250" not in then.replace("0         250", "")


# Keys


@given(
    st.lists(st.sampled_from([b"\x1b[A", b"\x1bOB", b"\x1b[1;5C", b"\x1b[6~", b"x", b"\r", "é".encode()])), st.data()
)
def test_keys_are_the_same_however_their_bytes_are_split(sequences: list[bytes], data):
    """A sequence that comes in pieces is the same key."""
    whole = b"".join(sequences)
    expected = Keys().feed(whole)
    names = {b"\x1b[A": "up", b"\x1bOB": "down", b"\x1b[1;5C": "right", b"\x1b[6~": "page down", b"\r": "enter"}
    assert expected == [names.get(each, each.decode()) for each in sequences]
    keys, found = Keys(), []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += keys.feed(whole[start:end])
    assert found == expected


@given(st.binary(max_size=60))
def test_no_bytes_break_the_keys(data: bytes):
    """Whatever comes, keys are names or single printable characters, and nothing waits longer than a sequence."""
    keys = Keys()
    for key in [*keys.feed(data), *keys.flush()]:
        assert len(key) > 1 or key.isprintable()
    assert not keys.waits
    assert keys.feed(b"q")[-1:] in (["q"], [])


def test_unknown_sequences_are_dropped_and_a_lone_escape_is_a_key():
    """Function keys and the like say nothing; the escape key is known by what does not follow."""
    assert Keys().feed(b"\x1b[15~\x1b[200~a\x1b[I\x01") == ["a"]
    keys = Keys()
    assert keys.feed(b"\x1b") == []
    assert keys.waits
    assert keys.flush() == ["escape"]
    assert keys.feed(b"\x1b\x1b[A") == ["escape", "up"]


# Pages


def test_a_page_scrolls_what_does_not_fit_and_keeps_its_keys():
    """The body scrolls; question, prompt and keys stay, and the cursor is behind what is typed."""
    from rich.text import Text

    page = Page(Text("title"), tuple(Text(f"line {n}") for n in range(20)), (("q", "quit"),), (Text("What?"),), "> ")
    first = screenful(page, 40, 10, typed="abc")
    assert [line.plain for line in first.lines] == [
        "title", "line 0", "line 1", "line 2", "line 3", "... arrow down for more", "What?", "> abc", "", "q quit"
    ]  # fmt: skip
    assert first.cursor == (7, 5)
    last = screenful(page, 40, 10, scroll=99)
    assert [line.plain for line in last.lines][1:6] == [
        "line 15",
        "line 16",
        "line 17",
        "line 18",
        "... arrow up for more",
    ]


@pytest.mark.parametrize(("lesson", "number"), STEPS, ids=name_of)
def test_every_question_fits_a_screen_of_80_by_24(lesson, number):
    """Each lesson can be done on 80 x 24: no question page scrolls, and on 60 x 20 nothing is wider or taller."""
    place = Place(lesson, number)
    for width, height in ((80, 24), (60, 20), (160, 50)):
        asked = pages.question_page(place, width, height)
        sure = pages.sure_page(place, place.step.question.expect, width, height)
        for page in (asked, sure):
            shown = screenful(page, width, height, said="Please write a number." * (width == 80))
            assert len(shown.lines) == height
            assert max(line.cell_len for line in shown.lines) <= width
            assert shown.lines[-1].plain.endswith("q quit")
            assert width < 80 or shown.most_scroll == 0


def test_every_lesson_plays_and_explains_on_80_by_24():
    """Each step's runs are drawn with a bar for what was asked, and its explanation fits beside the keys."""
    for lesson in read_pack().lessons:
        for number, step in enumerate(lesson.steps, start=1):
            runs = runs_of(step)
            graded = grade(step.question, Answer(step.question.expect, 0.5), step.question.expect)
            page = pages.explanation_page(Place(lesson, number), graded, step.question.expect, (), 80)
            assert screenful(page, 80, 24).most_scroll == 0
            assert "Right." in page.body[0].plain + page.body[1].plain
            if runs:
                text = drawn(Scene.of(runs), Playback.of(runs).ended(), height=19)
                assert text.count("flying") >= len(runs) or "ok" in text, step.id


def test_the_score_says_how_it_went():
    """At the end each question has its grade, and there is a score and where to go on."""
    lesson = read_pack().find("dinner")
    graded = [(step, grade(step.question, Answer(1000, 0.95), step.question.expect)) for step in lesson.steps]
    text = "\n".join(
        line.plain for line in pages.score_page(lesson, graded, score(each for _, each in graded), "tea", 80).body
    )
    assert f"right {lesson.steps[0].title}" in text
    assert f"wrong {lesson.steps[1].title}" in text
    assert "Score 33%: 1 right, 0 near, 2 wrong." in text
    assert "asyncmodes learn tea" in text


STYLE = st.sampled_from(["", "bold", "dim", "bold cyan", "red", "bright_black", "underline bright_cyan", "on default"])


@given(st.text("ab ", max_size=9), STYLE, st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12), STYLE), max_size=4))
def test_escape_sequences_mean_the_styles(text: str, style: str, spans: list[tuple[int, int, str]]):
    """Each character has to a terminal the style that it has to Rich; without colour there are only characters."""
    from rich.console import Console
    from rich.text import Span, Text

    line = Text(text, style, spans=[Span(*span) for span in spans])
    read = Text.from_ansi(painted(line, color=True))
    console = Console()
    assert read.plain == painted(line, color=False) == text
    for index in range(len(text)):
        meant, found = (each.get_style_at_offset(console, index) for each in (line, read))
        assert (found.color and found.color.number) == (meant.color and meant.color.number)
        assert all(bool(getattr(found, name)) == bool(getattr(meant, name)) for name in ("bold", "dim", "underline"))
