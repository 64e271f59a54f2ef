"""What a run leaves that could not begin, or ends as no run should: the same for every command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from dialler_sync.config import Settings
from dialler_sync.errors import JournalDamaged, JournalError, UsageError
from dialler_sync.files.held import folder_held
from dialler_sync.journal import Journal, PlannedRow, RunRecord
from dialler_sync.run.begin import begin_run, delete_reports, go_on, reopen_folder
from dialler_sync.run.counts import Counts

from ...helpers.records import RUN, TARGET

SETTINGS = Settings.model_validate(
    {
        "dialler": {"base_url": "http://127.0.0.1/rest/v1.0", "clients_id": 1, "token": "t"},
        "campaign": {"id": 538},
        "columns": {"Name": "Name"},
    }
)

Begun = AbstractContextManager[RunRecord]

ENDINGS = [UsageError("no"), JournalError("full"), KeyboardInterrupt(), AssertionError("a bug")]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def begun(journal: Journal, command: str = "import") -> Begun:
    return begin_run(
        journal, command, SETTINGS, Path("x.yaml"), (), Path("out"), None, {}, TARGET, early=["failed.csv"]
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


LISTED = {"name": "-", "path": "", "sha256": "", "sheet": None}
"""A list of standard input, of which a copy is kept."""


@pytest.mark.parametrize("why", ["held", "not empty", "journal"])
def test_a_run_that_is_refused_keeps_no_copy_of_its_list(
    why: str, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would stay for ever, with what they say of people."""
    monkeypatch.setattr("dialler_sync.run.kept.keep", lambda _, copies: private_copy(copies))

    def refuse(_: RunRecord) -> None:
        raise JournalError("full")

    out = tmp_path / "out"
    out.mkdir()
    with ExitStack() as stack:
        if why == "held":
            stack.enter_context(folder_held(out))
        elif why == "not empty":
            out.joinpath("summary.json").touch()
        else:
            monkeypatch.setattr(journal, "add_run", refuse)
        with (
            pytest.raises((UsageError, JournalError)),
            begin_run(journal, "import", SETTINGS, Path("x.yaml"), [LISTED], out, None, {}, TARGET),
        ):
            pass
        assert not list(tmp_path.glob("copies/*"))
        assert out.exists() == (why != "journal")


def private_copy(copies: Path) -> Path:
    folder = copies / "0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "-").touch()
    return folder / "-"


def test_a_killed_run_whose_folder_is_held_stays_killed(journal: Journal, tmp_path: Path) -> None:
    """What it left open is in doubt only as long as it is known that it was killed."""
    with begun(journal) as run:
        journal.update_run(run.id, planned=True)
    with folder_held(Path(run.out)), pytest.raises(UsageError), go_on(journal, run, SETTINGS):
        pass

    assert journal.run(run.id).state == "running"


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

    broken_off(go_on(journal, run, SETTINGS), error)

    assert journal.run(run.id).state == "stopped"


def test_how_a_run_ended_stays(journal: Journal) -> None:
    """Its reports could not be written after that."""
    with pytest.raises(JournalError), begun(journal) as run:
        journal.update_run(run.id, state="finished")
        raise JournalError("full")

    assert journal.run(run.id).state == "finished"


OURS = {"summary.json": f'{{\n  "run_id": "{RUN.id}"', "results.csv": "_file,_sheet", "failed.csv": ""}
FOLDERS: dict[str, tuple[dict[str, str], bool]] = {
    "reports": (OURS, True),
    "reports of a killed run": ({"results.csv": "_file,_sheet"}, True),
    "empty": ({}, True),
    "reports of another run": ({**OURS, "summary.json": '{"run_id": "20260101-000000-bbbbbb"'}, False),
    "a table of somebody": ({"results.csv": "Name,Phone"}, False),
    "other files": ({"failed.csv": "", "notes.txt": ""}, False),
}


def folder_of(run: RunRecord, files: dict[str, str]) -> Path:
    folder = Path(run.out)
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", FOLDERS)
def test_only_a_folder_of_the_run_is_written_to_and_emptied(kind: str, tmp_path: Path) -> None:
    """The journal names it, and it may have been edited."""
    files, ours = FOLDERS[kind]
    run = replace(RUN, out=str(tmp_path / "elsewhere"))
    folder = folder_of(run, files)

    if ours:
        reopen_folder(run)
    else:
        with pytest.raises(UsageError, match="nothing is written there"):
            reopen_folder(run)
    assert sorted(path.name for path in folder.iterdir()) == sorted(files)

    assert delete_reports(run) is ours
    assert folder.exists() is not ours
    assert ours or sorted(path.name for path in folder.iterdir()) == sorted(files)


@pytest.mark.parametrize(("name", "ours"), [(RUN.id, True), ("documents", False)])
def test_a_folder_that_has_the_runs_name_is_its_own(name: str, ours: bool, tmp_path: Path) -> None:
    """Where that is a name of a run; what else lies in it stays, and folders do."""
    run = replace(RUN, id=name, out=str(tmp_path / name))
    folder = folder_of(run, {"notes.txt": "mine", "failed.csv": ""})
    (folder / "results.csv").mkdir()

    assert delete_reports(run) is ours
    assert sorted(path.name for path in folder.iterdir()) == ["failed.csv"] * (not ours) + ["notes.txt", "results.csv"]


def test_reports_are_only_where_the_journal_says_exactly(tmp_path: Path) -> None:
    """A folder is that of the working folder of another day, or has gone."""
    relative, gone = replace(RUN, out=RUN.id), replace(RUN, out=str(tmp_path / "gone"))
    with pytest.raises(UsageError):
        reopen_folder(relative)
    assert not Path(RUN.id).exists()
    folder_of(relative, OURS)

    assert not delete_reports(relative)
    assert not delete_reports(gone)
    assert len(list(Path(RUN.id).iterdir())) == len(OURS)


@pytest.mark.parametrize(("rows", "fits"), [(2, True), (3, False), (None, True)])
def test_the_outcomes_add_up_to_the_rows_that_were_read(rows: int | None, fits: bool, journal: Journal) -> None:
    journal.add_run(RUN)
    journal.add_rows(RUN.id, [PlannedRow(seq, 0, seq + 2, f"K{seq}", "p") for seq in range(2)])
    run = replace(RUN, rows=rows)

    if fits:
        assert Counts.of(journal, run).rows.total() == 2
    else:
        with pytest.raises(JournalDamaged, match="read 3 rows"):
            Counts.of(journal, run)
