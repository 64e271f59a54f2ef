"""Which file of an inbox is imported, gone on with, filed or left, by what the journal has of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.config.inbox import InboxSettings
from dialler_sync.errors import DiallerSyncError, Held, InputError, Interrupted, JournalError, OutOfTime, UsageError
from dialler_sync.exit_codes import ExitCode
from dialler_sync.inbox.answers import Answers
from dialler_sync.inbox.arrivals import Arrivals
from dialler_sync.inbox.claim import OnDisk
from dialler_sync.inbox.folder import Inbox
from dialler_sync.journal import Journal, RunRecord
from dialler_sync.run.reports import Summary

from ...helpers.records import COUNTS, RUN, TARGET, facts

SHA256 = hashlib.sha256(b"A,B\n1,2\n").hexdigest()


@dataclass
class Imports:
    """Imports files, or fails as the test wants: by name of the file."""

    journal: Journal
    ends: dict[str, Exception] = field(default_factory=dict)
    begins: bool = False
    taken: list[tuple[str, str | None]] = field(default_factory=list)

    def work(self, path: Path, stopped: RunRecord | None) -> Summary:
        self.taken.append((path.name, stopped.id if stopped else None))
        run = stopped or replace(RUN, id=f"20260102-000000-{path.stem * 6}", files=[of_file(path.resolve())])
        error = self.ends.get(path.name)
        if not stopped and (self.begins or error is None):
            self.journal.add_run(run)
        if error:
            raise error
        summary = Summary.read(facts(run.id))
        self.journal.update_run(run.id, state="finished", summary=facts(run.id))
        return summary

    def tell(self, summary: Summary) -> None:
        pass


def of_file(path: Path, inode: int | None = None) -> dict[str, Any]:
    return {"name": path.name, "path": str(path), "sheet": None, "sha256": SHA256, "inode": inode, "layout": {}}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "inbox" / name).write_text("A,B\n1,2\n" if name == "a.csv" else "A,B\n3,4\n", encoding="utf-8")
    return tmp_path / "inbox"


@pytest.fixture
def answers(folder: Path, journal: Journal, tmp_path: Path) -> Answers:
    return Answers(InboxSettings(answers=tmp_path / "answers"), folder, journal)


MakeInbox = Callable[..., tuple[Inbox, Imports]]


@pytest.fixture
def make(folder: Path, journal: Journal) -> MakeInbox:
    def make(
        ends: dict[str, Exception] | None = None, *, begins: bool = False, **options: Any
    ) -> tuple[Inbox, Imports]:
        imports = Imports(journal, ends or {}, begins)
        arrivals = Arrivals(OnDisk(folder), journal.inbox(str(folder)), 0)
        return Inbox(arrivals, journal, lambda: TARGET, imports, **options), imports

    return make


def test_the_next_file_waits_until_a_begun_import_is_finished(make: MakeInbox) -> None:
    """Of two exports of one list the older one must not be imported last."""
    inbox, imports = make({"a.csv": UsageError("x")}, begins=True)

    inbox.work_through()

    assert imports.taken == [("a.csv", None)]


@pytest.mark.parametrize("error", [OutOfTime("x"), Interrupted("x")], ids=["out of time", "interrupted"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_no_other_file_is_begun_when_the_call_is_to_end(
    error: DiallerSyncError, dry_run: bool, make: MakeInbox
) -> None:
    inbox, imports = make({"a.csv": error}, dry_run=dry_run)

    inbox.work_through()

    assert imports.taken == [("a.csv", None)]


def test_a_bug_is_raised_after_the_other_files(make: MakeInbox) -> None:
    inbox, imports = make({"a.csv": ZeroDivisionError("x")})

    with pytest.raises(ZeroDivisionError):
        inbox.work_through()

    assert imports.taken == [("a.csv", None), ("b.csv", None)]


def test_a_dry_run_moves_and_answers_nothing(make: MakeInbox, folder: Path, answers: Answers, tmp_path: Path) -> None:
    """Whatever it finds."""
    inbox, imports = make({"a.csv": InputError("x"), "b.csv": UsageError("x")}, dry_run=True, answers=answers)

    inbox.work_through()

    assert len(imports.taken) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "b.csv"]
    replace(inbox, dry_run=False)._write_answers()
    assert not list((tmp_path / "answers").iterdir())


@pytest.mark.parametrize(
    ("error", "begins", "answered"),
    [
        (UsageError("x"), False, 1),
        (UsageError("x"), True, 0),
        (Held("x"), False, 0),
        (JournalError("x"), False, 0),
    ],
    ids=["not begun", "begun", "held", "journal"],
)
def test_who_brings_a_file_is_told_what_they_can_wait_for(
    error: DiallerSyncError, begins: bool, answered: int, make: MakeInbox, answers: Answers, tmp_path: Path
) -> None:
    inbox, _ = make({"a.csv": error}, begins=begins, answers=answers)

    inbox.work_through()

    found = [path.name for path in (tmp_path / "answers").iterdir() if path.name.startswith("a.csv")]
    assert len(found) == answered


HERE, DONE, OTHER = "a.csv", "done/run-a.csv", "other.csv"


@pytest.mark.parametrize(
    ("at", "same_file", "changes", "expected"),
    [
        (HERE, True, {}, "filed"),
        (OTHER, True, {}, "filed"),
        (DONE, True, {}, "new"),
        (HERE, True, {"target": TARGET.replace("538", "539")}, "new"),
        (HERE, True, {"options": {"dry_run": True}}, "new"),
        (HERE, True, {"command": "validate"}, "new"),
        (HERE, False, {}, "new"),
        (HERE, False, {"state": "stopped"}, "resumed"),
        (OTHER, False, {"state": "stopped"}, "new"),
        (DONE, False, {}, "new"),
    ],
    ids=[
        "its filing failed",
        "filing failed, and it has another name now",
        "filed long ago: another file in its place",
        "imported into another campaign",
        "dry run",
        "validated",
        "another file of this name and content was imported",
        "stopped: copied anew",
        "another file stopped",
        "another file was imported",
    ],
)
def test_only_the_run_of_this_very_file_is_gone_on_with(
    at: str, same_file: bool, changes: dict[str, Any], expected: str, make: MakeInbox, folder: Path, journal: Journal
) -> None:
    """Rows of a list that was never sent would else count as sent; rows that were, would be sent twice."""
    inode = (folder / "a.csv").stat().st_ino if same_file else 1
    run = replace(RUN, target=TARGET, files=[of_file(folder / at, inode)], summary=facts(RUN.id), state="finished")
    journal.add_run(replace(run, **changes))
    inbox, imports = make()

    inbox.work_through()

    taken = {"filed": [], "new": [("a.csv", None)], "resumed": [("a.csv", RUN.id)]}[expected]
    assert [each for each in imports.taken if each[0] == "a.csv"] == taken
    assert not (folder / "a.csv").exists()


def test_a_file_that_was_changed_in_place_is_a_new_list(make: MakeInbox, folder: Path, journal: Journal) -> None:
    path = folder / "a.csv"
    journal.add_run(replace(RUN, files=[of_file(path, path.stat().st_ino)], summary=facts(RUN.id), state="finished"))
    path.write_text("A,B\n5,6\n", encoding="utf-8")
    inbox, imports = make()

    inbox.work_through()

    assert ("a.csv", None) in imports.taken


def test_a_dry_run_files_nothing(make: MakeInbox, folder: Path, journal: Journal) -> None:
    """Nor what a run before was to file."""
    path = folder / "a.csv"
    run = replace(RUN, files=[of_file(path, path.stat().st_ino)], summary=facts(RUN.id), state="finished")
    journal.add_run(run)
    inbox, _ = make({"b.csv": UsageError("x")}, dry_run=True)

    inbox.work_through()

    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "b.csv"]
    assert journal.run(RUN.id).files == run.files


@pytest.mark.parametrize(
    ("summary", "refused"),
    [
        (facts(RUN.id), True),
        (facts(RUN.id, counts={**COUNTS, "read": 1, "unknown": 1}), True),
        (None, True),
        (facts(RUN.id, counts={**COUNTS, "read": 1, "rejected": 1}), False),
    ],
    ids=["succeeded", "unknown", "killed", "nothing sent"],
)
def test_a_list_that_may_have_made_contacts_is_not_imported_again(
    summary: dict[str, Any] | None, refused: bool, make: MakeInbox, folder: Path, journal: Journal
) -> None:
    """Where the dialler does not overwrite them."""
    state = "finished" if summary else "running"
    journal.add_run(replace(RUN, files=[of_file(folder / DONE, 1)], summary=summary, state=state))
    inbox, imports = make(overwrites=False)

    inbox.work_through()

    assert (("a.csv", None) not in imports.taken) is refused


@pytest.mark.parametrize(
    ("state", "code", "place"),
    [
        ("finished", ExitCode.ROWS_FAILED, "done"),
        ("finished", ExitCode.NONE_SUCCEEDED, "failed"),
        ("stopped", ExitCode.SAFETY_LIMIT, "failed"),
    ],
)
def test_where_the_file_of_an_ended_run_goes(
    state: str, code: int, place: str, make: MakeInbox, folder: Path, journal: Journal
) -> None:
    """One that a safety limit has stopped is for a person, and not tried again each night."""
    inode = (folder / "a.csv").stat().st_ino
    ended = facts(RUN.id, exit_code=int(code))
    journal.add_run(replace(RUN, files=[of_file(folder / HERE, inode)], summary=ended, state=state))
    journal.add_run(replace(RUN, id="20260101-000000-bbbbbb", files=[of_file(folder / DONE)], state="finished"))
    inbox, _ = make()

    inbox.work_through()

    assert [path.name for path in (folder / place).iterdir() if path.name.endswith("-a.csv")] == [f"{RUN.id}-a.csv"]
    assert journal.run(RUN.id).files[0]["path"] == str(folder / place / f"{RUN.id}-a.csv")
    assert journal.run("20260101-000000-bbbbbb").files[0]["path"] == str(folder / DONE)
