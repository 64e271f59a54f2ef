"""Workbooks for tests: ``.xlsx`` and ``.ods`` from hand-written XML that no library would write."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from dialler_sync.config import SourceSettings
from dialler_sync.model import CellNote, Layout
from dialler_sync.read.excel.tables import excel_tables

File = TypeVar("File", Path, BinaryIO)

_OFFICE = "http://schemas.openxmlformats.org"
_RELATED = f"{_OFFICE}/officeDocument/2006/relationships"
NAMESPACES = f'xmlns="{_OFFICE}/spreadsheetml/2006/main" xmlns:r="{_RELATED}"'

STYLES = f"""<?xml version="1.0" encoding="UTF-8"?><styleSheet {NAMESPACES}>
<numFmts count="1"><numFmt numFmtId="164" formatCode="00000"/></numFmts>
<cellStyleXfs count="1"><xf numFmtId="164"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/></cellXfs>
</styleSheet>"""
"""Style 0 is General, 1 is 00000, 2 is a date."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A table as read: ``rows`` by number, ``notes`` by (row, position)."""

    layout: Layout
    rows: dict[int, list[str]]
    notes: dict[tuple[int, int], CellNote]

    @property
    def codes(self) -> dict[tuple[int, int], str]:
        """Error codes of cells, by (row, position)."""
        return {place: note.code for place, note in self.notes.items() if note.code}


def read(path: Path, **source: Any) -> Seen:
    """Read the only table of a workbook."""
    (table,) = excel_tables(path, SourceSettings(**source))
    rows: dict[int, list[str]] = {}
    notes: dict[tuple[int, int], CellNote] = {}
    for chunk in table.chunks(3):
        assert list(chunk.frame.columns) == list(table.layout.columns)
        assert {str(dtype) for dtype in chunk.frame.dtypes} <= {"object"}
        rows.update(zip(chunk.frame.index, chunk.frame.to_numpy().tolist(), strict=True))
        notes.update(chunk.notes)
    return Seen(table.layout, rows, notes)


def sheet_xml(rows: str, before: str = "", after: str = "") -> str:
    """A worksheet with these rows."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><worksheet {NAMESPACES}>{before}'
        f"<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def write_xlsx(
    path: Path,
    sheet: str,
    *,
    strings: str = "",
    workbook: str = "",
    styles: str = STYLES,
    parts: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Write an ``.xlsx`` with one sheet. ``workbook``: elements before the sheets; ``parts``: further ones."""
    related = "".join(
        f'<Relationship Id="r{kind}" Type="{_RELATED}/{kind}" Target="{target}"/>'
        for kind, target in (
            ("worksheet", "worksheets/sheet1.xml"),
            ("styles", "styles.xml"),
            ("sharedStrings", "/xl/sharedStrings.xml"),
        )
    )
    declared = '<?xml version="1.0" encoding="UTF-8"?>'
    packaged = f'xmlns="{_OFFICE}/package/2006/relationships"'
    content = {
        "[Content_Types].xml": f'{declared}<Types xmlns="{_OFFICE}/package/2006/content-types"/>',
        "_rels/.rels": f'{declared}<Relationships {packaged}><Relationship Id="r1" Type="{_RELATED}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f"{declared}<Relationships {packaged}>{related}</Relationships>",
        "xl/workbook.xml": f"{declared}<workbook {NAMESPACES}>{workbook}<sheets>"
        '<sheet name="Data" sheetId="1" r:id="rworksheet"/></sheets></workbook>',
        "xl/styles.xml": styles,
        "xl/sharedStrings.xml": f"{declared}<sst {NAMESPACES}>{strings}</sst>",
        "xl/worksheets/sheet1.xml": sheet,
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


def write_ods(path: File, rows: str, *, manifest: str = "", mimetype: bool = True) -> File:
    """Write an ``.ods`` with one sheet of these rows; without ``mimetype`` as Google writes it."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if mimetype:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} xmlns:calcext="urn:calcext">'
            f'<office:body><office:spreadsheet><table:table table:name="Data">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def xlsb_record(kind: int, content: bytes = b"") -> bytes:
    """A record of an ``.xlsb``."""
    number = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    return number + bytes([len(content)]) + content


def xlsb_row(row: int, *, hidden: bool = False) -> bytes:
    """Return the record that precedes the cells of a row, counted from 0."""
    return xlsb_record(0, struct.pack("<I7xB5x", row, 0x10 * hidden))


def xlsb_cell(kind: int, column: int, content: bytes, *, style: int = 0) -> bytes:
    """A cell of any kind."""
    return xlsb_record(kind, struct.pack("<II", column, style) + content)


def write_xlsb(
    path: File, rows: list[list[str | float | int | bytes]], *, hidden: int = 0, more: bytes = b"", strings: bytes = b""
) -> File:
    """Write an ``.xlsb`` with one sheet. An int is formatted as 00000, bytes are an error; ``hidden`` is a row number.

    ``more``: records after the rows; style 2 is a date. ``strings``: records of shared strings. Source: [MS-XLSB] 2.4.
    """
    record = xlsb_record

    def text(value: str) -> bytes:
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    def cell(column: int, value: str | float | bytes) -> bytes:
        place = struct.pack("<II", column, int(isinstance(value, int)))
        if isinstance(value, bytes):
            return record(3, place + value)
        return record(6, place + text(value)) if isinstance(value, str) else record(5, place + struct.pack("<d", value))

    sheet = record(129) + record(148, struct.pack("<4I", 0, len(rows) - 1, 0, len(rows[0]) - 1)) + record(145)
    for number, row in enumerate(rows):
        sheet += xlsb_row(number, hidden=number + 1 == hidden)
        sheet += b"".join(cell(*pair) for pair in enumerate(row))
    styles = record(615, struct.pack("<I", 1)) + record(44, struct.pack("<H", 164) + text("00000")) + record(616)
    styles += record(617, struct.pack("<I", 2))
    styles += record(47, struct.pack("<HH", 0, 0)) + record(47, struct.pack("<HH", 0, 164))
    styles += record(47, struct.pack("<HH", 0, 14)) + record(618)
    bundle = struct.pack("<II", 0, 1) + text("r1") + text("Data")
    related = '<Relationship Id="{}" Type="' + _RELATED + '/{}" Target="{}"/>'
    parts = {
        "_rels/.rels": related.format("r1", "officeDocument", "xl/workbook.bin"),
        "xl/_rels/workbook.bin.rels": related.format("r1", "worksheet", "worksheets/sheet1.bin")
        + related.format("r2", "styles", "styles.bin")
        + related.format("r3", "sharedStrings", "sharedStrings.bin"),
        "xl/workbook.bin": record(131) + record(143) + record(156, bundle) + record(144) + record(132),
        "xl/styles.bin": styles,
        "xl/worksheets/sheet1.bin": sheet + more + record(146) + record(130),
        "xl/sharedStrings.bin": strings,
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, f"<Relationships>{content}</Relationships>" if isinstance(content, str) else content)
    return path


def biff_record(kind: int, content: bytes = b"") -> bytes:
    """A record of an ``.xls``."""
    return struct.pack("<HH", kind, len(content)) + content


def biff_text(row: int, column: int, text: bytes, *, kind: int = 0x204) -> bytes:
    """Return a text cell of Excel 95, one byte per character."""
    return biff_record(kind, struct.pack("<HHHH", row, column, 0, len(text)) + text)


def biff_number(row: int, column: int, number: float) -> bytes:
    """A cell with a number."""
    return biff_record(0x203, struct.pack("<HHHd", row, column, 0, number))


def biff_formula(row: int, column: int, result: bytes | float, *, flags: int = 0) -> bytes:
    """Return a cell with the formula ``=1``. ``result``: a number, or the eight bytes of another type's result."""
    held = result if isinstance(result, bytes) else struct.pack("<d", result)
    return biff_record(0x06, struct.pack("<HHH8sHIH3s", row, column, 0, held, flags, 0, 3, b"\x1e\x01\x00"))


def write_biff(path: Path, cells: bytes, *, before: bytes = b"", version: int = 0x0500, name: str = "Data") -> Path:
    """Write the records of an ``.xls`` with one sheet, without an OLE container, as some programs do.

    ``before``: records of the workbook. Source: [MS-XLS] 2.4; for Excel 95, OpenOffice's documentation of its format.
    """

    def begin(kind: int) -> bytes:
        return biff_record(
            0x0809, struct.pack("<HHHH", version, kind, 0, 0).ljust(16 if version == 0x0600 else 8, b"\0")
        )

    head = begin(5) + before + biff_record(0xE0, bytes(20 if version == 0x0600 else 16))
    named = (struct.pack("<BB", len(name), 0) if version == 0x0600 else bytes([len(name)])) + name.encode()
    start = len(head) + 4 + 6 + len(named) + 4
    sheet = biff_record(0x85, struct.pack("<IBB", start, 0, 0) + named)
    path.write_bytes(head + sheet + biff_record(0x0A) + begin(0x10) + cells + biff_record(0x0A))
    return path


def compound(**streams: bytes) -> bytes:
    """Return an OLE file with streams, each of at least 4,096 bytes. Source: [MS-CFB] 2."""
    sector, free, end, of_fat = 4096, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    sizes = {name: -(-len(content) // sector) for name, content in streams.items()}
    fats = -(-(sum(sizes.values()) + 110) // 1024)
    fat, starts = [end, *[of_fat] * fats], {}
    for name, size in sizes.items():
        starts[name] = len(fat)
        fat += [*range(len(fat) + 1, len(fat) + size), end]
    fat += [free] * (fats * 1024 - len(fat))

    def entry(name: str, kind: int, after: int, child: int, start: int, size: int) -> bytes:
        raw = f"{name}\0".encode("utf-16-le")
        fields = struct.pack("<HBBIII36sIQ", len(raw), kind, 1, free, after, child, b"", start, size)
        return raw.ljust(64, b"\0") + fields

    entries = [entry("Root Entry", 5, free, 1, end, 0)]
    names = sorted(streams, key=lambda name: (len(name), name.upper()))
    for at, name in enumerate(names, 1):
        entries.append(entry(name, 2, at + 1 if at < len(names) else free, free, starts[name], len(streams[name])))
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head = struct.pack("<8s16s5H6x9I", ole, b"", 62, 4, 0xFFFE, 12, 6, 1, fats, 0, 0, 4096, end, 0, end, 0)
    head += struct.pack("<109I", *range(1, fats + 1), *[free] * (109 - fats))
    content = b"".join(streams[name].ljust(size * sector, b"\0") for name, size in sizes.items())
    table = b"".join(entries).ljust(sector, b"\0")
    return head.ljust(sector, b"\0") + table + struct.pack(f"<{len(fat)}I", *fat) + content
