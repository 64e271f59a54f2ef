"""What is taken up of a run that was interrupted, and what of an earlier run is not sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dialler_sync.errors import CannotResume
from dialler_sync.journal import Journal, NoRow, Outcome, PlannedRow, RowState, RunRecord
from dialler_sync.model import MOVE, Action, Reason, Status
from dialler_sync.prepare.prepared import Prepared
from dialler_sync.prepare.sources import Source
from dialler_sync.run.keyless import drop_sent_before
from dialler_sync.run.left_over import LeftOver
from dialler_sync.run.resumption import (
    KnownRows,
    drop_overtaken,
    drop_settled,
    drop_settled_by_earlier_runs,
    newer_list,
    restore_progress,
)

from ...helpers.records import RUN, TARGET, facts

Ready = Callable[..., Prepared]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Ready]:
    """Prepared rows, so many, all to be sent; ``mended`` names the run that a row comes from, by its place."""
    made: list[Prepared] = []

    def make(*keys: str, mended: dict[int, str] | None = None) -> Prepared:
        prepared = Prepared(tmp_path)
        prepared.todo = bytearray([1] * len(keys))
        prepared.bodies.write([(seq, key, b"{}") for seq, key in enumerate(keys)])
        prepared.mended = [(seq, keys[seq], run) for seq, run in (mended or {}).items()]
        made.append(prepared)
        return prepared

    yield make
    for each in made:
        each.close()


def begun(journal: Journal, number: int, *keys: str, **facts: Any) -> RunRecord:
    """The ``number``-th run, of one file of its own unless ``facts`` say otherwise, with a row for each key."""
    files = [{"name": "list.csv", "sheet": None, "path": "/list.csv", "sha256": f"{number}"}]
    started = f"2026-01-0{number}T00:00:00Z"
    run = replace(RUN, **{"id": f"run-{number}", "started_at": started, "files": files, "state": "finished", **facts})
    journal.add_run(run)
    journal.add_rows(run.id, [PlannedRow(n, 0, n + 2, key, f"p-{key or n}") for n, key in enumerate(keys)])
    return run


def settle(journal: Journal, run: RunRecord, *statuses: Status | None) -> None:
    journal.record(run.id, [Outcome(seq, status) for seq, status in enumerate(statuses) if status])


def outcomes(journal: Journal, run: RunRecord) -> dict[int, tuple[Status, Action | None]]:
    return {entry.result.seq: (entry.result.status, entry.result.action) for entry in journal.rows(run)}


def drop(journal: Journal, run: RunRecord, parent: RunRecord, prepared: Prepared) -> LeftOver:
    """Leave out what an earlier run has settled: with UserData, and without."""
    left = LeftOver()
    drop_settled(journal, run, parent, prepared, left)
    drop_sent_before(journal, run, [parent], prepared, left)
    return left


def mended_source(*runs: RunRecord) -> Source:
    """A mended file whose rows name these runs."""
    return cast("Source", SimpleNamespace(guard=SimpleNamespace(runs={run.id: run for run in runs})))


# The same rows


@pytest.mark.parametrize(
    ("read", "same"),
    [
        ([(2, "p-A"), (3, "p-B")], True),
        ([(2, "p-A"), (4, "p-B")], False),
        ([(2, "p-A"), (3, "p-C")], False),
        ([(2, "p-A"), (3, "p-B"), (4, "p-C")], False),
    ],
    ids=["same", "another number", "other values", "more"],
)
def test_rows_are_read_as_the_run_has_read_them(read: list[tuple[int, str]], same: bool, journal: Journal) -> None:
    """Else what is known of one row would be held of another."""
    known = KnownRows(journal, begun(journal, 1, "A", "B"))
    rows = [PlannedRow(seq, 0, row, "", payload) for seq, (row, payload) in enumerate(read)]

    known.add_rows(rows[:1], ())
    if same:
        known.add_rows(rows[1:], ())
    else:
        with pytest.raises(CannotResume, match=f"row {read[-1][0]} is read differently"):
            known.add_rows(rows[1:], ())


# The newest list


def test_only_a_newer_whole_list_of_the_target_takes_over(journal: Journal) -> None:
    """Not an older one, a part of one, a rehearsal, one that was undone, or one of another campaign."""
    run = begun(journal, 3)
    begun(journal, 2)
    begun(journal, 4, parent="run-2")
    begun(journal, 5, options={"dry_run": True})
    begun(journal, 6, target=f"{TARGET}9")
    begun(journal, 7)
    begun(journal, 8, command="undo", parent="run-7")
    assert newer_list(journal, run) == "run-7"  # an undo that has not ended has put nothing back for certain
    journal.update_run("run-8", summary=facts("run-8", exit_code=4))
    assert newer_list(journal, run) == "run-7"
    journal.update_run("run-8", summary=facts("run-8"))
    begun(journal, 9, command="validate")
    assert newer_list(journal, run) == ""

    begun(journal, 1, id="same-moment", started_at=run.started_at)
    assert newer_list(journal, run) == "same-moment"


def test_what_a_newer_list_leaves_to_the_older_run(journal: Journal, ready: Ready) -> None:
    """Contacts on a do-not-call list; the mirror's are its own, and what was done already stays done."""
    run = begun(journal, 1)
    kinds = (NoRow.MIRRORED, NoRow.RETURNED, NoRow.SUPPRESSED, NoRow.MIRRORED)
    journal.add_rows(run.id, [PlannedRow(n, kind, 0, f"K{n}", action="lock") for n, kind in enumerate(kinds)])
    settle(journal, run, None, None, None, Status.SUCCEEDED)
    begun(journal, 2)

    left = restore_progress(journal, run, ready())

    assert [row.seq for row in left.extra] == [2]
    locked = Action.LOCK
    assert outcomes(journal, run) == {
        0: (Status.SKIPPED, locked),
        1: (Status.SKIPPED, locked),
        2: (Status.UNPROCESSED, locked),
        3: (Status.SUCCEEDED, None),
    }


# Taking up


def test_only_what_was_never_sent_is_sent(journal: Journal, ready: Ready) -> None:
    """What may have been sent is looked for first; what is settled is left alone, whatever became of it."""
    run = begun(journal, 1, "A", "B", "C", "D", "E", "F")
    settle(journal, run, None, None, Status.UNKNOWN, Status.SUCCEEDED, Status.FAILED, Status.SKIPPED)
    journal.record(run.id, [], [(1, RowState.SENDING, 77)])
    prepared = ready(*"ABCDEF")

    left = restore_progress(journal, run, prepared)

    assert list(prepared.todo) == [1, 1, 1, 0, 0, 0]
    assert left == LeftOver({1: 77, 2: None})
    assert restore_progress(journal, replace(run, state="running"), ready(*"ABCDEF")).killed


def test_a_row_that_moves_a_contact_still_does(journal: Journal, ready: Ready) -> None:
    """It is looked up after it was sent, as a dialler may make the contact again."""
    run = begun(journal, 1, "A", "B")
    journal.plan_actions(run.id, [(0, "overwrite", "7"), (1, "overwrite", "8")])
    journal.note_moves(run.id, [0])
    prepared = ready("A", "B")

    restore_progress(journal, run, prepared)

    assert prepared.watched == {0: (MOVE, "7")}
    assert prepared.action(0) is Action.OVERWRITE


def test_rows_that_a_newer_run_has_settled_are_not_sent(journal: Journal, ready: Ready) -> None:
    """Neither sent nor looked for; rows without a key, and what is settled, stay as they are."""
    run = begun(journal, 1, "A", "B", "", "C")
    settle(journal, run, None, None, None, Status.FAILED)
    journal.add_rows(run.id, [PlannedRow(4, NoRow.MIRRORED, 0, "A", action="delete")])
    settle(journal, begun(journal, 2, "A", "", "C"), *[Status.SUCCEEDED] * 3)
    prepared = ready("A", "B", "", "C")
    prepared.todo[3] = 0
    left = LeftOver({0: 7, 1: 8})

    drop_overtaken(journal, run, run, prepared, left)

    assert list(prepared.todo) == [0, 1, 1, 0]
    assert left.doubtful == {1: 8}
    assert outcomes(journal, run)[0] == (Status.SKIPPED, Reason.SUPERSEDED)
    assert outcomes(journal, run)[3] == (Status.FAILED, None)


def test_a_retry_does_not_overtake_itself(journal: Journal, ready: Ready) -> None:
    """What it has sent before it was interrupted is no newer value."""
    origin = begun(journal, 1, "A", "B")
    run = begun(journal, 2, "A", "B", parent=origin.id)
    settle(journal, run, Status.SUCCEEDED)
    settle(journal, begun(journal, 3, "X"), Status.SUCCEEDED)
    prepared = ready("A", "B")

    drop_overtaken(journal, run, origin, prepared, LeftOver())

    assert list(prepared.todo) == [1, 1]


# Earlier runs


def test_rows_without_a_key_are_settled_one_by_one(journal: Journal, ready: Ready) -> None:
    """Two rows that say the same are two: one that was sent settles one, and one in doubt is looked for once."""
    parent = begun(journal, 1)
    says = ("p", "p", "q", "r")
    journal.add_rows(parent.id, [PlannedRow(n, 0, n + 2, "", text) for n, text in enumerate(says)])
    settle(journal, parent, Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN, Status.REJECTED)
    run = begun(journal, 2)
    again = ("r", "p", "p", "p", "q", "q")
    journal.add_rows(run.id, [PlannedRow(n, 0, n + 2, "", text) for n, text in enumerate(again)])
    prepared = ready(*[""] * 6)
    prepared.todo[1] = 0  # it takes nothing from the others

    left = drop(journal, run, parent, prepared)

    assert list(prepared.todo) == [1, 0, 0, 1, 1, 1]
    assert left.doubtful == {4: None}
    assert outcomes(journal, run)[2] == (Status.SKIPPED, Reason.UNCHANGED)


def test_what_an_earlier_run_had_settled_for_its_parent_stays_settled(journal: Journal, ready: Ready) -> None:
    """A retry of a retry: its row was left out as unchanged, and a contact without a key would be made again."""
    parent, run = begun(journal, 1, "", ""), begun(journal, 2, "", "")
    skipped = (Outcome(seq, Status.SKIPPED, why) for seq, why in enumerate((Reason.UNCHANGED, Reason.SUPERSEDED)))
    journal.record(parent.id, list(skipped))
    for each in (parent, run):
        journal.add_rows(each.id, [PlannedRow(2, 0, 4, "", "last")])
    prepared = ready("", "", "")

    drop(journal, run, parent, prepared)

    assert list(prepared.todo) == [0, 1, 1]


def test_a_key_that_was_settled_is_not_in_doubt(journal: Journal, ready: Ready) -> None:
    """Two rows of the earlier run had it, and one of them was done."""
    parent = begun(journal, 1, "A", "A")
    settle(journal, parent, Status.SUCCEEDED, Status.UNKNOWN)
    run = begun(journal, 2, "A")
    prepared = ready("A")

    assert drop(journal, run, parent, prepared).doubtful == {}
    assert list(prepared.todo) == [0]
    assert [entry.state for entry in journal.rows(run)] == [Status.SKIPPED]


def test_in_the_same_file_rows_without_a_key_go_by_their_number(journal: Journal, ready: Ready) -> None:
    """Whatever is sent of them by now."""
    files = [{"name": "list.csv", "sheet": None, "path": "/list.csv", "sha256": "same"}]
    parent, run = begun(journal, 1, files=files), begun(journal, 2, files=files)
    for each, says in ((parent, "old"), (run, "new")):
        journal.add_rows(each.id, [PlannedRow(n, 0, n + 2, "", says) for n in range(2)])
    settle(journal, parent, Status.SUCCEEDED, Status.FAILED)
    prepared = ready("", "")

    drop(journal, run, parent, prepared)

    assert list(prepared.todo) == [0, 1]


def test_only_rows_that_come_from_a_run_are_held_against_it(journal: Journal, ready: Ready) -> None:
    """A row that somebody has added is new, also where the run had its key; so is what was settled meanwhile."""
    parent = begun(journal, 1, "A", "B", "C")
    settle(journal, parent, *[Status.SUCCEEDED] * 3)
    run = begun(journal, 2, "A", "B", "C")
    settle(journal, run, None, None, Status.REJECTED)
    prepared = ready("A", "B", "C")
    prepared.todo[2] = 0

    drop_settled(journal, run, parent, prepared, LeftOver(), {0, 2})

    assert list(prepared.todo) == [0, 1, 0]
    assert outcomes(journal, run)[2] == (Status.REJECTED, None)


def test_what_was_in_doubt_is_looked_for_and_written_down_so(journal: Journal, ready: Ready) -> None:
    """With what it was to do to a contact of another campaign; a run that is killed now knows it as well."""
    parent = begun(journal, 1, "A", "B")
    journal.plan_actions(parent.id, [(0, "overwrite", "7")])
    journal.note_moves(parent.id, [0])
    journal.record(parent.id, [], [(0, RowState.SENDING, 70), (1, RowState.SENDING, 80)])
    run = begun(journal, 2, "A", "B")
    prepared = ready("A", "B")

    left = drop(journal, run, parent, prepared)

    assert left.doubtful == {0: 70, 1: 80}
    assert prepared.watched == {0: (MOVE, "")}
    assert [(entry.state, entry.watermark) for entry in journal.rows(run)] == [("sending", 70), ("sending", 80)]


@pytest.mark.parametrize(
    ("facts", "todo"),
    [
        ({}, [0, 1]),
        ({"options": {"dry_run": True}}, [1, 1]),
        ({"command": "validate"}, [1, 1]),
    ],
    ids=["import", "dry run", "validation"],
)
def test_what_a_parent_has_settled(journal: Journal, ready: Ready, facts: dict[str, Any], todo: list[int]) -> None:
    """Only an import that sends does; what it has left unknown is looked for."""
    parent = begun(journal, 1, "A", "B", **facts)
    settle(journal, parent, Status.SUCCEEDED, Status.UNKNOWN)
    run = begun(journal, 2, "A", "B", parent=parent.id)
    prepared = ready("A", "B")

    left = drop_settled_by_earlier_runs(journal, run, (), prepared)

    assert list(prepared.todo) == todo
    assert left.doubtful == ({} if facts else {1: None})


def test_a_parent_that_was_killed_may_still_be_at_work(journal: Journal, ready: Ready) -> None:
    """What newer runs have settled is not sent again, either."""
    parent = begun(journal, 1, "A", "B", state="running")
    settle(journal, begun(journal, 2, "B"), Status.SUCCEEDED)
    run = begun(journal, 3, "A", "B", parent=parent.id)
    prepared = ready("A", "B")

    left = drop_settled_by_earlier_runs(journal, run, (), prepared)

    assert left.killed
    assert list(prepared.todo) == [1, 0]


def test_a_mended_row_goes_by_when_its_run_began(journal: Journal, ready: Ready) -> None:
    """Also where the journal no longer has that run, whose name tells; a name that tells nothing leaves out nothing."""
    settle(journal, begun(journal, 2, "A", "B", "C", "D", ""), *[Status.SUCCEEDED] * 5)
    run = begun(journal, 3, "A", "B", "C", "D", "")
    older, newer = "20260101-000000-abcdef", "20260102-120000-abcdef"
    prepared = ready("A", "B", "C", "D", "", mended={0: older, 1: newer, 2: "no run", 3: older, 4: older})
    prepared.todo[3] = 0

    drop_settled_by_earlier_runs(journal, run, (), prepared)

    assert list(prepared.todo) == [0, 1, 1, 0, 1]
    assert outcomes(journal, run)[3] == (Status.UNPROCESSED, None)


def test_rows_that_were_added_to_a_mended_file_are_new(journal: Journal, ready: Ready) -> None:
    """A mended file has a parent, which has settled only the rows that come from it; a rehearsal has settled none."""
    rehearsal = begun(journal, 1, "D", options={"dry_run": True})
    settle(journal, rehearsal, Status.SKIPPED)
    parent, other = begun(journal, 2, "A", "B", "C"), begun(journal, 3, "X")
    settle(journal, parent, *[Status.SUCCEEDED] * 3)
    run = begun(journal, 4, "A", "B", "C", "D", parent=parent.id, options={"mended": True})
    prepared = ready("A", "B", "C", "D", mended={0: parent.id, 2: other.id, 3: rehearsal.id})

    drop_settled_by_earlier_runs(journal, run, [mended_source(rehearsal, parent, other)], prepared)

    assert list(prepared.todo) == [0, 1, 1, 1]


def test_a_run_of_another_dialler_has_settled_nothing_here(journal: Journal, ready: Ready) -> None:
    """A file that was mended for one campaign may be meant for another one, too."""
    origin = begun(journal, 1, "A", "", target=f"{TARGET}9")
    settle(journal, origin, Status.SUCCEEDED, Status.SUCCEEDED)
    run = begun(journal, 2, "A", "", files=origin.files)
    prepared = ready("A", "", mended={0: origin.id, 1: origin.id})

    drop_settled_by_earlier_runs(journal, run, [mended_source(origin)], prepared)

    assert list(prepared.todo) == [1, 1]


def test_a_mended_row_without_a_key_is_settled_by_a_later_retry(journal: Journal, ready: Ready) -> None:
    """It goes by what is sent; a later whole list says nothing of it, as a contact without a key may be another."""
    origin = begun(journal, 1, "")
    for number, says in ((2, "a"), (3, "b")):
        later = begun(journal, number, parent=origin.id if number == 2 else None)
        journal.add_rows(later.id, [PlannedRow(0, 0, 2, "", says)])
        settle(journal, later, Status.SUCCEEDED)
    run = begun(journal, 4)
    says = ("a", "a", "b")  # the first was added to the mended file, and is new
    journal.add_rows(run.id, [PlannedRow(n, 0, n + 2, "", text) for n, text in enumerate(says)])
    prepared = ready("", "", "", mended={1: origin.id, 2: origin.id})

    drop_settled_by_earlier_runs(journal, run, [mended_source(origin)], prepared)

    assert list(prepared.todo) == [1, 0, 1]


def test_what_an_undo_may_have_put_back_is_in_doubt(journal: Journal, ready: Ready) -> None:
    """With a key it is looked for; without one it is not sent. What the undo has put back is sent, what it left is
    not; so it is if the undone run is older than the parent, but not if it is newer."""
    keys = ("A", "B", "C", "", "", "")
    files = [{"name": "list.csv", "sheet": None, "path": "/list.csv", "sha256": "same"}]
    parent, newer = begun(journal, 1, *keys, files=files), begun(journal, 2, *keys)
    for each in (parent, newer):
        settle(journal, each, *[Status.SUCCEEDED] * 6)
    undo = begun(journal, 3, *keys, command="undo", parent=parent.id)
    settle(journal, undo, *[Status.SUCCEEDED, Status.UNKNOWN, Status.FAILED] * 2)
    settle(journal, begun(journal, 4, *keys, command="undo", parent=newer.id), *[Status.SUCCEEDED] * 6)
    run = begun(journal, 5, *keys, files=files)
    prepared = ready(*keys)

    left = drop(journal, run, parent, prepared)

    assert list(prepared.todo) == [1, 1, 0] * 2
    assert left.doubtful == {1: None, 4: None}
    assert journal.undo_of(parent.id) == undo.id
    assert journal.put_back(parent.id) == {0: True, 1: False, 3: True, 4: False}
