"""The comparison of one UserData, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dialler_sync.api.wire import StoredContact
from dialler_sync.config.rows import Mode
from dialler_sync.model import ContactClass
from dialler_sync.plan.decide import PlanRules
from dialler_sync.plan.suppress import SuppressionList, SuppressionLists
from dialler_sync.reconciliation.compare import (
    Carriers,
    FileRow,
    Line,
    May,
    compare,
    said,
    said_fields,
    shown,
    unmatched,
)
from dialler_sync.reconciliation.scope import Scope

FIELDS = {"UserData": "K1", "Name": "Meier", "Amount": 12.5, "PhoneNumber1": "+491713920012"}


def stored(contact_id: str = "7", **values: Any) -> StoredContact:
    return StoredContact(contact_id, "K1", {**FIELDS, **values})


def row(**changes: Any) -> FileRow:
    return FileRow(**{"seq": 0, "number": 2, "fields": FIELDS, **changes})


def one(lines: Iterator[Line]) -> Line:
    (line,) = lines
    return line


def test_the_same_in_other_words_matches() -> None:
    """Numbers are compared as numbers, nothing as empty; what the row does not say is not compared."""
    line = one(compare(row(), [stored(Amount="12.50", City="Bonn")], Carriers(1, ["7"])))

    assert (line.kind, line.text, line.rows) == (ContactClass.MATCHING, "", 1)


def test_differences_name_the_field_and_both_values() -> None:
    """The dialler first, as in a plan, and each side by its name."""
    line = one(compare(row(), [stored(Name="Müller", Amount=None)], Carriers(1, ["7"])))

    assert line.kind is ContactClass.DIFFERING
    assert line.text == "Name: dialler Müller ≠ file Meier; Amount: dialler (empty) ≠ file 12.5"


def test_fields_of_a_wrong_type_differ_and_break_nothing() -> None:
    """Whatever JSON holds where a text should be."""
    line = one(compare(row(), [stored(Name=["Meier"], Amount={"a": 1}, PhoneNumber1=True)], Carriers(1, ["7"])))

    assert (
        line.text == 'Name: dialler ["Meier"] ≠ file Meier; Amount: dialler {"a": 1} ≠ file 12.5; '
        "PhoneNumber1: dialler true ≠ file +491713920012"
    )


def test_several_contacts_are_duplicates_each_with_what_differs() -> None:
    """A line each, and the row stands behind the first."""
    lines = list(compare(row(), [stored("7"), stored("8", Name="M")], Carriers(2, ["7", "8"])))

    assert [line.kind for line in lines] == [ContactClass.DUPLICATE] * 2
    assert [line.rows for line in lines] == [1, 0]
    assert lines[1].text == "2 contacts have this UserData (7, 8); Name: dialler M ≠ file Meier"
    assert Carriers(7, ["1", "2"]).remarks() == ("7 contacts have this UserData (1, 2 and 5 more)",)


def test_several_rows_are_duplicates_also_where_the_contact_is_as_the_last_one_says() -> None:
    """The row that counts is compared, and the others are named."""
    several = row(number=9, rows=3, first=2, last=9)
    there = one(compare(several, [stored()], Carriers(1, ["7"])))
    absent = one(compare(several, [], Carriers(0, [])))

    assert {there.kind, absent.kind} == {ContactClass.DUPLICATE}
    assert there.text == absent.text == "3 rows have this UserData (2 to 9); row 9 is compared"
    assert there.rows == 3


def test_a_suppressed_row_is_missing_on_purpose() -> None:
    """And where the dialler has the contact, and may call it, that is worth a line."""
    suppressed = row(suppressed="+49… is in dnc.csv")
    absent = one(compare(suppressed, [], Carriers(0, [])))
    there = one(compare(suppressed, [stored()], Carriers(1, ["7"])))
    locked = one(compare(suppressed, [stored(bLocked=True)], Carriers(1, ["7"])))

    assert (absent.kind, absent.expected) == (ContactClass.MISSING, True)
    assert (there.kind, there.text) == (
        ContactClass.DIFFERING,
        "suppressed, but not locked in the dialler: +49… is in dnc.csv",
    )
    assert locked.kind is ContactClass.MATCHING


def test_without_userdata_nothing_is_paired() -> None:
    """Neither a row nor a contact is taken for another one."""
    missing = one(compare(row(fields={"Name": "Meier"}), [], Carriers(0, [])))
    extra = unmatched(StoredContact("7", "", {"Name": "Meier"}), Carriers(1, ["7"]), "")

    assert (missing.kind, extra.kind) == (ContactClass.MISSING, ContactClass.EXTRA)
    assert "no UserData" in missing.text
    assert "no UserData" in extra.text


def test_a_contact_whose_row_is_rejected_is_not_extra() -> None:
    """The file has it, though it cannot be compared."""
    line = unmatched(stored(), Carriers(1, ["7"]), "row 4, phone_invalid in PhoneNumber1")

    assert (line.kind, line.text) == (ContactClass.DIFFERING, "rejected: row 4, phone_invalid in PhoneNumber1")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(empty)"),
        ("", "(empty)"),
        ("Meier", "Meier"),
        ("Meier ", '"Meier "'),
        ("a; b", '"a; b"'),
        ("two\nlines", '"two\\nlines"'),
        (12.5, "12.5"),
        (False, "false"),
        ("x" * 2_000, f"{'x' * 1_000}… (2,000 characters)"),
    ],
)
def test_values_are_shown_so_that_they_cannot_be_misread(value: object, text: str) -> None:
    assert shown(value) == text


def test_what_the_dialler_says_is_only_what_its_records_have() -> None:
    """In a fixed order; a result code by its name; whatever a lock is called."""
    names = ["nTriesPhoneNumber2", "City", "bPhoneNumber1Invalid", "dtNextTry", "isLocked", "nTriesPhoneNumber10"]

    assert said_fields(names) == ["isLocked", "dtNextTry", "bPhoneNumber1Invalid", "nTriesPhoneNumber2"]
    assert [said(value) for value in (None, False, 3, {"Name": "Sale", "ID": 1}, {}, ["a"])] == [
        *("", "false", "3", "Sale", "{}", '["a"]')
    ]


@pytest.mark.parametrize(
    ("record", "held"),
    [
        ({"DiallerCampaignsID": 538}, True),
        ({"DiallerCampaignsID": "538"}, True),
        ({"DiallerCampaignsID": 538.0}, True),
        ({"DiallerCampaignsID": 539}, False),
        ({"DiallerCampaignsID": 539, "DiallerCampaignsName": "Nightly"}, True),
        ({"DiallerCampaignsName": "Nightly"}, True),
        ({"DiallerCampaignsName": ["Nightly"]}, False),
        ({}, True),
    ],
)
def test_only_contacts_that_say_another_campaign_are_left_aside(record: dict[str, Any], held: bool) -> None:
    """A record that does not tell its campaign came with the list of this one."""
    assert Scope(frozenset({"538"}), frozenset({"Nightly"})).holds(record) is held


def test_a_campaign_whose_name_is_not_known_leaves_nobody_aside_by_name() -> None:
    """The configuration names it by its ID, and the dialler tells names only."""
    assert Scope(frozenset({"538"})).holds({"DiallerCampaignsName": "Nightly"})


LOCKED, NAMED, EMPTY = {"bLocked": True}, {"Name": "Müller"}, {"Name": None}


@pytest.mark.parametrize(
    ("may", "values", "kind", "text"),
    [
        (May(rules=PlanRules(locked=True)), {**LOCKED, **NAMED}, ContactClass.MATCHING, "the contact is locked"),
        (May(rules=PlanRules(locked=True)), NAMED, ContactClass.DIFFERING, "Name: dialler Müller"),
        (May(rules=PlanRules(locked=True)), LOCKED, ContactClass.MATCHING, ""),
        (May(Mode.CREATE), NAMED, ContactClass.MATCHING, "not changed, as rows.mode is create:"),
        (May(Mode.CREATE), {}, ContactClass.MATCHING, ""),
        (May(Mode.UPDATE), NAMED, ContactClass.DIFFERING, "Name: dialler Müller"),
        (May(keeps={"Name": "if_empty"}), NAMED, ContactClass.MATCHING, "Name"),
        (May(keeps={"Name": "if_empty"}), EMPTY, ContactClass.DIFFERING, "Name: dialler (empty)"),
    ],
)
def test_what_an_import_leaves_alone_is_no_difference(
    may: May, values: dict[str, Any], kind: ContactClass, text: str
) -> None:
    """And why it stays as it is stands in the line."""
    line = one(compare(row(), [stored(**values)], Carriers(1, ["7"]), may))

    assert line.kind is kind
    assert text in line.text
    assert bool(line.text) is bool(text)
    assert (line.kind is ContactClass.DIFFERING) is bool(line.differences)


@pytest.mark.parametrize(
    ("may", "why"),
    [
        (May(rules=PlanRules(follow_up=True)), "protected (the contact has FollowUpDateTime"),
        (May(Mode.CREATE), "not changed, as rows.mode is create"),
    ],
)
def test_who_may_be_called_though_suppressed_never_matches(may: May, why: str) -> None:
    """Also where an import leaves the contact as it is."""
    there = stored(**NAMED, FollowUpDateTime="2026-01-01T00:00:00Z")
    line = one(compare(row(suppressed="it is in dnc.csv"), [there], Carriers(1, ["7"]), may))

    assert line.kind is ContactClass.DIFFERING
    assert line.text.startswith("suppressed, but not locked in the dialler: it is in dnc.csv; ")
    assert why in line.text
    assert line.differences == {}


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE])
def test_only_a_contact_that_an_import_does_not_make_is_expected_to_be_missing(mode: Mode, rows: int) -> None:
    """Several rows of one UserData are never expected."""
    line = one(compare(row(rows=rows, first=2, last=3), [], Carriers(0, []), May(mode)))

    assert line.expected is (mode is Mode.UPDATE and rows == 1)


@pytest.mark.parametrize(
    ("locks", "locked", "rejected", "kind"),
    [
        (True, False, "", ContactClass.DIFFERING),
        (True, True, "", ContactClass.MATCHING),
        (False, False, "", ContactClass.MATCHING),
        (False, False, "row 4", ContactClass.DIFFERING),
    ],
)
@pytest.mark.parametrize("superseded", ["", "row 5 has its number"])
def test_a_contact_whose_row_is_filtered_is_not_extra(
    locks: bool, locked: bool, rejected: str, kind: ContactClass, superseded: str
) -> None:
    """One that was to be locked, and can be called, differs; also where another row has its number."""
    there = stored(bLocked=locked)
    line = unmatched(there, Carriers(1, ["7"]), rejected, "Status is 'ended'", superseded, locks=locks)

    assert line.kind is kind
    assert ("not locked in the dialler" in line.text) is (locks and not locked)


@pytest.mark.parametrize(
    ("rejected", "carriers", "kind"),
    [("", 1, ContactClass.MATCHING), ("row 4", 1, ContactClass.DIFFERING), ("", 2, ContactClass.DUPLICATE)],
)
def test_a_contact_whose_row_is_left_to_another_is_not_extra(rejected: str, carriers: int, kind: ContactClass) -> None:
    line = unmatched(stored(), Carriers(carriers, ["7", "8"][:carriers]), rejected, superseded="row 5 has its number")

    assert line.kind is kind


@pytest.mark.parametrize("only_number", [False, True])
def test_a_contact_that_keeps_what_a_list_has_is_suppressed_or_loses_it(only_number: bool) -> None:
    """As in an import: numbers that no column fills count, too."""
    listed = SuppressionList("phone", frozenset({"493039200121"}), "dnc.csv", only_number=only_number)
    may = May(suppressed=SuppressionLists((listed,)))
    line = one(compare(row(), [stored(PhoneNumber2="+493039200121")], Carriers(1, ("7",)), may))

    assert line.kind is ContactClass.DIFFERING
    assert line.differences == ({"PhoneNumber2": (None, "+493039200121")} if only_number else {})
    assert only_number or "suppressed, but not locked" in line.text
