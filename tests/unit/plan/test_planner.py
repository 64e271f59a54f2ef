"""The planner: what is written down for a row, given what the dialler has, with contacts in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from dialler_sync.journal import Image, Journal, JournalRow, Outcome, PlannedRow
from dialler_sync.model import MOVE
from dialler_sync.plan.planned import Planned
from dialler_sync.plan.planner import PlanInputs, Planner
from dialler_sync.plan.snapshot import Snapshot
from dialler_sync.plan.suppress import SuppressionList, SuppressionLists
from dialler_sync.prepare.prepared import Prepared

from ...helpers.records import RUN
from ...helpers.rows import BASIC, settings_of

ROW = {"UserData": "K1", "Name": "Meier", "PhoneNumber1": "+491713920012", "DiallerCampaignsID": 538}


@dataclass
class Book:
    """A journal that keeps what it is told. ``locked``: key → contact ID → run of the mirror that locked it."""

    locked: dict[str, dict[str, str]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    decided: list[tuple[int, str, str]] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    extra: list[PlannedRow] = field(default_factory=list)

    def returned(self, _target: str, _run: str) -> dict[str, dict[str, str]]:
        return self.locked

    def record(self, _run: str, outcomes: Iterable[Outcome]) -> None:
        self.outcomes.extend(outcomes)

    def note_moves(self, _run: str, seqs: Iterable[int]) -> None:
        self.moved.extend(seqs)

    def plan_actions(self, _run: str, decided: Iterable[tuple[int, str, str]]) -> None:
        self.decided.extend(decided)

    def add_images(self, _run: str, images: Iterable[Image]) -> None:
        self.images.extend(images)

    def add_rows(self, _run: str, rows: Iterable[PlannedRow]) -> None:
        self.extra.extend(rows)

    def rows(self, _run: object) -> Iterator[JournalRow]:
        return iter(())


@dataclass
class Plan:
    """What became of one row: its action, and whether it is to be sent."""

    book: Book
    prepared: Prepared
    planned: Planned
    planner: Planner

    @property
    def action(self) -> str:
        (action,) = self.planned.counts
        return action

    @property
    def sent(self) -> bool:
        return self.prepared.todo == b"\1"


def stored(**fields: Any) -> dict[str, Any]:
    return {"ID": 7, **ROW, **fields}


def plan(
    tmp_path: Path,
    here: Iterable[Mapping[str, Any]] | None = (),
    beside: Iterable[Mapping[str, Any]] = (),
    *,
    row: Mapping[str, Any] = ROW,
    kind: str = "",
    book: Book | None = None,
    may_move: bool = False,
    suppressed: tuple[SuppressionList, ...] = (),
    compare: bool = False,
    **sections: Any,
) -> Plan:
    """Plan one row; ``here`` and ``beside`` are the dialler's contacts, in the campaign and in others."""
    book = book or Book()
    snapshot = None
    if here is not None:
        snapshot = Snapshot()
        snapshot.add(here)
        snapshot.add_beside(beside)
        snapshot.may_move = may_move
        snapshot.index()
        snapshot.note_alike([row.get("UserData", "")], here)
    prepared = Prepared(tmp_path)
    prepared.bodies.write([(0, row.get("UserData", ""), json.dumps(row).encode())])
    prepared.todo = bytearray(b"\1")
    prepared.rows.append(2)
    if kind:
        prepared.watched[0] = (kind, "")
    inputs = PlanInputs(snapshot, SuppressionLists(suppressed), compare)
    settings = settings_of(sections.pop("columns", BASIC), **sections)
    planner = Planner(settings, cast("Journal", book), RUN, prepared, inputs)

    async def go_on() -> None:
        """There is nothing to wait for."""

    try:
        planned = asyncio.run(planner.plan(keep_entries=True, pause=go_on))
    finally:
        prepared.close()
        if snapshot is not None:
            snapshot.close()
    return Plan(book, prepared, planned, planner)


def listed(**changes: Any) -> tuple[SuppressionList, ...]:
    return (SuppressionList("user_data", frozenset({"K1"}), "dnc.csv", **changes),)


ELSEWHERE = stored(ID=9, DiallerCampaignsID=539)


def test_a_row_that_moves_its_contact_is_sent_though_nothing_changes(tmp_path: Path) -> None:
    """What the dialler has of it in this campaign may be what an earlier try has made."""
    assert plan(tmp_path, [stored()], compare=True).action == "unchanged"
    assert plan(tmp_path, [stored()], compare=True, kind=MOVE).action == "overwrite"


def test_contacts_in_two_campaigns_are_looked_at_again(tmp_path: Path) -> None:
    """The row may have been to move the other one, and then its move is told."""
    for kind, moved in (("", []), (MOVE, [0])):
        done = plan(tmp_path, [stored()], [ELSEWHERE], kind=kind)
        assert (done.action, done.prepared.watched, done.book.moved) == (
            "overwrite",
            {0: (kind or "import", "7")},
            moved,
        )
    done = plan(tmp_path, [], [ELSEWHERE])
    assert (done.prepared.watched, done.book.moved, done.planned.warnings) == ({0: (MOVE, "9")}, [0], {"moved": 1})
    assert plan(tmp_path, [stored()]).prepared.watched == {}
    assert plan(tmp_path, [stored()]).book.moved == []
    assert plan(tmp_path, [stored()], [ELSEWHERE], protect={"follow_up": True}, compare=True).prepared.watched == {}


def test_what_may_move_a_contact_is_not_taken_to_make_one(tmp_path: Path) -> None:
    """Undo would delete a contact that was there before; a row without a key moves nobody."""
    keyless = {name: value for name, value in ROW.items() if name != "UserData"}

    assert plan(tmp_path, may_move=True).action == "import"
    assert plan(tmp_path, may_move=False).action == "create"
    assert plan(tmp_path, may_move=True, row=keyless).action == "create"
    assert plan(tmp_path, [stored()], may_move=True).action == "overwrite"
    assert plan(tmp_path, None).action == "import"
    assert plan(tmp_path, None, rows={"overwrite_duplicates": False}).action == "create"


def test_who_must_not_be_called_is_neither_sent_nor_unlocked(tmp_path: Path) -> None:
    book = Book({"K1": {"7": "run"}})

    done = plan(tmp_path, [stored(bLocked=True)], suppressed=listed(), book=book)

    assert (done.action, done.sent, done.planner.extra) == ("suppressed", False, [])
    assert [(each.status, each.contact_id) for each in book.outcomes] == [("skipped", "7")]
    assert plan(tmp_path, [], suppressed=listed()).book.outcomes[0].contact_id == ""


def test_a_lock_protects_unless_it_is_our_mirror_s(tmp_path: Path) -> None:
    """And that of another contact of the key is not ours."""
    locked, protect = [stored(bLocked=True)], {"locked": True}

    assert plan(tmp_path, locked, protect=protect).action == "protected"
    assert plan(tmp_path, locked, protect=protect, book=Book({"K1": {"8": "run"}})).action == "protected"
    ours = plan(tmp_path, locked, protect=protect, book=Book({"K1": {"7": "run"}}))
    assert ours.planned.counts == {"overwrite": 1, "unlock": 1}
    assert [(row.kind, row.contact_id) for row in ours.planner.extra] == [("unlock", "7")]


@pytest.mark.parametrize(("missing", "extra"), [("overwrite", []), ("lock", [("lock", "8")])])
def test_listed_contacts_are_locked_only_where_that_is_wanted(
    missing: str, extra: list[tuple[str, str]], tmp_path: Path
) -> None:
    others = [SuppressionList("user_data", frozenset({"K2"}), "dnc.csv", lock=missing == "lock")]

    done = plan(tmp_path, [stored(), stored(ID=8, UserData="K2")], suppressed=tuple(others))

    assert [(row.kind, row.contact_id) for row in done.planner.extra] == extra
    assert done.book.images == [image for image in done.book.images if image.seq == 0]


@pytest.mark.parametrize(
    ("here", "sections", "images"),
    [
        ([stored(Name="Old")], {}, [("7", "Old")]),
        ([], {}, [("", None)]),
        ([stored(Name="Old")], {"journal": {"before_images": False}}, []),
        (None, {}, []),  # nobody has looked
        (None, {"rows": {"overwrite_duplicates": False}}, []),
    ],
)
def test_what_undo_needs_is_kept(
    here: list[dict[str, Any]] | None, sections: dict[str, Any], images: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    kept = plan(tmp_path, here, **sections).book.images

    assert [(each.contact_id, each.before and json.loads(each.before)["Name"]) for each in kept] == images


def test_what_may_make_or_move_a_contact_has_no_image(tmp_path: Path) -> None:
    assert plan(tmp_path, may_move=True).book.images == []


@pytest.mark.parametrize(
    ("here", "status"),
    [
        ([stored(), stored(ID=8)], "failed"),
        ([stored(FollowUpDateTime="2030-01-01")], "skipped"),
        ([stored()], "skipped"),
    ],
    ids=["ambiguous", "protected", "unchanged"],
)
def test_what_is_settled_without_the_dialler_is_not_sent(
    here: list[dict[str, Any]], status: str, tmp_path: Path
) -> None:
    done = plan(tmp_path, here, compare=True, protect={"follow_up": True})

    assert not done.sent
    assert [each.status for each in done.book.outcomes] == [status]
    assert not done.book.decided


def test_a_plan_lists_all_but_what_stays_as_it_is(tmp_path: Path) -> None:
    assert [entry.action for entry in plan(tmp_path, [stored()], compare=True).planned.entries] == []
    (entry,) = plan(tmp_path, [stored(Name="Old")], compare=True).planned.entries
    assert (entry.row, entry.action, entry.contact_id, entry.changes) == (
        2,
        "overwrite",
        "7",
        {"Name": ("Old", "Meier")},
    )


LISTED = "+493039200121"


def numbers(*, by: str = "phone", entry: str = LISTED.lstrip("+"), **changes: Any) -> tuple[SuppressionList, ...]:
    return (SuppressionList(by, frozenset({entry}), "dnc.csv", **changes),)


KEPT_NUMBER: dict[str, Any] = {
    "columns": {"UserData": "Key", "Name": "Name", "PhoneNumber1": {"column": "Phone", "overwrite": "never"}}
}


@pytest.mark.parametrize(
    ("held", "sections"),
    [
        ({"PhoneNumber1": LISTED}, KEPT_NUMBER),
        ({"PhoneNumber2": LISTED}, {}),
        ({"PhoneNumber2": LISTED}, {"compare": True}),
        ({"PhoneNumber2": LISTED, "DiallerCampaignsID": 539}, {}),
        ({"PhoneNumber2": LISTED}, {"rows": {"mode": "update"}}),
        ({"Email": "ann@example.com"}, {"suppressed": numbers(by="email", entry="ann@example.com")}),
        ({"PhoneNumber2": LISTED, "UserData": "k1"}, {}),
    ],
    ids=["kept", "unmapped", "compared", "moved", "update", "address", "alike"],
)
def test_a_contact_that_keeps_what_a_list_has_is_not_sent(
    held: dict[str, Any], sections: dict[str, Any], tmp_path: Path
) -> None:
    """The row alone does not show whom the dialler would call after the request."""
    given = {"suppressed": numbers(), "book": Book({"K1": {"7": "run"}}), **sections}
    done = plan(tmp_path, *([], [stored(**held)])[:: 1 if "DiallerCampaignsID" in held else -1], **given)

    assert (done.action, done.sent, done.planner.extra) == ("suppressed", False, [])
    (outcome,) = done.book.outcomes
    assert (outcome.status, outcome.contact_id) == ("skipped", "7")
    assert outcome.error.startswith("contact 7 in the dialler: ")


@pytest.mark.parametrize(
    ("held", "sections"),
    [
        ({"PhoneNumber1": LISTED}, {}),
        ({"PhoneNumber2": LISTED}, {"row": {**ROW, "PhoneNumber2": None}}),
    ],
    ids=["replaced", "cleared"],
)
def test_a_contact_that_the_row_takes_from_the_list_is_sent(
    held: dict[str, Any], sections: dict[str, Any], tmp_path: Path
) -> None:
    done = plan(tmp_path, [stored(**held)], suppressed=numbers(), **sections)

    assert (done.action, done.sent) == ("overwrite", True)


def test_a_new_contact_has_nothing_of_the_one_that_is_there(tmp_path: Path) -> None:
    done = plan(tmp_path, [stored(PhoneNumber2=LISTED)], suppressed=numbers(), rows={"overwrite_duplicates": False})

    assert (done.action, done.sent) == ("create", True)


def test_a_contact_loses_a_listed_number_that_no_column_fills(tmp_path: Path) -> None:
    """``action: number``; an undo gives it back. Without another number, the row is not sent."""
    listed = numbers(only_number=True)
    done = plan(tmp_path, [stored(PhoneNumber2=LISTED)], suppressed=listed)

    assert (done.action, done.sent) == ("overwrite", True)
    (image,) = done.book.images
    assert json.loads(image.before or "")["PhoneNumber2"] == LISTED
    assert json.loads(image.after)["PhoneNumber2"] is None
    assert done.planned.entries[0].reason == "on a do-not-call list, left out: PhoneNumber2"

    held = {"PhoneNumber1": None, "PhoneNumber2": LISTED}
    left = plan(tmp_path, [stored(**held)], suppressed=listed, **KEPT_NUMBER)
    assert (left.action, left.sent) == ("suppressed", False)
