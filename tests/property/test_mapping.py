"""Whatever stands in the cells: every row ends in exactly one place, and text arrives as it stands."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialler_sync.fields import FIELDS, Kind
from dialler_sync.mapping.cells import is_blank
from dialler_sync.mapping.validate import Checker
from dialler_sync.model import CellNote, Chunk, Contact

from ..helpers.rows import BASIC, GOOD, chunk_of, layout_of, settings_of

TEXT = [name for name, field in FIELDS.items() if field.kind is Kind.TEXT and "Campaign" not in name]
SPECIAL = [
    "",
    " ",
    "0171 1234567",
    "0171 1 / 089 2",
    "4,91701E+11",
    "1.234,56",
    "a@b.de",
    "DE89",
    "31.12.2024",
    "#REF!",
]
CELLS = (
    st.text(st.characters(codec=None), max_size=12)
    | st.sampled_from(SPECIAL)
    | st.text("0123456789+-/., ", max_size=16)
)

COLUMNS = ("Name", "Phone", "A", "B", "C")
EVERYTHING: dict[str, Any] = {
    **BASIC,
    **{name: "A" for name, field in FIELDS.items() if "Campaign" not in name and name not in BASIC},
    "PhoneNumber2": {"column": "B", "region_column": "C", "region": "DE"},
    "FaxNumber": {"column": "B", "several": "reject", "extension": "reject"},
    "Comment": {"template": "{A} {B}"},
    "Tag": {"join": {"columns": ["A", "C"]}, "trim": "true"},
    "City": {"first_of": ["B", "C"], "case": "title", "pattern": "[^0-9]*", "max_length": "5", "invalid": "empty"},
    "Region": {"column": "C", "replace": [{"pattern": "[0-9]", "with": "#"}], "default": "a", "one_of": ["a", "#"]},
    "PhoneNumber3": {"column": "C", "region": "DE", "type": "mobile", "lost_zero": "restore", "invalid": "empty"},
    "Email": {"column": "A", "required": "true"},
    "Amount": {"column": "C", "decimal": ",", "thousands": ".", "currency": "€", "min": "1", "max": "1000"},
    "FollowUpDateTime": {"column": "C", "formats": ["%d.%m.%Y"], "after": "2020-01-01", "before": "today"},
    "Salutation": {"column": "C", "values": {"a": "b"}, "unlisted": "reject", "split": {"separator": " ", "part": "1"}},
}
ROWS = {"too_long": ["reject", "truncate"], "empty_cells": ["omit", "clear"], "phone_format": ["plus", "digits"]}
NOTES = st.sampled_from([CellNote("error_cell"), CellNote("precision_lost", "12"), CellNote(number="0.5")])


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    rows = draw(st.lists(st.tuples(*[CELLS] * len(COLUMNS)), max_size=8))
    first = draw(st.integers(1, 1_000_000))
    if not rows:
        return chunk_of(COLUMNS)
    numbers = st.sampled_from(range(first, first + len(rows)))
    notes = draw(st.dictionaries(st.tuples(numbers, st.integers(0, len(COLUMNS) - 1)), NOTES, max_size=4))
    ragged = draw(st.dictionaries(numbers, st.tuples(CELLS), max_size=2))
    return chunk_of(COLUMNS, *rows, first=first, notes=notes, ragged=ragged)


CHECKERS = [
    Checker(settings_of(EVERYTHING, rows=dict(zip(ROWS, choice, strict=True)), campaign=campaign), layout_of(*COLUMNS))
    for choice in zip(*ROWS.values(), strict=True)
    for campaign in ({"id": "1"}, {"column": "C"})
]


@settings(max_examples=20, deadline=None)
@given(chunks(), st.sampled_from(CHECKERS))
def test_every_row_ends_in_exactly_one_place(chunk: Chunk, checker: Checker) -> None:
    """No cell raises, no row is lost or doubled, and no rejection is without a reason."""
    contacts, rejections = checker.check(chunk)

    placed = [found.row for found in (*contacts, *rejections)]
    assert sorted(placed) == chunk.frame.index.tolist()
    assert [contact.row for contact in contacts] == sorted(contact.row for contact in contacts)
    assert [rejection.row for rejection in rejections] == sorted(rejection.row for rejection in rejections)
    assert all(rejection.faults for rejection in rejections)
    assert not any(contact.row in chunk.ragged for contact in contacts)


FILTERS: list[dict[str, Any]] = [
    {"skip": {"A": ["", "#REF!"], "B": {"pattern": "^[0-9]"}}},
    {"only": {"A": {"empty": "false"}, "C": {"min": "0", "decimal": ","}}},
    {"only": {"C": {"before": "today", "formats": "%d.%m.%Y"}}, "skip": {"A": {"max": "5", "decimal": ","}}},
]


@settings(max_examples=20, deadline=None)
@given(chunks(), st.sampled_from(FILTERS))
def test_filters_part_the_rows_and_judge_each_by_itself(chunk: Chunk, rows: dict[str, Any]) -> None:
    """What becomes of a row does not depend on the others; every row stays or is left out, and ragged ones stay."""
    check = Checker(settings_of({**BASIC, "UserData": "A"}, rows=rows), layout_of(*COLUMNS))
    assert check.filters
    sifted = check.filters.sift(chunk)

    left, out = sifted.chunk.frame.index.tolist(), [row.row for row in sifted.filtered]
    assert sorted([*left, *out]) == chunk.frame.index.tolist()
    assert not chunk.ragged.keys() & set(out)
    assert sifted.unreadable.keys() <= set(left) - chunk.ragged.keys()
    for row in chunk.frame.index.tolist():
        notes = {key: note for key, note in chunk.notes.items() if key[0] == row}
        ragged = {row: chunk.ragged[row]} if row in chunk.ragged else {}
        alone = check.filters.sift(Chunk(chunk.frame.loc[[row]], notes, ragged))
        assert [each.row for each in alone.filtered] == [row] * (row in out)
        assert alone.unreadable.get(row) == sifted.unreadable.get(row)
    contacts, rejections = check.check(sifted.chunk, sifted.unreadable)
    assert sifted.unreadable.keys() <= {found.row for found in rejections}
    assert len(contacts) + len(rejections) == len(left)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TEXT), st.text(st.characters(codec="utf-8"), max_size=9))
def test_text_arrives_as_it_stands(field: str, text: str) -> None:
    """Every character of it, or the row is rejected."""
    columns = ("Name", "Phone", "X")
    checker = Checker(settings_of({**BASIC, field: "X"}), layout_of(*columns))
    contacts, rejections = checker.check(chunk_of(columns, (*GOOD, text)))

    if contacts:
        (contact,) = contacts
        assert isinstance(contact, Contact)
        assert contact.fields.get(field) == (None if is_blank(text) else text)
    else:
        ((fault, *others),) = (rejection.faults for rejection in rejections)
        assert not others
        assert fault.code in {"damaged_text", "name_missing", "error_cell", "precision_lost"}
