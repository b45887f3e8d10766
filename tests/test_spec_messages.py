"""What the spec reader says, word for word, and where its bounds are: one step inside them, and one outside."""

import io

import pytest

from asyncmodes.errors import UsageError
from asyncmodes.spec import Defaults, read_spec, read_words
from asyncmodes.spec.inputs import read_bytes, standard_input
from asyncmodes.spec.syntax import parse_toml
from asyncmodes.spec.wording import shown

FORMS = "write a delay (300ms), a URL (https://example.org/) or a file (data.txt, file:300)"
SCHEMES = "write one that begins with http:// or https://"


def lines(read, *arguments, **options) -> list[str]:
    """The lines of the error that this call raises."""
    with pytest.raises(UsageError) as caught:
        read(*arguments, **options)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("", f"it is empty; {FORMS}"),
        ("a=", f"nothing stands after 'a='; {FORMS}"),
        ("a=-", "standard input takes no name; write - alone"),
        ("a b=1s", "'a b' cannot be its name; a name is letters, digits, _ . - and stands once"),
        ("b=c=1s", "'c' cannot be its name; a name is letters, digits, _ . - and stands once"),
        ("nowhere*.txt", f"'nowhere*.txt' is no URL and no duration, and matches no file; {FORMS}"),
        ("file:nowhere*.txt", "'nowhere*.txt' matches no file; write the name of a file, or a pattern of some"),
        ("file:", "the name of the file is missing; write for example data/menu.txt"),
        ("file:a\0b", r"'a\x00b' can be the name of no file; leave out NUL and half characters"),
        (
            "http://u:secret@h/",
            "'http://***@h/' has a user in it, and there is an Authorization header too; leave one of them out",
        ),
        ("ftp://h/x", f"'ftp://h/x' has the scheme ftp; {SCHEMES}"),
        ("http:", f"'http:' is no complete URL; {SCHEMES}"),
        ("delay:", "'' is no duration; write a number and a unit: 300ms, 1.5s, 2m"),
        ("1s*0", "'*0' is no number of times; write a whole number from *1 up"),
        ("1s*x", "'*x' is no number of times; write a whole number from *1 up"),
        ("1s*11", "the tasks up to here are 11; write at most 10, or raise --max-tasks"),
        ("1s*" + "9" * 30, "the tasks up to here are far more than can be run; write at most 10, or raise --max-tasks"),
        ("url:/bytes/", "the end of the path is missing; write for example /bytes/64KiB"),
        ("url:/bytes/x", "'x' is no size; write a number and a unit: 500B, 64KiB, 10MiB"),
        ("url:/bytes/1025MiB", "'1025MiB' is more than the server gives; write at most 1GiB"),
        ("url:/status/", "the end of the path is missing; write for example /status/503"),
        ("url:/status/199", "'199' is out of range; write a whole number from 200 to 599"),
        ("url:/status/600", "'600' is out of range; write a whole number from 200 to 599"),
        ("url:/status/0000000200", "'0000000200' is out of range; write a whole number from 200 to 599"),
        ("url:/redirect/", "the end of the path is missing; write for example /redirect/2"),
        ("url:/redirect/101", "'101' is out of range; write a whole number from 0 to 100"),
        ("url:/flaky/1", "/flaky takes no '1'; write /flaky"),
    ],
)
def test_what_is_said_of_a_word(word, said):
    """The place, what is wrong, and what to write instead."""
    defaults = Defaults(max_tasks=10, headers=(("authorization", "x"),))
    assert lines(read_words, [word], defaults) == [f"argument 1: {said}"]


@pytest.mark.parametrize(
    "word", ["1s*10", "1s*007", "url:/bytes/1GiB", "url:/status/200", "url:/status/599", "url:/redirect/100"]
)
def test_the_last_that_is_allowed(word):
    """One step further is refused above."""
    assert read_words([word], Defaults(max_tasks=10))


def test_as_many_words_as_allowed():
    """Words are counted one by one, wherever they come from."""
    assert len(read_words(["1s"] * 10, Defaults(max_tasks=10))) == 10
    assert len(read_words(["-"], Defaults(max_tasks=10), io.BytesIO(b"1s\n" * 10))) == 10
    assert lines(read_words, ["1s"] * 11, Defaults(max_tasks=10)) == [
        "argument 11: the tasks up to here are 11; write at most 10, or raise --max-tasks"
    ]


def test_what_is_said_of_standard_input():
    """Words, one a line: none, too long a line, named twice; a mark of byte order stands before the first one only."""
    hint = "send it one word a line: asyncmodes compare - < words.txt"
    assert lines(read_words, ["-"], Defaults(), io.BytesIO(b"\n")) == [
        f"standard input: there is no task in it; {hint}"
    ]
    assert lines(read_words, ["-"], Defaults(), io.BytesIO(b"x" * 70_000)) == [
        "standard input, line 1: it is longer than 65,536 bytes; write one word a line"
    ]
    assert lines(read_words, ["-", "-"], Defaults(), io.BytesIO(b"1s")) == [
        "argument 2: '-' stands there twice; standard input can be read only once"
    ]
    assert [task.name for task in read_words(["-"], Defaults(), io.BytesIO(b"\xef\xbb\xbf1s\n2s\n"))] == ["1s", "2s"]
    assert len(lines(read_words, ["-"], Defaults(), io.BytesIO(b"1s\n\xef\xbb\xbf2s\n"))) == 1


def test_input_that_cannot_be_had(tmp_path, monkeypatch):
    """Closed, a terminal, a directory, absent, or larger than allowed by a single byte."""
    closed = io.BytesIO()
    closed.close()
    assert lines(standard_input, closed, "send it") == ["standard input: it is closed; send it"]
    monkeypatch.setattr("sys.stdin", None)
    assert lines(standard_input, None, "send it") == ["standard input: it is closed; send it"]
    terminal = io.BytesIO(b"1s")
    terminal.isatty = lambda: True
    assert lines(standard_input, terminal, "send it") == [
        "standard input: it is a terminal, and nothing is sent to it; send it"
    ]
    words = {"advice": "name another", "smaller": "write less", "hint": "send it"}
    assert lines(read_bytes, str(tmp_path), "here", 3, **words) == ["here: it is a directory; name another"]
    assert lines(read_bytes, str(tmp_path / "x"), "here", 3, **words) == ["here: there is no such file; name another"]
    assert lines(read_bytes, f"{tmp_path}/{'x' * 300}", "here", 3, **words) == [
        "here: it cannot be read (File name too long); name another"
    ]
    assert lines(read_bytes, "a\0b", "here", 3, **words) == [
        "here: it cannot be read (embedded null byte); name another"
    ]
    (tmp_path / "x").write_bytes(b"1234")
    for name in (str(tmp_path / "x"), "-"):
        stdin = io.BytesIO(b"1234")
        assert lines(read_bytes, name, "here", 3, **words, stdin=stdin) == [
            "here: it is larger than 3 bytes; write less"
        ]
        assert read_bytes(name, "here", 4, **words, stdin=io.BytesIO(b"1234")) == b"1234"


def test_what_is_said_of_a_file_that_is_no_toml():
    """The line and column of the mistake, the reader's own words, and the byte that is no text."""
    assert lines(parse_toml, b"a = 1\nb = nothing\n", "f") == [
        'f:2:5: invalid value; mend the TOML; texts stand in quotes: delay = "300ms"'
    ]
    assert lines(parse_toml, b"a = \xff", "f") == [
        "f: the byte 0xff at byte offset 4 is not UTF-8; save the file as UTF-8"
    ]
    assert lines(parse_toml, b"a = " + b"[" * 100_000, "f") == [
        "f: it is nested too deeply; a spec needs a few levels only"
    ]
    assert parse_toml("\ufeffa = 1".encode(), "f") == {"a": 1}
    (line,) = lines(parse_toml, b"a = " + b"9" * 5000, "f")
    assert line.startswith("f: it has a value that cannot be read (Exceeds the limit (4300 digits) for integer string")
    assert line.endswith("); write a smaller one")


@pytest.mark.parametrize(
    ("text", "found"),
    [("[]", "an empty list"), ("[1]", "a list"), ("null", "null"), ('"x"', "the text 'x'"), ("1", "the number 1")],
)
def test_what_is_said_of_json_that_is_no_table(tmp_path, text, found):
    """A file of that name is JSON, whatever it begins with."""
    path = tmp_path / "spec.JSON"
    path.write_text(text)
    assert lines(read_spec, str(path)) == [f'{path}: found {found}; write a table: {{"tasks": [{{"delay": "300ms"}}]}}']


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (11, "t0 -> t1 -> t2 -> t3 -> t4 -> t5 -> t6 -> t7 -> t8 -> t9 -> t10 -> t0"),
        (12, "t0 -> t1 -> t2 -> t3 -> t4 -> t5 -> t6 -> t7 -> t8 -> (2 more) -> t11 -> t0"),
        (5000, "t0 -> t1 -> t2 -> t3 -> t4 -> t5 -> t6 -> t7 -> t8 -> (4,990 more) -> t4999 -> t0"),
    ],
)
def test_a_long_circle_of_needs_is_cut(count, named):
    """Twelve places are named, among them its beginning and its end."""
    spec = "".join(f"[[tasks]]\nname='t{n}'\ndelay='1s'\nneeds=['t{(n + 1) % count}']\n" for n in range(count))
    (line,) = lines(read_spec, "-", stdin=io.BytesIO(spec.encode()))
    assert line == (
        f"standard input: tasks[0].needs: t0 needs itself: {named}, each the next one; leave one of these needs out"
    )


def test_as_many_tables_as_allowed():
    """Tables of a spec are counted one by one, and repeats with them."""
    spec = "[[tasks]]\ndelay = '1s'\n"
    assert len(read_spec("-", Defaults(max_tasks=10), io.BytesIO(spec.encode() * 10)).tasks) == 10
    assert len(lines(read_spec, "-", Defaults(max_tasks=10), io.BytesIO(spec.encode() * 11))) == 1


def test_defaults_are_checked():
    """The shortest timeout is a nanosecond, and a method is a word of HTTP."""
    assert Defaults(timeout_ns=1).timeout_ns == 1
    assert lines(Defaults, timeout_ns=0) == [
        "--timeout: it leaves no time at all; write a timeout above zero, such as 2s"
    ]
    assert lines(Defaults, method="G T")[0].startswith("--method: ")


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("x" * 60, repr("x" * 60)),
        ("x" * 61, repr("x" * 59 + "…")),
        ("//a:b@h", "'//***@h'"),
        ("http://a:b@c@h/x", "'http://***@h/x'"),
        ("a@h//x", "'a@h//x'"),
    ],
)
def test_what_is_quoted_is_short_and_keeps_secrets(text, quoted):
    """Sixty characters at most, and nothing that may be a user and a password."""
    assert shown(text) == quoted
