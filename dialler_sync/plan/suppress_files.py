"""Read the do-not-call files of a configuration."""

from __future__ import annotations

import logging
import re
from datetime import date
from typing import TYPE_CHECKING

from ..error_codes import RAGGED_ROW, fault
from ..errors import InputError, ListUnreadable
from ..fetch import fetch
from ..model import Chunk, Fault
from ..text.forms import first_few
from ..text.nearest import nearest
from ..text.phrase import mark, phrase
from .suppress import SuppressionList, SuppressionLists, digits_of, entry_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..config.settings import Settings
    from ..config.source import SourceSettings
    from ..config.suppress import SuppressSettings
    from ..model import Table

_log = logging.getLogger(__name__)


_MOST_ROWS = 5
"""Rows that a message lists."""

_NOT_UNDERSTOOD = {
    "phone": mark(
        "{file}: not a phone number: {rows}. Correct or remove these rows, or set suppress.region. "
        "Otherwise these numbers could be called."
    ),
    "email": mark(
        "{file}: not an e-mail address: {rows}. Correct or remove these rows. Otherwise these contacts could be called."
    ),
    "user_data": mark(
        "{file}: damaged cells: {rows}. Correct or remove these rows. Otherwise these contacts could be called."
    ),
}

_FIRST_DAY = "1971-01-01"
"""Programs write earlier days for none: 1970-01-01, 1900-01-01, 1899-12-30, 0001-01-01."""

_ADDRESS = re.compile(r"[^@*]+@[^@*]+\.[^@*]+")


def read_suppression_lists(settings: Settings, today: date | None = None) -> SuppressionLists:
    """Read the do-not-call files of a configuration, without entries expired on ``today`` (default: the present day).

    Raises:
        ListUnreadable: a file cannot be read, lacks a column, or has entries that are not understood.
    """
    today = today or date.today()  # noqa: DTZ011 - dates in spreadsheets have no zone
    try:
        return SuppressionLists(tuple(_read(each, settings.source, today) for each in settings.suppress))
    except InputError as error:
        raise ListUnreadable(str(error)) from error


def _read(settings: SuppressSettings, source: SourceSettings, today: date) -> SuppressionList:
    """Read a do-not-call file; its layout is detected.

    Raises:
        InputError: it cannot be read, lacks a column, has no entries though it must, or has entries that are not
            understood: a number that is not recognised would be called.
    """
    from ..read import open_table

    logins = source.logins()
    local = fetch(settings.file, logins)
    table = open_table(settings.file, logins, local)
    _require_one_table(settings, table)
    position = _position(settings, table, "column", settings.column)
    last_days = _LastDays(settings, _position(settings, table, "expires", settings.expires), today)
    entries: set[str] = set()
    unread: list[str] = []
    shifted: list[int] = []
    empty = True
    for chunk in table.chunks():
        expired = last_days.expired(chunk) if settings.expires else frozenset()
        for row, cell, found in _found(chunk, position, settings):
            empty = empty and found == set()
            if row in expired:
                continue
            if _is_shifted(chunk, row, position):
                shifted.append(row)
            elif found is None:
                unread.append(f"row {row} ('{cell}')")
            else:
                entries.update(found)
    _require_understood(settings, shifted, unread)
    if empty and not settings.may_be_empty:
        raise InputError(
            phrase(
                "{file}: no entries in column '{column}', so nobody would be suppressed. If the list may be empty, "
                "set suppress.may_be_empty: true.",
                file=settings.file,
                column=settings.column,
            )
        )
    last_days.tell(any_left=bool(entries) or empty)
    _log.debug("%s: %d entries", settings.file, len(entries))
    only_number = settings.action == "number"
    file = str(settings.file)
    return SuppressionList(
        settings.by, frozenset(entries), file, local.sha256, settings.lock, settings.region, only_number
    )


def _require_one_table(settings: SuppressSettings, table: Table) -> None:
    """Say what is found out about the file.

    Raises:
        InputError: a second table follows, whose rows would not be read.
    """
    for remark in table.layout.remarks:
        _log.info("%s: %s", settings.file.name, remark)
    if table.layout.next_table:
        raise InputError(
            phrase(
                "{file}: row {row} begins a second table: put its rows into a file of their own, or under the same "
                "header. Otherwise they could be called.",
                file=settings.file,
                row=table.layout.next_table,
            )
        )


def _found(chunk: Chunk, position: int, settings: SuppressSettings) -> Iterator[tuple[int, str, set[str] | None]]:
    """Yield each row, its cell, and the entries of the cell; None if they are not understood."""
    from ..mapping.cells import Columns

    columns = Columns(chunk)
    damaged = {place for place, note in columns.notes(position) if note.code}
    for place, (row, cell) in enumerate(zip(chunk.frame.index.tolist(), columns.texts(position), strict=True)):
        yield row, cell, None if place in damaged else _entries(cell, settings)


def _is_shifted(chunk: Chunk, row: int, position: int) -> bool:
    """Whether the entry of a row may be in another column: it has surplus cells, or ends before the entry."""
    cells = chunk.ragged.get(row)
    return cells is not None and not position < len(cells) <= chunk.frame.shape[1]


def _require_understood(settings: SuppressSettings, shifted: Sequence[int], unread: Sequence[str]) -> None:
    """Raises:
    InputError: some rows are not understood.
    """
    if shifted:
        raise InputError(
            phrase(
                "{file}: surplus or missing cells in {rows}, so an entry may be in another column. Correct or remove "
                "these rows. Otherwise these contacts could be called.",
                file=settings.file,
                rows=first_few([phrase("row {row}", row=row) for row in shifted], _MOST_ROWS),
            )
        )
    if unread:
        raise InputError(phrase(_NOT_UNDERSTOOD[settings.by], file=settings.file, rows=first_few(unread, _MOST_ROWS)))


def _position(settings: SuppressSettings, table: Table, key: str, name: str | None) -> int:
    """Return the position of a column; 0 if none is named.

    Raises:
        InputError: the file has no such column, or several.
    """
    columns = table.layout.columns
    if name is None:
        return 0
    if columns.count(name) > 1:
        raise InputError(
            phrase(
                "{file}: several columns are named '{name}' (suppress.{key}); give them different names",
                file=settings.file,
                name=name,
                key=key,
            )
        )
    if name not in columns:
        raise InputError(
            phrase(
                "{file}: no column '{name}' (suppress.{key}){nearest}",
                file=settings.file,
                name=name,
                key=key,
                nearest=nearest(name, columns),
            )
        )
    return columns.index(name)


class _LastDays:
    """The last days of the entries of a do-not-call file; an entry with an unreadable day never expires."""

    def __init__(self, settings: SuppressSettings, position: int, today: date) -> None:
        self._settings = settings
        self._position = position
        self._today = today.isoformat()
        self._unread: list[str] = []

    def expired(self, chunk: Chunk) -> frozenset[int]:
        """Return the numbers of rows whose entries have expired."""
        cells = zip(chunk.frame.index.tolist(), chunk.frame.iloc[:, self._position].tolist(), strict=True)
        return frozenset(row for row, cell in cells if self._is_over(row, cell, shifted=row in chunk.ragged))

    def _is_over(self, row: int, cell: str, *, shifted: bool) -> bool:
        from ..mapping.cells import is_blank
        from ..mapping.values import moment

        if is_blank(cell) and not shifted:
            return False
        last = fault(RAGGED_ROW) if shifted else moment(cell, self._settings.formats or ())
        if isinstance(last, Fault) or last < _FIRST_DAY:
            self._unread.append(f"row {row} ('{cell}')")
            return False
        return last[: len(self._today)] < self._today

    def tell(self, *, any_left: bool) -> None:
        """Warn of days that could not be read, and of a list without valid entries."""
        name = self._settings.file.name
        if self._unread:
            _log.warning(
                phrase(
                    "{name}: cannot read the date in column '{column}': {rows}. These entries stay in force. "
                    "Write dates as 2026-12-31, or set suppress.formats.",
                    name=name,
                    column=self._settings.expires,
                    rows=first_few(self._unread, _MOST_ROWS),
                ),
            )
        if not any_left:
            _log.warning(
                phrase("{name}: every entry has expired (suppress.expires), so it suppresses nobody", name=name)
            )


def _entries(cell: str, settings: SuppressSettings) -> set[str] | None:
    """Return the entries of a cell; None if it is not understood."""
    from ..mapping.cells import is_blank

    if is_blank(cell):
        return set()
    if settings.by == "user_data":
        return {entry_of(settings.by, cell)}
    if settings.by == "email":
        return _addresses(cell)
    return digits_of(cell, settings.region)


def _addresses(cell: str) -> set[str] | None:
    """Return the e-mail addresses of a cell: ``a@x.org; Ann <b@x.org>``; None if it is not understood."""
    found: set[str] = set()
    for part in filter(None, map(str.strip, re.split(r"[;,|\n]", cell))):
        named = re.search(r"<([^<>]*)>", part)
        address = entry_of("email", named[1] if named else part).removeprefix("mailto:")
        if "@" in address and not _ADDRESS.fullmatch(address):
            return None
        found.add(address)
    return found
