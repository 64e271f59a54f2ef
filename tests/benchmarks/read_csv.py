"""Rows a second and peak memory of reading CSV, beside ``pandas.read_csv`` on the same file.

Each reader has a process of its own, and reads the whole file in chunks; opening it (encoding, dialect, header, end of
the table) is part of ours::

    python tests/benchmarks/read_csv.py [--rows 100000 1000000] [--columns 20]
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHUNK = 5_000


def write(path: Path, rows: int, columns: int) -> None:
    """Write a list of contacts with some quotes, umlauts and apostrophes in it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["Kundennr", "Name", "Vorname", "Telefon", "PLZ", *(f"Feld {i}" for i in range(columns - 5))])
        for i in range(rows):
            notes = [f"Wert {i}" if j % 7 else f"Notiz; {i}" for j in range(columns - 5)]
            writer.writerow([i, "O'Brien" if i % 50 == 0 else "Müller", "Ännchen", f"+49171{i:07}", "01099", *notes])


def read_ours(path: Path) -> int:
    from dialler_sync.config import SourceSettings
    from dialler_sync.read import open_table

    return sum(len(chunk.frame) for chunk in open_table(path, SourceSettings()).chunks(CHUNK))


def read_pandas(path: Path) -> int:
    import pandas as pd

    with pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, chunksize=CHUNK) as chunks:
        return sum(map(len, chunks))


READERS = {"dialler-sync": read_ours, "pandas.read_csv": read_pandas}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--child", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        import pandas  # noqa: F401, ICN001 - loaded before the clock starts

        start = time.perf_counter()
        rows = READERS[options.child[0]](Path(options.child[1]))
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{options.child[0]:16} {rows:9,} rows {rows / seconds:9,.0f} rows/s {peak:5,} MB at peak")
        return
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list.csv"
            write(path, rows, options.columns)
            for reader in READERS:
                subprocess.run([sys.executable, __file__, "--child", reader, str(path)], check=True)


if __name__ == "__main__":
    main()
