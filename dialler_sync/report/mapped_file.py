"""``validate --mapped FILE``: what each row becomes, as CSV, workbook or lines of JSON."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import orjson

from ..errors import JournalError, UsageError
from ..fields import FIELDS
from ..files.whole import new_file, why
from ..text.outward import json_text, mask_cells
from ..text.own_csv import table_writer
from ..text.phrase import phrase
from ..text.spreadsheet import harmless_row
from .sheets import Book

OWN = ("_file", "_sheet", "_row", "_status", "_action", "_error_code", "_error", "_warnings")
"""Columns before the fields."""


def check_ending(path: Path) -> None:
    """Refuse a path of which the ending names no form.

    Raises:
        UsageError: it does not.
    """
    if path.suffix.casefold() not in _WRITERS:
        raise UsageError(phrase("--mapped {path}: the name must end in .csv, .xlsx or .jsonl", path=path))


def not_written(path: Path, error: JournalError | OSError) -> UsageError:
    """Return what to tell where the file, or a temporary one, cannot be written."""
    return UsageError(phrase("--mapped {path}: cannot be written: {why}", path=path, why=why(error)))


@dataclass(slots=True)
class MappedFile:
    """Collects rows on disk, then writes the file with a column for each field that any of them has. A context
    manager, which may raise an OSError.
    """

    path: Path
    _fields: dict[str, None] = field(default_factory=dict)
    _rows: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    _held: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self._held.enter_context(self._rows)
        return self

    def __exit__(self, *exc: object) -> None:
        self._held.close()

    def add(self, own: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        """Add a row: its columns of ``OWN``, and what it becomes."""
        self._fields |= dict.fromkeys(fields)
        self._rows.write(orjson.dumps([own, fields]) + b"\n")

    def write(self) -> None:
        """Write the file.

        Raises:
            UsageError: it cannot be written.
        """
        order = {name: place for place, name in enumerate(FIELDS)}
        columns = sorted(self._fields, key=lambda name: order.get(name, -1))
        try:
            _WRITERS[self.path.suffix.casefold()](self.path, columns, self._lines())
        except (JournalError, OSError) as error:
            raise not_written(self.path, error) from error

    def _lines(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        self._rows.seek(0)
        for text in self._rows:
            own, fields = orjson.loads(text)
            yield own, fields


Lines = Iterator[tuple[dict[str, Any], dict[str, Any]]]


def _texts(columns: list[str], own: Mapping[str, Any], fields: Mapping[str, Any]) -> list[str]:
    values = [*(own[name] for name in OWN), *(fields.get(name) for name in columns)]
    return harmless_row(mask_cells(["" if value is None else str(value) for value in values]))


def _write_csv(path: Path, columns: list[str], lines: Lines) -> None:
    with new_file(path, encoding="utf-8-sig") as file:
        writer = table_writer(file)
        writer.writerow([*OWN, *columns])
        for line in lines:
            writer.writerow(_texts(columns, *line))


def _write_jsonl(path: Path, _columns: list[str], lines: Lines) -> None:
    with new_file(path) as file:
        file.writelines(f"{json_text({**own, 'fields': fields})}\n" for own, fields in lines)


def _write_xlsx(path: Path, columns: list[str], lines: Lines) -> None:
    with Book(path) as book:
        table = book.add_table(phrase("Mapped rows"), phrase("a .csv or .jsonl"))
        table.writerow([*OWN, *columns])
        for line in lines:
            table.writerow(_texts(columns, *line))
        if note := table.close():
            raise UsageError(f"--mapped {path}: {note}")
        book.save()


_WRITERS: Mapping[str, Callable[[Path, list[str], Lines], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".xlsx": _write_xlsx,
}
