"""Fills a snapshot: reads contacts from the dialler, by keys or as a whole list."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from typing import Any

from ..api.client import DiallerClient
from ..errors import Misdirected, RequestError
from ..pages import FIRST_KEYS, KEYS, RECORDS, batched
from ..text.phrase import phrase
from .snapshot import Snapshot

_log = logging.getLogger(__name__)

_NO_BATCH = frozenset({400, 403, 404, 405, 413, 414, 415, 500, 501})
"""HTTP statuses of a server (or proxy) without a usable batch lookup."""

MOST_SINGLE = 200
"""Most keys looked up one by one in other campaigns, without a batch lookup."""


async def _in_pages(
    records: AsyncIterable[Mapping[str, Any]], add: Callable[[Sequence[Mapping[str, Any]]], None]
) -> None:
    page: list[Mapping[str, Any]] = []
    async for record in records:
        page.append(record)
        if len(page) >= RECORDS:
            add(page)
            page.clear()
    add(page)


async def fill(snapshot: Snapshot, client: DiallerClient, campaign: int | None) -> None:
    """Read all contacts of a campaign (None: of the account); a list that breaks off is read again from the start.

    Raises:
        RequestError: the list could not be read completely.
    """

    async def once() -> None:
        snapshot.clear()
        await _in_pages(client.list_contacts(campaign, others=lambda other: snapshot.add_beside([other])), snapshot.add)

    await client.repeating(once, long=True)
    snapshot.index()
    snapshot.whole = True


async def read_campaign(client: DiallerClient, campaign: int | None, wanted: frozenset[str] = frozenset()) -> Snapshot:
    """Return all contacts of a campaign (None: of the account).

    Raises:
        RequestError: the list could not be read completely.
    """
    snapshot = Snapshot(wanted)
    try:
        await fill(snapshot, client, campaign)
    except BaseException:
        snapshot.close()
        raise
    return snapshot


async def read_contacts(
    client: DiallerClient, keys: Sequence[str], campaign: int | None, wanted: frozenset[str] = frozenset()
) -> Snapshot:
    """Return the contacts of these keys by batch lookups; without a usable one, the whole campaign.

    Raises:
        RequestError: the dialler does not answer.
    """
    snapshot = Snapshot(wanted)
    try:
        for page in client.several(keys, KEYS, FIRST_KEYS):
            records = await client.batch_contacts(user_data=page)
            snapshot.add(records)
            snapshot.note_alike(page, records)
        snapshot.index()
    except BaseException as error:
        snapshot.close()
        if isinstance(error, RequestError) and (isinstance(error, Misdirected) or error.http_status in _NO_BATCH):
            return await read_campaign(client, campaign, wanted)
        raise
    return snapshot


async def read_calls(snapshot: Snapshot, client: DiallerClient) -> None:
    """Add calls and results to the contacts, if the dialler has a batch lookup.

    Raises:
        RequestError: the dialler does not answer.
    """
    try:
        for page in client.several(snapshot.ids(), KEYS, FIRST_KEYS):
            snapshot.renew(await client.batch_contacts(ids=page))
    except RequestError as error:
        if error.http_status not in _NO_BATCH and not isinstance(error, Misdirected):
            raise


async def look_beside(snapshot: Snapshot, client: DiallerClient, keys: Iterable[str]) -> bool:
    """Look up keys that the campaign lacks in other campaigns, as an import may move their contacts.

    Without a batch lookup, a few keys are looked up one by one; for more, the account is read, and False returned.
    """
    if not (asked := await _looked_up(snapshot, client, keys)):
        await read_account(snapshot, client)
    return asked


async def look_alike(snapshot: Snapshot, client: DiallerClient, keys: Iterable[str]) -> None:
    """Ask for keys that no listed contact carries, but one carries in another spelling: the dialler may not tell them
    apart. Where it cannot be asked, it does not."""
    for page in batched(keys, KEYS):
        spelt = snapshot.spelt_otherwise(page)
        if spelt and not await _looked_up(snapshot, client, spelt):
            snapshot.note_alike((), ({"UserData": name} for names in spelt.values() for name in names))


async def _looked_up(snapshot: Snapshot, client: DiallerClient, keys: Iterable[str]) -> bool:
    """Look up the unknown ones of these keys; return False if that fails."""
    page: list[str] = []
    try:
        for page in client.several(snapshot.unknown(keys), KEYS, FIRST_KEYS):
            records = await client.batch_contacts(user_data=page)
            snapshot.add_beside(records)
            snapshot.note_alike(page, records)
    except RequestError:
        return await _one_by_one(snapshot, client, page)
    return True


async def _one_by_one(snapshot: Snapshot, client: DiallerClient, keys: Sequence[str]) -> bool:
    """Look up these keys one by one; return False if they are too many or a lookup fails."""
    if len(keys) > MOST_SINGLE:
        return False
    for page in client.paged(batched(keys, client.settings.concurrency)):
        looks = await asyncio.gather(*map(client.find_alike, page), return_exceptions=True)
        for found in looks:
            if isinstance(found, RequestError):
                return False
            if isinstance(found, BaseException):
                raise found
            records = [contact.values for contact in found]
            snapshot.add_beside(records)
            snapshot.note_alike(page, records)
    return True


async def read_account(snapshot: Snapshot, client: DiallerClient) -> None:
    """Read the contacts of all campaigns, and store those of others. A failure sets ``may_move``, with a warning."""

    async def once() -> None:
        snapshot.clear_beside()
        await _in_pages(client.list_contacts(), snapshot.add_beside)
        snapshot.drop_from_beside()

    try:
        await client.repeating(once, long=True)
    except RequestError as error:
        snapshot.clear_beside()
        snapshot.may_move = True
        _log.warning(
            phrase(
                "contacts of other campaigns cannot be read ({error}): it is not known whether a row creates a "
                "contact or moves one, and undo leaves those contacts alone",
                error=error,
            ),
        )
