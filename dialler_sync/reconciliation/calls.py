"""What came of contacts: their calls by campaign, result code and day.

What a call's record holds is not documented, so each fact is looked for under several names, and is ``(none)`` where
it stands under none. A contact was *called* where its history has a call, and *reached* where a call names an agent or
an agent's end reason, or lasted. Who refused, the campaign's own result codes tell.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from ..api.ask import calling, persisting
from ..api.client import DiallerClient
from ..api.wire import StoredContact, stored_contact
from ..contacts.read import FATAL, HISTORY
from ..errors import Refused
from ..plan.snapshot import BATCH
from .compare import said
from .sides import Called, Sides

NONE = "(none)"

_AT_ONCE = 4
"""Batch look-ups in flight: each answer is megabytes."""

_RESULTS = ("ResultCode", "DiallerCampaignsResultCodes", "ResultCodesExportKey", "DiallerCampaignsResultCodesID")
_TIMES = ("dtStart", "dtCall", "dtCreated", "dtEnd")
_AGENTS = ("UsersUID", "LastAcdAgentEndReasonsID", "AcdAgentEndReasonsID")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(slots=True)
class Count:
    """Calls, the contacts that had them, and those of these contacts that they reached."""

    calls: int = 0
    contacts: int = 0
    reached: int = 0


@dataclass(slots=True)
class CallTally:
    """Counts the calls of contacts. ``unreadable`` are contacts whose history is no list of calls."""

    asked: str = ""
    contacts: int = 0
    unreadable: int = 0
    total: Count = field(default_factory=Count)
    by_campaign: dict[str, Count] = field(default_factory=dict)
    by_result_code: dict[str, Count] = field(default_factory=dict)
    by_day: dict[str, Count] = field(default_factory=dict)

    def add(self, campaign: str, history: object) -> Called | None:
        """Count the calls of one contact of ``campaign``; gives what became of them, None where there are none."""
        self.contacts += 1
        if not history:
            return None
        if not isinstance(history, list) or not all(isinstance(call, dict) for call in history):
            self.unreadable += 1
            return None
        reached: dict[tuple[str, str], bool] = {}
        last = ("", "")
        for call in history:
            when, result = _time(call), _first(call, _RESULTS) or NONE
            if when >= last[0]:
                last = when, result
            for place in (
                ("total", ""),
                ("by_campaign", _first(call, ["DiallerCampaignsID"]) or campaign or NONE),
                ("by_result_code", result),
                ("by_day", when[:10] or NONE),
            ):
                self._count(*place).calls += 1
                reached[place] = reached.get(place, False) or _is_reached(call)
        for place, is_reached in reached.items():
            self._count(*place).contacts += 1
            self._count(*place).reached += is_reached
        return Called(len(history), *last)

    def _count(self, by: str, name: str) -> Count:
        return self.total if by == "total" else getattr(self, by).setdefault(name, Count())

    def summary(self) -> dict[str, Any]:
        """For ``summary.json``: how many contacts were called and reached, and in what."""
        found = asdict(self)
        total = found.pop("total")
        found |= {"called": total["contacts"], "reached": total["reached"], "calls": total["calls"]}
        return found | {by: dict(sorted(found[by].items())) for by in ("by_campaign", "by_result_code", "by_day")}


def _first(call: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((text for name in names if (text := said(call.get(name)))), "")


def _time(call: Mapping[str, Any]) -> str:
    """When the call began, as text that sorts; empty where no field tells."""
    for name in (*_TIMES, *(name for name in call if name.startswith("dt"))):
        if isinstance(value := call.get(name), str) and _DATE.match(value):
            return value
    return ""


def _is_reached(call: Mapping[str, Any]) -> bool:
    duration = call.get("Duration")
    lasted = isinstance(duration, (int, float)) and duration > 0
    return lasted or any(call.get(name) not in (None, "", 0) for name in _AGENTS)


async def read_calls(client: DiallerClient, sides: Sides, progress: Callable[[int], None]) -> CallTally:
    """Ask for the calls of all contacts: in batches, or one by one where this dialler cannot do that.

    Raises:
        RequestError, StopRun: the dialler does not tell.
    """
    reader = _Reader(client, sides)
    contacts = sides.contacts()
    while pages := [page for _ in range(_AT_ONCE) if (page := list(islice(contacts, BATCH)))]:
        await asyncio.gather(*map(reader.read, pages))
        progress(sum(map(len, pages)))
    return reader.tally


class _Reader:
    """Reads the calls of contacts, a page at a time."""

    def __init__(self, client: DiallerClient, sides: Sides) -> None:
        self._client = client
        self._sides = sides
        self._batch = True
        self.tally = CallTally("batch look-ups")

    async def read(self, contacts: Sequence[StoredContact]) -> None:
        """Count the calls of these contacts."""
        ids = [contact.id for contact in contacts if contact.id]
        known = await self._by_batch([contact_id for contact_id in ids if contact_id.isdecimal()])
        left = [contact_id for contact_id in ids if contact_id not in known]
        if left:
            known |= zip(left, await asyncio.gather(*map(self._by_id, left)), strict=True)
        called = []
        for contact in contacts:
            found = self.tally.add(said(contact.values.get("DiallerCampaignsID")), known.get(contact.id))
            if found:
                called.append((contact.id, found))
        self._sides.add_called(called)

    async def _by_batch(self, ids: Sequence[str]) -> dict[str, Any]:
        """The history of each contact that the batch look-up tells it of."""
        if not self._batch or not ids:
            return {}
        try:
            records = await persisting(self._client, lambda: self._client.batch_contacts(ids=ids))
        except Refused as error:
            if error.code in FATAL:
                raise
            self._batch, self.tally.asked = False, f"one by one, as the batch look-up does not help here ({error})"
            return {}
        found = {stored_contact(record).id: record[HISTORY] for record in records if HISTORY in record}
        gone = dict.fromkeys(set(ids) - {stored_contact(record).id for record in records})
        return found | gone

    async def _by_id(self, contact_id: str) -> Any:
        with calling(self._client, "history_by_id"):
            try:
                return await persisting(self._client, lambda: self._client.history_by_id(contact_id))
            except Refused as error:
                if error.code != "not_found":
                    raise
                return None
