"""Which rows a filter leaves out, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from dialler_sync.mapping.filters import RowFilters
from dialler_sync.mapping.validate import Checker
from dialler_sync.model import CellNote

from ...helpers.rows import BASIC, GOOD, chunk_of, layout_of, settings_of

COLUMNS = ("Name", "Phone", "Key", "A")
TODAY = date(2026, 3, 1)


def filters(today: date = TODAY, **rows: Any) -> RowFilters:
    found = Checker(settings_of({**BASIC, "UserData": "Key"}, rows=rows), layout_of(*COLUMNS), today=today).filters
    assert found
    return found


def verdict(condition: Any, cell: str, **note: Any) -> str:
    """What ``skip`` makes of one cell."""
    notes = {(2, 3): CellNote(**note)} if note else {}
    sifted = filters(skip={"A": condition}).sift(chunk_of(COLUMNS, (*GOOD, "K", cell), notes=notes))
    return "out" if sifted.filtered else "unreadable" if sifted.unreadable else "in"


@pytest.mark.parametrize(
    ("condition", "cell", "what"),
    [
        (["ja", "x"], "JA ", "out"),
        (["ja", "x"], "ja!", "in"),
        (["1"], "1", "out"),
        (["1"], "1.0", "in"),
        (["Straße"], "STRASSE", "out"),
        ([""], "\u00a0", "out"),
        ([""], "-", "in"),
        ({"empty": "true"}, " \t", "out"),
        ({"empty": "true"}, "0", "in"),
        ({"empty": "false"}, "0", "out"),
        ({"pattern": "^a.c$"}, " ABC ", "out"),
        ({"pattern": "b"}, "", "in"),
        ({"min": "50"}, "50", "out"),
        ({"min": "50"}, "49.99", "in"),
        ({"min": "50"}, "", "in"),
        ({"max": "0"}, "-1", "out"),
        ({"max": "0"}, "", "in"),
        ({"max": "0"}, "1", "in"),
        ({"max": "0"}, "0", "out"),
        ({"min": "1", "max": "3"}, "4", "in"),
        ({"min": "50"}, "1.234", "unreadable"),
        ({"min": "50", "decimal": ","}, "1.234,5", "out"),
        ({"min": "50", "thousands": ".", "decimal": ","}, "1.234", "out"),
        ({"max": "50", "decimal": "."}, "1.234", "out"),
        ({"min": "50"}, "4,9E+11", "unreadable"),
        ({"min": "1", "values": ["5", "many"]}, "5", "out"),
        ({"min": "1", "values": ["5", "many"]}, "7", "in"),
        ({"min": "1", "values": ["5", "many"]}, "many", "unreadable"),
        ({"before": "today"}, "2026-02-28", "out"),
        ({"before": "today"}, "2026-03-01", "in"),
        ({"after": "today"}, "2026-03-01 23:59", "in"),
        ({"after": "today-30d"}, "2026-01-31", "out"),
        ({"after": "today-30d"}, "31.01.2026", "unreadable"),
        ({"after": "today-30d", "formats": "%d.%m.%Y"}, "31.01.2026", "out"),
        (["x"], "#REF!", "unreadable"),
        (["#REF!"], "#REF!", "out"),
    ],
)
def test_a_cell_holds_a_condition(condition: Any, cell: str, what: str) -> None:
    """Text without regard to case and space around it; numbers and dates as such; the empty cell outside of ranges."""
    assert verdict(condition, cell) == what


def test_notes_of_a_workbook_count() -> None:
    """The number behind what a cell shows; an error; a formula that was never calculated is no empty cell."""
    assert verdict({"min": "50", "decimal": ","}, "1,234.50 €", number="1234.5") == "out"
    assert verdict({"empty": "true"}, "", code="formula_without_value") == "unreadable"
    assert verdict(["x"], "#N/A", code="error_cell") == "unreadable"
    assert verdict([""], "", code="formula_without_value") == "unreadable"
    assert verdict(["#N/A"], "#N/A", code="error_cell") == "out"
    assert verdict(["1,234.50 €"], "1,234.50 €", number="1234.5") == "out"
    assert verdict({"min": "50"}, "60", warning="double_encoded") == "out"


def test_a_row_is_left_out_where_one_rule_is_sure_of_it() -> None:
    """Whatever another rule cannot read."""
    rules = filters(only={"Name": ["Meier"]}, skip={"A": {"min": "5"}})
    rows = [("Meier", "1", "K1", "many"), ("Kunz", "1", "K2", "many"), ("Meier", "1", "K3", "5")]

    sifted = rules.sift(chunk_of(COLUMNS, *rows))

    assert [(row.row, row.user_data, row.rule) for row in sifted.filtered] == [
        (3, "K2", "rows.only: Name is 'Kunz'"),
        (4, "K3", "rows.skip: A is '5' (min: 5)"),
    ]
    assert sifted.chunk.frame.index.tolist() == [2]
    assert [(row, fault.column, fault.value) for row, (fault,) in sifted.unreadable.items()] == [(2, "A", "many")]


def test_a_key_that_cannot_be_read_is_none() -> None:
    """The mirror must know of it."""
    rows = [(*GOOD, "4,9E+11", "x"), (*GOOD, " ", "x"), (*GOOD, "K", "x")]

    sifted = filters(skip={"A": ["x"]}).sift(chunk_of(COLUMNS, *rows))

    assert [row.user_data for row in sifted.filtered] == ["", "", "K"]


@pytest.mark.parametrize(
    ("condition", "hints"),
    [
        ({"before": "today"}, ["formats"]), ({"after": "today"}, ["formats"]), ({"min": "5"}, ["decimal"]),
        ({"max": "5"}, ["decimal"]), (["x"], ["formats", "decimal"]),
    ],
)  # fmt: skip
def test_what_to_do_about_a_cell_that_cannot_be_read(condition: Any, hints: list[str]) -> None:
    sifted = filters(skip={"A": condition}).sift(chunk_of(COLUMNS, (*GOOD, "K", "#REF!")))

    ((fault,),) = sifted.unreadable.values()
    assert [word for word in ("formats", "decimal") if word in fault.hint] == hints


def test_why_a_row_is_left_out() -> None:
    """With its cell, as far as it fits into a line."""
    rows = [(*GOOD, "K1", " "), (*GOOD, "K2", "x" * 1_000)]

    short, long = (row.rule for row in filters(skip={"A": {"pattern": "x|^$"}}).sift(chunk_of(COLUMNS, *rows)).filtered)

    assert short == "rows.skip: A is empty (pattern: x|^$)"
    assert "x…' (pattern" in long
    assert len(long) < 200


def test_the_first_of_two_rules_is_told() -> None:
    sifted = filters(skip={"Name": ["Meier"], "A": ["x"]}).sift(chunk_of(COLUMNS, (*GOOD, "K1", "x")))

    assert [row.rule for row in sifted.filtered] == ["rows.skip: Name is 'Meier'"]


def test_without_a_key_nobody_is_named() -> None:
    found = Checker(settings_of(BASIC, rows={"skip": {"A": ["x"]}}), layout_of(*COLUMNS), today=TODAY).filters
    assert found

    assert [row.user_data for row in found.sift(chunk_of(COLUMNS, (*GOOD, "K", "x"))).filtered] == [""]


def test_no_rows_are_no_fault() -> None:
    assert filters(skip={"A": {"min": "5"}}).sift(chunk_of(COLUMNS)).filtered == []


def test_each_row_keeps_its_sheet() -> None:
    """Of a file that has been mended each row says its own."""
    chunk = chunk_of(COLUMNS, (*GOOD, "K1", "x"), (*GOOD, "K2", ""), (*GOOD, "K3", ""))
    chunk = replace(chunk, own={"_sheet": ["North", "South", "West"]})

    assert filters(skip={"A": ["x"]}).sift(chunk).chunk.sheets() == ["South", "West"]


def test_each_row_keeps_what_is_noted_of_it() -> None:
    """A damaged cell is still damaged where another row is left out."""
    notes = {(row, 1): CellNote(code="precision_lost") for row in (2, 3)}
    rows = (*GOOD, "K1", "x"), (*GOOD, "K2", ""), (*GOOD, "K3", "x")

    kept = filters(skip={"A": ["x"]}).sift(chunk_of(COLUMNS, *rows, notes=notes, ragged={4: ("a",)})).chunk

    assert kept.frame.index.tolist() == [3, 4]
    assert (kept.notes, kept.ragged) == ({(3, 1): notes[3, 1]}, {4: ("a",)})


def test_a_ragged_row_stays() -> None:
    """Its cells may have shifted, and it is rejected for that."""
    chunk = chunk_of(COLUMNS, (*GOOD, "K", "x"), (*GOOD, "K", "many"), ragged={2: ("a",), 3: ("b",)})

    sifted = filters(skip={"A": ["x"]}, only={"Phone": {"min": "1"}}).sift(chunk)

    assert sifted.chunk is chunk
    assert not sifted.filtered
    assert not sifted.unreadable


def test_tallies_add_up_over_chunks() -> None:
    """Rows that each rule leaves out, and values that were met."""
    rules = filters(only={"Name": ["Meier"]}, skip={"A": ["x", "y"]})
    for cells in [("Meier", "1", "K", "x"), ("Kunz", "1", "K", "x"), ("Kunz", "1", "K", "")]:
        rules.sift(chunk_of(COLUMNS, cells))

    assert rules.rows == 3
    assert [(tally.kind, tally.left_out, tally.met) for tally in rules.tallies] == [
        ("skip", 2, {"x"}),
        ("only", 2, {"meier"}),
    ]


def test_today_is_the_day_of_the_run() -> None:
    """A run that is resumed on another day leaves out the same rows."""
    chunk = chunk_of(COLUMNS, (*GOOD, "K", "2026-02-28"))

    days = [
        bool(filters(day, skip={"A": {"before": "today"}}).sift(chunk).filtered) for day in (TODAY, date(2026, 2, 28))
    ]

    assert days == [True, False]
