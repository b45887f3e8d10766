"""Section B: specs that are broken, wrong, hostile or huge. Each problem is one line that names the place."""

import json
import os
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len

from tests.bad_input.program import Done, Program, sound

VIRTUAL = ("--clock", "virtual")
HOSTILE = "\x1b[2J\x1b]0;t\x07\x1b]8;;http://x\x07\x1b]52;c;eA==\x07\x9b31m\x00\x7f\u202e\u2066[red]:smile:"


def read(program: Program, text: str | bytes, *arguments: str, **options) -> Done:
    """How the program ends that has this spec as standard input."""
    return sound(program.call("run", "--spec", "-", *VIRTUAL, *arguments, stdin=text, **options))


def test_row_24_missing(program: Program):
    """It is not there."""
    done = sound(program.call("run", "--spec", "nowhere.toml"))
    assert done.code == 2
    assert done.errors == [
        "asyncmodes: error: nowhere.toml: there is no such file; write the path of a TOML or JSON file"
    ]


def test_row_25_directory(program: Program, tmp_path: Path):
    """It is no file."""
    done = sound(program.call("run", "--spec", str(tmp_path)))
    assert (done.code, done.errors) == (
        2,
        [f"asyncmodes: error: {tmp_path}: it is a directory; write the path of a TOML or JSON file"],
    )


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_row_25_permission(program: Program, tmp_path: Path):
    """It may not be read."""
    spec = tmp_path / "spec.toml"
    spec.touch(0o000)
    done = sound(program.call("run", "--spec", str(spec)))
    assert done.code == 2
    assert "it cannot be read (Permission denied)" in done.err


WRONG = [
    pytest.param('title = "x"\n[[tasks]]\ndelay = 300ms\n', "standard input:3:", id="row-26"),
    pytest.param('{"tasks": [{"delay": "1ms"} {}]}', "standard input:1:29: ", id="row-26-json"),
    pytest.param("tasks:\n  - delay: 1ms\n", "mend the TOML", id="row-27-yaml-is-no-toml"),
    pytest.param(b'title = "\xff"', "the byte 0xff at byte offset 9 is not UTF-8", id="row-29"),
    pytest.param("\0", "standard input:1:1: ", id="row-29-nul"),
    pytest.param('title = "a"\ntitle = "b"\n', "standard input:2:", id="row-30"),
    pytest.param(
        '{"tasks": [{"delay": "1ms", "delay": "2ms"}]}', "tasks[0].delay: the key stands twice", id="row-30-json"
    ),
    pytest.param(
        '[[tasks]]\ndelay = "1ms"\nneds = ["a"]',
        "tasks[0].neds: there is no key 'neds'; did you mean needs?",
        id="row-31",
    ),
    pytest.param('[[tasks]]\nname = 3\ndelay = "1ms"', "tasks[0].name: found the number 3; write text", id="row-32"),
    pytest.param(
        "[[tasks]]\ndelay = 300", "tasks[0].delay: found the number 300; write text with a unit", id="row-32-delay"
    ),
    pytest.param("[[tasks]]\ndelay = 1979-05-27", "found the date or time 1979-05-27", id="row-32-date"),
    pytest.param(
        '[[tasks]]\nname = "a"\ndelay = "1ms"\n' * 2,
        "tasks[1].name: the name 'a' is given at tasks[0].name already",
        id="row-34",
    ),
    pytest.param(
        '[[tasks]]\nname = "rice"\ndelay = "1ms"\n[[tasks]]\ndelay = "1ms"\nneeds = ["rise"]',
        "tasks[1].needs[0]: there is no task 'rise'; did you mean 'rice'?",
        id="row-35",
    ),
    pytest.param(
        '[[tasks]]\nname = "a"\ndelay = "1ms"\nneeds = ["a"]',
        "tasks[0].needs: a needs itself: a -> a; leave it out",
        id="row-36",
    ),
    pytest.param('[[tasks]]\ndelay = "-300ms"', "tasks[0].delay: '-300ms' is negative", id="row-37"),
    pytest.param("[[tasks]]\ndelay = nan", "tasks[0].delay: found the number nan", id="row-38-nan"),
    pytest.param('[[tasks]]\ndelay = "inf"', "tasks[0].delay: 'inf' is not a finite number", id="row-38-inf"),
    pytest.param('[[tasks]]\ndelay = "-0.0s"', "tasks[0].delay: '-0.0s' is negative", id="row-38-minus-zero"),
    pytest.param('{"tasks": [{"delay": 1e999}]}', "tasks[0].delay: found the number inf", id="row-38-json"),
    pytest.param(
        '{"tasks": [{"delay": "1ms", "repeat": NaN}]}', "tasks[0].repeat: found the number nan", id="row-38-repeat"
    ),
    pytest.param(
        '{"tasks": [{"name": "\\ud800", "delay": "1ms"}]}', r"the text '\ud800', half a character", id="row-52-in-json"
    ),
    ("", "tasks: found nothing"),
    ("\ufeff", "tasks: found nothing"),
    ("{}", "tasks: found nothing"),
    ("tasks = []", "tasks: found an empty list"),
    ("[tasks]\ndelay = '1ms'", "write at least one [[tasks]] table, in double brackets"),
    ('{"tasks": ' + "[" * 100_000, "it is nested too deeply"),
    ("x = " + "[" * 100_000, "it is nested too deeply"),
    ("x = " + "9" * 5000, "it has a value that cannot be read"),
    ('{"tasks": [{"delay": "1ms", "repeat": ' + "9" * 5000 + "}]}", "it has a value that cannot be read"),
    ('[[tasks]]\ndelay = "1ms"\nrepeat = 1000001', "write at most 1,000,000, or raise --max-tasks"),
    ('[[tasks]]\nurl = "http://h/"\nheaders = {A = "b\\r\\nC: d"}', "the value of A has line breaks"),
    ('[[tasks]]\nfile = "a\\u0000b"', r"'a\x00b' can be the name of no file"),
    ('[[tasks]]\ndelay = "1ms"\n' + HOSTILE.encode("unicode_escape").decode() + " = 1", ""),
    ('{"tasks": [{"delay": "1ms", "\\u001b[2J\\u202e": 1}]}', r"there is no key '\x1b[2J\u202e'"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_rows_26_to_38_wrong(program: Program, text: str | bytes, said: str):
    """The place, what was found there, what is allowed."""
    done = read(program, text)
    assert (done.code, len(done.errors)) == (2, 1), done
    assert done.errors[0].startswith("asyncmodes: error: standard input:")
    assert said in done.errors[0]


def test_row_36_a_circle(program: Program):
    """Tasks that wait for each other never start."""
    tasks = "".join(f'[[tasks]]\nname = "{a}"\ndelay = "1ms"\nneeds = ["{b}"]\n' for a, b in ("ab", "bc", "ca"))
    done = read(program, tasks)
    assert done.code == 2
    assert "tasks[0].needs: a needs itself: a -> b -> c -> a" in done.errors[0]


def test_row_40_ten_days(program: Program):
    """On the virtual clock they take no time; really to wait for them is refused, with the way out."""
    spec = '[[tasks]]\ndelay = "240h"\n'
    assert read(program, spec).code == 0
    done = sound(program.call("run", "--spec", "-", stdin=spec))
    assert done.code == 2
    assert "240h is more than 24 hours of real" in done.errors[0]
    assert done.errors[0].endswith("; use --clock virtual")


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
def test_row_47_a_terminal():
    """Nobody is left to type a spec without knowing; on a real terminal."""
    from tests.terminal import Terminal

    for arguments in (["run", "--spec", "-"], ["run", "-"]):
        terminal = Terminal(arguments, columns=200)
        assert terminal.finish() == 2
        assert "standard input: it is a terminal, and nothing is sent to it; " in terminal.text


def test_row_48_very_many_tasks(program: Program):
    """20,000 are run and drawn folded; the limit on their number can be set."""
    spec = '[[tasks]]\ndelay = "1ms"\nrepeat = 20000\n'
    done = read(program, spec)
    assert done.code == 0
    assert len(done.out.splitlines()) < 50
    done = read(program, spec, "--max-tasks", "19999")
    assert done.code == 2
    assert "the tasks up to here are 20,000; write at most 19,999, or raise --max-tasks" in done.errors[0]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(HOSTILE, id="row-49"),
        pytest.param("[/]", id="row-50-slash"),
        pytest.param("[/tmp/x]", id="row-50-path"),
        pytest.param("x" * 10_000, id="row-54"),
        "a\u0301" * 500,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20,
        "料理" * 50,
        "\r\n\t",
    ],
)
def test_rows_49_to_54_names(program: Program, tmp_path: Path, name: str):
    """Safe and aligned where people read, whole in the JSON, well-formed in the SVG."""
    spec = json.dumps({"title": name, "tasks": [{"name": name, "delay": "1ms", "fails": name}]})
    files = [tmp_path / "x.json", tmp_path / "x.svg"]
    done = read(program, spec, "--width", "60", *(argument for file in files for argument in ("-o", str(file))))
    assert done.code == 0
    assert max(map(cell_len, done.out.splitlines())) <= 60
    document = json.loads(files[0].read_text())
    assert (document["title"], document["runs"][0]["tasks"][0]["name"]) == (name, name)
    assert document["runs"][0]["tasks"][0]["error"]["message"] == name
    ElementTree.parse(files[1])


@pytest.mark.skipif(os.name != "posix", reason="other systems want names to be text")
def test_row_52_lone_surrogates(program: Program):
    """Bytes of a name that are no text come as half characters, and are spelled out."""
    done = sound(program.call("run", "file:caf\udce9", "--warmup", "0"))
    assert done.code == 1
    assert r"caf\udce9" in done.out


def test_row_55_paths_out_of_the_folder(program: Program, tmp_path: Path):
    """A spec may name any file, as a Makefile may; that is documented."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "outside").write_text("hello")
    spec = tmp_path / "inner" / "spec.toml"
    spec.write_text('[[tasks]]\nfile = "../outside"\n')
    done = sound(program.call("run", "--spec", str(spec), "--warmup", "0", "--format", "json"))
    assert (done.code, done.document["runs"][0]["tasks"][0]["detail"]) == (0, {"bytes": 5})
    assert "Makefile" in Path("README.md").read_text(encoding="utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
def test_a_spec_from_a_named_pipe(program: Program, tmp_path: Path):
    """As in `--spec <(generate)`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=('[[tasks]]\ndelay = "1ms"\n',))
    writer.start()
    done = sound(program.call("run", "--spec", str(pipe), *VIRTUAL))
    writer.join()
    assert (done.code, done.out[:8]) == (0, "run pipe")


def test_byte_order_mark_and_line_ends_of_windows(program: Program):
    """They are no mistakes."""
    assert read(program, "\ufeff[[tasks]]\r\ndelay = '1ms'\r\n").code == 0
    assert read(program, '\ufeff{"tasks": [{"delay": "1ms"}]}\r\n').code == 0
