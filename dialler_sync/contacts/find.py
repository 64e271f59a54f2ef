"""Look up named contacts: in batches, or one by one without a batch lookup."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..api.client import DiallerClient
from ..api.fatal import is_of_every_request
from ..api.query import calling, persisting
from ..api.wire import campaign_of, stored_contact
from ..errors import RequestError
from ..text.phrase import phrase
from .targets import Target, Targets

_log = logging.getLogger(__name__)

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """The dialler's records for a target; ``records`` is None if there is no such contact.

    ``error`` is the reason why the lookup failed.
    """

    target: Target
    records: Sequence[Record] | None = None
    error: RequestError | None = None


class Finder:
    """Looks up named contacts, many in one request if the dialler has the batch lookup, else one by one.

    ``campaign`` limits the result to its contacts. ``language`` is the languagesID for the dialler's texts; only the
    batch lookup supports it, so it is then used even for a single contact.
    """

    def __init__(self, client: DiallerClient, campaign: int | None = None, language: int | None = None) -> None:
        self._client = client
        self._campaign = campaign
        self._language = language
        self._has_batch = True

    async def find(self, targets: Sequence[Target]) -> list[Found]:
        """Return the contacts of each target; targets with a fault are not looked up.

        Raises:
            StopRun, Refused: no target can be looked up.
        """
        found = await self.in_batch(targets)
        return await each(self._client, targets, self._one) if found is None else found

    async def in_batch(self, targets: Sequence[Target]) -> list[Found] | None:
        """Return the same by the batch lookup; None if the dialler has none, or for a single contact."""
        if (len(targets) < 2 and self._language is None) or not self._has_batch:
            return None
        sound = [target for target in targets if target.fault is None]
        keys = list(dict.fromkeys(target.user_data for target in sound if not target.contact_id))
        ids = list(dict.fromkeys(target.contact_id for target in sound if target.contact_id))
        try:
            records = await self._client.batch_contacts(user_data=keys, ids=ids, language=self._language)
        except RequestError as error:
            if is_of_every_request(error):
                raise
            self._has_batch = False
            _log.info(
                phrase("the batch lookup does not work here ({error}): looking up contacts one by one", error=error)
            )
            return None
        by_name = self._by_name(records)
        return [Found(target, None if target.fault else by_name.get(_name(target))) for target in targets]

    def _by_name(self, records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
        by_name: dict[tuple[str, str], list[Record]] = {}
        for record in filter(self._counts, records):
            contact = stored_contact(record)
            by_name.setdefault(("ID", contact.id), []).append(record)
            by_name.setdefault(("UserData", contact.user_data), []).append(record)
        return by_name

    async def _one(self, target: Target) -> list[Record] | None:
        if target.contact_id:
            with calling(self._client, "get_contact"):
                contact = await self._client.get_contact(target.contact_id)
            found = [] if contact is None else [contact.values]
        else:
            with calling(self._client, "find_contacts"):
                found = [contact.values for contact in await self._client.find_contacts(target.user_data)]
        if not found and self._has_batch:  # another function, if there is one
            ids, keys = ([target.contact_id], []) if target.contact_id else ([], [target.user_data])
            with suppress(RequestError):
                return self._by_name(await self._client.batch_contacts(ids=ids, user_data=keys)).get(_name(target))
        return list(filter(self._counts, found)) or None

    def _counts(self, record: Record) -> bool:
        return self._campaign is None or campaign_of(record) == str(self._campaign)


def _name(target: Target) -> tuple[str, str]:
    return ("ID", target.contact_id) if target.contact_id else ("UserData", target.user_data)


async def each(
    client: DiallerClient, targets: Sequence[Target], one: Callable[[Target], Awaitable[list[Record] | None]]
) -> list[Found]:
    """Call ``one`` for each target, with the concurrency of the client's gate.

    Raises:
        StopRun, Refused: no target can be looked up.
    """

    async def found(target: Target) -> Found:
        if target.fault:
            return Found(target)
        try:
            return Found(target, await persisting(client, lambda: one(target)))
        except RequestError as error:
            if is_of_every_request(error, only_way=True):
                raise
            return Found(target, error=error)

    return await asyncio.gather(*map(found, targets))


def problems_of(targets: Targets, found: Found) -> Iterator[str]:
    """Yield a sentence on a target that names no contact, or none that could be read."""
    where = targets.where(found.target)
    who = f"{where}: {found.target}" if where else str(found.target)
    if fault := found.target.fault:
        yield f"{where}: {fault.message} {fault.hint}"
    elif found.error:
        yield f"{who}: {found.error}"
    elif found.records is None:
        yield phrase("{who}: not in the dialler", who=who)
