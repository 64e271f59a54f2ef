"""How many of the lists of ``tests/helpers/dialect_lists.py`` are read right, refused, or read wrong without a word.

Beside it csv.Sniffer of the standard library and, where it is installed, clevercsv::

    python -m tests.benchmarks.dialects [--lists 2000] [--seed 14] [--show 5]
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from dialler_sync.config import SourceSettings
from dialler_sync.errors import InputError
from dialler_sync.read import open_tables

from ..helpers.dialect_lists import List, lists, sniffed

Read = Callable[[str], list[tuple[str, ...]]]


def ours(text: str) -> list[tuple[str, ...]]:
    """Header, where one is found, and rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        path.write_bytes(text.encode())
        (table,) = open_tables(path, SourceSettings())
        cells = [table.layout.columns] if table.layout.header_rows else []
        for chunk in table.chunks():
            pairs = zip(chunk.frame.index, chunk.frame.to_numpy().tolist(), strict=True)
            cells += [chunk.ragged.get(number, tuple(row)) for number, row in pairs]
        return cells


def clever(text: str) -> list[tuple[str, ...]]:
    """What clevercsv makes of it."""
    import clevercsv

    dialect = clevercsv.Detector().detect(text)
    if dialect is None:
        raise csv.Error("no dialect")
    rows = clevercsv.reader(text.splitlines(keepends=True), dialect)
    return [tuple(row) for row in rows if any(row)]


def outcome(made: List, read: Read) -> str:
    """``right``, ``refused`` or ``wrong``."""
    try:
        cells = read(made.text)
    except (InputError, csv.Error):
        return "refused"
    return "right" if cells == made.cells else "wrong"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--show", type=int, default=5, help="so many of our wrong ones in full")
    options = parser.parse_args()
    readers: dict[str, Read] = {"dialler-sync": ours, "csv.Sniffer": sniffed}
    if importlib.util.find_spec("clevercsv"):
        readers["clevercsv"] = clever
    found: dict[str, Counter[str]] = {name: Counter() for name in readers}
    by_delimiter: dict[str, Counter[str]] = {}
    shown = options.show
    for made in lists(options.seed, options.lists):
        for name, read in readers.items():
            result = outcome(made, read)
            found[name][result] += 1
            if name == "dialler-sync":
                by_delimiter.setdefault(made.delimiter, Counter())[result] += 1
                if result == "wrong" and shown:
                    shown -= 1
                    print(
                        made.delimiter, made.kinds, made.quoting, made.text, ours(made.text)[:3], sep="\n", end="\n\n"
                    )
    for name, counts in found.items():
        print(f"{name:<14}", *(f"{counts[result]:>6} {result}" for result in ("right", "refused", "wrong")))
    for delimiter, counts in by_delimiter.items():
        print(f"  {delimiter!r:<12}", *(f"{counts[result]:>6} {result}" for result in ("right", "refused", "wrong")))


if __name__ == "__main__":
    main()
