"""`learn` without a terminal: graded answers, the list, packs that are checked, and the progress that is kept."""

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncmodes.commands.program import main
from asyncmodes.errors import UsageError
from asyncmodes.lessons.answers import read_answers
from asyncmodes.lessons.checking import check_pack
from asyncmodes.lessons.grading import Answer, AskAgain, Grade, grade, parse_answer, parse_sure, score
from asyncmodes.lessons.model import Choice, Question
from asyncmodes.lessons.pack import LARGEST_BYTES, read_pack
from asyncmodes.lessons.progress import Progress, default_path
from asyncmodes.lessons.shapes import CODE, EXPERIMENT, LESSON, QUESTION, STEP

TIME = Question("how long?", 400, unit="ms")
TASKS = Question("how many?", 3, unit="tasks", most=10)
CHOICE = Question("which?", "b c", choices=(Choice("a", "the first"), Choice("b c", "both others"), Choice("1", "one")))
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and devices")

TEA = """
name = "tea"
title = "A cup of tea"
summary = "Water and leaves"
[[steps]]
id = "both"
title = "Both at once"
explanation = "The kettle takes longest."
[steps.question]
ask = "How long?"
unit = "ms"
figure = "parallel.total_ms"
expect = 300
[[steps.experiments]]
tasks = [{name = "kettle", delay = "300ms"}, {name = "leaves", delay = "100ms"}]
modes = ["parallel"]
"""


def learn(*arguments, stdin="", state=os.devnull):
    """The command as in a process of its own, but quick; its progress is kept in `state`, or nowhere."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        patch.setenv("XDG_STATE_HOME", str(state))
        code = main(["learn", *arguments])
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


def pack_of(tmp_path, *texts):
    """A pack of these lesson files."""
    for number, text in enumerate(texts):
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        (tmp_path / f"{number}.toml").write_bytes(data)
    return tmp_path


def refused(tmp_path, *texts):
    """What is wrong with a pack, one line a problem."""
    with pytest.raises(UsageError) as caught:
        check_pack(read_pack(pack_of(tmp_path, *texts)))
    lines = [str(problem) for problem in caught.value.problems]
    assert all(line.isprintable() and len(line) < 600 for line in lines), lines
    return lines


# Grading


@pytest.mark.parametrize(
    ("typed", "value"),
    [("400", 400), ("400ms", 400), (" 400 ms ", 400), ("0.4s", 400), ("0.4 s", 400), ("1,000", 1000), ("+5", 5),
     ("0", 0), ("2m", 120_000), ("0.5", 0.5), ("1500us", 1.5), ("1h", None)],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(typed, value):
    """Milliseconds may go without their unit, other units are converted exactly; beyond the range it asks again."""
    if value is None:
        with pytest.raises(AskAgain, match="It is between 0 ms and 1,000,000 ms"):
            parse_answer(TIME, typed)
    else:
        assert parse_answer(TIME, typed) == value
        assert isinstance(parse_answer(TIME, typed), type(value))


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("", "a guess is fine"), ("  \t", "a guess is fine"), ("many", "That is no number"), ("-400", "not below zero"),
     ("400 tasks", "tasks is not what is asked for"), ("1e3", "e3 is not"), ("nan", "no number"), ("inf", "no number"),
     ("４００", "no number"), ("4" * 5000, "no number"), ("\x1b[31m", "no number"), ("0,4", "no number")],
)  # fmt: skip
def test_what_is_no_time_asks_again(typed, hint):
    """What is no answer raises AskAgain with a hint that does not repeat what could harm a terminal."""
    with pytest.raises(AskAgain, match=hint) as caught:
        parse_answer(TIME, typed)
    assert str(caught.value).isprintable()


def test_a_count_takes_its_own_unit_only():
    """A number of tasks may be followed by its unit in one or many, and nothing else."""
    assert parse_answer(TASKS, "3") == parse_answer(TASKS, "3 tasks") == 3
    assert parse_answer(TASKS, "1 task") == 1
    for wrong, hint in (("3ms", "ms is not"), ("11", "between 0 tasks and 10 tasks"), ("3s", "s is not")):
        with pytest.raises(AskAgain, match=hint):
            parse_answer(TASKS, wrong)


def test_a_choice_is_read_by_its_key_letter_number_or_text():
    """Keys come first, then letters and numbers; capitals do not matter."""
    typed = {"a": "a", "B": "b c", "b c": "b c", "Both others": "b c", "c": "1", "1": "1", "2": "b c", "3": "1"}
    assert {each: parse_answer(CHOICE, each) for each in typed} == typed
    for wrong in ("d", "4", "0", "both"):
        with pytest.raises(AskAgain, match="a letter from a to c"):
            parse_answer(CHOICE, wrong)


def test_how_sure_one_is():
    """1 to 3, or a percentage."""
    assert [parse_sure(text) for text in ("1", "2", " 3 ", "80%", "0 %", "100%", "12.5%")] == [
        0.5, 0.75, 0.95, 0.8, 0, 1, 0.125,
    ]  # fmt: skip
    for wrong in ("", "4", "0", "80", "101%", "-1%", "very", "٣"):
        with pytest.raises(AskAgain, match="certain"):
            parse_sure(wrong)


@given(st.text())
def test_any_text_is_an_answer_or_asks_again(text):
    """Whatever is typed is an answer within the range, or a hint."""
    for question in (TIME, TASKS, CHOICE):
        try:
            value = parse_answer(question, text)
        except AskAgain:
            continue
        else:
            assert value in {choice.value for choice in question.choices} or 0 <= value <= question.most


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(400, "right"), (401, "near"), (440, "near"), (360, "near"), (441, "wrong"), (359, "wrong"), (0, "wrong")],
)
def test_near_is_within_a_tenth(value, verdict):
    """A number is right when it is exact, near within 10 %, and wrong beyond."""
    assert grade(TIME, Answer(value), 400).grade == verdict


def test_a_tolerance_makes_near_right():
    """Within the question's tolerance a number is right; a choice is right or wrong; no answer is wrong."""
    tolerant = Question("?", 400, unit="ms", tolerance=50)
    assert [grade(tolerant, Answer(value), 400).grade for value in (350, 450, 451)] == ["right", "right", "wrong"]
    assert grade(CHOICE, Answer("b c"), "b c").grade is Grade.RIGHT
    assert grade(CHOICE, Answer("a"), "b c").grade is Grade.WRONG
    assert grade(TIME, None, 400).grade is Grade.WRONG


def test_the_score_and_its_calibration():
    """The score is the mean worth; calibration takes only answers that said how sure, and rewards honesty."""
    graded = [
        grade(TIME, Answer(400, 0.95), 400),
        grade(TIME, Answer(420, 0.5), 400),
        grade(TIME, Answer(1000, 0.95), 400),
        grade(TIME, Answer(1000), 400),
    ]
    assert [each.calibration for each in graded] == pytest.approx([0.9975, 1, 0.0975, None])
    total = score(graded)
    assert (total.share, total.right, total.near, total.wrong) == (0.375, 1, 1, 2)
    assert total.calibration == pytest.approx((0.9975 + 1 + 0.0975) / 3)
    assert score([grade(TIME, Answer(1), 400)]).calibration is None


# The command


def test_the_list():
    """The list names every lesson and question; as JSON it has the questions and not their answers."""
    shown = learn("--list")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "dinner: Cooking dinner\n  S2" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    listed = json.loads(learn("--list", "--format", "json").stdout)
    steps = [step for lesson in listed["lessons"] for step in lesson["steps"]]
    assert {"S2", "X2", "production"} <= {step["id"] for step in steps}
    assert {"M1", "under-the-hood"} <= {claim for step in steps for claim in step["teaches"]}
    assert steps[0]["question"] == {
        "ask": "How many milliseconds until all four dishes are ready?",
        "unit": "ms",
        "least": 0,
        "most": 1_000_000,
    }
    assert "expect" not in json.dumps(listed)


ANSWERS = 'S2 = 1000\ns3 = {answer = "0.36s", sure = "80%"}\nS3b = {answer = "b", sure = 3}\nS5 = "500ms"\n'


def test_graded_answers_as_json():
    """Answers are graded against the runs: the score, each verdict, and the figures of each run."""
    done = learn("dinner", "--answers", "-", "--format", "json", stdin=ANSWERS)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["schema_version"], told["pack"], told["lesson"]) == (1, "core", "dinner")
    assert told["score"] == pytest.approx(2.5 / 3)
    assert told["calibration"] == pytest.approx((1 - 0.3**2 + 1 - 0.05**2) / 2)
    assert told["counts"] == {"right": 2, "near": 1, "wrong": 0}
    assert [(each["id"], each["given"], each["right"], each["verdict"]) for each in told["questions"]] == [
        ("S2", 1000, 1000, "right"),
        ("S3", 360, 400, "near"),
        ("S3b", "a b c", "a b c", "right"),
    ]
    runs = {(run["question"], run["mode"]): run["figures"] for run in told["runs"]}
    assert runs["S2", "sequential"]["total_ms"] == 1000
    assert runs["S3", "parallel"]["total_ms"] == 400
    assert runs["S3b", "parallel"]["delivered"] == 3


def test_graded_answers_for_people():
    """As text each question has its verdict, and what is right where the answer was not."""
    done = learn("dinner", "--answers", "-", stdin="S2 = 1000\nS3 = {answer = 200, sure = 2}")
    assert done.stdout == (
        "dinner: Cooking dinner\n"
        "S2: How many milliseconds until all four dishes are ready?\n"
        "  right: 1,000 ms\n"
        "S3: How many milliseconds until all four dishes are ready now?\n"
        "  wrong: 200 ms (75% sure); right is: 400 ms\n"
        "S3b: In which order do the results stand in the list?\n"
        "  no answer; right is: a, b, c: as they were given\n"
        "score 33%: 1 right, 0 near, 2 wrong, calibration 44%\n"
    )


def test_a_choice_by_a_number_is_told_by_its_text():
    """A choice whose key is a figure's number is right, and shown as its text."""
    done = learn("S4b", "--answers", "-", stdin='S4b = "It starts at 200 ms all the same"')
    assert "  right: It starts at 200 ms all the same\n" in done.stdout


def test_in_a_process_of_its_own(tmp_path):
    """The same as a program: the result on standard output, the exit code, and no hang without a terminal."""

    def process(*arguments, stdin=None):
        return subprocess.run(
            [sys.executable, "-m", "asyncmodes", "learn", *arguments],
            **({"input": stdin} if stdin else {"stdin": subprocess.DEVNULL}),
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
            check=False,
            timeout=60,
        )

    done = process("dinner", "--answers", "-", "--format", "json", "--min-score", "0.9", stdin=ANSWERS)
    assert done.returncode == 3
    assert json.loads(done.stdout)["score"] == pytest.approx(2.5 / 3)
    done = process("dinner")
    assert (done.returncode, done.stdout) == (2, "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("least", "code"), [("0.8", 0), ("0.9", 3), ("0", 0), ("1", 3)])
def test_a_minimal_score(least, code):
    """Below --min-score the exit code is 3, and the result is written all the same."""
    done = learn("dinner", "--answers", "-", "--min-score", least, "--format", "json", stdin=ANSWERS)
    assert done.returncode == code
    assert json.loads(done.stdout)["score"] == pytest.approx(2.5 / 3)
    assert ("--min-score: the score is 0.83" in done.stderr) == (code == 3)


def test_answers_as_json_and_from_a_file(tmp_path):
    """Answers may be JSON too, in a file; one step or one claim can be asked for."""
    path = tmp_path / "answers.json"
    path.write_text('{"S2": {"answer": 1000}, "S3": "400 ms"}', encoding="utf-8")
    told = json.loads(learn("s2", "--answers", str(path), "--format", "json", "--min-score", "1").stdout)
    assert [each["id"] for each in told["questions"]] == ["S2"]
    told = json.loads(learn("M1", "--answers", str(path), "--format", "json").stdout)
    assert [each["verdict"] for each in told["questions"]] == ["wrong", "wrong"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("S2 = 'many'",
         ["S2: found the text 'many'; that is no number. Please write a time such as 400, 400ms or 0.4s"]),
        ("S22 = 1", ["there is no question 'S22'; did you mean S2? see asyncmodes learn --list --format json"]),
        ("S2 = {answer = 1, sure = 9}",
         ["S2: found sure = the number 9; write 1 (a guess), 2 (rather sure), 3 (certain), or a percentage such as "
          "80%"]),
        ("S2 = {anser = 1}", ["S2: there is no key 'anser'; the keys are answer, sure"]),
        ("S2 = {}\nS3 = []",
         ["S2: the key answer is missing; write for example 400, '400ms', or {answer = 400, sure = 3}",
          "S3: found an empty list; write for example 400, '400ms', or {answer = 400, sure = 3}"]),
        ("S2 = 1\ns2 = 2", ["S2: it is answered twice; answer it once"]),
        ("S2 = true", ["S2: found true; write for example 400, '400ms', or {answer = 400, sure = 3}"]),
        ("S2 = nan", ["S2: found the number nan; write for example 400, '400ms', or {answer = 400, sure = 3}"]),
        ("S2 = ", [":1:6: invalid value; mend the TOML; texts stand in quotes: delay = \"300ms\""]),
        ("\ufeffS2 = -1",
         ["S2: found the number -1; it is not below zero. Please write a time such as 400, 400ms or 0.4s"]),
    ],
)  # fmt: skip
def test_wrong_answers_files(text, lines):
    """Every answer that cannot be read is named with its place and its remedy."""
    steps = {step.id: step for step in read_pack().steps}
    with pytest.raises(UsageError) as caught:
        read_answers("-", steps, steps, io.BytesIO(text.encode()))
    assert [re.sub("^standard input(: )?", "", str(problem)) for problem in caught.value.problems] == lines


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "this is no terminal; use a terminal, or add --answers FILE"),
        (["dinner"], "this is no terminal; use a terminal, or add --answers FILE"),
        (["diner"], "lesson 'diner': there is none of that name; did you mean dinner?"),
        (["--format", "json"], "add --answers FILE or --list"),
        (["--list", "--check"], "--list --check: each of them does something else; write one of them"),
        (["--list", "dinner"], "it lists all lessons"),
        (["--reset", "dinner"], "it forgets the answers to all lessons"),
        (["--min-score", "0.5"], "add --answers FILE"),
        (["--answers", "-", "--min-score", "80"], "write a number from 0 to 1"),
        (["--answers", "-", "--min-score", "nan"], "'nan' is not a number"),
        (["--answers", "-", "--format", "yaml"], "write table or json"),
        (["--answers", "/nowhere/answers.toml"], "there is no such file"),
        (["--pack", "/nowhere", "--list"], "error: /nowhere: it cannot be read"),
        (["--check", "/nowhere"], "name a directory of lesson files"),
        (["--check", "nul\0byte"], "nul\\x00byte: it cannot be read"),
        (["--check", "a", "--pack", "b"], "it was given two packs"),
        (["\x1b]0;x\x07"], "'\\x1b]0;x\\x07': there is none of that name"),
    ],
)
def test_usage_errors(arguments, told):
    """What makes no sense is a usage error in one line, with nothing on standard output, and never a hang."""
    done = learn(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("asyncmodes: error: ")


def test_an_interrupted_run_ends_the_program(monkeypatch):
    """Ctrl-C in a run that is for real ends the program with 130, and grades nothing."""
    from asyncmodes.commands import signals

    def interrupted(plan):
        return replace(measured(plan), interrupted=True, runs=())

    measured = signals.measured
    monkeypatch.setattr(signals, "measured", interrupted)
    done = learn("dinner", "--answers", "-", stdin=ANSWERS)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


# Packs


def test_a_pack_of_ones_own(tmp_path):
    """A small pack is listed, checked and graded as the lessons that come along are."""
    pack = pack_of(tmp_path, TEA)
    done = learn("--check", str(pack))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{pack.resolve()}: 1 lesson, 1 question, 1 run, and every figure is as the lessons say\n"
    assert json.loads(learn("--check", str(pack), "--format", "json").stdout)["runs"] == 1
    assert "tea: A cup of tea" in learn("--list", "--pack", str(pack)).stdout
    done = learn("tea", "--pack", str(pack), "--answers", "-", "--min-score", "1", stdin="both = '0.3s'")
    assert done.returncode == 0
    assert learn("--pack", str(pack), "--answers", "-", "--min-score", "1", stdin="both = 1").returncode == 3


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("expect = 300", "expect = 301"), "0.toml: steps[0].question.expect: the run says parallel.total_ms is 300, "
         "and the lesson 301; write 300"),
        (("expect = 300", "expect = '300'"), "0.toml: steps[0].question.expect: found the text '300'; write a number, "
         "or add [steps.question.choices]"),
        (("expect = 300", f"expect = 1{'0' * 400}"), "0.toml: steps[0].question.expect: found a number of many digits; "
         "write the right answer: a number, or the key of the right choice"),
        (("expect = 300\n", ""), "0.toml: steps[0].question: the key expect is missing; write the right answer: "
         "a number, or the key of the right choice"),
        (("expect = 300", "expect = 300\nmost = 200"), "0.toml: steps[0].question.expect: 300 is not within 0 to 200; "
         "mend least and most, or the answer"),
        (("title = \"Both", "titel = \"Both"), "0.toml: steps[0].titel: there is no key 'titel'; did you mean title? "
         "the keys are id, title, teaches, change, text, analogy, code, question, experiments, belief, hint, "
         "explanation, figures"),
        (("parallel.total_ms", "paralel.total_ms"), "0.toml: steps[0].question.expect: 'paralel.total_ms': it begins "
         "with no mode of the experiment; did you mean parallel? there are parallel"),
        (("[\"parallel\"]", "[\"paralel\"]"), "0.toml: steps[0].experiments[0].modes[0]: there is no such mode; did "
         "you mean parallel? the modes are sequential, parallel, settled, limited=N, batched=N, race, any, with "
         "+settled, +keep, +drop, +cancel"),
        (("300ms", "300"), "0.toml: steps[0].experiments[0]: tasks[0].delay: '300' has no unit; write 300ms or 300s"),
        (("id = \"both\"", "id = \"tea\""), "0.toml: steps[0].id: the name 'tea' is given at 0.toml: name already; "
         "give each its own name"),
        (("id = \"both\"", "id = \"both ways\""), "0.toml: steps[0].id: found the text 'both ways'; write a name of up "
         "to 40 letters, digits, _ and -, such as S4b"),
        (("Water and leaves\"", "Water\"\nnext = \"coffe\""), "lesson tea: next: there is no lesson 'coffe'; name one "
         "of the pack"),
        (("A cup of tea", "A \\u001b[31mcup"), "0.toml: title: found the text 'A \\x1b[31mcup'; write text of at most "
         "60 characters, without control characters"),
        (("Water and leaves", "x" * 10_000), f"0.toml: summary: found the text '{'x' * 59}…' of 10,000 characters; "
         "write text of at most 160 characters, without control characters"),
        (("delay = \"300ms\"", "url = \"http://example.org/\""), None),
        (("delay = \"300ms\"", "delay = \"300ms\", repeat = 1000000"), "0.toml: steps[0].experiments[0]: tasks[0]: the "
         "tasks up to here are 1,000,000; write at most 10,000, or raise --max-tasks"),
        (("tasks = [{", "tasks = 'dinner'\nx = [{"), "0.toml: steps[0].experiments[0].tasks: there is no list 'dinner' "
         "in [task_lists]; add it, or write the tables here"),
    ],
)  # fmt: skip
def test_a_broken_pack_is_refused_with_place_and_remedy(tmp_path, change, line):
    """Whatever is wrong in a lesson file is told with its place, what was found, and what to write."""
    text = TEA.replace(*change, 1)
    assert text != TEA
    if line is None:
        checked = check_pack(read_pack(pack_of(tmp_path, text)))
        assert checked.left_out == ("both",)
    else:
        assert line in refused(tmp_path, text)


def test_several_experiments_have_labels(tmp_path):
    """Experiments of one step that cannot be told apart are refused; with labels, figures name them."""
    another = "[[steps.experiments]]\nlabel = 'x'\nmodes = ['parallel']\ntasks = [{delay = '1ms'}]\n"
    assert refused(tmp_path, TEA + another)[0] == (
        "0.toml: steps[0].experiments[0]: the label is missing; give each of several experiments its own label"
    )
    assert (
        "0.toml: steps[0].experiments[2]: the label x stands twice; give each of several experiments its own label"
        in (refused(tmp_path, TEA + another + another))
    )
    labelled = TEA.replace("[[steps.experiments]]", "[[steps.experiments]]\nlabel = 'tea'") + another
    assert refused(tmp_path, labelled)[0].startswith(
        "0.toml: steps[0].question.expect: 'parallel.total_ms': it names no"
    )
    assert (
        check_pack(read_pack(pack_of(tmp_path, labelled.replace('"parallel.total', '"tea.parallel.total')))).runs == 2
    )


def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    """Problems of all files are told together, and the program shows at most ten."""
    wrong = "title = 1\n" + "".join(f"key{n} = 1\n" for n in range(12))
    lines = refused(tmp_path, wrong, "name = ", b"\xff", "[[steps]]\nid = 1")
    assert {line.partition(":")[0] for line in lines} == {"0.toml", "1.toml", "2.toml", "3.toml"}
    assert "2.toml: the byte 0xff at byte offset 0 is not UTF-8; save the file as UTF-8" in lines
    done = learn("--check", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 11


def test_requests_and_files_are_left_alone_unless_asked_for(tmp_path):
    """A lesson that reads a file is refused without --real, and read with it."""
    (tmp_path / "milk").write_text("white")
    text = TEA.replace('delay = "300ms"', f"file = '{(tmp_path / 'milk').as_posix()}'").replace(
        'figure = "parallel.total_ms"\nexpect = 300', 'figure = "parallel.ok"\nexpect = 2'
    )
    pack = str(pack_of(tmp_path, text))
    done = learn("tea", "--pack", pack, "--answers", "-", stdin="both = 2")
    assert done.returncode == 2
    assert "those are used only when asked for; add --real" in done.stderr
    done = learn("tea", "--pack", pack, "--answers", "-", "--real", "--min-score", "1", stdin="both = 2")
    assert done.returncode == 0, done.stderr
    done = learn("--check", pack)
    assert done.returncode == 0
    assert "both asks servers or reads files, and was not run; add --real" in done.stderr
    assert "0 runs" in done.stdout
    assert "1 run," in learn("--check", pack, "--real").stdout


def test_hostile_files(tmp_path):
    """Directories, large files and surrogates in place of lessons are refused; so is a pack without any."""
    with pytest.raises(UsageError, match="there are no lesson files"):
        read_pack(tmp_path)
    (tmp_path / "a.toml").mkdir()
    (tmp_path / "b.toml").write_bytes(b"#" * (LARGEST_BYTES + 1))
    lines = refused(tmp_path, "name = '\ud800'")
    assert "a.toml: it is no file; leave only lesson files in the directory" in lines
    assert "b.toml: it is larger than 1,048,576 bytes; write several lessons" in lines
    assert any("is not UTF-8" in line for line in lines)


KEYS = st.sampled_from([*LESSON, *STEP, *QUESTION, *EXPERIMENT, *CODE, "delay"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["parallel", "1ms"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_lesson_or_a_usage_error(tmp_path_factory, data):
    """No file, whatever its bytes, leads to anything but a usage error."""
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    assert refused(folder, data)


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_tables_are_a_lesson_or_a_usage_error(top, step):
    """Any values under the known keys are a lesson or a usage error, before and after its experiments are run."""
    from asyncmodes.lessons.model import Pack
    from asyncmodes.lessons.pack import _Reader

    problems = []
    lesson = _Reader("any.toml", problems).lesson({"name": "x", "title": "x", "summary": "x", **top, "steps": [step]})
    assert all(str(problem).isprintable() for problem in problems)
    if not problems:
        with suppress(UsageError):
            check_pack(Pack("any", (lesson,)))


# Progress


def test_progress_is_kept_listed_and_reset(tmp_path):
    """A grade that is kept is there for the next program, shows in the list, and is gone after --reset."""
    path = tmp_path / "asyncmodes" / "progress.json"
    progress = Progress(path, pytest.fail)
    progress.note("core", "S2", Grade.WRONG)
    progress.note("core", "S2", Grade.RIGHT)
    progress.note("mine", "S3", Grade.NEAR)
    assert Progress(path, pytest.fail).grades("core") == {"S2": Grade.RIGHT}
    if sys.platform == "linux":
        assert "One dish after another  (right)" in learn("--list", state=tmp_path).stdout
        listed = json.loads(learn("--list", "--format", "json", state=tmp_path).stdout)
        assert [step["grade"] for step in listed["lessons"][0]["steps"]] == ["right", None, None]
        assert learn("--reset", state=tmp_path).stdout == "your progress is forgotten\n"
        assert not path.exists()
        assert learn("--reset", state=tmp_path).stdout == "there was no progress to forget\n"
    assert [each.name for each in path.parent.iterdir()] == ([] if sys.platform == "linux" else [path.name])


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b"[]", b"null", b'{"version": 2, "grades": {}}', b'{"version": 1}', b"[" * 100_000,
     b'{"version": 1, "grades": {"core/S2": "perfect"}}', b'{"version": 1, "grades": []}', b" " * (1 << 20) + b"{}"],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
def test_a_corrupt_progress_file_is_put_aside_with_a_notice(tmp_path, data):
    """It is kept beside the new one, once told of, and a new one begins."""
    path = tmp_path / "progress.json"
    path.write_bytes(data)
    told = []
    progress = Progress(path, told.append)
    assert progress.grades("core") == {}
    assert len(told) == 1
    assert "begins anew" in told[0]
    assert (tmp_path / "progress.broken.json").read_bytes() == data
    progress.note("core", "S2", Grade.RIGHT)
    assert Progress(path, pytest.fail).grades("core") == {"S2": Grade.RIGHT}


@posix
@pytest.mark.parametrize("place", ["/dev/null/x/progress.json", "/proc/nowhere/progress.json", None])
def test_without_a_place_for_progress_lessons_go_on(place):
    """Where nothing can be written that is told once, and nothing else happens."""
    told = []
    progress = Progress(None if place is None else Path(place), told.append)
    progress.note("core", "S2", Grade.RIGHT)
    progress.note("core", "S3", Grade.RIGHT)
    assert progress.grades("core") == {"S2": Grade.RIGHT, "S3": Grade.RIGHT}
    assert len(told) == 1
    assert "your progress is not kept" in told[0]
    progress.reset()
    assert len(told) == 1


@posix
def test_a_pipe_for_a_progress_file_is_not_waited_for(tmp_path):
    """A named pipe in place of the file is told of, and not opened."""
    os.mkfifo(tmp_path / "progress.json")
    told = []
    assert Progress(tmp_path / "progress.json", told.append).grades("core") == {}
    assert "it is no file" in told[0]


@pytest.mark.skipif(sys.platform != "linux", reason="XDG directories")
def test_where_progress_is_kept(monkeypatch, tmp_path):
    """It is kept under XDG_STATE_HOME, else under the home directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "asyncmodes" / "progress.json"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_path() == tmp_path / ".local" / "state" / "asyncmodes" / "progress.json"
