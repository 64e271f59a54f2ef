"""Latencies of requests: counted as requests end, in little memory, and added up over the parts of a resumed run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from math import frexp, ldexp
from typing import Any

from ..text.stamp import stamp
from .retry import Clock

_STEPS = 16
"""Buckets per power of two: a percentile is at most 6 % too long."""

_SLOTS = 60
"""Time slots kept; with more, the slots become twice as long."""


class Latencies:
    """Histograms of milliseconds, in total and by interval. ``clock`` is in seconds."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._epoch = time.time() - clock()
        self._width = 1.0
        self._slots: dict[int, Counter[int]] = {}
        self._longest: dict[int, float] = {}

    def add(self, ended: float, seconds: float) -> None:
        """Count a request of this duration that ended at this time of the clock."""
        slot = int(ended / self._width)
        counts = self._slots.get(slot)
        if counts is None:
            counts = self._open(slot)
            slot = int(ended / self._width)
        counts[_bucket(seconds * 1000)] += 1
        if seconds > self._longest[slot]:
            self._longest[slot] = seconds

    def _open(self, slot: int) -> Counter[int]:
        self._slots[slot], self._longest[slot] = Counter(), 0.0
        while max(self._slots) - min(self._slots) >= _SLOTS:
            merged: dict[int, Counter[int]] = {}
            longest: dict[int, float] = {}
            for old, counts in self._slots.items():
                merged.setdefault(old // 2, Counter()).update(counts)
                longest[old // 2] = max(longest.get(old // 2, 0.0), self._longest[old])
            self._slots, self._longest, self._width, slot = merged, longest, self._width * 2, slot // 2
        return self._slots[slot]

    def facts(self, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """For ``summary.json``; ``before`` are the facts of the earlier part of a resumed run.

        ``requests``, ``p50_ms``, ``p95_ms``, ``max_ms``; ``histogram`` (upper bound in milliseconds → requests); and
        ``over_time``, the same numbers of each stretch, in this part of the run. Empty where nothing was counted.
        """
        before = before or {}
        whole = sum(self._slots.values(), Counter[int]())
        if not whole:
            return dict(before)
        whole.update({_bucket_below(float(bound)): number for bound, number in before.get("histogram", {}).items()})
        longest = max(*self._longest.values(), before.get("max_ms", 0.0) / 1000)
        return {
            **_numbers(whole, longest),
            "histogram": {f"{_upper(bucket):.5g}": whole[bucket] for bucket in sorted(whole)},
            "over_time": list(self._over_time()),
        }

    def _over_time(self) -> Iterator[dict[str, Any]]:
        for slot in sorted(self._slots):
            began = datetime.fromtimestamp(self._epoch + slot * self._width, UTC)
            yield {"at": stamp(began), "seconds": self._width, **_numbers(self._slots[slot], self._longest[slot])}


def _numbers(counts: Counter[int], longest: float) -> dict[str, Any]:
    most = longest * 1000
    return {
        "requests": counts.total(),
        "p50_ms": round(min(_percentile(counts, 0.50), most), 3),
        "p95_ms": round(min(_percentile(counts, 0.95), most), 3),
        "max_ms": round(most, 3),
    }


def _percentile(counts: Counter[int], share: float) -> float:
    """Return the milliseconds within which this share of the requests ended."""
    left = share * counts.total()
    for bucket in sorted(counts):
        left -= counts[bucket]
        if left <= 0:
            break
    return _upper(bucket)


def _bucket(milliseconds: float) -> int:
    fraction, exponent = frexp(milliseconds)
    return exponent * _STEPS + int(fraction * 2 * _STEPS) - _STEPS


def _upper(bucket: int) -> float:
    exponent, step = divmod(bucket, _STEPS)
    return ldexp((step + _STEPS + 1) / (2 * _STEPS), exponent)


def _bucket_below(bound: float) -> int:
    """Return the bucket with this upper bound, which may have been rounded."""
    return _bucket(bound * (1 - 0.25 / _STEPS))
