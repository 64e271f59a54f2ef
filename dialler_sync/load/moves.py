"""Watch rows whose key is also in other campaigns: does the dialler overwrite the intended contact?

API.md leaves open whether a dialler matches UserData across campaigns. If it does, it moves the contact to the row's
campaign; if not, it creates another contact, and two campaigns call one customer. So the first such row is sent while
no other one is, each is looked up afterwards, and the run stops after the first duplicate.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from ..api.client import DiallerClient
from ..api.retry import NOT_ABOUT_THE_ROW
from ..api.wire import StoredContact, campaign_of, stored_contact
from ..error_codes import CONTACT_CHANGED, ENDPOINT_MISSING, INTERRUPTED, POSSIBLE_DUPLICATE
from ..errors import MaybeDone, NotDone, Refused, SafetyLimit, StopRun
from ..journal import Outcome
from ..model import MOVE, UPDATE, SpooledRow, Status
from ..text.command_line import command
from ..text.forms import listed
from ..text.phrase import phrase
from .named import Named


def is_watched(row: SpooledRow) -> bool:
    """Whether other campaigns have contacts with the key of an imported row."""
    return bool(row.body) and (row.kind == MOVE or (bool(row.contact_id) and row.kind != UPDATE))


class Moves:
    """Checks watched rows. ``lookup`` finds a key; ``named`` has the contacts of other rows."""

    def __init__(self, client: DiallerClient, named: Named | None = None) -> None:
        self.lookup = Lookup(client)
        self._gate = client.gate
        self._proven: set[str] = set()  # kinds of rows
        self._turn = asyncio.Lock()
        self._named = named or Named(client.gate)

    @asynccontextmanager
    async def turn(self, row: SpooledRow) -> AsyncGenerator[bool]:
        """Wait for a row's turn; yield whether it must be settled before the next one of its kind is sent."""
        if not is_watched(row) or row.kind in self._proven:
            yield False
            return
        async with self._turn:
            yield row.kind not in self._proven

    async def checked(self, row: SpooledRow, outcome: Outcome) -> Outcome:
        """Return the outcome of a row; ``unknown`` after a duplicate or a wrongly overwritten contact.

        Either stops the run, and so does a contact that the dialler has named for another row, too: one of the two has
        overwritten the other. An update whose contact somebody has deleted since the run looked does not.
        """
        outcome = self._named.checked(row, outcome)
        if row.kind == UPDATE and outcome.status is Status.SUCCEEDED:
            return await self._updated(row, outcome)
        if not is_watched(row) or outcome.status is not Status.SUCCEEDED:
            return outcome
        meant = outcome.contact_id == row.contact_id
        if row.kind != MOVE:
            if meant or not outcome.contact_id:
                self._proven.add(row.kind)
                return outcome
            told = phrase(
                "several campaigns have a contact with this UserData: contact {changed} was changed, not contact "
                "{meant}",
                changed=outcome.contact_id,
                meant=row.contact_id,
            )
            return self._doubled(outcome, told)
        try:
            found = await self.lookup.find(row.user_data)
        except StopRun:
            why = phrase("the run ended before it could check whether the contact is still in its old campaign, too")
            return outcome._replace(status=Status.UNKNOWN, error_code=INTERRUPTED, error=why)
        if (found and len(found) == 1) or (not found and meant):
            self._proven.add(row.kind)
            return outcome if outcome.contact_id or not found else outcome._replace(contact_id=found[0].id)
        if not found:
            return self._doubled(outcome, phrase("cannot check whether the contact is still in its old campaign, too"))
        there = listed([_where(contact) for contact in found])
        return self._doubled(
            outcome,
            phrase("the contact was not moved from its old campaign, but created again: {contacts}", contacts=there),
        )

    async def _updated(self, row: SpooledRow, outcome: Outcome) -> Outcome:
        """Return the outcome of a row that must not create a contact."""
        if outcome.contact_id in ("", row.contact_id):
            return outcome
        ids = {"made": outcome.contact_id, "meant": row.contact_id}
        try:
            found = await self.lookup.find(row.user_data)
        except StopRun:
            found = None
        if found is None or row.contact_id in {contact.id for contact in found}:
            return self._doubled(
                outcome,
                phrase(
                    "rows.mode is update, but contact {made} was created or overwritten, not contact {meant}", **ids
                ),
            )
        why = phrase(
            "contact {made} was created or overwritten, not contact {meant}, which somebody has deleted since the run "
            "looked it up (rows.mode: update)",
            **ids,
        )
        return outcome._replace(status=Status.UNKNOWN, error_code=CONTACT_CHANGED, error=why)

    def _doubled(self, outcome: Outcome, why: str) -> Outcome:
        self._gate.stop(
            SafetyLimit(
                phrase(
                    "{why}. Both contacts may be called. Delete the surplus one by its ID "
                    "('{command} --id ID'), or undo the run. Then leave contacts of other "
                    "campaigns out of the file, or import them into their own campaign",
                    why=why,
                    command=command("contacts", "delete"),
                )
            )
        )
        return outcome._replace(status=Status.UNKNOWN, error_code=POSSIBLE_DUPLICATE, error=why)


def _where(contact: StoredContact) -> str:
    campaign = campaign_of(contact.values)
    if not campaign:
        return phrase("contact {contact}", contact=contact.id)
    return phrase("contact {contact} in campaign {campaign}", contact=contact.id, campaign=campaign)


class Lookup:
    """Looks up a key, by whichever function the dialler has."""

    def __init__(self, client: DiallerClient) -> None:
        self._client = client
        self._functions = [self._by_key, self._in_batch]

    @property
    def possible(self) -> bool:
        """Whether the dialler has a lookup function, as far as is known."""
        return bool(self._functions)

    async def find(self, user_data: str, *, patient: bool = True) -> list[StoredContact] | None:
        """Return the contacts; None if they cannot be determined. ``patient``: wait while the dialler is unreachable.

        Raises:
            StopRun: the run has been stopped.
        """
        for function in tuple(self._functions):
            try:
                return await self._call(function, user_data, patient=patient)
            except Refused as error:
                if error.code == ENDPOINT_MISSING and function in self._functions:
                    self._functions.remove(function)
            except (NotDone, MaybeDone):
                return None
        return None

    async def _call(
        self, function: Callable[[str], Awaitable[list[StoredContact]]], user_data: str, *, patient: bool
    ) -> list[StoredContact]:
        while True:
            started = self._client.gate.clock()
            try:
                return await function(user_data)
            except (NotDone, MaybeDone) as error:
                is_away = error.code in NOT_ABOUT_THE_ROW and self._client.gate.last_success < started
                if not (patient and is_away):
                    raise

    async def _by_key(self, user_data: str) -> list[StoredContact]:
        return await self._client.find_contacts(user_data, proof=True)

    async def _in_batch(self, user_data: str) -> list[StoredContact]:
        found = map(stored_contact, await self._client.batch_contacts(user_data=[user_data]))
        return [contact for contact in found if contact.user_data == user_data]
