"""Read the do-not-call files of a configuration."""

from __future__ import annotations

import logging
import re
from datetime import date
from typing import TYPE_CHECKING

from ..errors import InputError, ListUnreadable
from ..fetch import fetch
from ..model import Chunk, Fault
from ..text.forms import first_few
from ..text.nearest import nearest
from ..text.phrase import mark, phrase
from .suppress import SuppressionList, SuppressionLists, digits_of, entry_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

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

_ADDRESS = re.compile(r"[^@*:?]+@[^@*:?]+\.[^@*:?]+")
_DOMAIN = re.compile(r"\w\.[^\W\d_]{2,}")
"""Of an address without its ``@``, or of all addresses of a company."""

_NO_NUMBER = re.compile(
    r"[\s()./\u2013\u2014-]{0,9}(?:n[./]?\s?[av]|k\.?\s?a|none|null|keine?|unknown|unbekannt|anonym|totals?|summen?|anzahl|gesamt)?"
    r"[\s().:/\u2013\u2014-]{0,9}",
    re.IGNORECASE,
)
"""Programs and people write it for none, or beside a total."""

_FEWEST_DIGITS = 6
"""Digits of what may be a number, though it is not read as one; postal codes have fewer."""

_DAY = re.compile(r"\s*(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d)(?:[T\s]\s*\d{1,2}:[\d:.]*)?\s*")


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
    from ..read import ONLY_SHEET, open_table

    logins = source.logins()
    local = fetch(settings.file, logins)
    table = open_table(settings.file, logins, local, ONLY_SHEET)
    _require_one_table(settings, table)
    positions = _positions(settings, table, "column", settings.column)
    last_days = _LastDays(settings, table, today)
    entries = _Entries(settings, positions)
    for chunk in table.chunks():
        entries.take(chunk, last_days.expired(chunk) if settings.expires else frozenset())
    entries.require_understood()
    entries.take_below(table.layout.below)
    if entries.none_seen and not settings.may_be_empty:
        raise InputError(
            phrase(
                "{file}: no entries in column '{column}', so nobody would be suppressed. If the list may be empty, "
                "set suppress.may_be_empty: true.",
                file=settings.file,
                column=settings.column,
            )
        )
    last_days.tell(any_left=bool(entries.found) or entries.none_seen)
    _log.debug("%s: %d entries", settings.file, len(entries.found))
    only_number = settings.action == "number"
    file = str(settings.file)
    return SuppressionList(
        settings.by, frozenset(entries.found), file, local.sha256, settings.lock, settings.region, only_number
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


class _Entries:
    """The entries of a do-not-call file, and the rows in which one may be overlooked."""

    def __init__(self, settings: SuppressSettings, positions: Sequence[int]) -> None:
        self._settings = settings
        self._positions = positions
        self._unread: list[str] = []
        self._shifted: list[str] = []
        self._without: list[str] = []
        self.found: set[str] = set()
        self.none_seen = True

    def take(self, chunk: Chunk, expired: Container[int]) -> None:
        """Take the entries of some rows; of those that have expired, only notice that there are some."""
        from ..mapping.cells import Columns

        columns = Columns(chunk)
        rows = chunk.frame.index.tolist()
        for position in self._positions:
            damaged = {place for place, note in columns.notes(position) if note.code}
            for place, (row, cell) in enumerate(zip(rows, columns.texts(position), strict=True)):
                found = None if place in damaged else _entries(cell, self._settings)
                self.none_seen = self.none_seen and found == set()
                if row in expired:
                    continue
                if row in chunk.ragged and self._is_shifted(chunk.ragged[row], position, chunk.frame.shape[1]):
                    self._shifted.append(phrase("row {row}", row=row))
                elif found is not None:
                    self.found |= found
                elif not cell.strip():
                    self._unread.append(phrase("row {row} (a formula that was never calculated)", row=row))
                else:
                    none = place not in damaged and self._is_none(cell, chunk, place)
                    (self._without if none else self._unread).append(f"row {row} ('{cell}')")

    def take_below(self, rows: Iterable[Sequence[str]]) -> None:
        """Take what may be an entry from rows that look like totals and footnotes: the last entry may be one of them,
        and one too many harms nobody."""
        for cells in rows:
            for at, cell in enumerate(cells):
                if (at in self._positions or self._settings.by != "user_data") and _may_be_entry(cell, self._settings):
                    self.found |= _entries(cell, self._settings) or set()

    def _is_shifted(self, cells: Sequence[str], position: int, width: int) -> bool:
        """Whether the entry of a row may be in another column: the row is too long, or ends before the entry."""
        surplus = len(cells) - width
        if surplus > 0 and position == 0 and self._settings.by == "user_data" and not any(cells[width:]):
            return not cells[0].strip()  # nothing can have moved the first cell
        near = cells[position + 1 : position + 1 + surplus] if surplus > 0 else cells if position >= len(cells) else ()
        return any(_may_be_entry(cell, self._settings) for cell in near)

    def _is_none(self, cell: str, chunk: Chunk, place: int) -> bool:
        """Whether a cell of numbers says that there is none, and no other of its row has a number."""
        if self._settings.by != "phone" or not _NO_NUMBER.fullmatch(cell):
            return False
        others = enumerate(chunk.frame.iloc[place].tolist())
        return not any(_may_be_entry(other, self._settings) for at, other in others if at not in self._positions)

    def require_understood(self) -> None:
        """Tell of the rows without a number.

        Raises:
            InputError: some rows are not understood, or none has a number.
        """
        file, by = self._settings.file, self._settings.by
        if self._shifted:
            raise InputError(
                phrase(
                    "{file}: surplus or missing cells in {rows}, so an entry may be in another column. Correct or "
                    "remove these rows. Otherwise these contacts could be called.",
                    file=file,
                    rows=first_few(self._shifted, _MOST_ROWS),
                )
            )
        if unread := self._unread or ([] if self.found else self._without):
            raise InputError(phrase(_NOT_UNDERSTOOD[by], file=file, rows=first_few(unread, _MOST_ROWS)))
        if self._without:
            rows = first_few(self._without, _MOST_ROWS)
            _log.info(phrase("{name}: rows without a number suppress nobody: {rows}.", name=file.name, rows=rows))


def _positions(settings: SuppressSettings, table: Table, key: str, name: str) -> list[int]:
    """Return the positions of the columns of a name.

    Raises:
        InputError: the file has no such column.
    """
    columns = table.layout.columns
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
    return [position for position, column in enumerate(columns) if column == name]


class _LastDays:
    """The last days of the entries of a do-not-call file; an entry with an unreadable day never expires."""

    def __init__(self, settings: SuppressSettings, table: Table, today: date) -> None:
        """Raises:
        InputError: the file has no such column, or several.
        """
        self._settings = settings
        positions = _positions(settings, table, "expires", settings.expires) if settings.expires else [0]
        if len(positions) > 1:
            raise InputError(
                phrase(
                    "{file}: several columns are named '{name}' (suppress.expires); give them different names",
                    file=settings.file,
                    name=settings.expires,
                )
            )
        self._position = positions[0]
        self._today = today.isoformat()
        self._unread: list[str] = []

    def expired(self, chunk: Chunk) -> frozenset[int]:
        """Return the numbers of rows whose entries have expired."""
        cells = zip(chunk.frame.index.tolist(), chunk.frame.iloc[:, self._position].tolist(), strict=True)
        return frozenset(row for row, cell in cells if self._is_over(row, cell, shifted=row in chunk.ragged))

    def _is_over(self, row: int, cell: str, *, shifted: bool) -> bool:
        from ..mapping.cells import is_blank
        from ..mapping.values import moment

        if is_blank(cell):
            return False
        if shifted:
            self._unread.append(phrase("row {row} (surplus or missing cells)", row=row))
            return False
        last = moment(cell, self._settings.formats or ())
        if isinstance(last, Fault):
            self._unread.append(f"row {row} ('{cell}')")
            return False
        return _FIRST_DAY <= last[: len(self._today)] < self._today

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
    if "@" not in cell:
        return None if _DOMAIN.search(cell) else {entry_of("email", cell)}
    parts = (part.strip("'\"()[]") for part in re.split(r"[\s;,|<>]+", cell) if "@" in part)
    found = {entry_of("email", part).removeprefix("mailto:") for part in parts}
    return found if all(map(_ADDRESS.fullmatch, found)) else None


def _may_be_entry(cell: str, settings: SuppressSettings) -> bool:
    """Whether a cell beside its column may hold an entry."""
    if settings.by == "user_data":
        return bool(cell.strip())
    if settings.by == "email":
        return "@" in cell
    return len(re.findall(r"\d", cell)) >= _FEWEST_DIGITS and not _DAY.fullmatch(cell)
