"""Read from the dialler: contacts of the account or of a campaign, named contacts, their calls, and campaigns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..api.client import DiallerClient
from ..api.query import calling, query, resolve_campaign
from ..api.retry import unreadable
from ..api.wire import CAMPAIGN_NAME, HISTORY, RESULT_CODE, campaign_of, stored_contact
from ..config import Settings
from ..error_codes import NOT_FOUND, UNREADABLE
from ..errors import MaybeDone, NotDone, Refused
from ..fields import PHONE_FIELDS
from ..own_columns import CALL_COLUMNS
from ..pages import RECORDS, batched
from ..text.phrase import phrase
from .call_records import CALL_FACTS, Call, NotTold, Spoken, each_once, reached_of, records_of
from .find import Finder, Found, Record, each, problems_of
from .histories import Histories
from .record_file import RecordFile
from .targets import Target, Targets

_log = logging.getLogger(__name__)

Progress = Callable[[int], None]

HISTORY_COLUMNS = ("DiallerContactsID", "UserData", *CALL_FACTS)
"""First columns of a list of calls."""


def list_contacts(
    settings: Settings, campaign: str | None, into: RecordFile, progress: Progress, *, with_names: bool = False
) -> None:
    """Read all contacts of the account, or of the campaign of this ID or name, into ``into``.

    A list that breaks off is read again from the start, so that ``into`` is always the whole list. ``with_names`` adds
    the campaign's name to records that have only its ID.

    Raises:
        StopRun: the list could not be read completely.
    """

    async def question(client: DiallerClient) -> None:
        campaign_id = None if campaign is None else await resolve_campaign(client, campaign)
        names = {}
        if with_names:
            with calling(client, "list_campaigns"):
                names = {str(each.get("ID")): each.get("Name") for each in await client.list_campaigns()}

        async def once() -> None:
            into.clear()
            with calling(client, "list_contacts" if campaign_id is None else "list_campaign_contacts"):
                async for record in client.list_contacts(campaign_id):
                    name = names.get(campaign_of(record)) if not record.get(CAMPAIGN_NAME) else None
                    into.add({**record, CAMPAIGN_NAME: name} if name else record)
                    progress(1)

        await client.repeating(once, long=True)

    query(settings, question)


def get_contacts(
    settings: Settings, targets: Targets, campaign: str | None, into: RecordFile, progress: Progress
) -> list[str]:
    """Read the contacts that are named, in the order of the targets; return a sentence for each one missing.

    Raises:
        StopRun: the dialler does not answer, or refuses.
    """

    async def question(client: DiallerClient) -> list[str]:
        finder = Finder(client, None if campaign is None else await resolve_campaign(client, campaign))
        problems: list[str] = []
        for page in client.paged(targets.pages()):
            for found in await finder.find(page):
                for record in found.records or ():
                    into.add(record)
                problems += problems_of(targets, found)
            progress(len(page))
        return problems

    return query(settings, question)


def read_history(
    settings: Settings, targets: Targets, into: RecordFile, progress: Progress, language: int | None = None
) -> tuple[list[str], NotTold]:
    """Read the calls of the contacts that are named, one record per call.

    Returns a sentence for each missing contact, and the facts that the records lack. Each record begins with
    ``HISTORY_COLUMNS``, followed by the fields of the dialler's record, flattened with dots. ``language`` is the
    languagesID for the dialler's texts.

    Raises:
        StopRun: the dialler does not answer, refuses, or has no such function.
    """

    async def question(client: DiallerClient) -> tuple[list[str], NotTold]:
        finder = Finder(client, language=language)
        calls = NamedCalls(client, Spoken(language))
        problems: list[str] = []
        for page in client.paged(targets.pages()):
            batch = await finder.in_batch(page)
            if batch is None:
                histories = await each(client, page, calls.one)
            else:
                histories = [await calls.of_batch(found) for found in batch]
            for history in histories:
                for call in history.records or ():
                    into.add(call)
                problems += problems_of(targets, history)
            progress(len(page))
        return problems, calls.not_told

    return query(settings, question)


def list_campaigns(settings: Settings) -> list[Record]:
    """Return all campaigns of the account.

    Raises:
        StopRun: the dialler does not answer, or refuses.
    """

    async def question(client: DiallerClient) -> list[Record]:
        with calling(client, "list_campaigns"):
            return await client.list_campaigns()

    return query(settings, question)


def add_results(settings: Settings, contacts: RecordFile, into: RecordFile, progress: Any) -> None:
    """Copy contacts into ``into``, with ``CALL_COLUMNS`` before the fields of their records.

    Raises:
        StopRun: the dialler does not answer, refuses, or gives no calls.
    """

    async def question(client: DiallerClient) -> None:
        histories = Histories(client)
        for page in client.paged(batched(contacts, RECORDS)):
            ids = [contact_id for record in page if (contact_id := stored_contact(record).id)]
            known, records = await histories.of(ids)
            now = {stored_contact(record).id: record.get(RESULT_CODE) for record in records}
            for line in _lines(page, known, now):
                into.add(line)
            progress(len(page))

    query(settings, question)


def _lines(page: Sequence[Record], known: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Record]:
    for record in page:
        contact_id = stored_contact(record).id
        if not contact_id:  # its calls are not known
            yield dict.fromkeys(CALL_COLUMNS) | dict(record)
            continue
        found = records_of(known.get(contact_id))
        if found is None:
            raise MaybeDone(UNREADABLE, phrase("the history of contact {id} is not a list of calls", id=contact_id))
        numbers = [str(record.get(name) or "") for name in PHONE_FIELDS]
        calls = each_once(Call.read(each, numbers) for each in found)
        last = max(calls, key=lambda call: call.when, default=None)
        current = Call.read({RESULT_CODE: now.get(contact_id)})
        code = current.result_code or (last.result_code if last else "")
        done = current.done if current.done is not None else last.done if last else None
        told = (len(calls), last.when if last else None, code or None, reached_of(calls) if calls else False, done)
        yield dict(zip(CALL_COLUMNS, told, strict=True)) | dict(record)


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
            if given is ... and not stored_contact(record).id:
                error = unreadable(phrase("the dialler does not give the ID of this contact"))
                return Found(found.target, error=error)
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
