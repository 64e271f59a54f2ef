"""Lock, unlock and delete contacts: never another one than is meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..api.about import is_about
from ..api.client import DiallerClient
from ..api.query import calling, persisting
from ..api.wire import StoredContact, is_locked, is_outside, is_unlocked
from ..error_codes import CONTACT_CHANGED, NOT_FOUND
from ..errors import MaybeDone, NotDone, Refused, StopRun
from ..journal import Outcome
from ..model import Action, Reason, SpooledRow, Status
from ..text.phrase import phrase
from .recorder import Recorder


class Changer(Protocol):
    """Executes a row that is not an import; returns its outcome, or raises the errors of the client."""

    async def change(self, row: SpooledRow) -> Outcome:
        """Execute the row and return its outcome."""


class DoNotCall(Protocol):
    """Do-not-call lists."""

    def reason(self, fields: Mapping[str, Any]) -> str:
        """Return why a contact must not be called; ``""`` if it may."""

    def reason_to_stay_locked(self, fields: Mapping[str, Any]) -> str:
        """Return why a contact must not be unlocked; ``""`` if it may."""

    def numbers(self, fields: Mapping[str, Any]) -> list[str]:
        """Return the phone fields whose numbers are left out."""


@dataclass(frozen=True, slots=True)
class ContactChanger:
    """Changes the contact of ``row.contact_id``, which must carry ``row.user_data``.

    ``target``: contacts outside its campaign stay as they are, as they have been moved, or the journal was edited.
    With ``resumed``, a contact that is gone counts as deleted: the run saw it before it was interrupted. With
    ``recorder``, a change is journalled before it is sent; ``begun`` are those that may have been made, by the run that
    was interrupted or by a request without an answer. Each had something to do: what is done now counts as theirs, so
    that undo puts it back. Who is on a do-not-call list (``suppressed``) by now is not unlocked. Those that the mirror
    takes away (``mirrored`` rows) stay as they are if they are ``protected`` by now: it returns the reason, or ``""``.
    ``deleting`` gets the place of a row and the record of its contact, just before that is deleted.
    """

    client: DiallerClient
    resumed: bool = False
    target: str = ""
    recorder: Recorder | None = None
    begun: set[int] = field(default_factory=set)
    suppressed: DoNotCall | None = None
    protected: Callable[[Mapping[str, Any]], str] | None = None
    mirrored: Container[int] = ()
    deleting: Callable[[int, Mapping[str, Any]], object] = lambda _seq, _record: None

    async def change(self, row: SpooledRow) -> Outcome:
        """Change the contact if it carries the row's UserData."""
        contact = await persisting(self.client, lambda: self.client.get_contact(row.contact_id))
        if contact is not None and contact.user_data != row.user_data:
            return _outcome(row, Status.FAILED, CONTACT_CHANGED, phrase("the contact now has a different UserData"))
        if contact is not None and is_outside(self.target, contact.values):
            return _outcome(row, Status.SKIPPED, error=phrase("the contact is in another campaign"))
        if contact is not None and row.kind == "unlock" and (why := why_locked(self.suppressed, contact.values)):
            return _outcome(row, Status.SKIPPED, error=why)._replace(action=Reason.SUPPRESSED)
        nothing = _nothing_to_do(row.kind, contact.values) if contact is not None else ""
        begun = row.seq in self.begun
        if contact is not None and not (begun and nothing) and (why := self._why_protected(row, contact.values)):
            return _outcome(row, Status.SKIPPED, error=why)._replace(action=Reason.PROTECTED)
        if contact is not None and self.recorder is not None and not nothing:
            await self.recorder.intend(row.seq, None)
        if contact is not None and row.kind == "delete":
            self.deleting(row.seq, contact.values)
        try:
            done = contact is not None and await change_by_id(self.client, row, self.begun)
        except (Refused, NotDone, StopRun):
            if self.recorder is not None and row.seq not in self.begun:
                self.recorder.take_back(row.seq)
            raise
        if done and nothing and not begun:
            return _outcome(row, Status.SKIPPED, error=nothing)
        if not done and await is_still_there(self.client, row):
            return _outcome(row, Status.FAILED, NOT_FOUND, still_there())
        if not done and (self.resumed or begun) and row.kind == "delete":
            return _outcome(row, Status.SUCCEEDED, error=phrase("gone when the run was resumed"))
        return _outcome(row, Status.SUCCEEDED) if done else nothing_there(row)

    def _why_protected(self, row: SpooledRow, record: Mapping[str, Any]) -> str:
        return self.protected(record) if self.protected and row.seq in self.mirrored else ""


@dataclass(frozen=True, slots=True)
class OwnCampaignChanger:
    """Has a ``changer`` change contacts of the ``target``'s campaign alone: which they are, only the journal says.

    Whoever can write there must not have those of other campaigns locked, unlocked or deleted.
    """

    client: DiallerClient
    target: str
    changer: Changer

    async def change(self, row: SpooledRow) -> Outcome:
        """Change the contact, unless it may be one of another campaign."""
        if row.contact_id:
            contact = await persisting(self.client, lambda: self.client.get_contact(row.contact_id))
            found = [contact] if contact is not None else []
        else:
            found = await persisting(self.client, lambda: self.client.find_contacts(row.user_data))
        if any(is_outside(self.target, contact.values) for contact in found):
            why = phrase(
                "the contact is in another campaign, and that it was named stands only in the journal: if it is meant, "
                "give the command itself again"
            )
            return _outcome(row, Status.FAILED, CONTACT_CHANGED, why)
        return await self.changer.change(row)


@dataclass(frozen=True, slots=True)
class UncheckedChanger:
    """Makes the API's own call, by ID or by UserData, without a lookup.

    By UserData the dialler picks one contact, and its choice is undefined: such a call is journalled before it is sent,
    and never repeated if it may have been done.
    """

    client: DiallerClient
    recorder: Recorder

    async def change(self, row: SpooledRow) -> Outcome:
        """Change the contact that the dialler picks."""
        if row.contact_id:
            done = await change_by_id(self.client, row, set())
            return _outcome(row, Status.SUCCEEDED) if done else nothing_there(row)
        changes: Mapping[str, Callable[[str], Awaitable[None]]] = {
            "delete": self.client.delete_by_user_data,
            "lock": self.client.lock_by_user_data,
            "unlock": self.client.unlock_by_user_data,
        }
        await self.recorder.intend(row.seq, None)
        try:
            await persisting(self.client, lambda: changes[row.kind](row.user_data), repeatable=False)
        except Refused as error:
            if error.code != NOT_FOUND:
                self.recorder.take_back(row.seq)
                raise
            return nothing_there(row)
        except (NotDone, StopRun):
            self.recorder.take_back(row.seq)
            raise
        return _outcome(row, Status.SUCCEEDED)


async def change_by_id(client: DiallerClient, row: SpooledRow, doubtful: set[int]) -> bool:
    """Lock, unlock or delete a contact by ID; return False if there is none. A repeat is harmless.

    The row's number is added to ``doubtful`` where the change may have been made although no answer came.
    """
    changes: Mapping[str, Callable[[str], Awaitable[bool]]] = {
        "delete": client.delete_by_id,
        "lock": client.lock_by_id,
        "unlock": client.unlock_by_id,
    }
    doubt: MaybeDone | None = None

    async def once() -> bool:
        nonlocal doubt
        try:
            return await changes[row.kind](row.contact_id)
        except MaybeDone as error:
            doubtful.add(row.seq)
            doubt = error
            raise

    with calling(client, f"{row.kind}_by_id"):
        try:
            return await persisting(client, once) or (doubt is not None and row.kind == "delete")
        except (MaybeDone, NotDone, Refused):  # the change stays journalled where the run stops
            if doubt is None:
                raise
            if row.kind != "delete" or await persisting(client, lambda: client.get_contact(row.contact_id)) is not None:
                raise doubt from None
            return True


async def is_still_there(client: DiallerClient, row: SpooledRow) -> bool:
    """Whether the dialler has a contact although it answered that it has not; a lookup that it refuses says nothing."""

    async def by_id() -> list[StoredContact]:
        contact = await client.get_contact(row.contact_id)
        return [contact] if contact is not None else []

    async def by_user_data() -> list[StoredContact]:
        return await client.find_contacts(row.user_data) if row.user_data else []

    for look in (by_id, by_user_data):
        with suppress(Refused):
            found = await persisting(client, look)
            if any(each.id == row.contact_id and is_about(each.values, user_data=row.user_data) for each in found):
                return True
    return False


def still_there() -> str:
    """Return what is said of such a contact."""
    return phrase(
        "the dialler says that there is no such contact, and yet has it; if this function is at another path, set it "
        "under dialler.endpoints"
    )


def why_locked(suppressed: DoNotCall | None, record: Mapping[str, Any]) -> str:
    """Return why a contact must not be unlocked; ``""`` if it may."""
    return suppressed.reason_to_stay_locked(record) if suppressed else ""


def _nothing_to_do(kind: str, before: Mapping[str, Any]) -> str:
    """Return why a change changed nothing, as far as the contact's record shows; undo must leave it so.

    The record may be wrong, so the change is made all the same: it is only not counted.
    """
    if kind == "lock" and is_locked(before):
        return phrase("the contact was locked already")
    if kind == "unlock" and is_unlocked(before):
        return phrase("the contact was not locked")
    return ""


def nothing_there(row: SpooledRow) -> Outcome:
    """Return the outcome for a missing contact: success for delete and unlock, failure for lock."""
    gone = phrase("not (or no longer) in the dialler")
    if row.kind == "lock":
        return _outcome(row, Status.FAILED, NOT_FOUND, gone)._replace(hint=phrase("Correct the name, or leave it out."))
    return _outcome(row, Status.SKIPPED, error=gone)


def _outcome(row: SpooledRow, status: Status, code: str = "", error: str = "") -> Outcome:
    action = Reason.UNCHANGED if status is Status.SKIPPED else Action(row.kind)
    return Outcome(row.seq, status, action, row.contact_id, 200, 1, error_code=code, error=error)
