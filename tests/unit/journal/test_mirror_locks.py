"""Which locks are the mirror's: what it has locked itself, and what nobody has touched since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.journal import Journal, NoRow, Outcome, PlannedRow, RunRecord
from dialler_sync.model import Action, Reason, Status

from ...helpers.records import RUN, TARGET

SISTER, ACCOUNT = TARGET.replace("#538", "#539"), TARGET.partition("#")[0]
IDS = ["1", "2", "3", "4", "5", "6", ""]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


Line = tuple[int, str, Action, Status]
"""Why, contact ID, what was to be done, and what became of it."""


def ended(journal: Journal, number: int, *lines: Line, rows: int = 0, **facts: Any) -> RunRecord:
    """The ``number``-th run, which has ended, with these lines; the first ``rows`` of them are rows of its files."""
    started = f"2026-01-0{number}T00:00:00Z"
    run = replace(RUN, **{"id": f"run-{number}", "started_at": started, "rows": rows, "state": "finished", **facts})
    journal.add_run(run)
    journal.add_rows(
        run.id,
        [
            PlannedRow(seq, file, 0, f"K{contact_id}", action=action, contact_id=contact_id)
            for seq, (file, contact_id, action, _) in enumerate(lines)
        ],
    )
    journal.record(
        run.id, [Outcome(seq, status, action, line_id) for seq, (_, line_id, action, status) in enumerate(lines)]
    )
    return run


def ours(journal: Journal, target: str = TARGET) -> set[str]:
    journal.fold_runs(target)
    return journal.mirror_locked(target, IDS)


DONE, LOCK, UNLOCK = Status.SUCCEEDED, Action.LOCK, Action.UNLOCK


def locked(journal: Journal, *ids: str) -> None:
    """A first run, whose mirror has locked these contacts."""
    ended(journal, 1, *[(NoRow.MIRRORED, contact_id, LOCK, DONE) for contact_id in ids])


def test_only_what_the_mirror_has_locked_itself(journal: Journal) -> None:
    """Not what it deleted or failed to lock, what a do-not-call list has locked, or a row has found."""
    ended(
        journal,
        1,
        (0, "6", Action.CREATE, DONE),
        (NoRow.MIRRORED, "1", LOCK, DONE),
        (NoRow.MIRRORED, "2", LOCK, Status.FAILED),
        (NoRow.MIRRORED, "3", Action.DELETE, DONE),
        (NoRow.SUPPRESSED, "4", LOCK, DONE),
        (NoRow.MIRRORED, "5", LOCK, Status.UNKNOWN),
        (NoRow.MIRRORED, "", LOCK, DONE),
        rows=1,
    )

    assert ours(journal) == {"1"}
    assert journal.mirror_locked(SISTER, IDS) == set()
    assert journal.mirror_locked(TARGET, ["2"]) == set()


@pytest.mark.parametrize(
    ("status", "action", "still"),
    [
        (Status.SUCCEEDED, UNLOCK, False),
        (Status.UNKNOWN, UNLOCK, False),
        (Status.SKIPPED, Reason.UNCHANGED, False),
        (Status.SKIPPED, LOCK, True),
        (Status.FAILED, UNLOCK, True),
    ],
    ids=["done", "perhaps", "was so", "dry run", "not done"],
)
def test_whoever_has_done_something_to_a_contact_has_its_lock(
    journal: Journal, status: Status, action: Action, still: bool
) -> None:
    """Of the account: IDs are the same in all its campaigns."""
    locked(journal, "1", "2")
    ended(journal, 2, (0, "1", action, status), command="unlock", target=SISTER)

    assert ours(journal) == ({"1", "2"} if still else {"2"})


@pytest.mark.parametrize(
    ("which", "still"),
    [
        ((0, "1", Reason.UNCHANGED, Status.SKIPPED), {"2"}),
        ((0, "1", LOCK, Status.SKIPPED), {"1", "2"}),
    ],
    ids=["was so", "dry run"],
)
@pytest.mark.parametrize("command", ["lock", "import"])
def test_a_run_that_goes_on_takes_no_lock_back(journal: Journal, command: str, which: Line, still: set[str]) -> None:
    """Its locks are taken in after what a newer command has found locked already."""
    ended(journal, 1, *[(NoRow.MIRRORED, contact_id, LOCK, Status.UNPROCESSED) for contact_id in ("1", "2")])
    journal.fold_runs(TARGET)
    ended(journal, 2, which, command=command, rows=1)
    journal.fold_runs(TARGET)

    journal.record("run-1", [Outcome(seq, DONE, LOCK, contact_id) for seq, contact_id in enumerate(("1", "2"))])
    journal.update_run("run-1", folded=False)

    assert ours(journal) == (still if command == "lock" else {"1", "2"})


@pytest.mark.parametrize(("status", "still"), [(DONE, {"2"}), (Status.UNKNOWN, {"2"}), (Status.FAILED, {"1", "2"})])
def test_a_lock_by_user_data_names_whichever_contact_has_it(journal: Journal, status: Status, still: set[str]) -> None:
    """With --unchecked nobody knows which one that was."""
    locked(journal, "1", "2")
    run = ended(journal, 2, command="lock")
    journal.add_rows(run.id, [PlannedRow(0, 0, 0, "K1", action=LOCK)])
    journal.record(run.id, [Outcome(0, status, LOCK)])

    assert ours(journal) == still


def test_a_row_that_is_sent_leaves_the_lock(journal: Journal) -> None:
    """An import changes the fields of a contact; what it does beside its rows counts."""
    locked(journal, "1", "2")
    ended(
        journal, 2, (0, "1", Action.OVERWRITE, DONE), (0, "", Action.CREATE, DONE), (NoRow.RETURNED, "2", UNLOCK, DONE),
        rows=2,
    )  # fmt: skip

    assert ours(journal) == {"1"}


def test_a_row_left_out_whose_contact_is_locked_is_the_mirrors(journal: Journal) -> None:
    """It is unlocked as soon as a list has it again."""
    ended(journal, 1, (NoRow.FILTERED, "1", LOCK, DONE), (NoRow.SUPPRESSED, "2", LOCK, DONE))

    assert ours(journal) == {"1"}


def test_a_retry_has_a_parent_too_and_takes_no_lock_back(journal: Journal) -> None:
    """What a do-not-call list locks in it stays locked, even if the contact in its place had returned."""
    locked(journal, "1")
    ended(journal, 2, (NoRow.RETURNED, "1", UNLOCK, DONE))
    ended(journal, 3, (NoRow.SUPPRESSED, "1", LOCK, DONE), parent="run-2")

    assert ours(journal) == set()


def test_of_an_undo_only_locks_count(journal: Journal) -> None:
    """Fields that are put back leave the lock as it is."""
    locked(journal, "1", "2", "3", "4")
    ended(
        journal,
        2,
        (0, "1", Action.OVERWRITE, DONE),
        (0, "2", UNLOCK, DONE),
        (0, "3", LOCK, DONE),
        (0, "4", Action.DELETE, DONE),
        command="undo",
        parent="run-1",
    )

    assert ours(journal) == {"1"}


@pytest.mark.parametrize(
    ("why", "action", "status", "again"),
    [
        (NoRow.RETURNED, LOCK, DONE, True),
        (NoRow.RETURNED, LOCK, Status.FAILED, False),
        (NoRow.RETURNED, Action.OVERWRITE, DONE, False),
        (NoRow.SUPPRESSED, LOCK, DONE, False),
    ],
)
def test_a_return_that_is_undone_is_the_mirrors_again(
    journal: Journal, why: NoRow, action: Action, status: Status, again: bool
) -> None:
    """Only of a contact that the undone run had unlocked, as the file had it again."""
    locked(journal, "1")
    returned = NoRow.RETURNED
    ended(journal, 2, (why, "1", UNLOCK, DONE), (NoRow.SUPPRESSED, "2", LOCK, DONE), (returned, "", UNLOCK, DONE))
    ended(journal, 3, (returned, "1", UNLOCK, DONE), (returned, "2", UNLOCK, DONE), (returned, "", UNLOCK, DONE))
    lines = [(0, "1", action, status), (0, "2", LOCK, DONE), (0, "", LOCK, DONE)]
    ended(journal, 4, *lines, command="undo", parent="run-2")

    assert ours(journal) == ({"1"} if again else set())


def test_an_undo_takes_back_its_own_locks_only(journal: Journal) -> None:
    """What an earlier one has taken back, and a person has unlocked since, is not the mirror's again."""
    locked(journal, "1", "2")
    for number, contact_id in ((2, "1"), (5, "2")):
        ended(journal, number, (NoRow.RETURNED, contact_id, UNLOCK, DONE))
        undone = (0, contact_id, LOCK, DONE)
        ended(journal, number + 1, undone, command="undo", parent=f"run-{number}")
        ended(journal, number + 2, (0, contact_id, UNLOCK, DONE), command="unlock")

        assert ours(journal) == ({"2"} if contact_id == "1" else set())


def test_contacts_of_another_account_are_others(journal: Journal) -> None:
    """Their IDs may be the same."""
    there = f"{ACCOUNT}7#538"
    ended(journal, 1, (NoRow.MIRRORED, "1", LOCK, DONE), target=there)
    assert ours(journal, there) == {"1"}

    ended(journal, 2, (0, "1", UNLOCK, DONE), command="unlock")

    assert ours(journal) == set()
    assert journal.mirror_locked(there, IDS) == {"1"}


def test_who_has_returned(journal: Journal) -> None:
    """Rows of this run's files that count: one that is rejected, or superseded, is no return; nor is another run's."""
    locked(journal, *IDS[:5])
    journal.fold_runs(TARGET)
    ended(
        journal,
        2,
        (0, "1", Action.OVERWRITE, Status.UNPROCESSED),
        (0, "2", Action.OVERWRITE, Status.REJECTED),
        (0, "3", Reason.SUPERSEDED, Status.SKIPPED),
        (NoRow.MIRRORED, "4", LOCK, Status.UNPROCESSED),
    )
    ended(journal, 3, (0, "5", Action.OVERWRITE, Status.UNPROCESSED), parent="run-2")

    assert journal.returned(TARGET, "run-2") == {"K1": {"1": "run-1"}}
    assert journal.returned(SISTER, "run-2") == {}
    locked_there = ended(journal, 4, (NoRow.MIRRORED, "6", LOCK, DONE), target=SISTER)
    journal.fold_runs(SISTER)
    assert journal.returned(SISTER, "run-2") == {}
    assert journal.mirror_locked(SISTER, IDS) == {"6"}, locked_there
    assert journal.returned(TARGET, "run-2") == {"K1": {"1": "run-1"}}
    ended(journal, 5, (0, "2", Action.OVERWRITE, DONE))
    assert journal.returned(TARGET, "run-2") == {}, "a newer list says who is called"
