"""Spec files become tasks, or the list of all that is wrong with them."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import asyncmodes.spec
from asyncmodes.capacity import Server
from asyncmodes.errors import UsageError
from asyncmodes.spec import DINNER, Defaults, Spec, parse_server, read_spec
from asyncmodes.spec.files import ALLOWED
from asyncmodes.spec.servers import SERVER_ALLOWED
from asyncmodes.spec.tables import ServerTable, SpecTable, TaskTable
from asyncmodes.tasks import Block, Cpu, CpuIn, Delay, FileRead, Request

MS = 1_000_000
EXAMPLES = Path(__file__).parent.parent / "examples"


def read(text, **defaults):
    """The spec that this text is, from standard input."""
    data = text if isinstance(text, bytes) else text.encode()
    return read_spec("-", Defaults(**defaults), io.BytesIO(data))


def refused(text, **defaults):
    """The lines of the error that this spec is, without their common beginning."""
    with pytest.raises(UsageError) as caught:
        read(text, **defaults)
    lines = [str(problem) for problem in caught.value.problems]
    assert all(line.startswith("standard input") and "\n" not in line and len(line) < 400 for line in lines)
    return [line.removeprefix("standard input").removeprefix(": ") for line in lines]


def task(text):
    """A spec with one task of these keys."""
    return f"[[tasks]]\n{text}\n"


FULL = """
title = "Dinner"
[[tasks]]
name = "rice"
delay = "400ms"
[[tasks]]
name = "burnt toast"
delay = "100ms"
fails = true            # or a message
[[tasks]]
delay = "100ms..200ms"
fails = "no luck"
timeout = "2s"
repeat = 2
[[tasks]]
delay = "100ms"
fails = false
[[tasks]]
name = "menu"
url = "https://user:pw@example.org/menu"
timeout = "2s"
headers = { Accept = "text/html", X-Own = "ü" }
method = "put"
data = "grün"
expect_status = 404
[[tasks]]
url = "http://h"
expect_status = [200, 404]
[[tasks]]
file = "missing.csv"
"""


def test_every_key():
    """Every key of a spec file ends up in the task that it belongs to."""
    spec = read(FULL)
    assert spec.title == "Dinner"
    works = [each.work for each in spec.tasks]
    assert works[0] == Delay(400 * MS, "400ms")
    assert works[1] == Delay(100 * MS, "100ms", "declared to fail")
    assert [(work.target, work.fails) for work in works[2:4]] == [("100ms..200ms", "no luck")] * 2
    assert all(100 * MS <= work.duration_ns <= 200 * MS for work in works[2:4])
    assert works[4] == Delay(100 * MS, "100ms")
    assert works[5] == Request(
        "https://user:pw@example.org/menu",
        "https://user:***@example.org/menu",
        "PUT",
        (("Accept", "text/html"), ("X-Own", "ü")),
        "grün".encode(),
        (404,),
    )
    assert works[6] == Request("http://h", "http://h", expect_status=(200, 404))
    assert works[7] == FileRead("missing.csv", "missing.csv")
    assert [each.name for each in spec.tasks] == [
        "rice", "burnt toast", "100ms..200ms", "100ms..200ms#2", "100ms", "menu", "http://h", "missing.csv",
    ]  # fmt: skip
    assert [each.timeout_ns for each in spec.tasks] == [
        None, None, 2000 * MS, 2000 * MS, None, 2000 * MS, 30_000 * MS, None,
    ]  # fmt: skip


def test_json_is_the_same():
    """JSON of the same shape gives the same tasks."""
    tables = [
        {"name": "a", "delay": "1s", "fails": True, "repeat": 2},
        {"url": "http://h", "headers": {"A": "b"}, "expect_status": [200]},
    ]
    toml = """title = "x"
    tasks = [{name = "a", delay = "1s", fails = true, repeat = 2},
             {url = "http://h", headers = {A = "b"}, expect_status = [200]}]"""
    assert read(" \n" + json.dumps({"title": "x", "tasks": tables})) == read(toml)


def test_byte_order_mark_and_line_ends():
    """A byte order mark and the line ends of Windows are no mistake, in TOML and in JSON."""
    for text in ('[[tasks]]\r\ndelay = "1s"\r\n', '{"tasks":\r\n[{"delay": "1s"}]}'):
        assert len(read(b"\xef\xbb\xbf" + text.encode()).tasks) == 1


def test_defaults_and_own_values():
    """A task's own values go before the defaults; headers are merged by name."""
    text = """[[tasks]]
    url = "http://h"
    [[tasks]]
    url = "http://h"
    headers = { a = "own" }
    method = "GET"
    data = "own"
    timeout = "1s"
    [[tasks]]
    delay = "1s"
    """
    defaults = Defaults(5000 * MS, (("A", "1"), ("B", "2")), None, b"given")
    plain, own, delay = read_spec("-", defaults, io.BytesIO(text.encode())).tasks
    assert plain.work == Request("http://h", "http://h", "POST", (("A", "1"), ("B", "2")), b"given")
    assert own.work == Request("http://h", "http://h", "GET", (("B", "2"), ("a", "own")), b"own")
    assert [each.timeout_ns for each in (plain, own, delay)] == [5000 * MS, 1000 * MS, 5000 * MS]


def test_files_are_relative_to_the_spec(tmp_path, monkeypatch):
    """File names and patterns are looked up beside the spec file, and shown as they are written there."""
    folder = tmp_path / "odd [x] folder"
    (folder / "data" / "sub.csv").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "[c].csv"):
        (folder / "data" / name).write_text(name)
    spec = folder / "spec.toml"
    spec.write_text(
        'tasks = [{name = "x", file = "data/?.csv", repeat = 2}, {file = "data/[c].csv"}, {file = "no.csv"}]'
    )
    monkeypatch.chdir(tmp_path)
    tasks = read_spec(spec).tasks
    assert [each.name for each in tasks] == ["x", "x#2", "x#3", "x#4", "data/[c].csv", "no.csv"]
    targets = [os.path.join("data", name) for name in ("a.csv", "b.csv")] * 2 + ["data/[c].csv", "no.csv"]
    assert [each.work.target for each in tasks] == targets
    assert [Path(each.work.path) for each in tasks] == [folder / target for target in targets]
    monkeypatch.chdir(folder)
    assert [each.work.path for each in read_spec("spec.toml").tasks] == targets


def test_patterns_of_any_depth_are_relative_to_the_spec(tmp_path, monkeypatch):
    """`**` is looked up beside the spec file too, below a folder that a pattern names, and leaves directories out."""
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for name in ("top.t", "data/one.t", "data/b/two.t", "data/b/folder.t/three.t"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("")
    (elsewhere / "data").mkdir(parents=True)
    (elsewhere / "data" / "other.t").write_text("")
    monkeypatch.chdir(elsewhere)
    found = {}
    for pattern in ("**/*.t", "d*/**/*.t", "data/b/*.t"):
        spec = here / "spec.toml"
        spec.write_text(f'tasks = [{{file = "{pattern}"}}]')
        tasks = read_spec(spec).tasks
        found[pattern] = [each.name for each in tasks]
        assert [Path(each.work.path) for each in tasks] == [here / each.name for each in tasks]
    below = [os.path.join("data", "b", "folder.t", "three.t"), os.path.join("data", "b", "two.t")]
    assert found["**/*.t"] == [*below, os.path.join("data", "one.t"), "top.t"]
    assert found["d*/**/*.t"] == [*below, os.path.join("data", "one.t")]
    assert found["data/b/*.t"] == [below[1]]


def test_files_of_standard_input_are_relative_to_the_current_directory(tmp_path, monkeypatch):
    """A spec from standard input has no directory of its own."""
    (tmp_path / "a.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    assert [each.work.path for each in read(task('file = "*.csv"')).tasks] == ["a.csv"]


def test_titles(tmp_path):
    """Without a title a spec is called as its file, and from standard input it has none."""
    spec = tmp_path / "burnt.toast.toml"
    spec.write_text(task('delay = "1s"'))
    assert read_spec(os.fspath(spec)).title == "burnt.toast"
    assert read(task('delay = "1s"')).title == ""


def test_names():
    """Default names are numbered, repeats too, and none meets a given name; any text can be one."""
    text = """tasks = [
      {delay = "1s"}, {delay = "1s", repeat = 2}, {name = "a", delay = "2s", repeat = 3}, {name = "a#2", delay = "3s"},
      {name = "1s#2", delay = "3s"}, {name = "[/] \\u001b = , 飯", delay = "3s"},
    ]"""
    assert [each.name for each in read(text).tasks] == [
        "1s", "1s#3", "1s#4", "a", "a#3", "a#4", "a#2", "1s#2", "[/] \x1b = , 飯",
    ]  # fmt: skip


def test_names_given_twice():
    """A name given twice is an error that shows both places."""
    text = "".join(task(f'name = "{name}"\ndelay = "1s"') for name in "abaa")
    assert refused(text) == [
        "tasks[2].name: the name 'a' is given at tasks[0].name already; give each its own name",
        "tasks[3].name: the name 'a' is given at tasks[0].name already; give each its own name",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[tasks]]\nname = 'a'\ndelay     = = 300ms", ":3:13"),
        ("[[tasks]]\ndelay = 300ms\n", ":2:12"),
        ("tasks = [", ":1:10"),
        ("[[tasks]]\nname = 'a", ":2:10"),
        ("a = 1\na = 2\n", ":2:6"),
        ("[tasks]\n[tasks]\n", ":2:7"),
        ("x", ":1:2"),
        ('{"tasks": [}', ":1:12"),
        ('{\n "tasks": 1,\n}', ":2:12" if sys.version_info >= (3, 13) else ":3:1"),  # the comma, or what is after it
        ("{} {}", ":1:4"),
        ("{", ":1:2"),
        ("{'tasks': 1}", ":1:2"),
    ],
)
def test_syntax_errors(text, place):
    """A syntax error names the line and the column."""
    (line,) = refused(text)
    assert line.startswith(f"{place}: ")
    assert "; mend the " in line


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"# \xff", "0xff at byte offset 2 is not UTF-8"),
        (b"\xef\xbb\xbf{\xc3(}", "0xc3 at byte offset 4 is not UTF-8"),
        ("[[tasks]]".encode("utf-16"), "byte offset 0 is not UTF-8"),
        (b"", "tasks: found nothing; write at least one [[tasks]]"),
        (b"{}", "tasks: found nothing; write at least one [[tasks]]"),
        (b"title = 'x'", "tasks: found nothing; write at least one [[tasks]]"),
        (b"tasks = []", "tasks: found an empty list; write at least one [[tasks]]"),
        (b"[tasks]\ndelay = '1s'", "tasks: found a table; write at least one [[tasks]]"),
        (b"tasks = 'x'", "tasks: found the text 'x'; write at least one [[tasks]]"),
        (b'{"tasks": null}', "tasks: found null; write at least one [[tasks]]"),
        (b"tasks = [3]", "tasks[0]: found the number 3; write a table"),
        (b"[[tasks]]", "tasks[0]: it says not what to do; write one of delay, block, cpu, request, url, file"),
        (b"x = " + b"[" * 100_000, "nested too deeply"),
        (b'{"x":' * 100_000, "nested too deeply"),
        (b'{"x": ' + b"[" * 100_000, "nested too deeply"),
        (b"x = " + b"9" * 5000, "a value that cannot be read"),
        (b'{"x": ' + b"9" * 5000 + b"}", "a value that cannot be read"),
        (b"[[tasks]]\ndelay = '1s'\nrepeat = 0x" + b"f" * 5000, "far more than can be run"),
        (b"[[tasks]]\ndelay = 0x" + b"f" * 5000, "found a number of many digits"),
        (b'{"title": "a", "tasks": [], "title": "b"}', "title: the key stands twice; write it once"),
    ],
)
def test_broken_files(data, said):
    """What is no spec at all is refused in one line."""
    (line,) = refused(data)
    assert said in line


def test_keys_that_stand_twice_in_json():
    """Keys that stand twice are an error in JSON as they are in TOML, each with its place."""
    text = '{"tasks": [{"delay": "1s", "delay": "2s"}, {"url": "http://h", "headers": {"a b": "1", "a b": "2"}}]}'
    assert refused(text) == [
        "tasks[0].delay: the key stands twice; write it once",
        "tasks[1].headers.'a b': the key stands twice; write it once",
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("delay = 300", "tasks[0].delay: found the number 300; write text with a unit, such as"),
        ("delay = 1.5", "tasks[0].delay: found the number 1.5; write text with a unit"),
        ("delay = nan", "tasks[0].delay: found the number nan; write text with a unit"),
        ("delay = -inf", "tasks[0].delay: found the number -inf; write text with a unit"),
        ("delay = true", "tasks[0].delay: found true; write text with a unit"),
        ("delay = 07:32:00", "tasks[0].delay: found the date or time 07:32:00; write text"),
        ("delay = ['1s']", "tasks[0].delay: found a list; write text with a unit"),
        ("delay = '300'", "tasks[0].delay: '300' has no unit; write 300ms or 300s"),
        ("delay = '-300ms'", "tasks[0].delay: '-300ms' is negative"),
        ("delay = 'nan'", "tasks[0].delay: 'nan' is not a finite number"),
        ("delay = '9000h'", "tasks[0].delay: '9000h' is more than 365 days"),
        ("delay = '٣s'", "tasks[0].delay: '٣s' has other digits"),
        ("delay = '2s..1s'", "tasks[0].delay: '2s..1s' begins above its end"),
        ("delay = ''", "tasks[0].delay: '' is no duration"),
        ("delay = '1s*3'", "tasks[0].delay: '1s*3' is no duration"),
        ("delay = '1s'\nname = 3", "tasks[0].name: found the number 3; write text"),
        ("delay = '1s'\nname = ''", "tasks[0].name: found the text ''; write text that is not empty"),
        ("delay = '1s'\nfails = 1", "tasks[0].fails: found the number 1; write true, false or a message"),
        ("delay = '1s'\nfails = ''", "tasks[0].fails: found the text ''; write true, false or a message"),
        ("delay = '1s'\ntimeout = 2", "tasks[0].timeout: found the number 2; write text with a unit"),
        ("delay = '1s'\ntimeout = '0s'", "tasks[0].timeout: '0s' leaves no time at all"),
        ("delay = '1s'\ntimeout = '1s..2s'", "tasks[0].timeout: '1s..2s' is no duration"),
        ("delay = '1s'\nrepeat = 0", "tasks[0].repeat: found the number 0; write a whole number from 1 up"),
        ("delay = '1s'\nrepeat = true", "tasks[0].repeat: found true; write a whole number from 1 up"),
        ("delay = '1s'\nrepeat = 2.0", "tasks[0].repeat: found the number 2.0; write a whole number from 1 up"),
        ("delay = '1s'\nrepeat = '2'", "tasks[0].repeat: found the text '2'; write a whole number from 1 up"),
        ("delay = '1s'\nneeds = 'a'", "tasks[0].needs: found the text 'a'; write a list of names, such as [\"rice\"]"),
        ("delay = '1s'\nneeds = [1]", 'tasks[0].needs[0]: found the number 1; write a list of names, such as ["rice"]'),
        ("delay = '1s'\nneeds = ['b']", "tasks[0].needs[0]: there is no task 'b'; write the name of another task of"),
        ("request = {}", "tasks[0].request: found a table; write text with a unit, such as "),
        ("request = '50'", "tasks[0].request: '50' has no unit; write 50ms or 50s"),
        ("request = '50ms'\nfails = true", "tasks[0].fails: a request has no fails; leave it out: it is for a delay"),
        ("url = '/menu'", "tasks[0].url: '/menu' is no page of the demo server; it has /delay/300ms, "),
        ("url = '/dely/1s'", "tasks[0].url: '/dely/1s' is no page of the demo server; did you mean /delay?"),
        ("url = '/delay/300'", "tasks[0].url: '300' has no unit; write 300ms or 300s"),
        ("url = '//h/x'", "tasks[0].url: '//h/x' is no complete URL; write one that begins with http://"),
        ("delay = '1s'\nneds = 1", "tasks[0].neds: there is no key 'neds'; did you mean needs? the keys are name, "),
        ("dealy = '1s'", "tasks[0].dealy: there is no key 'dealy'; did you mean delay?"),
        ("delay = '1s'\nxyz = 1", "tasks[0].xyz: there is no key 'xyz'; the keys are name, "),
        ("delay = '1s'\n\"a\\nb\" = 1", "tasks[0].'a\\nb': there is no key 'a\\nb'; "),
        ("name = 'a'", "tasks[0]: it says not what to do; write one of delay, block, cpu, request, url, file"),
        ("delay = '1s'\nurl = 'http://h'", "tasks[0]: it has both delay and url; make a task of each"),
        ("url = 'ftp://h'", "tasks[0].url: 'ftp://h' has the scheme ftp"),
        ("url = 'http://'", "tasks[0].url: 'http://' has no host"),
        ("url = 'http://h:0'", "tasks[0].url: 'http://h:0' has a port"),
        ("url = 'http://u:secret@h:0'", "tasks[0].url: 'http://***@h:0' has a port"),
        ("url = 'http://h'\nfails = true", "tasks[0].fails: a url has no fails; leave it out: it is for a delay"),
        ("file = 'a'\nfails = true", "tasks[0].fails: a file has no fails; leave it out: it is for a delay"),
        ("delay = '1s'\ndata = 'x'", "tasks[0].data: a delay has no data; leave it out: it is for a url"),
        ("file = 'a'\nexpect_status = 200", "tasks[0].expect_status: a file has no expect_status"),
        ("url = 'http://h'\nmethod = 'G T'", "tasks[0].method: 'G T' is no HTTP method"),
        ("url = 'http://h'\ndata = 3", "tasks[0].data: found the number 3; write text"),
        ("url = 'http://h'\nheaders = 'A: b'", "tasks[0].headers: found the text 'A: b'; write a table of texts"),
        ("url = 'http://h'\nheaders = {A = 3}", "tasks[0].headers.A: found the number 3; write a table of texts"),
        ("url = 'http://h'\nheaders = {'A b' = 'c'}", "tasks[0].headers: 'A b' is no header name"),
        ("url = 'http://h'\nheaders = {A = \"b\\r\\nC: d\"}", "tasks[0].headers: the value of A has line breaks"),
        ("url = 'http://h'\nexpect_status = '404'", "tasks[0].expect_status: found the text '404'; write a status"),
        ("url = 'http://h'\nexpect_status = 99", "tasks[0].expect_status: found the number 99; write a status"),
        ("url = 'http://h'\nexpect_status = []", "tasks[0].expect_status: found an empty list; write a status"),
        ("url = 'http://h'\nexpect_status = [200, 'x']", "tasks[0].expect_status: found a list; write a status"),
        ("url = 'http://h'\nexpect_status = true", "tasks[0].expect_status: found true; write a status"),
        ("file = ''", "tasks[0].file: the name of the file is missing"),
        ("file = '*.no such file'", "tasks[0].file: '*.no such file' matches no file"),
        ('file = "a\\u0000b"', "tasks[0].file: 'a\\x00b' can be the name of no file"),
        ("file = 3", "tasks[0].file: found the number 3; write text"),
    ],
)
def test_wrong_values(keys, expected):
    """A wrong value is one line: the place, what was found there, and what to write."""
    (line,) = refused(task(keys))
    assert line.startswith(expected)
    assert "secret" not in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"tasks": [{"delay": "1s", "name": null}]}', "tasks[0].name: found null; write text"),
        ('{"tasks": [{"delay": NaN}]}', "tasks[0].delay: found the number nan; write text"),
        (
            '{"tasks": [{"delay": "1s", "repeat": 1e999}]}',
            "tasks[0].repeat: found the number inf; write a whole number",
        ),
        ('{"tasks": [{"delay": "1s", "repeat": -Infinity}]}', "tasks[0].repeat: found the number -inf; write a whole"),
        ('{"tasks": [{"url": "http://h", "data": "\\ud800"}]}', "tasks[0].data: the character U+D800"),
        ('{"tasks": [{"url": "http://h/\\ud800"}]}', "tasks[0].url: 'http://h/\\ud800' has white space or control"),
        ('{"tasks": [{"url": "http://h", "headers": {"A": "\\ud800"}}]}', "tasks[0].headers: the character U+D800"),
        ('{"tasks": [{"file": "\\ud800"}]}', "tasks[0].file: '\\ud800' can be the name of no file"),
        (
            '{"tasks": [{"delay": "1s", "name": "\\ud800"}]}',
            "tasks[0].name: found the text '\\ud800', half a",
        ),
        ('{"tasks": [{"delay": "1s", "\\ud800": 1}]}', "tasks[0]: a key is half a character; write valid Unicode"),
        ('{"tasks": [{"delay": "1s"}], "\\ud800": 1}', "a key is half a character; write valid Unicode"),
        (
            '{"tasks": [{"url": "http://h", "headers": {"Content-length": "3"}}]}',
            "tasks[0].headers: Content-length is told by what is sent; leave it out",
        ),
        ('{"tasks": [{"delay": "1s"}], "server": 3}', "server: found the number 3; write a table, such as [server]"),
        (
            '{"tasks": [{"delay": "1s"}], "titel": ""}',
            "titel: there is no key 'titel'; did you mean title? the keys are",
        ),
        ('{"tasks": [{"delay": "1s"}], "title": 3}', "title: found the number 3; write text"),
    ],
)
def test_wrong_values_in_json(text, expected):
    """What only JSON can say, and what stands at the top, is refused with its place too."""
    (line,) = refused(text)
    assert line.startswith(expected)


def test_all_problems_are_listed_in_order():
    """All problems of a spec are listed, task by task, whichever check finds them."""
    text = """
    titel = "x"
    [[tasks]]
    name = "a"
    delay = 300
    neds = 1
    [[tasks]]
    delay = "300"
    repeat = 0
    [[tasks]]
    name = "a"
    [[tasks]]
    file = "*.no such file"
    data = "x"
    [[tasks]]
    name = "a"
    url = "ftp://h"
    """
    places = [line.split(": ")[0] for line in refused(text)]
    assert places == [
        "titel", "tasks[0].delay", "tasks[0].neds", "tasks[1].delay", "tasks[1].repeat", "tasks[2]", "tasks[2].name",
        "tasks[3].file", "tasks[3].data", "tasks[4].url", "tasks[4].name",
    ]  # fmt: skip


def test_at_most_ten_lines():
    """Of very many problems the message shows ten, and how many more there are."""
    with pytest.raises(UsageError) as caught:
        read("[[tasks]]\n" * 25)
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert lines[0].startswith("standard input: tasks[0]: ")
    assert lines[-1].startswith("15 more problems")


@pytest.mark.parametrize(
    "text",
    [
        "[[tasks]]\ndelay = '1s'\n" * 11,
        task("delay = '1s'\nrepeat = 11"),
        task("delay = '1s..2s'\nrepeat = 99999999999999999999999"),
        task("delay = '1s'\nrepeat = 9") + task("url = 'http://h'\nrepeat = 2"),
    ],
)
def test_too_many_tasks(text):
    """Too long a list is refused before it is made; one of just the allowed length is not."""
    (line,) = refused(text, max_tasks=10)
    assert line.startswith("tasks[")
    assert "--max-tasks" in line
    assert len(read(task("delay = '1s'\nrepeat = 10"), max_tasks=10).tasks) == 10


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing.toml", "missing.toml: there is no such file"),
        ("", "'': there is no such file"),
        (".", ".: it is a directory"),
        ("a\0b", "cannot be read"),
        ("x" * 5000, "cannot be read"),
        ("file.toml/x", "cannot be read"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, monkeypatch, path, said):
    """A spec file that is missing, a directory or impossible is refused in one line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.toml").write_text("")
    with pytest.raises(UsageError) as caught:
        read_spec(path)
    (problem,) = caught.value.problems
    assert said in str(problem)
    assert problem.instead == "write the path of a TOML or JSON file"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root and Windows read any file")
def test_files_without_permission(tmp_path):
    """A spec file that may not be read is refused in one line."""
    spec = tmp_path / "spec.toml"
    spec.write_text("")
    spec.chmod(0)
    with pytest.raises(UsageError, match="cannot be read"):
        read_spec(spec)


@pytest.mark.skipif(os.name != "posix", reason="named pipes as POSIX has them")
def test_pipes(tmp_path):
    """A spec can come through a named pipe, as from `<(command)`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = task("delay = '1s'")
    with subprocess.Popen([sys.executable, "-c", f"open({str(pipe)!r}, 'w').write({text!r})"]):
        assert len(read_spec(pipe).tasks) == 1


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no endless file")
def test_endless_files(monkeypatch):
    """An endless file is refused once it is larger than any spec."""
    monkeypatch.setattr("asyncmodes.spec.files.LARGEST_BYTES", 100_000)
    with pytest.raises(UsageError, match="larger than 100,000 bytes"):
        read_spec("/dev/zero")


def test_terminals():
    """A spec from a standard input at which a person sits is refused, with a hint."""

    class Terminal(io.BytesIO):
        def isatty(self):
            return True

    with pytest.raises(UsageError, match=r"terminal.*--spec - < spec\.toml"):
        read_spec("-", Defaults(), Terminal())


def test_errors_name_the_file(tmp_path):
    """An error begins with the path as it was given."""
    spec = tmp_path / "spec.toml"
    spec.write_text(task("delay = 3"))
    with pytest.raises(UsageError) as caught:
        read_spec(spec)
    assert str(caught.value).startswith(f"{spec}: tasks[0].delay: found the number 3; ")
    spec.write_text("x = \n")
    with pytest.raises(UsageError) as caught:
        read_spec(spec)
    assert str(caught.value).startswith(f"{spec}:1:5: ")


def test_every_key_says_what_is_allowed():
    """For every key that a spec may have there is a text that says what is allowed."""
    assert set(ALLOWED) == {*SpecTable.__annotations__, *TaskTable.__annotations__}
    assert set(SERVER_ALLOWED) == set(ServerTable.__annotations__)


FULL_SERVER = """
capacity = 8
overload = "slow"
latency = "50ms"
reject_latency = "5ms"
jitter = "1ms"
fail_rate = 0.25
seed = 3
"""


def test_the_server_of_a_spec():
    """The [server] table is the server that its option would be, and goes with requests and paths."""
    text = f"[server]{FULL_SERVER}[[tasks]]\nrequest = '20ms..30ms'\nrepeat = 2\n[[tasks]]\nurl = '/delay/50ms'\n"
    spec = read(text)
    assert spec.server == parse_server(" ".join(FULL_SERVER.replace(" = ", "=").replace('"', "").split()))
    assert [each.work.kind for each in spec.tasks] == ["request", "request", "url"]
    assert [each.name for each in spec.tasks] == ["request:20ms..30ms", "request:20ms..30ms#2", "/delay/50ms"]
    assert all(20 * MS <= each.work.duration_ns <= 30 * MS for each in spec.tasks[:2])
    assert read("[server]\n[[tasks]]\nrequest = '1ms'").server == Server()
    assert read("[[tasks]]\nrequest = '1ms'").server is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("capacity = 0", "server.capacity: found the number 0; write a whole number from 1 to "),
        ("capacity = '8'", "server.capacity: found the text '8'; write a whole number"),
        ("capacity = true", "server.capacity: found true; write a whole number"),
        ("overload = 'slwo'", "server.overload: there is no 'slwo'; did you mean slow?"),
        ("overload = 'usl:1'", "server.overload: 'usl:1' has not two numbers σ,κ; write for example usl:"),
        ("overload = 3", 'server.overload: found the number 3; write "queue", '),
        ("latency = 50", "server.latency: found the number 50; write text with a unit"),
        ("latency = '50'", "server.latency: '50' has no unit; write 50ms or 50s"),
        ("fail_rate = 1.5", "server.fail_rate: found the number 1.5; write a number from 0 to 1"),
        ("fail_rate = nan", "server.fail_rate: found the number nan; write a number from 0 to 1"),
        ("capcity = 8", "server.capcity: there is no key 'capcity'; did you mean capacity? the keys are capacity, "),
        ("overload = 'slow'", "server: slow needs a capacity; write for example capacity=8 overload=slow"),
        ("capacity = 8\noverload = 'usl:0,0'", "server: usl knows no capacity; leave out capacity"),
    ],
)
def test_wrong_servers(lines, expected):
    """A wrong server is refused like a wrong task, with its place."""
    (line,) = refused(f"[server]\n{lines}\n[[tasks]]\ndelay = '1s'")
    assert line.startswith(expected)


def test_a_wrong_server_hides_no_other_problem():
    """Problems of the server come first, those of the tasks after them."""
    lines = refused("[server]\ncapacity = 0\n[[tasks]]\ndelay = 3\n[[tasks]]\nneds = 1\ndelay = '1s'")
    assert [line.partition(":")[0] for line in lines] == ["server.capacity", "tasks[0].delay", "tasks[1].neds"]


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUE = (
    SCALAR
    | st.lists(SCALAR, max_size=3)
    | st.dictionaries(st.text(max_size=5), SCALAR, max_size=3)
    | st.sampled_from(["1s", "1s..2s", "http://h", "*.csv", "a", 404, [200], {"A": "b"}])
)
KEY = st.sampled_from([*ALLOWED, "needs"]) | st.text(max_size=5)
TABLE = st.dictionaries(KEY, VALUE, max_size=5)


@given(st.dictionaries(KEY, VALUE, max_size=2), st.lists(TABLE | SCALAR, max_size=4))
def test_any_json(top, tables):
    """Any JSON is a spec with tasks of different names, or a usage error."""
    try:
        spec = read(json.dumps({**top, "tasks": tables}), max_tasks=1000)
    except UsageError as error:
        problems, spec = error.problems, None
    else:
        problems = []
    assert all(problem.where.startswith("standard input") and problem.what and problem.instead for problem in problems)
    assert problems or len({each.name for each in spec.tasks}) == len(spec.tasks) > 0


SNIPPETS = st.sampled_from(
    ["[[tasks]]\n", "[tasks]\n", "delay", "url", "file", "name", " = ", "'1s'", '"a"', "3", "nan", "1979-05-27",
     "07:32:00", "\n", "{", "}", "[", "]", ",", ":", "true", "null", "NaN", "1e999", "0x1", '"""', "#", "\\", "\r",
     "\0", "\ufeff", "é"]
)  # fmt: skip


@given(st.binary() | st.lists(SNIPPETS | st.text(max_size=3), max_size=20).map(lambda parts: "".join(parts).encode()))
def test_any_bytes(data):
    """Any bytes at all are a spec or a usage error."""
    try:
        spec = read(data)
    except UsageError as error:
        spec = None
        assert_sound(error)
    assert spec is None or isinstance(spec, Spec)


def assert_sound(error):
    """Every problem says where, what and what to write, on one line."""
    for problem in error.problems:
        assert problem.where.startswith("standard input")
        assert problem.what
        assert problem.instead
        assert "\n" not in str(problem)


def test_large_specs():
    """A spec of 20,000 tasks gives each of them, in order."""
    text = "".join(task(f"delay = '{number % 1000}ms'") for number in range(20_000))
    tasks = read(text).tasks
    assert len(tasks) == len({each.name for each in tasks}) == 20_000
    assert tasks[12_345].work.duration_ns == 345 * MS


def test_examples():
    """Each example can be read, and says the command that runs it."""
    examples = sorted(EXAMPLES.glob("*.toml"))
    assert {"dinner.toml", "burnt-toast.toml", "urls.toml", "files.toml"} <= {example.name for example in examples}
    for example in examples:
        spec = read_spec(example)
        assert spec.title
        assert spec.tasks
        assert f"--spec examples/{example.name}" in example.read_text(encoding="utf-8")


def test_the_dinner_example_is_the_built_in_one():
    """The dinner on disk is the dinner that runs when nothing is given."""
    assert read_spec(EXAMPLES / "dinner.toml") == DINNER


def test_the_files_example_reads_the_examples():
    """The pattern in files.toml finds the examples beside it."""
    paths = {Path(each.work.path) for each in read_spec(EXAMPLES / "files.toml").tasks}
    assert paths == set(EXAMPLES.glob("*.toml"))


def test_work_that_blocks_or_computes():
    """A block may be declared to fail, CPU work says where it is done, and neither takes the other's keys."""
    text = task("block = '5ms'\nfails = 'no'") + task("cpu = '5ms'\ncpu_in = 'process'") + task("cpu = '5ms'")
    block, there, here = read(text, cpu_in=CpuIn.THREAD).tasks
    assert block.work == Block(5_000_000, "block:5ms", "no")
    assert there.work == Cpu(5_000_000, "cpu:5ms", CpuIn.PROCESS)
    assert here.work == Cpu(5_000_000, "cpu:5ms", CpuIn.THREAD)
    assert refused(task("cpu = '1s'\nfails = true")) == [
        "tasks[0].fails: a cpu has no fails; leave it out: it is for a delay or a block"
    ]
    assert refused(task("block = '1s'\ncpu_in = 'thread'")) == [
        "tasks[0].cpu_in: a block has no cpu_in; leave it out: it is for a cpu"
    ]
    assert refused(task("cpu = '1s'\ncpu_in = 'gpu'")) == [
        'tasks[0].cpu_in: found the text \'gpu\'; write "inline", "thread" or "process"'
    ]


def test_what_the_reader_does_not_have():
    """The reader's parts are imported when they are asked for; what it has not is said as Python says it."""
    with pytest.raises(AttributeError, match=r"module 'asyncmodes\.spec' has no attribute 'read_minds'"):
        asyncmodes.spec.read_minds  # noqa: B018  # to ask is the test
