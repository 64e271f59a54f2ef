"""Do-not-call files: who must not be imported."""

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
from ..text.nearest import nearest
from ..text.phrase import phrase

if TYPE_CHECKING:
    from ..config.settings import Settings
    from ..config.source import SourceSettings
    from ..config.suppress import SuppressSettings
    from ..model import Table

_log = logging.getLogger(__name__)


_E164 = re.compile(r"\+?[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class SuppressionList:
    """What must not be imported: phone numbers as bare digits of E.164, UserData, or e-mail addresses.

    ``file`` is the path and ``sha256`` what it held. ``region`` is that of phone numbers without a country code.
    ``lock``: contacts that the dialler has are locked. ``only_number``: only the number is left out.
    """

    by: str
    entries: frozenset[str]
    file: str
    sha256: str = ""
    lock: bool = False
    region: str | None = None
    only_number: bool = False

    def reason(self, fields: Mapping[str, Value]) -> str:
        """Why a contact is suppressed, ``""`` where it is not."""
        found = next((key for key in self._keys(fields) if key in self.entries), None)
        return phrase(LISTED_IN, entry=found, list=Path(self.file).name) if found else ""

    def holds_number(self, number: Value) -> bool:
        """Whether a contact's number is in the list."""
        return bool(number) and any(digits in self.entries for digits in self._digits(str(number)))

    def _keys(self, fields: Mapping[str, Value]) -> Iterable[str]:
        """What of a contact may stand in the list."""
        if self.by == "user_data":
            return (str(fields.get("UserData") or ""),)
        if self.by == "email":
            return (str(fields.get("Email") or "").strip().casefold(),)
        numbers = (str(fields[name]) for name in PHONE_FIELDS if fields.get(name))
        return (digits for number in numbers for digits in self._digits(number))

    def _digits(self, number: str) -> Iterable[str]:
        """A contact's number as bare digits: E.164, or as another program may have written it."""
        return (number.lstrip("+"),) if _E164.fullmatch(number) else _digits(number, self.region) or ()


@dataclass(frozen=True, slots=True)
class SuppressionLists:
    """All do-not-call files of a run; false where there is none."""

    lists: tuple[SuppressionList, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lists)

    @property
    def lock(self) -> bool:
        """Whether contacts of some list are locked."""
        return any(each.lock for each in self.lists)

    @property
    def digests(self) -> dict[str, str]:
        """What tells the lists as they are from those that an earlier run has read: path → SHA-256."""
        return {each.file: each.sha256 for each in self.lists}

    def check(self, before: Mapping[str, str], whose: str, then: str) -> None:
        """Refuse where the lists are not those of ``before``.

        Raises:
            CannotResume: one is not that ``whose`` it is; ``then`` says what to do.
        """
        for file, sha256 in self.digests.items():
            if before.get(file) != sha256:
                raise CannotResume(f"{file} (suppress) is not the do-not-call file that {whose}: {then}")

    def reason(self, fields: Mapping[str, Value]) -> str:
        """Why a contact is suppressed, ``""`` where it is not: a list of contacts has it, or it has no number left."""
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
        """The phone fields whose numbers are in lists that leave out only numbers."""
        lists = [each for each in self.lists if each.only_number]
        return [name for name in PHONE_FIELDS if any(each.holds_number(fields.get(name)) for each in lists)]

    def without_numbers(self, contact: Contact) -> Contact:
        """A contact with null in place of each number that is left out, and a warning for each.

        One that is suppressed as a whole stays as it is: it will not be sent.
        """
        listed = self.numbers(contact.fields)
        if not listed or self.reason(contact.fields):
            return contact
        warnings = (*contact.warnings, *(RowWarning("field_left_out", name) for name in listed))
        return Contact(contact.row, {**contact.fields, **dict.fromkeys(listed)}, warnings)

    def may_be_kept(self, record: Mapping[str, Value], rules: Mapping[str, str]) -> Mapping[str, str]:
        """Of the rules ``overwrite: never | if_empty``, those that count for a contact with this record: it does not
        keep a number that is left out."""
        listed = self.numbers(record) if rules and self.only_numbers else ()
        return {name: rule for name, rule in rules.items() if name not in listed} if listed else rules

    def reason_to_lock(self, fields: Mapping[str, Value]) -> str:
        """Why a contact is to be locked, ``""`` where it is not."""
        return next(filter(None, (each.reason(fields) for each in self.lists if each.lock)), "")


def read_suppression_lists(settings: Settings, today: date | None = None) -> SuppressionLists:
    """Read the do-not-call files that a configuration names, as they count on a day; None: this one.

    Raises:
        ListUnreadable: see :func:`_read`.
    """
    today = today or date.today()  # noqa: DTZ011 - dates in spreadsheets have no zone
    try:
        return SuppressionLists(tuple(_read(each, settings.source, today) for each in settings.suppress))
    except InputError as error:
        raise ListUnreadable(str(error)) from error


def _read(settings: SuppressSettings, source: SourceSettings, today: date) -> SuppressionList:
    """Read a do-not-call file; its layout is found out from the file itself.

    Raises:
        InputError: it cannot be read, has no such column, or holds entries that cannot be understood: a number
            that was not recognised would be called. Or it has no entries, and must have some.
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
            f"{settings.file}: not a phone number: {_first_few(unread)}. Correct or remove these rows, or set "
            "suppress.region. Otherwise these numbers could be called."
        )
    if empty and not settings.may_be_empty:
        raise InputError(
            f"{settings.file}: no entries in column '{settings.column}', so nobody would be suppressed. If the "
            "list may be empty, set suppress.may_be_empty: true."
        )
    last_days.tell(any_left=bool(entries) or empty)
    _log.debug("%s: %d entries", settings.file, len(entries))
    only_number = settings.action == "number"
    file = str(settings.file)
    return SuppressionList(
        settings.by, frozenset(entries), file, local.sha256, settings.lock, settings.region, only_number
    )


def _position(settings: SuppressSettings, table: Table, key: str, name: str | None) -> int:
    """Where a column of a do-not-call file is; 0 where none is named.

    Raises:
        InputError: the file has no such column.
    """
    columns = table.layout.columns
    if name is None:
        return 0
    if name not in columns:
        raise InputError(f"{settings.file}: no column '{name}' (suppress.{key}){nearest(name, columns)}")
    return columns.index(name)


def _first_few(rows: list[str]) -> str:
    shown = ", ".join(rows[:5])
    return phrase("{rows} and {count} more", rows=shown, count=len(rows) - 5) if len(rows) > 5 else shown


class _LastDays:
    """The last days on which entries of a do-not-call file count. What cannot be read counts as never expired."""

    def __init__(self, settings: SuppressSettings, position: int, today: date) -> None:
        self._settings = settings
        self._position = position
        self._today = today.isoformat()
        self._unread: list[str] = []

    def expired(self, chunk: Chunk) -> frozenset[int]:
        """The rows of a chunk, by number, whose entries count no more."""
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
        """Say which days could not be read, and where nothing is left of the list."""
        name = self._settings.file.name
        if self._unread:
            _log.warning(
                "%s: cannot read the date in column '%s': %s. These entries stay in force. Write dates as "
                "2026-12-31, or set suppress.formats.",
                name,
                self._settings.expires,
                _first_few(self._unread),
            )
        if not any_left:
            _log.warning("%s: every entry has expired (suppress.expires), so it suppresses nobody", name)


def _entries(cell: str, settings: SuppressSettings) -> set[str] | None:
    """The entries of a cell; None where it cannot be understood."""
    if not cell.strip():
        return set()
    if settings.by == "user_data":
        return {cell}
    if settings.by == "email":
        return {cell.strip().casefold()}
    return _digits(cell, settings.region)


def _digits(text: str, region: str | None) -> set[str] | None:
    """The phone numbers of a text as bare digits; None where it cannot be understood."""
    from ..mapping.phones import country, read_phone

    found = read_phone(text, country(None, region))
    if isinstance(found, Fault):
        return None
    return {number.lstrip("+") for number in ((found,) if isinstance(found, str) else found)}
