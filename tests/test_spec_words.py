"""Words of the command line become tasks, or a usage error that says what to write."""

import io
import os
import random
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncmodes.errors import UsageError
from asyncmodes.spec import DINNER, Defaults, read_words
from asyncmodes.tasks import CpuIn, Delay, FakeRequest, FileRead, Request

MS = 1_000_000

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current directory with a few files."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt", "5s", "data", "x=y", "[ab].txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "folder.txt" / "c.txt").write_text("c")
    return tmp_path


def read(*words, stdin=None, **defaults):
    """The tasks of these words, with these defaults."""
    return read_words(words, Defaults(**defaults), stdin)


def refused(*words, stdin=None, **defaults):
    """The lines of the error that these words are."""
    with pytest.raises(UsageError) as caught:
        read(*words, stdin=stdin, **defaults)
    lines = [str(problem) for problem in caught.value.problems]
    assert all("\n" not in line and len(line) < 400 for line in lines)
    return lines


def names(*words, **more):
    """The names of the tasks of these words."""
    return [task.name for task in read(*words, **more)]


@pytest.mark.parametrize(
    ("word", "name", "work"),
    [
        ("300ms", "300ms", Delay(300 * MS, "300ms")),
        ("0s", "0s", Delay(0, "0s")),
        ("delay:1.5s", "1.5s", Delay(1500 * MS, "1.5s")),
        ("fail:300ms", "fail:300ms", Delay(300 * MS, "fail:300ms", "declared to fail")),
        ("soup=800ms", "soup", Delay(800 * MS, "800ms")),
        ("soup=fail:800ms", "soup", Delay(800 * MS, "fail:800ms", "declared to fail")),
        ("Knödel_1.a-b=1s", "Knödel_1.a-b", Delay(1000 * MS, "1s")),
        ("5s", "5s", Delay(5000 * MS, "5s")),
        ("5ms..5ms", "5ms..5ms", Delay(5 * MS, "5ms..5ms")),
        ("https://h/", "https://h/", Request("https://h/", "https://h/")),
        ("url:http://h", "http://h", Request("http://h", "http://h")),
        ("page=https://h/?a=b", "page", Request("https://h/?a=b", "https://h/?a=b")),
        ("https://h/?a=300ms", "https://h/?a=300ms", Request("https://h/?a=300ms", "https://h/?a=300ms")),
        ("http://u:pw@h/", "http://u:***@h/", Request("http://u:pw@h/", "http://u:***@h/")),
        ("https://h/a*b", "https://h/a*b", Request("https://h/a*b", "https://h/a*b")),
        ("request:50ms", "request:50ms", FakeRequest(50 * MS, "request:50ms")),
        ("page=request:50ms", "page", FakeRequest(50 * MS, "request:50ms")),
        ("url:/delay/50ms", "/delay/50ms", Request("/delay/50ms", "/delay/50ms")),
        ("page=url:/drip?a=b", "page", Request("/drip?a=b", "/drip?a=b")),
        ("a.txt", "a.txt", FileRead("a.txt", "a.txt")),
        ("./a.txt", "./a.txt", FileRead("./a.txt", "./a.txt")),
        ("menu=a.txt", "menu", FileRead("a.txt", "a.txt")),
        ("file:5s", "5s", FileRead("5s", "5s")),
        ("file:x=y", "x=y", FileRead("x=y", "x=y")),
        ("file:missing", "missing", FileRead("missing", "missing")),
        ("file:https://h/", "https://h/", FileRead("https://h/", "https://h/")),
        ("folder.txt", "folder.txt", FileRead("folder.txt", "folder.txt")),
        ("[ab].txt", "[ab].txt", FileRead("[ab].txt", "[ab].txt")),
    ],
)
def test_forms(word, name, work):
    """Each form of a word is read as the documented order has it."""
    (task,) = read(word)
    assert (task.name, task.work) == (name, work)
    assert task.timeout_ns == (30_000 * MS if isinstance(work, Request) else None)


@pytest.mark.skipif(os.name != "posix", reason="links and devices as POSIX has them")
def test_whatever_exists_is_a_file_to_read(here):
    """A link to nowhere and a device are file tasks; that they cannot be read is found when they run."""
    (here / "link").symlink_to("nowhere")
    assert [task.work for task in read("link", os.devnull)] == [
        FileRead("link", "link"),
        FileRead(os.devnull, os.devnull),
    ]


@pytest.mark.parametrize(
    ("word", "count", "target"),
    [
        ("100ms*3", 3, "100ms"),
        ("delay:100ms*3", 3, "100ms"),
        ("fail:100ms*3", 3, "fail:100ms"),
        ("https://h/page*3", 3, "https://h/page"),
        ("url:https://h/page*3", 3, "https://h/page"),
        ("https://h/*b*3", 3, "https://h/*b"),
        ("request:100ms*3", 3, "request:100ms"),
        ("url:/delay/50ms*3", 3, "/delay/50ms"),
        ("data*3", 3, "data"),
        ("100ms*1", 1, "100ms"),
        ("100ms*003", 3, "100ms"),
        ("100ms..400ms*3", 3, "100ms..400ms"),
    ],
)
def test_repeats(word, count, target):
    """`*N` makes N tasks with names of their own."""
    tasks = read(word)
    assert [task.work.target for task in tasks] == [target] * count
    assert [task.name for task in tasks] == [target, f"{target}#2", f"{target}#3"][:count]


def test_repeats_are_not_split_off_after_file(here):
    """After `file:`, and after a name that does not exist, `*3` belongs to a pattern."""
    (here / "data23").write_text("")
    (here / "dat3").write_text("")
    assert names("file:data*3") == ["data23"]
    assert names("dat*3") == ["dat3", "data23"]


def test_globs():
    """A pattern stands for the files that match it, sorted, without directories; a name is numbered."""
    assert names("*.txt") == ["[ab].txt", "a.txt", "b.txt"]
    assert names("**/*.txt") == ["[ab].txt", "a.txt", "b.txt", os.path.join("folder.txt", "c.txt")]
    assert names("log=?.txt") == ["log", "log#2"]
    assert names("file:[b].txt") == ["b.txt"]


@pytest.mark.skipif(os.name != "posix", reason="making links needs a right on Windows")
def test_a_pattern_of_any_depth_does_not_walk_in_circles(tmp_path, monkeypatch):
    """`**` stands for folders at any depth, hidden ones and links to folders left out: each file is found once."""
    for name in ("top.t", "a/one.t", "a/b/two.t", "a/.hidden/no.t"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "a/loop").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert names("**/*.t") == ["a/b/two.t", "a/one.t", "top.t"]
    assert names("a/**") == ["a/b/two.t", "a/one.t"]
    assert names("**/**/b/**/two.t") == ["a/b/two.t"]
    assert names(f"{tmp_path}/**/one.t") == [f"{tmp_path}/a/one.t"]
    assert names("a/loop/**/one.t") == ["a/loop/a/one.t"]
    assert "matches no file" in refused("**/no.t")[0]


def test_names_are_unique():
    """A default name is the target, numbered so that it meets no given name and no other one."""
    assert names("1s", "1s", "2s", "1s") == ["1s", "1s#2", "2s", "1s#3"]
    assert names("a=1s*3", "1s*2", "b=2s") == ["a", "a#2", "a#3", "1s", "1s#2", "b"]
    assert names("1s", "1s=2s") == ["1s#2", "1s"]


def test_a_given_name_is_given_once():
    """A name given twice is an error that shows both places."""
    assert refused("a=1s", "b=1s", "a=2s", "b=https://h/") == [
        "argument 3: the name 'a' is given at argument 1 already; give each its own name",
        "argument 4: the name 'b' is given at argument 2 already; give each its own name",
    ]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("", "it is empty"),
        ("300", "'300' has no unit; write 300ms or 300s"),
        ("soup=300", "'300' has no unit; write 300ms or 300s"),
        ("300*20", "'300' has no unit; write 300ms or 300s"),
        ("delay:300", "write 300ms or 300s"),
        ("delay:", "no duration"),
        ("fail:https://h/", "no duration"),
        ("delay:a.txt", "no duration"),
        ("request:50", "write 50ms or 50s"),
        ("request:", "no duration"),
        ("request:50ms*0", "'*0' is no number of times"),
        ("request:2s..1s", "write 1s..2s"),
        ("url:/menu", "'/menu' is no page of the demo server; it has /delay/300ms"),
        ("url:/delay/50", "'50' has no unit; write 50ms or 50s"),
        ("-300ms", "negative"),
        ("nan", "not a finite number"),
        ("inf", "not a finite number"),
        ("1e3ms", "exponent"),
        ("٣00ms", "other digits"),
        ("300MS", "write 300ms"),
        ("9000h", "365 days"),
        ("9" * 10_000 + "s", "more digits"),
        ("400ms..100ms", "write 100ms..400ms"),
        ("100ms..400", "'400' has no unit"),
        ("100ms*0", "'*0' is no number of times"),
        ("100ms*", "'*' is no number of times"),
        ("100ms*1.5", "'*1.5' is no number of times"),
        ("100ms*-1", "'*-1' is no number of times"),
        ("100ms*x", "'*x' is no number of times"),
        ("100ms*٣", "is no number of times"),
        ("https://h/*0", "'*0' is no number of times"),
        ("https://h/*1.5", "'*1.5' is no number of times"),
        ("data*0", "'*0' is no number of times"),
        ("ftp://h/", "scheme ftp"),
        ("foo://x", "scheme foo"),
        ("unix://x", "scheme unix"),
        ("url:ftp://h/", "scheme ftp"),
        ("file:///etc/passwd", "write file:PATH"),
        ("file:", "name of the file is missing"),
        ("url:h", "http:// or https://"),
        ("http:h", "http:// or https://"),
        ("http://", "no host"),
        ("http://[::1", "host"),
        ("http://h:0/", "port"),
        ("http://h:99999/", "port"),
        ("http://h/a b", "white space"),
        ("soup=", "nothing stands after 'soup='"),
        ("=300ms", "'' cannot be its name"),
        ("a b=300ms*2", "'a b' cannot be its name"),
        ("a=b=300ms", "'b' cannot be its name"),
        ("x=missing", "no file or directory of that name exists"),
        ("missing", "no URL and no duration, and no file or directory of that name exists"),
        ("--mode", "no file or directory of that name exists"),
        ("*.csv", "matches no file"),
        ("file:*.csv", "matches no file"),
        ("folder*", "matches no file"),
        ("file:a\0b", "the name of no file"),
        ("a\0b", "no file or directory"),
        ("a\0*", "matches no file"),
        ("*/" * 3000 + "x", "matches no file"),
        ("soup=-", "takes no name"),
        ("x=y", "write file:x=y"),
    ],
)
def test_refused(word, said):
    """A word that is no task is refused in one line that names the place and the remedy."""
    (line,) = refused("1s", word)
    assert line.startswith("argument 2: ")
    assert said in line
    assert "; " in line


def test_no_form_at_all_shows_the_three():
    """What is neither delay nor URL nor file is told how each is written."""
    (line,) = refused("ricee")
    for form in ("300ms", "https://example.org/", "data.txt"):
        assert form in line


def test_all_problems_are_listed():
    """Every wrong word is listed, in order."""
    assert [line.split(":")[0] for line in refused("300", "1s", "http://", "", "a=1s", "a=2s")] == [
        "argument 1",
        "argument 3",
        "argument 4",
        "argument 6",
    ]


def test_passwords_in_wrong_words_are_hidden():
    """No error about a word shows a password."""
    for word in ("ftp://u:secret@h/", "http://u:secret@h:0/", "x=foo://u:secret@h", "htp:/x//u:secret@h"):
        (line,) = refused(word)
        assert "secret" not in line


def test_draws():
    """Drawn delays depend on the seed and their order alone, stay in the range and bear the word as written."""
    tasks = read("100ms..400ms*5", "fail:1s..2s", seed=7)
    dice = random.Random(7)
    drawn = [dice.randint(100 * MS, 400 * MS) for _ in range(5)] + [dice.randint(1000 * MS, 2000 * MS)]
    assert [task.work.duration_ns for task in tasks] == drawn
    assert tasks[0].work.target == tasks[0].name == "100ms..400ms"
    assert tasks[5].work.fails
    assert read("100ms..400ms*5", seed=7) == tasks[:5]
    assert read("100ms..400ms*5", seed=8) != tasks[:5]
    assert [task.work.duration_ns for task in read("request:100ms..400ms*5", seed=7)] == drawn[:5]


def test_defaults():
    """Defaults hold for every task: the timeout for all kinds, the rest for URLs."""
    defaults = Defaults(2000 * MS, (("A", "b"),), "put", b"x")
    delay, url = read_words(["1s", "https://h/"], defaults)
    assert delay.timeout_ns == url.timeout_ns == 2000 * MS
    assert url.work == Request("https://h/", "https://h/", "PUT", (("A", "b"),), b"x")


def test_data_means_post():
    """With data and no method the method is POST, as in curl and httpie; without data it is GET."""
    methods = [
        read("http://h", data=b"x")[0].work.method,
        read("http://h", data=b"x", method="GET")[0].work.method,
        read("http://h")[0].work.method,
    ]
    assert methods == ["POST", "GET", "GET"]


@pytest.mark.parametrize(
    "words", [["100ms*99999999999"], ["100ms*" + "9" * 10_000], ["1s*6", "https://h/*5"], ["a=1ms..2ms*11"]]
)
def test_too_many_tasks(words):
    """Too long a list is refused before it is made."""
    (line,) = refused(*words, max_tasks=10)
    assert "--max-tasks" in line
    assert f"argument {len(words)}: " in line


def test_as_many_tasks_as_allowed():
    """A list of exactly the allowed length is made."""
    assert len(read("1s*6", "2s*4", max_tasks=10)) == 10


def test_no_words():
    """No words are no tasks, and no error: a command decides what that means."""
    assert read() == []


def test_standard_input():
    """`-` stands for one word a line; blank lines, comments, a byte order mark and line ends are no words."""
    stdin = io.BytesIO(b"\xef\xbb\xbf1s\r\n\n# https://no/\n  soup=2s  \n*.txt\nhttps://h/#part")
    assert names("3s", "-", "4s", stdin=stdin) == [
        "3s", "1s", "soup", "[ab].txt", "a.txt", "b.txt", "https://h/#part", "4s",
    ]  # fmt: skip


def test_text_streams():
    """A text stream such as `sys.stdin` is read by its bytes."""
    assert names("-", stdin=io.TextIOWrapper(io.BytesIO("ü=1s".encode()), "ascii")) == ["ü"]


def test_standard_input_by_default(monkeypatch):
    """Without a stream given, `sys.stdin` is read."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"1s")))
    assert names("-") == ["1s"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse file names that are not UTF-8")
def test_file_names_that_are_not_utf8(here):
    """A file name that is not UTF-8 is found, from standard input too."""
    name = b"caf\xe9"
    with open(os.path.join(os.fsencode(here), name), "w"):
        pass
    (task,) = read("-", stdin=io.BytesIO(name + b"\n"))
    assert task.work == FileRead(os.fsdecode(name), os.fsdecode(name))


def test_problems_in_standard_input():
    """A problem in standard input names its line."""
    stdin = io.BytesIO(b"a=1s\n300\na=2s\n-\n\xff\n")
    lines = refused("-", stdin=stdin)
    assert [line.split(":")[0] for line in lines] == [f"standard input, line {number}" for number in (2, 3, 4, 5)]
    assert "given at standard input, line 1" in lines[1]


class _Failing(io.RawIOBase):
    def readable(self):
        return True

    def readinto(self, _buffer):
        raise IsADirectoryError(21, "Is a directory")


class _Terminal(io.BytesIO):
    def isatty(self):
        return True


class _Endless(io.RawIOBase):
    """A stream without end: the same bytes again and again."""

    def __init__(self, data):
        self._data = data

    def readable(self):
        return True

    def readinto(self, buffer):
        count = min(len(buffer), len(self._data))
        buffer[:count] = self._data[:count]
        return count


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (io.BytesIO(b""), "no task in it"),
        (io.BytesIO(b"# nothing\n\n"), "no task in it"),
        (io.BufferedReader(_Failing()), "cannot be read (Is a directory)"),
        (_Terminal(b"1s\n"), "terminal"),
        (io.BufferedReader(_Endless(b"x" * 4096)), "longer than"),
        (io.BufferedReader(_Endless(b"1s\n")), "--max-tasks"),
        (io.BufferedReader(_Endless(b"x\n")), "--max-tasks"),
    ],
)
def test_bad_standard_input(stdin, said):
    """Standard input that gives nothing, cannot be read, is a terminal or never ends is refused."""
    (line,) = refused("-", stdin=stdin, max_tasks=1000)
    assert said in line


def test_closed_standard_input(monkeypatch):
    """A closed standard input is refused, whichever way it is closed."""
    closed = io.BytesIO()
    closed.close()
    assert "closed" in refused("-", stdin=closed)[0]
    monkeypatch.setattr("sys.stdin", None)
    assert "closed" in refused("-")[0]


def test_standard_input_twice():
    """`-` given twice is refused."""
    (line,) = refused("-", "-", stdin=io.BytesIO(b"1s\n"))
    assert line.startswith("argument 2: ")
    assert "twice" in line


PIECES = st.sampled_from(
    ["=", ":", "*", "..", "-", "~", "/", "//", "#", "@", "[", "]", "?", "%", "\0", "\n", "\ud800", "é", "٣", "300",
     "5s", "ms", ".5", "1e9", "nan", "9" * 20, "a=", "delay:", "fail:", "request:", "url:", "/delay/", "file:", "http://",
     "https://h", "ftp://", "[::1]", ":80", "a.txt"]
)  # fmt: skip


@given(st.lists(st.text(max_size=12) | st.lists(PIECES, max_size=6).map("".join), max_size=4), st.binary(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words(words, stdin):
    """Any words at all are tasks with different names, or a usage error of whole sentences."""
    try:
        tasks = read(*words, stdin=io.BytesIO(stdin), max_tasks=1000)
    except UsageError as error:
        problems, tasks = error.problems, []
    else:
        problems = []
    assert problems or tasks or not words
    assert all(problem.where and problem.what and problem.instead for problem in problems)
    assert len({task.name for task in tasks}) == len(tasks)
    assert all(task.name and task.work.target for task in tasks)


def test_dinner():
    """The built-in example is the dinner of the documentation: 1 s of work, the longest 400 ms."""
    assert DINNER.title == "dinner"
    assert [(task.name, task.work.target) for task in DINNER.tasks] == [
        ("rice", "400ms"),
        ("sauce", "200ms"),
        ("salad", "300ms"),
        ("bread", "100ms"),
    ]
    assert [list(read(f"{task.name}={task.work.target}")) for task in DINNER.tasks] == [[t] for t in DINNER.tasks]


def test_starts_fast():
    """Reading delays imports nothing that only other tasks or spec files need."""
    heavy = {"pydantic", "urllib", "glob", "random", "json", "tomllib", "ipaddress", "difflib", "aiohttp", "rich"}
    code = (
        "import sys; before = set(sys.modules); from asyncmodes.spec import *; "
        "read_words(['1s', 'a=fail:2s*3'], Defaults()); print(*{m.split('.')[0] for m in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(done.stdout.split())


def test_words_that_block_or_compute():
    """`block:` and `cpu:` take what a delay takes: names, ranges and repetitions; where to compute is an option's."""
    tasks = read_words(["nap=block:100ms*2", "cpu:10ms..20ms", "cpu:0ms"], Defaults(cpu_in=CpuIn.THREAD))
    assert [(task.name, task.work.kind, task.work.target) for task in tasks] == [
        ("nap", "block", "block:100ms"),
        ("nap#2", "block", "block:100ms"),
        ("cpu:10ms..20ms", "cpu", "cpu:10ms..20ms"),
        ("cpu:0ms", "cpu", "cpu:0ms"),
    ]
    assert tasks[0].work.duration_ns == 100_000_000
    assert 10_000_000 <= tasks[2].work.duration_ns <= 20_000_000
    assert {task.work.place for task in tasks[2:]} == {CpuIn.THREAD}
    with pytest.raises(UsageError, match="argument 1: 'x' is no duration"):
        read_words(["cpu:x"], Defaults())
