"""What an import does with a row, given what the dialler has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dialler_sync.api.wire import StoredContact, is_locked, is_unlocked, stored_contact
from dialler_sync.config import Settings
from dialler_sync.config.rows import Mode
from dialler_sync.error_codes import LOOKUP_FAILED
from dialler_sync.model import Action, Reason
from dialler_sync.plan.decide import Decision, PlanRules, before_image, decide, protection

ROW = {"UserData": "K1", "Name": "New", "City": "Ulm"}


def there(**fields: Any) -> StoredContact:
    return stored_contact({"ID": 7, "UserData": "K1", "Name": "Old", "City": "Ulm", **fields})


def test_what_changes_is_what_it_is_and_what_it_becomes() -> None:
    """In this order, and only fields that differ."""
    assert decide(ROW, [there()], PlanRules()) == Decision(Action.OVERWRITE, there(), {"Name": ("Old", "New")})


@pytest.mark.parametrize(
    ("fields", "found", "rules"),
    [
        (ROW, [], PlanRules()),
        ({"Name": "New"}, [there()], PlanRules()),
        ({"UserData": "", "Name": "New"}, [there(), there()], PlanRules()),
        (ROW, [there(), there()], PlanRules(overwrite=False)),
        (ROW, [there(Name="New")], PlanRules(overwrite=False, compare=True)),
    ],
    ids=["nobody there", "no UserData", "empty UserData", "nothing is overwritten", "even where it is the same"],
)
def test_what_makes_a_new_contact(fields: dict[str, str], found: list[StoredContact], rules: PlanRules) -> None:
    """Where there is nobody to overwrite, or nobody is to be."""
    assert decide(fields, found, rules) == Decision(Action.CREATE)


def test_several_contacts_of_one_key_are_for_people_to_sort_out() -> None:
    """Which of them would be overwritten is the dialler's guess; all are named."""
    decision = decide(ROW, [there(), there(ID=8)], PlanRules())

    assert decision == Decision(None, reason="several contacts in the dialler have this UserData (7, 8)")


def test_only_a_comparison_leaves_out_what_is_the_same() -> None:
    """Without one the row is sent as it is, though nothing changes."""
    same = [there(Name="New")]

    assert decide(ROW, same, PlanRules(compare=True)) == Decision(Reason.UNCHANGED, same[0])
    assert decide(ROW, same, PlanRules()) == Decision(Action.OVERWRITE, same[0])
    assert decide(ROW, [there()], PlanRules(compare=True)).action is Action.OVERWRITE


def test_a_protected_contact_is_left_alone_with_the_reason() -> None:
    """Before anything is compared."""
    decision = decide(ROW, [there(locked=True)], PlanRules(locked=True, compare=True))

    assert decision == Decision(Reason.PROTECTED, there(locked=True), reason="the contact is locked")


@pytest.mark.parametrize("name", ["FollowUpDateTime", "FollowUpUsersUID", "ReservedUsersUID"])
def test_who_waits_for_somebody_is_protected_where_that_is_asked_for(name: str) -> None:
    """Each of the three fields is enough; empty ones say nothing."""
    assert protection({name: "x"}, PlanRules(follow_up=True)) == f"the contact has {name} x"
    assert protection({name: ""}, PlanRules(follow_up=True)) == ""
    assert protection({name: "x"}, PlanRules(locked=True)) == ""
    assert protection({name: "x"}, PlanRules()) == ""


def test_a_locked_contact_is_protected_where_that_is_asked_for() -> None:
    """The two protections are told apart."""
    assert protection({"bLocked": 1}, PlanRules(locked=True)) == "the contact is locked"
    assert protection({"bLocked": 1}, PlanRules(follow_up=True)) == ""
    assert protection({"bLocked": 0}, PlanRules(locked=True)) == ""


@pytest.mark.parametrize(
    ("record", "locked"),
    [
        ({"bLocked": True}, True),
        ({"Locked": 1}, True),
        ({"LOCK": "1"}, True),
        ({"islocked": "true"}, True),
        ({"Name": "x", "bLocked": True}, True),
        ({"bLocked": False}, False),
        ({"bLocked": "0"}, False),
        ({"bLocked": "false"}, False),
        ({"bLocked": None}, False),
        ({"dtLocked": "2026-01-01"}, False),
        ({"bLockable": 1}, False),
        ({"bLockedNumber": True}, False),
        ({"nBlocks": 1, "bClockwise": True, "bUnlocked": True}, False),
        ({"Name": "1"}, False),
        ({}, False),
    ],
)
def test_what_a_lock_looks_like(record: dict[str, Any], locked: bool) -> None:
    """A flag that is set and whose name says no more than that; a time stamp is no flag."""
    assert is_locked(record) is locked


def test_a_before_image_has_what_undo_must_put_back() -> None:
    """The fields that are sent, empty ones as null, and the campaign; nothing that is no field of a contact."""
    record = {"ID": 7, "DiallerCampaignsID": 538, "UserData": "K1", "Name": "Old", "Zip": "89073"}

    assert before_image(record, {**ROW, "ResetContact": True}) == {
        "DiallerCampaignsID": 538,
        "UserData": "K1",
        "Name": "Old",
        "City": None,
        "ResetContact": None,
    }


def test_a_contact_of_another_campaign_is_moved_whatever_is_compared() -> None:
    """Its campaign is what changes, first, by ID or by name as the row says; it may be protected there."""
    named = {**ROW, "DiallerCampaignsName": "Nightly"}
    numbered = {**ROW, "DiallerCampaignsID": 538}
    other = there(DiallerCampaignsID=539, Name="New")
    rules = PlanRules(compare=True, locked=True)

    assert decide(numbered, [], rules, [other]) == Decision(
        Action.OVERWRITE, other, {"DiallerCampaignsID": (539, 538)}, moves=True
    )
    moved = decide(named, [], rules, [other])
    assert (moved.moves, next(iter(moved.changes))) == (True, "DiallerCampaignsName")
    assert moved.changes["DiallerCampaignsName"] == ("539", "Nightly")
    by_name = decide(named, [], rules, [there(DiallerCampaignsID=539, DiallerCampaignsName="Daily", Name="New")])
    assert by_name.changes == {"DiallerCampaignsName": ("Daily", "Nightly")}
    locked = there(DiallerCampaignsID=539, locked=True)
    assert decide(numbered, [], rules, [locked]).action is Reason.PROTECTED


def test_which_of_several_contacts_of_other_campaigns_moves_is_for_people_to_say() -> None:
    """One of the campaign itself goes before them all."""
    others = [there(ID=8, DiallerCampaignsID=539), there(ID=9, DiallerCampaignsID=540)]

    assert decide(ROW, [], PlanRules(), others) == Decision(
        None, reason="several contacts of other campaigns have this UserData (8, 9)"
    )
    assert decide(ROW, [there()], PlanRules(), others) == Decision(Action.OVERWRITE, there(), {"Name": ("Old", "New")})


@pytest.mark.parametrize(("record", "unlocked"), [({"bLocked": 0}, True), ({"bLocked": 1}, False), ({}, False)])
def test_only_a_record_that_says_so_is_unlocked(record: dict[str, Any], unlocked: bool) -> None:
    """A dialler that does not tell of locks says neither."""
    assert is_unlocked(record) is unlocked


def test_a_before_image_has_fields_of_an_import_and_the_campaign_as_it_is_known() -> None:
    """By name where the record has no ID; nothing that an import cannot set."""
    record = {"DiallerCampaignsName": "Nightly", "Name": "Old", "bLocked": 1}

    assert before_image(record, record) == {"DiallerCampaignsName": "Nightly", "Name": "Old"}


def test_the_rules_are_those_of_the_settings() -> None:
    """Each of them; with none, nothing is protected, kept or looked up."""
    needed = {
        "dialler": {"base_url": "http://127.0.0.1/rest/v1.0", "clients_id": 1, "token": "t"},
        "campaign": {"id": 538},
        "columns": {"Name": "Name", "UserData": "Key"},
    }
    given = {
        "columns": {**needed["columns"], "City": {"column": "City", "overwrite": "never"}},
        "rows": {"mode": "update"},
        "protect": {"follow_up": True, "locked": True, "called": "14d", "done": True, "result_codes": ["Sale  1"]},
    }
    began = "2026-03-18T10:00:00Z"

    assert PlanRules.of(Settings.model_validate(needed), began, compare=False) == PlanRules()
    creates = Settings.model_validate({**needed, "rows": {"overwrite_duplicates": False}})
    assert PlanRules.of(creates, began, compare=False) == PlanRules(overwrite=False)
    assert PlanRules.of(Settings.model_validate({**needed, **given}), began, compare=True) == PlanRules(
        compare=True,
        follow_up=True,
        locked=True,
        called="14d",
        since=datetime(2026, 3, 4, 10, tzinfo=UTC),
        done=True,
        result_codes=frozenset({"sale1"}),
        mode=Mode.UPDATE,
        keeps={"City": "never"},
    )


UPDATE, CREATE = PlanRules(mode=Mode.UPDATE), PlanRules(mode=Mode.CREATE, overwrite=False)
KEEPS, CALLS = PlanRules(keeps={"City": "never"}), PlanRules(done=True)
NO_KEY = {"UserData": "", "Name": "New"}


@pytest.mark.parametrize("rules", [UPDATE, CREATE, KEEPS, CALLS], ids=["update", "create", "keeps", "calls"])
def test_a_row_whose_contact_cannot_be_looked_up_fails_where_it_must_be(rules: PlanRules) -> None:
    """As the contacts of other campaigns could not be read; not where one was found nevertheless, or none is needed."""
    unknown = decide(ROW, [], rules, certain=False)

    assert (unknown.action, unknown.code) == (None, LOOKUP_FAILED)
    assert "contacts of other campaigns could not be read" in unknown.reason
    assert decide(ROW, [there(bDone=False)], rules, certain=False).action is not None
    assert decide(ROW, [], rules).action is (Reason.ABSENT if rules is UPDATE else Action.CREATE)
    assert decide(ROW, [], PlanRules(), certain=False) == Decision(Action.CREATE)


@pytest.mark.parametrize("fields", [NO_KEY, {"Name": "New"}])
@pytest.mark.parametrize("rules", [UPDATE, CREATE])
def test_a_mode_needs_the_key_of_each_row(rules: PlanRules, fields: dict[str, str]) -> None:
    decision = decide(fields, [there()], rules)

    assert (decision.action, decision.code, decision.contact) == (None, LOOKUP_FAILED, None)
    assert "the row has no UserData" in decision.reason


def test_who_is_not_there_is_not_created_where_rows_only_update() -> None:
    """A contact of another campaign is there."""
    elsewhere = there(DiallerCampaignsID=539)

    assert decide(ROW, [], UPDATE) == Decision(Reason.ABSENT, reason="not in the dialler (rows.mode: update)")
    assert decide(ROW, [there()], UPDATE).action is Action.OVERWRITE
    assert decide(ROW, [], UPDATE, [elsewhere]).moves


@pytest.mark.parametrize(
    ("found", "elsewhere", "why"),
    [
        ([there()], [], "contact 7 has this UserData (rows.mode: create)"),
        ([there(), there(ID=8)], [], "contacts 7, 8 have this UserData (rows.mode: create)"),
        (
            [],
            [there(DiallerCampaignsID=539)],
            "contact 7 has this UserData, in campaign 539 (rows.mode: create)",
        ),
        (
            [],
            [there(DiallerCampaignsID=539), there(ID=8, DiallerCampaignsID=540)],
            "contacts 7, 8 have this UserData, in campaign 539 (rows.mode: create)",
        ),
    ],
)
def test_who_is_there_is_left_alone_where_rows_only_create(
    found: list[StoredContact], elsewhere: list[StoredContact], why: str
) -> None:
    """All of them are named; one that is protected says why."""
    first = [*found, *elsewhere][0]

    assert decide(ROW, found, CREATE, elsewhere) == Decision(Reason.EXISTS, first, reason=why)
    locked = there(locked=True)
    rules = PlanRules(mode=Mode.CREATE, overwrite=False, locked=True)
    assert decide(ROW, [locked], rules) == Decision(Reason.PROTECTED, locked, reason="the contact is locked")


def test_what_a_contact_keeps_is_not_sent() -> None:
    """Nor does it count as a change; where nothing else changes, the reason says what is kept."""
    kept = there(City="Bonn")
    rules = PlanRules(keeps={"City": "never"}, compare=True)
    sent = {"UserData": "K1", "Name": "New"}

    assert decide(ROW, [kept], rules) == Decision(
        Action.OVERWRITE, kept, {"Name": ("Old", "New")}, "kept: City 'Bonn'", sent=sent, left_out={"City": "Bonn"}
    )
    same = there(City="Bonn", Name="New")
    assert decide(ROW, [same], rules) == Decision(Reason.UNCHANGED, same, reason="kept: City 'Bonn'")


def test_calls_protect_a_contact() -> None:
    """The last one, its result, and that it is done; what is not asked for says nothing."""
    record = {
        "ID": 7,
        "dtLastTry": "2026-03-04 10:00:00Z",
        "DiallerCampaignsResultCodes": {"ID": 1, "ExportKey": "SALE", "bDone": True},
    }
    since = datetime(2026, 3, 4, 10, tzinfo=UTC)

    assert protection(record, PlanRules(called="14d", since=since, done=True)) == (
        "the contact was called at 2026-03-04 10:00:00Z, less than 14d ago"
    )
    later = PlanRules(since=since.replace(hour=11))
    assert protection(record, later) == ""
    assert protection({}, PlanRules(since=since)) == ""
    assert protection(record, PlanRules(done=True)) == "the contact is done"
    assert protection(record, PlanRules(result_codes=frozenset({"sale"}))) == "the contact has the result code SALE"
    assert protection(record, PlanRules(result_codes=frozenset({"optout"}))) == ""
