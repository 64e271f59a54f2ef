"""Count the calls of contacts by campaign, result code and day.

A contact was *called* if its history has a call, and *reached* if somebody answered one. Contacts whose records do not
show this are counted apart, never as not reached. Refusals appear under the campaign's own result codes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..api.client import DiallerClient
from ..api.wire import RESULT_CODE, StoredContact, campaign_of, stored_contact
from ..contacts.call_records import Call, NotTold, each_once, reached_of, records_of
from ..contacts.histories import AT_ONCE, Histories
from ..fields import PHONE_FIELDS
from ..pages import RECORDS, batched
from .compare import said
from .sides import Called, Sides

NONE = "(none)"


@dataclass(slots=True)
class Count:
    """Number of calls, of contacts called, and of contacts reached."""

    calls: int = 0
    contacts: int = 0
    reached: int = 0


@dataclass(slots=True)
class CallTally:
    """Counts the calls of contacts.

    ``unreadable`` counts contacts whose history is not a list of calls; ``reached_unknown`` counts contacts with no
    call known to be answered, but some call whose record does not tell.
    """

    asked: str = ""
    contacts: int = 0
    unreadable: int = 0
    reached_unknown: int = 0
    total: Count = field(default_factory=Count)
    by_campaign: dict[str, Count] = field(default_factory=dict)
    by_result_code: dict[str, Count] = field(default_factory=dict)
    by_day: dict[str, Count] = field(default_factory=dict)
    not_told: NotTold = field(default_factory=NotTold)

    def add(self, campaign: str, history: object, numbers: Collection[str] = ()) -> Called | None:
        """Count the calls of one contact of ``campaign``; return them summarised, None if there are none.

        ``numbers`` are the contact's phone numbers.
        """
        self.contacts += 1
        records = records_of(history)
        if records is None:
            self.unreadable += 1
            return None
        if not records:
            return None
        reached: dict[tuple[str, str], bool] = {}
        last: tuple[str, str, bool | None] = ("", "", None)
        calls = each_once(Call.read(record, numbers) for record in records)
        for call in calls:
            self.not_told.watch(call)
            result = call.result_code or NONE
            if call.when >= last[0]:
                last = call.when, result, call.done
            for place in (
                ("total", ""),
                ("by_campaign", call.campaign or campaign or NONE),
                ("by_result_code", result),
                ("by_day", call.when[:10] or NONE),
            ):
                self._count(*place).calls += 1
                reached[place] = reached.get(place, False) or call.reached is True
        for place, is_reached in reached.items():
            self._count(*place).contacts += 1
            self._count(*place).reached += is_reached
        self.reached_unknown += not reached["total", ""] and any(call.reached is None for call in calls)
        return Called(len(calls), last[0], last[1], _word(reached_of(calls)), _word(last[2]))

    def _count(self, by: str, name: str) -> Count:
        return self.total if by == "total" else getattr(self, by).setdefault(name, Count())

    def summary(self) -> dict[str, Any]:
        """Return the counts for ``summary.json``."""
        found = asdict(self)
        found["not_told"] = self.not_told.facts
        total = found.pop("total")
        found |= {"called": total["contacts"], "reached": total["reached"], "calls": total["calls"]}
        return found | {by: dict(sorted(found[by].items())) for by in ("by_campaign", "by_result_code", "by_day")}


async def read_calls(
    client: DiallerClient, sides: Sides, progress: Callable[[int], None], language: int | None = None
) -> CallTally:
    """Fetch the calls of all contacts: in batches, or one by one if this dialler has no batch lookup.

    ``language`` is the languagesID for the dialler's texts; only batches support it.

    Raises:
        RequestError, StopRun: the dialler refuses or cannot be reached.
    """
    reader = _Reader(client, sides, language)
    for pages in client.several(batched(sides.contacts(), RECORDS), AT_ONCE):
        await asyncio.gather(*map(reader.read, pages))
        progress(sum(map(len, pages)))
    return reader.tally


class _Reader:
    """Fetches the calls of contacts, a page at a time."""

    def __init__(self, client: DiallerClient, sides: Sides, language: int | None) -> None:
        self._sides = sides
        self._histories = Histories(client, language)
        self.tally = CallTally(self._histories.asked)

    async def read(self, contacts: Sequence[StoredContact]) -> None:
        """Fetch and count the calls of these contacts."""
        known, records = await self._histories.of([contact.id for contact in contacts if contact.id])
        self.tally.asked = self._histories.asked
        # the contact's current result code stands in for calls without one
        now = {stored_contact(each).id: Call.read({RESULT_CODE: each.get(RESULT_CODE)}) for each in records}
        called = []
        for contact in contacts:
            numbers = [said(contact.values.get(name)) for name in PHONE_FIELDS]
            found = self.tally.add(campaign_of(contact.values), known.get(contact.id), numbers)
            current = now.get(contact.id)
            if found and current and found.last_result == NONE and current.result_code:
                found = found._replace(last_result=current.result_code)
            if found and current and current.done is not None:
                found = found._replace(done=_word(current.done))
            if found:
                called.append((contact.id, found))
        self._sides.add_called(called)


def _word(fact: bool | None) -> str:
    return "" if fact is None else str(fact).lower()
