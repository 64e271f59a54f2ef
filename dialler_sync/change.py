"""Locks, unlocks and deletes contacts: never another one than is meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from .api.client import DiallerClient
from .errors import Refused
from .journal import Outcome
from .model import Action, Status
from .plan import AMBIGUOUS
from .spool import SpooledRow


class Changer(Protocol):
    """Does what a row that is no import asks for; gives its outcome, or raises what the dialler's client raises."""

    async def __call__(self, row: SpooledRow) -> Outcome:
        """Do it, and say what became of it."""


@dataclass(frozen=True, slots=True)
class ContactChanger:
    """Changes the contact of ``row.contact_id`` (which must carry ``row.user_data``, if that is given), else
    the contacts that carry ``row.user_data``.

    Several of those are refused, unless ``all_matches``: then each is changed by its ID. ``unchecked`` makes the
    API's own call by UserData, which picks one that is not determined.
    """

    client: DiallerClient
    all_matches: bool = False
    unchecked: bool = False

    async def __call__(self, row: SpooledRow) -> Outcome:
        """Change what the row means."""
        if row.contact_id:
            return await self._by_id(row)
        if self.unchecked:
            return await self._unchecked(row)
        found = await self.client.find_contacts(row.user_data)
        ids = ", ".join(contact.id for contact in found)
        if len(found) > 1 and not self.all_matches:
            return _outcome(
                row,
                Status.FAILED,
                ids,
                AMBIGUOUS,
                f"{len(found)} contacts carry this UserData ({ids})",
                "Name the contact by its ID, or change all of them with --all-matches.",
            )
        changed = [contact.id for contact in found if await self._change(row.kind, contact.id)]
        return _outcome(row, Status.SUCCEEDED, ", ".join(changed)) if changed else _nothing_there(row)

    async def _by_id(self, row: SpooledRow) -> Outcome:
        contact = await self.client.get_contact(row.contact_id)
        if contact is not None and row.user_data and contact.user_data != row.user_data:
            return _outcome(
                row, Status.FAILED, row.contact_id, "contact_changed", "the contact carries another UserData now"
            )
        if contact is None or not await self._change(row.kind, row.contact_id):
            return _nothing_there(row)
        return _outcome(row, Status.SUCCEEDED, row.contact_id)

    async def _change(self, kind: str, contact_id: str) -> bool:
        changes: Mapping[str, Callable[[str], Awaitable[bool]]] = {
            "delete": self.client.delete_by_id,
            "lock": self.client.lock_by_id,
            "unlock": self.client.unlock_by_id,
        }
        return await changes[kind](contact_id)

    async def _unchecked(self, row: SpooledRow) -> Outcome:
        changes: Mapping[str, Callable[[str], Awaitable[None]]] = {
            "delete": self.client.delete_by_user_data,
            "lock": self.client.lock_by_user_data,
            "unlock": self.client.unlock_by_user_data,
        }
        try:
            await changes[row.kind](row.user_data)
        except Refused as error:
            if error.code != "not_found":
                raise
            return _nothing_there(row)
        return _outcome(row, Status.SUCCEEDED, "")


def _outcome(
    row: SpooledRow, status: Status, contact_id: str, code: str = "", error: str = "", hint: str = ""
) -> Outcome:
    action = Action(row.kind)
    return Outcome(row.seq, status, action, contact_id, 200, 1, error_code=code, error=error, hint=hint)


def _nothing_there(row: SpooledRow) -> Outcome:
    """Nothing to delete or unlock is as it should be; nothing to lock is not."""
    if row.kind == "lock":
        return _outcome(row, Status.FAILED, row.contact_id, "not_found", "the dialler has no such contact")
    return _outcome(row, Status.SKIPPED, row.contact_id, error="the dialler has no such contact (any more)")
