"""Cells of the source beside calls: those of the contact's own row, and of the newest list that has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dialler_sync.call_lists.source_columns import Joined, SourceColumns
from dialler_sync.errors import InputError

from ...helpers.rows import BASIC, settings_of

SETTINGS = settings_of(BASIC | {"UserData": "No"})


@pytest.fixture
def columns() -> Iterator[SourceColumns]:
    columns = SourceColumns(("City", "Shop"))
    yield columns
    columns.close()


def written(folder: Path, *lines: str) -> Path:
    path = folder / "list.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_contact_has_the_cells_of_its_last_row(columns: SourceColumns, tmp_path: Path) -> None:
    """Header names match as in an import; a row without a key is of no contact."""
    columns.want(["A", "B", "", "C"])
    columns.add_file(
        written(tmp_path, "No,CITY,shop,Name,Phone", "A,Bonn,1,x,1", "B,Kiel,2,x,1", ",Ulm,3,x,1", "A,Köln,4,x,1"),
        SETTINGS,
    )
    lines = [{"UserData": "A", "City": "x"}, {"UserData": None}, {"UserData": "C"}]

    joined = Joined(lines, columns, {"City": "source.City", "Shop": "Shop"})

    for _ in range(2):
        assert list(joined) == [
            {"UserData": "A", "City": "x", "source.City": "Köln", "Shop": "4"},
            {"UserData": None, "source.City": "", "Shop": ""},
            {"UserData": "C", "source.City": "", "Shop": ""},
        ]
    (said,) = columns.remarks()
    assert "cells of 1 contacts are not known and stay empty: no row of the available lists" in said
    columns.missing += ["old.csv is gone"] * 2
    (said,) = columns.remarks()
    assert said.count("old.csv is gone") == 1


def test_nothing_is_said_where_all_cells_are_known(columns: SourceColumns, tmp_path: Path) -> None:
    columns.want(["A"])
    columns.add_file(written(tmp_path, "No,City,Shop,Name,Phone", "A,Bonn,1,x,1"), SETTINGS)

    assert not list(columns.remarks())


def test_a_column_that_a_file_lacks_is_named(columns: SourceColumns, tmp_path: Path) -> None:
    path = written(tmp_path, "No,City,Shops,Name,Phone", "A,Bonn,1,x,1")

    with pytest.raises(InputError, match=r"has no column 'Shop'.*Shops"):
        columns.add_file(path, SETTINGS)
