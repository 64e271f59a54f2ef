"""The columns that feed each field, and the text that each row gives it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from dialler_sync.errors import ConfigError, InputError
from dialler_sync.fields import VENDOR_COLUMNS, VENDOR_MARK
from dialler_sync.mapping.binding import bind
from dialler_sync.mapping.cells import Cell, PlainNumber, is_blank
from dialler_sync.model import CellNote, Fault, RowWarning
from dialler_sync.own_columns import MOVE_COLUMNS, RESULT_COLUMNS

from ...helpers.rows import BASIC, GOOD, chunk_of, layout_of, settings_of


def cells_of(
    rule: Any, *rows: tuple[str, ...], field: str = "Comment", notes: dict[tuple[int, int], CellNote] | None = None
) -> list[Cell]:
    """Apply ``rule`` to rows with the columns A, B and C; the first row is row 2."""
    columns = ("A", "B", "C", "Name", "Phone")
    filled = [(*row, *("",) * (3 - len(row)), "Meier", "0171 1234567") for row in rows]
    bound = bind(settings_of(BASIC | {field: rule}), layout_of(*columns))
    return bound.apply(chunk_of(columns, *filled, notes=notes)).cells[field]


def code_of(cell: Cell) -> str:
    assert isinstance(cell, Fault), cell
    return cell.code


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("Last name", "Last name"),
        ("LAST  NAME ", "Last name"),
        ("Last\u00a0name", "Lastname"),
        ("Stra\u00dfe", "STRASSE"),
        ("Mu\u0308ller", "M\u00fcller"),
        ("ＮＡＭＥ", "name"),
    ],
)
def test_headers_match_without_regard_to_case_space_and_unicode_form(header: str, named: str) -> None:
    """A header that looks the same is the same."""
    bound = bind(settings_of({"Name": named, "PhoneNumber1": "Phone"}), layout_of("Phone", header))

    assert bound.fields["Name"].positions == (1,)


def test_an_exact_header_goes_before_a_similar_one() -> None:
    """``name`` and ``Name`` in one file are two columns."""
    bound = bind(settings_of({"Name": "name", "PhoneNumber1": "Phone"}), layout_of("Name", "name", "Phone"))

    assert bound.fields["Name"].positions == (1,)


@pytest.mark.parametrize("headers", [("Name", "Name"), ("NAME", "name ")])
def test_two_columns_for_one_name_are_an_error(headers: tuple[str, str]) -> None:
    """The choice between two columns is not guessed."""
    with pytest.raises(InputError, match=f"'Name' .*column 1 '{headers[0]}' and column 2 '{headers[1]}'"):
        bind(settings_of(BASIC), layout_of(*headers, "Phone"))


def test_the_outcomes_of_a_run_are_no_list() -> None:
    """results.csv lacks the list's columns: the file to fix is named."""
    with pytest.raises(InputError, match=r"this is results\.csv of a run.* failed\.xlsx"):
        bind(settings_of(BASIC), layout_of(*RESULT_COLUMNS))


def test_another_report_is_not_taken_for_the_outcomes_of_a_run() -> None:
    """moved.csv, of a reconciliation, has no rows to fix beside it."""
    with pytest.raises(InputError, match="there is no column") as raised:
        bind(settings_of(BASIC), layout_of(*MOVE_COLUMNS))

    assert "results.csv" not in str(raised.value)


def test_all_columns_that_vanished_are_named_at_once() -> None:
    """One message lets the user fix the file in one go."""
    rules = {"UserData": "Customer No", "City": "_row", "PhoneNumber1": {"column": "Phone", "region_column": "Land"}}

    with pytest.raises(InputError) as raised:
        bind(settings_of(BASIC | rules, campaign={"column": "Kampagne"}), layout_of("Name", "Phone", "Customer no."))

    message = str(raised.value)
    assert "no column 'Customer No' (for UserData); did you mean 'Customer no.'?" in message
    assert "no column 'Land' (for PhoneNumber1)" in message
    assert "no column 'Kampagne' (for DiallerCampaignsName)" in message
    assert message.count("the columns of dialler-sync's own reports are ignored") == 1
    assert message.endswith("The file has the columns 'Name', 'Phone', 'Customer no.'.")


def test_a_file_with_very_many_columns_is_not_listed_whole() -> None:
    """The message stays readable."""
    with pytest.raises(InputError, match="and 60 more"):
        bind(settings_of(BASIC), layout_of(*(f"c{n}" for n in range(100))))


def test_columns_that_nothing_uses_are_noted() -> None:
    """A new column stops nothing, but is reported."""
    bound = bind(
        settings_of(BASIC | {"Comment": {"template": "{Note}"}}, campaign={"column": "List"}),
        layout_of("Name", "Phone", "Note", "List", "New", "Newer"),
    )

    assert bound.unmapped == ("New", "Newer")
    assert bound.notes == ("not used by the configuration: columns 'New', 'Newer'",)
    assert bind(settings_of(BASIC), layout_of("Name", "Phone")).notes == ()


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({}, "'dialler-sync init list.csv' proposes them"),
        ({"PhoneNumber1": "Phone"}, "columns: has no Name; the dialler requires it"),
        ({"Name": "Name", "FaxNumber": "Phone"}, "columns: has no PhoneNumber1; the dialler requires a phone number"),
    ],
)
def test_a_mapping_without_what_the_dialler_demands_is_refused(columns: dict[str, Any], says: str) -> None:
    """No row could succeed, so nothing is started."""
    with pytest.raises(ConfigError, match=says):
        bind(settings_of(columns), layout_of("Name", "Phone"))


def test_fields_are_in_the_order_of_the_table() -> None:
    """Whatever the order in the file."""
    bound = bind(
        settings_of({"PhoneNumber1": "P", "Name": "N", "UserData": "U"}, campaign={"column": "K"}),
        layout_of("P", "N", "U", "K"),
    )

    assert list(bound.fields) == ["DiallerCampaignsName", "UserData", "Name", "PhoneNumber1"]


def test_the_vendors_own_format_maps_itself() -> None:
    """The format defines each column."""
    bound = bind(settings_of({}), layout_of(*VENDOR_COLUMNS, vendor=True))

    assert not {VENDOR_MARK, "dtImported", "DiallerCampaignsName"} & set(bound.fields)
    assert {"UserData", "Name", "PhoneNumber6", "ResultCodesExportKey"} <= set(bound.fields)
    assert bound.notes == ()


def test_rules_may_be_laid_over_the_vendors_format() -> None:
    """Its numbers may need a region."""
    rule = {"PhoneNumber1": {"column": "PhoneNumber1", "region": "DE"}}
    bound = bind(
        settings_of(rule, campaign={"column": "DiallerCampaignsName"}), layout_of(*VENDOR_COLUMNS, vendor=True)
    )

    assert bound.fields["PhoneNumber1"].rule.region == "DE"
    assert bound.fields["PhoneNumber2"].rule.region is None
    assert bound.fields["DiallerCampaignsName"].positions == (2,)


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "\u200b", "\ufeff \u00ad"])
def test_what_shows_nothing_is_empty(text: str) -> None:
    """A cell of only white space is not a name."""
    assert is_blank(text)
    assert cells_of("A", (text,)) == [None]


@pytest.mark.parametrize("text", ["a", " a ", "-", "\u200bx", "0", "\x00", "\ud800"])
def test_text_is_left_exactly_as_it_stands(text: str) -> None:
    """Nothing is trimmed unless the rule says so."""
    assert cells_of("A", (text,)) == [text]


@pytest.mark.parametrize(
    ("rule", "row", "text"),
    [
        ({"value": "01099"}, (), "01099"),
        ({"value": ""}, (), None),
        ({"first_of": ["A", "B", "C"]}, ("", " ", "c"), "c"),
        ({"first_of": ["A", "B", "C"]}, ("", "b", "c"), "b"),
        ({"first_of": ["A", "B"]}, ("", ""), None),
        ({"template": "{A} / {B}"}, ("a", ""), "a / "),
        ({"template": "{A} / {B}"}, (" ", ""), None),
        ({"template": "{{{A}}} {B}{A}"}, ("a", "b"), "{a} ba"),
        ({"join": {"columns": ["A", "B", "C"]}}, ("a", " ", "c"), "a c"),
        ({"join": {"columns": ["C", "A"], "separator": ", "}}, ("a", "", "c"), "c, a"),
        ({"column": "A", "split": {"separator": ";", "part": 2}}, ("a; b ;c",), " b "),
        ({"column": "A", "split": {"separator": ";", "part": 2}, "trim": "true"}, ("a; b ;c",), "b"),
        ({"column": "A", "split": {"separator": ";", "part": 3}}, ("a;b",), None),
        ({"column": "A", "replace": [{"pattern": "-", "with": "/"}, {"pattern": "/b"}]}, ("a-b",), "a"),
        ({"column": "A", "replace": [{"pattern": "^$", "with": "x"}]}, ("",), None),
        ({"column": "A", "default": "none"}, ("",), "none"),
        ({"column": "A", "trim": "true"}, ("  a b  ",), "a b"),
        ({"column": "A", "case": "upper"}, ("straße",), "STRASSE"),
        ({"column": "A", "case": "lower"}, ("ÄB",), "äb"),
        ({"column": "A", "case": "title"}, ("anna-lena müller",), "Anna-Lena Müller"),
        ({"column": "A", "values": {"Herr": "Mr.", "Frau": "Mrs."}}, ("Herr",), "Mr."),
        ({"column": "A", "values": {"Herr": "Mr."}}, (" HERR ",), "Mr."),
        ({"column": "A", "values": {"Herr": "Mr."}}, ("Dr.",), "Dr."),
        ({"column": "A", "values": {"Herr": "Mr."}, "unlisted": "empty"}, ("Dr.",), None),
        ({"column": "A", "values": {"": "none"}}, (" ",), "none"),
        ({"column": "A", "values": {"-": None}}, ("-",), None),
        ({"column": "A", "case": "upper", "values": {"herr": "Mr."}}, ("Herr",), "MR."),
    ],
)
def test_rules(rule: Any, row: tuple[str, ...], text: str | None) -> None:
    """Each way in which a row gives a field its text."""
    assert cells_of(rule, row) == [text]


def test_each_row_is_mapped_on_its_own() -> None:
    """Columns are processed whole; rows must not mix."""
    assert cells_of({"first_of": ["A", "B"]}, ("1", "x"), ("", "2"), ("", ""), ("4",)) == ["1", "2", None, "4"]


def test_a_value_that_is_not_listed_can_reject_the_row() -> None:
    """The hint lists the accepted values; an empty cell is not a value."""
    rule = {"column": "A", "values": {"Herr": "Mr.", "Frau": "Mrs."}, "unlisted": "reject"}
    cell, empty = cells_of(rule, ("Dr.",), ("",))

    assert empty is None
    assert isinstance(cell, Fault)
    assert (cell.code, "Herr, Frau" in cell.hint) == ("value_unlisted", True)


@pytest.mark.parametrize(
    ("settings", "cells"),
    [
        ({}, ["Nord", None, "value_unlisted", None, "error_cell"]),
        ({"default": "?"}, ["Nord", "?", "?", "?", "error_cell"]),
        ({"unlisted": "keep"}, ["Nord", None, "x", None, "error_cell"]),
        ({"unlisted": "empty"}, ["Nord", None, None, None, "error_cell"]),
        ({"unlisted": "reject", "default": "?"}, ["Nord", "?", "value_unlisted", "?", "error_cell"]),
    ],
)
def test_lookups(settings: dict[str, Any], cells: list[str | None]) -> None:
    """Listed, listed without a value, not listed, empty, damaged."""
    rule = {"column": "A", "lookup": {"file": "plz.csv", "key": "PLZ", "value": "Region"}, **settings}
    of_rule = settings_of(BASIC | {"Comment": rule})
    lookup = of_rule.columns["Comment"].lookup
    assert lookup
    columns = ("A", "Name", "Phone")
    bound = bind(of_rule, layout_of(*columns), {lookup: {"a": "Nord", "b": ""}})

    found = bound.apply(chunk_of(columns, *((text, *GOOD) for text in (" A ", "b", "x", "", "#N/A")))).cells["Comment"]

    assert [cell.code if isinstance(cell, Fault) else cell for cell in found] == cells


@pytest.mark.parametrize(
    "setting",
    [
        {"mirror": {"missing": "lock"}},
        {"rows": {"skip": {"A": {"values": ["x"]}}, "skipped_contacts": "lock"}},
        {"rows": {"mode": "create"}},
        {"campaign": {"split": {"538": "50%", "539": "50%"}}},
    ],
)
def test_what_goes_by_the_key_needs_its_column(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="needs UserData, but columns: does not map it"):
        bind(settings_of(BASIC, **setting), layout_of("Name", "Phone", "A"))


@pytest.mark.parametrize(("layout", "read"), [({"sheet": "Nord"}, True), ({"mended": True}, True), ({}, False)])
def test_the_name_of_a_sheet_is_a_column_where_there_are_sheets(layout: dict[str, Any], read: bool) -> None:
    settings, columns = settings_of(BASIC | {"Comment": "_sheet"}), ("Name", "Phone")
    if not read:
        with pytest.raises(InputError, match="only workbooks have sheets"):
            bind(settings, layout_of(*columns))
        return
    with pytest.raises(InputError, match="there is no column 'City'"):
        bind(settings_of(BASIC | {"Comment": "City"}), replace(layout_of(*columns), **layout))
    bound = bind(settings, replace(layout_of(*columns), **layout))
    chunk = replace(chunk_of(columns, GOOD), sheet="Nord")

    assert bound.apply(chunk).cells["Comment"] == ["Nord"]
    assert bound.fields["Comment"].origin(chunk, 0) == ("_sheet", "Nord")


@pytest.mark.parametrize(
    ("layout", "columns", "said"),
    [
        ({}, ("a;b",), "read as a single column; .*'[;]'"),
        ({}, ("a",), "the sign between them"),
        ({"delimiter": ","}, ("a;b", "c"), "delimited by ','; .*'[;]'"),
        ({"delimiter": ","}, ("a\tb", "c"), "source.delimiter to tab"),
        ({"delimiter": ","}, ("a", "c;d"), ""),
        ({"delimiter": ","}, ("a", "c"), ""),
        ({"format": "xlsx"}, ("a;b",), ""),
    ],
)
def test_a_delimiter_in_doubt_is_told(layout: dict[str, Any], columns: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError) as raised:
        bind(settings_of(BASIC), replace(layout_of(*columns), **layout))

    assert re.search(said or "has the columns [^.]*\\.$", str(raised.value))


def test_a_formula_without_a_value_is_not_the_empty_text_of_a_list() -> None:
    """Nobody knows what it would show."""
    rule = {"column": "A", "values": {"": "none"}, "case": "upper"}

    (cell,) = cells_of(rule, ("",), notes={(2, 0): CellNote("formula_without_value")})

    assert code_of(cell) == "formula_without_value"


def test_what_is_noted_of_a_cell_hides_no_damage_that_it_shows() -> None:
    (cell,) = cells_of("A", ("#REF!",), notes={(2, 0): CellNote(warning="double_encoded")})

    assert code_of(cell) == "error_cell"


def test_only_a_text_that_was_encoded_twice_is_warned_of() -> None:
    """Whatever the other columns hold."""
    columns = ("Name", "Phone", "Note")
    rows = [("MÃ¼ller", GOOD[1], "日本"), (*GOOD, ""), (GOOD[0], "0171 1234568", "")]
    bound = bind(settings_of(BASIC | {"Comment": "Note"}), layout_of(*columns))

    mapped = bound.apply(chunk_of(columns, *rows, notes={(4, 1): CellNote(number="1")}))

    assert mapped.warnings == {0: (RowWarning("double_encoded", "Name"),)}


@pytest.mark.parametrize("code", ["error_cell", "formula_without_value", "precision_lost"])
@pytest.mark.parametrize(
    "rule", ["A", {"template": "{A} {B}"}, {"join": {"columns": ["B", "A"]}}, {"first_of": ["A", "B"]}]
)
def test_a_damaged_cell_rejects_the_rows_that_need_it(code: str, rule: Any) -> None:
    """The spreadsheet shows something else than the text of the cell."""
    damaged, whole = cells_of(rule, ("", "b"), ("a", "b"), notes={(2, 0): CellNote(code)})

    assert code_of(damaged) == code
    assert isinstance(whole, str)


def test_a_damaged_cell_that_is_not_needed_does_no_harm() -> None:
    """The cell may be in an unmapped column, or behind the first one that is not empty."""
    notes = {(2, 1): CellNote("error_cell"), (2, 2): CellNote("error_cell")}

    assert cells_of({"first_of": ["A", "B"]}, ("a",), notes=notes) == ["a"]


@pytest.mark.parametrize(
    ("text", "code"), [("#REF!", "error_cell"), (" #KALK! ", "error_cell"), ("4,9E+11 ", "precision_lost")]
)
@pytest.mark.parametrize("field", ["UserData", "Comment", "Amount"])
def test_a_text_that_a_spreadsheet_program_damaged_is_refused(text: str, code: str, field: str) -> None:
    """A CSV holds the shown text, and so does a text cell of a workbook."""
    damaged, whole = cells_of("A", (text,), ("#1",), field=field)

    assert code_of(damaged) == code
    assert whole == "#1"


@pytest.mark.parametrize("rule", ["A", {"first_of": ["B", "A"]}])
def test_a_number_field_takes_the_number_of_a_numeric_cell(rule: Any) -> None:
    """The shown text may have leading zeros, and the note on lost digits is about text."""
    notes = {(2, 0): CellNote(number="123"), (3, 0): CellNote("precision_lost", number="1234567890123456")}
    cells = cells_of(rule, ("00123",), ("1.23457E+15",), field="Amount", notes=notes)

    assert cells == ["123", "1234567890123456"]
    assert all(isinstance(cell, PlainNumber) for cell in cells)


@pytest.mark.parametrize(
    "rule",
    [
        {"template": "{A}0"},
        {"column": "A", "split": {"separator": "-", "part": 1}},
        {"column": "A", "replace": [{"pattern": "-1"}]},
    ],
)
def test_a_number_that_a_rule_has_changed_is_not_that_of_its_cell(rule: Any) -> None:
    (cell,) = cells_of(rule, ("12-1",), field="Amount", notes={(2, 0): CellNote(number="-12")})

    assert cell in {"12-10", "12"}


def test_a_text_field_takes_what_the_cell_shows() -> None:
    """A postal code shows its zeros."""
    notes = {(2, 0): CellNote(number="1099")}

    assert cells_of("A", ("01099",), field="PostalCode", notes=notes) == ["01099"]


def test_country_columns_come_with_the_phone_field() -> None:
    """Each row's numbers are read by its country."""
    rules = BASIC | {"PhoneNumber1": {"column": "Phone", "region_column": "Land"}}
    columns = ("Name", "Phone", "Land")
    bound = bind(settings_of(rules), layout_of(*columns))
    mapped = bound.apply(chunk_of(columns, ("A", "1", "DE"), ("B", "2", " "), first=7))

    assert list(mapped.rows) == [7, 8]
    assert mapped.countries == {"PhoneNumber1": ["DE", None]}


@pytest.mark.parametrize(
    ("rule", "origin"),
    [
        ("b", ("B", " cell b ")),
        ({"value": "x"}, ("", "x")),
        ({"first_of": ["A", "C", "B"]}, ("C", "cell c")),
        ({"template": "{C}{B}"}, ("C, B", "cell c,  cell b ")),
    ],
)
def test_a_fault_can_say_where_its_text_came_from(rule: Any, origin: tuple[str, str]) -> None:
    """Column and cell are given as they stand in the file."""
    columns = ("A", "B", "C", "Name", "Phone")
    bound = bind(settings_of(BASIC | {"Comment": rule}), layout_of(*columns))
    chunk = chunk_of(columns, ("", " cell b ", "cell c", "", ""))

    assert bound.fields["Comment"].origin(chunk, 0) == origin
