"""Rows that an import leaves out because the dialler has their number under another key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import orjson

from ..api.wire import StoredContact
from ..config import Settings
from ..config.mirror import Missing
from ..config.rows import Mode
from ..model import Value
from ..plan.numbers import KnownNumbers
from .sides import KnownOf, Sides, none_known


@contextmanager
def known_numbers(sides: Sides, settings: Settings, batches: Iterable[list[Any]]) -> Iterator[KnownOf]:
    """Hold what finds rows whose number a contact of the dialler has; ``batches`` are as in :meth:`Sides.lines`.

    Contacts that a mirror takes have no numbers that count, as in an import.
    """
    if settings.rows.duplicate_phones_in_dialler != "skip":
        yield none_known
        return
    numbers = KnownNumbers()
    rows = ((key, orjson.loads(body)) for batch in batches for _, key, body in batch)
    contacts = sides.contacts()
    if settings.mirror.missing is not Missing.KEEP:
        contacts = (contact for contact in contacts if sides.is_named(contact.values))
    everywhere = settings.rows.phones_in == "account"

    def stays(contact: StoredContact) -> bool:
        may = sides.may
        return may.mode is Mode.CREATE or bool(may.protected(contact) or may.suppressed.reason(contact.values))

    def known_of(rows: Sequence[tuple[int, Mapping[str, Value]]]) -> Mapping[int, str]:
        found = numbers.find(rows, sides.campaign_ids, everywhere=everywhere)
        return {seq: each[0].reason for seq, each in found.items()}

    with closing(numbers):
        numbers.going(sides.keys(), rows, settings.kept_fields)
        numbers.add(contacts, stays)
        numbers.index()
        yield known_of
