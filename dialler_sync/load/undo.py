"""Puts back what a run did: restores what it overwrote, deletes what it made, unlocks what it locked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from ..api.client import DiallerClient
from ..api.retry import pause
from ..api.wire import COMMANDS, StoredContact, differences
from ..errors import MaybeDone, RequestError
from ..fields import PHONE_FIELDS
from ..journal import Image, Journal, JournalRow, Outcome, RunRecord
from ..model import Action, Status
from ..spool import SpooledRow

_BACK = {
    Action.CREATE: Action.DELETE,
    Action.OVERWRITE: Action.OVERWRITE,
    Action.IMPORT: Action.OVERWRITE,
    Action.LOCK: Action.UNLOCK,
    Action.UNLOCK: Action.LOCK,
    Action.DELETE: Action.CREATE,
}
"""What puts back what was done."""


def to_undo(journal: Journal, run: RunRecord) -> Iterator[JournalRow]:
    """The rows of a run that changed something, or may have."""
    for entry in journal.rows(run):
        if entry.result.action in _BACK and entry.result.status in (Status.SUCCEEDED, Status.UNKNOWN):
            yield entry


def count_undo(journal: Journal, run: RunRecord) -> Counter[str]:
    """What undoing a run would do: rows by action; ``impossible``: those without a before-image."""
    counts: Counter[str] = Counter()
    page: list[JournalRow] = []
    for entry in to_undo(journal, run):
        page.append(entry)
        if len(page) == 1_000:
            counts.update(_page_counts(journal, run, page))
            page.clear()
    counts.update(_page_counts(journal, run, page))
    return counts


def _page_counts(journal: Journal, run: RunRecord, page: list[JournalRow]) -> Counter[str]:
    images = journal.images(run.id, [entry.result.seq for entry in page])
    return Counter(
        str(_BACK[action])
        if entry.result.seq in images or (action in (Action.LOCK, Action.UNLOCK) and entry.result.contact_id)
        else "impossible"
        for entry in page
        if (action := entry.result.action)
    )


@dataclass(frozen=True, slots=True)
class Undoer:
    """Puts back one row: ``row.kind`` is what the run did, ``row.seq`` its place in the run that is undone.

    ``force`` also puts back contacts that somebody has changed since.
    """

    client: DiallerClient
    journal: Journal
    run_id: str
    force: bool = False

    async def __call__(self, row: SpooledRow) -> Outcome:
        """Put back what the row did."""
        action = Action(row.kind)
        back = _BACK[action]
        if action in (Action.LOCK, Action.UNLOCK):
            if not row.contact_id:
                return _failed(row, back, "no_before_image", "which contact the dialler had picked is not known")
            contact = await self.client.get_contact(row.contact_id)
            if contact is None or contact.user_data != row.user_data:
                return _done(row, back, Status.SKIPPED, error="the dialler has no such contact any more")
            await (self.client.unlock_by_id if action is Action.LOCK else self.client.lock_by_id)(row.contact_id)
            return _done(row, back)
        image = self.journal.images(self.run_id, [row.seq]).get(row.seq)
        if image is None:
            return _failed(row, back, "no_before_image", "what this contact was before is not known")
        if action is Action.DELETE:
            return await self._make_again(row, image)
        if image.before is None:
            return await self._delete(row, image)
        return await self._restore(row, image)

    async def _delete(self, row: SpooledRow, image: Image) -> Outcome:
        contact = await self.client.get_contact(row.contact_id) if row.contact_id else None
        if contact is None or contact.user_data != row.user_data:
            return _done(row, Action.DELETE, Status.SKIPPED, error="the dialler has no such contact any more")
        if changed := self._changed(image, contact):
            return _failed(row, Action.DELETE, "contact_changed", changed)
        await self.client.delete_by_id(contact.id)
        return _done(row, Action.DELETE)

    async def _restore(self, row: SpooledRow, image: Image) -> Outcome:
        found = await self.client.find_contacts(row.user_data)
        if [contact.id for contact in found] != [image.contact_id]:
            ids = ", ".join(contact.id for contact in found) or "none"
            why = f"contacts that carry this UserData now: {ids}; not only this one"
            return _failed(row, Action.OVERWRITE, "contact_changed", why)
        (contact,) = found
        before = orjson.loads(image.before or "{}")
        if not differences(before, contact.values):
            return _done(row, Action.UNCHANGED, Status.SKIPPED, error="the contact is as it was")
        if changed := self._changed(image, contact):
            return _failed(row, Action.OVERWRITE, "contact_changed", changed)
        body = orjson.dumps(_complete(before, contact))
        for attempt in range(self.client.settings.retries + 1):
            try:
                await self.client.import_contact(body, overwrite=True, user_data=row.user_data)
                return _done(row, Action.OVERWRITE)
            except MaybeDone as error:  # harmless to repeat: it names a UserData that one contact carries
                doubt = error
                found = await self._alike(row.user_data, before)
                if image.contact_id in {each.id for each in found}:
                    return _done(row, Action.OVERWRITE)
                await self.client.gate.rest(pause(attempt + 1, error))
        raise doubt

    async def _make_again(self, row: SpooledRow, image: Image) -> Outcome:
        before = orjson.loads(image.before or "{}")
        found = await self.client.find_contacts(row.user_data) if row.user_data else []
        if any(not differences(before, contact.values) for contact in found):
            return _done(row, Action.CREATE, Status.SKIPPED, error="the dialler has such a contact again")
        if found:
            ids = ", ".join(contact.id for contact in found)
            return _failed(row, Action.CREATE, "contact_changed", f"another contact carries this UserData now: {ids}")
        try:
            contact = await self.client.import_contact(orjson.dumps(before), overwrite=True, user_data=row.user_data)
        except MaybeDone:
            found = await self._alike(row.user_data, before)
            if len(found) != 1:
                raise
            contact = found[0]
        return _done(row, Action.CREATE, contact_id=contact.id, error="made again; its call history is lost")

    async def _alike(self, user_data: str, before: dict[str, Any]) -> list[StoredContact]:
        """The contacts of a UserData that are as before; none where that cannot be found out."""
        try:
            found = await self.client.find_contacts(user_data) if user_data else []
        except RequestError:
            return []
        return [contact for contact in found if not differences(before, contact.values)]

    def _changed(self, image: Image, contact: StoredContact) -> str:
        """What somebody changed since the run, ``""`` where nothing or where that does not matter."""
        if self.force:
            return ""
        now = differences(orjson.loads(image.after), contact.values)
        return f"changed since the run: {', '.join(sorted(now))}; --force puts it back all the same" if now else ""


def _complete(before: dict[str, Any], contact: StoredContact) -> dict[str, Any]:
    """What was before, with what an import must have: a campaign, and a phone number."""
    body = {name: value for name, value in before.items() if name not in COMMANDS}
    body["UserData"] = contact.user_data
    if not body.get("DiallerCampaignsName"):
        body.pop("DiallerCampaignsName", None)
        body.setdefault("DiallerCampaignsID", contact.values.get("DiallerCampaignsID"))
    if not any(body.get(name) for name in PHONE_FIELDS):
        body |= {name: contact.values[name] for name in PHONE_FIELDS if name not in body and contact.values.get(name)}
    return body


def _done(
    row: SpooledRow,
    action: Action,
    status: Status = Status.SUCCEEDED,
    *,
    error: str = "",
    contact_id: str | None = None,
) -> Outcome:
    return Outcome(row.seq, status, action, contact_id or row.contact_id, http_status=200, attempts=1, error=error)


def _failed(row: SpooledRow, action: Action, code: str, error: str) -> Outcome:
    return Outcome(row.seq, Status.FAILED, action, row.contact_id, attempts=1, error_code=code, error=error)
