"""Check which facts of calls this dialler returns, by some contacts of the campaign."""

from __future__ import annotations

from contextlib import aclosing

from ..api.client import DiallerClient
from ..api.wire import stored_contact
from ..contacts.call_records import CALL_FACTS, Call, NotTold, records_of
from ..contacts.histories import Histories
from ..contacts.telling import told_of
from ..errors import RequestError, StopRun
from ..text.phrase import counted, phrase
from .check import Check, fine, warning

ENOUGH = 500
"""Most contacts of the list that are looked at."""

_ASKED = 50
"""Most contacts whose calls are asked for."""


async def check_calls(client: DiallerClient, campaign: int) -> Check:
    """Report which facts the records of calls have, and whether the list shows who was called."""
    try:
        called, others, tells = await _some(client, campaign)
        ids = (called + others)[:_ASKED]
        histories = (await Histories(client).of(ids))[0] if ids else {}
    except (RequestError, StopRun) as error:
        return warning(
            "calls",
            phrase("the calls of the campaign's contacts cannot be read: {why}", why=error),
            "see 'functions' below",
        )
    watch = NotTold()
    for history in histories.values():
        for record in records_of(history) or ():
            watch.watch(Call.read(record))
    if called:
        the_list = phrase("its list shows who was called")
    elif tells:
        the_list = phrase("its list shows no contact as called")
    else:
        the_list = phrase("its list does not show who was called, so the calls of all contacts are read")
    if not watch.calls:
        looked = counted(
            len(ids),
            "{count} contact was looked at, and has no calls yet",
            "{count} contacts were looked at, and have no calls yet",
        )
        return fine("calls", f"{looked}; {the_list}")
    told = ", ".join(fact for fact in CALL_FACTS if fact not in watch.facts)
    said = [counted(watch.calls, "{count} call has {facts}", "{count} calls have {facts}", facts=told)]
    said += [phrase("missing: {facts}", facts=", ".join(watch.facts))] if watch.facts else []
    return fine("calls", "; ".join((*said, the_list)))


async def _some(client: DiallerClient, campaign: int) -> tuple[list[str], list[str], bool]:
    """Return contacts that the list shows as called, others, and whether it has fields for that."""
    called: list[str] = []
    others: list[str] = []
    tells, looked_at = False, 0
    async with aclosing(client.list_contacts(campaign)) as records:
        async for record in records:
            contact = stored_contact(record)
            told = told_of(record)
            tells |= told.tells
            if contact.id:
                (called if told.called else others).append(contact.id)
            looked_at += 1
            if looked_at == ENOUGH:
                break
    return called, others, tells
