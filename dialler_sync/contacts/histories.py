"""Ask the dialler for the calls of many contacts: in batches, or one by one without a batch lookup."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from ..api.client import DiallerClient, Records
from ..api.fatal import is_of_every_request
from ..api.query import calling, persisting
from ..api.wire import HISTORY, stored_contact
from ..error_codes import NOT_FOUND
from ..errors import Misdirected, Refused
from ..text.phrase import phrase
from .call_records import Spoken

AT_ONCE = 4
"""Batch lookups in flight; each answer is megabytes."""

_log = logging.getLogger(__name__)


class Histories:
    """Asks for the calls of contacts, a page at a time.

    ``asked`` says how, in words; ``language`` is the languagesID for the dialler's texts, which only batches support.
    ``unasked`` counts records of contacts that nobody asked for.
    """

    def __init__(self, client: DiallerClient, language: int | None = None) -> None:
        self._client = client
        self._spoken = Spoken(language)
        self.has_batch = True
        self.asked = phrase("batch lookups")
        self.unasked = 0

    async def of(self, ids: Sequence[str]) -> tuple[dict[str, Any], Records]:
        """Return contact → its history, None for a contact that is gone; and the records of the batch lookup.

        Raises:
            RequestError, StopRun: the dialler refuses, cannot be reached, or has no such function.
        """
        records = await self._records([contact_id for contact_id in ids if contact_id.isdecimal()])
        told = {stored_contact(record).id: record for record in records or ()}
        known = {contact_id: record[HISTORY] for contact_id, record in told.items() if HISTORY in record}
        if records is not None:
            known |= dict.fromkeys(each for each in ids if each.isdecimal() and each not in told)
        left = [contact_id for contact_id in ids if contact_id not in known]
        if left:
            known |= zip(left, await asyncio.gather(*map(self._by_id, left)), strict=True)
        return known, list(told.values())

    async def _records(self, ids: Sequence[str]) -> Records | None:
        """Return the records of these contacts; None without a batch lookup."""
        if not self.has_batch or not ids:
            return None if ids else []
        wanted = dict.fromkeys(ids)
        records = await self._batch(list(wanted))
        if records is None:
            return None
        brought = {stored_contact(record).id: record for record in records}
        self.unasked += len(brought.keys() - wanted.keys())
        return [record for contact_id, record in brought.items() if contact_id in wanted]

    async def _batch(self, ids: Sequence[str]) -> Records | None:
        try:
            return await persisting(
                self._client, lambda: self._client.batch_contacts(ids=ids, language=self._spoken.language)
            )
        except (Refused, Misdirected) as error:
            if is_of_every_request(error):
                raise
            self.has_batch, self.asked = (
                False,
                phrase("one by one, as the batch lookup does not work here ({error})", error=error),
            )
            _log.info(phrase("the batch lookup does not work here ({error}): calls are read one by one", error=error))
            return None

    async def _by_id(self, contact_id: str) -> Any:
        self._spoken.note_one_by_one()
        with calling(self._client, "history_by_id"):
            try:
                return await persisting(self._client, lambda: self._client.history_by_id(contact_id))
            except Refused as error:
                if error.code != NOT_FOUND:
                    raise
                return None
