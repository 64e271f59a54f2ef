"""Colour cells in the XML of a worksheet. Sources: ECMA-376 part 1, 18.3 (worksheets) and 18.8 (styles)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from openpyxl.utils import column_index_from_string, get_column_letter

from ..text.phrase import phrase
from .faults import COLOUR
from .xml_edit import Document, Element, Unedited

_AFTER_NOTES = frozenset(
    {"legacyDrawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"}
)
"""Elements that follow the reference to the notes in a worksheet; ``AlternateContent`` may wrap some of them."""

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_FILL = f'<patternFill patternType="solid"><fgColor rgb="FF{COLOUR}"/><bgColor indexed="64"/></patternFill>'.encode()

Cell = tuple[int, int]
"""Row and column, both counted from 1."""

_MOST_MERGED = 1_000_000
"""Merged ranges that rows with notes may have in all."""

_LETTERS = re.compile(r"([A-Za-z]{1,3})(\d+)\Z")


def cell_name(cell: Cell) -> str:
    """``(2, 28)`` → ``AB2``."""
    return f"{get_column_letter(cell[1])}{cell[0]}"


def cell_of(name: str) -> Cell | None:
    """``AB2`` → ``(2, 28)``."""
    match = _LETTERS.match(name)
    return (int(match[2]), column_index_from_string(match[1])) if match else None


def shown(sheet: bytes, notes: Mapping[Cell, str]) -> dict[Cell, str]:
    """Return the notes by visible cell: a merged range shows only its first cell.

    Raises:
        Unedited: the sheet is damaged.
    """
    merged = Document(sheet).elements(lambda name, parent, _: (name, parent) == ("mergeCell", "mergeCells"))
    rows = sorted({row for row, _ in notes})
    firsts: dict[int, list[tuple[range, Cell]]] = {}
    kept = 0
    for element in merged:
        first, _, last = element.given["ref"].partition(":")
        begin, end = cell_of(first), cell_of(last or first)
        if begin and end:
            covered = rows[bisect_left(rows, begin[0]) : bisect_right(rows, end[0])]
            kept += len(covered)
            if kept > _MOST_MERGED:
                raise Unedited(phrase("its merged cells lie over one another"))
            for row in covered:
                firsts.setdefault(row, []).append((range(begin[1], end[1] + 1), begin))
    found: dict[Cell, str] = {}
    for (row, column), note in notes.items():
        cell = next((first for columns, first in firsts.get(row, ()) if column in columns), (row, column))
        found[cell] = f"{found[cell]}\n\n{note}" if cell in found else note
    return found


def faulty_styles(styles: bytes) -> tuple[Callable[[int], int], Callable[[], bytes]]:
    """Return two functions: style → faulty copy of it; and the styles part with all copies requested so far.

    Raises:
        Unedited: the styles part is malformed.
    """
    document = Document(styles)
    found = document.elements(
        lambda name, parent, _: name in ("fills", "cellXfs") or (name, parent) in (("fill", "fills"), ("xf", "cellXfs"))
    )
    by_name = {element.name: element for element in found}
    cells = [element for element in found if element.name == "xf"]
    if not cells or "fills" not in by_name:
        raise Unedited(phrase("it lacks the styles of its cells"))
    fill = sum(element.name == "fill" for element in found)
    made: dict[int, int] = {}

    def faulty(style: int) -> int:
        if style >= len(cells):
            raise Unedited(phrase("it has a cell with a style that does not exist"))
        return made.setdefault(style, len(cells) + len(made))

    def edited() -> bytes:
        p = document.prefix.encode()
        new_fill = b"<fill>%b</fill>" % _FILL
        document.append(by_name["fills"], re.sub(rb"<(/?)", rb"<\1" + p, new_fill), count=fill + 1)
        copies = (Document(styles[cells[style].start : cells[style].end]) for style in made)
        document.append(by_name["cellXfs"], b"".join(_filled(c, fill) for c in copies), count=len(cells) + len(made))
        return document.edited()

    return faulty, edited


def _filled(style: Document, fill: int) -> bytes:
    """Return a cell style with another fill."""
    (element,) = style.elements(lambda _, parent, __: not parent)
    style.set(element, fillId=fill, applyFill=1)
    return style.edited()


@dataclass(slots=True)
class _Row:
    element: Element
    number: int
    cells: list[tuple[int, Element]] = field(default_factory=list)


def marked_sheet(sheet: bytes, marks: Collection[Cell], faulty: Callable[[int], int], notes: str | None) -> bytes:
    """Return the worksheet's XML with ``marks`` in their faulty style, and with a reference to its notes.

    ``notes`` is the relation ID of the notes' drawing, None if the sheet refers to it already.

    Raises:
        Unedited: the sheet is damaged, or lacks a row of ``marks``.
    """
    document = Document(sheet)
    by_row: dict[int, list[int]] = {}
    for row, column in sorted(marks):
        by_row.setdefault(row, []).append(column)
    inside = _Inside(frozenset(by_row))
    found = document.elements(inside)
    style_of = _column_styles(found)
    for line in _rows(found, by_row):
        _mark(document, line, by_row.pop(line.number), style_of, faulty)
    if by_row:
        raise Unedited(phrase("it lacks row {row}", row=min(by_row)))
    if notes:
        _refer(document, found, notes)
    return document.edited()


@dataclass(slots=True)
class _Inside:
    """Select elements: of a long sheet, only the cells of marked rows are kept in memory."""

    rows: frozenset[int]
    number: int = 0

    def __call__(self, name: str, parent: str, given: Mapping[str, str]) -> bool:
        if name == "row":
            self.number = int(given.get("r", self.number + 1))
            return True
        return parent in ("worksheet", "cols") or (name == "c" and self.number in self.rows)


def _rows(found: list[Element], wanted: Collection[int]) -> list[_Row]:
    """Return the wanted rows with their cells. A row or cell without a number follows the one before."""
    rows: list[_Row] = []
    number = column = 0
    seen: set[int] = set()
    current: _Row | None = None
    for element in found:
        if element.name == "row":
            number, column = int(element.given.get("r", number + 1)), 0
            current = None
            if number in wanted and number not in seen:
                current = _Row(element, number)
                rows.append(current)
                seen.add(number)
        elif element.name == "c":
            named = cell_of(element.given.get("r", ""))
            column = named[1] if named else column + 1
            if current:
                current.cells.append((column, element))
    return rows


def _mark(
    document: Document,
    line: _Row,
    columns: list[int],
    style_of: Callable[[int], int],
    faulty: Callable[[int], int],
) -> None:
    """Colour cells of a row, adding cells that do not exist."""
    there = dict(line.cells)
    styled_row = (
        int(line.element.given.get("s") or 0) if line.element.given.get("customFormat") in ("1", "true") else None
    )
    added: dict[int, list[bytes]] = {}
    for column in columns:
        if column in there:
            document.set(there[column], s=faulty(int(there[column].given.get("s") or 0)))
            continue
        style = faulty(style_of(column) if styled_row is None else styled_row)
        cell = f'<{document.prefix}c r="{cell_name((line.number, column))}" s="{style}"/>'
        at = next((element.start for other, element in line.cells if other > column), line.element.close)
        added.setdefault(at, []).append(cell.encode())
    for at, cells in added.items():
        if at == line.element.close:
            document.append(line.element, b"".join(cells))
        else:
            document.replace(at, at, b"".join(cells))


def _column_styles(found: list[Element]) -> Callable[[int], int]:
    """Return a function: column → its default style, which applies to cells that do not exist."""
    styles = sorted(
        (int(element.given["min"]), int(element.given["max"]), int(element.given["style"]))
        for element in found
        if element.name == "col" and "style" in element.given
    )

    def style_of(column: int) -> int:
        place = bisect_right(styles, column, key=itemgetter(0)) - 1
        return styles[place][2] if place >= 0 and column <= styles[place][1] else 0

    return style_of


def _refer(document: Document, found: list[Element], notes: str) -> None:
    """Insert the reference to the notes' drawing at its place in the schema's order."""
    after_cells = False
    at = document.data.rindex(b"</")
    for element in found:
        if element.parent != "worksheet":
            continue
        after_cells = after_cells or element.name == "sheetData"
        if element.name in _AFTER_NOTES or (after_cells and element.name == "AlternateContent"):
            at = element.start
            break
    reference = f'<{document.prefix}legacyDrawing xmlns:r="{_RELATIONS}" r:id="{notes}"/>'
    document.replace(at, at, reference.encode())
