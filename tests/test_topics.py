"""Topics as data: none is missing, all are well-formed, each is found by what people call it, and figures are exact."""

import importlib.resources

import pytest

from asyncmodes.errors import UsageError
from asyncmodes.modes import MODIFIERS, ROWS, parse_mode
from asyncmodes.stage import play
from asyncmodes.topics import GROUPS, LANGUAGES, TASK_LISTS, find, load, names, parse

PITFALLS = {
    "await-in-loop",
    "batches",
    "call-both",
    "gather-await",
    "gather-goes-on",
    "nested-limit",
    "unhandled-rejection",
    "unlimited-start",
}
TOTALS = {
    "sequential": "1000 600",
    "parallel": "400 200",
    "settled": "400 400",
    "limited": "500 200",
    "batched": "700 200",
    "race": "100 100 100",
    "any": "100 300 400",
    "+settled": "200 500",
    "+keep": "600 600",
    "+drop": "200 200",
    "+cancel": "200 200",
    "await-in-loop": "1000 400",
    "batches": "700 500",
    "call-both": "500 300",
    "gather-await": "1000 400",
    "gather-goes-on": "200 200",
    "nested-limit": "1000 500",
    "unhandled-rejection": "200 400 200",
    "unlimited-start": "10000 1000",
}


def plain(word: str) -> str:
    """A word as it is looked up."""
    return "-".join(word.casefold().split())


def test_every_mode_modifier_and_pitfall_has_its_topic():
    """There is a topic for each mode, each modifier and each pitfall, in that order and in its group, and no other."""
    assert names()[: len(ROWS) + len(MODIFIERS)] == (*ROWS, *(f"+{modifier}" for modifier in MODIFIERS))
    assert set(names()[len(ROWS) + len(MODIFIERS) :]) == PITFALLS
    grouped = {group: {name for name in names() if load(name).group == group} for group in GROUPS}
    assert grouped == {"modes": {*ROWS}, "modifiers": {f"+{each}" for each in MODIFIERS}, "pitfalls": PITFALLS}


def test_every_topic_refers_to_topics_only():
    """What a topic says to see also exists, and is not itself."""
    for name in names():
        assert set(load(name).see) <= set(names()) - {name}, name


def test_every_alias_leads_to_its_topic_alone():
    """No alias stands in two topics or hides a name, and each is found, in any case."""
    seen: dict[str, str] = {}
    for name in names():
        assert find(name) is load(name)
        for alias in load(name).aliases:
            assert plain(alias) not in map(plain, names()), alias
            assert seen.setdefault(plain(alias), name) == name
            assert find(alias) is find(alias.upper()) is load(name)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("limited=5", "limited"),
        ("parallel+cancel", "+cancel"),
        ("limited=4+settled", "+settled"),
        ("sequential+keep", "+keep"),
        ("batched=10", "batched"),
        ("Promise.all", "parallel"),
        ("promise.allsettled", "settled"),
        ("TaskGroup", "+cancel"),
        ("p-limit", "limited"),
        ("p-map", "+drop"),
        ("p-settle", "+settled"),
        ("asyncio.gather", "parallel"),
        ("rate limit", "limited"),
        ("call both, then await both", "call-both"),
        ("Await in  loop", "await-in-loop"),
    ],
)
def test_a_topic_is_found_by_what_people_call_it(word: str, name: str):
    """Modes with their numbers and modifiers, and names of other libraries, lead to the topic that explains them."""
    assert find(word).name == name


@pytest.mark.parametrize(
    ("word", "hint"),
    [("paralel", "did you mean parallel? "), ("taskgrp", "did you mean +cancel? "), ("qqq", "asyncmodes explain")],
)
def test_a_topic_that_is_none_is_refused_with_the_nearest(word: str, hint: str):
    """A misspelt topic is a usage error that names the nearest, or where to look."""
    with pytest.raises(UsageError, match="there is no topic") as error:
        find(word)
    assert hint in str(error.value)


def test_a_hostile_topic_is_repeated_harmlessly():
    """Control characters and great lengths in a topic's name do not reach the terminal."""
    with pytest.raises(UsageError) as error:
        find("\x1b[2J\n" + "x" * 10_000)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("name", names())
def test_every_topic_has_code_in_both_languages_and_shows_a_failure(name: str):
    """Modes and modifiers have code and a scene with a failure; pitfalls have wrong and right code in each language."""
    topic = load(name)
    assert set(topic.code) == set(LANGUAGES)
    if topic.group == "pitfalls":
        assert topic.judged("wrong")
        (right,) = topic.judged("right")
        assert topic.code == right.code
        assert all(scene.verdict for scene in topic.scenes)
    else:
        assert any(task.work.declared_failure for scene in topic.scenes for task in scene.tasks)
        assert any(scene.code for scene in topic.scenes)
        assert topic.judged("wrong") == topic.judged("right") == []


def test_code_fits_beside_its_counterpart():
    """Code is at most 74 columns wide, and 47 in pitfalls, so that nothing is broken at 80 columns, or at 100."""
    for name in names():
        topic = load(name)
        most = 47 if topic.group == "pitfalls" else 74
        for scene in topic.scenes:
            for code in scene.code.values():
                assert max(map(len, code.splitlines())) <= most, (name, code)
        assert len(topic.summary) <= 57, name


@pytest.mark.parametrize("name", names())
def test_the_figures_are_exact(name: str):
    """Each scene has the total that the lessons state, to the nanosecond."""
    totals = [each.run.total_ns / 1e6 for each in play(load(name).scenes)]
    assert " ".join(f"{total:g}" for total in totals) == TOTALS[name]


def test_a_nested_limiter_starts_no_photo():
    """In the deadlock both albums hold their slots to the end, and no photo ever starts."""
    wrong, right = play(load("nested-limit").scenes)
    assert wrong.comparison.interrupted
    assert [str(wrong.run.state(index)) for index in range(6)] == ["cancelled"] * 2 + ["skipped"] * 4
    assert not right.comparison.interrupted
    assert right.run.delivered == 6


def test_where_node_dies_the_failure_comes_first():
    """The task that fails at the instant of the end has failed, and is not cut off."""
    (died, *_) = play(load("unhandled-rejection").scenes)
    assert [str(died.run.state(index)) for index in range(4)] == ["cancelled", "failed", "cancelled", "ok"]


def test_topics_are_in_the_package():
    """The files can be read as resources of the package, so they are part of what is installed."""
    files = {each.name for each in importlib.resources.files("asyncmodes.topics").iterdir()}
    assert {f"{name}.toml" for name in names()} <= files


def test_the_known_task_lists_are_those_of_the_lessons():
    """Dinner is the built-in example, trouble has one failure at 200 ms."""
    from asyncmodes.spec import DINNER, Defaults, read_words

    assert tuple(read_words(TASK_LISTS["dinner"], Defaults())) == DINNER.tasks
    trouble = read_words(TASK_LISTS["trouble"], Defaults())
    assert [(task.name, task.outcome.duration_ns // 10**6, bool(task.outcome.failure)) for task in trouble] == [
        ("a", 400, False),
        ("b", 200, True),
        ("c", 300, False),
        ("d", 100, False),
    ]


GOOD = """
title = "t"
group = "modes"
aliases = []
summary = "s"
paragraph = "p"
on_failure = "f"
when = "w"
when_not = "n"
see = []
mode = "parallel"
code.python = "x"
[[scenes]]
title = "one"
"""


def test_a_topic_is_read():
    """A scene has the mode, the code and the dinner of its topic unless it says otherwise."""
    topic = parse("good", GOOD)
    (scene,) = topic.scenes
    assert (scene.mode, scene.words, scene.code) == (parse_mode("parallel"), TASK_LISTS["dinner"], {"python": "x"})
    assert scene.label == "one: parallel"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "t"', "", "file: title is missing"),
        ('title = "t"', 'titel = "t"', "file: unknown key titel"),
        ('summary = "s"', 'summary = ""', "summary: '' is no text"),
        ('summary = "s"', "summary = 3", "summary: 3 is no text"),
        ('summary = "s"', 'summary = "\u2026"', "summary: it has characters beyond ASCII"),
        ('group = "modes"', 'group = "mode"', "group: 'mode' is none of modes, modifiers, pitfalls"),
        ("aliases = []", 'aliases = "x"', "aliases: 'x' is no list"),
        ("code.python", "code.pyton", "code: unknown key pyton"),
        ('code.python = "x"', 'code = "x"', "code: 'x' is no table"),
        ('[[scenes]]\ntitle = "one"', "scenes = []", "scenes: it has to be a list of tables"),
        ('title = "one"', "", r"scenes\[0\].title: None is no text"),
        ('title = "one"', 'title = "one"\nverdict = "bad"', r"scenes\[0\].verdict: 'bad' is none of wrong, right"),
        ('title = "one"', 'title = "one"\ntasks = "lunch"', r"scenes\[0\].tasks: there are no tasks 'lunch'"),
        ('title = "one"', 'title = "one"\nmode = "paralel"', "there is no such mode"),
        ('mode = "parallel"', "", r"scenes\[0\].mode: None is no text"),
        ('mode = "parallel"', "mode = parallel", "topic bad: file: Invalid value"),
    ],
)
def test_a_broken_topic_is_refused_with_its_place(old: str, new: str, said: str):
    """What is wrong with a topic's file is said with its place."""
    assert old in GOOD
    with pytest.raises(ValueError, match=said):
        parse("bad", GOOD.replace(old, new, 1))
