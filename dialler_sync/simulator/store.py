"""The dialler's data: campaigns, contacts, calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Self

from .call_source import CallSource
from .calls import CODE, CUSTOMER, completed
from .clock import Clock, written
from .record import EMPTY_RECORD
from .state import StateFile

_HIGHEST_ID = 1 << 53

DEFAULT_CAMPAIGNS: Mapping[int, str] = {538: "Nightly"}


class Store:
    """One account of the dialler, in memory, and in the SQLite ``file`` if given.

    ``campaigns`` maps ID to name, ``contacts`` ID to non-null fields, ``calls`` a contact's ID to its history, oldest
    first. Treat them as read-only: the methods change them and keep index and file in step. ``save`` (called by the
    server) and ``close`` write changes to the file. ``rehearse`` provides calls for each contact without any, both new
    ones and those in the file. ``clock`` tells the time (None: real time). ``changed`` is called with the ID of each
    contact that is made or changed.

    Raises:
        UsageError: the file cannot be used.
    """

    def __init__(
        self,
        campaigns: Mapping[int, str] | None = None,
        *,
        clients_id: int = 1,
        file: Path | None = None,
        rehearse: CallSource | None = None,
        clock: Callable[[], float] | None = None,
        seed: int = 0,
    ) -> None:
        self.clients_id = clients_id
        self.campaigns: dict[int, str] = {}
        self.contacts: dict[int, dict[str, Any]] = {}
        self.calls: dict[int, list[dict[str, Any]]] = {}
        self._ids_by_user_data: dict[str, list[int]] = {}
        self._last_ids = {"contact": 0, "call": 0}
        self._unsaved: set[int] = set()
        self.clock = clock or Clock()
        self.changed: Callable[[int], None] = lambda _: None
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose
        self._rehearse = rehearse
        self._file = StateFile(file) if file else None
        if self._file:
            self._load(self._file)
        self.campaigns |= campaigns or ({} if self.campaigns else DEFAULT_CAMPAIGNS)
        for contact_id in self.contacts:
            self._call(contact_id)
        if self._file:
            self._file.save((), self.campaigns, self._last_ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def add(self, **fields: Any) -> int:
        """Create a contact of any fields, by default in the first campaign; return its ID."""
        self._last_ids["contact"] += 1
        contact_id = self._last_ids["contact"]
        self.contacts[contact_id] = {}
        made = {"dtImported": self._time(), "bLocked": False, "DiallerCampaignsID": next(iter(self.campaigns))}
        self.update(contact_id, **(made | fields))
        self._call(contact_id)
        return contact_id

    def update(self, contact_id: int, **fields: Any) -> None:
        """Set fields of a contact; None clears a field, others keep their values.

        ``dtModified`` is now, unless it is among the fields.
        """
        contact = self.contacts[contact_id]
        before = contact.get("UserData")
        if "DiallerCampaignsID" in fields:
            fields["DiallerCampaignsName"] = self.campaigns.get(fields["DiallerCampaignsID"])
        for name, value in {"dtModified": self._time(), **fields}.items():
            if value is None:
                contact.pop(name, None)
            else:
                contact[name] = value
        if contact.get("UserData") != before:
            self._unindex(contact_id, before)
            self._index(contact_id, contact.get("UserData"))
        self._unsaved.add(contact_id)
        self.changed(contact_id)

    def delete(self, contact_id: int) -> None:
        """Delete a contact and its history."""
        self._unindex(contact_id, self.contacts.pop(contact_id).get("UserData"))
        self.calls.pop(contact_id, None)
        self._unsaved.add(contact_id)

    def add_call(self, contact_id: int, **record: Any) -> int:
        """Add a call's record to a contact's history; return the call's ID, assigned unless the record has one.

        ``StatisticsPartA=`` is completed with the other columns; a record without it is kept as it is.
        """
        self._last_ids["call"] += 1
        call_id = self._last_ids["call"]
        contact = self.contacts[contact_id]
        call = completed(
            record,
            ID=call_id,
            ClientsID=self.clients_id,
            DiallerContactsID=contact_id,
            DiallerCampaignsID=contact.get("DiallerCampaignsID"),
        )
        self.calls.setdefault(contact_id, []).append(call)
        own = _call_id(call)
        if isinstance(own, int) and own < _HIGHEST_ID:  # a record's own ID is not given again
            self._last_ids["call"] = max(self._last_ids["call"], own)
        leg, code = call.get(CUSTOMER), call.get(CODE)
        contact["nTries"] = contact.get("nTries", 0) + 1
        if isinstance(leg, dict) and leg["dtCallStart"]:
            contact["dtLastTry"] = leg["dtCallStart"]
        if isinstance(code, dict) and code.get("ID"):
            contact["DiallerCampaignsResultCodesID"] = code["ID"]
        self._unsaved.add(contact_id)
        return call_id

    def change_call(self, contact_id: int, call_id: int, **parts: Any) -> None:
        """Change a call's record: fields of objects are merged into it, any other value replaces the old one."""
        calls = self.calls[contact_id]
        place = next(place for place in reversed(range(len(calls))) if _call_id(calls[place]) == call_id)
        call = calls[place]
        whole = {n: {**call[n], **p} if isinstance(call.get(n), dict) else p for n, p in parts.items()}
        calls[place] = call | whole
        self._unsaved.add(contact_id)

    def result_code(self, contact_id: int) -> Any:
        """Return the result code of the contact's last call that has one, None without calls since a reset."""
        tries = self.contacts[contact_id].get("nTries")
        if not tries:
            return None
        codes = [call[CODE] for call in self.calls.get(contact_id, [])[-tries:] if call.get(CODE)]
        return codes[-1] if codes else None

    def matches(self, user_data: str) -> list[int]:
        """Return the IDs of all contacts that carry ``user_data``, oldest first."""
        return list(self._ids_by_user_data.get(user_data, ()))

    def pick(self, contact_ids: list[int]) -> int:
        """Return one of several contacts, an arbitrary one."""
        return contact_ids[0] if len(contact_ids) == 1 else self._random.choice(contact_ids)

    def record(self, contact_id: int) -> dict[str, Any]:
        """Return the full record of a contact: every field, most of them null."""
        return {**EMPTY_RECORD, "ID": contact_id, "ClientsID": self.clients_id, **self.contacts[contact_id]}

    def save(self) -> None:
        """Write changes to the file, if there is one."""
        unsaved, self._unsaved = self._unsaved, set()
        if not (self._file and unsaved):
            return
        try:
            rows = ((i, self.contacts.get(i), self.calls.get(i, [])) for i in unsaved)
            self._file.save(rows, self.campaigns, self._last_ids)
        except BaseException:
            self._unsaved |= unsaved
            raise

    def close(self) -> None:
        """Save, and close the file."""
        if self._file:
            self.save()
            self._file.close()
            self._file = None

    def _load(self, file: StateFile) -> None:
        self.campaigns |= file.campaigns()
        self._last_ids |= file.last_ids()
        for contact_id, contact, calls in file.contacts():
            self.contacts[contact_id] = contact
            self._index(contact_id, contact.get("UserData"))
            if calls:
                self.calls[contact_id] = calls

    def _call(self, contact_id: int) -> None:
        if self._rehearse and not self.calls.get(contact_id):
            for record in self._rehearse(contact_id, self.contacts[contact_id], self.clock()):
                self.add_call(contact_id, **record)

    def _time(self) -> str:
        return written(self.clock())

    def _index(self, contact_id: int, user_data: str | None) -> None:
        if user_data:
            self._ids_by_user_data.setdefault(user_data, []).append(contact_id)

    def _unindex(self, contact_id: int, user_data: str | None) -> None:
        if user_data:
            ids = self._ids_by_user_data[user_data]
            ids.remove(contact_id)
            if not ids:
                del self._ids_by_user_data[user_data]


def _call_id(call: Mapping[str, Any]) -> Any:
    leg = call.get(CUSTOMER)
    return leg.get("ID") if isinstance(leg, dict) else None
