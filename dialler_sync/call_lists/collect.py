"""Turn histories into lines: one a call, each once, new or changed, or still going on; or one a contact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from ..api.call_times import moment
from ..api.wire import RESULT_CODE, stored_contact
from ..contacts.call_records import Call, each_once, reached_of, records_of
from ..journal.calls import CALL, CONTACT, GOING_ON, CallNotes, Note
from .findings import Findings
from .forgotten import forgotten_before
from .lines import (
    CONTACT_FACTS,
    NEW,
    UPDATED,
    apart,
    contact_facts,
    fingerprint,
    is_going_on,
    key_of,
    line_of,
    numbers_of,
    same_start,
)
from .seen import Seen
from .since import Since

Record = Mapping[str, Any]


class History(NamedTuple):
    """A contact and its history; ``mark`` is what the list tells of its calls, ``last`` when the last one was."""

    contact: Record
    history: object
    mark: str = ""
    last: str = ""


class Taker(Protocol):
    """Takes the histories of contacts."""

    def take(self, histories: Sequence[History]) -> object:
        """Take the histories of contacts that were asked."""

    def rest(self, contacts: Iterable[Record]) -> None:
        """Take the contacts of the list; some of them were asked."""


class _Read(NamedTuple):
    """A call with the facts of its contact, and the key that tells it from others."""

    key: str
    contact_id: str
    facts: Record
    call: Call


class Collector:
    """Turns histories into lines and notes.

    ``notes`` is None where no receiver is meant: then every call that ``since`` wants is given.
    """

    def __init__(
        self, found: Findings, since: Since, notes: CallNotes | None, campaigns: Mapping[str, str], now: datetime
    ) -> None:
        self._found = found
        self._since = since
        self._notes = notes
        self._campaigns = campaigns
        self._now = now
        self._seen = Seen()
        self._ends_are_told = False
        self._forgotten = forgotten_before(notes)

    def close(self) -> None:
        """Forget what was seen."""
        self._seen.close()

    def take(self, histories: Sequence[History]) -> None:
        """Take the calls of contacts."""
        read: list[_Read] = []
        for each in histories:
            calls = self._calls(each)
            read += calls
            if calls and self._notes and each.mark and not any(self._goes_on(part.call) for part in calls):
                self._found.add_note(Note(CONTACT, calls[0].contact_id, each.mark, each.last))
        self._give(self._told_apart(read))

    def _calls(self, each: History) -> list[_Read]:
        """Return the calls of one contact that are wanted."""
        contact_id = stored_contact(each.contact).id
        records = records_of(each.history)
        if records is None:
            self._found.unreadable.append(contact_id)
            return []
        facts, numbers = contact_facts(each.contact, self._campaigns), numbers_of(each.contact)
        all_calls = [Call.read(record, numbers) for record in records]
        calls = each_once(all_calls)
        self._found.repeated += len(all_calls) - len(calls)
        found = []
        for call in calls:
            self._found.not_told.watch(call)
            self._ends_are_told |= bool(call.end)
            if call.contact_id and contact_id and call.contact_id != contact_id:
                self._found.foreign += 1
            elif self._since.wants(call):
                found.append(_Read(key_of(call, contact_id), contact_id, facts, call))
        return found

    def _told_apart(self, calls: Sequence[_Read]) -> Iterator[_Read]:
        """Yield each call once; calls that share an ID, and began at other times, get keys of their own."""
        known = self._notes.known(CALL, list({each.key for each in calls})) if self._notes else {}
        for each in calls:
            start, before = each.call.start, self._seen.add(each.key, each.call.start)
            others = [before] if before is not None else []
            others += [known[each.key].start] if each.key in known else []
            if all(same_start(start, other) for other in others):
                if before is None:
                    yield each
                else:
                    self._found.repeated += 1
                continue
            own = each._replace(key=f"{each.key} {apart(each.call, each.contact_id, '')}")
            if self._seen.add(own.key, start) is None:
                self._found.double_ids += 1
                yield own
            else:
                self._found.repeated += 1

    def _give(self, calls: Iterator[_Read]) -> None:
        page = list(calls)
        known = self._notes.known(CALL, [each.key for each in page]) if self._notes else {}
        for each in page:
            going_on, change = self._goes_on(each.call), NEW
            value = fingerprint(each.call)
            if each.key in known:
                if known[each.key].value == value:
                    continue
                change = UPDATED
            elif self._is_forgotten(each.call):
                self._found.forgotten += 1
                continue
            line = line_of(each.facts, each.call, change)
            if going_on and self._notes and change == NEW:
                self._found.going_on[each.key] = line
                continue
            self._found.still_open += going_on
            self._add(line, change, Note(CALL, each.key, value, each.call.start))

    def _is_forgotten(self, call: Call) -> bool:
        began = moment(call.when) if self._forgotten else None
        return began is not None and self._forgotten is not None and began < self._forgotten

    def _add(self, line: Mapping[str, Any], change: str, note: Note) -> None:
        self._found.lines.add(line)
        if change == NEW:
            self._found.new += 1
        else:
            self._found.updated += 1
        if self._notes:
            self._found.add_note(note)

    def _goes_on(self, call: Call) -> bool:
        return is_going_on(call, self._now, ends_are_told=self._ends_are_told)

    def lacks(self, keys: Iterable[str]) -> bool:
        """Whether one of these calls was not seen."""
        return any(key not in self._seen for key in keys)

    def rest(self, contacts: Iterable[Record]) -> None:
        """Leave out the contacts that were not asked: they have no calls that are wanted."""

    def give_vanished(self) -> None:
        """Give calls that were going on at the last look, and are no longer there: their contact was deleted."""
        if not self._notes:
            return
        held = dict(self._notes.going_on())
        known = self._notes.known(CALL, list(held))
        for key, line in held.items():
            if key in known or key in self._seen:
                continue
            if str(line.get("ContactID")) in self._found.unreadable:
                self._found.going_on[key] = line
                continue
            self._found.gone += 1
            self._add(line, NEW, Note(CALL, key, GOING_ON, str(line.get("CallStart") or "")))


CONTACT_COLUMNS = (
    *CONTACT_FACTS,
    *("Tries", "Calls", "Reached", "LastCall", "Number", "ResultCode", "ResultText", "Done", "FollowUp"),
)
"""Columns of a list of contacts. ``Tries`` is the dialler's own count, ``Calls`` that of its records."""


class ContactLines:
    """Turns histories into lines, one a contact."""

    def __init__(self, found: Findings, since: Since, campaigns: Mapping[str, str]) -> None:
        self._found = found
        self._since = since
        self._campaigns = campaigns
        self._seen = Seen()

    def close(self) -> None:
        """Forget what was seen."""
        self._seen.close()

    def take(self, histories: Sequence[History]) -> None:
        """Add the lines of contacts that were asked."""
        for contact, history, *_ in histories:
            contact_id = stored_contact(contact).id
            if self._seen.add(contact_id) is not None:
                continue
            records = records_of(history)
            if records is None:
                self._found.unreadable.append(contact_id)
            calls = each_once(Call.read(record, numbers_of(contact)) for record in records or ())
            for call in calls:
                self._found.not_told.watch(call)
            self._add(contact, [call for call in calls if self._since.wants(call)], known=records is not None)

    def rest(self, contacts: Iterable[Record]) -> None:
        """Add the lines of contacts that were not asked, as the list shows no calls of them."""
        for contact in contacts:
            if self._seen.add(stored_contact(contact).id) is None:
                self._add(contact, [], known=True)

    def _add(self, contact: Record, calls: Sequence[Call], *, known: bool) -> None:
        last = max(calls, key=lambda call: call.when, default=None)
        now = Call.read({RESULT_CODE: contact.get(RESULT_CODE)})
        tries = contact.get("nTries")
        facts = {
            "Tries": len(calls) if tries is None and known else tries,
            "Calls": len(calls) if known else None,
            "Reached": reached_of(calls) if calls or not known else False,
            "LastCall": last.when if last else None,
            "Number": last.number if last else None,
            "ResultCode": now.result_code or (last.result_code if last else None),
            "ResultText": now.result_text or (last.result_text if last else None),
            "Done": now.done if now.done is not None else last.done if last else None,
            "FollowUp": contact.get("FollowUpDateTime"),
        }
        self._found.lines.add(contact_facts(contact, self._campaigns) | facts)
        self._found.new += 1
