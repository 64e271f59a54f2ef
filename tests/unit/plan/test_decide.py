"""What an import does with a row, given what the dialler has."""

from __future__ import annotations

from typing import Any

import pytest

from dialler_sync.api.wire import StoredContact, is_locked, is_unlocked, stored_contact
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
        ({"Name": "1"}, False),
        ({}, False),
    ],
)
def test_what_a_lock_looks_like(record: dict[str, Any], locked: bool) -> None:
    """Any flag that is set and whose name speaks of a lock; a time stamp is no flag."""
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
