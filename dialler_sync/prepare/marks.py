"""The marks of rows in a mended file: run, file and row number that each comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..config import SourceSettings
from ..error_codes import faults_of
from ..errors import InputError
from ..model import Chunk, Table

_ROW = re.compile(r"([0-9]{1,9})(?:[.,]0{1,2})?")
_GROUPED_ROW = re.compile(r"[0-9]{1,3}(?:[.,' \u00a0\u202f’][0-9]{3}){1,2}")


class Mark(NamedTuple):
    """The columns that our ``failed.csv`` adds to a row. ``number``: row number in the run's file, None if unreadable.

    ``key`` is None if the file has no column ``_key``. ``faults`` are codes, each with its field.
    """

    run: str
    number: int | None
    file: str
    sheet: str
    key: str | None
    faults: tuple[tuple[str, str], ...]


def runs_named_in(files: Sequence[Path], logins: SourceSettings) -> set[str]:
    """Return the runs that the rows of mended files come from; other files name none."""
    from ..read import open_tables

    found: set[str] = set()
    for path in files:
        with suppress(InputError):  # it is told where the file is opened to be imported
            found |= {run for table in open_tables(path, logins) for run in named_in(table)}
    return found


def named_in(table: Table) -> set[str]:
    """Return the runs that the rows of a table come from."""
    return {mark.run for chunk in table.chunks() for mark in marks_of(chunk).values() if mark.run}


def marks_of(chunk: Chunk) -> dict[int, Mark]:
    """Return row number → mark; a row that somebody added has none."""
    own = chunk.own
    none = [""] * len(chunk.frame)
    names = ("_run", "_file", "_sheet", "_row", "_error_code", "_error_field")
    run, file, sheet, number, codes, fields = (own.get(name, none) for name in names)
    keys: list[str] | list[None] = own["_key"] if "_key" in own else [None] * len(none)  # type: ignore[assignment]
    return {
        row: Mark(
            run[place].strip(),
            _number(number[place].strip()),
            file[place],
            sheet[place],
            keys[place],
            faults_of(codes[place], fields[place]),
        )
        for place, row in enumerate(chunk.frame.index.tolist())
        if own and (number[place].strip() or run[place].strip() or keys[place])
    }


def _number(text: str) -> int | None:
    """Read a row number, which a spreadsheet program may have written as ``12.0`` or ``1,234``."""
    if _GROUPED_ROW.fullmatch(text):
        return int(re.sub(r"\D", "", text))
    found = _ROW.fullmatch(text)
    return int(found[1]) if found else None
