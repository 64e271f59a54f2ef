"""A person is erased from the journal, and nobody else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dialler_sync.errors import UsageError
from dialler_sync.jobs.forget import KeptCells, find_person, forget_person
from dialler_sync.journal import Image, Journal, NoRow, Outcome, PlannedRow
from dialler_sync.journal.calls import CALL, Note
from dialler_sync.model import Action, Status

from ...helpers.records import RUN, TARGET

OTHER_RUN = "20260102-000000-bbbbbb"
INTENT = {"path": "/x", "draft": "/y", "sha256": "", "calls": 1, "updated": 0, "looked_at": "2026-01-02T00:00:00Z"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Two runs: in the first K1 stands first, in the other K2, whose rows are to be fixed.

    Contact 4 of K4 was locked by the mirror.
    """
    with Journal.open(tmp_path / "journal.db") as journal:
        for number, (run_id, keys) in enumerate(((RUN.id, ("K1", "K2", "K3")), (OTHER_RUN, ("K2", "K3")))):
            files = [{**RUN.files[0], "layout": {"columns": ["A"]}}]
            options = {"user_data": keys[:2]} if number == 0 else {"column": "K2"}
            run = replace(RUN, id=run_id, out="/nowhere", files=files, options=options, state="finished")
            journal.add_run(replace(run, started_at=f"2026-01-0{number + 1}T00:00:00Z"))
            journal.add_rows(run_id, [PlannedRow(seq, 0, seq + 2, key, f"p-{key}") for seq, key in enumerate(keys)])
            journal.add_rows(run_id, [PlannedRow(9, NoRow.MIRRORED, 0, "K4", action=Action.LOCK, contact_id="4")])
            status = Status.REJECTED if number else Status.SUCCEEDED
            done = [Outcome(seq, status, Action.CREATE, f"{seq}") for seq in range(len(keys))]
            journal.record(run_id, [*done, Outcome(9, Status.SUCCEEDED, Action.LOCK, "4")])
            journal.add_images(run_id, [Image(seq, f"{seq}", None, "{}") for seq in range(len(keys))])
            journal.keep_cells(run_id, [(seq, (key,)) for seq, key in enumerate(keys)])
        journal.fold_runs(TARGET)
        yield journal


def test_only_the_persons_own_rows_are_erased(journal: Journal) -> None:
    """Not those of others that stand at the same place of another run."""
    before = {key: sent.payload for key, sent in journal.sent(TARGET, ["K1", "K2", "K3"]).items()}

    forget_person(journal, find_person(journal, "K1"))

    found = {run: [row.result.user_data for row in journal.rows(journal.run(run))] for run in (RUN.id, OTHER_RUN)}
    assert found == {RUN.id: ["", "K2", "K3", "K4"], OTHER_RUN: ["K2", "K3", "K4"]}
    assert [list(journal.images(run, [0, 1, 2])) for run in found] == [[1, 2], [0, 1]]
    assert list(journal.kept_cells(OTHER_RUN)) == [(0, ("K2",)), (1, ("K3",))]
    after = {key: sent.payload for key, sent in journal.sent(TARGET, ["K1", "K2", "K3"]).items()}
    assert before.keys() == {"K1", "K2", "K3"}
    assert after == {key: payload for key, payload in before.items() if key != "K1"}
    assert journal.mirror_locked(TARGET, ["4"]) == {"4"}


def test_only_the_persons_name_goes_from_the_options(journal: Journal) -> None:
    """Wherever it stands in those of any run."""
    assert [run.id for run in find_person(journal, "K2").runs] == [OTHER_RUN, RUN.id]

    forget_person(journal, find_person(journal, "K1"))

    assert journal.run(RUN.id).options == {"user_data": ["", "K2"]}
    assert journal.run(OTHER_RUN).options == {"column": "K2"}
    forget_person(journal, find_person(journal, "K2"))
    assert [journal.run(run).options for run in (RUN.id, OTHER_RUN)] == [{"user_data": ["", ""]}, {"column": ""}]


def test_a_run_that_only_names_the_person_is_found(journal: Journal) -> None:
    """Such as ``contacts lock --user-data``, where the dialler had nobody of that name."""
    named = replace(RUN, id="20260103-000000-cccccc", options={"user_data": ["K9"]}, state="finished")
    journal.add_run(named)

    assert [run.id for run in find_person(journal, "K9").runs] == [named.id]
    assert [run.id for run in find_person(journal, "K3").runs] == [OTHER_RUN, RUN.id]


def test_only_the_persons_calls_are_erased(journal: Journal) -> None:
    """Lines of calls that go on; of all others only a hash is kept, which stays."""
    notes = journal.call_notes(TARGET, "crm")
    notes.intend(INTENT, [Note(CALL, "id 1", "[hash")])
    notes.settle([("id 2", {"UserData": "K1"}), ("id 3", {"UserData": "K2"})])

    forget_person(journal, find_person(journal, "K1"))

    assert [key for key, _ in notes.going_on()] == ["id 3"]
    assert list(notes.known(CALL, ["id 1"])) == ["id 1"]


@pytest.mark.parametrize("line", ["{", '{"UserData": K1}', "[" * 60_000])
def test_a_line_that_nobody_can_read_goes_too(journal: Journal, tmp_path: Path, line: str) -> None:
    """It may be the person's."""
    notes = journal.call_notes(TARGET, "crm")
    notes.intend(INTENT, [])
    notes.settle([("id 2", {"UserData": "K1"}), ("id 3", {"UserData": "K2"})])
    with closing(sqlite3.connect(tmp_path / "journal.db")) as base, base:
        base.execute("UPDATE known_calls SET value = ? WHERE key = 'id 2'", (line,))

    forget_person(journal, find_person(journal, "K1"))

    assert [key for key, _ in notes.going_on()] == ["id 3"]


@pytest.mark.parametrize("user_data", ["", " "])
def test_nobody_is_no_person(user_data: str, journal: Journal) -> None:
    """Rows that have no UserData are many people's."""
    with pytest.raises(UsageError, match="--user-data is empty"):
        find_person(journal, user_data)


def test_a_person_whom_a_run_may_still_send_is_not_forgotten(journal: Journal) -> None:
    """A run of others may."""
    journal.update_run(RUN.id, state="stopped")

    with pytest.raises(UsageError, match=f"run {RUN.id} is not finished.*prune {RUN.id} --reports'"):
        find_person(journal, "K1")

    journal.update_run(RUN.id, state="running")
    with journal.at_work(RUN.id), pytest.raises(UsageError, match=f"run {RUN.id} is at work"):
        find_person(journal, "K1")

    journal.update_run(RUN.id, state="finished")
    journal.add_run(replace(RUN, id="20260103-000000-cccccc", options={}, state="stopped"))
    assert find_person(journal, "K1").rows == [(RUN.id, 0)]


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_run_that_sends_nothing_does_not_keep_the_person(state: str, journal: Journal) -> None:
    """A validate that was killed cannot be resumed, so it would keep them for ever."""
    journal.update_run(RUN.id, state=state, command="validate")

    forget_person(journal, find_person(journal, "K1"))

    assert not find_person(journal, "K1").rows


def test_a_run_that_ended_while_it_was_asked_is_seen(journal: Journal) -> None:
    """Whether to erase them: the answer may take its time."""
    person = find_person(journal, "K1")
    late = replace(RUN, id="20260103-000000-cccccc", target=f"{TARGET}9", options={}, state="finished")
    journal.add_run(late)
    journal.add_rows(late.id, [PlannedRow(0, 0, 2, "K1", "p-K1")])

    erased, _ = forget_person(journal, person)

    assert len(erased.runs) == 2
    assert not find_person(journal, "K1").rows


def test_each_row_has_its_own_cells_again(journal: Journal) -> None:
    """Only a row of the list that is to be fixed: not one whose cells are gone, that succeeded, or that is no row."""
    run = replace(RUN, id="20260103-000000-cccccc", files=[{**RUN.files[0], "layout": {"columns": ["A"]}}])
    journal.add_run(run)
    journal.add_rows(run.id, [PlannedRow(seq, 0, seq + 2, f"K{seq}") for seq in range(4)])
    journal.add_rows(run.id, [PlannedRow(4, NoRow.MIRRORED, 0, "K4"), PlannedRow(5, 0, 7, "K5")])
    status = {1: Status.SUCCEEDED}
    journal.record(run.id, [Outcome(seq, status.get(seq, Status.REJECTED)) for seq in range(6)])
    journal.keep_cells(run.id, [(seq, (f"cell {seq}", "beyond")) for seq in (1, 3, 4, 5)])

    found = KeptCells(journal, run)

    assert list(found.source_cells()) == [
        (0, 0, ()), (1, 0, ()), (2, 0, ()), (3, 0, ("cell 3", "beyond")), (5, 0, ("cell 5", "beyond")),
    ]  # fmt: skip
    assert found.extra_cells == 1
