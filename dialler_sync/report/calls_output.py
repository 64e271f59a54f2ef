"""Write lists of calls: CSV in the form that a CRM takes, JSON lines, and workbooks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO

from ..errors import UsageError
from ..text.outward import json_text, line, mask_cells
from ..text.phrase import figure, phrase
from ..text.spreadsheet import harmless_row
from .contacts_output import cell_text
from .sheets import SHEET_COLUMNS, Book

Record = Mapping[str, Any]

ENDINGS = ("csv", "jsonl", "xlsx")


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a list. ``columns``: name in the file → name of the fact or field."""

    kind: str
    columns: Mapping[str, str]
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"

    def cells(self, record: Record) -> list[str]:
        """Return a record as text cells, with secrets masked, and formulas made harmless."""
        cells = []
        for name in self.columns.values():
            value = record.get(name)
            text = cell_text(value)
            cells.append(text.replace(".", self.decimal) if isinstance(value, float) else text)
        return harmless_row(mask_cells(cells))

    def named(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the records by the names that they have in the list."""
        for record in records:
            yield {shown: record.get(name) for shown, name in self.columns.items()}

    def header(self) -> list[str]:
        """Return the names of the columns."""
        return harmless_row(mask_cells(list(self.columns)))


def write_calls(form: Form, records: Iterable[Record], file: IO[bytes], path: Path, facts: Facts) -> None:
    """Write the records to ``file``; ``path`` is where it stands, and ``facts`` are for the summary of a workbook.

    Raises:
        UsageError: the encoding, or a table, cannot hold them.
        OSError: the file cannot be written.
    """
    if form.kind == "jsonl":
        for record in records:
            chosen = {shown: record.get(name) for shown, name in form.columns.items() if name in record}
            file.write((json_text(chosen) + "\n").encode("utf-8", "backslashreplace"))
        return
    if len(form.columns) > SHEET_COLUMNS:
        raise UsageError(
            phrase(
                "a table holds {most} columns, but the calls have {columns} fields: write "
                ".jsonl, or choose fields with calls.columns",
                most=figure(SHEET_COLUMNS),
                columns=figure(len(form.columns)),
            )
        )
    if form.kind == "xlsx":
        _write_xlsx(form, records, file, path, facts)
    else:
        _write_csv(form, records, file)


def _write_csv(form: Form, records: Iterable[Record], file: IO[bytes]) -> None:
    encoding = "utf-8-sig" if form.encoding.casefold().replace("_", "-") in {"utf-8", "utf8"} else form.encoding
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        write_text(form, records, text)
    finally:
        text.detach()  # or it would close the file


def write_text(form: Form, records: Iterable[Record], text: TextIO) -> None:
    """Write the records as CSV to an open text file.

    Raises:
        UsageError: its encoding cannot hold them.
    """
    writer = csv.writer(text, delimiter=form.delimiter, lineterminator="\r\n")
    try:
        writer.writerow(form.header())
        text.flush()
    except UnicodeEncodeError as error:
        raise UsageError(_lacks(form, phrase("the header"), error)) from error
    for record in records:
        try:
            writer.writerow(form.cells(record))
        except UnicodeEncodeError as error:
            raise UsageError(
                _lacks(
                    form, phrase("call {call} of {key}", call=record.get("CallID"), key=record.get("UserData")), error
                )
            ) from error


def _lacks(form: Form, where: str, error: UnicodeEncodeError) -> str:
    sign = error.object[error.start : error.start + 1]
    return phrase(
        "calls.encoding: {encoding} has no '{sign}' ({code}), found in {where}. Nothing "
        "was written. Set calls.encoding: utf-8, or write .jsonl or .xlsx.",
        encoding=form.encoding,
        sign=line(sign),
        code=f"U+{ord(sign):04X}",
        where=where,
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the summary of a workbook tells: facts in words, and calls by result."""

    told: Sequence[tuple[str, str]]
    by_result: Mapping[str, int]
    by_day: Mapping[str, int]


_BAR = "#2A8A6E"
_MOST_BARS = 12


def _write_xlsx(form: Form, records: Iterable[Record], file: IO[bytes], path: Path, facts: Facts) -> None:
    with Book(path) as book:
        page = book.add_page(phrase("Summary"), (38, 14, 60))
        page.line(phrase("Calls"), style=page.title)
        for name, value in facts.told:
            page.line(name, value)
        for title, chart, counts in (
            (phrase("Result"), phrase("Calls by result"), facts.by_result),
            (phrase("Day"), phrase("Calls by day"), facts.by_day),
        ):
            if not counts:
                continue
            page.line()
            page.line(title, phrase("Calls"), style=page.bold)
            first = page.at
            for name, count in list(counts.items())[:_MOST_BARS]:
                page.line(name, count)
            page.bar_chart(chart, first, [_BAR] * min(len(counts), _MOST_BARS))
        table = book.add_table(phrase("Calls"), phrase("the .jsonl of the same calls"))
        table.writerow(form.header())
        for record in records:
            table.writerow(form.cells(record))
        if remark := table.close():
            raise UsageError(phrase("a workbook cannot hold all of it ({remark}) Write .csv or .jsonl.", remark=remark))
        file.write(book.packed())
