"""The guard of mended files, on rows in memory: the key that a row must have, and cells restored or refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from dialler_sync.config.campaign import CampaignSettings
from dialler_sync.journal import Journal, Origin, RunRecord
from dialler_sync.mapping.validate import Checker
from dialler_sync.model import CellNote, Chunk, Layout
from dialler_sync.prepare.guard import Guard, Sorted

from ...helpers.records import RUN
from ...helpers.rows import BASIC, chunk_of, layout_of, settings_of

COLUMNS = ("Key", "PLZ", "Name", "Phone")
KEYED = BASIC | {"UserData": "Key", "PostalCode": "PLZ"}
WAS = ("00012", "01067", "Meier", "0171 1234567")
DAMAGED = "damaged_by_spreadsheet"


@dataclass(frozen=True)
class Known:
    """A journal that knows one run, and ``origins`` by file and row."""

    origins_of: Mapping[tuple[int, int], Origin]
    files: Sequence[tuple[str, str | None]] = (("list.csv", None),)

    def runs(self) -> list[RunRecord]:
        layout = {"columns": list(COLUMNS)}
        return [replace(RUN, files=[{"name": name, "sheet": sheet, "layout": layout} for name, sheet in self.files])]

    def origins(self, run: str, file: int, rows: Collection[int]) -> dict[int, Origin]:
        assert run == RUN.id
        assert None not in rows
        return {row: self.origins_of[file, row] for row in rows if (file, row) in self.origins_of}


@dataclass(frozen=True)
class Mended:
    """A mended table of one chunk."""

    layout: Layout
    chunk: Chunk

    def chunks(self, _rows: int = 5_000) -> Iterator[Chunk]:
        yield self.chunk


def origin(key: str = "00012", code: str = "", field: str = "", cells: Sequence[str] | None = WAS) -> Origin:
    return Origin(key, code, field, None if cells is None else tuple(cells))


def mended(
    cells: Sequence[str] = WAS,
    *,
    form: str = "csv",
    ragged: bool = False,
    notes: Mapping[tuple[int, int], CellNote] | None = None,
    **own: str,
) -> Mended:
    """One row as it comes back; ``own`` are its cells in our columns, without ``_``."""
    marks = {f"_{name}": [text] for name, text in ({"run": RUN.id, "row": "7"} | own).items()}
    chunk = chunk_of(COLUMNS, cells, notes=notes, ragged={2: (*cells, "more")} if ragged else None)
    return Mended(replace(layout_of(*COLUMNS), format=form, mended=True), replace(chunk, own=marks))


def guard_of(table: Mended, known: Known, rules: Mapping[str, Any] = KEYED) -> tuple[Guard, Checker]:
    checker = Checker(settings_of(rules), table.layout)
    return Guard(
        cast("Any", table), checker.fields, cast("Journal", known), RUN.target, CampaignSettings(id=538)
    ), checker


def sorted_by(guard: Guard, checker: Checker, chunk: Chunk) -> Sorted:
    return guard.check(chunk, lambda restored: Sorted(restored, *checker.check(restored)))


def checked(table: Mended, row: Origin | None, rules: Mapping[str, Any] = KEYED) -> Sorted:
    guard, checker = guard_of(table, Known({} if row is None else {(0, 7): row}), rules)
    return sorted_by(guard, checker, table.chunk)


def codes(done: Sorted) -> list[str]:
    """Error codes of the row, each with its field."""
    return [f"{fault.code}:{fault.field}" for row in done.rejections for fault in row.faults]


def key(cell: str) -> tuple[str, ...]:
    return (cell, *WAS[1:])


REFUSED = ["key_changed:UserData"]


@pytest.mark.parametrize(
    ("row", "own", "cell", "found"),
    [
        (origin(), {"key": "00012"}, "00012", []),
        (origin(), {"key": "00012"}, "A7", REFUSED),
        (origin(), {}, "A7", REFUSED),  # without a column _key
        (origin(), {"key": "A7"}, "A7", REFUSED),  # a spreadsheet program damages _key together with the key
        (origin(), {"key": ""}, "A7", []),  # another key is meant
        # The key itself was to be mended
        (origin(code="too_long", field="UserData"), {}, "A7", []),
        (origin(code="ragged_row"), {}, "A7", []),
        (origin(code="too_long; required", field="Name; UserData"), {}, "A7", []),
        (origin(code="too_long", field="Name"), {}, "A7", REFUSED),
        # It was refused before, as another one
        (origin(code="key_changed", field="UserData"), {"key": "00012"}, "A7", REFUSED),
        (origin(code="key_changed", field="UserData"), {"key": ""}, "A7", []),
        # or as damaged
        (origin(code=DAMAGED, field="UserData"), {"key": "00012"}, "00012", [f"{DAMAGED}:UserData"]),
        (origin(code=DAMAGED, field="UserData"), {"key": ""}, "00012", []),
        (origin(code=DAMAGED, field="UserData"), {"key": "00012"}, "A7", []),
        (origin(code=DAMAGED, field="PhoneNumber1"), {"key": "00012"}, "00012", []),
        # What the journal says of the row counts, and not what its cells say by now
        (origin(code="too_long", field="UserData"), {"error_code": "too_long", "error_field": "Name"}, "A7", []),
        (origin(), {"error_code": "too_long", "error_field": "UserData"}, "A7", REFUSED),
        (origin(cells=None), {"key": "00012"}, "A7", REFUSED),
    ],
)
def test_the_key_that_a_row_must_have(row: Origin, own: dict[str, str], cell: str, found: list[str]) -> None:
    assert codes(checked(mended(key(cell), **own), row)) == found


@pytest.mark.parametrize(
    ("own", "form", "cell", "found"),
    [
        ({"key": "A7"}, "csv", "A7", []),
        ({"key": "A8"}, "csv", "A7", REFUSED),
        ({}, "csv", "A7", []),
        ({"key": "A8", "error_code": "too_long", "error_field": "UserData"}, "csv", "A7", []),
        ({"key": "12"}, "csv", "12", [f"{DAMAGED}:UserData"]),  # it may have been 0012
        ({"key": ""}, "csv", "12", []),
        ({"key": "12", "run": ""}, "csv", "12", []),
        ({"key": "12"}, "xlsx", "12", []),  # a text stays as it is there
    ],
)
def test_the_key_of_a_row_that_the_journal_does_not_know(
    own: dict[str, str], form: str, cell: str, found: list[str]
) -> None:
    assert codes(checked(mended(key(cell), form=form, **own), None)) == found


def test_a_key_in_a_number_cell_of_a_workbook_may_be_damaged() -> None:
    table = mended(key("12"), form="xlsx", key="12", notes={(2, 0): CellNote(not_text=True)})

    assert f"{DAMAGED}:UserData" in codes(checked(table, None))


@pytest.mark.parametrize("number", ["7", "7.0", "7,00"])
def test_the_number_of_a_row_as_a_spreadsheet_program_writes_it(number: str) -> None:
    assert codes(checked(mended(key("A7"), row=number, key="A7"), origin())) == REFUSED


@pytest.mark.parametrize("number", ["1234", "1,234", "1.234", "1\u202f234"])
def test_the_number_of_a_row_of_a_long_list(number: str) -> None:
    table = mended(key("A7"), row=number, key="A7")
    guard, checker = guard_of(table, Known({(0, 1234): origin()}))

    assert codes(sorted_by(guard, checker, table.chunk)) == REFUSED


@pytest.mark.parametrize(
    ("country", "region", "found"),
    [
        ("", "DE", [f"{DAMAGED}:PostalCode"]),
        ("Schweiz", "DE", []),  # it has four digits there
        ("", "CH", []),
    ],
)
def test_a_postal_code_lacks_a_zero_only_where_codes_have_five_digits(
    country: str, region: str, found: list[str]
) -> None:
    columns = (*COLUMNS, "Land")
    rules = KEYED | {"Country": "Land", "PhoneNumber1": {"column": "Phone", "region": region}}
    chunk = chunk_of(columns, ("00012", "1067", "Meier", "+491711234567", country))
    own = {"_run": [RUN.id], "_row": ["7"], "_key": ["00012"]}
    table = Mended(replace(layout_of(*columns), mended=True), replace(chunk, own=own))

    assert codes(checked(table, origin(cells=None), rules)) == found


@pytest.mark.parametrize("number", ["", "x", "8"])
def test_a_row_whose_number_is_lost_is_held_against_its_key(number: str) -> None:
    """And never against another row's cells."""
    table = mended(("A7", "1067", "Meier", "0171 1234567"), row=number, key="A7")

    done = checked(table, origin("A7", cells=("A7", "01067", "Meier", "0171 1234567")))

    assert codes(done) == [f"{DAMAGED}:PostalCode"]


@pytest.mark.parametrize(
    ("files", "own", "known"),
    [
        ((("a.csv", None), ("b.csv", None)), {"file": "b.csv", "sheet": ""}, True),
        ((("a.csv", None), ("b.csv", None)), {"file": "c.csv", "sheet": ""}, False),
        ((("a.xlsx", "One"), ("a.xlsx", "Two")), {"file": "a.xlsx", "sheet": "Two"}, True),
        ((("a.csv", None), ("a.csv", None)), {"file": "a.csv", "sheet": ""}, False),  # nobody knows which
        ((("a.csv", None),), {"file": "renamed.csv", "sheet": ""}, None),
        ((("a.xlsx", "01"), ("a.xlsx", "02")), {"file": "a.xlsx", "sheet": "2"}, True),
        ((("a.xlsx", "3-4"), ("a.xlsx", "1-2")), {"file": "a.xlsx", "sheet": "01. Feb"}, True),
        ((("a.xlsx", "2-1"), ("a.xlsx", "1-2")), {"file": "a.xlsx", "sheet": "01. Feb"}, False),
        ((("a.xlsx", "Feb 26"), ("a.xlsx", "Mrz 26")), {"file": "a.xlsx", "sheet": "2026-03-01"}, True),
        ((("a.xlsx", "1E4"), ("a.xlsx", "1E5")), {"file": "a.xlsx", "sheet": "1,00E+05"}, True),
        ((("a.xlsx", "wahr"), ("a.xlsx", "falsch")), {"file": "a.xlsx", "sheet": "FALSE"}, True),
        ((("Ä.csv", None), ("Łódź.csv", None)), {"file": "?ód?.csv", "sheet": ""}, True),
        ((("a.xlsx", "1"), ("a.xlsx", "01")), {"file": "a.xlsx", "sheet": "1"}, False),  # nobody knows which
    ],
)
def test_the_file_that_a_row_comes_from(
    files: tuple[tuple[str, str | None], ...], own: dict[str, str], known: bool | None
) -> None:
    table = mended(key("A7"), **own)
    guard, checker = guard_of(table, Known({(0 if known is None else 1, 7): origin()}, files))

    assert codes(sorted_by(guard, checker, table.chunk)) == ([] if known is False else REFUSED)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("files", "own", "why"),
    [
        ((("a.xlsx", "1"), ("a.xlsx", "01")), {"file": "a.xlsx", "sheet": "1"}, "Several lists of run"),
        ((("a.csv", None), ("b.csv", None)), {"file": "c.csv", "sheet": ""}, "The journal does not have this row of"),
        ((("a.csv", None),), {"row": "9"}, "The journal does not have this row of"),
    ],
)
def test_a_row_that_its_run_must_have_is_refused_where_it_is_not_found(
    files: tuple[tuple[str, str | None], ...], own: dict[str, str], why: str, form: str
) -> None:
    """Its cells may be a spreadsheet program's, and cannot be restored; those of a text cell are as they were."""
    for cells, notes, refused in [
        (("A7", "01067", "12345678", "0171 1234567"), {(2, 2): CellNote(not_text=True)}, True),
        (("A7", "01067", "12345678", "0171 1234567"), {}, form == "csv"),
        (("A7", "01067", "Meier", "0171 1234567"), {}, False),
    ]:
        table = mended(cells, form=form, notes=notes, key="A7", **own)
        guard, checker = guard_of(table, Known({(0, 7): origin(), (1, 7): origin()}, files))
        done = sorted_by(guard, checker, table.chunk)

        assert codes(done) == ([f"{DAMAGED}:UserData"] if refused else [])
        assert all(fault.message.startswith(why) for row in done.rejections for fault in row.faults)
        meant = mended(cells, form=form, notes=notes, key="", **own)
        guard, checker = guard_of(meant, Known({}, files))
        assert not codes(sorted_by(guard, checker, meant.chunk))


def test_a_sheet_that_feeds_a_field_may_be_changed_too() -> None:
    table = mended(key("A7"), key="A7", file="a.xlsx", sheet="1")
    files = (("a.xlsx", "01"), ("a.xlsx", "1"))
    guard, checker = guard_of(table, Known({}, files), KEYED | {"Comment": "_sheet"})

    assert codes(sorted_by(guard, checker, table.chunk)) == [f"{DAMAGED}:UserData"]


@pytest.mark.parametrize(
    ("was", "now", "sent"),
    [
        (
            (*WAS[:3], "01711234567"),
            ("12", "1067", "Meier", "1711234567"),
            {"UserData": "00012", "PostalCode": "01067"},
        ),
        (WAS, ("00012", "01069", "Maier", "0171 7654321"), {"PostalCode": "01069", "Name": "Maier"}),
    ],
)
def test_what_a_spreadsheet_program_did_to_cells_is_undone(
    was: Sequence[str], now: Sequence[str], sent: dict[str, str]
) -> None:
    """And what a person did is not."""
    (contact,) = checked(mended(now), origin(cells=was)).contacts

    assert contact.user_data == was[0]
    assert sent.items() <= contact.fields.items()


def test_without_its_cells_a_row_that_shows_damage_is_refused() -> None:
    done = checked(mended(("00012", "1067", "Meier", "4,9171E+11"), key="00012"), origin(cells=None))

    assert {f"{DAMAGED}:PostalCode", f"{DAMAGED}:PhoneNumber1"} <= set(codes(done))


def test_a_key_that_shows_damage_is_meant_where_key_is_emptied() -> None:
    """Other cells of the row stay guarded."""
    table = mended(("03. Apr", "1067", "Meier", "0171 1234567"), key="")

    assert codes(checked(table, origin(cells=None))) == [f"{DAMAGED}:PostalCode"]
    (contact,) = checked(mended(("12", "1067", "Meier", "0171 1234567"), key=""), origin()).contacts
    assert (contact.user_data, contact.fields["PostalCode"]) == ("12", "01067")


@pytest.mark.parametrize(
    ("row", "cells", "found"),
    [
        (origin(code="too_long", field="UserData", cells=None), ("03. Apr", *WAS[1:]), [f"{DAMAGED}:UserData"]),
        (origin(cells=None), (*WAS[:2], "03. Apr", WAS[3]), []),  # a name may be anything
        (origin("1234", cells=None), ("1234", *WAS[1:]), []),  # no postal code
        (origin("03. Apr", cells=("03. Apr", *WAS[1:])), ("03. Apr", *WAS[1:]), []),  # it was so when it was read
        (origin("A7", cells=("A7",)), ("A7", "1067", *WAS[2:]), [f"{DAMAGED}:PostalCode"]),  # a column that is new
    ],
)
def test_cells_that_show_damage_are_refused_where_they_are_guarded(
    row: Origin, cells: tuple[str, ...], found: list[str]
) -> None:
    assert codes(checked(mended(cells), row)) == found


def test_line_ends_that_a_program_has_changed_are_put_back_without_a_word() -> None:
    done = checked(mended((*WAS[:2], "Meier\nBerta", WAS[3])), origin(cells=(*WAS[:2], "Meier\r\nBerta", WAS[3])))

    assert done.chunk.frame.iat[0, 2] == "Meier\r\nBerta"
    assert not done.chunk.notes


@pytest.mark.parametrize(
    ("row", "cells", "key"),
    [
        (origin(), key("A7"), "00012"),  # the key that it must have
        (origin(code="too_long", field="UserData", cells=None), key("03. Apr"), "03. Apr"),
        (origin("", cells=None), ("", "01067", "Meier", "4,9171E+11"), ""),  # a number is no key
        (origin(), (*WAS[:3], "12"), "00012"),
    ],
)
def test_the_key_that_a_refused_row_goes_by(row: Origin, cells: tuple[str, ...], key: str) -> None:
    assert [refused.user_data for refused in checked(mended(cells), row).rejections] == [key]


def test_a_row_that_was_added_is_checked_as_any_other() -> None:
    done = checked(mended((*WAS[:3], "12"), run="", row="", key=""), None)

    assert [fault.field for row in done.rejections for fault in row.faults] == ["PhoneNumber1"]


def test_a_row_with_a_cell_too_many_is_left_to_the_check() -> None:
    done = checked(mended(("12", "1067", "Meier", "0171 1234567"), ragged=True, key="00012"), origin())

    assert codes(done) == ["ragged_row:"]
    assert [row.user_data for row in done.rejections] == [""]
    assert not done.chunk.notes
    assert done.chunk.frame.iat[0, 1] == "1067"


def test_only_rows_that_name_a_run_come_from_one() -> None:
    assert checked(mended(run=RUN.id, key="00012"), origin()).runs == {2: RUN.id}
    assert checked(mended(key("A7"), run="", key="A7"), origin()).runs == {}


def test_contacts_of_a_damaged_key_are_not_named() -> None:
    """A list of contacts to lock or delete: another key is another contact, a damaged one is nobody's."""
    for cells, own, noted in [
        (key("A7"), {"key": "00012"}, []),
        (key("12"), {"key": "12"}, [(2, 0)]),
        (key("12"), {"run": "", "row": "", "key": ""}, []),
    ]:
        table = mended(cells, **own)
        guard, _ = guard_of(table, Known({}))
        assert [at for at, note in guard.undamaged(table.chunk).notes.items() if note.code] == noted
    for not_text, noted in ((False, []), (True, [(2, 0)])):  # what a workbook has as text is as it was
        table = mended(key("12"), form="xlsx", key="12", notes={(2, 0): CellNote(not_text=not_text)})
        guard, _ = guard_of(table, Known({}))
        assert [at for at, note in guard.undamaged(table.chunk).notes.items() if note.code] == noted


def test_a_list_of_ids_has_no_key_to_guard() -> None:
    table = mended(key("12"))
    guard, _ = guard_of(table, Known({(0, 7): origin()}), BASIC)

    assert not guard.undamaged(table.chunk).notes
