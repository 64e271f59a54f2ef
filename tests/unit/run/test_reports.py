"""What the reports of a run say of it as a whole."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from dialler_sync.journal import Journal, Outcome, PlannedRow
from dialler_sync.model import Status
from dialler_sync.run.reports import Effort, summarise

from ...helpers.records import RUN


def test_a_summary_that_is_written_again_says_the_same(tmp_path: Path) -> None:
    """Rates too: they are those of the durations that it shows."""
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.add_run(RUN)
        journal.add_rows(RUN.id, [PlannedRow(n, 0, n + 2, f"K{n}", "p") for n in range(7)])
        journal.record(RUN.id, [Outcome(n, Status.SUCCEEDED) for n in range(7)])

        first = summarise(journal, RUN, None, Effort(duration=0.01549, sending=0.01549, sent=7))
        again = summarise(journal, replace(RUN, summary=asdict(first)), None, Effort())

    assert again == first
