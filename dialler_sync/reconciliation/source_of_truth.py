"""Read the dialler's side of a reconciliation by the cheapest way: one list, batch lookups, or single lookups."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from ..api.client import DiallerClient
from ..api.fatal import is_of_every_request
from ..api.query import calling, persisting
from ..errors import Misdirected, Refused
from ..pages import FIRST_KEYS, KEYS, batched
from ..plan.fill import fill
from ..text.phrase import figure, phrase
from .sides import Sides

_log = logging.getLogger(__name__)

MOST_BY_BATCH = 5_000
"""Most UserData for which batch lookups are quicker than listing a campaign of unknown size."""

MOST_SINGLE = 200
"""Most UserData for single lookups, used if this dialler has no batch lookup."""


@dataclass(frozen=True, slots=True)
class SourceOfTruth:
    """The way chosen (``list``, ``batch`` or ``single``), and the reason."""

    way: str
    why: str


async def read_dialler(client: DiallerClient, sides: Sides, campaign: int | None) -> SourceOfTruth:
    """Read the contacts of a campaign (None: of the account) into ``sides``, as few as its scope allows.

    Raises:
        RequestError, StopRun: the contacts could not be read completely.
    """
    keys = sides.count_keys()
    count = figure(keys)
    if sides.scope.extras:
        why = phrase("full contact list (needed to find contacts missing from the file)")
    elif keys <= MOST_BY_BATCH:
        try:
            await _by_batch(client, sides)
        except (Refused, Misdirected) as error:
            if is_of_every_request(error):
                raise
            _log.info(phrase("the batch lookup does not work here: {error}", error=error))
            if keys <= MOST_SINGLE:
                await _single(client, sides)
                return SourceOfTruth(
                    "single", phrase("{count} UserData; this dialler has no batch lookup", count=count)
                )
            why = phrase(
                "this dialler has no batch lookup, and {count} single lookups take longer than one list", count=count
            )
        else:
            why = phrase("only {count} UserData to look up; the full contact list is not needed", count=count)
            return SourceOfTruth("batch", why)
    else:
        why = phrase("one list is faster than {count} lookups", count=count)
    with calling(client, "list_contacts" if campaign is None else "list_campaign_contacts"):
        await persisting(client, lambda: fill(sides, client, campaign))
    return SourceOfTruth("list", why)


async def _by_batch(client: DiallerClient, sides: Sides) -> None:
    sides.clear()
    for page in client.several(sides.keys(), KEYS, FIRST_KEYS):
        sides.add(await persisting(client, lambda page=page: client.batch_contacts(user_data=page)))  # type: ignore[misc]
    sides.index()


async def _single(client: DiallerClient, sides: Sides) -> None:
    sides.clear()
    with calling(client, "find_contacts"):
        for page in client.paged(batched(sides.keys(), client.settings.concurrency)):
            looks = (persisting(client, lambda key=key: client.find_contacts(key)) for key in page)  # type: ignore[misc]
            for found in await asyncio.gather(*looks):
                sides.add([contact.values for contact in found])
    sides.index()
