"""Write records of the dialler as table, CSV, JSON, or the vendor's own CSV."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..errors import UsageError
from ..fields import FIELDS, VENDOR_COLUMNS, VENDOR_MARK
from ..files.pinned import within
from ..files.private import replaced
from ..read.layout.mended import is_ours
from ..text.nearest import nearest
from ..text.outward import json_text, mask, mask_cells, shows
from ..text.own_csv import marked_header, table_writer
from ..text.phrase import figure, phrase
from ..text.spreadsheet import harmless_row
from .sheets import SHEET_COLUMNS

if TYPE_CHECKING:
    pass

Record = Mapping[str, Any]

CONTACT_COLUMNS = ("ID", *(name for name in FIELDS if name != "ResetContact"))
"""Columns of an empty list."""

_ON_TERMINAL = 1_000
"""Rows of a table that are shown on a terminal."""

_WIDEST = 60
_TWO_WAYS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
"""A number that could also be read with a thousands separator."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Records to write; ``records`` is iterated more than once. ``chosen``: write only ``columns``."""

    columns: Sequence[str]
    records: Iterable[Record]
    chosen: bool = False

    def select(self, names: Sequence[str]) -> Listing:
        """Return the same listing with these columns only.

        Raises:
            UsageError: no record has such a field.
        """
        unknown = [name for name in names if name not in self.columns]
        if unknown and any(True for _ in self.records):
            near = nearest(unknown[0], self.columns)
            raise UsageError(phrase("--fields: there is no field '{field}'{near}", field=unknown[0], near=near))
        return Listing(names, self.records, chosen=True)

    def lines(self) -> Iterator[Sequence[str]]:
        """Yield each record as text cells, with secrets masked."""
        for record in self.records:
            yield mask_cells([cell_text(record.get(name)) for name in self.columns])

    def check_columns(self) -> None:
        """Refuse more columns than a table takes: records with fields of their own could fill the disk.

        Raises:
            UsageError: there are more columns than Excel has.
        """
        if len(self.columns) > SHEET_COLUMNS:
            raise UsageError(
                phrase(
                    "a table holds {most} columns, but the records have {columns} fields: "
                    "use -o jsonl, or choose fields with --fields",
                    most=figure(SHEET_COLUMNS),
                    columns=figure(len(self.columns)),
                )
            )

    def objects(self) -> Iterator[Record]:
        """Yield each record as it is, cut to ``columns`` if they were chosen."""
        for record in self.records:
            yield {name: record.get(name) for name in self.columns} if self.chosen else record


def cell_text(value: object) -> str:
    """Return a value as one cell: numbers without exponent, ``""`` for null, JSON for lists and objects."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return json.dumps(value, ensure_ascii=False)


def write_csv(listing: Listing, file: IO[str]) -> None:
    """Write a header and one line per record, in the dialect of the reports, so that all of it reads back."""
    listing.check_columns()
    writer, names = table_writer(file), mask_cells(listing.columns)
    (writer if is_ours(names) else marked_header(file)).writerow(harmless_row(names))
    for line in listing.lines():
        writer.writerow(harmless_row(line))


def write_vendor(listing: Listing, file: IO[str]) -> None:
    """Write the vendor's own format, which ``import`` reads: semicolons, every cell quoted, no header."""
    writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for record in listing.records:
        cells = [*mask_cells([cell_text(record.get(name)) for name in VENDOR_COLUMNS[1:]])]
        amount = VENDOR_COLUMNS.index("Amount") - 1
        if _TWO_WAYS.fullmatch(cells[amount]):
            cells[amount] += "0"
        writer.writerow([VENDOR_MARK, *harmless_row(cells)])


def write_json(listing: Listing, file: IO[str]) -> None:
    """Write one JSON array, one record per line."""
    between = "[\n"
    for record in listing.objects():
        file.write(between + json_text(record))
        between = ",\n"
    file.write("\n]\n" if between == ",\n" else "[]\n")


def write_json_lines(listing: Listing, file: IO[str]) -> None:
    """Write one JSON object per line."""
    for record in listing.objects():
        file.write(json_text(record) + "\n")


def write_table(listing: Listing, file: IO[str]) -> int:
    """Write aligned columns, with colours and rules on a terminal; return the number of records left out there."""
    listing.check_columns()
    if file.isatty():
        return _write_rich(listing, file)
    widths = list(map(len, listing.columns))
    for line in listing.lines():
        widths = [max(width, min(len(cell), _WIDEST)) for width, cell in zip(widths, line, strict=True)]
    for line in chain([mask_cells(listing.columns)], listing.lines()):
        cells = (f"{_shown(cell):<{width}}" for cell, width in zip(line, widths, strict=True))
        file.write("  ".join(cells).rstrip() + "\n")
    return 0


def _write_rich(listing: Listing, file: IO[str]) -> int:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = listing.lines()
    shown = [[_date_apart(_shown(cell)) for cell in line] for line in islice(lines, _ON_TERMINAL)]
    names = [_shown(mask(name)) for name in listing.columns]
    console = Console(file=file)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP, 0, 0))
    for name, width in zip(names, _widths(names, shown, console.width), strict=True):
        table.add_column(Text(name), overflow="fold", width=width)
    for line in shown:
        table.add_row(*map(Text, line))
    console.print(table)
    return sum(1 for _ in lines)


_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})")
_LONGEST_NUMBER, _NARROWEST = 20, 6
_GAP = 1


def _widths(names: Sequence[str], lines: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return the width of each column: the widest shrink until all fit, as far as they may be broken."""
    from rich.cells import cell_len

    columns = [[line[place] for line in lines] for place in range(len(names))]
    widths = [max(map(cell_len, (name, *cells))) for name, cells in zip(names, columns, strict=True)]
    least = [min(width, max(_NARROWEST, _unbroken(cells))) for width, cells in zip(widths, columns, strict=True)]
    while sum(widths) + (_GAP + 1) * len(widths) > room and widths != least:
        widest = max(range(len(widths)), key=lambda place: (widths[place] > least[place], widths[place]))
        widths[widest] -= 1
    return widths


def _date_apart(text: str) -> str:
    """Part date and time, so that a narrow column breaks between them."""
    return _TIME.sub(r"\1 \2", text)


def _unbroken(cells: Sequence[str]) -> int:
    """Return the width in which numbers, keys and times of a column are not broken; words may be."""
    numbers = (word for cell in cells for word in cell.split() if any(map(str.isdecimal, word)))
    return max((len(word) for word in numbers if len(word) <= _LONGEST_NUMBER), default=1)


def _shown(text: str) -> str:
    """Replace invisible and control characters; a terminal would obey the latter."""
    return text if shows(text) else "".join(c if shows(c) else _picture(c) for c in text)


def _picture(control: str) -> str:
    """Return the picture of a control character: ``␊`` for a line feed."""
    return chr(0x2400 + ord(control)) if control < " " else "\ufffd"


WRITERS: Mapping[str, Callable[[Listing, IO[str]], None]] = {
    "csv": write_csv,
    "json": write_json,
    "jsonl": write_json_lines,
    "vendor": write_vendor,
}


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Yield a draft beside ``path``, readable by its owner only, that replaces ``path`` once it is complete.

    The draft has a name that leads to it whoever can change the folder.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        with replaced(path) as (number, draft), os.fdopen(number, "wb"):
            yield within(number, draft)
    except OSError as error:
        raise UsageError(phrase("--out {path}: cannot be written: {why}", path=path, why=error.strerror)) from error
