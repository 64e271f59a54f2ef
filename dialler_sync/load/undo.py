"""Undo a run: restore the contacts it overwrote, delete those it created, unlock those it locked."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import Any

import orjson

from ..api.about import is_about
from ..api.client import DiallerClient
from ..api.retry import pause
from ..api.wire import (
    COMMANDS,
    StoredContact,
    campaign_of,
    differences,
    is_locked,
    is_outside,
    stored_contact,
)
from ..error_codes import CONTACT_CHANGED, NO_BEFORE_IMAGE, NOT_FOUND, POSSIBLE_DUPLICATE
from ..errors import Doubt, MaybeDone, RequestError, SafetyLimit
from ..fields import FIELDS, PHONE_FIELDS
from ..journal import Image, Journal, JournalRow, Outcome, RunRecord
from ..journal.lists import ByHand, overruled
from ..model import Action, Reason, SpooledRow, Status
from ..pages import KEYS, batched
from ..text.phrase import phrase
from .change import DoNotCall, is_still_there, still_there, why_locked
from .filled_since import filled_since
from .making_again import Maker, alike, imported
from .put_back import done, elsewhere, failed, suppressed
from .recorder import Recorder

_BACK: Mapping[Action | Reason, Action] = {
    Action.CREATE: Action.DELETE,
    Action.OVERWRITE: Action.OVERWRITE,
    Action.IMPORT: Action.OVERWRITE,
    Action.LOCK: Action.UNLOCK,
    Action.UNLOCK: Action.LOCK,
    Action.DELETE: Action.CREATE,
}
"""Action → its inverse."""

_LOCKS = (Action.LOCK, Action.UNLOCK)


def to_undo(journal: Journal, run: RunRecord) -> Iterator[JournalRow]:
    """Yield the rows of a run that changed something, or may have."""
    for entry in journal.rows(run):
        if run.command not in ("import", entry.result.action):
            continue  # somebody has edited the journal: only imports do more than they are called
        if entry.result.action in _BACK and entry.result.status in (Status.SUCCEEDED, Status.UNKNOWN):
            yield entry


def left_to_undo(rows: Iterable[JournalRow], back: Mapping[int, bool]) -> Iterator[JournalRow]:
    """Yield the rows that are to be undone. Whom an earlier undo has unlocked, locked or made again (``back``) stays as
    people have left them since: nothing shows whether they did."""
    once = {*_LOCKS, Action.DELETE}
    return (entry for entry in rows if not (back.get(entry.result.seq) and entry.result.action in once))


def count_undo(journal: Journal, run: RunRecord, *, force: bool = False) -> Counter[str]:
    """Count the rows of an undo by action; ``impossible``: rows without a before-image."""
    counts: Counter[str] = Counter()
    back = {} if force else journal.put_back(run.id)
    for page in batched(left_to_undo(to_undo(journal, run), back), KEYS):
        images = journal.images(run.id, [entry.result.seq for entry in page])
        for row in (entry.result for entry in page):
            action = Action(str(row.action))
            possible = _is_known(action, row.contact_id, row.user_data) and (row.seq in images or action in _LOCKS)
            counts[str(_BACK[action]) if possible else "impossible"] += 1
    return counts


def _is_known(action: Action, contact_id: str, user_data: str) -> bool:
    """Whether it is known which contact a row has changed; without an ID, its key must have named it."""
    return bool(contact_id or (user_data and action not in _LOCKS))


@dataclass(frozen=True, slots=True)
class Undoer:
    """Undoes one row: ``row.kind`` is the run's action, ``row.seq`` its place in the undone run.

    ``force`` also restores contacts that were changed since. ``target``: contacts outside its campaign stay as they
    are, whatever the journal says. ``turn`` is held by one row at a time, of those whose key
    is in several campaigns or that go back to another campaign. Who is on a do-not-call list (``suppressed``) stays
    locked, deleted, or as the run has left it; a number that is left out does not come back.
    ``put_back``: rows that an earlier undo of the run has put back, or may have. ``left``: rows that are left to a run
    with a newer list, with that run: it need not have changed the contact again. ``by_hand``: who was locked or
    unlocked since stays so. ``made_again``: IDs of contacts that undos of newer runs have made again, each with its
    earlier one.
    """

    client: DiallerClient
    journal: Journal
    recorder: Recorder
    run_id: str
    force: bool = False
    target: str = ""
    suppressed: DoNotCall | None = None
    put_back: Container[int] = ()
    left: Mapping[int, str] = field(default_factory=dict)
    by_hand: ByHand = field(default_factory=dict)
    made_again: Mapping[str, str] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def change(self, row: SpooledRow) -> Outcome:
        """Undo the row."""
        action = Action(row.kind)
        back = _BACK[action]
        if not _is_known(action, row.contact_id, row.user_data):
            return failed(row, back, NO_BEFORE_IMAGE, phrase("it is not known which contact this was"))
        if newer := self.left.get(row.seq):
            why = phrase("run {newer} has a newer list (use --force to restore anyway)", newer=newer)
            return failed(row, back, CONTACT_CHANGED, why)
        if action in _LOCKS:
            return await self._lock_or_unlock(row, back)
        image = self.journal.images(self.run_id, [row.seq]).get(row.seq)
        if image is None:
            return failed(row, back, NO_BEFORE_IMAGE, phrase("the contact's previous state is not known"))
        if action is Action.DELETE:
            return await self._make_again(row, image)
        if image.before is None:
            return await self._delete(row, image)
        return await self._restore(row, image)

    async def _lock_or_unlock(self, row: SpooledRow, back: Action) -> Outcome:
        contact = await self._meant(row, back)
        if isinstance(contact, Outcome):
            return contact
        hands = (overruled(self.by_hand, back, each, row.user_data) for each in (contact.id, row.contact_id))
        if later := next(filter(None, hands), ""):
            why = phrase("run {run} has locked or unlocked it since (use --force to restore anyway)", run=later)
            return failed(row, back, CONTACT_CHANGED, why)
        if back is Action.UNLOCK and (why := why_locked(self.suppressed, contact.values)):
            return suppressed(row, why)
        change = self.client.unlock_by_id if back is Action.UNLOCK else self.client.lock_by_id
        return done(row, back, contact_id=contact.id) if await change(contact.id) else await self._gone(row, back)

    async def _delete(self, row: SpooledRow, image: Image) -> Outcome:
        contact = await self._meant(row, Action.DELETE, image)
        if isinstance(contact, Outcome):
            return contact
        if changed := self._changed(image, contact, made=True):
            return failed(row, Action.DELETE, CONTACT_CHANGED, changed)
        deleted = await self.client.delete_by_id(contact.id)
        return done(row, Action.DELETE, contact_id=contact.id) if deleted else await self._gone(row, Action.DELETE)

    async def _meant(self, row: SpooledRow, back: Action, image: Image | None = None) -> StoredContact | Outcome:
        """Return the row's contact as it is now, or the outcome of a row without one that may be changed."""
        contact = await self.client.get_contact(row.contact_id) if row.contact_id else None
        if contact is None:  # without an ID, the answer was lost; before the run, no contact carried this key
            found = await (self._again(row) if row.contact_id else self._named(row.user_data))
            found = _here(found, orjson.loads(image.after)) if image else found
            if len(found) > 1:
                why = phrase("contacts with this UserData now: {contacts}; not only this one", contacts=_ids(found))
                return failed(row, back, CONTACT_CHANGED, why)
            contact = next(iter(found), None)
        if contact is None or not is_about(contact.values, user_data=row.user_data):
            return await self._gone(row, back)
        return elsewhere(row, back) if is_outside(self.target, contact.values) else contact

    async def _again(self, row: SpooledRow) -> list[StoredContact]:
        """Return the contacts that may be the row's, made again."""
        if not self.made_again:
            return []
        if row.user_data:
            found = [each for each in await self._named(row.user_data) if each.id in self.made_again]
        else:  # it may have been made again more than once
            ids, newest = {was: now for now, was in self.made_again.items()}, row.contact_id
            while newest in ids:
                newest = ids.pop(newest)
            contact = await self.client.get_contact(newest)
            found = [contact] if contact else []
        return [each for each in found if not is_outside(self.target, each.values)]

    async def _named(self, user_data: str) -> list[StoredContact]:
        """Return the contacts of a UserData; where one function gives none, another one is asked, if there is one."""
        found = await self.client.find_contacts(user_data)
        if not found:
            with suppress(RequestError):
                told = map(stored_contact, await self.client.batch_contacts(user_data=[user_data]))
                found = [contact for contact in told if contact.user_data == user_data]
        return found

    async def _gone(self, row: SpooledRow, action: Action) -> Outcome:
        if row.contact_id and await is_still_there(self.client, row):
            return failed(row, action, NOT_FOUND, still_there())
        return done(row, action, Status.SKIPPED, error=phrase("no longer in the dialler"))

    async def _restore(self, row: SpooledRow, image: Image) -> Outcome:
        before, _ = self._judged(image)
        found = await self.client.find_contacts(row.user_data)
        by_id = {contact.id: contact for contact in found}
        old, new = by_id.get(image.contact_id), by_id.get(row.contact_id)
        if old and new and old is not new and not differences(before, old.values):
            return await self._delete(row, image)  # the run was to move the contact, and created another one
        contact = old or new or next((each for each in _here(found, before) if each.id in self.made_again), None)
        if contact is None or any(_may_be_meant(other, before, contact) for other in found if other is not contact):
            why = phrase("somebody has deleted the contact since the run")
            if found:
                why = phrase("contacts with this UserData now: {contacts}; not only this one", contacts=_ids(found))
            return failed(row, Action.OVERWRITE, CONTACT_CHANGED, why)
        if not differences(before, contact.values):
            return done(row, Reason.UNCHANGED, Status.SKIPPED, error=phrase("the contact is already as it was"))
        if is_outside(self.target, contact.values):
            return elsewhere(row, Action.OVERWRITE)
        if changed := self._changed(image, contact):
            return failed(row, Action.OVERWRITE, CONTACT_CHANGED, changed)
        before, listed = self._judged(image, contact.values)
        if listed:
            return suppressed(row, listed)
        body = _complete(before, contact)
        others = len(found) > 1 or campaign_of(before) != campaign_of(contact.values)
        async with self.turn if others else nullcontext():  # the first failure stops the run
            restored = await self._send(row, orjson.dumps(body), before, contact)
            if restored.id and restored.id != contact.id:
                ids = {"changed": restored.id, "meant": contact.id}
                return self._stop(row, phrase("contact {changed} was created or changed, not contact {meant}", **ids))
        was = orjson.loads(image.before or "{}")
        kept = any(body.get(name) for name in PHONE_FIELDS if name in was and not was[name])
        return done(
            row, Action.OVERWRITE, error=phrase("keeps its phone number: the dialler requires one") if kept else ""
        )

    async def _send(
        self, row: SpooledRow, body: bytes, before: dict[str, Any], contact: StoredContact
    ) -> StoredContact:
        """Overwrite a contact; a repeat is harmless, as one contact of the campaign carries its UserData."""
        started, gate = time.monotonic(), self.client.gate
        with Doubt() as doubt:
            for attempt in count(1):
                try:
                    return await imported(self.client, row, body, overwrite=True)
                except MaybeDone as error:
                    doubt.error = error
                    if contact.id in {each.id for each in await alike(self.client, row.user_data, before)}:
                        return contact
                    if attempt > self.client.settings.retries:
                        raise
                    await gate.rest(pause(attempt, error, gate.left(started)))
        raise AssertionError  # not reached

    def _stop(self, row: SpooledRow, why: str) -> Outcome:
        self.client.gate.stop(
            SafetyLimit(
                phrase(
                    "several campaigns have a contact with this UserData, and {why}. Check both in the dialler, and "
                    "correct them by their IDs",
                    why=why,
                )
            )
        )
        return failed(row, Action.OVERWRITE, POSSIBLE_DUPLICATE, why)._replace(status=Status.UNKNOWN)

    async def _make_again(self, row: SpooledRow, image: Image) -> Outcome:
        before, listed = self._judged(image)
        was_locked = is_locked(before)
        before = {name: value for name, value in before.items() if name in FIELDS}
        if is_outside(self.target, before):
            return elsewhere(row, Action.CREATE)
        if not row.user_data and row.seq in self.put_back:
            why = phrase("an earlier undo may have made it again, which cannot be looked up without UserData")
            return failed(row, Action.CREATE, POSSIBLE_DUPLICATE, why)._replace(status=Status.UNKNOWN)
        found = await self.client.find_contacts(row.user_data) if row.user_data else []
        here = _here(found, before)
        same = next((contact for contact in here if not differences(before, contact.values)), None)
        if same and (is_locked(same.values) or not was_locked):
            why = phrase("the dialler has this contact again")
            return done(row, Action.CREATE, Status.SKIPPED, error=why, contact_id=same.id)
        if here and not same:
            why = phrase("contacts with this UserData now: {contacts}; somebody else created it", contacts=_ids(here))
            return failed(row, Action.CREATE, CONTACT_CHANGED, why)
        if listed and not same:
            return suppressed(row, listed)
        maker = Maker(self.client, self.recorder, self.turn)
        if was_locked:
            return await maker.make_locked(row, before, there=same, overwrite=not found)
        return await maker.make(row, before, overwrite=not found)

    def _judged(self, image: Image, now: Mapping[str, Any] = MappingProxyType({})) -> tuple[dict[str, Any], str]:
        """(what the contact was, as it is put back; why it must not be called so). ``now``: what the dialler has.

        Numbers that are left out by now stay away. The dialler requires a number: if the contact had none, the run's
        stay; and if the run sent none of its own, those are sent.
        """
        before: dict[str, Any] = orjson.loads(image.before or "{}")
        if not any(map({**now, **before}.get, PHONE_FIELDS)):
            before |= {name: now.get(name) for name in PHONE_FIELDS if name in before}
        after = {**now, **before}
        why = self.suppressed.reason(after) if self.suppressed else ""
        if self.suppressed and not why:
            before |= dict.fromkeys(self.suppressed.numbers(after))
        if not any(map(before.get, PHONE_FIELDS)):
            before |= {name: after[name] for name in PHONE_FIELDS if name not in before and after.get(name)}
        return before, why

    def _changed(self, image: Image, contact: StoredContact, *, made: bool = False) -> str:
        """Describe the changes made since the run; ``""`` if there are none, or they do not matter. ``made``: all of
        the contact is the run's."""
        if self.force:
            return ""
        after = orjson.loads(image.after)
        now = {*differences(after, contact.values), *(filled_since(after, contact.values) if made else ())}
        if not now:
            return ""
        fields = ", ".join(sorted(now))
        return phrase("changed since the run: {fields} (use --force to restore anyway)", fields=fields)


def _ids(found: list[StoredContact]) -> str:
    return ", ".join(contact.id for contact in found)


def _here(found: list[StoredContact], ours: Mapping[str, Any]) -> list[StoredContact]:
    """Return those that may be in our campaign; all, if that is not known."""
    campaign = campaign_of(ours)
    return [contact for contact in found if not campaign or campaign_of(contact.values) in {"", campaign}]


def _may_be_meant(other: StoredContact, before: Mapping[str, Any], contact: StoredContact) -> bool:
    """Whether a dialler may confuse another contact with the restored one: its campaign is that one's, now or
    before."""
    return campaign_of(other.values) in {"", campaign_of(before), campaign_of(contact.values)}


def _complete(before: dict[str, Any], contact: StoredContact) -> dict[str, Any]:
    """Complete the before-image with its key and the campaign, which an import requires."""
    body = {name: value for name, value in before.items() if name not in COMMANDS}
    body["UserData"] = contact.user_data
    if not body.get("DiallerCampaignsName"):
        body.pop("DiallerCampaignsName", None)
        body["DiallerCampaignsID"] = body.get("DiallerCampaignsID") or contact.values.get("DiallerCampaignsID")
    return body
