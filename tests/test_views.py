"""The pictures, as people see them: at fixed widths, in both character sets, folded, narrow, with difficult names."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from asyncmodes.api import render
from asyncmodes.record import Comparison, Verdict
from asyncmodes.views.glyphs import UNICODE
from asyncmodes.views.live import live_picture
from asyncmodes.views.picture import Look
from tests.comparisons import DISHES, MS, TROUBLE, comparison, delay, predicted


def shown(picture: str) -> str:
    """A picture written in a test, without the newline after the opening quotes and the last one."""
    return picture.removeprefix("\n").removesuffix("\n")


def test_dinner_in_80_columns():
    """The built-in example draws one timeline a mode on one axis, the totals and the result in a sentence."""
    assert render(comparison(DISHES, ["sequential", "limited=2"], "dinner"), 80) == shown("""
compare dinner   4 tasks, 1000 ms of work   virtual clock: simulated, exact

       0           200        400         600        800         1000 ms
       ┬───────────┬──────────┬───────────┬──────────┬───────────
sequential   1000 ms   1.00×   peak 1   4 ok
rice   ███████████████████████                                    400 ms  ok
sauce  ·······················████████████                        200 ms  ok
salad  ···································█████████████████       300 ms  ok
bread  ····················································██████ 100 ms  ok
flying 1111111111111111111111111111111111111111111111111111111111 peak 1

limited=2   500 ms   2.00×   peak 2   4 ok
rice   ███████████████████████                                    400 ms  ok
sauce  ████████████                                               200 ms  ok
salad  ············█████████████████                              300 ms  ok
bread  ·······················██████                              100 ms  ok
flying 22222222222222222222222222222                              peak 2 = limit

· waiting

mode          total  speedup  predicted  peak  ok  failed  lost
sequential  1000 ms    1.00×    1000 ms     1   4       0     0
limited=2    500 ms    2.00×     500 ms     2   4       0     0

limited=2 was 2.00 times faster than sequential (500 ms instead of 1000 ms)
""")


def test_failure_in_80_columns():
    """A rejected run marks where the caller resumed, what goes on, what was skipped and what was lost."""
    modes = ["sequential", "parallel", "limited=2", "parallel+cancel", "settled"]
    assert render(comparison(TROUBLE, modes, "trouble"), 80) == shown("""
compare trouble   4 tasks, 1000 ms of work   virtual clock: simulated, exact

       0        100      200       300      400      500      600 ms
       ┬────────┬────────┬─────────┬────────┬────────┬────────
sequential   600 ms   peak 1   1 ok   1 failed   2 skipped   1 result lost
  the caller gets the error of b at 600 ms (burnt); the rest never starts
a      █████████████████████████████████████                   400 ms  ok, lost
b      ·····································█████████████████✗ 200 ms  failed
c                                                                      skipped
d                                                                      skipped
flying 1111111111111111111111111111111111111111111111111111111 peak 1

parallel   200 ms   peak 4   3 ok   1 failed   3 results lost
  the caller gets the error of b at 200 ms (burnt); work goes on until 400 ms
a      ██████████████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                   400 ms  orphan
b      █████████████████✗                                      200 ms  failed
c      ██████████████████▒▒▒▒▒▒▒▒▒▒                            300 ms  orphan
d      █████████                                               100 ms  ok, lost
                         ▲ caller resumes
flying 4444444444333333333222222222111111111                   peak 4

limited=2   200 ms   peak 2   3 ok   1 failed   3 results lost
  the caller gets the error of b at 200 ms (burnt); work goes on until 500 ms
a      ██████████████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                   400 ms  orphan
b      █████████████████✗                                      200 ms  failed
c      ··················▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒          300 ms  orphan
d      ·····································▒▒▒▒▒▒▒▒▒          100 ms  orphan
                         ▲ caller resumes
flying 2222222222222222222222222222222222222222222222          peak 2 = limit

parallel+cancel   200 ms   peak 4   1 ok   1 failed   2 cancelled   1 result
  lost
  the caller gets the error of b at 200 ms (burnt); the others are cancelled
a      █████████████████╱                                      200 ms  cancelled
b      █████████████████✗                                      200 ms  failed
c      █████████████████╱                                      200 ms  cancelled
d      █████████                                               100 ms  ok, lost
flying 444444444433333333                                      peak 4

settled   400 ms   peak 4   3 ok   1 failed
a      █████████████████████████████████████                   400 ms  ok
b      █████████████████✗                                      200 ms  failed
c      ████████████████████████████                            300 ms  ok
d      █████████                                               100 ms  ok
flying 4444444444333333333222222222111111111                   peak 4

· waiting   ✗ failed   ╱ cancelled
▒ orphan: still running after the caller resumed

mode              total  predicted  peak  ok  failed  cancelled  skipped  lost
sequential       600 ms     600 ms     1   1       1          0        2     1
parallel         200 ms     200 ms     4   3       1          0        0     3
limited=2        200 ms     200 ms     2   3       1          0        0     3
parallel+cancel  200 ms     200 ms     4   1       1          2        0     1
settled          400 ms     400 ms     4   3       1          0        0     0

sequential was rejected at 600 ms: nothing delivered, 1 result lost; no win
parallel was rejected at 200 ms: nothing delivered, 3 results lost; no win
limited=2 was rejected at 200 ms: nothing delivered, 3 results lost; no win
parallel+cancel was rejected at 200 ms: nothing delivered, 1 result lost; no win
settled delivered 3 of 4 results: 1 failed
b failed: burnt
""")


def test_ascii_uses_ascii_only():
    """The ASCII picture says the same with plain characters, wider strips in tenths."""
    tasks = [delay(f"t{i}", 100, "boom" if i == 14 else None, 50 if i == 3 else None) for i in range(15)]
    picture = render(comparison(tasks, ["limited=5+cancel", "settled"]), 72, ascii_only=True)
    assert picture.isascii()
    assert picture == shown("""
compare   15 tasks, 1450 ms of work   virtual clock: simulated, exact

       0        20        40       60        80       100 ms
       +--------+---------+--------+---------+--------
limited=5+cancel   50 ms   peak 5   0 ok   1 timed out   4 cancelled
  10 skipped
  the caller gets the error of t3 at 50 ms (not done after 0.05 s); the
others are cancelled
t0     =======================/                         50 ms  cancelled
t1     =======================/                         50 ms  cancelled
t2     =======================/                         50 ms  cancelled
t3     =======================!                         50 ms  timed out
t4     =======================/                         50 ms  cancelled
t5                                                             skipped
t6                                                             skipped
t7                                                             skipped
t8                                                             skipped
t9                                                             skipped
t10                                                            skipped
t11                                                            skipped
t12                                                            skipped
t13                                                            skipped
t14                                                            skipped
flying 555555555555555555555555                        peak 5 = limit

settled   100 ms   peak 15   13 ok   1 failed   1 timed out
t0     =============================================== 100 ms  ok
t1     =============================================== 100 ms  ok
t2     =============================================== 100 ms  ok
t3     =======================!                         50 ms  timed out
t4     =============================================== 100 ms  ok
t5     =============================================== 100 ms  ok
t6     =============================================== 100 ms  ok
t7     =============================================== 100 ms  ok
t8     =============================================== 100 ms  ok
t9     =============================================== 100 ms  ok
t10    =============================================== 100 ms  ok
t11    =============================================== 100 ms  ok
t12    =============================================== 100 ms  ok
t13    =============================================== 100 ms  ok
t14    ==============================================X 100 ms  failed
flying 99999999999999999999999999999999999999999999999 tenths of 15

X failed   ! timed out   / cancelled

mode               total  predicted  ok  failed  timed out  lost
limited=5+cancel   50 ms      50 ms   0       0          1     0
settled           100 ms     100 ms  13       1          1     0

limited=5+cancel was rejected at 50 ms: nothing delivered; no win
settled delivered 13 of 15 results: 1 failed, 1 timed out
t3 failed: not done after 0.05 s
t14 failed: boom
""")


def test_many_tasks_are_folded():
    """A thousand tasks fold to a dozen rows with strips over all of them, and say how many are not drawn."""
    tasks = [delay(f"#{i + 1}", 100, "boom" if i == 577 else None) for i in range(1000)]
    assert render(comparison(tasks, ["limited=50+settled"]), 80) == shown("""
compare   1,000 tasks, 100 s of work   virtual clock: simulated, exact

       0              500           1000           1500          2000 ms
       ┬──────────────┬─────────────┬──────────────┬─────────────
limited=50+settled   2000 ms   peak 50   999 ok   1 failed
#1     ███                                                        100 ms  ok
#2     ███                                                        100 ms  ok
#3     ███                                                        100 ms  ok
#4     ███                                                        100 ms  ok
#5     ███                                                        100 ms  ok
       ... 572 more, not drawn
#578   ································██✗                        100 ms  failed
       ... 372 more, not drawn
#951   ·······················································███ 100 ms  ok
       ... 44 more, not drawn
#996   ·······················································███ 100 ms  ok
#997   ·······················································███ 100 ms  ok
#998   ·······················································███ 100 ms  ok
#999   ·······················································███ 100 ms  ok
#1000  ·······················································███ 100 ms  ok
queued █████████▇▇▇▇▇▇▆▆▆▆▆▆▆▆▆▅▅▅▅▅▄▄▄▄▄▄▃▃▃▃▃▃▃▃▃▂▂▂▂▂▂▁▁▁▁▁▁   █ = 950
flying ██████████████████████████████████████████████████████████ █ = 50 = limit
done     ▁▁▁▁▁▁▂▂▂▂▂▂▂▂▂▃▃▃▃▃▃▄▄▄▄▄▄▄▄▅▅▅▅▅▅▆▆▆▆▆▆▆▆▆▇▇▇▇▇▇██████ █ = 1,000

· waiting   ✗ failed

mode                  total  predicted  peak   ok  failed  lost
limited=50+settled  2000 ms    2000 ms    50  999       1     0

limited=50+settled took 2000 ms for 1,000 tasks of 100 s of work: on average
50.00 ran at once
limited=50+settled delivered 999 of 1,000 results: 1 failed
#578 failed: boom
""")


def test_narrow_shows_totals_only():
    """Below 60 columns there is no timeline, only totals and sentences."""
    assert render(comparison(DISHES, title="dinner"), 40) == shown("""
compare dinner   4 tasks, 1000 ms of
work   virtual clock: simulated, exact

mode          total  ok  failed  lost
sequential  1000 ms   4       0     0
parallel     400 ms   4       0     0
settled      400 ms   4       0     0
limited=3    400 ms   4       0     0

parallel, settled and limited=3 were
2.50 times faster than sequential (400
ms instead of 1000 ms)
""")


def test_a_single_mode_is_no_comparison():
    """One mode alone says how much ran at once instead of comparing."""
    assert render(comparison(DISHES, ["parallel"]), 100).splitlines()[-1] == (
        "parallel took 400 ms for 4 tasks of 1000 ms of work: on average 2.50 ran at once"
    )


@pytest.mark.parametrize("width", [20, 23, 30, 45, 59, 60, 61, 80, 100, 160, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(
    "subject",
    [
        comparison(DISHES, title="dinner"),
        comparison(TROUBLE, ["sequential", "parallel", "limited=2+drop", "parallel+cancel", "race", "any"]),
        comparison([delay("x" * 300, 1), delay("日本語の名前がとても長い", 3.3), delay("é́" * 50, 0)], title="名" * 99),
        comparison([delay(f"t{i}", i % 7) for i in range(300)], ["sequential", "parallel", "batched=7+settled"]),
        comparison([delay("zero", 0)], ["parallel", "settled"]),
        comparison([delay("year", 365 * 24 * 3600 * 1000.0)] * 3, ["sequential", "parallel"]),
        comparison([delay("tiny", 0.000001), delay("huge", 10_000_000)], ["sequential", "parallel"]),
    ],
    ids=["dinner", "trouble", "names", "many", "zero", "year", "tiny"],
)
def test_no_line_is_wider_than_asked_for(subject: Comparison, width: int, ascii_only: bool):
    """At every width from 20 to 200 columns each line fits, whatever the tasks are."""
    too_wide = [line for line in render(subject, width, ascii_only=ascii_only).splitlines() if cell_len(line) > width]
    assert too_wide == []


def test_wide_names_stay_aligned():
    """Bars begin in the same column whether a name is of wide, combining or plain characters."""
    tasks = [delay("日本", 100), delay("e\u0301te\u0301", 100), delay("plain", 100), delay("x" * 60, 100)]
    rows = render(comparison(tasks, ["parallel"]), 80).splitlines()[5:9]
    assert len({cell_len(row.split("█")[0]) for row in rows}) == 1


def test_hostile_names_are_spelled_out():
    """Control, escape, C1 and bidi characters, markup and emoji codes in a name reach the picture as plain text."""
    hostile = "\x1b[31mred\x07\x9b\u202eevil [bold]:smile:\udc80\n\r\t"
    picture = render(comparison([delay(hostile, 100)], ["parallel"], title=hostile), 120)
    assert not any((ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\udc80" for c in picture)
    assert r"\x1b[31mred\x07\x9b\u202eevil [bold]:smile:\udc80" in picture


def test_bars_abut():
    """A bar that begins when another ends begins in the cell after its last one, at any scale."""
    tasks = [delay(f"t{i}", 7 + 13 * (i % 5)) for i in range(20)]
    rows = render(comparison(tasks, ["sequential"]), 130).splitlines()[5:25]
    ends = [row.rindex("█") + 1 for row in rows]
    starts = [row.index("█") for row in rows]
    assert starts[1:] == ends[:-1]


def test_the_strip_never_passes_the_limit():
    """The strip of tasks in flight shows no more than the limit in any cell."""
    tasks = [delay(f"t{i}", 3 + 17 * i % 29) for i in range(19)]
    strip = next(
        line for line in render(comparison(tasks, ["limited=4"]), 150).splitlines() if line.startswith("flying")
    )
    digits = strip.split()[1]
    assert set(digits) <= set("1234")
    assert strip.endswith("peak 4 = limit")


def test_partial_results_are_no_win():
    """A mode that was rejected has no speedup, and the sentences say that its total is no win."""
    picture = render(comparison(TROUBLE, ["settled", "parallel"]), 100)
    assert "parallel was rejected at 200 ms: nothing delivered, 3 results lost; no win" in picture
    assert "faster" not in picture


def test_equal_totals_are_called_equal():
    """Totals of single runs that differ by less than 2 % or 2 ms are called equally fast on the real clock."""
    subject = comparison([delay("a", 100)], ["sequential", "parallel"], clock="real")
    longer = replace(subject.runs[1], total_ns=101 * MS)
    assert "parallel was as fast as sequential" in render(replace(subject, runs=(subject.runs[0], longer)), 100)


def test_several_runs_show_their_spread():
    """The table gives mean and deviation of several runs, and the timeline is the median one."""
    subject = comparison([delay("a", 100)], ["parallel"], clock="real", runs=3)
    runs = tuple(replace(run, total_ns=(90 + 10 * i) * MS) for i, run in enumerate(subject.runs))
    picture = render(replace(subject, runs=runs), 100)
    assert "100 ms ± 10 ms" in picture
    assert "(the median of 3 runs)" in picture


def test_interrupted_runs_are_marked():
    """An interrupted comparison says so in the heading, at its run, and in the sentences."""
    subject = comparison(DISHES, ["sequential", "parallel"])
    cut = replace(subject.runs[1], verdict=Verdict.INTERRUPTED)
    picture = render(replace(subject, runs=(subject.runs[0], cut), interrupted=True), 100)
    assert "interrupted" in picture.splitlines()[0]
    assert "interrupted at 400 ms" in picture
    assert "interrupted: what is shown is what had happened until then" in picture


def test_an_interruption_is_not_blamed_on_the_mode():
    """Where Ctrl-C ended what went on after a failure, the picture says so, and which modes never ran."""
    subject = comparison(TROUBLE, ["parallel", "settled"], clock="real")
    run = subject.runs[0]
    run.ends[0] = 250 * MS
    cut = replace(
        run, cancelled=frozenset({0}), orphans=run.orphans - {0}, interrupted_ns=250 * MS, drained_ns=300 * MS
    )
    picture = render(replace(subject, runs=(cut,), interrupted=True), 100)
    assert (
        "the caller gets the error of b at 200 ms (burnt); work went on until it was interrupted at 250 ms" in picture
    )
    assert "the others are cancelled" not in picture
    assert "not run: settled" in picture


def test_an_interrupted_caller_never_resumed():
    """A run interrupted before its caller resumed has no mark for it."""
    subject = comparison(DISHES, ["parallel"], clock="real")
    cut = replace(subject.runs[0], verdict=Verdict.INTERRUPTED, total_ns=300 * MS, cancelled=frozenset({0}))
    assert "caller resumes" not in render(replace(subject, runs=(cut,), interrupted=True), 100)


def test_errors_are_told():
    """A failure's reason stands at the caller's sentence and, counted, below the table; a bare `fail:` has none."""
    tasks = [delay("a", 300), delay("b", 100, "burnt"), delay("c", 100, "burnt"), delay("d", 100, "declared to fail")]
    picture = render(comparison(tasks, ["parallel", "settled"]), 100)
    assert "the caller gets the error of b at 100 ms (burnt)" in picture
    assert "2 tasks failed: burnt" in picture
    assert "declared to fail" not in picture


def test_one_result_is_no_match_for_all():
    """A race that happens to deliver as much as a settled run is not called faster than it."""
    tasks = [delay("a", 100), delay("b", 1000, "boom"), delay("c", 2000, "boom")]
    picture = render(comparison(tasks, ["settled", "any"]), 100)
    assert "faster" not in picture
    assert "any waits for one result only: no match for modes that wait for all" in picture


def test_timed_out_tasks_stay_in_the_narrow_table():
    """However narrow the table, tasks that timed out are counted beside those that failed."""
    tasks = [delay("a", 100, timeout_ms=50), delay("b", 100)]
    for width in (45, 60, 80):
        assert "timed out" in render(comparison(tasks, ["settled", "limited=2+cancel"]), width)


def test_nearly_equal_totals_are_never_1_00_times_faster():
    """A difference too small for a factor is said as a time."""
    picture = render(comparison([delay("a", 1000), delay("b", 1)], ["sequential", "parallel"]), 100)
    assert "parallel was at most 1 ms faster than sequential" in picture


def test_long_names_are_cut_in_the_middle():
    """URLs of one host stay distinct: the end of a long name is kept."""
    tasks = [delay(f"http://127.0.0.1:8765/a/long/path/f{i}.bin", 100) for i in range(3)]
    rows = render(comparison(tasks, ["parallel"]), 80).splitlines()[5:8]
    assert len({row.split()[0] for row in rows}) == 3


@pytest.mark.parametrize("height", [3, 8, 12, 24, 50])
@pytest.mark.parametrize("width", [30, 60, 80, 200])
@pytest.mark.parametrize("count", [4, 30, 1000])
def test_the_live_picture_fits_the_screen(height: int, width: int, count: int):
    """While it grows the picture is never taller or wider than the screen."""
    tasks = [delay(f"t{i}", 100 + i) for i in range(count)]
    done = comparison(tasks, ["sequential", "parallel", "limited=3"])
    now = replace(predicted(tasks, "limited=3"), verdict=Verdict.RUNNING)
    lines = live_picture(replace(done, runs=done.runs[:2]), now, Look(width, UNICODE), height).plain.split("\n")
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width
