"""The phone numbers that the dialler's contacts have after a run: those deleted, locked or overwritten do not count."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from ..api.wire import StoredContact
from ..config import Settings
from ..config.rows import Mode
from ..journal import Journal, RunRecord
from ..pages import KEYS, batched
from ..prepare.prepared import Prepared
from .decide import PlanRules, protection
from .left_out import keys_that_count
from .numbers import KnownNumbers
from .snapshot import Snapshot
from .suppress import SuppressionLists


def known_numbers(
    snapshot: Snapshot,
    settings: Settings,
    journal: Journal,
    run: RunRecord,
    prepared: Prepared,
    rules: PlanRules,
    suppressed: SuppressionLists,
) -> KnownNumbers:
    """Return the numbers that contacts of the dialler keep; the mirror must have selected its contacts."""

    def stays(contact: StoredContact) -> bool:
        return rules.mode is Mode.CREATE or bool(protection(contact.values, rules) or suppressed.reason(contact.values))

    numbers = KnownNumbers()
    try:
        rows = ((row.user_data, orjson.loads(row.body)) for row in prepared.to_send() if row.user_data)
        numbers.going(keys_that_count(journal, run), rows, settings.kept_fields)
        numbers.add(_listed(snapshot, journal, run), stays)
        if settings.rows.phones_in == "account":
            numbers.add(snapshot.beside(), stays)
        numbers.index()
    except BaseException:
        numbers.close()
        raise
    return numbers


def _listed(snapshot: Snapshot, journal: Journal, run: RunRecord) -> Iterator[StoredContact]:
    """Yield the contacts that the mirror does not take, and has not locked before."""
    for page in batched(snapshot.not_taken(), KEYS):
        locked = journal.mirror_locked(run.target, [contact.id for contact in page])
        yield from (contact for contact in page if contact.id not in locked)
