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
from ..text.phrase import phrase
from .suppress import SuppressionList, SuppressionLists
from .suppress_entries import MOST_ROWS, Entries

if TYPE_CHECKING:
    from ..config.settings import Settings
    from ..config.suppress import SuppressSettings
    from ..model import Table

_log = logging.getLogger(__name__)

_DAY_AND_MONTH = re.compile(r"\b([0-9]{1,2})([./-])([0-9]{1,2})(?=[./-])")

_FIRST_DAY = "1971-01-01"
"""Programs write earlier days for none: 1970-01-01, 1900-01-01, 1899-12-30, 0001-01-01."""


def read_suppression_lists(settings: Settings, today: date | None = None) -> SuppressionLists:
    """Read the do-not-call files of a configuration, without entries expired on ``today`` (default: the present day).

    Raises:
        ListUnreadable: a file cannot be read, lacks a column, or has entries that are not understood.
    """
    today = today or date.today()  # noqa: DTZ011 - dates in spreadsheets have no zone
    try:
        return SuppressionLists(tuple(_read(each, settings, today) for each in settings.suppress))
    except InputError as error:
        raise ListUnreadable(str(error)) from error


def _read(settings: SuppressSettings, whole: Settings, today: date) -> SuppressionList:
    """Read a do-not-call file; its layout is detected.

    Raises:
        InputError: it cannot be read, lacks a column, has no entries though it must, or has entries that are not
            understood: a number that is not recognised would be called.
    """
    from ..read import open_table

    source = whole.source.of(settings.source, "suppress.source")
    local = fetch(settings.file, source)
    table = open_table(settings.file, source, local)
    _require_one_table(settings, table)
    positions = _positions(settings, table, "column", settings.column)
    last_days = _LastDays(settings, table, today)
    named = {each.column for each in whole.suppress if each.file == settings.file}
    _require_none_beside(settings, table, named)
    others = [at for at, name in enumerate(table.layout.columns) if name not in named]
    nameless = [at for at, name in enumerate(table.layout.columns) if not name]
    entries = Entries(settings, positions, others, nameless, has_header=bool(table.layout.header_rows))
    for chunk in table.chunks():
        entries.take(chunk, last_days.expired(chunk) if settings.expires else frozenset())
    entries.require_understood()
    _tell_other_numbers(settings, [table.layout.columns[at] for at in entries.numbers_at])
    entries.take_beside(table.layout.above, table.layout.below)
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
        InputError: a second table follows, or stands above, whose rows would not be read.
    """
    for remark in table.layout.remarks:
        _log.info("%s: %s", settings.file.name, remark)
    if table.layout.has_table_above:
        raise InputError(
            phrase(
                "{file}: a table seems to stand above the header in row {row}: put its rows under that header. "
                "Otherwise they could be called. If it is none, set suppress.source.header to {row}.",
                file=settings.file,
                row=table.layout.header_rows[0] if table.layout.header_rows else table.layout.first_row,
            )
        )
    if table.layout.next_table:
        raise InputError(
            phrase(
                "{file}: row {row} begins a second table: put its rows into a file of their own, or under the same "
                "header. Otherwise they could be called.",
                file=settings.file,
                row=table.layout.next_table,
            )
        )


def _require_none_beside(settings: SuppressSettings, table: Table, named: set[str]) -> None:
    """``named``: the columns of which lists have the entries.

    Raises:
        InputError: behind a column without a name, a second table has other entries: a name of the first comes again.
    """
    columns = table.layout.columns
    for at, name in enumerate(columns):
        first, second = set(filter(None, columns[:at])), set(columns[at + 1 :])
        if not name and first & second and not (named & first and named & second):
            raise InputError(
                phrase(
                    "{file}: behind column {column}, which has no name, a second table seems to begin: put its rows "
                    "below those of the first. Otherwise they could be called. If it is one table, give that column a "
                    "name.",
                    file=settings.file,
                    column=at + 1,
                )
            )


def _tell_other_numbers(settings: SuppressSettings, columns: list[str]) -> None:
    for column in columns:
        _log.info(
            phrase(
                "{name}: column '{other}' has phone numbers, too; they suppress nobody. If they must not be called, "
                "add the list under suppress: again, with that column.",
                name=settings.file.name,
                other=column,
            )
        )


def _positions(settings: SuppressSettings, table: Table, key: str, name: str) -> list[int]:
    """Return the positions of the columns of a name.

    Raises:
        InputError: the file has no such column.
    """
    columns = table.layout.columns
    if name not in columns:
        hint = phrase("; the file has no header: name a column by its place, as column_1")
        raise InputError(
            phrase(
                "{file}: no column '{name}' (suppress.{key}){nearest}",
                file=settings.file,
                name=name,
                key=key,
                nearest=nearest(name, columns) if table.layout.header_rows else hint,
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
        self._exchanged: list[str] = []
        self._any_over = False

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
            other = _DAY_AND_MONTH.sub(r"\3\2\1", cell, count=1)
            if other != cell and not isinstance(moment(other, self._settings.formats or ()), Fault):
                self._exchanged.append(f"row {row} ('{cell}')")
            return False
        over = _FIRST_DAY <= last[: len(self._today)] < self._today
        self._any_over = self._any_over or over
        return over

    def tell(self, *, any_left: bool) -> None:
        """Warn of days that could not be read, and of a list without valid entries.

        Raises:
            InputError: days have month and day the other way round, so others may have ended too early.
        """
        name = self._settings.file.name
        if self._exchanged and self._any_over:
            raise InputError(
                phrase(
                    "{file}: days in column '{column}' contradict suppress.formats: {rows}. Day and month may be "
                    "exchanged, and entries end too early. Correct the days, or formats.",
                    file=self._settings.file,
                    column=self._settings.expires,
                    rows=first_few(self._exchanged, MOST_ROWS),
                )
            )
        if self._unread:
            _log.warning(
                phrase(
                    "{name}: cannot read the date in column '{column}': {rows}. These entries stay in force. "
                    "Write dates as 2026-12-31, or set suppress.formats.",
                    name=name,
                    column=self._settings.expires,
                    rows=first_few(self._unread, MOST_ROWS),
                ),
            )
        if not any_left:
            _log.warning(
                phrase("{name}: every entry has expired (suppress.expires), so it suppresses nobody", name=name)
            )
