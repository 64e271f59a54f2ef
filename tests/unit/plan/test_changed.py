"""Rows that were last sent as they are now are settled as they are written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dialler_sync.journal import Journal, Outcome, PlannedRow, RunRecord, last_sent
from dialler_sync.model import Contact, Rejection, Status
from dialler_sync.plan.changed import ChangedRows
from dialler_sync.plan.suppress import SuppressionList, SuppressionLists

TARGET = "campaign"
NOW = "2026-01-09T00:00:00Z"
RUN = RunRecord(
    "run-2",
    "import",
    TARGET,
    "",
    "",
    "",
    {},
    {},
    "2026-01-01T00:00:00Z",
    files=[{"name": "a", "path": "", "sha256": ""}] * 2,
)


@pytest.fixture
def journal() -> Iterator[Journal]:
    """A journal that knows what was sent for A, B and C."""
    with Journal.open(":memory:") as journal:
        run = replace(RUN, id="run-1", state="finished")
        journal.add_run(run)
        journal.add_rows(run.id, [PlannedRow(n, 0, n, key, f"p-{key}") for n, key in enumerate("ABC")])
        journal.record(run.id, [Outcome(n, Status.SUCCEEDED, contact_id=f"c{n}", sent_at=NOW) for n in range(3)])
        journal.fold_runs(TARGET)
        journal.add_run(RUN)
        yield journal


def test_rows_that_were_last_sent_just_so_are_settled(journal: Journal) -> None:
    """With what is known of them; those that are new, changed, rejected or without a key are written as they are."""
    rows = [
        PlannedRow(0, 0, 2, "NEW", "p-A"),
        PlannedRow(1, 0, 3, "B", "p-B"),
        PlannedRow(2, 1, 2, "C", "changed"),
        PlannedRow(3, 1, 3, "A", "", Status.REJECTED, error="Name is missing"),
        PlannedRow(4, 1, 4, "", "p-A"),
    ]
    found = [Rejection(row.row, ()) if row.state == Status.REJECTED else Contact(row.row, {}) for row in rows]

    left = ChangedRows(journal, RUN, SuppressionLists()).add_rows(rows, found)

    assert left == {0, 2, 4}
    written = list(journal.rows(RUN))
    assert [(w.result.user_data, w.payload, w.file, w.result.row) for w in written] == [
        (row.user_data, row.payload, row.file, row.row) for row in rows
    ]
    assert [w.state for w in written] == ["pending", "skipped", "pending", "rejected", "pending"]
    assert [w.result.error for w in written] == ["", "sent as it is on 2026-01-09T00:00:00Z", "", "Name is missing", ""]
    assert (written[1].result.action, written[1].result.contact_id) == ("unchanged", "c1")


def test_suppressed_rows_are_still_to_be_decided(journal: Journal) -> None:
    """It is to be said of them that they are, whether or not they have changed."""
    rows = [PlannedRow(0, 0, 2, "A", "p-A"), PlannedRow(1, 0, 3, "B", "p-B")]
    suppressed = SuppressionLists((SuppressionList("user_data", frozenset({"A"}), "stop.csv"),))

    left = ChangedRows(journal, RUN, suppressed).add_rows(
        rows, [Contact(row.row, {"UserData": row.user_data}) for row in rows]
    )

    assert left == {0}
    assert [written.state for written in journal.rows(RUN)] == ["pending", "skipped"]


def test_rows_are_written_down_together(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt leaves none of them: the reports would miss those before the last."""
    rows = [PlannedRow(0, 0, 2, "A", "p-A"), PlannedRow(1, 0, 3, "B", "", Status.REJECTED)]

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(last_sent, "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ChangedRows(journal, RUN, SuppressionLists()).add_rows(rows, [Contact(2, {}), Rejection(3, ())])

    assert list(journal.rows(RUN)) == []
