"""``--since``: what may be written there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialler_sync.call_lists.since import Since, since
from dialler_sync.contacts.call_records import Call
from dialler_sync.errors import UsageError
from dialler_sync.journal import Journal

from ...helpers.records import RUN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, Since()),
        ("last", Since(last=True)),
        ("2026-01-31", Since(datetime(2026, 1, 31).astimezone(UTC))),
        ("31.01.2026", Since(datetime(2026, 1, 31).astimezone(UTC))),
        ("20260131", Since(datetime(2026, 1, 31).astimezone(UTC))),
        ("2026-01-31T18:00Z", Since(datetime(2026, 1, 31, 18, tzinfo=UTC))),
        ("2026-01-31T18:00+02:00", Since(datetime(2026, 1, 31, 16, tzinfo=UTC))),
    ],
)
def test_what_stands_for_a_time(text: str | None, expected: Since, tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        assert since(text, journal) == expected


def test_a_run_stands_for_its_start(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.add_run(RUN)

        assert since(RUN.id, journal) == Since(datetime.fromisoformat(RUN.started_at))


@pytest.mark.parametrize("text", ["yesterday", "2026-13-31", "18:00", "20260131-120000-abcdef"])
def test_what_does_not(text: str, tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal, pytest.raises(UsageError, match="must be 'last', a date"):
        since(text, journal)


@pytest.mark.parametrize(("seconds", "wanted"), [(-1, False), (0, True), (1, True)])
def test_calls_from_a_time_on_are_wanted(seconds: int, wanted: bool) -> None:
    begin = datetime(2026, 1, 31, 18, tzinfo=UTC)
    start = f"{begin + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}Z"

    assert Since(begin).wants(Call.read({"ID": 1, "dtCallStart": start})) is wanted
