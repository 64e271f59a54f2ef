"""How long requests took: close to the truth, in little memory, over all parts of a run."""

from __future__ import annotations

import json
import random
from statistics import quantiles

import pytest

from dialler_sync.api.latency import Latencies


def test_percentiles_are_close_and_never_too_good() -> None:
    """Of any times, p50 and p95 are told up to 7 % too long and never too short; the longest is exact."""
    draw = random.Random(7)
    times = [draw.lognormvariate(-4, 1.5) for _ in range(5_000)]
    latencies = Latencies()
    for n, seconds in enumerate(times):
        latencies.add(n / 100, seconds)

    facts = latencies.facts()

    cuts = quantiles(times, n=100)
    assert cuts[49] * 1000 * 0.99 <= facts["p50_ms"] <= cuts[49] * 1000 * 1.07
    assert cuts[94] * 1000 * 0.99 <= facts["p95_ms"] <= cuts[94] * 1000 * 1.07
    assert facts["max_ms"] == pytest.approx(max(times) * 1000, abs=0.001)
    assert facts["requests"] == sum(facts["histogram"].values()) == 5_000


def test_a_night_takes_no_more_room_than_a_minute() -> None:
    """Stretches of time grow, and every request stays in one of them."""
    latencies = Latencies()
    for second in range(0, 40_000, 7):
        latencies.add(1_000_000 + second, 0.02)

    stretches = latencies.facts()["over_time"]

    assert 30 <= len(stretches) <= 60
    assert sum(stretch["requests"] for stretch in stretches) == len(range(0, 40_000, 7))
    assert len({stretch["seconds"] for stretch in stretches}) == 1


def test_what_an_interrupted_part_counted_is_kept() -> None:
    """A resumed run tells of all its requests, also after its summary has been through JSON."""
    first, second = Latencies(), Latencies()
    for _ in range(90):
        first.add(1.0, 0.010)
    second.add(1.0, 0.010)
    for _ in range(9):
        second.add(1.0, 3.0)
    before = json.loads(json.dumps(first.facts()))

    both = second.facts(before)

    assert both["requests"] == 100
    assert len(both["histogram"]) == 2
    assert (both["p50_ms"], both["max_ms"]) == (pytest.approx(10, rel=0.07), 3000)
    assert Latencies().facts(before) == before
