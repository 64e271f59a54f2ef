"""Rows that were last sent as they are now are settled before they are written down."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from dialler_sync.journal import Journal, Outcome, PlannedRow, RunRecord
from dialler_sync.model import Status
from dialler_sync.plan.suppress import SuppressionList, SuppressionLists
from dialler_sync.plan.unchanged import Unchanged

TARGET = "campaign"


@pytest.fixture
def journal() -> Iterator[Journal]:
    """A journal that knows what was sent for A, B and C."""
    with Journal.open(":memory:") as journal:
        run = RunRecord("run-1", "import", TARGET, "", "", "", {}, {}, "2026-01-01T00:00:00Z", state="finished")
        journal.add_run(run)
        journal.add_rows(run.id, [PlannedRow(n, 0, n, key, f"p-{key}") for n, key in enumerate("ABC")])
        journal.record(run.id, [Outcome(n, Status.SUCCEEDED, contact_id=f"c{n}", sent_at="now") for n in range(3)])
        journal.take_in(TARGET)
        yield journal


def test_rows_that_were_last_sent_just_so_are_settled(journal: Journal) -> None:
    """With what is known of them; those that are new, changed, rejected or without a key stay as they are."""
    rows = [
        PlannedRow(0, 0, 2, "NEW", "p-A"),
        PlannedRow(1, 0, 3, "B", "p-B"),
        PlannedRow(2, 1, 2, "C", "changed"),
        PlannedRow(3, 1, 3, "A", "", Status.REJECTED),
        PlannedRow(4, 1, 4, "", "p-A"),
    ]
    before = [*rows]

    Unchanged(journal, TARGET, SuppressionLists())(rows, [b"{}"] * 5)

    assert [n for n in range(5) if rows[n] != before[n]] == [1]
    assert rows[1] == before[1]._replace(
        state="skipped", action="unchanged", contact_id="c1", error="sent as it is on now"
    )


def test_suppressed_rows_stay(journal: Journal) -> None:
    """It is to be said of them that they are, whether or not they have changed."""
    rows = [PlannedRow(0, 0, 2, "A", "p-A"), PlannedRow(1, 0, 3, "B", "p-B")]
    suppressed = SuppressionLists((SuppressionList("user_data", frozenset({"A"}), "stop.csv"),))

    Unchanged(journal, TARGET, suppressed)(rows, [orjson.dumps({"UserData": key}) for key in "AB"])

    assert [row.state for row in rows] == ["pending", "skipped"]
