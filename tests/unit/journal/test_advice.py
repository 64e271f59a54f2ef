"""What to do where the journal fails: only a run can be resumed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dialler_sync.errors import JournalError, JournalLost
from dialler_sync.journal import Journal
from dialler_sync.journal.calls import CALL, Note

from ...helpers.records import RUN, TARGET


@pytest.mark.parametrize(
    ("command", "advice"),
    [("", "Run the command again"), ("reconcile", "Run the command again"), ("import", "Continue with '.*resume'")],
)
def test_a_failing_journal_says_how_to_go_on(tmp_path: Path, command: str, advice: str) -> None:
    """Lists of calls, lists of runs and reconciliations are begun anew."""
    path = tmp_path / "journal.db"
    with Journal.open(path) as journal:
        if command:
            journal.add_run(replace(RUN, command=command))
        with closing(sqlite3.connect(path)) as other:
            full = "BEFORE INSERT ON known_calls BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            other.execute(f"CREATE TRIGGER full {full}")

        with pytest.raises(JournalError, match=rf"disk full.*{advice}\."):
            journal.call_notes(TARGET, "").intend({}, [Note(CALL, "id 1", "hash")])


@pytest.mark.parametrize("state", ["", "running"])
def test_a_journal_that_is_replaced_says_what_is_lost(tmp_path: Path, state: str) -> None:
    """Where nothing was sent, nothing is; of a run that goes on, what it has sent."""
    path = tmp_path / "journal.db"
    with Journal.open(path) as before:
        before.add_run(RUN)
    with Journal.open(path) as journal:
        if state:
            journal.update_run(RUN.id, state=state)
        path.unlink()

        with pytest.raises(JournalError) as failed:
            journal.require_there()
        path.touch()

    assert isinstance(failed.value, JournalLost) == bool(state)
    assert ("run the command again" in str(failed.value)) != bool(state)
