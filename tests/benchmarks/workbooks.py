"""Peak memory and processor time of reading large workbooks: ``.xlsx`` whole, in slices, its first rows; others once.

``python tests/benchmarks/workbooks.py [rows]``; 20 columns, each reading in a process of its own.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd  # noqa: F401 - part of what the tool needs before it reads
import python_calamine  # noqa: F401
import xlsxwriter
import xlwt

from dialler_sync.config import SourceSettings
from dialler_sync.read import first_rows, open_tables
from dialler_sync.read.excel import slices

POSTAL = 17
MOST_OF_XLS = 65_535
WAYS = ("whole", "in slices", "first rows")


def rows(count: int) -> Iterator[list[Any]]:
    day = dt.date(1950, 1, 1)
    for i in range(count):
        yield [
            *(f"K{i:07}", "Frau" if i % 2 else "Herr", f"Vorname{i % 997}", f"Müller-{i % 4999}", "80331", "München"),
            *(
                f"Hauptstraße {i % 250}",
                f"kunde{i}@example.com",
                i % 9000 + 0.5,
                f"089/{i % 10**7:07}",
                491711000000 + i,
            ),
            *(
                day + dt.timedelta(i % 20_000),
                "Nacht",
                f"Notiz {i}",
                i,
                f"{i * 7 % 99_999:05}",
                "ja" if i % 3 else "nein",
            ),
            *(i * 7 % 99_999, f"Ref-{i % 70_000}", "x"),
        ]


def write_xlsx(path: Path, count: int) -> None:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy", "strings_to_formulas": False}) as book:
        sheet, postal = book.add_worksheet("Kunden"), book.add_format({"num_format": "00000"})
        sheet.write_row(0, 0, [f"Spalte {place}" for place in range(20)])
        for number, cells in enumerate(rows(count), 1):
            sheet.write_row(number, 0, cells)
            sheet.write_number(number, POSTAL, cells[POSTAL], postal)


def write_xls(path: Path, count: int) -> None:
    book = xlwt.Workbook()
    sheet, postal = book.add_sheet("Kunden"), xlwt.easyxf(num_format_str="00000")
    for place in range(20):
        sheet.write(0, place, f"Spalte {place}")
    for number, cells in enumerate(rows(count), 1):
        for place, cell in enumerate(cells):
            text = cell.isoformat() if isinstance(cell, dt.date) else cell
            sheet.write(number, place, text, *([postal] if place == POSTAL else []))
    book.save(str(path))


def write_ods(path: Path, count: int) -> None:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        with book.open("content.xml", "w") as file:
            file.write(f"<office:document-content {spaces}><office:body><office:spreadsheet>".encode())
            file.write(b'<table:table table:name="Kunden">')
            for cells in rows(count):
                line = "".join(cell.format(escape(str(each))) for each in cells)
                file.write(f"<table:table-row>{line}</table:table-row>".encode())
            file.write(b"</table:table></office:spreadsheet></office:body></office:document-content>")


def measure(way: str, path: Path) -> None:
    source = SourceSettings()
    if way == "whole":
        slices.LARGE = sys.maxsize
    base, start = peak(), time.process_time()
    local = first_rows(path, source)[0] if way == "first rows" else None
    count = sum(len(chunk.frame) for table in open_tables(path, source, local) for chunk in table.chunks())
    print(
        f"{path.suffix:5} {way:10} {count:9,} rows {peak():5,.0f} MB at peak, {base:,.0f} before, "
        f"{time.process_time() - start:6.1f} s of the processor",
        flush=True,
    )


def peak() -> float:
    """Megabytes of this process alone; getrusage() would count those of its parent."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for write, ways in ((write_xlsx, WAYS), (write_xls, WAYS[1:2]), (write_ods, WAYS[1:2])):
            path = Path(folder, f"list.{write.__name__[-4:].strip('_')}")
            write(path, min(count, MOST_OF_XLS) if write is write_xls else count)
            for way in ways:
                subprocess.run([sys.executable, __file__, way, str(path)], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000)
