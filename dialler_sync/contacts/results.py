"""Results of listed contacts, as columns beside the dialler's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..api.client import DiallerClient
from ..api.query import query
from ..api.wire import RESULT_CODE, stored_contact
from ..config import Settings
from ..error_codes import UNREADABLE
from ..errors import MaybeDone
from ..fields import PHONE_FIELDS
from ..own_columns import CALL_COLUMNS
from ..pages import RECORDS, batched
from ..text.phrase import phrase
from .call_records import Call, each_once, reached_of, records_of
from .histories import Histories
from .record_file import RecordFile

Record = Mapping[str, Any]


def add_results(settings: Settings, contacts: RecordFile, into: RecordFile, progress: Any) -> None:
    """Copy contacts into ``into``, with ``CALL_COLUMNS`` before the fields of their records.

    Raises:
        StopRun: the dialler does not answer, refuses, or gives no calls.
    """

    async def question(client: DiallerClient) -> None:
        histories = Histories(client)
        for page in batched(contacts, RECORDS):
            ids = [contact_id for record in page if (contact_id := stored_contact(record).id)]
            known, records = await histories.of(ids)
            now = {stored_contact(record).id: record.get(RESULT_CODE) for record in records}
            for line in _lines(page, known, now):
                into.add(line)
            progress(len(page))

    query(settings, question)


def _lines(page: Sequence[Record], known: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Record]:
    for record in page:
        contact_id = stored_contact(record).id
        found = records_of(known.get(contact_id))
        if found is None:
            raise MaybeDone(UNREADABLE, phrase("the history of contact {id} is not a list of calls", id=contact_id))
        numbers = [str(record.get(name) or "") for name in PHONE_FIELDS]
        calls = each_once(Call.read(each, numbers) for each in found)
        last = max(calls, key=lambda call: call.when, default=None)
        current = Call.read({RESULT_CODE: now.get(contact_id)})
        code = current.result_code or (last.result_code if last else "")
        done = current.done if current.done is not None else last.done if last else None
        told = (len(calls), last.when if last else None, code or None, reached_of(calls) if calls else False, done)
        yield dict(zip(CALL_COLUMNS, told, strict=True)) | dict(record)
