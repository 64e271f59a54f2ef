"""One line per contact: its tries and results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..api.wire import RESULT_CODE, stored_contact
from ..contacts.call_records import Call, each_once, reached_of, records_of
from .collect import History
from .findings import Findings
from .lines import CONTACT_FACTS, contact_facts, numbers_of
from .seen import Seen
from .since import Since

CONTACT_COLUMNS = (
    *CONTACT_FACTS,
    *("Tries", "Calls", "Reached", "LastCall", "Number", "ResultCode", "ResultText", "Done", "FollowUp"),
)
"""Columns of a list of contacts. ``Tries`` is the dialler's own count, ``Calls`` that of its records."""

Record = Mapping[str, Any]


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
