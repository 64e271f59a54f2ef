"""Make contacts again that a run has deleted, and lock those that were locked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ..api.client import DiallerClient
from ..api.query import persisting
from ..api.wire import StoredContact, differences
from ..error_codes import INTERRUPTED, NOT_FOUND
from ..errors import Doubt, MaybeDone, NotDone, Refused, RequestError, SafetyLimit, StopRun
from ..journal import Outcome
from ..model import Action, SpooledRow, Status
from ..text.phrase import phrase
from .put_back import done, failed
from .recorder import Recorder


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes contacts again, from their fields ``before``. ``overwrite``: no contact carries the key, so that a repeat
    would be harmless; one of another campaign must not be overwritten.

    ``turn`` is held by one of those that are to be locked at a time: one that cannot be locked can be called.
    """

    client: DiallerClient
    recorder: Recorder
    turn: asyncio.Lock

    async def make(self, row: SpooledRow, before: Mapping[str, Any], *, overwrite: bool) -> Outcome:
        """Make a contact that was not locked."""
        contact = await self._created(row, before, overwrite=overwrite)
        return done(row, Action.CREATE, contact_id=contact.id, error=_made())

    async def make_locked(
        self, row: SpooledRow, before: Mapping[str, Any], *, there: StoredContact | None, overwrite: bool
    ) -> Outcome:
        """Make a contact and lock it; only lock it if it is ``there`` again. The first that stays unlocked stops the
        run."""
        why = phrase("the dialler has this contact again, and it is locked now") if there else _made()
        async with self.turn:
            if self.client.gate.stopped:
                raise self.client.gate.stopped
            try:
                there = there or await self._created(row, before, overwrite=overwrite)
                locked = await self.client.lock_by_id(there.id)
            except (RequestError, StopRun) as error:
                if there is None and not isinstance(error, MaybeDone):
                    raise
                code, unsure = getattr(error, "code", INTERRUPTED), isinstance(error, MaybeDone)
                return self._not_locked(row, there, code, str(error), unsure=unsure)
            if not locked:
                return self._not_locked(row, there, NOT_FOUND, phrase("the dialler does not find it"))
        return done(row, Action.CREATE, contact_id=there.id, error=why)

    async def _created(self, row: SpooledRow, before: Mapping[str, Any], *, overwrite: bool) -> StoredContact:
        """Make a contact; where the answer does not tell its ID, it is looked up, and may stay without one."""
        contact = StoredContact("", "", {})
        if not row.user_data:  # a second time would make another one
            await self.recorder.intend(row.seq, None)
        with Doubt() as doubt:
            try:
                contact = await imported(self.client, row, orjson.dumps(before), overwrite=overwrite)
            except MaybeDone as error:
                doubt.error = error
            except (NotDone, Refused, StopRun):
                if not row.user_data:
                    self.recorder.take_back(row.seq)
                raise
            if contact.id:
                return contact
            found = await alike(self.client, row.user_data, before)
            if doubt.error and len(found) != 1:
                raise doubt.error
            return found[0] if len(found) == 1 else contact

    def _not_locked(
        self, row: SpooledRow, contact: StoredContact | None, code: str, why: str, *, unsure: bool = False
    ) -> Outcome:
        """Stop the run, so that no other contact is made that can be called; return the outcome. ``contact``: None if
        it may be there. ``unsure``: it may be locked."""
        told = phrase("the contact may be there again, but not locked, as it was: {why}", why=why)
        if contact and unsure:
            told = phrase("contact {id} is there again, perhaps not locked, as it was: {why}", id=contact.id, why=why)
        elif contact:
            told = phrase("contact {id} is there again, but not locked, as it was: {why}", id=contact.id, why=why)
        again = phrase("{told}. Lock it by hand, or give the undo again", told=told)
        keyless = phrase("{told}. Look for it in the dialler, and lock it by hand", told=told)
        self.client.gate.stop(SafetyLimit(again if row.user_data else keyless))
        outcome = failed(row, Action.CREATE, code, told)._replace(contact_id=contact.id if contact else row.contact_id)
        # Without UserData, a second undo would not find it, and make another one.
        return outcome if contact and row.user_data and not unsure else outcome._replace(status=Status.UNKNOWN)


def _made() -> str:
    return phrase("created again; its call history is lost")


async def alike(client: DiallerClient, user_data: str, before: Mapping[str, Any]) -> list[StoredContact]:
    """Return the contacts of a UserData that equal the before-image; none if that is unknown."""
    try:
        found = await client.find_contacts(user_data) if user_data else []
    except RequestError:
        return []
    return [contact for contact in found if not differences(before, contact.values)]


async def imported(client: DiallerClient, row: SpooledRow, body: bytes, *, overwrite: bool) -> StoredContact:
    """Send a contact as it was; again where it was certainly not done."""
    return await persisting(
        client, lambda: client.import_contact(body, overwrite=overwrite, user_data=row.user_data), repeatable=False
    )
