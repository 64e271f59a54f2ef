"""Ask the dialler for calls: those of named contacts, or of a campaign's. Contacts whose record in the list shows that
they have no new calls are not asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from ..api.client import DiallerClient
from ..api.query import calling
from ..api.wire import HISTORY, stored_contact
from ..contacts.find import Finder, problems_of
from ..contacts.histories import AT_ONCE, Histories
from ..contacts.record_file import RecordFile
from ..contacts.targets import Targets
from ..contacts.telling import Choice, Told, kept, told_of
from ..journal.calls import CONTACT, CallNotes
from ..pages import RECORDS, batched
from ..text.phrase import phrase
from .collect import History, Taker
from .findings import Findings
from .seen import Seen

_log = logging.getLogger(__name__)

Record = Mapping[str, Any]
Progress = Callable[[int], None]
Listed = Callable[[Record], object]
"""Gets each contact's record."""

PROBE = 200
"""Contacts looked up though the list shows no calls of theirs, to notice a list that does not show calls."""


class OfCampaign:
    """Asks for the calls of a campaign, or of the account."""

    def __init__(
        self,
        client: DiallerClient,
        collector: Taker,
        found: Findings,
        choice: Choice,
        notes: CallNotes | None,
        language: int | None,
        listed: Listed,
    ) -> None:
        self._client = client
        self._listed = listed
        self._collector = collector
        self._found = found
        self._choice = choice
        self._notes = notes
        self._histories = Histories(client, language)
        self._left_out = 0
        self._probe: list[tuple[Record, Told]] = []
        self._random = Random(notes.looked_at() if notes else "")  # noqa: S311 - a sample, other contacts each night
        self._surprises = 0
        self._held = {str(line.get("ContactID")) for _, line in notes.going_on()} if notes else set()
        self.saved = 0

    async def ask(self, campaign_id: int | None, folder: Path, progress: Progress) -> None:
        """Read the list, and ask for the calls of the contacts that may have some.

        Raises:
            RequestError, StopRun: the list or some calls could not be read.
        """
        with RecordFile(folder) as contacts:
            await self._list(campaign_id, contacts, progress)
            self._found.contacts = len(contacts)
            await self._ask(self._chosen(contacts), progress)
            if self._list_does_not_tell():
                await self._ask(self._chosen(contacts, again=True), progress)
            self._collector.rest(contacts)
        self._found.unasked += self._histories.unasked
        size = RECORDS if self._histories.has_batch else 1
        self.saved = -(-self._found.contacts // size) + (-self._found.asked // size)

    async def _list(self, campaign_id: int | None, into: RecordFile, progress: Progress) -> None:
        async def once() -> None:
            into.clear()
            self._found.contacts_twice = self._found.without_id = 0
            seen = Seen()
            try:
                with calling(self._client, "list_contacts" if campaign_id is None else "list_campaign_contacts"):
                    async for record in self._client.list_contacts(campaign_id):
                        contact = stored_contact(record)
                        if not contact.id:
                            self._found.without_id += 1
                            continue
                        if seen.add(contact.id) is not None:
                            self._found.contacts_twice += 1
                            continue
                        told = told_of(record)
                        self._listed(record)
                        self._choice.some_called |= told.called
                        into.add(kept(record) | {"_told": (*told,)})
                        progress(1)
            finally:
                seen.close()

        await self._client.repeating(once, long=True)

    def _chosen(self, contacts: RecordFile, *, again: bool = False) -> Iterator[list[tuple[Record, Told]]]:
        """Yield the contacts to ask, a page at a time; ``again``: those that were left out the first time."""
        page: list[tuple[Record, Told]] = []
        probed = {contact["ID"] for contact, _ in self._probe}
        for some in batched(contacts, RECORDS):
            marks = self._notes.known(CONTACT, [each["ID"] for each in some]) if self._notes else {}
            for contact in some:
                told = Told(*contact["_told"])
                known = marks.get(contact["ID"])
                wanted = self._choice.may_have_new(told, known.value if known else None)
                wanted |= str(contact["ID"]) in self._held
                no_sign = told.tells and not told.called
                if (no_sign and contact["ID"] not in probed) if again else wanted:
                    page.append((contact, told))
                elif no_sign and not again:
                    self._sample((contact, told))
                if len(page) == RECORDS:
                    yield page
                    page = []
        room = RECORDS - len(page)
        if again or not self._histories.has_batch:
            self._probe = []
        self._probe = self._probe[:room]
        if page or self._probe:
            yield page + self._probe

    def _sample(self, contact: tuple[Record, Told]) -> None:
        """Keep an even sample of the contacts that are left out."""
        self._left_out += 1
        if len(self._probe) < PROBE:
            self._probe.append(contact)
        elif (place := self._random.randrange(self._left_out)) < PROBE:
            self._probe[place] = contact

    async def _ask(self, pages: Iterator[list[tuple[Record, Told]]], progress: Progress) -> None:
        for several in self._client.several(pages, AT_ONCE):
            answers = await asyncio.gather(*(self._histories.of([c["ID"] for c, _ in page]) for page in several))
            for page, (known, records) in zip(several, answers, strict=True):
                now = {stored_contact(record).id: record for record in records}
                found = [
                    History({**contact, **now.get(contact["ID"], {})}, known.get(contact["ID"]), told.mark, told.last)
                    for contact, told in page
                ]
                self._found.asked += len(found)
                self._collector.take(found)
                self._surprises += sum(
                    bool(known.get(contact["ID"])) and told.tells and not told.called for contact, told in page
                )
                progress(len(page))

    def _list_does_not_tell(self) -> bool:
        """Whether the list hides calls, so that all contacts must be asked."""
        if self._surprises and self._left_out and self._choice.some_called:
            _log.warning(
                phrase(
                    "The dialler's list shows no calls for contacts that have some: reading the calls of all contacts"
                )
            )
            return True
        return False


async def of_named(
    client: DiallerClient,
    targets: Targets,
    campaign_id: int | None,
    collector: Taker,
    found: Findings,
    language: int | None,
    progress: Progress,
    listed: Listed,
) -> None:
    """Ask for the calls of the contacts that a file names.

    Raises:
        RequestError, StopRun: no contact can be looked up.
    """
    finder, histories = Finder(client, campaign_id, language), Histories(client, language)
    seen = Seen()
    try:
        for page in client.paged(targets.pages()):
            fresh = [each for each in page if each.fault or seen.add(str(each)) is None]
            answers = await finder.find(fresh)
            records = [record for answer in answers for record in answer.records or ()]
            for answer in answers:
                found.problems += problems_of(targets, answer)
            for record in records:
                listed(record)
            ids = [stored_contact(record).id for record in records if HISTORY not in record]
            known, now = (await histories.of(ids)) if ids else ({}, [])
            texts = {stored_contact(record).id: record for record in now}
            collector.take([_history(record, known, texts) for record in records])
            found.contacts += len(records)
            found.asked += len(records)
            progress(len(page))
        found.unasked += histories.unasked
    finally:
        seen.close()


def _history(record: Record, known: Mapping[str, Any], now: Mapping[str, Record]) -> History:
    contact_id = stored_contact(record).id
    history = record[HISTORY] if HISTORY in record else known.get(contact_id)
    return History({**record, **now.get(contact_id, {})}, history)
