"""What a run leaves that could not begin, or ends as no run should: the same for every command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from dialler_sync.config import Settings
from dialler_sync.errors import JournalError, UsageError
from dialler_sync.journal import Journal, RunRecord
from dialler_sync.run.begin import begin_run, go_on

from ...helpers.records import TARGET

Begun = AbstractContextManager[RunRecord]

ENDINGS = [UsageError("no"), JournalError("full"), KeyboardInterrupt(), AssertionError("a bug")]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def begun(journal: Journal, command: str = "import") -> Begun:
    settings = Settings.model_validate(
        {
            "dialler": {"base_url": "http://127.0.0.1/rest/v1.0", "clients_id": 1, "token": "t"},
            "campaign": {"id": 538},
            "columns": {"Name": "Name"},
        }
    )
    return begin_run(
        journal, command, settings, Path("x.yaml"), (), Path("out"), None, {}, TARGET, early=["failed.csv"]
    )


def broken_off(begun: AbstractContextManager[object], error: BaseException) -> None:
    with pytest.raises(type(error)), begun:
        raise error


@pytest.mark.parametrize("error", ENDINGS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("command", ["import", "undo", "reconcile"])
def test_a_run_that_could_not_begin_leaves_nothing(command: str, error: BaseException, journal: Journal) -> None:
    with pytest.raises(type(error)), begun(journal, command) as run:
        Path(run.out, "failed.csv").touch()
        raise error

    assert journal.runs() == []
    assert not Path(run.out).exists()


def test_foreign_files_in_its_folder_stay(journal: Journal) -> None:
    with pytest.raises(UsageError), begun(journal) as run:
        Path(run.out, "note.txt").touch()
        raise UsageError("no")

    assert Path(run.out, "note.txt").exists()


@pytest.mark.parametrize("error", ENDINGS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("command", "plan"), [("import", {"planned": True}), ("undo", {"rows": 3}), ("lock", {"rows": 3})]
)
def test_a_planned_run_that_breaks_off_is_stopped(
    command: str, plan: dict[str, int], error: BaseException, journal: Journal
) -> None:
    """It may have sent rows: it stays, and does not count as at work for ever, so that it can be undone."""
    with pytest.raises(type(error)), begun(journal, command) as run:
        journal.update_run(run.id, **plan)
        raise error

    assert journal.run(run.id).state == "stopped"


@pytest.mark.parametrize("error", ENDINGS, ids=lambda error: type(error).__name__)
def test_a_resumed_run_that_breaks_off_is_stopped_as_it_was(error: BaseException, journal: Journal) -> None:
    """Also one that was interrupted before it was planned: it has reports."""
    with begun(journal) as run:
        journal.update_run(run.id, state="stopped")

    broken_off(go_on(journal, run), error)

    assert journal.run(run.id).state == "stopped"


def test_how_a_run_ended_stays(journal: Journal) -> None:
    """Its reports could not be written after that."""
    with pytest.raises(JournalError), begun(journal) as run:
        journal.update_run(run.id, state="finished")
        raise JournalError("full")

    assert journal.run(run.id).state == "finished"
