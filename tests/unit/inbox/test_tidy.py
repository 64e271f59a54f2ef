"""Which old files of an inbox are deleted."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialler_sync.config.inbox import InboxSettings
from dialler_sync.errors import UsageError
from dialler_sync.inbox import answers as answers_module
from dialler_sync.inbox.answers import Answers
from dialler_sync.inbox.claim import OnDisk
from dialler_sync.inbox.tidy import delete_old
from dialler_sync.journal import Journal

from ...helpers.records import RUN
from ...security.users import AGENT, INTRUDER, is_root


def test_only_files_of_the_inbox_that_no_run_needs_are_deleted(tmp_path: Path) -> None:
    """Those whose run ended long ago, in its own two folders; one that a run may still read stays."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    ends = {
        "done/old": "2026-01-01T00:00:00Z",
        "failed/old": "2026-01-01T00:00:00Z",
        "done/young": "2026-02-25T00:00:00Z",
        "done/at-work": None,
        "done/needed": "2026-01-01T00:00:00Z",
        "elsewhere/old": "2026-01-01T00:00:00Z",
        "here": "2026-01-01T00:00:00Z",
    }
    others = {
        "done/unknown",
        "failed/unread-20260101-031500-old.xlsx",
        "failed/unread-20260227-031500-young.xlsx",
        "failed/unread-20269901-031500-odd",
        "elsewhere/unread-20260101-031500-old.xlsx",
    }
    for name in (*ends, *others):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with Journal.open(tmp_path / "journal.db") as journal:
        for number, (name, end) in enumerate(ends.items()):
            files = [{"path": str(tmp_path / name), "name": name, "sheet": None, "sha256": ""}]
            state = "finished" if end else "running"
            journal.add_run(replace(RUN, id=f"run-{number}", files=files, finished_at=end, state=state))
        needed = [{"path": str(tmp_path / "done/needed"), "name": "needed", "sheet": None, "sha256": ""}]
        journal.add_run(replace(RUN, id="run-stopped", files=needed, finished_at=ends["done/old"], state="stopped"))

        delete_old(OnDisk(tmp_path), timedelta(days=30), journal, now)

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    gone = {"done/old", "failed/old", "failed/unread-20260101-031500-old.xlsx"}
    assert (ends.keys() | others) - left == gone


@is_root
def test_nothing_is_deleted_in_a_folder_of_another_user(tmp_path: Path) -> None:
    path = tmp_path / "done" / "old"
    path.parent.mkdir()
    path.touch()
    os.chown(path.parent, INTRUDER, INTRUDER)
    with Journal.open(tmp_path / "journal.db") as journal:
        files = [{"path": str(path), "name": "old", "sheet": None, "sha256": ""}]
        journal.add_run(replace(RUN, files=files, finished_at="2026-01-01T00:00:00Z", state="finished"))

        delete_old(OnDisk(tmp_path), timedelta(days=30), journal)

    assert path.exists()


def test_only_answers_that_nobody_needs_are_deleted(tmp_path: Path) -> None:
    """Not that of a run that can be resumed, nor of another inbox, nor one that lies elsewhere now."""
    folder, elsewhere = tmp_path / "answers", tmp_path / "elsewhere"
    elsewhere.mkdir()
    settings = InboxSettings(answers=folder)
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.add_run(replace(RUN, id="20260101-000000-cccccc", state="stopped"))
        answers, others = Answers(settings, tmp_path / "inbox", journal), Answers(settings, tmp_path / "other", journal)
        notes, notes_of_others = journal.answers(str(tmp_path / "inbox")), journal.answers(str(tmp_path / "other"))
        notes_of_others.add("other.csv", RUN.started_at, "x")
        for name, run in (("old.csv", ""), ("needed.csv", "20260101-000000-cccccc"), ("moved.csv", "")):
            notes.add(name, RUN.started_at, "x", run=run)
        notes.add("young.csv", "2026-03-01T00:00:00Z", "x")
        answers.write()
        assert len(notes.written()) == 4
        others.write()
        moved = next(answer for answer in notes.written() if answer.file == "moved.csv")
        os.link(moved.path, elsewhere / "moved.xlsx")
        notes.settle(moved.id, str(elsewhere / "moved.xlsx"), moved.mark)

        answers.delete_old(timedelta(days=30), datetime(2026, 3, 2, tzinfo=UTC))

        left = [answer.file for answer in notes.written()]
        assert [answer.file for answer in notes_of_others.written()] == ["other.csv"]
    assert left == ["needed.csv", "moved.csv", "young.csv"]
    names = {path.name.partition(" ")[0] for path in folder.iterdir()}
    assert names == {"needed.csv", "moved.csv", "young.csv", "other.csv"}
    assert (elsewhere / "moved.xlsx").exists()


@is_root
def test_answers_do_not_go_to_a_folder_of_another_user(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    os.chown(tmp_path / "answers", INTRUDER, INTRUDER)

    with (
        Journal.open(tmp_path / "journal.db") as journal,
        pytest.raises(UsageError, match="belongs to another user"),
    ):
        Answers(InboxSettings(answers=tmp_path / "answers"), tmp_path / "inbox", journal)


@pytest.mark.parametrize("groups", [[0], []])
def test_only_a_group_of_this_user_gets_the_answers(groups: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """For root any group will do."""
    monkeypatch.setattr(os, "geteuid", lambda: AGENT)
    monkeypatch.setattr(os, "getegid", lambda: AGENT)
    monkeypatch.setattr(os, "getgroups", lambda: groups)

    if groups:
        assert answers_module._group_of("root") == 0
    else:
        with pytest.raises(UsageError, match="this user is not in the group 'root'"):
            answers_module._group_of("root")
