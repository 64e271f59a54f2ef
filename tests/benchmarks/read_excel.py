"""Rows per second and peak memory of reading ``.xlsx``, with pandas + openpyxl on the same file beside it.

``python tests/benchmarks/read_excel.py [rows ...]``; three files each: plain, with postal codes that a number format
completes (00000), and with an error in every row. Each file is read in a process of its own.
"""

from __future__ import annotations

import datetime as dt
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from dialler_sync.config import SourceSettings
from dialler_sync.read.excel.tables import excel_tables

KINDS = ("plain", "postal codes", "errors")
COLUMNS = (
    *("Kundennr", "Anrede", "Vorname", "Nachname", "Straße", "PLZ", "Ort", "E-Mail", "Betrag", "Festnetz", "Mobil"),
    *("Firma", "Geboren", "Kampagne"),
)


def rows(count: int, kind: str) -> Iterator[list[Any]]:
    day = dt.date(1950, 1, 1)
    for number in range(count):
        yield [
            *(f"K{number:07}", "Frau" if number % 2 else "Herr", f"Vorname{number % 997}", f"Müller-{number % 4999}"),
            *(f"Hauptstraße {number % 250}", number * 7 % 99_999 if kind == "postal codes" else "80331", "München"),
            *(f"kunde{number}@example.com", number % 9000 + 0.5, f"089/{number % 10**7:07}", 491_711_000_000 + number),
            *("#REF!" if kind == "errors" else None, day + dt.timedelta(number % 20_000), "Nacht"),
        ]


def write(path: Path, count: int, kind: str) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Kunden")
    sheet.append(COLUMNS)
    for row in rows(count, kind):
        if kind == "postal codes":
            cell = WriteOnlyCell(sheet, row[5])
            cell.number_format = "00000"
            row[5] = cell
        sheet.append(row)
    book.save(path)


def read(how: str, path: Path) -> int:
    """How many rows there are."""
    if how == "pandas + openpyxl":
        return len(pd.read_excel(path, engine="openpyxl", dtype=str))
    (table,) = excel_tables(path, SourceSettings())
    return sum(len(chunk.frame) for chunk in table.chunks())


def main(counts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            for kind in KINDS:
                path = Path(folder, f"{kind}.xlsx")
                write(path, count, kind)
                print(f"{count:,} rows × {len(COLUMNS)} columns, {kind}, {path.stat().st_size / 1e6:.0f} MB")
                for how in ("dialler-sync", "pandas + openpyxl"):
                    subprocess.run([sys.executable, __file__, how, str(path)], check=True)


def measure(how: str, path: Path) -> None:
    start = time.perf_counter()
    count = read(how, path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {how:18} {seconds:6.1f} s  {count / seconds:8,.0f} rows/s  {peak:5,.0f} MB at peak", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].isdecimal():
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main([int(count) for count in sys.argv[1:]] or [50_000])
