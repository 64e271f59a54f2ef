"""Rows become contacts, or rejections that list every fault."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandera.pandas as pa
import pytest

import dialler_sync
from dialler_sync import error_codes
from dialler_sync.error_codes import ERROR_CODES, UNREADABLE_FILTER, fault
from dialler_sync.fields import FIELDS, PHONE_FIELDS, VENDOR_COLUMNS, Kind
from dialler_sync.mapping.validate import Checker, contact_schema
from dialler_sync.model import CellNote, Contact, Rejection, RowWarning

from ...helpers.rows import BASIC, GOOD, check_row, chunk_of, codes_of, faults_of, field_of, layout_of, settings_of

OLD = {"dialler": {"base_url": "http://127.0.0.1/rest/v1.0", "clients_id": 1, "token": "t", "release": "3.18"}}


def test_a_whole_contact() -> None:
    """Every kind of field, in the order of the table, in the types of the API."""
    rules = {
        "Comment": "Notes",
        "UserData": "No",
        "PostalCode": "PLZ",
        "Amount": {"column": "Betrag", "decimal": ","},
        "AccountIBAN": "IBAN",
        "Email": "Mail",
        "RandomSortOrder": "Sort",
        "FollowUpDateTime": {"column": "Due", "formats": ["%d.%m.%Y"]},
        "ResetContact": "Reset",
        "Client": {"value": "ACME"},
    }
    cells = {
        "No": "007",
        "PLZ": "01099",
        "Betrag": "12,50",
        "IBAN": "DE89 3704 0044 0532 0130 00",
        "Mail": "a@b.de ",
        "Sort": "5",
        "Due": "31.01.2025",
        "Reset": "ja",
        "Notes": " line 1\nline 2 ",
    }
    found = check_row(cells, rules)

    assert isinstance(found, Contact)
    assert (found.row, found.user_data) == (2, "007")
    assert list(found.fields.items()) == [
        ("DiallerCampaignsID", 538),
        ("UserData", "007"),
        ("Client", "ACME"),
        ("Name", "Meier"),
        ("PostalCode", "01099"),
        ("AccountIBAN", "DE89370400440532013000"),
        ("Amount", 12.5),
        ("PhoneNumber1", "+491711234567"),
        ("Email", "a@b.de"),
        ("Comment", " line 1\nline 2 "),
        ("RandomSortOrder", 5),
        ("FollowUpDateTime", "2025-01-31 00:00:00"),
        ("ResetContact", True),
    ]


def test_a_warning_of_a_cell_is_one_of_every_field_that_it_feeds() -> None:
    """The row may pass or fail; an unused cell, or one behind the first filled one, gives no warning."""
    rules = BASIC | {"UserData": "No", "Comment": {"first_of": ["Note", "No"]}, "Tag": {"template": "{Note}/{No}"}}
    columns = ("Name", "Phone", "No", "Note", "Unused")
    rows = [(*GOOD, "7", "", "x"), (*GOOD, "8", "text", "x"), ("", GOOD[1], "9", "", "x"), (*GOOD, "10", "", "x")]
    noted = CellNote(warning="double_encoded")
    notes = {(row, place): noted for row in (2, 3, 4) for place in (2, 4)}

    contacts, (rejection,) = Checker(settings_of(rules), layout_of(*columns)).check(
        chunk_of(columns, *rows, notes=notes)
    )

    said = {row.row: RowWarning.text(row.warnings) for row in (*contacts, rejection)}
    assert said == {
        2: "double_encoded:UserData; double_encoded:Comment; double_encoded:Tag",
        3: "double_encoded:UserData; double_encoded:Tag",
        4: "double_encoded:UserData; double_encoded:Comment; double_encoded:Tag",
        5: "",
    }


def test_all_faults_of_a_row_at_once() -> None:
    """Each fault has field, column and cell as the user wrote them, in the order of the fields."""
    rules = {"Email": "E-Mail", "PhoneNumber2": {"column": "Mobil", "region": "DE"}}
    found = check_row({"Name": " ", "Phone": "0171 1", "Mobil": "1711234567", "E-Mail": "a(at)b.de"}, rules)

    assert [(fault.code, fault.field, fault.column, fault.value) for fault in faults_of(found)] == [
        ("name_missing", "Name", "Name", " "),
        ("phone_too_short", "PhoneNumber1", "Phone", "0171 1"),
        ("phone_leading_zero_lost", "PhoneNumber2", "Mobil", "1711234567"),
        ("email_invalid", "Email", "E-Mail", "a(at)b.de"),
    ]
    assert all(fault.message and fault.hint for fault in faults_of(found))


def test_several_faults_of_one_field() -> None:
    """A text can be too long and damaged."""
    assert codes_of(check_row({"Name": "\ufffd" * 65}, {})) == ["too_long", "damaged_text"]


def test_a_rejection_carries_its_key() -> None:
    """The key names the customer in the report."""
    found = check_row({"No": "K 7", "Name": ""}, {"UserData": "No"})

    assert isinstance(found, Rejection)
    assert (found.row, found.user_data) == (2, "K 7")


def test_a_row_without_a_phone_number() -> None:
    """One number is enough, in any field."""
    two = {"PhoneNumber2": {"column": "Mobil", "region": "DE"}}

    assert codes_of(check_row({"Phone": " ", "Mobil": ""}, two)) == ["phone_missing"]
    assert field_of(check_row({"Phone": "", "Mobil": "0171 1234567"}, two), "PhoneNumber2") == "+491711234567"


def test_an_invalid_second_number_rejects_the_row() -> None:
    """It would be dialled too."""
    assert codes_of(check_row({"Fax": "keine"}, {"PhoneNumber2": "Fax"})) == ["phone_invalid"]


def test_several_numbers_are_spread() -> None:
    """Free fields include unmapped ones, but never the fax."""
    found = check_row({"Phone": "0171 1234567 / 089 12345", "Fax": ""}, {"FaxNumber": "Fax"})

    assert (field_of(found, "PhoneNumber1"), field_of(found, "PhoneNumber2")) == ("+491711234567", "+498912345")
    assert field_of(found, "FaxNumber") is None


@pytest.mark.parametrize(
    ("rules", "column"),
    [
        ({"PhoneNumber1": {"column": "Phone", "region": "DE", "several": "reject"}}, "Phone"),
        ({"FaxNumber": {"column": "Fax", "region": "DE"}}, "Fax"),
    ],
)
def test_several_numbers_can_be_refused(rules: dict[str, Any], column: str) -> None:
    """The rule can refuse them, and for the fax they always are."""
    assert codes_of(check_row({column: "0171 1234567 / 089 12345"}, rules)) == ["phone_several"]


def test_numbers_of_each_rows_country() -> None:
    """The country column applies, and the region if it is empty."""
    rules = {"PhoneNumber1": {"column": "Phone", "region_column": "Land", "region": "DE"}}

    assert field_of(check_row({"Phone": "0664 1234567", "Land": "Austria"}, rules), "PhoneNumber1") == "+436641234567"
    assert field_of(check_row({"Phone": "0171 1234567", "Land": " "}, rules), "PhoneNumber1") == "+491711234567"
    for unknown in ("?", "#N/A"):
        assert codes_of(check_row({"Phone": "0171 1234567", "Land": unknown}, rules)) == ["phone_no_region"]


def test_numbers_as_digits() -> None:
    """``phone_format: digits`` leaves the plus out."""
    assert field_of(check_row({}, {}, rows={"phone_format": "digits"}), "PhoneNumber1") == "491711234567"


@pytest.mark.parametrize(
    ("campaign", "cell", "fields"),
    [
        ({"id": "538"}, "", {"DiallerCampaignsID": 538}),
        ({"name": "Nightly"}, "", {"DiallerCampaignsName": "Nightly"}),
        ({"column": "Kampagne"}, " 539 ", {"DiallerCampaignsID": 539}),
        ({"column": "Kampagne"}, "Messe 2025", {"DiallerCampaignsName": "Messe 2025"}),
    ],
)
def test_the_campaign(campaign: dict[str, str], cell: str, fields: dict[str, Any]) -> None:
    """One campaign for all, or each row its own: digits are an ID, anything else a name."""
    found = check_row({"Kampagne": cell}, {}, campaign=campaign)

    assert isinstance(found, Contact)
    assert {name: value for name, value in found.fields.items() if "Campaign" in name} == fields


def test_a_row_without_its_campaign() -> None:
    """Without a campaign, the row has no destination."""
    found = check_row({"Kampagne": " "}, {}, campaign={"column": "Kampagne"})

    assert [(fault.code, fault.column) for fault in faults_of(found)] == [("campaign_missing", "Kampagne")]


def test_the_vendors_own_format() -> None:
    """The configured campaign applies, unless the configuration asks for the file's."""
    row = dict.fromkeys(VENDOR_COLUMNS, "")
    row |= {"DiallerCampaignsName": "Old", "UserData": "1", "Name": "Meier", "PhoneNumber1": "+491711234567"}
    chunk = chunk_of(VENDOR_COLUMNS, tuple(row.values()), first=1)
    layout = layout_of(*VENDOR_COLUMNS, vendor=True)

    ((configured,), _) = Checker(settings_of({}, campaign={"name": "New"}), layout).check(chunk)
    ((its_own,), _) = Checker(settings_of({}, campaign={"column": "DiallerCampaignsName"}), layout).check(chunk)

    assert (configured.row, configured.fields["DiallerCampaignsName"]) == (1, "New")
    assert its_own.fields["DiallerCampaignsName"] == "Old"


@pytest.mark.parametrize("vendor", [True, False])
def test_numbers_of_the_vendors_own_format_are_whole_without_a_sign(vendor: bool) -> None:
    """No country is missing in them; in a list of others it is."""
    row = {**dict.fromkeys(VENDOR_COLUMNS, ""), "Name": "Meier", "PhoneNumber1": "491711234567 "}
    rules = {} if vendor else {"Name": "Name", "PhoneNumber1": "PhoneNumber1"}

    contacts, rejections = Checker(settings_of(rules), layout_of(*VENDOR_COLUMNS, vendor=vendor)).check(
        chunk_of(VENDOR_COLUMNS, tuple(row.values()))
    )

    assert [contact.fields["PhoneNumber1"] for contact in contacts] == ["+491711234567"] * vendor
    assert len(rejections) == (not vendor)


@pytest.mark.parametrize(
    ("field", "sections", "limit"),
    [("Name", {}, 64), ("Name", OLD, 32), ("UserData", OLD, 64), ("PostalCode", {}, 10), ("Region", {}, 256)],
)
def test_lengths_by_release(field: str, sections: dict[str, Any], limit: int) -> None:
    """Characters count, not bytes."""
    assert field_of(check_row({"X": "ü" * limit}, {field: "X"}, **sections), field) == "ü" * limit
    assert codes_of(check_row({"X": "ü" * (limit + 1)}, {field: "X"}, **sections)) == ["too_long"]


def test_unlimited_text() -> None:
    """A comment may be a letter."""
    assert field_of(check_row({"X": "a" * 100_000}, {"Comment": "X"}), "Comment") == "a" * 100_000


def test_long_text_can_be_cut() -> None:
    """If configured, text is cut to the field."""
    truncate = {"rows": {"too_long": "truncate"}}

    assert field_of(check_row({"Name": "ä" * 70}, {}, **truncate), "Name") == "ä" * 64
    assert "truncate" in faults_of(check_row({"Name": "ä" * 70}, {}))[0].hint


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("UserData", "1" * 65),
        ("AccountNumber", "1" * 21),
        ("PostalCode", "1" * 11),
        ("ReferenceNumber", "1" * 65),
        ("Email", "a" * 255 + "@b.de"),
    ],
)
def test_what_identifies_is_never_cut(field: str, text: str) -> None:
    """A shortened key is another customer's."""
    assert codes_of(check_row({"X": text}, {field: "X"}, rows={"too_long": "truncate"})) == ["too_long"]


@pytest.mark.parametrize("text", ["M\ufffdller", "a\x00b", "a\x1bb", "\x80", "\ud83d", "a\uffff"])
def test_damaged_text(text: str) -> None:
    """Text that was destroyed earlier is not passed on; the message says where."""
    (fault,) = faults_of(check_row({"Name": text}, {}))

    assert (fault.code, fault.value) == ("damaged_text", text)
    assert re.search(r"U\+[0-9A-F]{4}, character \d", fault.message)


@pytest.mark.parametrize("text", ["a\tb\r\nc", "😀", "\u200bx", "a\u00a0b", "Ω≈ç√", "e\u0301"])
def test_unusual_text_that_is_whole(text: str) -> None:
    """Line ends, emoji and invisible signs are text."""
    assert field_of(check_row({"Name": text}, {}), "Name") == text


@pytest.mark.parametrize(
    ("cells", "left_out", "codes"),
    [
        ({"Mail": "nobody"}, ["Email"], []),
        ({"Mail": "nobody", "Name": ""}, [], ["name_missing"]),
        ({"Mail": "nobody", "Sort": "x"}, [], ["integer_invalid"]),
        ({"Phone": "x"}, [], ["phone_invalid"]),
        ({"Phone": "x", "Other": "0171 1234568"}, ["PhoneNumber1"], []),
        ({"Phone": "x", "Other": "y"}, [], ["phone_invalid", "phone_invalid"]),
        ({"Mail": "nobody", "Phone": "x"}, [], ["phone_invalid"]),
    ],
)
def test_a_bad_cell_may_be_left_out(cells: dict[str, str], left_out: list[str], codes: list[str]) -> None:
    """With a warning; it costs no row, but a row keeps a number, and other faults stay."""
    empty = {"invalid": "empty"}
    rules = {
        "Email": {"column": "Mail", **empty}, "RandomSortOrder": "Sort",
        "PhoneNumber1": {"column": "Phone", "region": "DE", **empty},
        "PhoneNumber2": {"column": "Other", "region": "DE", **empty},
    }  # fmt: skip

    found = check_row({"Mail": "", "Sort": "", "Other": "", **cells}, rules)

    if codes:
        assert codes_of(found) == codes
    else:
        assert isinstance(found, Contact)
        assert not set(left_out) & found.fields.keys()
        assert found.warnings == tuple(RowWarning("field_left_out", name) for name in left_out)
    told = [warning.field for warning in found.warnings if warning.code == "field_left_out"]
    assert bool(told) == ("Mail" in cells or bool(left_out))


def test_a_cell_that_a_filter_cannot_read_rejects_its_row() -> None:
    """With what else is wrong with it; of other rows nothing is."""
    columns = ("Name", "Phone")
    wrong = fault(UNREADABLE_FILTER)
    checker = Checker(settings_of(BASIC), layout_of(*columns))

    contacts, rejections = checker.check(chunk_of(columns, GOOD, GOOD, ("", GOOD[1])), {2: [wrong], 4: [wrong]})

    assert [contact.row for contact in contacts] == [3]
    assert [(each.row, [fault.code for fault in each.faults]) for each in rejections] == [
        (2, [UNREADABLE_FILTER]), (4, [UNREADABLE_FILTER, "name_missing"]),
    ]  # fmt: skip


def test_shares_go_by_the_key() -> None:
    found = check_row({"No": "K1"}, {"UserData": "No"}, campaign={"split": {"A": "50%", "B": "50%"}})
    missing = check_row({"No": ""}, {"UserData": "No"}, campaign={"split": {"A": "50%", "B": "50%"}})

    assert field_of(found, "DiallerCampaignsName") == "B"
    assert "campaign_not_routed" in codes_of(missing)


def test_routes_go_by_a_column() -> None:
    campaign = {"column": "Zip", "routes": [{"pattern": "^0", "to": "East"}, {"pattern": "^1", "to": 541}]}

    assert field_of(check_row({"Zip": "01099"}, {}, campaign=campaign), "DiallerCampaignsName") == "East"
    assert field_of(check_row({"Zip": "10115"}, {}, campaign=campaign), "DiallerCampaignsID") == 541
    assert codes_of(check_row({"Zip": "8"}, {}, campaign=campaign)) == ["campaign_not_routed"]


def test_what_was_done_to_a_number_is_a_warning() -> None:
    """A zero that was put back; a kind of number that its plan does not tell."""
    restored = {"PhoneNumber1": {"column": "Phone", "region": "DE", "lost_zero": "restore"}}
    mobile = {"PhoneNumber1": {"column": "Phone", "region": "US", "type": "mobile"}}

    for rules, cell, code in ((restored, "1711234567", "zero_restored"), (mobile, "212 555 0123", "type_unknown")):
        found = check_row({"Phone": cell}, rules)
        assert isinstance(found, Contact)
        assert found.warnings == (RowWarning(code, "PhoneNumber1"),)
    assert check_row({"Phone": GOOD[1]}, restored).warnings == ()


def test_empty_cells_are_left_out() -> None:
    """The dialler keeps its value."""
    found = check_row({"City": " "}, {"City": "City"})

    assert isinstance(found, Contact)
    assert "City" not in found.fields


def test_empty_cells_can_clear() -> None:
    """``clear`` sends null for empty mapped fields, but never for the key or a command."""
    rules = {
        "City": "E",
        "UserData": "E",
        "Amount": "E",
        "ResetContact": "E",
        "PhoneNumber2": {"column": "Mobil", "region": "DE"},
        "PhoneNumber1": {"column": "E", "region": "DE"},
    }
    found = check_row({"E": "", "Mobil": "0171 1234567"}, rules, rows={"empty_cells": "clear"})

    assert isinstance(found, Contact)
    assert found.fields == {
        "DiallerCampaignsID": 538,
        "Name": "Meier",
        "City": None,
        "Amount": None,
        "PhoneNumber1": None,
        "PhoneNumber2": "+491711234567",
    }


def test_a_ragged_row_has_one_fault() -> None:
    """Its columns may have shifted, so nothing else can be said about it, not even its key."""
    columns = ("Name", "Phone", "No")
    checker = Checker(settings_of(BASIC | {"UserData": "No"}), layout_of(*columns))
    chunk = chunk_of(columns, (*GOOD, "1"), ("", "x", "2"), (*GOOD, "3"), ragged={3: ("", "x", "2", "y")})
    contacts, rejections = checker.check(chunk)

    assert [contact.row for contact in contacts] == [2, 4]
    assert [(rejection.row, rejection.user_data) for rejection in rejections] == [(3, "")]
    (fault,) = rejections[0].faults
    assert (fault.code, "4 cells" in fault.message, "header 3" in fault.message) == ("ragged_row", True, True)
    _, (quote,) = checker.check(chunk_of(columns, (*GOOD, "1"), ragged={2: (*GOOD, "1")}))
    assert "A quote in the row" in quote.faults[0].message


def test_notes_of_cells_reach_the_row() -> None:
    """A formula without a value is not an empty cell."""
    columns = ("Name", "Phone")
    checker = Checker(settings_of(BASIC), layout_of(*columns))
    chunk = chunk_of(columns, ("", "0171 1234567"), GOOD, notes={(2, 0): CellNote("formula_without_value")})
    contacts, rejections = checker.check(chunk)

    assert [contact.row for contact in contacts] == [3]
    assert [fault.code for fault in rejections[0].faults] == ["formula_without_value"]


def test_rows_are_kept_in_order() -> None:
    """Contacts and rejections together cover the chunk, each in the order of the rows."""
    columns = ("Name", "Phone")
    rows = [GOOD if n % 3 else ("", "") for n in range(100)]
    contacts, rejections = Checker(settings_of(BASIC), layout_of(*columns)).check(chunk_of(columns, *rows, first=5))

    assert [contact.row for contact in contacts] == [n + 5 for n in range(100) if n % 3]
    assert [rejection.row for rejection in rejections] == [n + 5 for n in range(100) if not n % 3]


def test_an_empty_chunk() -> None:
    """A file may hold only its header."""
    columns = ("Name", "Phone")

    assert Checker(settings_of(BASIC), layout_of(*columns)).check(chunk_of(columns)) == ([], [])


def test_the_checker_says_what_it_does_not_use() -> None:
    """The notes are those of the mapping."""
    notes = Checker(settings_of(BASIC), layout_of("Name", "Phone", "New")).notes
    assert notes == ("not used by the configuration: column 'New'",)


def test_the_schema_is_the_table_of_fields() -> None:
    """Each field's checks follow from its entry in the one table."""
    schema = contact_schema(FIELDS, (3, 19))

    for field in FIELDS.values():
        names = {check.name for check in schema.columns[field.name].checks}
        assert ("too_long" in names) == (field.longest is not None)
        assert ("damaged_text" in names) == (field.kind is Kind.TEXT)
    assert isinstance(schema, pa.DataFrameSchema)
    assert set(PHONE_FIELDS) <= set(contact_schema(["Name"], (3, 19)).columns)


def test_the_table_of_codes_is_the_codes_in_use() -> None:
    """The documentation is made from the table."""
    package = Path(dialler_sync.__file__).parent
    modules = [path for path in package.rglob("*.py") if path.name != "error_codes.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in modules)

    assert set(re.findall(r'\bfault\(\s*"(\w+)"', text)) <= set(ERROR_CODES)
    constants = {value: name for name, value in vars(error_codes).items() if isinstance(value, str)}
    assert [code for code in ERROR_CODES if constants.get(code, code) not in text] == []
    assert all(entry.meaning.endswith(".") and entry.mend.endswith(".") for entry in ERROR_CODES.values())


def test_a_text_that_a_workbook_of_ours_has_cut_is_not_taken_for_the_whole() -> None:
    """Otherwise failed.xlsx, imported unchanged, would shorten a comment in silence."""
    (fault,) = faults_of(check_row({"Notes": "x… [cut; failed.csv has all of it]"}, {"Comment": "Notes"}))

    assert (fault.code, fault.field) == ("damaged_text", "Comment")
    assert "was truncated" in fault.message


@pytest.mark.parametrize(
    ("rule", "good", "bad", "code", "said"),
    [
        ({"pattern": "[A-Z]+"}, "AB", "ABc", "pattern_mismatch", "'ABc' does not match the pattern '[A-Z]+'"),
        ({"one_of": ["north", "south"]}, "south", "sout", "not_listed", "did you mean 'south'"),
        ({"one_of": ["north", "south"]}, "north", "?", "not_listed", "'?' is not allowed here."),
        ({"max_length": 3}, "abc", "abcd", "too_long", "max_length of Comment allows 3"),
        ({"required": True}, "x", "", "required", ""),
    ],
)
def test_own_checks_of_texts(rule: Any, good: str, bad: str, code: str, said: str) -> None:
    rules = {"Comment": {"column": "Notes", **rule}}

    assert isinstance(check_row({"Notes": good}, rules), Contact)
    (fault,) = faults_of(check_row({"Notes": bad}, rules))
    assert fault.code == code
    assert said in fault.message


@pytest.mark.parametrize(
    ("field", "rule", "good", "bad", "said"),
    [
        ("Amount", {"min": 0, "max": 10}, "0", "-1", "-1 is less than 0"),
        ("Amount", {"min": 0, "max": 10}, "10", "11", "11 is greater than 10"),
        ("Amount", {"max": 10}, "-99", "11", "11 is greater than 10"),
        ("Amount", {"min": 0}, "99", "-1", "-1 is less than 0"),
        ("FollowUpDateTime", {"after": "2026-01-01"}, "2026-01-02", "2026-01-01 12:00", "is not after 2026-01-01"),
        ("FollowUpDateTime", {"before": "2026-01-01"}, "2025-12-31 23:00", "2026-01-01", "is not before 2026-01-01"),
    ],
)
def test_own_checks_of_numbers_and_days(field: str, rule: Any, good: str, bad: str, said: str) -> None:
    rules = {field: {"column": "Cell", **rule}}

    assert isinstance(check_row({"Cell": good}, rules), Contact)
    (fault,) = faults_of(check_row({"Cell": bad}, rules))
    assert said in fault.message


@pytest.mark.parametrize(
    ("field", "rule", "cell", "codes"),
    [
        ("Comment", {"pattern": "A+", "one_of": ["A"], "max_length": 1}, "", []),
        ("Comment", {"pattern": "A+", "one_of": ["A"]}, "#REF!", ["error_cell"]),
        ("Amount", {"min": 0, "max": 1}, "abc", ["amount_invalid"]),
        ("FollowUpDateTime", {"after": "2026-01-01", "before": "2026-02-01"}, "abc", ["datetime_invalid"]),
    ],
)
def test_own_checks_are_of_what_could_be_read(field: str, rule: Any, cell: str, codes: list[str]) -> None:
    found = check_row({"Cell": cell}, {field: {"column": "Cell", **rule}})

    assert (codes_of(found) if codes else []) == codes
    assert isinstance(found, Rejection if codes else Contact)


@pytest.mark.parametrize(
    ("field", "rule", "cells"),
    [
        ("Comment", {"pattern": "[A-Z]+"}, ("AB", "ab", "")),
        ("Comment", {"one_of": ["a"]}, ("a", "b", "")),
        ("Comment", {"max_length": 2}, ("ab", "abc", "")),
        ("Comment", {"pattern": "[A-Z]+"}, ("AB", "#REF!", "")),
        ("Amount", {"min": 0}, ("0", "-1", "")),
        ("Amount", {"min": 0}, ("0", "abc", "")),
        ("FollowUpDateTime", {"after": "2026-01-01"}, ("2026-01-02", "2026-01-01", "")),
    ],
)
def test_a_bad_cell_costs_no_other_row(field: str, rule: Any, cells: tuple[str, ...]) -> None:
    columns = ("Name", "Phone", "Cell")
    rules = BASIC | {field: {"column": "Cell", **rule}}

    found = Checker(settings_of(rules), layout_of(*columns)).check(
        chunk_of(columns, *((*GOOD, cell) for cell in cells))
    )

    assert [[each.row for each in some] for some in found] == [[2, 4], [3]]


def test_what_is_said_of_a_text_that_is_too_long() -> None:
    """Only a field that may be cut is told to be."""
    found = check_row({"No": "x" * 300, "Notes": "x" * 100_000}, {"UserData": "No", "City": "Notes"})

    key, city = sorted(faults_of(found), key=lambda fault: fault.field, reverse=True)
    assert ("max_length" in key.message, "truncate" in key.hint) == (False, False)
    assert "truncate" in city.hint
