from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asyncmodes.errors import UsageError
from asyncmodes.modes import DEFAULT_MODES, ROWS, Leftovers, Mode, Stop, parse_labelled, parse_mode

NEVER, FAILURE, SUCCESS, FIRST = Stop.NEVER, Stop.ON_FAILURE, Stop.ON_SUCCESS, Stop.ON_FIRST
KEEP, DROP, CANCEL = Leftovers.KEEP, Leftovers.DROP, Leftovers.CANCEL

TABLE = {
    "sequential": Mode(1, FAILURE, DROP),
    "parallel": Mode(None, FAILURE, KEEP),
    "settled": Mode(None, NEVER, KEEP),
    "limited=3": Mode(3, FAILURE, KEEP),
    "batched=3": Mode(3, FAILURE, DROP, barrier=True),
    "race": Mode(None, FIRST, KEEP),
    "any": Mode(None, SUCCESS, KEEP),
}
MODIFIED = {
    "limited=1+settled": Mode(1, NEVER),
    "limited=3+settled": Mode(3, NEVER),
    "batched=3+settled": Mode(3, NEVER, KEEP, barrier=True),
    "limited=1": Mode(1, FAILURE, KEEP),
    "limited=1+cancel": Mode(1, FAILURE, CANCEL),
    "parallel+drop": Mode(None, FAILURE, DROP),
    "parallel+cancel": Mode(None, FAILURE, CANCEL),
    "limited=3+drop": Mode(3, FAILURE, DROP),
    "limited=3+cancel": Mode(3, FAILURE, CANCEL),
    "batched=3+keep": Mode(3, FAILURE, KEEP, barrier=True),
    "batched=3+cancel": Mode(3, FAILURE, CANCEL, barrier=True),
    "batched=1": Mode(1, FAILURE, DROP, barrier=True),
    "race+drop": Mode(None, FIRST, DROP),
    "race+cancel": Mode(None, FIRST, CANCEL),
    "any+drop": Mode(None, SUCCESS, DROP),
    "any+cancel": Mode(None, SUCCESS, CANCEL),
}


@pytest.mark.parametrize(("text", "mode"), (TABLE | MODIFIED).items())
def test_a_spelling_is_a_row_of_fields(text, mode):
    """Each row of the table and each modifier gives exactly its fields, and the canonical spelling is that text."""
    assert parse_mode(text) == mode
    assert str(mode) == text


@pytest.mark.parametrize(
    ("longer", "canonical"),
    [
        ("parallel+settled", "settled"),
        ("parallel+keep", "parallel"),
        ("limited=1+drop", "sequential"),
        ("sequential+drop", "sequential"),
        ("sequential+keep", "limited=1"),
        ("sequential+settled", "limited=1+settled"),
        ("sequential+cancel", "limited=1+cancel"),
        ("limited=007", "limited=7"),
        ("limited=3+keep", "limited=3"),
        ("batched=3+drop", "batched=3"),
        ("batched=3+settled", "batched=3+settled"),
        ("race+keep", "race"),
        ("any+keep", "any"),
    ],
)
def test_equal_fields_have_one_spelling(longer, canonical):
    """Spellings of the same fields are the same mode and shrink to the shortest row."""
    assert str(parse_mode(longer)) == canonical
    assert parse_mode(longer) == parse_mode(canonical)


def test_the_table_of_rows_is_the_whole_table():
    """The seven named modes are those of the vocabulary, with its idioms word for word."""
    idioms = {name: (row.javascript, row.python, row.takes_number) for name, row in ROWS.items()}
    assert idioms == {
        "sequential": ("for (const t of tasks) await t()", "for t in tasks: await t()", False),
        "parallel": ("Promise.all", "asyncio.gather", False),
        "settled": ("Promise.allSettled", "gather(return_exceptions=True)", False),
        "limited": ("Promise.all over p-limit(N)", "gather over a Semaphore(N)", True),
        "batched": ("a loop of Promise.all over chunks", "a loop of gather over chunks", True),
        "race": ("Promise.race", "asyncio.wait(FIRST_COMPLETED)", False),
        "any": ("Promise.any", "–", False),
    }
    assert DEFAULT_MODES == ("sequential", "parallel", "settled", "limited=3")


@pytest.mark.parametrize(
    ("text", "javascript"),
    [("limited=9", "Promise.all over p-limit(N)"), ("parallel+settled", "Promise.allSettled")],
)
def test_a_mode_knows_its_rows_idiom(text, javascript):
    """The idioms are those of the row that the canonical spelling names."""
    assert parse_mode(text).idioms[0] == javascript


@pytest.mark.parametrize("label", ["before", "a: b", "limited=2", "x" * 100])
def test_a_label_stands_before_the_spelling(label):
    """A mode with a label is spelled with it and read back with it; it stands for the same idioms as without."""
    mode = Mode(3, FAILURE, DROP, label=label)
    assert str(mode) == f"{label}: limited=3+drop"
    assert parse_labelled(str(mode)) == mode
    assert mode.idioms == replace(mode, label="").idioms


@pytest.mark.parametrize(
    ("text", "label"),
    [("race", ""), ("y" + "x" * 100 + ": race", "x" * 100), ("a\x1b[0m: race", "a\\x1b[0m")],
)
def test_a_label_that_was_read_is_short_and_clean(text, label):
    """Of a label in a file the last hundred characters count, and those that could steer a terminal are spelled out."""
    assert parse_labelled(text) == Mode(None, FIRST, label=label)


ALL = (
    "the modes are sequential, parallel, settled, limited=N, batched=N, race, any, with +settled, +keep, +drop, +cancel"
)
MODIFIERS = "the modifiers are +settled, +keep, +drop, +cancel"


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        ("", "there is no such mode", ALL),
        ("foo", "there is no such mode", ALL),
        ("+drop", "there is no such mode", ALL),
        ("paralel", "there is no such mode", f"did you mean parallel? {ALL}"),
        ("Parallel", "there is no such mode", f"did you mean parallel? {ALL}"),
        ("limit=3", "there is no such mode", f"did you mean limited? {ALL}"),
        ("limited", "it needs a number", "write for example limited=3"),
        ("batched+keep", "it needs a number", "write for example batched=3"),
        ("limited=", "'' is not a whole number of at least 1", "write for example limited=3"),
        ("limited=0", "'0' is not a whole number of at least 1", "write for example limited=3"),
        ("limited=-1", "'-1' is not a whole number of at least 1", "write for example limited=3"),
        ("limited=1.5", "'1.5' is not a whole number of at least 1", "write for example limited=3"),
        ("limited=1_0", "'1_0' is not a whole number of at least 1", "write for example limited=3"),
        ("limited=٣", "'٣' is not a whole number of at least 1", "write for example limited=3"),
        ("limited=3\n", "'3\\n' is not a whole number of at least 1", "write for example limited=3"),
        ("batched=abc", "'abc' is not a whole number of at least 1", "write for example batched=3"),
        ("sequential=2", "sequential takes no number", "write sequential, or limited=2 for a limit"),
        ("race=" + "9" * 18, "race takes no number", f"write race, or limited={'9' * 18} for a limit"),
        ("race=" + "9" * 19, "race takes no number", "write race, or limited=3 for a limit"),
        ("race=", "race takes no number", "write race, or limited=3 for a limit"),
        ("parallel=abc", "parallel takes no number", "write parallel, or limited=3 for a limit"),
        ("parallel=0", "parallel takes no number", "write parallel, or limited=3 for a limit"),
        ("parallel+setled", "there is no modifier +setled", f"did you mean +settled? {MODIFIERS}"),
        ("parallel+", "there is no modifier +", MODIFIERS),
        ("parallel+keep+keep", "+keep stands there twice", "write it once"),
        ("limited=3+settled+settled", "+settled stands there twice", "write it once"),
        ("parallel+keep+drop", "+keep and +drop contradict each other", "write one of them"),
        ("settled+settled", "settled never stops early anyway, so +settled means nothing", "write settled"),
        ("race+settled", "race is over with its first winner, so +settled means nothing", "write race"),
        ("any+settled", "any is over with its first winner, so +settled means nothing", "write any"),
        (
            "settled+cancel",
            "its caller waits for all tasks, so there are no leftovers to cancel",
            "leave out +cancel",
        ),
        (
            "limited=3+drop+settled",
            "its caller waits for all tasks, so there are no leftovers to drop",
            "leave out +drop",
        ),
        (
            "limited=3+settled+keep",
            "its caller waits for all tasks, so there are no leftovers to keep",
            "leave out +keep",
        ),
    ],
)
def test_what_means_nothing_is_refused_with_its_remedy(text, what, instead):
    """Each kind of wrong mode is one problem that says where, what, and what to write instead."""
    with pytest.raises(UsageError) as refused:
        parse_mode(text)
    (problem,) = refused.value.problems
    assert (problem.where, problem.what, problem.instead) == (f"mode {text!r}", what, instead)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((0, FAILURE), "its width is 0; give a whole number of at least 1, or None"),
        ((None, FAILURE, DROP, True), "its barrier has no width; give the size of a batch as width"),
        ((2, SUCCESS), "stop on_success has a width; give None: race and any start all tasks"),
        ((2, FIRST), "stop on_first has a width; give None: race and any start all tasks"),
        ((2, NEVER, CANCEL), "stop never leaves nothing to cancel; give the leftovers keep"),
    ],
)
def test_fields_that_mean_nothing_together(fields, said):
    """What has no spelling is refused, with what is wrong and what to give instead."""
    with pytest.raises(UsageError) as refused:
        Mode(*fields)
    assert str(refused.value) == f"mode: {said}"


def test_long_and_secret_text_is_quoted_short():
    """An error repeats sixty characters of what was written, and no password of an address that got there."""
    for text, shown in [
        ("x" * 99, f"mode {'x' * 60!r}: there is no such mode"),
        ("http://me:secret@host", "mode 'http://me:***@host': there is no such mode"),
        ("limited=" + "x" * 99, f"mode {'limited=' + 'x' * 52!r}: {'x' * 60!r} is not a whole number"),
        ("race+" + "x" * 99, f"mode {'race+' + 'x' * 55!r}: there is no modifier +{'x' * 60};"),
    ]:
        with pytest.raises(UsageError) as refused:
            parse_mode(text)
        assert str(refused.value).startswith(shown)


def test_widths_are_read_to_eighteen_digits():
    """A limit far beyond any list is fine, with any number of leading zeros."""
    assert parse_mode("limited=" + "9" * 18).width == 10**18 - 1
    assert parse_mode("limited=" + "0" * 100_000 + "12").width == 12


@pytest.mark.parametrize("digits", [19, 100_000])
def test_a_number_beyond_all_lists_is_refused_for_what_it_is(digits):
    """Too many digits are called so: they are a whole number of at least 1, and the remedy is no limit at all."""
    with pytest.raises(UsageError) as refused:
        parse_mode("batched=" + "9" * digits)
    (problem,) = refused.value.problems
    assert problem.what == f"a number of {digits} digits is beyond any list of tasks"
    assert problem.instead == "write parallel for no limit"


WIDTHS = st.one_of(st.none(), st.integers(-2, 40), st.integers(1, 10**18 - 1))


@given(WIDTHS, st.sampled_from(Stop), st.sampled_from(Leftovers), st.booleans())
def test_every_mode_that_can_be_made_is_spelled_and_read_back(width, stop, leftovers, barrier):
    """Fields in any combination are either refused with a UsageError or spelled so that they read back equal."""
    try:
        mode = Mode(width, stop, leftovers, barrier)
    except UsageError:
        wrong_width = width is not None and (width < 1 or stop in (FIRST, SUCCESS))
        assert wrong_width or (barrier and width is None) or (stop is NEVER and leftovers is not KEEP)
    else:
        assert parse_mode(str(mode)) == mode


@given(
    st.sampled_from([*ROWS, "limited=2", "limited=1", "batched=1", "batched=12"]),
    st.lists(st.sampled_from(["+settled", "+keep", "+drop", "+cancel"]), max_size=3),
)
def test_reading_and_spelling_settle_at_once(base, modifiers):
    """What is read at all has a canonical spelling no longer than what was written, and that one stays."""
    text = base + "".join(modifiers)
    try:
        mode = parse_mode(text)
    except UsageError:
        return
    assert len(str(mode)) <= len(text)
    assert str(parse_mode(str(mode))) == str(mode)


PIECES = st.sampled_from(
    [*ROWS, "=", "+", "+settled", "+drop", "=3", "=0", "0", "9" * 30, "0" * 5000, "٣", "\x1b", " "]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=6).map("".join), st.text().map("limited={}".format)))
@example("limited=" + "0" * 100_000 + "1")
@example("limited=" + "9" * 100_000)
@example("limited=" + "-" * 100_000)
@example("parallel" + "+keep" * 100_000)
def test_no_text_does_worse_than_a_usage_error(text):
    """Any text at all is a mode, or a UsageError; nothing else gets out."""
    try:
        mode = parse_mode(text)
    except UsageError:
        return
    assert parse_mode(str(mode)) == mode


@pytest.mark.parametrize(
    ("text", "ok", "failed"),
    [("sequential", False, True), ("settled", False, False), ("any", True, False), ("race", True, True)],
)
def test_which_outcome_decides(text, ok, failed):
    """Failures decide the modes that stop on failure, successes any, both race, and none settled."""
    assert (parse_mode(text).decides(ok=True), parse_mode(text).decides(ok=False)) == (ok, failed)


@pytest.mark.parametrize(
    ("text", "count", "batches", "lanes"),
    [
        ("batched=2", 5, [range(2), range(2, 4), range(4, 5)], 2),
        ("batched=9", 5, [range(5)], 5),
        ("limited=2", 5, [range(5)], 2),
        ("parallel", 5, [range(5)], 5),
        ("parallel", 0, [], 0),
        ("batched=2", 0, [], 0),
    ],
)
def test_portions_and_lanes(text, count, batches, lanes):
    """Only a barrier makes portions; lanes are as many as the width allows and the tasks need."""
    mode = parse_mode(text)
    assert list(mode.batches(count)) == batches
    assert mode.lanes(count) == lanes
