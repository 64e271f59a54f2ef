"""Plans the changes of contacts without a row: locked, unlocked or deleted."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator

import orjson

from ..config import Settings
from ..journal import Image, Journal, NoRow, PlannedRow, RunRecord
from ..model import Action, SpooledRow
from ..pages import KEYS, batched
from ..prepare.prepared import Prepared
from ..text.phrase import counted, marks
from .decide import before_delete
from .left_out import can_be_called, mark_left_out, spelt_otherwise, to_lock_left_out
from .planned import PlanEntry, Planned
from .snapshot import Snapshot
from .suppress import SuppressionLists
from .unlisted import Change, Mirror, require_id, to_lock, to_unlock

_log = logging.getLogger(__name__)


class ExtraChanges:
    """The changes of one run to contacts without a row. ``rows`` are sent after those of the files; of those at the
    places ``mirrored``, the mirror takes the contact away.

    ``returned``: UserData → contact ID → run that locked it, of contacts that the files have again. ``mirror`` is None
    if the run does not mirror.
    """

    def __init__(
        self, settings: Settings, journal: Journal, run: RunRecord, prepared: Prepared, suppressed: SuppressionLists,
        mirror: Mirror | None, planned: Planned,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._journal = journal
        self._run = run
        self._prepared = prepared
        self._suppressed = suppressed
        self._mirror = mirror
        self._has_selected = False
        self._planned = planned
        self.returned = journal.returned(run.target, run.id)
        self.rows: list[SpooledRow] = []
        self.mirrored: set[int] = set()

    def select_missing(self, snapshot: Snapshot) -> None:
        """Let the mirror select the contacts that the files no longer have; once.

        Raises:
            SafetyLimit: it would take more of them than it may.
        """
        if self._mirror and not self._has_selected:
            self._mirror.select(snapshot)
            self._has_selected = True

    def plan(self, snapshot: Snapshot | None, *, keep_entries: bool) -> None:
        """Add every change to the journal and to the plan. Without a ``snapshot``, only unlocks are known.

        Raises:
            SafetyLimit: the mirror would take more contacts than it may, or a contact has no ID.
        """
        if snapshot is not None and self._prepared.filtered:
            mark_left_out(snapshot, self._prepared, self._journal, self._run)
            for key in snapshot.keys_left_out():  # it is locked again below, or stays locked
                self.returned.pop(key, None)
        self._add(to_unlock(self.returned, snapshot, self._suppressed), keep_entries)
        if snapshot is None:
            return
        if self._mirror:
            self.select_missing(snapshot)
            self._add(self._mirror.changes(snapshot), keep_entries)
        if self._prepared.filtered:
            self._add(self._left_out(snapshot), keep_entries)
        if self._suppressed.lock:
            self._add(to_lock(snapshot, self._suppressed), keep_entries)

    def _left_out(self, snapshot: Snapshot) -> Iterator[Change]:
        """Lock the contacts of rows that filters leave out, if the configuration says so; else only count them."""
        contacts = can_be_called(snapshot, self._settings, self._journal, self._run)
        if self._settings.rows.skipped_contacts == "lock":
            yield from to_lock_left_out(contacts, snapshot)
            if number := spelt_otherwise(snapshot, self._journal, self._run):
                _log.warning(counted(number, *_SPELT))
        elif number := sum(1 for _ in contacts):
            # With several campaigns, that setting is refused.
            _log.warning(counted(number, *(_LEFT if self._settings.campaign.several else _LEFT_BUT)))

    def _add(self, changes: Iterator[Change], keep_entries: bool) -> None:
        for page in batched(changes, KEYS):
            rows, images = [], []
            for seq, change in enumerate(page, self._prepared.total + len(self.rows)):
                contact, action = change.contact, change.action
                require_id(contact, action)
                self.rows.append(SpooledRow(seq, contact.user_data, b"", str(action), contact.id))
                rows.append(PlannedRow(seq, change.why, 0, contact.user_data, action=action, contact_id=contact.id))
                self._planned.counts[action] += 1
                if change.why is NoRow.MIRRORED:
                    self.mirrored.add(seq)
                seen = ""
                if action is Action.DELETE:
                    before = orjson.dumps(before_delete(contact.values), option=orjson.OPT_SORT_KEYS)
                    seen = hashlib.sha256(before).hexdigest()
                    if self._settings.journal.before_images:
                        images.append(Image(seq, contact.id, before.decode(), "{}"))
                if keep_entries:
                    entry = PlanEntry(0, str(action), contact.user_data, contact.id, reason=change.reason, seen=seen)
                    self._planned.entries.append(entry)
            self._journal.add_rows(self._run.id, rows)
            self._journal.add_images(self._run.id, images)


_SPELT = marks(
    "{count} contact of rows left out by rows.only or rows.skip can still be called: the dialler gives it for another "
    "spelling of its UserData. Lock it by hand, if it is meant",
    "{count} contacts of rows left out by rows.only or rows.skip can still be called: the dialler gives them for "
    "another spelling of their UserData. Lock them by hand, if they are meant",
)
_LEFT = marks(
    "{count} contact of rows left out by rows.only or rows.skip can still be called",
    "{count} contacts of rows left out by rows.only or rows.skip can still be called",
)
_LEFT_BUT = marks(
    "{count} contact of rows left out by rows.only or rows.skip can still be called; "
    "rows.skipped_contacts: lock would lock it",
    "{count} contacts of rows left out by rows.only or rows.skip can still be called; "
    "rows.skipped_contacts: lock would lock them",
)
