"""The tests that take longest: ``pytest`` leaves them out, unless it is given paths; ``pytest -m slow`` runs them.

Their list is measured: ``pytest -m "not long" --list-slow`` runs all tests, and writes it anew.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

LIST = Path(__file__).parents[1] / "slow.txt"

SLOW = 0.7
"""Seconds, per case, of a function that goes on the list. A case is quicker where the tests run alone."""


def function(nodeid: str) -> str:
    """The test function of a case."""
    return nodeid.split("[", 1)[0]


def mark(items: list[pytest.Item]) -> None:
    """Mark the tests of the list."""
    slow = set(LIST.read_text(encoding="utf-8").split())
    for item in items:
        if function(item.nodeid) in slow:
            item.add_marker(pytest.mark.slow)


class Measured:
    """Writes the list at the end of a run of all tests."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add what one step of a case took."""
        self._seconds[function(report.nodeid)][report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write the list."""
        slow = [name for name, cases in self._seconds.items() if sum(cases.values()) >= SLOW * len(cases)]
        LIST.write_text("".join(f"{name}\n" for name in sorted(slow)), encoding="utf-8")
