"""The journal as SQLite keeps it: what is written is there, for this process and the next."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dialler_sync.errors import JournalError, JournalLost, UsageError
from dialler_sync.journal import (
    Image,
    Journal,
    JournalRow,
    NoRow,
    Origin,
    Outcome,
    PlannedRow,
    RowState,
    RunRecord,
    schema,
)
from dialler_sync.journal.database import Database
from dialler_sync.journal.records import Sent, faults_text
from dialler_sync.model import Action, Fault, Reason, RowResult, RowWarning, Status
from dialler_sync.pages import ROWS
from dialler_sync.text.outward import keep_secret

from ...helpers.records import RUN, TARGET, facts

NOW = "2026-01-09T00:00:00Z"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


def begin(journal: Journal, number: int, *keys: str, command: str = "import", payload: str = "p") -> RunRecord:
    """The ``number``-th run, with one row for each key."""
    run = replace(RUN, id=f"run-{number}", started_at=f"2026-01-{number:02}T00:00:00Z", command=command)
    journal.add_run(run)
    journal.add_rows(run.id, [PlannedRow(n, 0, n + 2, key, f"{payload}-{key}") for n, key in enumerate(keys)])
    return run


def settle(journal: Journal, run: RunRecord, *statuses: Status | RowState | None) -> None:
    """Give the rows of a run, in order, an outcome; None leaves one as it is."""
    for seq, status in enumerate(statuses):
        if isinstance(status, RowState):
            journal.record(run.id, [], [(seq, status, 7)])
        elif status:
            journal.record(run.id, [Outcome(seq, status, Action.CREATE, f"{run.id}/{seq}", sent_at=NOW)])


def test_a_new_journal_has_what_all_steps_make(tmp_path: Path) -> None:
    """It is made by the first one: the others are for journals of earlier versions."""
    tables = sa.text("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        for step in schema.MIGRATIONS:
            step(connection)
        by_all = connection.execute(tables).all()
        filled = [table for table in schema.metadata.sorted_tables if connection.execute(sa.select(table)).first()]
    engine.dispose()

    with closing(Database(tmp_path / "new.db")) as database, database.begin() as connection:
        assert connection.execute(tables).all() == by_all
        assert connection.scalar(sa.select(schema.schema_version.c.version)) == len(schema.MIGRATIONS)
    assert not filled


def end(journal: Journal, run: RunRecord, state: str = "finished") -> None:
    journal.update_run(run.id, state=state)


def rows(journal: Journal, run: RunRecord) -> list[JournalRow]:
    return list(journal.rows(run))


def test_a_run_is_found_by_its_beginning(journal: Journal) -> None:
    """As people type it; what is not clear is refused."""
    journal.add_run(RUN)
    journal.add_run(replace(RUN, id="20260101-000000-ab", started_at="2026-01-02T00:00:00Z"))

    assert journal.run("20260101-000000-aa") == RUN
    assert [run.id for run in journal.runs()] == ["20260101-000000-ab", RUN.id]
    with pytest.raises(UsageError, match=r"^several runs begin with '20260101'"):
        journal.run("20260101")
    with pytest.raises(UsageError, match=r"^there is no run '2026_101'"):
        journal.run("2026_101")


def test_a_whole_id_is_clear_also_where_another_one_begins_with_it(journal: Journal) -> None:
    """What is named in full is meant."""
    begin(journal, 1)
    begin(journal, 10)

    assert journal.run("run-1").id == "run-1"


def test_runs_are_listed_from_the_newest_as_many_as_are_asked_for(journal: Journal) -> None:
    """Also those that began in the same second."""
    for number in (1, 3, 2):
        begin(journal, number)
    journal.add_run(replace(RUN, id="run-3b", started_at="2026-01-03T00:00:00Z"))
    journal.add_run(replace(RUN, id="another", started_at="2026-01-02T12:00:00Z"))

    assert [run.id for run in journal.runs(limit=4)] == ["run-3b", "run-3", "another", "run-2"]


def test_what_is_changed_of_a_run_is_changed_of_no_other(journal: Journal) -> None:
    """Each field keeps its type: numbers, texts, and what is kept as JSON."""
    one, other = begin(journal, 1), begin(journal, 2)

    journal.update_run(one.id, rows=5, state="finished", summary=facts(one.id, campaign="Zürich"))

    changed = replace(one, rows=5, state="finished", summary=facts(one.id, campaign="Zürich"))
    assert [journal.run(one.id), journal.run(other.id)] == [changed, other]


def test_a_run_is_forgotten_with_its_rows_and_images_and_no_other_is(journal: Journal) -> None:
    """Whoever prunes old runs must still be able to undo the newer ones."""
    gone, kept = begin(journal, 1, "A"), begin(journal, 2, "A")
    image = Image(0, "1", None, "{}")
    for run in (gone, kept):
        journal.add_images(run.id, [image])

    journal.delete_run(gone.id)

    assert [run.id for run in journal.runs()] == [kept.id]
    assert (rows(journal, gone), len(rows(journal, kept))) == ([], 1)
    assert (journal.images(gone.id, [0]), journal.images(kept.id, [0])) == ({}, {0: image})


def test_the_rows_of_a_run_are_forgotten(journal: Journal) -> None:
    """And what contacts were before it: it is read and planned anew; what other runs have read and planned stays."""
    run, other = begin(journal, 1, "A", "B"), begin(journal, 2, "A")
    for planned in (run, other):
        journal.add_images(planned.id, [Image(0, "1", None, "{}")])

    journal.clear_rows(run.id)

    assert (rows(journal, run), len(rows(journal, other))) == ([], 1)
    assert (journal.images(run.id, [0]), len(journal.images(other.id, [0]))) == ({}, 1)


def test_rows_come_back_in_order_and_over_pages(journal: Journal) -> None:
    """A run may have more rows than are read at once."""
    run = begin(journal, 1, *(f"K{n}" for n in range(12_000)))

    found = rows(journal, run)

    assert [entry.result.seq for entry in found] == list(range(12_000))
    assert found[11_999].result.row == 12_001
    assert found[11_999].payload == "p-K11999"
    assert {entry.result.status for entry in found} == {Status.UNPROCESSED}


def test_a_row_on_its_way_reads_as_unknown(journal: Journal) -> None:
    """Until it has an outcome, or was taken back."""
    run = begin(journal, 1, "A", "B", "C")
    journal.plan_actions(run.id, [(0, "overwrite", "11"), (1, "create", ""), (2, "create", "")])
    settle(journal, run, RowState.SENDING, RowState.SENDING, Status.SUCCEEDED)
    journal.record(run.id, [], [(1, RowState.PENDING, None)])

    on_its_way, taken_back, done = rows(journal, run)

    assert (on_its_way.result.status, on_its_way.watermark) == (Status.UNKNOWN, 7)
    assert (on_its_way.result.action, on_its_way.result.contact_id) == (Action.OVERWRITE, "11")
    assert on_its_way.result.error_code == "interrupted"
    assert on_its_way.result.error == "the run was interrupted while this row was being sent"
    assert (taken_back.result.status, taken_back.watermark) == (Status.UNPROCESSED, None)
    assert (done.result.status, done.result.contact_id, done.result.sent_at) == (Status.SUCCEEDED, "run-1/2", NOW)
    assert done.result.file == "Kunden ä.csv"


def test_a_row_that_waits_again_says_nothing_of_what_went_wrong_before(journal: Journal) -> None:
    run = begin(journal, 1, "A")
    fault = {"error_code": "bad_request", "error_field": "Name", "error": "too long", "hint": "shorten it"}
    journal.record(run.id, [Outcome(0, Status.FAILED, **fault)])
    journal.record(run.id, [], [(0, RowState.PENDING, None)])

    (again,) = (entry.result for entry in rows(journal, run))
    assert (again.status, again.error_code, again.error_field, again.error, again.hint) == (
        Status.UNPROCESSED, "", "", "", "",
    )  # fmt: skip


def test_all_faults_of_a_row_come_back(journal: Journal) -> None:
    """Without a token that somebody has written into them; a row that waits again has none."""
    keep_secret("a-token-of-ours")
    run = begin(journal, 1)
    faults = Fault("name_missing", "gone", "a-token-of-ours", "Name"), Fault("phone_invalid", "odd", "", "Fax")
    row = PlannedRow(0, 0, 2, "A", state=Status.REJECTED, error_code="name_missing", faults=faults_text(faults))
    journal.add_rows(run.id, [row, row._replace(seq=1, error_code="", state=Status.SUCCEEDED)])

    rejected, fine = (entry.result for entry in rows(journal, run))
    assert rejected.faults == (replace(faults[0], hint="***"), faults[1])
    assert fine.faults == ()


@pytest.mark.parametrize("column", ["error", "hint"])
def test_a_text_that_somebody_else_has_written_is_harmless_when_it_is_read(
    journal: Journal, tmp_path: Path, column: str
) -> None:
    """An older version, or a person: either of the two alone, too."""
    keep_secret("a-token-of-ours")
    run = begin(journal, 1, "A")
    settle(journal, run, Status.FAILED)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as base, base:
        base.execute(f"UPDATE rows SET {column} = 'a-token-of-ours'")

    (row,) = (entry.result for entry in rows(journal, run))
    assert (row.error, row.hint) == (("***", "") if column == "error" else ("", "***"))


@pytest.mark.parametrize(
    ("status", "action", "moved"),
    [
        (Status.SUCCEEDED, Action.OVERWRITE, True),
        (Status.SUCCEEDED, Action.CREATE, False),
        (Status.FAILED, Action.OVERWRITE, False),
    ],
)
def test_only_what_was_overwritten_was_moved(journal: Journal, status: Status, action: Action, moved: bool) -> None:
    """Another warning of the row stays; that it was to be moved is known all the same."""
    run = begin(journal, 1, "A")
    journal.note_moves(run.id, [0])
    journal.note_warnings(run.id, [(0, "restored:City")])
    journal.record(run.id, [Outcome(0, status, action)])

    (entry,) = rows(journal, run)
    assert RowWarning.text(entry.result.warnings) == (
        "moved:DiallerCampaignsID; restored:City" if moved else "restored:City"
    )
    assert entry.moves


def test_every_field_of_an_outcome_comes_back(journal: Journal) -> None:
    """Where each came from, too; a contact that no file has belongs to none."""
    run = begin(journal, 1, "A", "B")
    journal.add_rows(run.id, [PlannedRow(2, -1, 0, "GONE", action="delete", contact_id="3")])
    refused = Outcome(0, Status.FAILED, None, "11", 400, 2, "bad_request", "Name", "too long", "shorten it", NOW)
    journal.record(run.id, [refused])

    first, second, gone = rows(journal, run)

    assert first.result == RowResult(
        0, "Kunden ä.csv", "", 2, "A", Status.FAILED, None, "11", 400, 2,
        "bad_request", "Name", "too long", "shorten it", NOW,
    )  # fmt: skip
    assert (first.file, first.state, first.payload) == (0, "failed", "p-A")
    assert (second.result.http_status, second.result.attempts, second.result.sent_at) == (None, 0, "")
    assert (gone.file, gone.result.file, gone.result.sheet, gone.result.action) == (-1, "", "", Action.DELETE)


def test_kinds_of_rows_are_counted(journal: Journal) -> None:
    """Of one run; a row that was sent is another kind than one that was not, and one of no file another one."""
    run, other = begin(journal, 1, "A", "B", "C", "D"), begin(journal, 2, "A")
    settle(journal, other, Status.FAILED)
    journal.record(run.id, [Outcome(n, Status.FAILED, attempts=n // 2, error_code="refused") for n in range(3)])
    lost = PlannedRow(4, NoRow.MIRRORED, 0, "GONE", state=str(Status.FAILED), error_code="refused")
    journal.add_rows(run.id, [lost])

    kinds = [
        (str(entry.result.status), entry.result.error_code, entry.has_source, entry.result.attempts > 0, number)
        for entry, number in journal.kinds_of_rows(run)
    ]

    assert sorted(kinds) == [
        ("failed", "refused", False, False, 1),
        ("failed", "refused", True, False, 2),
        ("failed", "refused", True, True, 1),
        ("unprocessed", "", True, False, 1),
    ]


@pytest.mark.parametrize(
    "odd", ["state = 'odd'", "attempts = 'x'", "file = 1", f"file = {min(NoRow) - 1}", "seq = 'x'"]
)
def test_a_row_that_this_program_never_writes_is_damage(journal: Journal, tmp_path: Path, odd: str) -> None:
    """A file that the run has not would be another one's row."""
    run = begin(journal, 1, "A")
    with closing(sqlite3.connect(tmp_path / "journal.db")) as base, base:
        base.execute(f"UPDATE rows SET {odd}")

    with pytest.raises(JournalError, match="is damaged"):
        rows(journal, run)


def test_cells_are_kept_and_read_over_pages_for_the_rows_that_are_to_be_fixed(journal: Journal) -> None:
    """Not for those of no file; with ``goes_on`` not for those that the run still reaches."""
    last = ROWS + 4
    run = begin(journal, 1, *(f"K{n}" for n in range(last + 1)))
    journal.add_rows(run.id, [PlannedRow(last + 1, NoRow.MIRRORED, 0, "GONE", state=str(Status.FAILED))])
    journal.record(run.id, [Outcome(n, Status.SUCCEEDED if n == 2 else Status.FAILED) for n in range(last)])
    journal.keep_cells(run.id, [(n, (str(n),)) for n in range(last + 1) if n != 3])

    assert [seq for seq, _ in journal.kept_cells(run.id)] == [0, 1, *range(4, last + 1)]
    found = {result.seq: cells for result, _, cells in journal.rows_to_fix(run)}
    assert found == {n: () if n == 3 else (str(n),) for n in range(last + 1) if n != 2}
    going_on = [result.seq for result, *_ in journal.rows_to_fix(run, goes_on=True)]
    assert going_on == [0, 1, *range(3, last)]


def test_cells_of_other_runs_neither_go_nor_let_ours_go(journal: Journal) -> None:
    """Places in two runs have nothing to do with each other."""
    other, run = begin(journal, 1, "A"), begin(journal, 2, "A")
    settle(journal, run, Status.FAILED)
    journal.keep_cells(other.id, [(0, ("a",))])
    settle(journal, other, Status.SUCCEEDED)

    journal.keep_cells(run.id, [(0, ("b",))])

    assert [list(journal.kept_cells(each.id)) for each in (other, run)] == [[(0, ("a",))], [(0, ("b",))]]


def test_a_key_of_a_file_stays_as_it_is_and_one_of_the_dialler_is_masked(journal: Journal) -> None:
    """A changed key would be another customer's."""
    keep_secret("a-token-of-ours")
    run = begin(journal, 1)
    key = "a-token-of-ours"
    rejected = PlannedRow(1, 0, 3, key, state=Status.REJECTED, error_code="name_missing", error=f"gone {key}")
    journal.add_rows(run.id, [PlannedRow(0, 0, 2, key), rejected, PlannedRow(2, NoRow.MIRRORED, 0, key)])

    assert [entry.result.user_data for entry in journal.rows(run)] == [key, key, "***"]


def test_the_first_image_of_a_row_stays(journal: Journal) -> None:
    """What a contact was before the run does not change because the run was resumed."""
    journal.add_images("run", [Image(0, "1", '{"Name": "Old"}', "{}")])
    journal.add_images("run", [Image(0, "1", '{"Name": "Ours"}', "{}"), Image(1, "2", None, "{}")])

    assert journal.images("run", [0, 1, 2]) == {
        0: Image(0, "1", '{"Name": "Old"}', "{}"), 1: Image(1, "2", None, "{}"),
    }  # fmt: skip


def test_what_is_written_holds_no_token(journal: Journal, tmp_path: Path) -> None:
    """Whatever the dialler said, or had."""
    keep_secret("a-token-of-ours")
    run = begin(journal, 1, "A", "B", "C")
    journal.record(run.id, [Outcome(0, Status.FAILED, error="no a-token-of-ours"), Outcome(1, Status.FAILED)])
    journal.record(run.id, [Outcome(2, Status.FAILED, contact_id="7" * 40 + " a-token-of-ours")])
    said = [(entry.result.error, entry.result.contact_id) for entry in rows(journal, run)]
    assert said == [("no ***", ""), ("", ""), ("", "7" * 40 + " ***")]
    mirrored = PlannedRow(3, NoRow.MIRRORED, 0, "a-token-of-ours", action="lock", contact_id="1")
    journal.add_rows(run.id, [mirrored, PlannedRow(4, 0, 9, "D", state=Status.REJECTED, error="a-token-of-ours")])
    assert [(entry.result.user_data, entry.result.error) for entry in rows(journal, run)[3:]] == [
        ("***", ""),
        ("D", "***"),
    ]
    journal.add_images("run", [Image(0, "1", '{"Name": "a-token-of-ours"}', "{}")])
    assert not [file for file in tmp_path.glob("journal.db*") if b"a-token-of-ours" in file.read_bytes()]

    assert journal.images("run", [0]) == {}  # undo would write what is masked into the contact


def test_no_text_about_a_row_takes_a_token_into_the_file(journal: Journal, tmp_path: Path) -> None:
    """As planned and as settled: hints, IDs, and each of several faults."""
    keep_secret(token := "a-token-of-ours")
    run = begin(journal, 1, "A")
    journal.record(run.id, [Outcome(0, Status.FAILED, contact_id=token, error=token, hint=token)])
    faults = faults_text([Fault("a", token, token, "Name"), Fault("b", token, token, "City")])
    texts = {"contact_id": token, "error": token, "hint": token, "faults": faults}
    journal.add_rows(run.id, [PlannedRow(1, 0, 3, "B", state=str(Status.REJECTED), error_code="a", **texts)])
    with closing(sqlite3.connect(tmp_path / "journal.db")) as base:
        found = base.execute("SELECT contact_id, error, hint, faults FROM rows ORDER BY seq").fetchall()

    hidden = faults_text([Fault("a", "***", "***", "Name"), Fault("b", "***", "***", "City")])
    assert found == [("***", "***", "***", ""), ("***", "***", "***", hidden)]


def test_only_the_images_that_are_asked_for(journal: Journal) -> None:
    """Of this run, and of these rows."""
    journal.add_images("run", [Image(n, str(n), None, "{}") for n in range(3)])
    journal.add_images("other", [Image(1, "9", None, "{}")])

    assert journal.images("run", [1]) == {1: Image(1, "1", None, "{}")}


def test_what_an_earlier_run_settled(journal: Journal) -> None:
    """Succeeded and unchanged; not what a rule left out, and never rows without a key."""
    parent = begin(journal, 1, "A", "B", "C", "D", "", "B", "F")
    settle(journal, parent, Status.SUCCEEDED, None, Status.FAILED, None, Status.SUCCEEDED)
    reasons = {1: Reason.SUPERSEDED, 3: Reason.UNCHANGED, 6: Reason.PROTECTED}
    journal.record(parent.id, [Outcome(seq, Status.SKIPPED, reason) for seq, reason in reasons.items()])
    journal.record(parent.id, [Outcome(5, Status.FAILED)])
    run = begin(journal, 2, "E", "D", "C", "B", "A", "", "F")
    settle(journal, begin(journal, 3, "E", "C"), Status.SUCCEEDED, Status.SUCCEEDED)

    assert journal.settled_by(parent.id, run.id) == [1, 4]


def sent(journal: Journal, *keys: str, but: str = "") -> dict[str, str]:
    journal.fold_runs(TARGET, but=but)
    return {key: entry.payload for key, entry in journal.sent(TARGET, keys).items()}


def test_what_was_last_sent(journal: Journal) -> None:
    """Over all runs, in their order; what may have been sent since is not known any more."""
    first = begin(journal, 1, "A", "B", "C", "D", payload="one")
    settle(journal, first, *[Status.SUCCEEDED] * 4)
    end(journal, first)
    second = begin(journal, 2, "A", "B", "C", "D", "E", payload="two")
    settle(journal, second, Status.SUCCEEDED, Status.UNKNOWN, Status.FAILED, Status.SKIPPED, Status.SUCCEEDED)
    end(journal, second)

    known = {"A": "two-A", "B": "", "C": "one-C", "D": "one-D", "E": "two-E"}
    assert sent(journal, "A", "B", "C", "D", "E") == known


def test_only_what_was_sent_to_this_contact_as_it_is_now_is_left_out(journal: Journal) -> None:
    """Not another content, another key, or another campaign; nor a row that is held back, or has nothing to send."""
    other = replace(RUN, id="other", target=TARGET.replace("#538", "#539"), started_at="2026-01-01T00:00:00Z")
    journal.add_run(other)
    journal.add_rows(other.id, [PlannedRow(0, 0, 2, "THERE", "p")])
    settle(journal, other, Status.SUCCEEDED)
    end(journal, other)
    first = begin(journal, 2)
    journal.add_rows(first.id, [PlannedRow(n, 0, n + 2, key, "p") for n, key in enumerate(["SAME", "NEW", "HELD"])])
    settle(journal, first, *[Status.SUCCEEDED] * 3)
    end(journal, first)
    for target in (TARGET, other.target):
        journal.fold_runs(target)
    rows = {"SAME": "p", "NEW": "q", "HELD": "p", "THERE": "p", "NOBODY": "p", "REJECTED": ""}
    planned = [PlannedRow(n, 0, n + 2, key, payload) for n, (key, payload) in enumerate(rows.items())]
    planned[5] = planned[5]._replace(state=Status.REJECTED)
    begin(journal, 3)
    begin(journal, 4, *rows)

    assert journal.add_changed("run-3", TARGET, planned, {2}) == {1, 2, 3, 4}
    begin(journal, 5)
    assert journal.add_changed("run-5", TARGET, planned[1:5], {2}) == {1, 2, 3, 4}
    assert [str(entry.result.status) for entry in journal.rows(journal.run("run-3"))] == [
        "skipped", "unprocessed", "unprocessed", "unprocessed", "unprocessed", "rejected",
    ]  # fmt: skip
    assert [entry.result.contact_id for entry in journal.rows(journal.run("run-3"))] == ["run-2/0", *[""] * 5]


def test_each_page_of_rows_says_which_of_its_own_are_still_to_be_sent(journal: Journal) -> None:
    """Not again those of the page before, which are still pending; an empty page has none."""
    run = begin(journal, 1)
    pages = [[PlannedRow(n, 0, n + 2, f"K{n}", "p") for n in of_page] for of_page in ((0, 1), (2, 3), ())]

    assert [journal.add_changed(run.id, TARGET, page) for page in pages] == [{0, 1}, {2, 3}, set()]


def test_what_was_last_sent_goes_by_the_time_of_the_runs(journal: Journal) -> None:
    """Whatever their IDs, and in whatever order they were written down; in one second their IDs decide."""
    for number, (name, day) in enumerate([("a", 3), ("c", 1), ("z", 2)]):
        run = replace(RUN, id=name, started_at=f"2026-01-0{day}T00:00:00Z", state="finished")
        journal.add_run(run)
        journal.add_rows(run.id, [PlannedRow(0, 0, 2, "A", f"{number}-A")])
        settle(journal, run, Status.SUCCEEDED)
    assert sent(journal, "A") == {"A": "0-A"}

    for name in ("q", "p"):
        run = replace(RUN, id=name, started_at="2026-01-04T00:00:00Z", state="finished")
        journal.add_run(run)
        journal.add_rows(run.id, [PlannedRow(0, 0, 2, "A", f"{name}-A")])
        settle(journal, run, Status.SUCCEEDED)
    assert sent(journal, "A") == {"A": "q-A"}


def test_what_was_last_sent_stays_known_when_its_run_is_forgotten(journal: Journal) -> None:
    """An older run that is still there does not come back in its place."""
    for number, payload in ((1, "one"), (2, "two")):
        run = begin(journal, number, "A", payload=payload)
        settle(journal, run, Status.SUCCEEDED)
        end(journal, run)
    assert sent(journal, "A") == {"A": "two-A"}

    journal.delete_run("run-2")

    assert sent(journal, "A") == {"A": "two-A"}


def test_a_row_without_a_key_is_nobody(journal: Journal) -> None:
    """All such rows would be one and the same."""
    run = begin(journal, 1, "", "A")
    settle(journal, run, Status.SUCCEEDED, Status.SUCCEEDED)
    end(journal, run)

    assert sent(journal, "", "A") == {"A": "p-A"}


def test_what_was_last_sent_says_when(journal: Journal) -> None:
    """With the contact's ID; only of the keys that are asked for, however many."""
    keys = [f"K{n}" for n in range(1_002)]
    run = begin(journal, 1, *keys, "not asked for")
    journal.record(run.id, [Outcome(n, Status.SUCCEEDED, Action.CREATE, f"c{n}", sent_at=NOW) for n in range(1_003)])
    end(journal, run)

    journal.fold_runs(TARGET)
    found = journal.sent(TARGET, keys)

    assert found == {key: Sent(key, f"p-{key}", f"c{n}", NOW) for n, key in enumerate(keys)}


def test_what_other_campaigns_were_sent_does_not_count(journal: Journal) -> None:
    """The same key may be another contact there; neither makes the other known, or unknown."""
    there = replace(RUN, id="there", target="another campaign", started_at="2026-01-02T00:00:00Z")
    journal.add_run(there)
    journal.add_rows(there.id, [PlannedRow(0, 0, 2, "A", "p-A"), PlannedRow(1, 0, 3, "B", "there-B")])
    settle(journal, there, Status.SUCCEEDED, Status.SUCCEEDED)
    end(journal, there)

    assert sent(journal, "A") == {}
    here = begin(journal, 3, "A", "B", payload="here")
    journal.fold_runs(there.target)
    assert {key: known.payload for key, known in journal.sent(there.target, ["A", "B"]).items()} == {
        "A": "p-A", "B": "there-B",
    }  # fmt: skip

    settle(journal, here, Status.SUCCEEDED, Status.UNKNOWN)
    end(journal, here)
    assert sent(journal, "A", "B") == {"A": "here-A"}
    assert journal.sent(there.target, ["A", "B"]).keys() == {"A", "B"}


@pytest.mark.parametrize("state", ["finished", "running"])
def test_a_run_on_another_campaign_of_the_account_may_have_changed_the_contact(journal: Journal, state: str) -> None:
    """Of the keys that it has, nothing is known any more; a run on another account, or one that sends nothing, says
    nothing of ours. One that is at work may have begun long ago: what it has sent last counts."""
    account = TARGET.partition("#")[0]
    sister, far = f"{account}#539", f"{account}7#538"

    def sends(name: str, target: str, *keys: str, day: int = 2, **facts: Any) -> None:
        started = f"2026-01-{day:02}T00:00:00Z"
        facts = {"state": "finished", **facts, "id": name, "target": target, "started_at": started}
        journal.add_run(replace(RUN, **facts))
        journal.add_rows(name, [PlannedRow(n, 0, n + 2, key, name) for n, key in enumerate(keys)])
        at = "2026-01-20T00:00:00Z"
        journal.record(name, [Outcome(n, Status.SUCCEEDED, Action.CREATE, sent_at=at) for n in range(len(keys))])

    sends("ours", TARGET, "A", "B", "C")
    sends("theirs", far, "A")
    journal.fold_runs(TARGET)
    journal.fold_runs(far)
    sends("there", sister, "A", state=state, day=3)
    sends("far", far, "B", state=state, day=3)
    sends("checked", sister, "C", state=state, command="validate", day=3)

    assert sent(journal, "A", "B", "C") == {"A": "", "B": "ours", "C": "ours"}
    assert {key: known.payload for key, known in journal.sent(far, ["A", "B"]).items()} == {"A": "theirs"}
    there = {key: known.payload for key, known in journal.sent(sister, ["A", "C"]).items()}
    assert there == ({"A": "there"} if state == "finished" else {})


@pytest.mark.parametrize(("sent_at", "known"), [("2026-01-02T00:00:00Z", False), ("2026-02-01T00:00:00Z", True)])
def test_what_a_killed_run_on_another_campaign_may_have_replaced(journal: Journal, sent_at: str, known: bool) -> None:
    """It never ends, and was never resumed: what was sent before it, or soon after, is not known any more."""
    run = begin(journal, 2, "A", "B")
    outcomes = [Outcome(n, Status.SUCCEEDED, Action.CREATE, sent_at=sent_at) for n in range(2)]
    journal.record(run.id, outcomes)
    end(journal, run)
    elsewhere = f"{TARGET.partition('#')[0]}#9999"
    there = replace(RUN, id="there", target=elsewhere, started_at="2026-01-03T00:00:00Z", state="running")
    journal.add_run(there)
    journal.add_rows(there.id, [PlannedRow(0, 0, 2, "A", "there-A")])

    journal.fold_runs(TARGET)

    payloads = {key: found.payload for key, found in journal.sent(TARGET, ["A", "B"]).items()}
    assert payloads == {"A": "p-A" if known else "", "B": "p-B"}


def test_a_run_on_another_campaign_that_has_ended_makes_nothing_unknown_later(journal: Journal) -> None:
    """It counts once: what is sent after it is known, however soon."""
    there = replace(RUN, id="there", target=f"{TARGET.partition('#')[0]}#9999", started_at="2026-01-01T00:00:00Z")
    journal.add_run(there)
    journal.add_rows(there.id, [PlannedRow(0, 0, 2, "A", "there-A")])
    settle(journal, there, Status.SUCCEEDED)
    end(journal, there)
    run = begin(journal, 2, "A")
    settle(journal, run, Status.SUCCEEDED)
    end(journal, run)

    assert [sent(journal, "A"), sent(journal, "A")] == [{"A": "p-A"}] * 2


@pytest.mark.parametrize("action", [Action.LOCK, Action.UNLOCK])
def test_a_lock_leaves_what_was_sent_known(journal: Journal, action: Action) -> None:
    """The mirror takes only what was sent: a contact that a person has unlocked is still one of these."""
    run = begin(journal, 1, "A", "B")
    settle(journal, run, Status.SUCCEEDED, Status.SUCCEEDED)
    end(journal, run)
    locking = begin(journal, 2, command=str(action))
    journal.add_rows(locking.id, [PlannedRow(0, 0, 1, "A", action=action, contact_id="1")])
    journal.record(locking.id, [Outcome(0, Status.SUCCEEDED, action, "1", sent_at=NOW)])
    end(journal, locking)

    assert sent(journal, "A", "B") == {"A": "p-A", "B": "p-B"}


def test_two_runs_that_begin_at_once_take_in_what_was_sent_in_its_order(journal: Journal, tmp_path: Path) -> None:
    """The second waits for the first, before it looks what is to be taken in."""
    for number, payload in ((1, "one"), (2, "two")):
        run = begin(journal, number, "A", payload=payload)
        settle(journal, run, Status.SUCCEEDED)
        end(journal, run)
    begun = threading.Event()

    def second() -> dict[str, str]:
        with Journal.open(tmp_path / "journal.db") as other:
            begun.set()
            return sent(other, "A")

    change = "UPDATE runs SET folded = ? WHERE id = 'run-2'"
    with ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(tmp_path / "journal.db")) as first:
        first.execute(change, [1])
        first.commit()
        first.execute(change, [0])  # the end of the newer run, not yet written
        found = pool.submit(second)
        begun.wait(10)
        time.sleep(0.2)
        first.commit()

        assert found.result() == {"A": "two-A"}


def test_the_run_that_asks_does_not_count(journal: Journal) -> None:
    """Not until it has ended: what it sent last may be on its way."""
    run = begin(journal, 1, "A")
    settle(journal, run, Status.SUCCEEDED)

    assert sent(journal, "A", but=run.id) == {}
    end(journal, run)
    assert sent(journal, "A") == {"A": "p-A"}


def test_commands_that_send_nothing_do_not_count(journal: Journal) -> None:
    """A plan or a validation of the same rows makes nothing known, and nothing unknown."""
    first = begin(journal, 1, "A", "B", payload="one")
    settle(journal, first, Status.SUCCEEDED)
    end(journal, first)
    begin(journal, 2, "A", "B", command="validate")

    assert sent(journal, "A", "B") == {"A": "one-A"}


def test_between_which_times_what_has_not_changed_was_sent(journal: Journal) -> None:
    """The first and the last of this run's rows; none where all rows are new."""
    times = ["2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"]
    earlier, run, new = begin(journal, 1, "K0", "K1"), begin(journal, 2), begin(journal, 3, "NEW")
    journal.record(earlier.id, [Outcome(n, Status.SUCCEEDED, sent_at=at) for n, at in enumerate(times)])
    end(journal, earlier)
    journal.fold_runs(TARGET, but=run.id)
    changed = journal.add_changed(run.id, TARGET, [PlannedRow(n, 0, n, f"K{n}", f"p-K{n}") for n in range(2)])
    journal.add_rows(run.id, [PlannedRow(2, 0, 4, "B", "p-B", "failed", error="Name is missing")])

    assert not changed
    assert rows(journal, run)[0].result.error == f"sent as it is on {times[0]}"
    assert journal.sent_between(run.id) == {"from": times[1], "to": times[0]}
    assert journal.sent_between(new.id) == {}


def test_of_a_killed_run_nothing_is_known_that_was_not_settled(journal: Journal) -> None:
    """Its outcomes may not have been written down; when it has been resumed, all of them have."""
    first = begin(journal, 1, "A", "B", payload="one")
    settle(journal, first, Status.SUCCEEDED, Status.SUCCEEDED)
    end(journal, first)
    killed = begin(journal, 2, "A", "B", payload="two")
    settle(journal, killed, Status.SUCCEEDED)

    assert sent(journal, "A", "B") == {"A": "two-A", "B": ""}

    journal.update_run(killed.id, folded=False)
    settle(journal, killed, None, Status.SUCCEEDED)
    end(journal, killed)
    assert sent(journal, "A", "B") == {"A": "two-A", "B": "two-B"}


def undo(journal: Journal, number: int, undone: RunRecord, *lines: tuple[str, Action]) -> None:
    run = replace(
        RUN, id=f"run-{number}", started_at=f"2026-01-{number:02}T00:00:00Z", command="undo", parent=undone.id
    )
    journal.add_run(run)
    journal.add_rows(run.id, [PlannedRow(seq, 0, 2, key, action=action) for seq, (key, action) in enumerate(lines)])
    journal.record(run.id, [Outcome(seq, Status.SUCCEEDED, action) for seq, (_, action) in enumerate(lines)])
    end(journal, run)


def test_what_an_undo_restores_is_ours_if_it_was_sent_before(journal: Journal) -> None:
    """The mirror takes such contacts again, but none that this tool only overwrote in a run that is undone."""
    first = begin(journal, 1, "A", "B")
    settle(journal, first, Status.SUCCEEDED, Status.SUCCEEDED)
    end(journal, first)
    second = begin(journal, 2, "A", "THEIRS", "NEW", payload="two")
    settle(journal, second, *[Status.SUCCEEDED] * 3)
    journal.add_rows(second.id, [PlannedRow(3, NoRow.MIRRORED, 0, "B", action=Action.DELETE)])
    journal.record(second.id, [Outcome(3, Status.SUCCEEDED, Action.DELETE)])
    end(journal, second)
    assert sent(journal, "A", "B", "THEIRS", "NEW").keys() == {"A", "THEIRS", "NEW"}

    over, make = Action.OVERWRITE, Action.CREATE
    undo(journal, 3, second, ("A", over), ("THEIRS", over), ("NEW", Action.DELETE), ("B", make))

    assert sent(journal, "A", "B", "THEIRS", "NEW") == {"A": "", "B": ""}

    undo(journal, 4, first, ("A", over), ("B", over))
    assert sent(journal, "A", "B") == {}


def test_what_was_deleted_and_sent_again_is_ours_after_an_undo(journal: Journal) -> None:
    """A list lacked both for a night; of B, which was made again by somebody else, nothing is known."""
    first = begin(journal, 1, "A", "B")
    settle(journal, first, Status.SUCCEEDED, Status.SUCCEEDED)
    gone = begin(journal, 2)
    journal.add_rows(
        gone.id, [PlannedRow(n, NoRow.MIRRORED, 0, key, action=Action.DELETE) for n, key in enumerate("AB")]
    )
    journal.record(gone.id, [Outcome(n, Status.SUCCEEDED, Action.DELETE) for n in range(2)])
    third, fourth = begin(journal, 3, "A"), begin(journal, 4, "A", "B")
    settle(journal, third, Status.SUCCEEDED)
    settle(journal, fourth, Status.SUCCEEDED, Status.SUCCEEDED)
    for run in (first, gone, third, fourth):
        end(journal, run)

    undo(journal, 5, fourth, ("A", Action.OVERWRITE), ("B", Action.OVERWRITE))

    assert sent(journal, "A", "B") == {"A": ""}


def test_what_was_unchanged_is_ours_after_an_undo_though_the_run_that_sent_it_is_pruned(journal: Journal) -> None:
    first = begin(journal, 1, "A")
    settle(journal, first, Status.SUCCEEDED)
    end(journal, first)
    journal.fold_runs(TARGET, but="")
    second = begin(journal, 2)
    assert not journal.add_changed(second.id, TARGET, [PlannedRow(0, 0, 2, "A", "p-A")])
    end(journal, second)
    journal.delete_run(first.id)
    third = begin(journal, 3, "A", "B", payload="three")
    settle(journal, third, Status.SUCCEEDED, Status.SUCCEEDED)
    end(journal, third)

    undo(journal, 4, third, ("A", Action.OVERWRITE), ("B", Action.OVERWRITE))

    assert sent(journal, "A", "B") == {"A": ""}


def test_what_was_deleted_is_not_known(journal: Journal) -> None:
    """A contact that dialler-sync deleted must not pass for unchanged."""
    first = begin(journal, 1, "A", "B")
    settle(journal, first, Status.SUCCEEDED, Status.SUCCEEDED)
    end(journal, first)
    deleting = begin(journal, 2, command="delete")
    journal.add_rows(deleting.id, [PlannedRow(0, 0, 2, "A", action="delete")])
    settle(journal, deleting, Status.SUCCEEDED)
    end(journal, deleting)

    assert sent(journal, "A", "B") == {"B": "p-B"}


def test_a_campaign_is_held_by_one_at_a_time(journal: Journal, tmp_path: Path) -> None:
    """Another process is refused, and gets it when the holder has died without a word."""
    code = (
        "import os, sys; from dialler_sync.journal import Journal\n"
        f"with Journal.open({str(tmp_path / 'journal.db')!r}).campaign_lock({TARGET!r}):\n"
        "    print('held', flush=True); sys.stdin.read(); os.kill(os.getpid(), 9)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match="another run"), journal.campaign_lock(TARGET):
            pass
        with journal.campaign_lock("another campaign"):
            pass
        holder.communicate()

    with journal.campaign_lock(TARGET):
        pass


def test_the_journal_is_for_its_owner_only(journal: Journal, tmp_path: Path) -> None:
    """It holds personal data."""
    begin(journal, 1, "A")

    assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.glob("journal.db*"))


def test_an_outcome_that_went_into_a_deleted_file_is_no_outcome(journal: Journal, tmp_path: Path) -> None:
    """SQLite goes on writing to it without a word."""
    run = begin(journal, 1, "A")
    (tmp_path / "journal.db").unlink()

    with pytest.raises(JournalLost, match="was deleted or replaced"):
        settle(journal, run, Status.SUCCEEDED)


def test_a_path_with_signs_that_urls_know(tmp_path: Path) -> None:
    """A path is a path."""
    path = tmp_path / "a?b#c%20" / "journal ä.db"

    with Journal.open(path) as journal:
        begin(journal, 1, "A")

    assert path.exists()


def test_a_journal_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """What it knows stays, and what is new is writable."""
    path = tmp_path / "journal.db"
    with Journal.open(path) as journal:
        end(journal, begin(journal, 1, "A"))
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("DROP TABLE mirror_locks")
        base.execute("DROP TABLE failed_cells")
        base.execute("ALTER TABLE rows DROP COLUMN warnings")
        base.execute("UPDATE schema_version SET version = 1")

    for _ in range(2):
        with Journal.open(path) as journal:
            assert journal.mirror_locked(TARGET, ["1"]) == set()
            assert [run.id for run in journal.runs()] == ["run-1"]
            assert [entry.result.warnings for entry in journal.rows(journal.run("run-1"))] == [()]
            assert journal.origins("run-1", 0, [2]) == {2: Origin("A", "", "", None)}


def test_cells_of_rows_to_be_mended_are_kept_as_they_were_first(journal: Journal) -> None:
    """Whatever they hold; of rows that were settled they go, and with the run all of them."""
    run = begin(journal, 1, "A", "B", "C")
    settle(journal, run, None, Status.SUCCEEDED)
    journal.keep_cells(run.id, [(0, ("\x00", "\ud800", "'=1")), (1, ("b",))])
    journal.keep_cells(run.id, [(0, ("other",))])

    assert journal.origins(run.id, 0, [2, 3, 4, 5]) == {
        2: Origin("A", "", "", ("\x00", "\ud800", "'=1")),
        3: Origin("B", "", "", None),
        4: Origin("C", "", "", None),
    }
    assert journal.origins(run.id, 1, [2]) == {}
    assert journal.origins("another", 0, [2]) == {}
    journal.delete_run(run.id)
    assert journal.origins(run.id, 0, [2]) == {}


def test_keys_are_settled_by_imports_of_the_target_that_came_later_and_were_not_undone(journal: Journal) -> None:
    """Also by those that left them out as unchanged, by those that were pruned meanwhile, and by those of which an undo
    has put back a part, or nothing."""
    runs = {"EARLY": Status.SUCCEEDED, "LATE": Status.SUCCEEDED, "BAD": Status.REJECTED, "PRUNED": Status.SUCCEEDED}
    for number, (key, status) in enumerate(runs.items(), 1):
        run = begin(journal, number, key)
        journal.record(run.id, [Outcome(0, status, Action.CREATE, "7", sent_at=f"2026-01-0{number}T00:00:00.100Z")])
        end(journal, run)
    unchanged = begin(journal, 5, "SAME")
    journal.record(unchanged.id, [Outcome(0, Status.SKIPPED, Reason.UNCHANGED)])
    dry = replace(begin(journal, 6), id="run-dry", options={"dry_run": True})
    journal.add_run(dry)
    journal.add_rows(dry.id, [PlannedRow(0, 0, 2, "DRY", "p", str(Status.SUCCEEDED))])
    undone = begin(journal, 7, "UNDONE")
    settle(journal, undone, Status.SUCCEEDED)
    journal.add_run(replace(RUN, id="run-8", command="undo", parent=undone.id, summary=facts("run-8")))
    for number, code in ((2, 4), (3, 5), (5, None)):  # rows were left as they are, it was stopped, it is at work
        left = facts("run", exit_code=code) if code else None
        journal.add_run(replace(RUN, id=f"undo-{number}", command="undo", parent=f"run-{number}", summary=left))
    journal.fold_runs(TARGET, but=undone.id)
    journal.delete_run("run-4")
    keys = ["EARLY", "LATE", "BAD", "PRUNED", "SAME", "DRY", "UNDONE", "NEVER"]

    def settled(keys: list[str], but: set[str], target: str = TARGET, since: str = "2026-01-01T12:00:00Z") -> Any:
        found = journal.settled_since([(target, key) for key in keys], since, but)
        assert {of for of, _ in found} <= {target}
        return {key: run for (_, key), run in found.items()}

    assert settled(keys, {"run-9"}) == {"LATE": "run-2", "PRUNED": "run-4", "SAME": "run-5"}
    assert settled(keys, set(), "other") == {}
    assert settled([], set()) == {}
    assert settled(["LATE"], set()) == {"LATE": "run-2"}
    assert [journal.sent_since(TARGET, since, set()) for since in ("2026-01-01T12:00:00Z", "2026-02")] == [True, False]
    assert not journal.sent_since("other", "2026-01-01T12:00:00Z", set())
    others = {"run-2", "run-3", "run-5", "run-6"}  # the pruned one has left what it sent
    assert [journal.sent_since(TARGET, f"2026-01-0{day}T00:00:00Z", others) for day in (3, 5)] == [True, False]
    assert settled(keys, {"run-2"}).keys() == {"PRUNED", "SAME"}


NORTH, SOUTH, FIXED = ({**RUN.files[0], "name": name} for name in ("north.csv", "south.csv", "failed.xlsx"))


@pytest.mark.parametrize("folded", [True, False])
def test_a_contact_is_of_the_list_that_was_sent_last(folded: bool, journal: Journal) -> None:
    """Of a fixed file, the list that it belongs to counts; rows that were not sent, and other targets, do not."""

    def sent(number: int, target: str = TARGET, **changes: Any) -> RunRecord:
        run = replace(RUN, id=f"run-{number}", started_at=f"2026-01-{number:02}T00:00:00Z", target=target, **changes)
        journal.add_run(run)
        return run

    def rows(run: RunRecord, *keys: tuple[str, int], status: Status = Status.SUCCEEDED) -> None:
        planned = [PlannedRow(n, file, n + 2, key, f"{run.id}-{key}") for n, (key, file) in enumerate(keys)]
        journal.add_rows(run.id, planned)
        settle(journal, run, *[status] * len(keys))
        end(journal, run)

    account = TARGET.rpartition("#")[0] + "#*"
    rows(sent(1, files=[NORTH, SOUTH]), ("N", 0), ("S", 1), ("AGAIN", 0), ("FIXED", 0), ("", 0))
    rows(sent(2, files=[SOUTH]), ("AGAIN", 0))
    rows(sent(3, files=[NORTH]), ("BAD", 0), status=Status.FAILED)
    rows(sent(4, files=[FIXED], parent="run-2"), ("MENDED", 0))
    rows(sent(5, target=account, files=[NORTH]), ("N-ACCOUNT", 0), ("AGAIN", 0))
    rows(sent(6, target="http://other/1#538", files=[NORTH]), ("OTHER", 0))
    rows(sent(7, files=[NORTH], command="undo"), ("UNDONE", 0))
    if folded:
        journal.fold_runs(TARGET)
        journal.fold_runs("http://other/1#538")
    runs = journal.runs()
    keys = ["N", "S", "AGAIN", "FIXED", "BAD", "MENDED", "N-ACCOUNT", "OTHER", "NEVER"]

    assert journal.lists_of(TARGET, runs, keys) == {
        "N": "north.csv", "S": "south.csv", "AGAIN": "south.csv", "FIXED": "north.csv", "MENDED": "south.csv",
        "N-ACCOUNT": "north.csv",
    }  # fmt: skip
    assert journal.lists_of(TARGET, runs, ["S"]) == {"S": "south.csv"}
    assert "AGAIN" not in journal.lists_of(TARGET, [run for run in runs if run.id != "run-2"], keys) or not folded


WARNED = (RowWarning("restored", "UserData"), RowWarning("double_encoded", "Name"))


def test_warnings_of_a_row_stay_with_it_whatever_becomes_of_it(journal: Journal) -> None:
    """Also where it has not changed since it was last sent."""
    end(journal, run := begin(journal, 1, "A"))
    settle(journal, run, Status.SUCCEEDED)
    journal.fold_runs(TARGET)
    run = begin(journal, 2)
    text = RowWarning.text(WARNED)
    rows = [PlannedRow(n, 0, n + 2, key, f"p-{key}", warnings=text) for n, key in enumerate("AB")]

    journal.add_changed(run.id, TARGET, [*rows, PlannedRow(2, 0, 4, "C", state=Status.REJECTED, warnings=text)])
    journal.record(run.id, [Outcome(1, Status.FAILED)])

    assert text == "restored:UserData; double_encoded:Name"
    assert [(entry.state, entry.result.warnings) for entry in journal.rows(run)] == [
        ("skipped", WARNED),
        ("failed", WARNED),
        ("rejected", WARNED),
    ]


def test_warnings_are_added_to_the_rows_they_are_about(journal: Journal) -> None:
    """After those that a row has; of this run only. Its sheet is known, too."""
    run, other = begin(journal, 1, "A", "B"), begin(journal, 2, "A")
    sheets = replace(run, files=[{**run.files[0], "sheet": "Sheet 2"}])

    journal.note_moves(run.id, [0])
    journal.note_warnings(run.id, [(0, "restored:Name"), (1, "restored:City")])

    found = [(row.result.sheet, row.moves, RowWarning.text(row.result.warnings)) for row in rows(journal, sheets)]
    assert found == [("Sheet 2", True, "restored:Name"), ("Sheet 2", False, "restored:City")]
    assert [entry.result.warnings for entry in rows(journal, other)] == [()]


@pytest.mark.parametrize("odd", ["yesterday", "zz", "2026-01-03T00:00:00", "9998-12-31T23:59:59Z"])
def test_a_time_that_is_none_of_a_run_on_another_campaign(journal: Journal, tmp_path: Path, odd: str) -> None:
    """The journal was edited: it is damaged, or what was sent before the end of time is not known."""
    there = replace(RUN, id="there", target=f"{TARGET.partition('#')[0]}#9999", state="running")
    journal.add_run(there)
    journal.add_rows(there.id, [PlannedRow(0, 0, 2, "A", "there-A")])
    with closing(sqlite3.connect(tmp_path / "journal.db")) as base, base:
        base.execute("UPDATE rows SET sent_at = ?", (odd,))

    if odd.startswith("9998"):
        journal.fold_runs(TARGET)
    else:
        with pytest.raises(JournalError, match="is damaged"):
            journal.fold_runs(TARGET)
