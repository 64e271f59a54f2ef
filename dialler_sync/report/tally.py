"""Count rows by sending time and by number of tries, in one pass and little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..model import RowResult, Status

_FINEST = 4_096
"""Most time slots kept; beyond that, slots double in length."""

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)
"""Possible widths of a chart's column in seconds; longer ones are whole days."""

MANY_TRIES = 6
"""Number of tries from which rows are counted together."""


@dataclass(frozen=True, slots=True)
class Course:
    """Rows over time: column *n* counts rows sent in ``step`` seconds from ``start + n * step`` (seconds since 1970,
    UTC)."""

    start: int
    step: int
    good: Sequence[int]
    bad: Sequence[int]


class Tally:
    """Count sent rows, by the time of their last try and by their tries."""

    def __init__(self) -> None:
        self._width = 1
        self._slots: dict[int, list[int]] = {}
        self._tries: Counter[int] = Counter()

    def add(self, result: RowResult) -> None:
        """Count the row if it was sent."""
        if not result.sent_at:
            return
        self._tries[min(max(result.attempts, 1), MANY_TRIES)] += 1
        slot = int(datetime.fromisoformat(result.sent_at).timestamp()) // self._width
        counts = self._slots.setdefault(slot, [0, 0])
        counts[result.status is not Status.SUCCEEDED] += 1
        if len(self._slots) > _FINEST:
            self._widen()

    def tries(self) -> list[tuple[int, int]]:
        """Return (tries, rows), the fewest tries first; the last entry may stand for ``MANY_TRIES`` and more."""
        return sorted(self._tries.items())

    def course(self, columns: int = 60) -> Course | None:
        """Return rows over time in at most ``columns`` columns, None if nothing was sent."""
        if not self._slots:
            return None
        first, last = min(self._slots) * self._width, max(self._slots) * self._width
        days = -(-(last - first + 1) // (86_400 * (columns - 1))) * 86_400
        fits = (step for step in _STEPS if step >= self._width and last // step - first // step < columns)
        step = next(fits, days)
        start = first // step
        good, bad = ([0] * (last // step - start + 1) for _ in range(2))
        for slot, (done, not_done) in self._slots.items():
            place = slot * self._width // step - start
            good[place] += done
            bad[place] += not_done
        return Course(start * step, step, good, bad)

    def _widen(self) -> None:
        self._width *= 2
        merged: dict[int, list[int]] = {}
        for slot, counts in self._slots.items():
            into = merged.setdefault(slot // 2, [0, 0])
            into[0] += counts[0]
            into[1] += counts[1]
        self._slots = merged
