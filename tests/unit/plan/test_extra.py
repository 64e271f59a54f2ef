"""Changes of contacts without a row: which are planned, in what order, and what is written down of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from dialler_sync.config.limits import Limit
from dialler_sync.errors import SafetyLimit
from dialler_sync.journal import Image, Journal, JournalRow, NoRow, PlannedRow, RunRecord
from dialler_sync.model import Action, Reason, RowResult, Status
from dialler_sync.pages import KEYS
from dialler_sync.plan.decide import PlanRules
from dialler_sync.plan.extra import ExtraChanges
from dialler_sync.plan.planned import Planned
from dialler_sync.plan.snapshot import Snapshot
from dialler_sync.plan.suppress import SuppressionList, SuppressionLists
from dialler_sync.plan.unlisted import Mirror
from dialler_sync.prepare.prepared import Prepared

from ...helpers.records import RUN, TARGET
from ...helpers.rows import BASIC, settings_of

LOCKING = {"skip": {"Name": "x"}, "skipped_contacts": "lock"}
FIRST = replace(RUN, id="first", started_at="2025-12-01T00:00:00Z")


def contact(number: int, **fields: Any) -> dict[str, Any]:
    return {"ID": number, "UserData": f"K{number}", "DiallerCampaignsID": 538, **fields}


def line(
    key: str, status: Status = Status.UNPROCESSED, action: Action | Reason | None = None, file: int = 0
) -> JournalRow:
    return JournalRow(RowResult(0, "", "", 2, key, status, action), file, "", "", None)


@dataclass
class Book:
    """A journal. ``locked``: key → contact ID → run; ``later``: keys that a later run has settled."""

    lines: Sequence[JournalRow] = ()
    locked: dict[str, dict[str, str]] = field(default_factory=dict)
    later: tuple[str, ...] = ()
    pages: list[Sequence[PlannedRow]] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def run(self, _name: str) -> RunRecord:
        return FIRST

    def rows(self, _run: object) -> Iterator[JournalRow]:
        return iter(self.lines)

    def returned(self, target: str, run_id: str) -> dict[str, dict[str, str]]:
        assert (target, run_id) == (TARGET, RUN.id)
        return self.locked

    def mirror_locked(self, _target: str, _ids: object) -> set[str]:
        return set()

    def list_of(self, run: RunRecord) -> tuple[str, str]:
        return run.id, run.started_at

    def sent_since(self, target: str, since: str, but: set[str]) -> bool:
        assert target == TARGET
        assert RUN.id in but
        self.asked.append(since)
        return bool(self.later)

    def settled_since(self, wanted: Iterable[tuple[str, str]], since: str, but: set[str]) -> set[tuple[str, str]]:
        assert since in self.asked
        assert RUN.id in but
        return {(target, key) for target, key in wanted if target == TARGET and key in self.later}

    def add_rows(self, _run: str, rows: Sequence[PlannedRow]) -> None:
        self.pages.append(rows)

    def add_images(self, _run: str, images: Iterable[Image]) -> None:
        self.images.extend(images)


@dataclass
class Done:
    """``changes``: (kind, contact ID) of what is sent, in its order."""

    extra: ExtraChanges
    book: Book
    planned: Planned

    @property
    def changes(self) -> list[tuple[str, str]]:
        return [(row.kind, row.contact_id) for row in self.extra.rows]


def plan(
    tmp_path: Path,
    *there: Mapping[str, Any],
    book: Book | None = None,
    left_out: Sequence[str] = (),
    listed: Sequence[str] = (),
    lock: bool = True,
    mirror: bool = False,
    snapshot: Snapshot | None = None,
    unseen: bool = False,
    keep_entries: bool = True,
    run: RunRecord = RUN,
    **sections: Any,
) -> Done:
    """Plan what is beside the rows of a list that has K1."""
    book, planned = book or Book([line("K1")]), Planned()
    settings = settings_of(BASIC, **({"mirror": {"missing": "delete"}} if mirror else {}), **sections)
    lists = (SuppressionList("user_data", frozenset(listed), "dnc.csv", lock=lock),) if listed else ()
    journal, limit = cast("Journal", book), Limit(percent=100)
    if not unseen:
        snapshot = snapshot or Snapshot()
        snapshot.add(there)
        snapshot.index()
    prepared = Prepared(tmp_path)
    try:
        prepared.left_out.write(list(enumerate(left_out)))
        prepared.todo, prepared.filtered = bytearray(1 + len(left_out)), len(left_out)
        ours = Mirror(settings, journal, run, PlanRules(), limit, True, 1) if mirror else None
        extra = ExtraChanges(settings, journal, run, prepared, SuppressionLists(lists), ours, planned)
        extra.plan(snapshot, keep_entries=keep_entries)
    finally:
        prepared.close()
    return Done(extra, book, planned)


def test_nothing_is_done_beside_the_rows_unless_it_is_wanted(tmp_path: Path) -> None:
    assert plan(tmp_path, contact(1), contact(2)).changes == []
    assert plan(tmp_path, contact(1), contact(2), listed=["K2"], lock=False).changes == []
    assert plan(tmp_path, contact(1), contact(2), mirror=True).changes == [("delete", "2")]
    assert plan(tmp_path, contact(1), contact(2), listed=["K2"]).changes == [("lock", "2")]


def test_a_contact_is_changed_once(tmp_path: Path) -> None:
    """It is the mirror's, before it is that of a row left out, or of a do-not-call list."""
    done = plan(
        tmp_path, contact(1), contact(2), contact(3), contact(4), mirror=True, listed=["K2", "K3", "K4"],
        book=Book([line("K1"), line("K3", Status.SKIPPED, Reason.FILTERED)]), left_out=["K3"],
        rows=LOCKING,
    )  # fmt: skip

    assert done.changes == [("delete", "2"), ("delete", "4"), ("lock", "3")]
    assert done.planned.counts == {"delete": 2, "lock": 1}


def test_what_has_returned_and_is_left_out_stays_locked(tmp_path: Path) -> None:
    """Whoever else has returned is unlocked; also where nobody has looked at the dialler."""
    locked = {"K1": {"1": "run-1"}, "K2": {"2": "run-1"}}

    def book() -> Book:
        return Book([line("K1"), line("K2", Status.SKIPPED, Reason.FILTERED)], {**locked})

    there = contact(1, bLocked=True), contact(2, bLocked=True)
    assert plan(tmp_path, *there, book=book(), left_out=["K2"]).changes == [("unlock", "1")]
    assert plan(tmp_path, *there, book=book()).changes == [("unlock", "1"), ("unlock", "2")]
    unseen = plan(tmp_path, unseen=True, book=book(), left_out=["K2"], listed=["K3"], mirror=True)
    assert unseen.changes == [("unlock", "1"), ("unlock", "2")]


def test_rows_left_out_lock_their_contacts_if_that_is_wanted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Else it is said how many can still be called: not one that is locked, or of which another row goes."""
    there = [contact(1), contact(2), contact(3, bLocked=True), contact(4)]
    skipped = [line(key, Status.SKIPPED, Reason.FILTERED) for key in ("K1", "K2", "K3", "K4")]
    facts: dict[str, Any] = {"book": Book([line("K1"), *skipped]), "left_out": ["K1", "K2", "K3", "K4"]}

    assert plan(tmp_path, *there, rows=LOCKING, **facts).changes == [("lock", "2"), ("lock", "4")]
    with caplog.at_level(logging.WARNING):
        assert plan(tmp_path, *there, **facts).changes == []
    assert "2 contacts of rows left out" in caplog.text
    caplog.clear()
    assert plan(tmp_path, there[0], there[2], **facts).changes == []
    assert not caplog.text


@pytest.mark.parametrize(
    ("status", "action", "file", "locks"),
    [
        (Status.UNPROCESSED, None, 0, False),
        (Status.SUCCEEDED, Action.CREATE, 0, False),
        (Status.UNKNOWN, Action.CREATE, 0, False),
        (Status.SKIPPED, Reason.UNCHANGED, 0, False),
        (Status.SKIPPED, Reason.EXISTS, 0, False),
        (Status.SKIPPED, Reason.SUPERSEDED, 0, True),
        (Status.REJECTED, None, 0, True),
        (Status.FAILED, Action.CREATE, 0, True),
        (Status.UNPROCESSED, Action.LOCK, NoRow.MIRRORED, True),
    ],
)
def test_another_row_of_the_key_that_goes_leaves_the_contact(
    status: Status, action: Action | Reason | None, file: int, locks: bool, tmp_path: Path
) -> None:
    book = Book([line("K2", Status.SKIPPED, Reason.FILTERED), line("K2", status, action, file)])

    done = plan(tmp_path, contact(2), book=book, left_out=["K2"], rows=LOCKING)

    assert done.changes == ([("lock", "2")] if locks else [])


def test_contacts_of_a_later_list_and_of_other_campaigns_are_left_alone(tmp_path: Path) -> None:
    """Counted from the first run of this list."""
    snapshot = Snapshot()
    snapshot.add_beside([contact(4, DiallerCampaignsID=539), contact(5)])
    facts: dict[str, Any] = {"rows": LOCKING, "left_out": ["K2", "K3", "K4", "K5"]}

    done = plan(tmp_path, contact(2), contact(3), book=Book(later=("K2",)), snapshot=snapshot, **facts)
    assert done.changes == [("lock", "3"), ("lock", "5")]
    assert done.book.asked == [RUN.started_at]
    done = plan(tmp_path, contact(2), run=replace(RUN, parent="first"), **facts)
    assert done.book.asked == [FIRST.started_at]


@pytest.mark.parametrize(
    ("campaign", "locks"), [({"id": 538}, False), ({"name": "Nightly"}, False), ({"column": "Campaign"}, True)]
)
def test_a_list_of_several_campaigns_counts_contacts_in_all(
    campaign: dict[str, Any], locks: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    snapshot = Snapshot()
    snapshot.add_beside([contact(4, DiallerCampaignsID=539, DiallerCampaignsName="Fair")])
    snapshot.campaign_ids = {"Nightly": "538", "None": "540"}

    plan(tmp_path, snapshot=snapshot, left_out=["K4"], campaign=campaign)

    assert ("1 contact of rows left out" in caplog.text) == locks


def test_what_is_written_down(tmp_path: Path) -> None:
    """The rows follow those of the files; of a contact that is deleted, all that there was."""
    done = plan(tmp_path, contact(1), contact(2, Name="Bob", City="", ID=8), mirror=True, left_out=["K7"])

    assert [tuple(row)[:4] for page in done.book.pages for row in page] == [(2, NoRow.MIRRORED, 0, "K2")]
    assert [(row.action, row.contact_id) for page in done.book.pages for row in page] == [(Action.DELETE, "8")]
    assert done.extra.rows[0][:2] == (2, "K2")
    (image,) = done.book.images
    assert (image.seq, image.contact_id, image.after) == (2, "8", "{}")
    assert json.loads(image.before or "")["Name"] == "Bob"
    (entry,) = done.planned.entries
    assert (entry.action, entry.user_data, entry.contact_id, entry.reason) == (
        "delete", "K2", "8", "no longer in the file",
    )  # fmt: skip
    assert plan(tmp_path, contact(2), mirror=True, keep_entries=False).planned.entries == []


def test_what_undo_needs_is_kept_only_of_what_is_deleted_and_if_it_may_be(tmp_path: Path) -> None:
    without: dict[str, Any] = {"journal": {"before_images": False}}

    assert plan(tmp_path, contact(2), mirror=True, **without).book.images == []
    assert plan(tmp_path, contact(2), listed=["K2"]).book.images == []


def test_places_go_on_over_pages(tmp_path: Path) -> None:
    there = [contact(number) for number in range(2, KEYS + 4)]

    done = plan(tmp_path, *there, mirror=True, keep_entries=False)

    assert [row.seq for row in done.extra.rows] == list(range(1, KEYS + 3))
    assert [len(page) for page in done.book.pages] == [KEYS, 2]


def test_a_contact_that_cannot_be_named_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(SafetyLimit, match="does not give its ID"):
        plan(tmp_path, {**contact(2), "ID": None}, listed=["K2"])


def test_the_mirror_selects_once(tmp_path: Path) -> None:
    """What looks at its contacts before the rows are planned has it select them."""
    done = plan(tmp_path, contact(2), mirror=True)
    snapshot = Snapshot()
    snapshot.add([contact(3)])
    snapshot.index()

    done.extra.select_missing(snapshot)
    plan(tmp_path).extra.select_missing(snapshot)  # and none selects nothing

    assert list(snapshot.taken()) == []
