"""Rewrites an ``.xlsx`` that calamine rejects or misreads, in a form that calamine reads.

calamine rejects encodings other than UTF-8, macro sheets, and dimensions that are not a range of cells. It reads the
usual names of shared strings and styles even if the workbook names others, cuts a value at a comment, takes a number
with a blank beside it for text, drops the blanks between the runs of a rich text, and takes the memory for as many
shared strings as are promised. The copy holds what a table needs: sheets, shared strings and styles.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from .package import Package, forbid_doctype
from .workbook import SheetPart, XlsxParts

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SPACE = "http://www.w3.org/XML/1998/namespace space"
_LEFT_OUT = "dimension"
"""calamine rejects a sheet in which this is not a range of cells."""
_PROMISED = "uniqueCount"
"""calamine takes the memory for as many strings as this attribute promises."""


def write_canonical(package: Package, parts: XlsxParts, path: Path) -> XlsxParts:
    """Write the worksheets of a workbook to ``path``; return the new places of its parts.

    Raises:
        InputError, expat.ExpatError: a part is damaged.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as copy:
        new = write_workbook(copy, package, parts, [(sheet.name, sheet.visible) for sheet in parts.sheets])
        sources = [(new.styles_part, parts.styles_part), (new.strings, parts.strings)]
        sources += [(sheet.part, old.part) for sheet, old in zip(new.sheets, parts.sheets, strict=True)]
        for name, source in sources:
            if package.has(source):
                write_part(copy, name, canonical_xml(package.stream(source)))
    return new


def write_workbook(
    copy: zipfile.ZipFile, package: Package, parts: XlsxParts, named: Sequence[tuple[str, bool]]
) -> XlsxParts:
    """Write the parts of a workbook that lead to all others, for sheets with these names, visible or not; return the
    places of these others, which are still to be written."""
    sheets = [
        SheetPart(name, f"xl/worksheets/sheet{number}.xml", visible=visible)
        for number, (name, visible) in enumerate(named, 1)
    ]
    related = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
    related += [("styles", "styles.xml")] if package.has(parts.styles_part) else []
    related += [("sharedStrings", "sharedStrings.xml")] if package.has(parts.strings) else []
    listed = "".join(
        f"<sheet name={quoteattr(sheet.name)} sheetId='{number}' r:id='r{number}'"
        f" state='{'visible' if sheet.visible else 'hidden'}'/>"
        for number, sheet in enumerate(sheets, 1)
    )
    copy.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
    copy.writestr("_rels/.rels", _relationships([("officeDocument", "xl/workbook.xml")]))
    copy.writestr("xl/_rels/workbook.xml.rels", _relationships(related))
    copy.writestr(
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><workbookPr date1904="{int(parts.from_1904)}"/>'
        f"<sheets>{listed}</sheets><calcPr fullCalcOnLoad='{int(parts.recalculates)}'/></workbook>",
    )
    return replace(
        parts,
        workbook="xl/workbook.xml",
        sheets=tuple(sheets),
        strings="xl/sharedStrings.xml",
        styles_part="xl/styles.xml",
    )


def write_part(copy: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> None:
    """Write a part of a workbook piece by piece."""
    with copy.open(name, "w", force_zip64=True) as file:
        for piece in pieces:
            file.write(piece)


def _relationships(related: Iterable[tuple[str, str]]) -> str:
    lines = (
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(related, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(lines)}</Relationships>'


def canonical_xml(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same document in UTF-8, without prefixes, comments, CDATA and foreign elements.

    Raises:
        InputError: it declares a document type.
        expat.ExpatError: it is not well-formed.
    """
    written: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = forbid_doctype
    _Writer(written.append).follow(parser)
    piece = b""
    for piece in pieces:
        parser.Parse(piece)
        yield "".join(written).encode()
        written.clear()
    if piece:
        parser.Parse(b"", True)
        yield "".join(written).encode()


class _Writer:
    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._skipped = self._depth = 0
        self._own = self._parent = ""
        self._holds_number = self._is_number = False

    def follow(self, parser: expat.XMLParserType) -> None:
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def _start(self, tag: str, given: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if not self._depth:
            self._own = space
        if self._skipped or space != self._own or name == _LEFT_OUT:
            self._skipped += 1
            return
        attributes = "".join(
            f" {name}={quoteattr(value)}" for name, value in given.items() if " " not in name and name != _PROMISED
        )
        declared = "" if self._depth else f' xmlns="{_MAIN}"'
        # calamine would trim each run of a rich text.
        is_kept = given.get(_SPACE) == "preserve" or (name == "t" and self._parent == "r")
        kept = ' xml:space="preserve"' if is_kept else ""
        self._parent = name
        self._is_number = name == "v" and self._holds_number
        if name == "c":
            self._holds_number = given.get("t", "n") not in {"str", "inlineStr"}
        self._write(f"<{name}{declared}{attributes}{kept}>")
        self._depth += 1

    def _end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        else:
            name = tag.rpartition(" ")[2]
            self._is_number = False
            self._parent = "r" if name == "rPr" else ""
            self._write(f"</{name}>")

    def _text(self, text: str) -> None:
        if not self._skipped:
            self._write(text.strip() if self._is_number else escape(text, {"\r": "&#13;"}))
