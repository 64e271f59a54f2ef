"""The dialler's contacts of rows that filters leave out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..api.wire import CAMPAIGN_NAME, StoredContact, is_elsewhere, is_locked
from ..config import Settings
from ..journal import Journal, NoRow, RunRecord
from ..model import Action, Reason, Status
from ..pages import KEYS, batched
from ..prepare.prepared import Prepared
from ..text.phrase import phrase
from .snapshot import Snapshot
from .unlisted import Change


def mark_left_out(snapshot: Snapshot, prepared: Prepared, journal: Journal, run: RunRecord) -> None:
    """Mark the keys in the snapshot of which every row is left out, or at least not sent."""
    snapshot.mark_left_out(prepared.filtered_keys())
    snapshot.unmark_left_out(keys_that_count(journal, run))


def can_be_called(snapshot: Snapshot, settings: Settings, journal: Journal, run: RunRecord) -> Iterator[StoredContact]:
    """Yield unlocked contacts of the run's campaign of which filters leave out every row.

    Contacts that a run after the first one of this list has sent are left alone.
    """
    every, origin = settings.campaign, journal.run(run.parent) if run.parent else run
    _, since = journal.list_of(origin)
    newer = journal.sent_since(run.target, since, {run.id, origin.id})
    ours = {"DiallerCampaignsID": every.id} if every.id is not None else {CAMPAIGN_NAME: every.name}
    for page in batched(snapshot.keys_left_out(), KEYS):
        if newer:  # a later list may have these rows to be sent
            keys = [(run.target, key) for key in page]
            later = journal.settled_since(keys, since, {run.id, origin.id})
            page = [key for target, key in keys if (target, key) not in later]  # noqa: PLW2901
        for contacts in snapshot.find(page).values():
            for contact in contacts:
                elsewhere = is_elsewhere(ours, contact.values, snapshot.campaign_ids)
                if not elsewhere and not is_locked(contact.values):
                    yield contact


def spelt_otherwise(snapshot: Snapshot, journal: Journal, run: RunRecord) -> int:
    """Count the UserData of unlocked contacts that the dialler gives for keys left out, in another spelling, and that
    are neither keys that count nor given for one."""

    def alike(keys: Iterable[str]) -> set[str]:
        lacking = (key for page in batched(keys, KEYS) for key in snapshot.unknown(page))
        return {each.user_data for key in lacking for each in snapshot.alike(key) if not is_locked(each.values)}

    left = alike(snapshot.keys_left_out())
    return len(left.difference(keys_that_count(journal, run)) - alike(keys_that_count(journal, run))) if left else 0


def to_lock_left_out(contacts: Iterable[StoredContact], snapshot: Snapshot) -> Iterator[Change]:
    """Lock these contacts."""
    for contact in contacts:
        snapshot.take([contact.id])
        yield Change(NoRow.FILTERED, Action.LOCK, contact, phrase("row left out by rows.only or rows.skip"))


def keys_that_count(journal: Journal, run: RunRecord) -> Iterator[str]:
    """Yield the UserData of rows that are sent, or that the dialler has already as they are."""
    for entry in journal.rows(run):
        row = entry.result
        left = row.status is Status.SKIPPED and row.action not in (Reason.UNCHANGED, Reason.EXISTS)
        if entry.has_source and not left and row.status not in (Status.REJECTED, Status.FAILED):
            yield row.user_data
