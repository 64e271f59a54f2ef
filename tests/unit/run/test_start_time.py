"""A run begins after every earlier one, whatever the clock says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.jobs.history import prunable
from dialler_sync.journal import Journal
from dialler_sync.run.start_time import start_time

from ...helpers.records import RUN

NOW = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def begun(journal: Journal, at: datetime, command: str = "import") -> None:
    journal.add_run(replace(RUN, command=command, started_at=at.isoformat(timespec="milliseconds")[:-6] + "Z"))


@pytest.mark.parametrize("command", ["import", "plan"])
def test_by_the_clock(command: str, journal: Journal) -> None:
    """In an empty journal, after an older run, and where the newer run sent nothing or this one sends nothing."""
    assert start_time(journal, command, NOW) == NOW
    begun(journal, NOW + timedelta(hours=2), "validate" if command == "import" else "import")
    assert start_time(journal, command, NOW) == NOW


@pytest.mark.parametrize(("ahead", "told"), [(timedelta(0), 0), (timedelta(seconds=5), 0), (timedelta(hours=2), 1)])
def test_a_clock_that_was_set_back(
    ahead: timedelta, told: int, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    begun(journal, NOW + ahead)

    assert start_time(journal, "import", NOW) == NOW + ahead + timedelta(milliseconds=1)
    assert len(caplog.records) == told


def test_a_run_far_ahead(journal: Journal) -> None:
    """It is named, and with it the command that forgets it."""
    begun(journal, datetime(2099, 1, 1, tzinfo=UTC))

    with pytest.raises(
        UsageError, match=r"began at 2099.* says 2026-01-02.*runs prune --older-than 3650d --unfinished --ahead"
    ):
        start_time(journal, "import", NOW)
    assert len(prunable(journal, NOW - timedelta(days=3650), unfinished=True, ahead=True)) == 1


def test_no_run_is_pruned_because_the_clock_was_set_back(journal: Journal) -> None:
    """To a clock that has lost its time every run is far ahead; all were pruned, with what an undo needs."""
    begun(journal, datetime.now(UTC) + timedelta(days=4000))

    assert prunable(journal, datetime.now(UTC) - timedelta(days=90), unfinished=True) == []


@pytest.mark.parametrize("year", [1970, 1960, 9999])
def test_a_clock_that_no_journal_can_hold(year: int, journal: Journal) -> None:
    with pytest.raises(UsageError, match=f"clock says {year}-01-01"):
        start_time(journal, "plan", datetime(year, 1, 1, tzinfo=UTC))
