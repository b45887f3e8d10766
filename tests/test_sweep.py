"""Sweeps: which limit is recommended and why, exactly on the virtual clock; the curve; budgets and interruptions."""

import asyncio
from functools import lru_cache
from itertools import count, pairwise
from statistics import fmean
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncmodes import sweep as sweeping
from asyncmodes.api import parse_server, words
from asyncmodes.clocks import ClockName, new_loop
from asyncmodes.commands.sweep import parse_limits
from asyncmodes.knee import Findings, Sweep, mode_of
from asyncmodes.knee.choice import Sureness
from asyncmodes.knee.usl import Fit, Measured
from asyncmodes.measure import plan
from asyncmodes.sources import Options
from asyncmodes.sweep import Limits, chosen_limits, default_limits, finer_limits
from asyncmodes.views.curve import curve
from asyncmodes.views.glyphs import ASCII
from asyncmodes.views.picture import Look
from asyncmodes.views.totals import rate_text
from asyncmodes.virtual_time import VirtualTimeLoop

MS, S = 10**6, 10**9


def swept(
    tasks: str, server: str | None = None, limits: str | None = None, clock: str = "virtual", budget_ns: int = 60 * S
) -> Sweep:
    """The sweep of these words, with the default limits unless told otherwise."""
    listed = words(*tasks.split())
    options = Options(server=None if server is None else parse_server(server))
    made = plan(listed, "limited=1+settled", clock=clock, options=options)
    chosen = default_limits(len(listed)) if limits is None else chosen_limits(parse_limits(limits), len(listed))
    with asyncio.Runner(loop_factory=lambda: new_loop(ClockName(clock))) as runner:
        return runner.run(sweeping.sweep(made, chosen, budget_ns))


def found(*arguments, **options) -> Findings:
    """What such a sweep tells."""
    return swept(*arguments, **options).findings


@pytest.mark.parametrize("capacity", [4, 8, 16])
@pytest.mark.parametrize("overload", ["queue", "slow", "reject"])
@pytest.mark.parametrize("jitter", ["", " jitter=3ms"])
def test_the_capacity_of_a_server_is_recommended(capacity: int, overload: str, jitter: str):
    """The lowest limit that is about as fast as the best, and is not turned away, is the server's capacity."""
    result = found(f"request:50ms*{6 * capacity}", f"capacity={capacity} overload={overload}{jitter}")
    assert result.recommended == capacity
    assert result.problem is None
    assert result.sure == Sureness(1, capacity, capacity)


@pytest.mark.parametrize("sigma", [0, 0.02, 0.12, 0.5])
@pytest.mark.parametrize("kappa", [0, 0.0001, 0.003, 0.02])
@pytest.mark.parametrize("tasks", ["request:50ms*70", "request:30ms*20 request:70ms*30 request:110ms*16"])
def test_the_coefficients_of_a_simulated_server_are_found(sigma: float, kappa: float, tasks: str):
    """From runs alone, beginnings and ends of lists included, σ and κ come back within 5 %; so do the throughputs."""
    result = found(tasks, f"overload=usl:{sigma},{kappa}", "1,2,4,8,16,32")
    law = result.law
    assert isinstance(law, Fit)
    assert law.problem is None
    assert law.sigma == pytest.approx(sigma, rel=0.05, abs=0.0005)
    assert law.kappa == pytest.approx(kappa, rel=0.05, abs=0.00002)
    for point in result.points:
        assert point.fitted_per_s == pytest.approx(point.per_s, rel=0.05)


@pytest.mark.parametrize(
    ("sigma", "kappa", "luck", "limits"),
    [
        (0.02, 0.003, "jitter=10ms fail_rate=0.03", "1,2,4,8,16,32"),
        (0.1, 0.0, "jitter=10ms fail_rate=0.03", "1,2,4,8,16,32"),
        (0.12, 0.001, "jitter=10ms", "1,2,4,8,16,32"),
        (0.3, 0.01, "jitter=10ms fail_rate=0.03", "1,2,4,8,16,32"),
        (0.05, 0.001, "jitter=10ms", None),
        (0.02, 0.003, "jitter=10ms fail_rate=0.03", None),
    ],
)
def test_the_coefficients_of_an_unsteady_server_are_within_what_is_said(sigma, kappa, luck, limits):
    """With jitter and failures they are within 5 %, or within the interval that the fit itself states."""
    law = found("request:50ms*64", f"overload=usl:{sigma},{kappa} {luck}", limits).law
    assert isinstance(law, Fit)
    assert law.problem is None
    for value, true, (low, high) in (
        (law.sigma, sigma, law.sigma_interval),
        (law.kappa, kappa, law.kappa_interval),
    ):
        assert low <= true <= high or value == pytest.approx(true, rel=0.05)


def test_the_rate_at_full_load_is_littles_law():
    """Of tasks that do the same work no single one has to be typical: it is the limit by the mean time of each."""
    result = swept("request:50ms*32", "overload=usl:0.1,0.001 jitter=20ms", "1,2,4,8")
    for point in result.findings.points:
        rates = []
        for run in result.comparison.runs_of(mode_of(point.limit)):
            late = sorted(range(len(run)), key=lambda index: (run.starts[index], run.lanes[index]))[point.limit - 1 :]
            rates.append(point.limit / fmean(run.ends[index] - run.starts[index] for index in late) * 1e9)
        assert isinstance(point.full, Measured)
        assert point.full.rate == pytest.approx(fmean(rates))


def test_a_simulation_without_luck_is_run_once_and_one_with_luck_again():
    """The virtual clock repeats nothing that would be the same; jitter is drawn anew in every round."""
    assert [len(point.samples) for point in found("request:50ms*8", "capacity=2", "1,2,4").points] == [1, 1, 1]
    lucky = found("request:50ms*8", "capacity=2 jitter=20ms", "1,2,4")
    assert all(len(set(point.samples)) == len(point.samples) for point in lucky.points)
    assert [len(point.samples) >= 4 for point in lucky.points] == [True, True, True]
    assert [len(point.samples) for point in found("50ms*8", "jitter=20ms", "1,2,4").points] == [1, 1, 1]


def test_delays_that_are_in_nobodys_way_are_recommended_what_they_need():
    """Dinner on three burners is as fast as on four; work that blocks gains nothing; needs are no reason to fail."""
    dinner = found("400ms 200ms 300ms 100ms")
    assert (dinner.recommended, dinner.best) == (3, 3)
    blocking = found("block:10ms*8")
    assert blocking.recommended == 1
    assert "fewer tasks were in flight" in str(blocking.law)


def test_only_ok_results_count():
    """A limit at which most fail is fast and useless: neither recommended nor part of the fit."""
    result = found("request:50ms*32", "capacity=4 overload=reject reject_latency=1ms", "1,2,3,4,8,16")
    assert result.recommended == 4
    last = result.points[-1]
    assert last.samples[0].failed > 10
    assert last.full == "more tasks failed there"
    assert last.fitted_per_s is None
    assert last.summary.total.mean < result.points[3].summary.total.mean
    assert isinstance(result.law, Fit)


def test_what_nothing_can_be_recommended_for():
    """Tasks that all fail, take no time, or have one limit only: no recommendation, and why."""
    for tasks, limits, problem in (
        ("fail:10ms*4", None, "no task ended ok at any limit"),
        ("0ms*4", None, "the tasks take no time at all"),
        ("10ms*4", "3", "one limit leaves nothing to choose"),
        ("10ms", None, "one limit leaves nothing to choose"),
    ):
        result = found(tasks, limits=limits)
        assert (result.recommended, result.sure, result.problem) == (None, None, problem)


@given(st.integers(1, 5000))
def test_the_default_limits_double_up_to_the_tasks(number: int):
    """1, 2, 4 … and the number of tasks itself; the finer ones lie in the gaps beside the knee."""
    limits = default_limits(number).chosen
    assert (limits[0], limits[-1]) == (1, number)
    assert all(low < high <= 2 * low for low, high in pairwise(limits))
    for place, around in enumerate(limits):
        finer = finer_limits(limits, around)
        assert len(finer) <= 6
        assert not set(finer) & set(limits)
        assert all(limits[max(place - 1, 0)] < each < limits[min(place + 1, len(limits) - 1)] for each in finer)


def test_finer_limits():
    """Three more on either side, fewer where there is no room, and none beyond the ends."""
    assert finer_limits((1, 2, 4, 8, 16, 32), 8) == [5, 6, 7, 10, 12, 14]
    assert finer_limits((1, 2, 4, 8), 2) == [3]
    assert finer_limits((1, 2, 4, 8), 1) == []
    assert finer_limits((1, 2, 4, 8), 8) == [5, 6, 7]
    assert swept("request:50ms*64", "capacity=8 overload=slow").limits == (1, 2, 4, 5, 6, 7, 8, 10, 12, 14, 16, 32, 64)


def clock_of(seconds: float, monkeypatch) -> None:
    """Let the sweep's own watch go on by so much every time it looks."""
    ticks = count()
    monkeypatch.setattr(sweeping, "time", SimpleNamespace(monotonic=lambda: next(ticks) * seconds))


def test_a_budget_too_small_for_one_round(monkeypatch):
    """What could be measured is shown, from the middle of the limits outwards; nothing is recommended."""
    clock_of(1, monkeypatch)
    result = swept("request:50ms*64", "capacity=8", budget_ns=6 * S)
    assert result.over_budget
    told = result.findings
    assert [point.limit for point in told.points] == [4, 8]
    assert told.recommended is None
    assert told.problem == "the budget was over when 2 of 7 limits had been run"
    assert "give a larger --budget" in " ".join(curve(result, Look()).plain.split())


def test_a_budget_that_ends_later_is_enough(monkeypatch):
    """When the first round is over there is a recommendation; how sure it is a run or two cannot tell."""
    clock_of(1, monkeypatch)
    result = swept("request:50ms*16", "capacity=4 jitter=5ms", "1,2,4,8", budget_ns=14 * S)
    told = result.findings
    assert not result.over_budget
    assert (told.recommended, told.sure) == (4, None)
    assert "cannot be said: it takes three runs of all that may be it" in " ".join(curve(result, Look()).plain.split())


def test_a_budget_cuts_a_run_short_on_the_real_clock():
    """A run that would take an hour does not outlast the budget, and is no result."""
    result = swept("1h*4", limits="1,2,4", clock="real", budget_ns=50 * MS)
    assert result.over_budget
    assert not result.interrupted
    assert result.findings.points == ()
    assert "0 of 3 limits" in curve(result, Look()).plain


def test_an_interrupted_sweep_keeps_what_it_had():
    """A cancellation ends it: the limits that were run are shown, the one under way is not, nothing is recommended."""
    made = plan(words("100ms*8"), "limited=1+settled", clock="virtual")

    async def main() -> Sweep:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        task = loop.create_task(sweeping.sweep(made, Limits((1, 2, 4, 8)), 60 * S))
        await loop.sleep_ns(650 * MS)  # limits 4 (200 ms), then 2 (400 ms), then 8
        task.cancel()
        return await task

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        result = runner.run(main())
    told = result.findings
    assert [point.limit for point in told.points] == [2, 4]
    assert (told.recommended, told.problem) == (None, "the sweep was interrupted")
    assert "interrupted" in curve(result, Look(120)).plain.splitlines()[0]


SLOW = """\
sweep   64 tasks   1 run a limit   virtual clock: simulated, exact

limit    total  ok/s  ok  failed
1      3200 ms  20.0  64       0  ███
4       800 ms  80.0  64       0  ██████████████
8       400 ms   160  64       0  ███████████████████████████  recommended, best
16      800 ms  80.0  64       0  ██████████████
64     3200 ms  20.0  64       0  ███

fake requests went to a simulated server: capacity=8 overload=slow

No fit of the Universal Scalability Law: the curve has another shape: it misses
the throughputs by up to 65 %.

Recommended: limit 8, which has the highest throughput.
The simulation is exact: a repetition gives the same."""

LAW = """\
sweep   64 tasks   1 run a limit   virtual clock: simulated,
exact

limit  ok/s  ok  failed
1      20.0  64       0  ===
2      36.3  64       0  =====
4      61.0  64       0  ========
8      91.1  64       0  ============
16      117  64       0  ===============
32      126  64       0  ================  recommended, best
64      113  64       0  ==============

fake requests went to a simulated server:
overload=usl:0.1,0.001

Universal Scalability Law: alone 20 tasks a second; the fit
is exact.
Contention 0.1: 10 % of the work is serial.
Crosstalk 0.001: every added task slows the others; at limit
32 each takes 99 % longer than alone.
By this law it is highest with limit 30, sqrt((1 -
contention) / crosstalk).

Recommended: limit 32, which has the highest throughput.
The simulation is exact: a repetition gives the same."""

REJECTED = """\
sweep   24 tasks   1 run a limit   virtual clock: simulated, exact

limit    total  ok/s   fit  ok  failed
1      1200 ms  20.0  20.0  24       0  █████████████
2       600 ms  40.0  40.0  24       0  ██████████████████████████
3       400 ms  60.0  60.0  24       0  ██████████████████████████████████████
4       300 ms  80.0  80.0  24       0  ███████████████████████████████████████████████████  recommended, best
8       100 ms  80.0     –   8      16  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  more fail

16 tasks failed: 503 Service Unavailable
fake requests went to a simulated server: capacity=4 overload=reject

Universal Scalability Law: alone 20 tasks a second; the fit is exact.
Contention 0: none of the work is seen to be serial.
Crosstalk 0: tasks are not seen to slow each other down beyond that.
By this law throughput never falls, as far as was seen (limit 4); but from limit 8 on more tasks fail.

Recommended: limit 4, which has the highest throughput, with no more failures than limit 1.
The simulation is exact: a repetition gives the same."""


@pytest.mark.parametrize(
    ("arguments", "look", "picture"),
    [
        (("request:50ms*64", "capacity=8 overload=slow", "1,4,8,16,64"), Look(80), SLOW),
        (("request:50ms*64", "overload=usl:0.1,0.001", "1,2,4,8,16,32,64"), Look(60, ASCII), LAW),
        (("request:50ms*24", "capacity=4 overload=reject", "1,2,3,4,8"), Look(110), REJECTED),
    ],
    ids=["another shape", "law", "rejected"],
)
def test_golden_pictures(arguments, look: Look, picture: str):
    """The curve, the law in plain words and the recommendation, exactly."""
    drawn = curve(swept(*arguments), Look(look.width, look.glyphs, command="sweep")).plain
    assert "\n".join(line.rstrip() for line in drawn.split("\n")) == picture


@lru_cache
def uneven(kind: str) -> Sweep:
    """A sweep of a server with jitter."""
    return swept("request:50ms*16", f"capacity=4 jitter=9ms overload={kind}", "1,4,8,16")


@settings(max_examples=12)
@given(width=st.integers(20, 200), ascii_only=st.booleans(), kind=st.sampled_from(["queue", "slow", "reject"]))
def test_no_line_is_wider_than_asked_for(width: int, ascii_only: bool, kind: str):
    """At every width the curve keeps within it and cuts no figure; with ASCII characters only there are no others."""
    result = uneven(kind)
    text = curve(result, Look(width, ASCII) if ascii_only else Look(width))
    assert all(line.cell_len <= width for line in text.split("\n"))
    rates = [rate_text(point.per_s or 0) for point in result.findings.points]
    assert all(rate in text.plain.split() for rate in rates)
    assert text.plain.isascii() or not ascii_only
