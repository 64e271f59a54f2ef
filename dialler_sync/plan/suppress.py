"""Do-not-call files: contacts and numbers that must not be imported."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ..error_codes import RAGGED_ROW, fault
from ..errors import CannotResume, InputError, ListUnreadable
from ..fetch import fetch
from ..fields import PHONE_FIELDS
from ..model import Chunk, Contact, Fault, RowWarning, Value
from ..report.plan_words import LISTED_IN
from ..text.forms import first_few
from ..text.nearest import nearest
from ..text.phrase import phrase

if TYPE_CHECKING:
    from ..config.settings import Settings
    from ..config.source import SourceSettings
    from ..config.suppress import SuppressSettings
    from ..model import Table

_log = logging.getLogger(__name__)

_E164 = re.compile(r"\+?[1-9][0-9]*")
_MOST_ROWS = 5
"""Rows that a message lists."""


@dataclass(frozen=True, slots=True)
class SuppressionList:
    """One do-not-call file. ``entries``: phone numbers as bare digits of E.164, UserData, or e-mail addresses.

    ``file``: its path; ``sha256``: the digest of its content. ``region``: of phone numbers without a country code.
    ``lock``: also lock contacts that the dialler has. ``only_number``: leave out only the number, not the contact.
    """

    by: str
    entries: frozenset[str]
    file: str
    sha256: str = ""
    lock: bool = False
    region: str | None = None
    only_number: bool = False

    def reason(self, fields: Mapping[str, Value]) -> str:
        """Return the reason why a contact is suppressed; ``""`` if it is not."""
        found = next((key for key in self._keys(fields) if key in self.entries), None)
        return phrase(LISTED_IN, entry=found, list=Path(self.file).name) if found else ""

    def holds_number(self, number: Value) -> bool:
        """Whether a contact's number is in the list."""
        return bool(number) and any(digits in self.entries for digits in self._digits(str(number)))

    def _keys(self, fields: Mapping[str, Value]) -> Iterable[str]:
        """Return the values of a contact that the list may hold."""
        if self.by == "user_data":
            return (str(fields.get("UserData") or ""),)
        if self.by == "email":
            return (str(fields.get("Email") or "").strip().casefold(),)
        numbers = (str(fields[name]) for name in PHONE_FIELDS if fields.get(name))
        return (digits for number in numbers for digits in self._digits(number))

    def _digits(self, number: str) -> Iterable[str]:
        """Return a contact's number as bare digits; one that another program wrote may be read in several ways."""
        return (number.lstrip("+"),) if _E164.fullmatch(number) else _digits(number, self.region) or ()


@dataclass(frozen=True, slots=True)
class SuppressionLists:
    """All do-not-call files of a run; false if there is none."""

    lists: tuple[SuppressionList, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lists)

    @property
    def lock(self) -> bool:
        """Whether some list locks contacts."""
        return any(each.lock for each in self.lists)

    @property
    def digests(self) -> dict[str, str]:
        """Path → SHA-256 of each list, to recognise it later."""
        return {each.file: each.sha256 for each in self.lists}

    def check(self, before: Mapping[str, str], changed: str, **values: object) -> None:
        """Compare the lists with the digests of ``before``.

        Raises:
            CannotResume: one has changed; ``changed`` says so, with ``{file}`` and the names of ``values``.
        """
        for file, sha256 in self.digests.items():
            if before.get(file) != sha256:
                raise CannotResume(phrase(changed, file=file, **values))

    def reason(self, fields: Mapping[str, Value]) -> str:
        """Return the reason why a contact is suppressed, ``""`` if it is not: it is listed, or has no number left."""
        for each in self.lists:
            if not each.only_number and (reason := each.reason(fields)):
                return reason
        listed = self.numbers(fields) if self.lists and self.only_numbers else []
        if not listed or len(listed) < sum(bool(fields.get(name)) for name in PHONE_FIELDS):
            return ""
        which = "; ".join(each.reason(fields) for each in self.lists if each.only_number and each.reason(fields))
        return phrase("no number is left: {reasons}", reasons=which) if len(listed) > 1 else which

    @property
    def only_numbers(self) -> bool:
        """Whether some list leaves out only numbers."""
        return any(each.only_number for each in self.lists)

    def numbers(self, fields: Mapping[str, Value]) -> list[str]:
        """Return the phone fields whose numbers are left out."""
        lists = [each for each in self.lists if each.only_number]
        return [name for name in PHONE_FIELDS if any(each.holds_number(fields.get(name)) for each in lists)]

    def without_numbers(self, contact: Contact) -> Contact:
        """Return the contact with None in place of each number that is left out, and a warning for each.

        A contact that is suppressed as a whole stays as it is: it will not be sent.
        """
        listed = self.numbers(contact.fields)
        if not listed or self.reason(contact.fields):
            return contact
        warnings = (*contact.warnings, *(RowWarning("field_left_out", name) for name in listed))
        return Contact(contact.row, {**contact.fields, **dict.fromkeys(listed)}, warnings)

    def may_be_kept(self, record: Mapping[str, Value], rules: Mapping[str, str]) -> Mapping[str, str]:
        """Return the rules ``overwrite: never | if_empty`` that apply to a contact with this record: it does not keep
        a number that is left out."""
        listed = self.numbers(record) if rules and self.only_numbers else ()
        return {name: rule for name, rule in rules.items() if name not in listed} if listed else rules

    def reason_to_lock(self, fields: Mapping[str, Value]) -> str:
        """Return the reason why a contact is to be locked; ``""`` if it is not."""
        return next(filter(None, (each.reason(fields) for each in self.lists if each.lock)), "")


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
    position = _position(settings, table, "column", settings.column)
    last_days = _LastDays(settings, _position(settings, table, "expires", settings.expires), today)
    entries: set[str] = set()
    unread: list[str] = []
    empty = True
    for chunk in table.chunks():
        expired = last_days.expired(chunk) if settings.expires else frozenset()
        for row, cell in zip(chunk.frame.index.tolist(), chunk.frame.iloc[:, position].tolist(), strict=True):
            found = _entries(cell, settings)
            empty = empty and found == set()
            if row in expired:
                continue
            if found is None:
                unread.append(f"row {row} ('{cell}')")
            else:
                entries.update(found)
    if unread:
        raise InputError(
            phrase(
                "{file}: not a phone number: {rows}. Correct or remove these rows, or set suppress.region. "
                "Otherwise these numbers could be called.",
                file=settings.file,
                rows=first_few(unread, _MOST_ROWS),
            )
        )
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


def _position(settings: SuppressSettings, table: Table, key: str, name: str | None) -> int:
    """Return the position of a column; 0 if none is named.

    Raises:
        InputError: the file has no such column.
    """
    columns = table.layout.columns
    if name is None:
        return 0
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
        if isinstance(last, Fault):
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
    if not cell.strip():
        return set()
    if settings.by == "user_data":
        return {cell}
    if settings.by == "email":
        return {cell.strip().casefold()}
    return _digits(cell, settings.region)


def _digits(text: str, region: str | None) -> set[str] | None:
    """Return the phone numbers of a text as bare digits; None if it is not understood."""
    from ..mapping.phones import country, read_phone

    found = read_phone(text, country(None, region))
    if isinstance(found, Fault):
        return None
    return {number.lstrip("+") for number in ((found,) if isinstance(found, str) else found)}
