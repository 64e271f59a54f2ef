"""Phone numbers that the dialler has under other keys than the rows of a run."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from ..api.wire import CAMPAIGN_NAME, StoredContact, is_elsewhere
from ..config import Settings
from ..config.rows import Mode
from ..fields import PHONE_FIELDS
from ..journal import Journal, RunRecord
from ..model import Value
from ..pages import KEYS, RECORDS, batched
from ..prepare.prepared import Prepared
from ..text.phrase import phrase
from .decide import PlanRules, protection
from .left_out import keys_that_count
from .snapshot import Snapshot, storable
from .suppress import SuppressionLists

_TABLES = """
    CREATE TABLE number (digits TEXT, user_data TEXT, id TEXT, field INTEGER, campaign TEXT, stays INTEGER);
    CREATE TABLE going (user_data TEXT PRIMARY KEY, fields INTEGER) WITHOUT ROWID;
"""


class Known(NamedTuple):
    """The number in ``field`` of a row, which the contact ``contact_id`` has too."""

    field: str
    contact_id: str
    user_data: str

    @property
    def reason(self) -> str:
        """Say who has the number."""
        facts = {"contact": self.contact_id, "field": self.field}
        if not self.user_data:
            return phrase("contact {contact} (without UserData) has the same number ({field})", **facts)
        return phrase("contact {contact} (UserData {key}) has the same number ({field})", key=self.user_data, **facts)


class KnownNumbers:
    """The numbers of contacts, in a private database that is deleted when closed.

    A row overwrites the contact of its key: the contact's present numbers in fields that the row sets do not count.
    Numbers that rows share with each other are judged by ``rows.duplicate_phones``.
    """

    def __init__(self) -> None:
        self._base = sqlite3.connect("")  # a private file, deleted when closed
        self._base.executescript(_TABLES)

    def close(self) -> None:
        """Delete the database."""
        self._base.close()

    def going(
        self, keys: Iterable[str], rows: Iterable[tuple[str, Mapping[str, Value]]], kept: Collection[str]
    ) -> None:
        """Note the ``keys`` of the run's rows, and the fields of those that are sent; contacts keep their ``kept``
        fields."""
        changed = sum(1 << place for place, name in enumerate(PHONE_FIELDS) if name not in kept)
        every = ((storable(key), changed) for key in keys if key)
        self._base.executemany("INSERT OR IGNORE INTO going VALUES (?, ?)", every)
        masks = ((_fields_of(fields) & changed, storable(key)) for key, fields in rows)
        self._base.executemany("UPDATE going SET fields = ? WHERE user_data = ?", masks)

    def add(self, contacts: Iterable[StoredContact], stays: Callable[[StoredContact], bool]) -> None:
        """Add the numbers of contacts; of one that ``stays`` as it is, they count even if a row carries its key."""
        for page in batched(contacts, KEYS):
            self._base.executemany("INSERT INTO number VALUES (?, ?, ?, ?, ?, ?)", self._rows(page, stays))

    def index(self) -> None:
        """Drop the numbers that rows overwrite, and build the index; call once, at the end."""
        self._base.executescript(
            "DELETE FROM number WHERE NOT stays AND EXISTS (SELECT 1 FROM going "
            "WHERE going.user_data = number.user_data AND going.fields >> number.field & 1);"
            "CREATE INDEX by_digits ON number (digits)"
        )

    def find(
        self, rows: Sequence[tuple[int, Mapping[str, Value]]], ids: Mapping[str, str], *, everywhere: bool
    ) -> dict[int, list[Known]]:
        """Return the known numbers by place in the run. ``rows``: (place, fields); ``ids``: campaign name → ID.

        Contacts of all campaigns count if ``everywhere``, else those of the row's campaign.
        """
        held = [
            (seq, fields, name, digits(fields[name]))
            for seq, fields in rows
            for name in PHONE_FIELDS
            if fields.get(name)
        ]
        there: dict[str, list[tuple[str, str, Any]]] = {}
        for page in batched({number for *_, number in held}, RECORDS):
            marks = ",".join("?" * len(page))
            query = f"SELECT digits, user_data, id, campaign FROM number WHERE digits IN ({marks}) ORDER BY rowid"  # noqa: S608
            for number, user_data, contact_id, campaign in self._base.execute(query, page):
                there.setdefault(number, []).append((user_data, contact_id, orjson.loads(campaign)))
        found: dict[int, list[Known]] = {}
        for seq, fields, name, number in held:
            key = storable(str(fields.get("UserData") or ""))
            for user_data, contact_id, campaign in there.get(number, ()):
                if (not key or user_data != key) and (everywhere or not is_elsewhere(fields, campaign, ids)):
                    found.setdefault(seq, []).append(Known(name, contact_id, user_data))
                    break
        return found

    def _rows(
        self, page: Sequence[StoredContact], stays: Callable[[StoredContact], bool]
    ) -> Iterator[tuple[str, str, str, int, str, bool]]:
        ours: set[str] = set()
        for some in batched((contact.user_data for contact in page), RECORDS):
            query = f"SELECT user_data FROM going WHERE user_data IN ({','.join('?' * len(some))})"  # noqa: S608
            ours.update(key for (key,) in self._base.execute(query, some))
        for contact in page:
            values = contact.values
            # not by orjson: a number beyond 64 bits
            campaign = json.dumps({name: values.get(name) for name in ("DiallerCampaignsID", CAMPAIGN_NAME)})
            left = contact.user_data not in ours or stays(contact)
            for place, name in enumerate(PHONE_FIELDS):
                if values.get(name) and (number := digits(values[name])):
                    yield number, contact.user_data, contact.id, place, campaign, left


def digits(number: object) -> str:
    """Return a number as bare digits: E.164 without ``+``, or without ``00`` in its place."""
    text = re.sub(r"[^0-9]", "", str(number))
    return text.removeprefix("00")


def _fields_of(fields: Mapping[str, Value]) -> int:
    """Return a bit for each phone field that a row sets or clears."""
    return sum(1 << place for place, name in enumerate(PHONE_FIELDS) if name in fields)


def known_numbers(
    snapshot: Snapshot,
    settings: Settings,
    journal: Journal,
    run: RunRecord,
    prepared: Prepared,
    rules: PlanRules,
    suppressed: SuppressionLists,
) -> KnownNumbers:
    """Return the numbers that contacts of the dialler keep; the mirror must have selected its contacts."""

    def stays(contact: StoredContact) -> bool:
        return rules.mode is Mode.CREATE or bool(protection(contact.values, rules) or suppressed.reason(contact.values))

    numbers = KnownNumbers()
    try:
        rows = ((row.user_data, orjson.loads(row.body)) for row in prepared.to_send())
        numbers.going(keys_that_count(journal, run), rows, settings.kept_fields)
        numbers.add(_listed(snapshot, journal, run), stays)
        if settings.rows.phones_in == "account":
            numbers.add(snapshot.beside(), stays)
        numbers.index()
    except BaseException:
        numbers.close()
        raise
    return numbers


def _listed(snapshot: Snapshot, journal: Journal, run: RunRecord) -> Iterator[StoredContact]:
    """Yield the contacts that the mirror does not take, and has not locked before."""
    for page in batched(snapshot.not_taken(), KEYS):
        locked = journal.mirror_locked(run.target, [contact.id for contact in page])
        yield from (contact for contact in page if contact.id not in locked)
