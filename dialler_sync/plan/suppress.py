"""Do-not-call files: who must not be imported."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InputError
from ..fields import PHONE_FIELDS
from ..model import Value
from ..nearest import nearest

if TYPE_CHECKING:
    from ..config.settings import Settings, SourceSettings, SuppressSettings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SuppressionList:
    """What must not be imported: phone numbers as bare digits of E.164, UserData, or e-mail addresses."""

    by: str
    entries: frozenset[str]
    name: str
    lock: bool = False

    def reason(self, fields: Mapping[str, Value]) -> str:
        """Why a contact is suppressed, ``""`` where it is not."""
        if self.by == "user_data":
            hits = [str(fields.get("UserData") or "")]
        elif self.by == "email":
            hits = [str(fields.get("Email") or "").casefold()]
        else:
            hits = [str(fields[name]).lstrip("+") for name in PHONE_FIELDS if fields.get(name)]
        found = next((hit for hit in hits if hit and hit in self.entries), None)
        return f"{found} is in {self.name}" if found else ""


@dataclass(frozen=True, slots=True)
class SuppressionLists:
    """All do-not-call files of a run; false where there is none."""

    lists: tuple[SuppressionList, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lists)

    def reason(self, fields: Mapping[str, Value]) -> str:
        """Why a contact is suppressed, ``""`` where it is not."""
        return next(filter(None, (each.reason(fields) for each in self.lists)), "")

    def locks(self, fields: Mapping[str, Value]) -> bool:
        """Whether a contact is in a list whose contacts are locked."""
        return any(each.lock and each.reason(fields) for each in self.lists)


def read_suppression_lists(settings: Settings) -> SuppressionLists:
    """Read the do-not-call files that a configuration names.

    Raises:
        InputError: see :func:`_read`.
    """
    return SuppressionLists(tuple(_read(each, settings.source) for each in settings.suppress))


def _read(settings: SuppressSettings, source: SourceSettings) -> SuppressionList:
    """Read a do-not-call file; its layout is found out from the file itself.

    Raises:
        InputError: it cannot be read, has no such column, or holds entries that cannot be understood: a number
            that was not recognised would be called.
    """
    from ..read import open_table

    table = open_table(settings.file, type(source)())
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
    _log.debug("%s: %d entries", settings.file, len(entries))
    return SuppressionList(settings.by, frozenset(entries), settings.file.name, settings.lock)


def _entries(cell: str, settings: SuppressSettings) -> set[str] | None:
    """The entries of a cell; None where it cannot be understood."""
    if not cell.strip():
        return set()
    if settings.by == "user_data":
        return {cell}
    if settings.by == "email":
        return {cell.strip().casefold()}
    from ..model import Fault
    from ..phones import country, read_phone

    found = read_phone(cell, country(None, settings.region))
    if isinstance(found, Fault):
        return None
    return {number.lstrip("+") for number in ((found,) if isinstance(found, str) else found)}
