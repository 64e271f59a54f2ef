"""Do-not-call files: who must not be imported."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CannotResume, InputError, ListUnreadable
from ..fetch import fetch
from ..fields import PHONE_FIELDS
from ..model import Value
from ..text.nearest import nearest

if TYPE_CHECKING:
    from ..config.settings import Settings, SourceSettings, SuppressSettings

_log = logging.getLogger(__name__)


_E164 = re.compile(r"\+?[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class SuppressionList:
    """What must not be imported: phone numbers as bare digits of E.164, UserData, or e-mail addresses.

    ``file`` is the path and ``sha256`` what it held. ``region`` is that of phone numbers without a country code.
    ``lock``: contacts that the dialler has are locked.
    """

    by: str
    entries: frozenset[str]
    file: str
    sha256: str = ""
    lock: bool = False
    region: str | None = None

    def reason(self, fields: Mapping[str, Value]) -> str:
        """Why a contact is suppressed, ``""`` where it is not."""
        found = next((key for key in self._keys(fields) if key in self.entries), None)
        return f"{found} is in {Path(self.file).name}" if found else ""

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
        """Why a contact is suppressed, ``""`` where it is not."""
        for each in self.lists:
            if reason := each.reason(fields):
                return reason
        return ""

    def reason_to_lock(self, fields: Mapping[str, Value]) -> str:
        """Why a contact is to be locked, ``""`` where it is not."""
        return next(filter(None, (each.reason(fields) for each in self.lists if each.lock)), "")


def read_suppression_lists(settings: Settings) -> SuppressionLists:
    """Read the do-not-call files that a configuration names.

    Raises:
        ListUnreadable: see :func:`_read`.
    """
    try:
        return SuppressionLists(tuple(_read(each, settings.source) for each in settings.suppress))
    except InputError as error:
        raise ListUnreadable(str(error)) from error


def _read(settings: SuppressSettings, source: SourceSettings) -> SuppressionList:
    """Read a do-not-call file; its layout is found out from the file itself.

    Raises:
        InputError: it cannot be read, has no such column, or holds entries that cannot be understood: a number
            that was not recognised would be called. Or it has no entries, and must have some.
    """
    from ..read import open_table

    logins = source.logins()
    local = fetch(settings.file, logins)
    table = open_table(settings.file, logins, local)
    sha256 = local.sha256
    columns = table.layout.columns
    if settings.column not in columns:
        raise InputError(
            f"{settings.file}: has no column '{settings.column}' (suppress.column){nearest(settings.column, columns)}"
        )
    position = columns.index(settings.column)
    entries: set[str] = set()
    unread: list[str] = []
    for chunk in table.chunks():
        for row, cell in zip(chunk.frame.index.tolist(), chunk.frame.iloc[:, position].tolist(), strict=True):
            found = _entries(cell, settings)
            if found is None:
                unread.append(f"row {row} ('{cell}')")
            else:
                entries.update(found)
    if unread:
        more = f" and {len(unread) - 5} more" if len(unread) > 5 else ""
        raise InputError(
            f"{settings.file}: not a phone number: {', '.join(unread[:5])}{more}. Correct or remove these rows, or set "
            "suppress.region: a number that is not understood would be called."
        )
    if not entries and not settings.may_be_empty:
        raise InputError(
            f"{settings.file}: has no entry in column '{settings.column}', so nobody would be suppressed. If a "
            "do-not-call list without entries is in order, set suppress.may_be_empty: true."
        )
    _log.debug("%s: %d entries", settings.file, len(entries))
    return SuppressionList(settings.by, frozenset(entries), str(settings.file), sha256, settings.lock, settings.region)


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
    from ..model import Fault

    found = read_phone(text, country(None, region))
    if isinstance(found, Fault):
        return None
    return {number.lstrip("+") for number in ((found,) if isinstance(found, str) else found)}
