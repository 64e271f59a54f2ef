"""Values of a workbook's XML that its readers take for different things: read as meant, or refused."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from dialler_sync.errors import InputError

from ..helpers.excel_files import read, sheet_xml, write_xlsx

STRINGS = "<si><t>Key</t></si><si><t>Amount</t></si><si><t>K1</t></si>"
HEADER = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'


def book(folder: Path, *rows: str) -> Path:
    return write_xlsx(folder / "list.xlsx", sheet_xml(HEADER + "".join(rows)), strings=STRINGS)


@pytest.mark.parametrize(
    "cells",
    [
        '<c r="A2" t="s"><v> 2 </v></c><c r="B2"><v>12</v></c>',
        '<c r="A2" t="s">\n<v>\n2\n</v>\n</c><c r="B2">\n<v>\n12\n</v>\n</c>',
        "<c r='A2' t='s'><v>2\t</v></c><c r='B2' t='n'><v xml:space='preserve'>12 </v></c>",
        '<c r="A2" t="s"><f>A9</f><v>2</v></c><c r="B2"><f>6*2</f><v> 12</v></c>',
    ],
)
def test_blanks_beside_a_number_are_no_part_of_it(tmp_path: Path, cells: str) -> None:
    assert read(book(tmp_path, f'<row r="2">{cells}</row>')).rows == {2: ["K1", "12"]}


def test_blanks_of_a_text_are_part_of_it(tmp_path: Path) -> None:
    cells = '<c r="A2" t="str"><f>A9</f><v> K 1 </v></c><c r="B2" t="inlineStr"><is><t>t="s"&gt; x</t></is></c>'

    assert read(book(tmp_path, f'<row r="2">{cells}</row>')).rows == {2: [" K 1 ", 't="s"> x']}


@pytest.mark.parametrize("index", ["-1", "+2", "2.0", "2e0", "K1", "18446744073709551616", "9" * 30, "2</v><v>1"])
def test_a_cell_that_names_no_text_of_the_workbook_is_not_given_another(tmp_path: Path, index: str) -> None:
    path = book(tmp_path, f'<row r="2"><c r="A2" t="s"><v>{index}</v></c><c r="B2"><v>12</v></c></row>')

    with pytest.raises(InputError, match="is damaged"):
        read(path)


def test_a_cell_in_the_row_of_another_does_not_take_its_place(tmp_path: Path) -> None:
    rows = [f'<row r="{n}"><c r="A{n}" t="str"><v>K{n}</v></c><c r="B{n}"><v>{n}</v></c></row>' for n in (2, 3)]
    path = book(tmp_path, rows[0], rows[1].replace('r="A3"', 'r="A2"'))

    with pytest.raises(InputError, match="has the cell A2 twice"):
        read(path)


HUGE = "18446744073709551615"
"""Strings for which no machine has the memory."""


@pytest.mark.parametrize("count", [f'"{HUGE}"', f"'+{HUGE}'", f'"{"0" * 5_000}{HUGE}"', f'\n"{"9" * 5_000}"'])
@pytest.mark.parametrize("is_listed", [True, False])
def test_no_memory_is_taken_for_texts_that_are_not_there(tmp_path: Path, count: str, *, is_listed: bool) -> None:
    """A count of shared strings is only believed as far as they come, also if the workbook does not list them."""
    path = book(tmp_path, '<row r="2"><c r="A2" t="str"><v>K1</v></c><c r="B2"><v>12</v></c></row>')
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace("<sst ", f"<sst uniqueCount={count} ")
    if not is_listed:
        related = "xl/_rels/workbook.xml.rels"
        parts[related] = re.sub(r'<Relationship Id="rsharedStrings"[^>]*>', "", parts[related])
        parts["xl/worksheets/sheet1.xml"] = sheet_xml(
            '<row r="1"><c r="A1" t="inlineStr"><is><t>Key</t></is></c></row>'
            '<row r="2"><c r="A2" t="inlineStr"><is><t>K1</t></is></c></row>'
        )

    rows = read(write_xlsx(path, "", parts=parts)).rows

    assert rows[2][0] == "K1"
