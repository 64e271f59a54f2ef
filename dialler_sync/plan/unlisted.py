"""Selects contacts without a row for a change: gone from the file, back in it, or not to be called."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ..api.wire import CAMPAIGN_NAME, StoredContact, campaign_of, id_number, is_locked, is_unlocked
from ..config import Settings
from ..config.limits import Limit
from ..config.mirror import Missing
from ..error_codes import DUPLICATE_KEY
from ..errors import SafetyLimit
from ..journal import Journal, NoRow, RunRecord
from ..model import Action, Reason, RowResult, Status
from ..pages import KEYS, batched
from ..target import split, target_of
from ..text.forms import first_few
from ..text.phrase import counted, figure, mark, phrase
from .decide import PlanRules, protection
from .snapshot import Snapshot, storable
from .suppress import SuppressionLists

_log = logging.getLogger(__name__)

_MOST_IDS = 5
"""Contacts that a warning names."""

_TOO_MANY = {
    (Missing.LOCK, True): mark(
        "mirror: {missing} of {total} contacts are not in the file and would be locked; mirror.max_missing allows "
        "{limit}. Nothing was sent. If that is meant: --max-missing {number}."
    ),
    (Missing.DELETE, True): mark(
        "mirror: {missing} of {total} contacts are not in the file and would be deleted; mirror.max_missing allows "
        "{limit}. Nothing was sent. If that is meant: --max-missing {number}."
    ),
    (Missing.LOCK, False): mark(
        "mirror: {missing} of {total} contacts are not in the file and would be locked (the file has no rows); "
        "mirror.max_missing allows {limit}. Nothing was sent. If that is meant: --max-missing {number}."
    ),
    (Missing.DELETE, False): mark(
        "mirror: {missing} of {total} contacts are not in the file and would be deleted (the file has no rows); "
        "mirror.max_missing allows {limit}. Nothing was sent. If that is meant: --max-missing {number}."
    ),
}
"""By what is done with contacts, and whether the file has rows."""


_NO_ID = {
    Action.LOCK: mark(
        "The contact with UserData '{user_data}' is to be locked, but the dialler does not give its ID. Nothing was "
        "sent."
    ),
    Action.UNLOCK: mark(
        "The contact with UserData '{user_data}' is to be unlocked, but the dialler does not give its ID. Nothing was "
        "sent."
    ),
    Action.DELETE: mark(
        "The contact with UserData '{user_data}' is to be deleted, but the dialler does not give its ID. Nothing was "
        "sent."
    ),
}
"""By what is to be done; an ID is a number."""


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one contact, and its reason."""

    why: NoRow
    action: Action
    contact: StoredContact
    reason: str


def require_id(contact: StoredContact, action: Action) -> None:
    """Check that a contact can be named to the dialler.

    Raises:
        SafetyLimit: it has no ID, or one that may address something else.
    """
    if id_number(contact.id) is None:
        raise SafetyLimit(phrase(_NO_ID[action], user_data=contact.user_data))


def to_lock(snapshot: Snapshot, suppressed: SuppressionLists) -> Iterator[Change]:
    """Lock contacts of the campaign that stand in a do-not-call list with ``lock``, unless they are locked.

    Contacts that the mirror takes are left to it.
    """
    unread: list[str] = []
    for contact in snapshot.not_taken():
        if is_locked(contact.values):
            continue
        if reason := suppressed.reason_to_lock(contact.values):
            yield Change(NoRow.SUPPRESSED, Action.LOCK, contact, reason)
        elif suppressed.cannot_lock(contact.values):
            unread.append(contact.id)
    if unread:
        _log.warning(
            counted(
                len(unread),
                "suppress: contact {ids} of the dialler has a phone number that is not understood, so it is not locked "
                "even if a list has it. Correct it, or set suppress.region.",
                "suppress: {count} contacts of the dialler have phone numbers that are not understood, so they are not "
                "locked even if a list has them: {ids}. Correct them, or set suppress.region.",
                ids=first_few(unread, _MOST_IDS),
            )
        )


def to_unlock(
    returned: Mapping[str, Mapping[str, str]], snapshot: Snapshot | None, suppressed: SuppressionLists
) -> Iterator[Change]:
    """Unlock contacts that the mirror locked and the file has again.

    ``returned``: UserData → contact ID → run that locked it. Contacts that were unlocked since, or must not be called,
    are left alone. Without a snapshot, all count as still locked.
    """
    for page in batched(returned, KEYS):
        there = snapshot.find(page) if snapshot is not None else {}
        for key in page:
            held = {contact.id: contact for contact in there.get(key, ())}
            for contact_id, run in returned[key].items():
                contact = held.get(contact_id) if snapshot is not None else StoredContact(contact_id, key, {})
                if contact and not is_unlocked(contact.values) and not suppressed.reason_to_stay_locked(contact.values):
                    reason = phrase("back in the file; run {run} had locked it", run=run)
                    yield Change(NoRow.RETURNED, Action.UNLOCK, contact, reason)


@dataclass(frozen=True, slots=True)
class Mirror:
    """Contacts of the campaign that the file no longer has.

    ``adopt``: including those that this tool never sent. ``rows``: number of rows of the file. ``beside``: cells that
    stand above and below them; a contact whose UserData is among these is in the file.
    """

    settings: Settings
    journal: Journal
    run: RunRecord
    rules: PlanRules
    limit: Limit
    adopt: bool
    rows: int
    beside: Collection[str] = ()

    def select(self, snapshot: Snapshot) -> None:
        """Mark them in the snapshot; call once.

        Raises:
            SafetyLimit: they are more than the limit allows, cannot be known, or have no ID.
        """
        keyless = self._note_present(snapshot)
        missing = self._take(snapshot)
        self._check(missing, snapshot.count_present() + missing, keyless)

    def changes(self, snapshot: Snapshot) -> Iterator[Change]:
        """Yield the change of each of them."""
        action = Action(str(self.settings.mirror.missing))
        for contact in snapshot.taken():
            yield Change(NoRow.MIRRORED, action, contact, phrase("no longer in the file"))

    def _note_present(self, snapshot: Snapshot) -> int:
        """Mark the keys of the file in the snapshot; return the number of rows with an unreadable key."""
        keyless = 0
        snapshot.mark_present(map(storable, self.beside))
        for page in batched(self.journal.rows(self.run), KEYS):
            snapshot.mark_present(entry.result.user_data for entry in page)
            keyless += sum(_key_unreadable(entry.result) for entry in page)
        return keyless

    def _take(self, snapshot: Snapshot) -> int:
        """Mark the missing contacts that may be changed; return their number.

        Raises:
            SafetyLimit: the dialler does not say whether one of them is in this campaign.
        """
        theirs = filter(self._may_change, snapshot.absent())
        taken = sum(self._take_page(snapshot, page) for page in batched(theirs, KEYS))
        return taken - snapshot.leave_alike() if taken else 0

    def _may_change(self, contact: StoredContact) -> bool:
        if not campaign_of(contact.values):
            name, ours = contact.values.get(CAMPAIGN_NAME), self.settings.campaign.name
            if not name or not ours:
                raise SafetyLimit(
                    phrase(
                        "mirror: the dialler does not say which campaign contact {id} is in (DiallerCampaignsID); "
                        "its list may include other campaigns. Nothing was sent. Set mirror.missing: keep.",
                        id=contact.id,
                    )
                )
            if name != ours:
                return False
        done = self.settings.mirror.missing is Missing.LOCK and is_locked(contact.values)
        return not done and not protection(contact.values, self.rules)

    def _take_page(self, snapshot: Snapshot, page: list[StoredContact]) -> int:
        if not self.adopt:
            keys = [contact.user_data for contact in page]
            sent = self.journal.sent(self.run.target, keys)
            sent |= self.journal.sent(target_of(split(self.run.target)[0]), keys)  # by runs on the whole account
            page = [contact for contact in page if contact.user_data in sent]
        for contact in page:
            require_id(contact, Action(str(self.settings.mirror.missing)))
        ids = [contact.id for contact in page]
        if self.settings.mirror.missing is Missing.LOCK:
            locked = self.journal.mirror_locked(self.run.target, ids)
            ids = [contact_id for contact_id in ids if contact_id not in locked]
        return snapshot.take(ids)

    def _check(self, missing: int, ours: int, keyless: int) -> None:
        if missing and keyless:
            raise SafetyLimit(
                counted(
                    keyless,
                    "mirror: one row has no readable UserData, so it is not known which contacts the file no longer "
                    "has. Nothing was sent. Fix the rows in failed.xlsx (and the filtered ones), or set "
                    "mirror.missing: keep.",
                    "mirror: {count} rows have no readable UserData, so it is not known which contacts the file no "
                    "longer has. Nothing was sent. Fix the rows in failed.xlsx (and the filtered ones), or set "
                    "mirror.missing: keep.",
                )
            )
        if missing and (second := self._second_table()):
            raise SafetyLimit(
                phrase(
                    "mirror: row {row} of {file} begins a second table, which is not read, so it is not known which "
                    "contacts the file no longer has. Nothing was sent. Put the tables into files of their own, or set "
                    "mirror.missing: keep.",
                    row=second[0],
                    file=second[1],
                )
            )
        if not self.limit.allows(missing, ours):
            raise SafetyLimit(
                phrase(
                    _TOO_MANY[self.settings.mirror.missing, bool(self.rows)],
                    missing=figure(missing),
                    total=figure(ours),
                    limit=self.limit,
                    number=missing,
                )
            )

    def _second_table(self) -> tuple[int, str] | None:
        """Find a row of a file from which on its rows are not read, as another table begins there; and the file."""
        rows = ((file.get("layout", {}).get("next_table"), file.get("name", "")) for file in self.run.files)
        return next(((row, name) for row, name in rows if row), None)


def _key_unreadable(row: RowResult) -> bool:
    """Whether a rejected or filtered row may stand for any contact, as its UserData is missing or damaged."""
    if row.action is Reason.FILTERED:
        return not row.user_data
    damaged = any(fault.field == "UserData" for fault in row.each_fault()) and row.error_code != DUPLICATE_KEY
    return row.status is Status.REJECTED and (damaged or not row.user_data)
