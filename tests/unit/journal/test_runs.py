"""Records of runs, and what an open journal holds: who is refused, what is told, what goes with a run."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dialler_sync.errors import Held, JournalDamaged, JournalError, JournalLost, UsageError
from dialler_sync.journal import Journal
from dialler_sync.journal.notices import NewNotice

from ...helpers.records import RUN, TARGET, facts

NOW = "2026-01-09T00:00:00Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path) as journal:
        yield journal


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_an_empty_name_is_no_run_also_where_there_is_only_one(journal: Journal, name: str) -> None:
    """Every ID begins with it; a script's empty variable must not undo the only run."""
    journal.add_run(RUN)

    with pytest.raises(UsageError, match="the name of the run is empty"):
        journal.run(name)


@pytest.mark.parametrize("odd", [{"options": {"source": {"sheet": "\ud800"}}}, {"config": {"source.sheet": "\ud800"}}])
def test_what_could_not_be_read_again_is_not_written(journal: Journal, odd: dict[str, object]) -> None:
    """One such record makes all of the journal unreadable."""
    with pytest.raises(JournalError, match="cannot record this run: a cell of runs"):
        journal.add_run(replace(RUN, **odd))  # type: ignore[arg-type]
    journal.add_run(RUN)
    with pytest.raises(JournalError, match="cannot record this run"):
        journal.update_run(RUN.id, **odd)

    assert [each.id for each in journal.runs()] == [RUN.id]


@pytest.mark.parametrize("ids", [("run-1", "run-10"), ("run-10", "run-1")])
def test_a_whole_id_is_meant_whichever_run_was_written_down_first(journal: Journal, ids: tuple[str, str]) -> None:
    for name in ids:
        journal.add_run(replace(RUN, id=name))

    assert journal.run("run-1").id == "run-1"


def test_a_run_whose_record_is_gone_cannot_be_changed(journal: Journal) -> None:
    with pytest.raises(JournalDamaged, match="run gone is missing"):
        journal.update_run("gone", state="finished")


@pytest.mark.parametrize("name", ["../up", "a/b", "-a", "a\n", ""])
def test_an_id_that_is_no_name_of_a_folder_is_damage(journal: Journal, path: Path, name: str) -> None:
    """Files and folders are named after it."""
    journal.add_run(RUN)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE runs SET id = ?", (name,))

    with pytest.raises(JournalDamaged, match="is not the ID of a run"):
        journal.runs()


def test_only_an_undo_has_put_a_run_back(journal: Journal) -> None:
    """A retry has a parent, too, and one that went well has put nothing back."""
    for command in ("retry", "resume", "undo"):
        run = replace(RUN, id=f"run-{command}", command=command, parent=f"before-{command}", summary=facts(RUN.id))
        journal.add_run(run)

    assert journal.undone() == {"before-undo"}


@pytest.mark.parametrize("began", [False, True])
def test_a_journal_that_is_gone_is_a_lost_run_only_where_one_has_begun(path: Path, began: bool) -> None:
    """What is noted about an ended run begins none; a run that goes on has begun, whoever added its record."""
    with Journal.open(path) as journal:
        journal.add_run(RUN)
    with Journal.open(path) as journal:
        journal.update_run(RUN.id, **({"state": "running"} if began else {"summary": facts(RUN.id)}))
        path.unlink()
        with pytest.raises(JournalError) as caught:
            journal.require_there()

    assert isinstance(caught.value, JournalLost) == began


def test_the_lock_of_a_run_is_forgotten_with_it(journal: Journal, path: Path) -> None:
    """As of one that was killed; that of another run stays."""
    for name in ("one", "other"):
        journal.add_run(replace(RUN, id=name))
        with journal.at_work(name):
            (lock,) = path.parent.rglob(f"run-{name}.lock")
        lock.touch()

    journal.delete_run("one")

    assert [lock.name for lock in path.parent.rglob("run-*.lock")] == ["run-other.lock"]


def test_who_holds_a_campaign_is_named_where_that_is_known(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's lock knows it; a journal's own, which alone is held where the other's folder differs, does not."""
    with journal.campaign_lock(TARGET) as problem:
        assert problem == ""
        with (
            Journal.open(tmp_path / "another" / "journal.db") as other,
            pytest.raises(Held, match=rf" by user .*, process {os.getpid()}: wait"),
            other.campaign_lock(TARGET),
        ):
            pass
        monkeypatch.setenv("DIALLER_SYNC_LOCK_DIR", str(tmp_path / "other locks"))
        with pytest.raises(Held, match=r"on this campaign \([^()]*\): wait"), journal.campaign_lock(TARGET):
            pass


def test_a_journal_that_is_closed_has_no_file_open(path: Path) -> None:
    """SQLite puts what it has written beside the file into it as the last connection closes."""
    with Journal.open(path) as journal:
        journal.add_run(RUN)
        assert path.with_name("journal.db-wal").exists()

    assert not path.with_name("journal.db-wal").exists()


def test_a_target_that_nobody_knows_is_renamed_without_a_write(journal: Journal, path: Path) -> None:
    """Each run of a campaign by name asks for that; it must not wait for a run that is writing."""
    journal.add_run(RUN)
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        journal.rename_target(f"{TARGET.partition('#')[0]}#=Nightly", f"{TARGET.partition('#')[0]}#539")

    assert journal.run(RUN.id).target == TARGET


@pytest.mark.parametrize("receiver", ["", "crm"])
def test_calls_of_a_receiver_are_read_by_one_at_a_time(journal: Journal, receiver: str) -> None:
    """Another receiver, or another campaign, is not kept out."""
    said = f"is reading .* for {receiver}: wait" if receiver else r"is reading (?!.* for ).*: wait"
    with journal.calls_lock(TARGET, receiver):
        with pytest.raises(Held, match=said), journal.calls_lock(TARGET, receiver):
            pass
        with journal.calls_lock(TARGET, "billing"), journal.calls_lock(f"{TARGET}9", receiver):
            pass


def test_each_receiver_has_its_own_messages_in_their_order(journal: Journal) -> None:
    """Of a target, not of others; what was delivered, or only says how things stand, is not delivered again."""
    for target, event in (("one", "failing"), ("two", "missing"), ("one", "recovered"), ("one", "finished")):
        journal.add_notices([NewNotice(target, event, {"event": event}, delivered=event == "finished")])
    first, second = journal.undelivered("one")

    assert [(notice.event, notice.body) for notice in (first, second)] == [
        ("failing", {"event": "failing"}), ("recovered", {"event": "recovered"}),
    ]  # fmt: skip
    journal.settle_notice(first.id)
    assert [notice.event for notice in journal.undelivered("one")] == ["recovered"]
    assert (journal.last_event("one"), journal.last_event("one", "two"), journal.last_event("two")) == (
        "finished", "finished", "missing",
    )  # fmt: skip


NIGHT = {
    "name": "nord",
    "event": "",
    "failing": False,
    "needs": "",
    "alarm": "",
    "runs": [],
    "counts": {},
    "errors": {},
}


@pytest.mark.parametrize(
    "body",
    [
        "", "text", "[]", "5", "NaN", "[" * 60_000, "{}", '{"event": 5}', '{"event": "finished", "counts": "abc"}',
        '{"event": "finished", "counts": {"read": "x"}}', '{"event": "finished", "errors": []}', '{"event": "digest"}',
        '{"event": "finished", "exit_code": 99}', '{"event": "finished", "finished_at": "today"}',
        '{"event": "finished", "run_id": []}', '{"event": "finished", "other": {"a": []}}', '{"event": "\\ud800"}',
        '{"event": "digest", "campaigns": 5}', '{"event": "digest", "verdict": "", "campaigns": [{}]}',
        '{"event": "finished", "campaigns": []}', '{"event": "finished", "campaign": [5]}',
    ],
)  # fmt: skip
def test_a_message_that_this_program_has_not_written_is_dropped(
    journal: Journal, path: Path, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    """With one warning, which names it; those around it are delivered."""
    night = {"event": "digest", "verdict": "well", "campaigns": [NIGHT]}
    journal.add_notices(NewNotice("one", str(each["event"]), each) for each in ({"event": "failing"}, night, night))
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE notices SET body = ? WHERE id = 2", (body,))

    for _ in range(2):
        assert [notice.body for notice in journal.undelivered("one")] == [{"event": "failing"}, night]
    assert [record.getMessage() for record in caplog.records] == [
        "notify: message 2 about one in the journal is not readable, and is not delivered."
    ]


def test_answers_that_were_written_of_a_run(journal: Journal) -> None:
    """Not of other runs, and not those that are still to be written; whatever their inbox."""
    for folder in ("/inbox", "/other"):
        notes = journal.answers(folder)
        for run in ("one", "two"):
            for at in (RUN.started_at, NOW):
                notes.add(f"{run}.csv", at, "imported", run=run)
        for answer in notes.unwritten():
            if answer.at == NOW:
                notes.settle(answer.id, f"{folder}/{answer.run}", "")

    assert [answer.path for answer in journal.answers_of("one")] == ["/inbox/one", "/other/one"]
