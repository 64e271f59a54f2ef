"""Read the calls of named contacts, one record per call."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ..api.client import DiallerClient
from ..api.query import calling
from ..api.retry import unreadable
from ..api.wire import HISTORY, stored_contact
from ..error_codes import NOT_FOUND
from ..errors import MaybeDone, NotDone, Refused
from ..fields import PHONE_FIELDS
from ..text.phrase import phrase
from .call_records import Call, NotTold, Spoken, records_of
from .find import Found, Record
from .targets import Target


class NamedCalls:
    """The calls of contacts; None for a contact that does not exist."""

    def __init__(self, client: DiallerClient, spoken: Spoken) -> None:
        self._client = client
        self._spoken = spoken
        self.not_told = NotTold()

    async def one(self, target: Target) -> list[Record] | None:
        """Fetch the calls by the functions for one contact."""
        if target.contact_id:
            with calling(self._client, "get_contact"):
                contact = await self._client.get_contact(target.contact_id)
            return None if contact is None else await self._by_id({"ID": target.contact_id, **contact.values})
        self._spoken.note_one_by_one()
        try:
            with calling(self._client, "history_by_user_data"):
                calls = await self._client.history_by_user_data(target.user_data)
        except Refused as error:
            if error.code == NOT_FOUND:
                return None
            raise
        return self._calls_of(await self._carrier(target.user_data, calls), calls)

    async def _carrier(self, user_data: str, calls: Sequence[Record]) -> Record:
        """Return the contact of these calls: the only one with this UserData, if the records do not name it."""
        if not all(Call.read(record).contact_id for record in calls):
            with suppress(Refused, NotDone, MaybeDone):
                found = await self._client.find_contacts(user_data)
                if len(found) == 1:
                    return {**found[0].values, "UserData": user_data}
        return {"UserData": user_data}

    async def of_batch(self, found: Found) -> Found:
        """Return the calls from the batch lookup's record; if it has none, fetch them one by one."""
        if found.records is None:
            return found
        calls: list[Record] = []
        for record in found.records:
            given = record.get(HISTORY, ...)
            if given is ...:
                calls += await self._by_id(record)
                continue
            records = records_of(given)
            if records is None:
                error = unreadable(
                    phrase("{field} of contact {id} is not a list of calls", field=HISTORY, id=record.get("ID"))
                )
                return Found(found.target, error=error)
            calls += self._calls_of(record, records)
        return Found(found.target, calls)

    async def _by_id(self, record: Record) -> list[Record]:
        self._spoken.note_one_by_one()
        with calling(self._client, "history_by_id"):
            calls = await self._client.history_by_id(stored_contact(record).id)
        return self._calls_of(record, calls)

    def _calls_of(self, contact: Record, records: Sequence[Record]) -> list[Record]:
        """Return the calls of a contact, without repeated records of a call."""
        calls: dict[object, Record] = {}
        for place, record in enumerate(records):
            call = self._call(contact, record)
            calls.setdefault((call["CallID"], str(record)) if call["CallID"] else place, call)
        return list(calls.values())

    def _call(self, contact: Record, record: Record) -> Record:
        """Return one call of a contact. Its ``UserData`` is enough; the record may supply its ID."""
        call = Call.read(record, [str(contact.get(name) or "") for name in PHONE_FIELDS])
        self.not_told.watch(call)
        contact_id: str | int = stored_contact(contact).id or call.contact_id
        if isinstance(contact_id, str) and contact_id.isdecimal() and len(contact_id) < 19:
            contact_id = int(contact_id)
        named = {"DiallerContactsID": contact_id, "UserData": contact.get("UserData") or call.user_data}
        return named | {name: value for name, value in call.columns().items() if name not in named}
