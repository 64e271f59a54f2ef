"""Large sheets are read in slices, and read alike: the same cells, notes, row numbers, remarks and refusals."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from dialler_sync.errors import InputError
from dialler_sync.read.excel import slices
from dialler_sync.read.excel.stored import StoredRows
from tests.helpers.excel_files import STYLES, read, sheet_xml, write_xlsx
from tests.helpers.sliced import cut_finely, everything

ROOT = Path(__file__).parents[4]
WORKBOOKS = sorted(
    path
    for folder in ("tests/scenarios", "sample_data")
    for path in (ROOT / folder).rglob("*.xls[xm]")
    if "bomb" not in path.parent.name
)

MARGINS = '<pageMargins left="0.7" header="0.3" footer="0.3"/><rowBreaks count="1"><brk id="3"/></rowBreaks>'
SEVERABLE = {
    "plain": ('<row r="{r}"><c r="A{r}"><v>{r}</v></c></row>', "", True),
    "cells without references": ('<row r="{r}"><c/><c><v>{r}</v></c></row>', "", True),
    "a margin that looks like a reference": ('<row r="{r}"><c r="A{r}"><v>{r}</v></c></row>', MARGINS, True),
    "rows without numbers": ("<row><c><v>{r}</v></c></row>", "", False),
    "a comment": ('<row r="{r}"><!-- <row --><c r="A{r}"><v>{r}</v></c></row>', "", False),
    "cells in another row than their own": ('<row r="{r}"><c r="A{s}"><v>{r}</v></c></row>', "", False),
}


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_workbook_of_the_tests_reads_alike(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = everything(path)
    cut_finely(monkeypatch)
    assert everything(path) == whole


@pytest.mark.parametrize(("row", "after", "severable"), SEVERABLE.values(), ids=SEVERABLE)
def test_sheets_that_can_be_cut_are(
    row: str, after: str, severable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a row does not say its number, only the sheet as a whole tells it."""
    rows = "".join(row.format(r=number, s=number + 20) for number in (1, 2, 5, 6, 9, *range(11, 20)))
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(rows, after=after))
    whole = everything(path)
    cuts: list[int] = []
    cut_finely(monkeypatch, cuts)
    assert everything(path) == whole
    assert bool(cuts) is severable
    assert not severable or cuts[0] > 3


def test_merged_ranges_behind_the_rows_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f'<row r="{r}"><c r="A{r}"><v>{r}</v></c><c r="B{r}"/></row>' for r in range(1, 9))
    merged = '<mergeCells count="2"><mergeCell ref="A2:B2"/><mergeCell ref="A7:B8"/></mergeCells>'
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(rows, after=merged + MARGINS))
    cut_finely(monkeypatch)
    assert any("2 ranges of merged cells" in remark for remark in read(path).layout.remarks)


def test_a_sheet_that_ends_too_early_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f'<row r="{r}"><c r="A{r}"><v>{r}</v></c></row>' for r in range(1, 9))
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(rows).partition("</sheetData>")[0])
    cut_finely(monkeypatch)
    with pytest.raises(InputError, match="damaged"):
        read(path)


def test_a_duration_too_long_names_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    styles = STYLES.replace('formatCode="00000"', 'formatCode="[h]:mm"')
    rows = "".join(f'<row r="{r}"><c r="A{r}" s="1"><v>{1e15 if r == 6 else r}</v></c></row>' for r in range(1, 9))
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml(rows), styles=styles)
    cut_finely(monkeypatch)
    with pytest.raises(InputError, match=r"sheet 'Data': row 6: .* duration"):
        read(path)


def test_no_room_for_temporary_files_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = StoredRows()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    monkeypatch.setattr("dialler_sync.read.excel.stored._PAGE", 1)
    with pytest.raises(InputError, match=r"No space left on device.*TMPDIR"):
        rows.add(1, ["a", "b"])


def test_rows_come_in_order() -> None:
    rows = StoredRows()
    rows.add(3, ["a"])
    with pytest.raises(InputError, match="row 3 comes after row 3"):
        rows.add(3, ["b"])


def test_usual_sheets_are_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_xlsx(tmp_path / "list.xlsx", sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>'))
    monkeypatch.delattr(slices.Slices, "__enter__")
    assert read(path).rows == {1: ["1"]}
