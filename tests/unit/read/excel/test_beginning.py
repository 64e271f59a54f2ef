"""Of a large workbook, ``inspect`` and ``init`` read only the first rows."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from dialler_sync.config import SourceSettings
from dialler_sync.jobs.inspect import FIRST_ROWS, read_tables
from dialler_sync.jobs.propose import propose
from dialler_sync.read import first_rows, open_tables
from dialler_sync.read.excel import beginning, slices
from tests.helpers.excel_files import sheet_xml, write_xlsx

from .test_slices import WORKBOOKS

SOURCE = SourceSettings()


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbook with a large sheet and a small one; of large ones, ten rows are read."""
    found = openpyxl.Workbook()
    for name, rows in (("Large", 900), ("Small", 20)):
        sheet = found.create_sheet(name)
        sheet.append(["Customer No", "Name", "Phone", "PLZ"])
        for row in range(rows):
            sheet.append([f"{name}-{row:05}", f"Name {row}", f"0171 {1_000_000 + row}", "01099"])
    path = tmp_path / "list.xlsx"
    found.save(path)
    monkeypatch.setattr(slices, "LARGE", 20_000)
    monkeypatch.setattr(beginning, "ROWS", 10)
    return path


def test_inspect_counts_the_first_rows_and_says_so(book: Path) -> None:
    large, small = read_tables(book, SOURCE, None)
    assert (large["sheet"], large["rows"], large["path"]) == ("Large", 9, str(book))
    assert FIRST_ROWS in large["remarks"]
    assert [each["filled"] for each in large["profile"]] == [9, 9, 9, 9]
    assert large["first_rows"][0] == {"row": 2, "cells": ["Large-00000", "Name 0", "0171 1000000", "01099"]}
    assert (small["sheet"], small["rows"]) == ("Small", 20)
    assert "remarks" not in small


def test_inspect_writes_every_row_to_a_folder(book: Path, tmp_path: Path) -> None:
    large, _ = read_tables(book, SOURCE, tmp_path / "out")
    assert large["rows"] == 900
    assert len((tmp_path / "out" / "list.xlsx.Large.csv").read_text("utf-8").splitlines()) == 901


def test_init_proposes_the_same_from_the_first_rows(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "ROWS", 600)
    source = SourceSettings(sheet="Large")
    beginning_only = propose(book, source)
    monkeypatch.undo()
    assert propose(book, source) == beginning_only


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_beginning_of_a_short_workbook_is_the_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def seen(*args: object) -> object:
        try:
            local = first_rows(path, SOURCE)[0] if args else None
            tables = open_tables(path, SOURCE, local)
            return [(t.layout.facts(), [(c.frame.to_numpy().tolist(), c.notes) for c in t.chunks()]) for t in tables]
        except Exception as error:  # noqa: BLE001 - both raise the same
            return str(error)

    whole = seen()
    monkeypatch.setattr(slices, "LARGE", -1)
    assert seen("beginning") == whole


def test_a_workbook_of_another_form_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f'<row r="{r}"><!-- <row --><c r="A{r}"><v>{r}</v></c></row>' for r in range(1, 9))
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(rows))
    monkeypatch.setattr(slices, "LARGE", -1)
    monkeypatch.setattr(beginning, "ROWS", 2)
    assert first_rows(path, SOURCE)[1] == frozenset()
    assert next(read_tables(path, SOURCE, None))["rows"] == 8


def test_formulas_that_were_never_calculated_stay_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel calculates them on opening, as the workbook says, and so a stored 0 is no value."""
    rows = '<row r="1"><c r="A1"><f>1+1</f><v>0</v></c></row>'
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(rows), workbook='<calcPr fullCalcOnLoad="1"/>')
    monkeypatch.setattr(slices, "LARGE", -1)
    (table,) = open_tables(path, SOURCE, first_rows(path, SOURCE)[0])
    assert [note.code for chunk in table.chunks() for note in chunk.notes.values()] == ["formula_without_value"]
