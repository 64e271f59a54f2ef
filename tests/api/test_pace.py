"""The gate, in a time of its own: it passes only while everybody waits, and then at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

from dialler_sync.api import pace
from dialler_sync.api.pace import Gate
from dialler_sync.errors import (
    DiallerUnavailable,
    Interrupted,
    MaybeDone,
    NotDone,
    Refused,
    RequestError,
    SafetyLimit,
    StopRun,
)

from ..helpers.own_time import OwnTime, now

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": OwnTime}


def gate(concurrency: int = 8, **settings: Any) -> Gate:
    return Gate(concurrency, clock=now, **{"say": lambda _: None, **settings})


DOWN = NotDone("unavailable", "HTTP 503")
GONE = NotDone("unreachable", "refused")
ERROR = MaybeDone("server_error", "HTTP 500")
REFUSED = Refused("bad_request", "Name is missing", http_status=400)


async def pass_through(gate: Gate, *, seconds: float = 0.02, error: RequestError | None = None) -> float:
    """One request of this length; gives the time at which it went through."""
    await gate.enter()
    entered = now()
    await asyncio.sleep(seconds)
    gate.leave(error, seconds)
    return entered


async def opened(gate: Gate) -> Gate:
    """The gate after its first success."""
    await pass_through(gate)
    return gate


async def settle() -> None:
    """Let everybody go on who can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def most_in_flight(gate: Gate, requests: int = 100) -> int:
    """How many of many requests are in flight at once."""
    most = 0

    async def request() -> None:
        nonlocal most
        await gate.enter()
        most = max(most, gate.in_flight)
        await asyncio.sleep(0.02)
        gate.leave(None, 0.02)

    await asyncio.gather(*(request() for _ in range(requests)))
    return most


# Opening


async def test_first_request_goes_alone() -> None:
    """A wrong token costs one row: all others wait until the first has succeeded."""
    it = gate()
    await it.enter()
    waiting = [asyncio.create_task(pass_through(it)) for _ in range(20)]
    await settle()

    assert it.in_flight == 1
    it.leave(None, 0.02)
    await settle()
    assert it.in_flight == 8
    await asyncio.gather(*waiting)


async def test_first_refusal_opens_to_the_next_one_only() -> None:
    """Refused rows are no proof that rows are welcome; but they close nothing either."""
    it = gate()
    await it.enter()
    waiting = [asyncio.create_task(pass_through(it, error=REFUSED)) for _ in range(20)]
    await settle()
    it.leave(REFUSED, 0.02)
    await settle()

    assert it.in_flight == 2
    assert not it.opened
    await asyncio.gather(*waiting)
    assert it.limit > 4


async def test_refusal_that_stops_the_run_costs_one_row() -> None:
    """Who is told of a wrong token stops the gate at once: nobody slips through who was let in just before."""
    it = gate()
    await it.enter()
    waiting = [asyncio.create_task(pass_through(it)) for _ in range(20)]
    await settle()
    it.leave(REFUSED, 0.02)
    it.stop(Interrupted("stop"))
    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(result) for result in results} == {Interrupted}
    assert it.in_flight == 0


@pytest.mark.parametrize("concurrency", [1, 2, 8, 100])
async def test_never_more_than_concurrency(concurrency: int) -> None:
    """The setting is a promise, and it is used up."""
    it = await opened(gate(concurrency))

    assert await most_in_flight(it, 5 * concurrency) == concurrency
    assert it.in_flight == 0


async def test_try_enter_is_enter_where_nobody_waits() -> None:
    """The short way takes places as the long one does, and overtakes nobody."""
    it = await opened(gate(2))

    assert [it.try_enter() for _ in range(3)] == [True, True, False]
    waiting = asyncio.create_task(pass_through(it))
    await settle()
    it.abandon()
    assert not it.try_enter()
    await waiting
    it.abandon()
    assert it.in_flight == 0


async def test_first_come_first_served() -> None:
    """Nobody waits for ever."""
    it = await opened(gate(1))
    order: list[int] = []

    async def request(number: int) -> None:
        await pass_through(it)
        order.append(number)

    await asyncio.gather(*(request(number) for number in range(20)))
    assert order == list(range(20))


async def test_nobody_overtakes_who_waits_for_the_time() -> None:
    """A place that is due belongs to the first in the queue, also while the timer is late."""
    it = await opened(gate(8, rate=1))
    waiting = asyncio.create_task(pass_through(it))
    await settle()
    asyncio.get_running_loop()._selector_with_time.passed += 5  # type: ignore[attr-defined]

    assert not it.try_enter()
    await waiting


# Narrowing and widening


@pytest.mark.parametrize("error", [DOWN, ERROR, MaybeDone("timeout", "")])
async def test_failure_halves_the_gate_once_in_an_answer_time(error: RequestError) -> None:
    """A dialler that refuses for load is asked half as much; a burst of failures counts once."""
    it = await opened(gate(64, give_up_after=1000))
    for _ in range(5):
        assert it.try_enter()
    for _ in range(5):
        it.leave(error, 0.02)

    assert it.limit == 32
    await asyncio.sleep(1)
    await pass_through(it, error=error)
    assert it.limit == 16


async def test_gate_widens_again_up_to_the_setting() -> None:
    """Additive increase: about one place more for each round of answers."""
    it = await opened(gate(16))
    await pass_through(it, error=DOWN)
    assert it.limit == 8
    for _ in range(8):
        await pass_through(it)
    assert 8.9 < it.limit < 9.1

    for _ in range(200):
        await pass_through(it)
    assert it.limit == 16


async def test_slow_answers_narrow_the_gate() -> None:
    """A dialler that has slowed to many times its answer time is asked less, and more when it is quick again."""
    it = await opened(gate(32))
    for _ in range(50):
        await pass_through(it, seconds=0.05)
    assert it.limit == 32

    for _ in range(50):
        await pass_through(it, seconds=2.0)
    assert it.limit < 8
    for _ in range(1000):
        await pass_through(it, seconds=0.05)
    assert it.limit == 32


async def test_answers_that_are_a_little_slower_narrow_nothing() -> None:
    """Ten times nothing is nothing: a few hundred milliseconds are no sign of load."""
    it = await opened(gate(32))
    for _ in range(50):
        await pass_through(it, seconds=0.002)
    for _ in range(50):
        await pass_through(it, seconds=0.4)

    assert it.limit == 32


async def test_gate_never_closes_wholly_by_narrowing() -> None:
    """One request may always be tried."""
    it = await opened(gate(4, give_up_after=10_000))
    for _ in range(30):
        await pass_through(it, error=DOWN)
        await asyncio.sleep(20)

    assert it.limit == 1
    await pass_through(it)


# Rate


@pytest.mark.parametrize(("rate", "requests"), [(0.5, 5), (1, 10), (10, 50), (200, 400), (5000, 2000)])
async def test_rate_is_kept(rate: float, requests: int) -> None:
    """No second sees more requests than the rate, and no more time passes than it asks for."""
    it = await opened(gate(1000, rate=rate))
    await asyncio.sleep(2 / rate)
    times = sorted(await asyncio.gather(*(pass_through(it, seconds=0.001) for _ in range(requests))))

    assert times[-1] - times[0] == pytest.approx((requests - 1) / rate, rel=0.01, abs=2 * pace.LATE)
    spacing = [later - earlier for earlier, later in pairwise(times)]
    assert min(spacing) >= min(1 / rate - pace.LATE - 1e-6, 0)
    window = max(1.0, 1 / rate)
    for start in times:
        assert sum(start <= time < start + window for time in times) <= rate * window + 1 + pace.LATE * rate


async def test_rate_saves_nothing_up() -> None:
    """After a pause there is no burst."""
    it = await opened(gate(8, rate=10))
    await asyncio.sleep(60)
    times = sorted(await asyncio.gather(*(pass_through(it, seconds=0) for _ in range(5))))

    assert times[1] - times[0] >= 0.09
    assert times[-1] - times[0] == pytest.approx(0.4, abs=0.02)


# The breaker


class Outage:
    """A dialler that is away from ``start`` to ``end``; ``asked`` are the times at which it was tried."""

    def __init__(self, start: float, end: float, error: RequestError = DOWN) -> None:
        self.start, self.end, self.error = now() + start, now() + end, error
        self.asked: list[float] = []

    async def request(self, gate: Gate) -> None:
        await gate.enter()
        entered = now()
        if self.start <= entered < self.end:
            self.asked.append(entered)
        await asyncio.sleep(0.02)
        gate.leave(self.error if self.start <= entered < self.end else None, 0.02)


async def work(gate: Gate, request: Callable[[Gate], Awaitable[None]], seconds: float, workers: int = 16) -> None:
    """Requests without a break, for this long."""
    end = now() + seconds

    async def worker() -> None:
        while now() < end:
            await request(gate)

    await asyncio.gather(*(worker() for _ in range(workers)))


async def test_breaker_opens_and_closes() -> None:
    """While the dialler is away it is probed with one row at a time, ever more rarely; then work goes on."""
    said: list[str] = []
    it = gate(16, say=said.append)
    outage = Outage(5, 65)
    await work(it, outage.request, 100)

    assert said == ["the dialler is down (HTTP 503); trying for 300 s more", "the dialler answers again"]
    assert len(outage.asked) < 16 + 10 + 15  # those in flight, those in a row, and the probes
    probes = [time for time in outage.asked if time > outage.start + 1]
    pauses = [later - earlier for earlier, later in pairwise(probes)]
    assert min(pauses) > 0.1
    assert 5 <= max(pauses) <= pace.LONGEST_PROBE_PAUSE + 0.05
    assert it.last_success > outage.end
    assert it.limit == 16


async def test_answer_that_is_read_late_does_not_show_that_the_dialler_is_there() -> None:
    """What counts is when its request was sent."""
    it = await opened(gate())
    before = it.last_success
    await asyncio.sleep(5)
    away = now()
    assert it.try_enter()
    assert it.try_enter()
    it.leave(DOWN, 0.02)
    it.leave(None, 0.03)

    assert before < it.last_success < away


async def test_requests_in_flight_when_the_breaker_opens_are_no_probes() -> None:
    """A hundred failures at once do not make the first pause the longest."""
    it = await opened(gate(100))
    for _ in range(100):
        assert it.try_enter()
    for _ in range(100):
        it.leave(DOWN, 0.02)
    started = now()
    await it.enter()

    assert now() - started <= 0.5


async def test_only_one_probe_at_a_time() -> None:
    """A dialler that comes to itself is not met by everybody at once."""
    it = await opened(gate(8, give_up_after=1000))
    for _ in range(pace.FAILURES_TO_OPEN):
        await pass_through(it, error=DOWN)
    waiting = [asyncio.create_task(pass_through(it, seconds=5)) for _ in range(8)]
    await asyncio.sleep(4)

    assert it.in_flight == 1
    await asyncio.gather(*waiting)


async def test_what_asks_as_a_probe_goes_first_while_the_breaker_is_open() -> None:
    """And not otherwise: else lookups would hold up what came before them."""
    gate_ = await opened(gate(1))
    order: list[str] = []

    async def ask(name: str, *, as_probe: bool) -> None:
        await gate_.enter(as_probe=as_probe)
        order.append(name)
        gate_.leave(None, 0.01)

    async def both() -> None:
        waiting = [
            asyncio.create_task(ask("import", as_probe=False)),
            asyncio.create_task(ask("lookup", as_probe=True)),
        ]
        await asyncio.gather(*waiting)

    await gate_.enter()
    waiting = asyncio.create_task(both())
    await settle()
    gate_.leave(None, 0.01)
    await waiting
    assert order == ["import", "lookup"]
    assert not gate_.is_probing
    for _ in range(pace.FAILURES_TO_OPEN):
        await pass_through(gate_, error=DOWN)
    assert gate_.is_probing
    await both()

    assert order[2:] == ["lookup", "import"]
    assert not gate_.is_probing


@pytest.mark.parametrize(("error", "failures"), [(DOWN, 10), (ERROR, 10), (GONE, 3)])
async def test_breaker_opens_after_failures_in_a_row(error: RequestError, failures: int) -> None:
    """Where no connection can be made three are enough; a row that always fails opens nothing by itself."""
    it = await opened(gate(8))
    for _ in range(failures - 1):
        await pass_through(it, error=error)
    await pass_through(it)
    for _ in range(failures - 1):
        await pass_through(it, error=error)
    await it.enter()

    it.leave(error, 0.02)
    await asyncio.sleep(pace.LONGEST_GAP)
    assert not it.try_enter()


async def test_refusals_close_nothing() -> None:
    """A dialler that refuses every row is up."""
    it = await opened(gate(8))
    for _ in range(1000):
        await pass_through(it, error=REFUSED)

    assert (it.limit, it.stopped, it.try_enter()) == (8, None, True)


async def test_retry_after_is_the_least_pause() -> None:
    """A probe comes no sooner than the dialler asked for; ``Retry-After: 0`` is no leave to hammer."""
    for asked, least, longest in ((120.0, 120.0, 121.0), (0.0, 0.1, 0.3)):
        it = await opened(gate(1))
        for _ in range(pace.FAILURES_TO_OPEN):
            await pass_through(it, error=NotDone("unavailable", "", retry_after=asked))
        left = now()
        await it.enter()
        assert least <= now() - left <= longest


async def test_budget_pauses_a_dialler_that_fails_more_than_it_serves() -> None:
    """Repeats are bounded for the run as a whole: failures that are never ten in a row end in a pause, too."""
    it = await opened(gate(4, give_up_after=10_000))
    for _ in range(49):
        for error in (ERROR, ERROR, ERROR, None):
            assert it.try_enter()
            it.leave(error, 0.02)
    for _ in range(2):
        assert it.try_enter()
        it.leave(ERROR, 0.02)

    assert not it.try_enter()
    await pass_through(it)
    assert it.try_enter()


async def test_rate_limit_of_the_dialler_is_kept_to_by_and_by() -> None:
    """Nearly as many requests as it takes, and few that it turns away."""
    it = await opened(gate(16))
    took, allowed_at, turned_away = 0, now(), 0

    async def request(gate: Gate) -> None:
        nonlocal took, allowed_at, turned_away
        await gate.enter()
        await asyncio.sleep(0.002)
        late = now() >= allowed_at
        took, turned_away = took + late, turned_away + (not late)
        allowed_at = max(allowed_at, now() - 0.2) + 1 / 30 if late else allowed_at  # 30 a second, and 6 at once
        gate.leave(None if late else NotDone("rate_limited", "HTTP 429"), 0.002)

    await work(it, request, 60)

    assert took > 0.8 * 30 * 60
    assert turned_away < 0.5 * took


async def test_few_that_are_turned_away_slow_nothing_for_long() -> None:
    """After one refusal for load a second of successes is as quick as ever."""
    it = await opened(gate(4))
    await pass_through(it, error=DOWN)
    for _ in range(20):
        await pass_through(it)

    assert it.limit == 4
    assert all(it.try_enter() for _ in range(4))


# Giving up


@pytest.mark.parametrize("error", [DOWN, GONE, ERROR])
async def test_gives_up(error: RequestError) -> None:
    """A dialler that stays away ends the run, and everybody who waits is told why."""
    it = gate(16, give_up_after=300, patience_at_start=30)
    await pass_through(it)
    outage = Outage(0, 10_000, error)
    results = await asyncio.gather(*(work(it, outage.request, 10_000, 1) for _ in range(16)), return_exceptions=True)

    assert {type(result) for result in results} == {DiallerUnavailable}
    assert str(it.stopped) == f"the dialler has kept failing for 300 s: {error}"
    assert outage.asked[-1] - outage.start == pytest.approx(300, abs=0.1)
    assert it.in_flight == 0


async def test_dialler_that_never_answered_is_given_less_time() -> None:
    """A wrong address does not look like a long night."""
    it = gate(16, give_up_after=300, patience_at_start=30)
    outage = Outage(0, 10_000, GONE)
    with pytest.raises(DiallerUnavailable, match="has kept failing for 30 s: refused"):
        await work(it, outage.request, 10_000, 1)

    assert outage.asked[-1] - outage.start == pytest.approx(30, abs=0.1)


async def test_success_in_between_starts_the_time_anew() -> None:
    """Two outages of 200 seconds are not one of 400."""
    it = gate(4)
    first, second = Outage(1, 201), Outage(205, 405)

    async def request(gate: Gate) -> None:
        await (first if now() < second.start else second).request(gate)

    await work(it, request, 500, 4)
    assert it.stopped is None
    assert len(second.asked) > 10


async def test_no_patience_at_all() -> None:
    """``give_up_after: 0`` stops at the first failure."""
    it = await opened(gate(4, give_up_after=0))
    await pass_through(it, error=DOWN)

    assert isinstance(it.stopped, DiallerUnavailable)


async def test_dialler_that_is_away_for_days() -> None:
    """A pause can be calculated however many probes there were."""
    it = await opened(gate(1, give_up_after=2 * 86_400))
    outage = Outage(0, 3 * 86_400)
    with pytest.raises(DiallerUnavailable):
        await work(it, outage.request, 3 * 86_400, 1)

    assert len(outage.asked) > 10_000


# Stopping


async def test_stop_wakes_everybody_with_the_reason() -> None:
    """Those who wait for a place, and those who rest, are told at once; those in flight end."""
    it = await opened(gate(1))
    await it.enter()
    waiting = [asyncio.create_task(it.enter()) for _ in range(5)]
    waiting += [asyncio.create_task(it.rest(10_000)) for _ in range(5)]
    await settle()
    reason, started = SafetyLimit("enough"), now()
    it.stop(reason)
    it.stop(Interrupted("later"))
    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert results == [reason] * 10
    assert (it.stopped, now()) == (reason, started)
    assert not it.try_enter()
    with pytest.raises(SafetyLimit):
        await it.enter()
    with pytest.raises(SafetyLimit):
        await it.rest(1)
    it.leave(None, 0.02)
    assert it.in_flight == 0


async def test_rest_takes_its_time() -> None:
    """Without a stop, a rest is a rest."""
    it = gate()
    started = now()
    await it.rest(12.5)

    assert now() - started == pytest.approx(12.5)


def test_gate_may_be_stopped_before_there_is_a_loop() -> None:
    """A signal may come early."""
    it = Gate(4)
    it.stop(Interrupted("early"))

    assert not it.try_enter()


# Losing nothing


async def test_cancelled_waiter_loses_no_place() -> None:
    """Cancelled while it waits, and cancelled when it had just been given a place."""
    it = await opened(gate(1))
    await it.enter()
    first, second, third = (asyncio.create_task(it.enter()) for _ in range(3))
    await settle()
    first.cancel()
    await settle()
    it.leave(None, 0.02)  # gives the place to the second, which does not know yet
    second.cancel()
    await settle()

    assert [task.cancelled() for task in (first, second)] == [True, True]
    assert third.done()
    assert it.in_flight == 1
    it.abandon()
    assert it.in_flight == 0


async def test_cancelled_while_the_run_is_stopped() -> None:
    """Both at once: the place was never given, so it is not given back either."""
    it = await opened(gate(1))
    await it.enter()
    waiting = asyncio.create_task(it.enter())
    await settle()
    it.stop(Interrupted("stop"))
    waiting.cancel()
    with suppress(asyncio.CancelledError, Interrupted):
        await waiting
    it.leave(None, 0.02)

    assert it.in_flight == 0


@pytest.mark.parametrize("looks", range(1, 9))
async def test_time_that_passes_between_two_looks_locks_nobody_out(looks: int) -> None:
    """A place whose time comes just between two looks at the clock is taken all the same."""
    looked = 0

    def clock() -> float:
        nonlocal looked
        looked += 1
        return now() + (looked > looks)

    it = Gate(1, rate=10.0, clock=clock)
    for _ in range(2):
        await it.enter()
        it.leave(None, 0.01)

    assert it.in_flight == 0


async def test_abandoned_request_wakes_the_next() -> None:
    """A request that was cancelled in flight says nothing about the dialler, and its place is free."""
    it = await opened(gate(1))
    await it.enter()
    waiting = asyncio.create_task(pass_through(it))
    await settle()
    limit = it.limit
    it.abandon()
    await waiting

    assert it.limit == limit


async def test_abandoned_probe_lets_the_next_one_through() -> None:
    """A breaker does not stay open because its probe was cancelled."""
    it = await opened(gate(4))
    for _ in range(pace.FAILURES_TO_OPEN):
        await pass_through(it, error=DOWN)
    await it.enter()
    waiting = asyncio.create_task(pass_through(it))
    await settle()
    it.abandon()
    await waiting
    await asyncio.sleep(pace.LONGEST_GAP)

    assert it.try_enter()


@pytest.mark.parametrize("seed", range(60))
async def test_storm(seed: int) -> None:
    """Whatever happens in whatever order: never more in flight than allowed, no place lost, nobody left behind."""
    chance = random.Random(seed)
    concurrency = chance.choice([1, 2, 5, 20])
    rate = chance.choice([0, 0, 50])
    it = gate(concurrency, rate=rate, give_up_after=100_000)
    inside = 0

    async def request() -> None:
        nonlocal inside
        await asyncio.sleep(chance.random())
        await it.enter()
        inside += 1
        assert inside <= it.in_flight <= concurrency
        try:
            await asyncio.sleep(chance.random() ** 4)
        except asyncio.CancelledError:
            inside -= 1
            it.abandon()
            raise
        inside -= 1
        outcome = chance.choices([None, REFUSED, DOWN, ERROR, GONE], [60, 10, 10, 10, 10])[0]
        it.leave(outcome, chance.random())

    async def canceller(tasks: list[asyncio.Task[None]]) -> None:
        for task in chance.sample(tasks, len(tasks) // 4):
            await asyncio.sleep(chance.random() * 0.05)
            task.cancel()

    tasks = [asyncio.create_task(request()) for _ in range(200)]
    stopping = seed % 3 == 0
    if stopping:
        asyncio.get_running_loop().call_later(chance.random() * 20, it.stop, Interrupted("stop"))
    await canceller(tasks)
    results = await asyncio.gather(*tasks, return_exceptions=True)

    unexpected = [r for r in results if r is not None and not isinstance(r, (asyncio.CancelledError, StopRun))]
    assert unexpected == []
    assert it.in_flight == inside == 0
    if not stopping:
        await asyncio.sleep(20)
        assert await most_in_flight(it, 3 * concurrency) <= concurrency
