"""Doubled contacts of a run that could not keep other runs out, or that creates beside existing contacts.

They are looked up after the run, and reported.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

from ..api.client import DiallerClient
from ..api.wire import StoredContact, campaign_of
from ..error_codes import POSSIBLE_DUPLICATE
from ..errors import RequestError
from ..journal import Journal, JournalRow, Outcome, RunRecord
from ..model import Action, Status
from ..pages import KEYS, batched
from ..plan.fill import read_contacts
from ..plan.snapshot import Snapshot
from ..target import split
from ..text.phrase import counted, phrase

_log = logging.getLogger(__name__)

_MADE = (Action.CREATE, Action.IMPORT)


async def tell_doubles(client: DiallerClient, journal: Journal, run: RunRecord) -> int:
    """Look up the contacts that a run has made, and settle those that are there more than once as ``unknown``,
    ``possible_duplicate``; gives their number.
    """
    number = split(run.target)[1]
    campaign = int(number) if number.isdecimal() else None
    made = _made(journal, run)
    snapshot: Snapshot | None = None
    doubled = 0
    try:
        for page in batched(made, KEYS):
            if snapshot is None or not snapshot.whole:
                if snapshot is not None:
                    snapshot.close()
                snapshot = await read_contacts(client, [row.result.user_data for row in page], campaign)
            found = snapshot.find([row.result.user_data for row in page])
            outcomes = list(_doubled(page, found))
            journal.record(run.id, outcomes)
            doubled += len(outcomes)
    except RequestError as error:
        _log.error(phrase("cannot check whether another run has created the same contacts: {error}", error=error))
    finally:
        if snapshot is not None:
            snapshot.close()
    if doubled:
        _log.error(
            counted(
                doubled,
                "{count} contact is in the dialler more than once (possible_duplicate)",
                "{count} contacts are in the dialler more than once (possible_duplicate)",
            )
        )
    return doubled


def _made(journal: Journal, run: RunRecord) -> Iterator[JournalRow]:
    for row in journal.rows(run):
        result = row.result
        if result.status is Status.SUCCEEDED and result.action in _MADE and result.user_data:
            yield row


def _beside(row: JournalRow, found: Sequence[StoredContact]) -> list[StoredContact]:
    """Return the contact of a row, and other contacts of its campaign with the same key."""
    ours = {campaign_of(contact.values) for contact in found if contact.id == row.result.contact_id}
    return [contact for contact in found if not ours or campaign_of(contact.values) in {*ours, ""}]


def _doubled(page: Sequence[JournalRow], found: Mapping[str, Sequence[StoredContact]]) -> Iterator[Outcome]:
    for row in page:
        result, there = row.result, _beside(row, found.get(row.result.user_data, ()))
        if len(there) > 1:
            ids = ", ".join(contact.id for contact in there)
            yield Outcome(
                result.seq,
                Status.UNKNOWN,
                result.action,
                result.contact_id,
                result.http_status,
                result.attempts,
                error_code=POSSIBLE_DUPLICATE,
                error=phrase(
                    "several contacts in the dialler have this UserData ({ids}): another run, or somebody else, may "
                    "have created one",
                    ids=ids,
                ),
                sent_at=result.sent_at,
            )
