"""Read from the dialler: contacts of the account or of a campaign, named contacts, their calls, and campaigns."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..api.client import DiallerClient
from ..api.query import calling, query, resolve_campaign
from ..api.retry import repeating
from ..api.wire import CAMPAIGN_NAME, campaign_of
from ..config import Settings
from .call_records import CALL_FACTS, NotTold, Spoken
from .find import Finder, Record, each, problems_of
from .named_calls import NamedCalls
from .record_file import RecordFile
from .targets import Targets

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

        await repeating(once, retries=client.settings.retries, sleep=client.gate.rest)

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
        for page in targets.pages():
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
        for page in targets.pages():
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
