"""Who is meant: from the command line and from spreadsheets, never somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialler_sync.contacts.targets import Named, Target, Targets
from dialler_sync.errors import InputError
from dialler_sync.pages import RECORDS

from ...helpers.rows import BASIC, settings_of


def targets(path: Path | None, *, by: str = "user-data", column: str | None = None, **rules: object) -> list[Target]:
    return list(Targets(Named(file=path, by=by, column=column), settings_of({**BASIC, **rules})))


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_column_that_the_configuration_maps_comes_first(tmp_path: Path) -> None:
    """A file may have a column UserData of its own that means something else."""
    path = written(tmp_path, "UserData,Customer,Name", "x1,K1,Ann", "x2,K2,Bob", "x3,K3,Cid")

    assert [target.user_data for target in targets(path, UserData="Customer")] == ["K1", "K2", "K3"]
    assert [target.user_data for target in targets(path, UserData="Nowhere")] == ["x1", "x2", "x3"]
    assert [target.user_data for target in targets(path)] == ["x1", "x2", "x3"]
    assert [target.user_data for target in targets(path, column="Name", UserData="Customer")] == ["Ann", "Bob", "Cid"]


def test_an_id_is_never_guessed(tmp_path: Path) -> None:
    """A CRM's own ID is no contact ID: without --by id such a file names nobody."""
    path = written(tmp_path, "ID,Name", "1,Ann", "2,Bob", "3,Cid")

    with pytest.raises(InputError, match="--column"):
        targets(path)
    assert [target.contact_id for target in targets(path, by="id")] == ["1", "2", "3"]


def test_rows_that_name_nobody_have_a_fault(tmp_path: Path) -> None:
    """An empty cell, a damaged number, an error of the spreadsheet program, a row whose columns have shifted."""
    path = written(tmp_path, "Key,Name", "K1,Ann", ",Bob", "4.91701E+11,Cid", "#REF!,Dan", "K5,Eve,more", "K6,Fay")

    found = targets(path, column="Key")

    assert [(target.row, target.fault.code if target.fault else "") for target in found] == [
        (2, ""),
        (3, "key_missing"),
        (4, "precision_lost"),
        (5, "error_cell"),
        (6, "ragged_row"),
        (7, ""),
    ]


def test_the_vendors_own_file_names_its_contacts(tmp_path: Path) -> None:
    """It has no header, and needs no configuration."""
    source = Path(__file__).parents[3] / "sample_data" / "vendor_export.csv"

    found = list(Targets(Named(file=source), settings_of({})))

    assert found[0].user_data == "00030418"


def test_pages_have_every_target_once() -> None:
    """In order, and no page is longer than one lookup takes."""
    named = Named(ids=tuple(map(str, range(RECORDS + 1))), user_data=("K1",))
    all_of_them = Targets(named, settings_of(BASIC))

    pages = list(all_of_them.pages())

    assert [len(page) for page in pages] == [RECORDS, 2]
    assert [target for page in pages for target in page] == list(all_of_them)
    assert len(all_of_them) == RECORDS + 2
    assert pages[1][1] == Target(0, RECORDS + 2, user_data="K1")


def test_a_file_alone_is_the_only_source(tmp_path: Path) -> None:
    path = written(tmp_path, "UserData,Name", "K1,Ann")

    assert [entry["name"] for entry in Targets(Named(file=path), settings_of(BASIC)).files] == ["list.csv"]


def test_the_column_of_the_ids_can_be_named(tmp_path: Path) -> None:
    """Whatever its own column ID has."""
    path = written(tmp_path, "ID,Number,Name", "1,11,Ann", "2,12,Bob")

    assert [target.contact_id for target in targets(path, by="id", column="Number")] == ["11", "12"]


def test_digits_of_other_scripts_are_no_id(tmp_path: Path) -> None:
    path = written(tmp_path, "ID,Name", "١٢,Ann", "12,Bob")

    found = targets(path, by="id")

    assert [(target.contact_id, bool(target.fault)) for target in found] == [("", True), ("12", False)]


def test_a_row_with_its_key_and_no_id_names_nobody(tmp_path: Path) -> None:
    """With --by id, the key says whom the contact must be, and never who it is."""
    path = written(tmp_path, "ID,UserData,Name", ",K1,Ann", "2,,Bob", "3,K3,Cid")

    found = targets(path, by="id")

    assert [(target.contact_id, target.user_data, target.fault and target.fault.code) for target in found] == [
        ("", "K1", "key_missing"),
        ("2", "", None),
        ("3", "K3", None),
    ]


def test_a_row_whose_key_is_damaged_names_nobody(tmp_path: Path) -> None:
    """Also with --by id: it cannot be known whether the contact is the one that is meant."""
    path = written(tmp_path, "ID,UserData,Name", "1,4.91701E+11,Ann", "2,#REF!,Bob", "3,K3,Cid", "-4,K4,Dan")

    found = targets(path, by="id")

    assert [(target.contact_id, target.fault and target.fault.code) for target in found] == [
        ("", "precision_lost"),
        ("", "error_cell"),
        ("3", None),
        ("", "integer_invalid"),
    ]


def test_a_key_that_is_made_of_several_cells_may_be_damaged(tmp_path: Path) -> None:
    """As in an import: each cell for itself is none the worse."""
    path = written(tmp_path, "A,B,Name", "4.91701,E+11,Ann", "K,1,Bob")

    found = targets(path, UserData={"template": "{A}{B}"})

    assert [(target.user_data, target.fault and target.fault.code) for target in found] == [
        ("", "precision_lost"),
        ("K1", None),
    ]


def test_a_file_of_one_column(tmp_path: Path) -> None:
    assert [target.user_data for target in targets(written(tmp_path, "UserData", "K1", "K2"))] == ["K1", "K2"]


def test_a_column_that_only_the_configuration_names_is_missed_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Customer"):
        targets(written(tmp_path, "Key,Name", "K1,Ann"), UserData="Customer")


def test_who_is_named_where() -> None:
    named = Targets(Named(ids=("7",), user_data=("K1",)), settings_of(BASIC))

    assert [str(target) for target in named] == ["contact 7", "UserData 'K1'"]
    assert {named.where(target) for target in named} == {""}


def test_a_row_says_where_it_is(tmp_path: Path) -> None:
    named = Targets(Named(file=written(tmp_path, "UserData", "K1", "K2")), settings_of(BASIC))

    assert [named.where(target) for target in named] == ["list.csv, row 2", "list.csv, row 3"]
