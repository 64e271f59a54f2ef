"""The cells of a run's rows, read again for its reports: those of the row, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from dialler_sync.config import SourceSettings
from dialler_sync.files.digest import file_sha256
from dialler_sync.journal import Journal, NoRow, PlannedRow, RunRecord
from dialler_sync.read import open_tables
from dialler_sync.run.saved_cells import SavedCells

from ...helpers.records import RUN

Begun = Callable[..., RunRecord]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db") as journal:
        yield journal


@pytest.fixture
def begun(journal: Journal) -> Begun:
    """A run that has read the tables of a file, and rows of them: (file, number)."""

    def begun(path: Path, *rows: tuple[int, int], **layout: Any) -> RunRecord:
        digest = file_sha256(path)
        source = {"sheets": "all"} if path.suffix == ".xlsx" else {}
        files = [
            {
                "name": path.name,
                "path": str(path),
                "sheet": table.layout.sheet,
                "sha256": digest,
                "layout": {**table.layout.facts(), **layout},
            }
            for table in open_tables(path, SourceSettings.model_validate(source))
        ]
        config = {f"source.{name}": json.dumps(value) for name, value in source.items()}
        run = replace(RUN, files=files, config=config)
        journal.add_run(run)
        journal.add_rows(run.id, [PlannedRow(seq, file, row, "K") for seq, (file, row) in enumerate(rows)])
        return run

    return begun


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text("Key,Name\nK2,Two\nK3,Three\nK4,Four,beyond\n", encoding="utf-8")
    return path


def test_each_row_has_its_own_cells(journal: Journal, begun: Begun, path: Path) -> None:
    """One that the file does not have has none, and a contact that comes from no row is no row."""
    run = begun(path, (0, 1), (NoRow.MIRRORED, 0), (0, 2), (0, 4), (0, 5))

    cells = SavedCells(journal, run, SourceSettings())

    assert list(cells.source_cells()) == [
        (0, 0, ()), (2, 0, ("K2", "Two")), (3, 0, ("K4", "Four", "beyond")), (4, 0, ()),
    ]  # fmt: skip
    assert cells.extra_cells == 1
    assert cells.missing == []


def test_each_sheet_has_its_own_rows(journal: Journal, begun: Begun, tmp_path: Path) -> None:
    """Also where they look alike."""
    with xlsxwriter.Workbook(tmp_path / "list.xlsx") as workbook:
        for name in ("One", "Two"):
            sheet = workbook.add_worksheet(name)
            for row, cells in enumerate((("Key", "Name"), (f"K{name}", name))):
                sheet.write_row(row, 0, cells)
    run = begun(tmp_path / "list.xlsx", (0, 2), (1, 2))
    cells = SavedCells(journal, run, SourceSettings()).source_cells()

    assert list(cells) == [(0, 0, ("KOne", "One")), (1, 1, ("KTwo", "Two"))]


@pytest.mark.parametrize("what", ["changed", "deleted", "read differently"])
def test_a_file_that_is_another_one_by_now_gives_no_cells(
    what: str, journal: Journal, begun: Begun, path: Path
) -> None:
    run = begun(path, (0, 2), **({"header_row": 9} if what == "read differently" else {}))
    if what == "changed":
        path.write_text("Key,Name\nK9,Another\n", encoding="utf-8")
    elif what == "deleted":
        path.unlink()

    cells = SavedCells(journal, run, SourceSettings())

    assert list(cells.source_cells()) == [(0, 0, ())]
    assert cells.files[0]["layout"]["columns"] == ()
    (said,) = cells.missing
    assert {"changed": "has changed since the run", "deleted": "list.csv"}.get(what, what) in said
