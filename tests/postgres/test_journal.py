"""The journal does the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialler_sync.errors import JournalError, UsageError
from dialler_sync.journal import Image, Journal, NoRow, Origin, Outcome, PlannedRow, RowState
from dialler_sync.model import Action, Reason, RowWarning, Status

from ..helpers.postgres_records import TARGET, record
from ..helpers.records import facts


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty journal is."""
    return str(tmp_path / "journal.db") if request.param == "sqlite" else str(request.getfixturevalue("url"))


@pytest.fixture
def journal(state: str) -> Iterator[Journal]:
    """An empty journal."""
    with Journal.open(state) as journal:
        yield journal


def test_what_is_written_is_read(journal: Journal, state: str) -> None:
    """Rows, outcomes and runs come back as they were, by another process too, and whatever their length."""
    long = "x" * 5_000
    journal.add_run(record("run-1"))
    journal.add_rows("run-1", [PlannedRow(n, 0, n + 2, f"K{n}", "hash") for n in range(5_003)])
    journal.add_rows("run-1", [PlannedRow(9_000, 0, 9_002, long, state="rejected", error=long, hint="ä€\U0001f600")])
    journal.record(
        "run-1",
        [Outcome(1, Status.SUCCEEDED, Action.CREATE, long, 200, 2, sent_at="2026-01-01T00:00:00Z")],
        [(2, RowState.SENDING, 2**40)],
    )
    journal.update_run("run-1", state="finished", rows=5_004, summary=facts("run-1", exit_code=4), planned=True)

    with Journal.open(state) as other:
        run = other.run("run-")
        rows = list(other.rows(run))
    assert run == record("run-1", state="finished", rows=5_004, summary=facts("run-1", exit_code=4), planned=True)
    assert [row.result.seq for row in rows] == [*range(5_003), 9_000]
    assert rows[1].result.contact_id == long
    assert (rows[1].result.status, rows[1].result.action, rows[1].result.http_status) == ("succeeded", "create", 200)
    assert (rows[2].state, rows[2].watermark) == ("sending", 2**40)
    assert (rows[-1].result.user_data, rows[-1].result.error) == (long, long)


def test_what_was_last_sent_is_known(journal: Journal) -> None:
    """The newest success of a key counts, keys are told apart exactly, and what doubtful rows hold is forgotten."""
    keys = ["K", "k", "K ", "ä"]
    for name, state in (("run-1", "finished"), ("run-2", "finished"), ("run-3", "running")):
        journal.add_run(record(name, state=state))
        journal.add_rows(name, [PlannedRow(n, 0, n, key, f"{name}-{n}") for n, key in enumerate(keys)])
        if name != "run-3":
            journal.record(name, [Outcome(n, Status.SUCCEEDED, contact_id=str(n)) for n in range(4)])
    journal.record("run-2", [Outcome(3, Status.UNKNOWN)])
    journal.add_run(record("run-4"))

    journal.fold_runs(TARGET, but="run-3")
    assert payloads(journal, keys) == {"K": "run-2-0", "k": "run-2-1", "K ": "run-2-2", "ä": ""}
    journal.fold_runs(TARGET, but="run-4")
    assert payloads(journal, keys) == dict.fromkeys(keys, "")


def test_what_an_undo_restores_is_known(journal: Journal) -> None:
    """If it was sent before, and not deleted since."""
    for name, keys in (("run-1", "AB"), ("run-2", ""), ("run-3", "ABC")):
        journal.add_run(record(name))
        journal.add_rows(name, [PlannedRow(n, 0, n, key, f"{name}-{n}") for n, key in enumerate(keys)])
        journal.record(name, [Outcome(n, Status.SUCCEEDED, contact_id=str(n)) for n in range(3)])
    journal.add_rows("run-2", [PlannedRow(3, NoRow.MIRRORED, 0, "B", action=Action.DELETE)])
    journal.record("run-2", [Outcome(3, Status.SUCCEEDED, Action.DELETE)])
    journal.add_run(record("run-4", command="undo", parent="run-3"))
    journal.add_rows("run-4", [PlannedRow(n, 0, n, key, action=Action.OVERWRITE) for n, key in enumerate("ABC")])
    journal.record("run-4", [Outcome(n, Status.SUCCEEDED, Action.OVERWRITE) for n in range(3)])

    journal.fold_runs(TARGET)

    assert payloads(journal, ["A", "B", "C"]) == {"A": ""}


def payloads(journal: Journal, keys: list[str]) -> dict[str, str]:
    return {key: sent.payload for key, sent in journal.sent(TARGET, keys).items()}


def test_rows_that_have_not_changed_are_settled_as_they_are_written(journal: Journal) -> None:
    """Those of which key and payload are just what was sent last; of the others it is told where they stand."""
    keys = ["K", "k", 'ä€\U0001f600 "\\', "1"]
    journal.add_run(record("run-1", state="finished"))
    journal.add_rows("run-1", [PlannedRow(n, 0, n, key, f"p-{n}") for n, key in enumerate(keys)])
    journal.record(
        "run-1", [Outcome(n, Status.SUCCEEDED, contact_id=f"c{n}", sent_at="2026-01-01T00:00:00Z") for n in range(4)]
    )
    journal.fold_runs(TARGET)
    journal.add_run(record("run-2"))
    again = [PlannedRow(n + 5, n % 2, 2**31 - 9 + n, key, f"p-{n}") for n, key in enumerate(keys)]
    others = [PlannedRow(9, 0, 7, "K", "p-1"), PlannedRow(11, 0, 8, "new", "p-0"), PlannedRow(12, 0, 9, "", "p-0")]

    assert journal.add_changed("run-2", TARGET, again + others) == {9, 11, 12}
    assert journal.add_changed("run-2", TARGET, []) == set()
    assert journal.add_changed("run-2", "elsewhere", [PlannedRow(20, 0, 2, "K", "p-0")]) == {20}

    rows = list(journal.rows(record("run-2")))
    assert [(r.result.seq, r.file, r.result.row, r.result.user_data, r.payload) for r in rows[:4]] == [
        row[:5] for row in again
    ]
    assert [(r.state, r.result.action, r.result.contact_id, r.result.error) for r in rows[:4]] == [
        ("skipped", "unchanged", f"c{n}", "sent as it is on 2026-01-01T00:00:00Z") for n in range(4)
    ]
    assert {(r.state, r.result.action, r.result.contact_id, r.result.error) for r in rows[4:]} == {
        ("pending", None, "", "")
    }


def test_images_plans_and_clearing(journal: Journal) -> None:
    """Before-images are kept once; rows can be cleared and runs deleted."""
    journal.add_run(record("run-1"))
    journal.add_run(record("run-2"))
    journal.add_rows("run-1", [PlannedRow(n, n % 2, n, f"K{n}") for n in range(4)])
    journal.add_rows("run-2", [PlannedRow(n, 0, n, f"K{n}") for n in range(9)])
    journal.plan_actions("run-1", [(0, "create", ""), (1, "overwrite", "7")])
    journal.record("run-1", [Outcome(0, Status.SUCCEEDED), Outcome(2, Status.SKIPPED, Reason.UNCHANGED)])
    journal.add_images("run-1", [Image(1, "7", None, "{}")])
    journal.add_images("run-1", [Image(1, "8", "{}", "{}"), Image(3, "9", "{}", "{}")])

    assert journal.images("run-1", [0, 1, 3]) == {1: Image(1, "7", None, "{}"), 3: Image(3, "9", "{}", "{}")}
    assert journal.settled_by("run-1", "run-2") == [0, 2]
    journal.clear_rows("run-1")
    assert not journal.images("run-1", [1, 3])
    assert not list(journal.rows(journal.run("run-1")))
    journal.delete_run("run-1")
    assert [run.id for run in journal.runs(limit=5)] == ["run-2"]


def test_what_the_mirror_locked_is_known_until_something_else_is_done(journal: Journal) -> None:
    """By contact and key, for the rows of a later run that count; and a dry run does nothing."""
    for number in (1, 2, 3):
        journal.add_run(record(f"run-{number}", rows=1))
    target = journal.run("run-1").target
    journal.add_rows("run-1", [PlannedRow(n, n and NoRow.MIRRORED, 0, f"K{n}") for n in range(4)])
    journal.record("run-1", [Outcome(n, Status.SUCCEEDED, Action.LOCK, str(n)) for n in (1, 2)])
    journal.record("run-1", [Outcome(3, Status.SKIPPED, Reason.UNCHANGED, "3")])
    journal.add_rows("run-2", [PlannedRow(1, NoRow.MIRRORED, 0, "K2")])
    journal.record("run-2", [Outcome(1, Status.SKIPPED, Action.LOCK, "2")])
    journal.add_rows("run-3", [PlannedRow(0, 0, 2, "K1"), PlannedRow(1, 0, 3, "K2", state=Status.REJECTED)])

    journal.fold_runs(target, but="run-3")
    assert journal.returned(target, "run-3") == {"K1": {"1": "run-1"}}
    assert journal.mirror_locked(target, ["1", "2", "3"]) == {"1", "2"}

    journal.clear_rows("run-3")
    journal.add_rows("run-3", [PlannedRow(1, NoRow.RETURNED, 0, "K1", contact_id="1")])
    journal.record("run-3", [Outcome(1, Status.SUCCEEDED, Action.UNLOCK, "1")])
    journal.fold_runs(target)
    assert journal.mirror_locked(target, ["1", "2", "3"]) == {"2"}


def test_one_holds_a_campaign(journal: Journal, state: str) -> None:
    """A second holder is refused, other campaigns are free, and in the end the campaign is free again."""
    with Journal.open(state) as other:
        with journal.campaign_lock("a"), other.campaign_lock("b"):
            with pytest.raises(UsageError, match="another run is working on this campaign"), other.campaign_lock("a"):
                pass
            journal.add_run(record("run-1"))
        with other.campaign_lock("a"):
            assert other.run("run-1")


def test_many_open_an_empty_journal_at_once(state: str) -> None:
    """The tables are made once, whoever comes first."""
    failed: list[Exception] = []

    def open_it() -> None:
        try:
            Journal.open(state).close()
        except (JournalError, UsageError) as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed
    with Journal.open(state) as journal:
        assert journal.runs() == []


def test_a_nul_in_a_key_that_is_asked_for_breaks_nothing(journal: Journal) -> None:
    """A dialler may answer with one; no row that is sent has any."""
    journal.add_run(record("run-1", state="finished"))
    journal.add_rows("run-1", [PlannedRow(0, 0, 2, "B", "p-B")])
    journal.record("run-1", [Outcome(0, Status.SUCCEEDED, contact_id="1")])
    journal.fold_runs(TARGET)

    assert journal.sent(TARGET, ["A\x00", "B"]).keys() == {"B"}
    assert journal.mirror_locked(TARGET, ["1\x00"]) == set()


def test_mended_rows_are_known_again(journal: Journal) -> None:
    """Their cells, whatever they hold, their warnings, and whether their keys were settled since."""
    journal.add_run(record("run-1"))
    warned = RowWarning("restored", "UserData")
    journal.add_rows("run-1", [PlannedRow(n, 0, n + 2, f"K{n}", "p", warnings=str(warned)) for n in range(3)])
    journal.record("run-1", [Outcome(0, Status.SUCCEEDED, sent_at="2026-01-02T00:00:00.000Z")])
    journal.keep_cells("run-1", [(0, ("x",)), (1, ("\x00", "\ud800", "ä\U0001f600")), (2, ())])
    journal.keep_cells("run-1", [(1, ("other",))])

    assert journal.origins("run-1", 0, [2, 3, 4, 9]) == {
        2: Origin("K0", "", "", None),
        3: Origin("K1", "", "", ("\x00", "\ud800", "ä\U0001f600")),
        4: Origin("K2", "", "", ()),
    }
    journal.update_run("run-1", state="stopped")  # as long as it goes on, it may have sent the others, too
    run = journal.run("run-1")
    assert {row.result.warnings for row in journal.rows(run)} == {(warned,)}
    journal.fold_runs(run.target)
    before = "2025-12-31T00:00:00Z"
    both = [(run.target, "K0"), (run.target, "K1")]
    assert journal.settled_since(both, before, set()) == {(run.target, "K0"): "run-1"}
    journal.delete_run("run-1")
    assert journal.settled_since(both, before, set()) == {(run.target, "K0"): "run-1"}
    assert journal.settled_since(both, "2026-01-03T00:00:00Z", set()) == {}


def test_a_run_is_seen_at_work_by_others(journal: Journal, state: str) -> None:
    """Until its process ends, and no other run is taken for it."""
    journal.add_run(record("run-1"))

    with Journal.open(state) as other, journal.at_work("run-1"):
        assert other.is_at_work("run-1")
        assert not other.is_at_work("run-2")
    with Journal.open(state) as other:
        assert not other.is_at_work("run-1")
