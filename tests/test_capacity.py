"""A server's capacity: its definition, the lessons' figures, and that theory and both clocks agree about it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asyncmodes
from asyncmodes.capacity import Overload, Server, Service
from asyncmodes.errors import UsageError
from asyncmodes.executor import execute
from asyncmodes.measure import plan
from asyncmodes.modes import parse_mode
from asyncmodes.prediction import predict
from asyncmodes.sources import Options, opened
from asyncmodes.spec.servers import SERVER_ALLOWED, parse_server
from asyncmodes.tasks import Delay, FakeRequest, State, Task
from tests.helpers import MS, examples, on_virtual_time, spans
from tests.servers import on_real_time, run_tasks
from tests.test_predict import DURATIONS, MODES, check_definitions

SLOW = Server(capacity=10, overload=Overload.SLOW)
REJECT = Server(capacity=10, overload=Overload.REJECT)


def requests(text: str) -> list[Task]:
    """Fake requests a, b, c … from milliseconds: `50 50/20` is one without and one with a timeout."""
    tasks = []
    for number, item in enumerate(text.split()):
        base, _, timeout = item.partition("/")
        work = FakeRequest(int(base) * MS, f"{base}ms")
        tasks.append(Task(chr(ord("a") + number), work, int(timeout) * MS if timeout else None))
    return tasks


def run_at(server: Server | None, text: str, mode: str = "settled"):
    """The run of these requests to such a server on the virtual clock."""
    return on_virtual_time(lambda: run_tasks(requests(text), mode, Options(server=server)))


LESSON = [
    (SLOW, "sequential", 10_000, 100, 100),
    (SLOW, "limited=5", 2_000, 100, 100),
    (SLOW, "limited=10", 1_000, 100, 100),
    (SLOW, "limited=20", 2_000, 100, 100),
    (SLOW, "limited=50", 5_000, 100, 100),
    (SLOW, "parallel", 10_000, 100, 100),
    (REJECT, "limited=10", 1_000, 100, 100),
    (REJECT, "settled", 100, 10, 10),
    (REJECT, "parallel", 20, 10, 0),
]


@pytest.mark.parametrize(("server", "mode", "total_ms", "ok", "delivered"), LESSON)
def test_the_lesson_that_unlimited_is_not_fastest(server, mode, total_ms, ok, delivered):
    """100 requests of 100 ms at capacity 10: the totals that the lesson tells, run and predicted."""
    tasks = asyncmodes.words("request:100ms*100")
    (run,) = asyncmodes.compare(tasks, [mode], clock="virtual", server=server).runs
    assert (run.total_ns, run.counts[State.OK], run.delivered) == (total_ms * MS, ok, delivered)
    assert run.predicted_ns == run.total_ns


def test_without_a_server_a_request_is_a_delay():
    """Nothing slows requests down to a server without limits, be it none or one that says nothing."""
    assert spans(run_at(None, "100 200")) == ["a ok 0-100 lane 0", "b ok 0-200 lane 1"]
    assert spans(run_at(Server(), "100 200")) == spans(run_at(None, "100 200"))


def test_queue():
    """Two at a time; the excess waits in order of arrival, and who waited takes no longer than its base."""
    assert spans(run_at(Server(capacity=2), "100 300 100 100 50")) == [
        "a ok 0-100 lane 0",
        "b ok 0-300 lane 1",
        "c ok 0-200 lane 2",
        "d ok 0-300 lane 3",
        "e ok 0-350 lane 4",
    ]


def test_slow():
    """The load at its arrival makes a request slow, and stays what it was when others leave."""
    run = run_at(Server(capacity=2, overload=Overload.SLOW), "100 100 100 100 100", "limited=4+settled")
    assert spans(run) == [
        "a ok 0-100 lane 0",
        "b ok 0-100 lane 1",
        "c ok 0-225 lane 2",
        "d ok 0-400 lane 3",
        "e ok 100-500 lane 0",  # b, c and d are still there: equal ends are handled one by one
    ]


def test_reject():
    """The excess fails after the reject latency, which counts for nobody's load."""
    server = Server(capacity=2, overload=Overload.REJECT, reject_latency_ns=5 * MS)
    run = run_at(server, "100 100 100 100", "limited=3+settled")
    assert spans(run) == ["a ok 0-100 lane 0", "b ok 0-100 lane 1", "c failed 0-5 lane 2", "d failed 5-10 lane 2"]
    error = run.span(2).error
    assert (error.type, error.message) == ("HTTPStatus", "503 Service Unavailable")
    assert [span.detail for span in run.spans] == [{"status": status} for status in (200, 200, 503, 503)]


def test_usl():
    """Each takes base x (1 + σ(load-1) + κ load(load-1)): of three, 1, 1 + σ + 2κ, 1 + 2σ + 6κ."""
    run = run_at(Server(overload=Overload.USL, sigma=0.5, kappa=0.25), "100 100 100")
    assert spans(run) == ["a ok 0-100 lane 0", "b ok 0-200 lane 1", "c ok 0-350 lane 2"]


def test_whole_nanoseconds():
    """A slowed request is rounded to the nearest nanosecond, half up, without any float."""
    server = Server(capacity=2, overload=Overload.SLOW)
    assert [server.service_ns(base, 3) for base in (1, 2, 3)] == [2, 5, 7]  # 2.25, 4.5, 6.75
    assert server.service_ns(10**17 + 1, 4) == 4 * (10**17 + 1)


def test_who_loses_patience_leaves_the_server():
    """A request that times out is served no longer: in a queue its place is free, and elsewhere its load is gone."""
    run = run_at(Server(capacity=1), "100/50 100/100 100/30 100")
    assert spans(run) == [
        "a timed_out 0-50 lane 0",
        "b timed_out 0-100 lane 1",
        "c timed_out 0-30 lane 2",  # never served, so d need not wait for it
        "d ok 0-200 lane 3",
    ]
    expected = predict(run.tasks, run.mode, server=Server(capacity=1))
    assert run.details == expected.details == {3: {"status": 200}}
    assert spans(run) == spans(expected)
    assert spans(run_at(Server(capacity=1), "50/50 50/100")) == ["a ok 0-50 lane 0", "b ok 0-100 lane 1"]
    run = run_at(Server(capacity=1, overload=Overload.SLOW), "100/50 100 100", "limited=2+settled")
    assert spans(run) == ["a timed_out 0-50 lane 0", "b ok 0-400 lane 1", "c ok 50-450 lane 0"]


def test_failures_and_jitter_are_drawn_from_the_seed():
    """Some fail with status 500 after their usual time, bases differ within the jitter; a seed tells which and how."""
    server = Server(fail_rate=0.3, jitter_ns=10 * MS, seed=1)
    run = run_at(server, "50 " * 200)
    assert 40 <= run.counts[State.FAILED] <= 80
    assert {failure.message for failure in run.failures.values()} == {"500 Internal Server Error"}
    durations = [span.end_ns - span.start_ns for span in run.spans]
    assert 40 * MS <= min(durations) < 42 * MS
    assert 58 * MS < max(durations) <= 60 * MS
    assert run == run_at(server, "50 " * 200)
    assert run.ends != run_at(replace(server, seed=2), "50 " * 200).ends
    assert min(run_at(server, "1 " * 20).ends) == 0  # never less than no time


def test_every_run_finds_the_server_as_new():
    """Neither load nor luck is left over from the run before, also not after a cancelled one."""
    server = Server(capacity=3, overload=Overload.SLOW, fail_rate=0.2, seed=4)
    modes = ["parallel+cancel", "limited=4+settled", "settled"]
    tasks = requests("10 20 30 40 50 60 70 80")
    comparison = asyncmodes.compare(tasks, modes, clock="virtual", runs=2, server=server)
    assert len(comparison.runs) == 6
    for one, other in zip(comparison.runs[:3], comparison.runs[3:], strict=True):
        assert replace(one, repeat=1) == other


def test_the_real_clock_is_served_by_the_same_model():
    """On the real clock no more than C are served at once, and rejected ones fail, as on the virtual one."""
    options = Options(server=Server(capacity=2, overload=Overload.REJECT, reject_latency_ns=0))
    run = on_real_time(lambda: run_tasks(requests("30 30 30 30"), "settled", options))
    assert [str(span.state) for span in run.spans] == ["ok", "ok", "failed", "failed"]
    options = Options(server=Server(capacity=1))
    run = on_real_time(lambda: run_tasks(requests("10 10 10"), "settled", options))
    for number, span in enumerate(run.spans, start=1):
        assert span.end_ns >= number * 10 * MS
    run = on_real_time(lambda: run_tasks(requests("10 10 10"), "limited=1", options))
    assert run.counts[State.OK] == 3


def test_notes_name_the_server():
    """A run says beside its figures what was asked, and that it was simulated."""
    assert run_at(SLOW, "1").notes == ("fake requests went to a simulated server: capacity=10 overload=slow",)
    assert run_at(None, "1").notes == ("fake requests went to a simulated server: one without limits",)


SERVERS = st.one_of(
    st.builds(
        Server,
        capacity=st.integers(1, 4),
        overload=st.sampled_from([Overload.QUEUE, Overload.SLOW, Overload.REJECT]),
        reject_latency_ns=st.sampled_from([0, MS, 2 * MS]),
        jitter_ns=st.sampled_from([0, 0, MS]),
        fail_rate=st.sampled_from([0.0, 0.0, 0.5]),
        seed=st.integers(0, 3),
    ),
    st.builds(Server, overload=st.just(Overload.USL), sigma=st.sampled_from([0.0, 0.5]), kappa=st.sampled_from([0, 1])),
    st.just(Server()),
)
TIMEOUTS = st.one_of(st.none(), st.none(), DURATIONS)
MIXED = st.lists(
    st.one_of(
        st.builds(lambda base, timeout: Task("r", FakeRequest(base, ""), timeout), DURATIONS, TIMEOUTS),
        st.builds(lambda base, timeout: Task("r", FakeRequest(base, ""), timeout), DURATIONS, TIMEOUTS),
        st.builds(
            lambda duration, fails, timeout: Task("d", Delay(duration, "", fails), timeout),
            DURATIONS,
            st.sampled_from([None, None, "burnt"]),
            TIMEOUTS,
        ),
    ),
    min_size=1,
    max_size=12,
)


@given(MIXED, SERVERS)
@settings(max_examples=examples(100))
def test_theory_and_execution_agree_about_requests(tasks, server):
    """In every mode, beside delays, the predicted run equals the run on the virtual clock, detail and all."""
    modes = sorted(MODES, key=str)

    async def executed():
        runs = []
        for mode in modes:
            async with opened(tasks, mode, Options(server=server)) as sources:
                runs.append(await execute(tasks, sources.starts, mode))
        return runs

    for mode, happened in zip(modes, on_virtual_time(executed), strict=True):
        assert predict(tasks, mode, server=server) == happened, str(mode)
        check_definitions(happened)


ARRIVALS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.none() | st.integers(0, 6)), min_size=1, max_size=12
)


@given(st.integers(1, 3), ARRIVALS)
def test_a_queue_is_served_in_order_by_at_most_c_without_a_pause(capacity, arrivals):
    """What a queue is, checked from the times alone: order, capacity, and nobody waits while a place is free."""
    service, now, visits = Service(Server(capacity=capacity)), 0, []
    for gap, base, patience in arrivals:
        now += gap
        visits.append((now, service.arrive(now, base, patience)))
    served = [(arrived, visit) for arrived, visit in visits if visit.leaves_ns > visit.begin_ns]
    begins = [visit.begin_ns for _, visit in served]
    assert begins == sorted(begins)
    for arrived, visit in served:

        def busy_at(moment, own=visit):
            return sum(other.begin_ns <= moment < other.leaves_ns for _, other in served if other is not own)

        assert visit.begin_ns >= arrived
        assert busy_at(visit.begin_ns) < capacity
        assert all(busy_at(moment) == capacity for moment in range(arrived, visit.begin_ns))


@given(st.integers(1, 3), ARRIVALS)
def test_to_abandon_is_to_have_had_no_patience(capacity, arrivals):
    """Who goes without notice leaves the queue as it would be had everybody known."""
    known, surprised = Service(Server(capacity=capacity)), Service(Server(capacity=capacity))
    now, pairs, gone = 0, [], []

    def abandon_until(moment):
        for at, pair in sorted(gone, key=lambda each: each[0]):
            if at <= moment and pair[1].end_ns > at:
                surprised.abandon(pair[1], at)
            elif at <= moment:
                surprised.leave(pair[1])
        gone[:] = [each for each in gone if each[0] > moment]

    for gap, base, patience in arrivals:
        now += gap
        abandon_until(now)
        pairs.append((known.arrive(now, base, patience), surprised.arrive(now, base)))
        if patience is not None:
            gone.append((now + patience, pairs[-1]))
    abandon_until(10**9)
    for one, other in pairs:
        if one.leaves_ns > one.begin_ns:
            assert (one.begin_ns, one.end_ns) == (other.begin_ns, other.end_ns)


def test_a_wait_beyond_what_a_record_holds_is_refused():
    """What may take centuries is refused before it runs; what merely takes long is not."""
    million = requests("1000") * 1000
    with pytest.raises(UsageError, match="may take more than 292 years; give fewer or shorter ones"):
        plan(million * 100, ["settled"], clock="virtual", options=Options(server=replace(SLOW, capacity=1)))
    made = plan(million, ["settled"], clock="virtual", options=Options(server=replace(SLOW, capacity=1)))
    assert predict(made.tasks, parse_mode("settled"), server=made.options.server).total_ns == 1000**2 * 1000 * MS


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"capacity": 0}, "its capacity is 0"),
        ({"capacity": 10**10}, "its capacity is 10,000,000,000"),
        ({"overload": Overload.SLOW}, "slow needs a capacity; write for example capacity=8 overload=slow"),
        ({"overload": Overload.REJECT}, "reject needs a capacity"),
        ({"overload": Overload.USL, "capacity": 3}, "usl knows no capacity; leave out capacity"),
        ({"overload": Overload.USL, "sigma": -1}, "σ or κ is out of range"),
        ({"overload": Overload.USL, "kappa": float("nan")}, "σ or κ is out of range"),
        ({"fail_rate": 1.1}, "its fail_rate is 1.1"),
        ({"fail_rate": float("nan")}, "its fail_rate is nan"),
        ({"latency_ns": -1}, "one of its times is negative"),
    ],
)
def test_a_server_that_makes_no_sense(fields, said):
    """What means nothing is refused where it is made."""
    with pytest.raises(UsageError, match=said):
        Server(**fields)


def test_every_key_of_a_server_can_be_read():
    """An option says all that there is to say about a server, in any order, with - or _."""
    text = "seed=3 fail-rate=0.25 jitter=1ms reject_latency=5ms latency=50ms overload=slow capacity=8"
    assert set(SERVER_ALLOWED) == {word.partition("=")[0].replace("-", "_") for word in text.split()}
    assert parse_server(text) == Server(
        capacity=8, overload=Overload.SLOW, latency_ns=50 * MS, reject_latency_ns=5 * MS, jitter_ns=MS,
        fail_rate=0.25, seed=3,
    )  # fmt: skip
    usl = parse_server("overload=usl:0.05,0.001")
    assert (usl.overload, usl.sigma, usl.kappa) == (Overload.USL, 0.05, 0.001)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "--server: it says nothing; write for example 'capacity=8"),
        ("8", "--server: '8' says nothing about a server; the keys are capacity, "),
        ("capcity=8", "--server: 'capcity=8' says nothing about a server; did you mean capacity=?"),
        ("capacity", "--server: 'capacity' says nothing about a server; did you mean capacity=?"),
        ("capacity=8 capacity=9", "--server: capacity stands there twice; write it once"),
        ("capacity=", "--server: capacity: found ''; write a whole number from 1 to "),
        ("capacity=1.5", "--server: capacity: found '1.5'; write a whole number"),
        ("capacity=٣", "--server: capacity: found '٣'; write a whole number"),
        ("capacity=0", "--server: its capacity is 0; write a whole number"),
        ("latency=50", "--server: latency: '50' has no unit; write 50ms or 50s"),
        ("fail_rate=nan", "--server: fail_rate: found 'nan'; write a number from 0 to 1"),
        ("fail_rate=2", "--server: its fail_rate is 2; write a number from 0 to 1"),
        ("overload=slow", "--server: slow needs a capacity"),
        ("overload=usl", "--server: overload: 'usl' has not two numbers σ,κ"),
        ("overload=usl:1,-1", "--server: overload: 'usl:1,-1' has not two numbers σ,κ"),
        ("overload=slow:1", "--server: overload: there is no 'slow:1'; did you mean slow?"),
        ("seed=x", "--server: seed: found 'x'; write a whole number"),
    ],
)
def test_wrong_texts(text, said):
    """What is wrong with a server's text is said in one line, with the remedy."""
    with pytest.raises(UsageError) as caught:
        parse_server(text)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


NS = st.integers(0, 10**16)


@given(
    st.builds(
        Server,
        capacity=st.none() | st.integers(1, 10**9),
        latency_ns=NS,
        reject_latency_ns=NS,
        jitter_ns=NS,
        fail_rate=st.floats(0, 1),
        seed=st.integers(-(10**18) + 1, 10**18 - 1),
    )
    | st.builds(Server, overload=st.just(Overload.USL), sigma=st.floats(0, 1000), kappa=st.floats(0, 1000))
    | SERVERS
)
def test_what_a_server_is_called_can_be_read(server):
    """The text of a server is the option that makes it."""
    assert (parse_server(str(server)) if str(server) else Server()) == server


@given(
    st.text(max_size=30) | st.lists(st.sampled_from([*SERVER_ALLOWED, "=", "8", "1ms", "slow", " ", ","])).map("".join)
)
def test_any_text_is_a_server_or_a_usage_error(text):
    """No text makes anything else happen."""
    try:
        server = parse_server(text)
    except UsageError as error:
        (problem,) = error.problems
        assert problem.where.startswith("--server")
        assert problem.instead
    else:
        assert isinstance(server, Server)
