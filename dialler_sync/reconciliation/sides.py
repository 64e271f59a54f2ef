"""Join file and dialler on disk, in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from ..api.wire import StoredContact
from ..journal import Outcome, PlannedRow, RowState
from ..model import Reason, Status, Value
from ..pages import RECORDS, batched
from ..plan.snapshot import Snapshot, storable
from ..plan.suppress import SuppressionLists
from ..text.phrase import phrase
from .compare import EVERYTHING, Carriers, FileRow, Line, May, compare, unmatched
from .scope import Scope

_CACHE_KB = 65_536

_LISTED = 5
"""IDs listed for several contacts with one UserData."""

_NONE, _ONE = Carriers(0, ()), Carriers(1, ())

_TABLES = """
    CREATE TABLE row (user_data TEXT PRIMARY KEY, rows INTEGER, counts INTEGER, first INTEGER, last INTEGER)
        WITHOUT ROWID;
    CREATE TABLE rejected (user_data TEXT PRIMARY KEY, why TEXT) WITHOUT ROWID;
    CREATE TABLE filtered (user_data TEXT PRIMARY KEY, why TEXT) WITHOUT ROWID;
    CREATE TABLE superseded (user_data TEXT PRIMARY KEY, why TEXT) WITHOUT ROWID;
    CREATE TABLE failed
        (seq INTEGER PRIMARY KEY, user_data TEXT, code TEXT, field TEXT, error TEXT, hint TEXT, faults TEXT);
    CREATE TABLE several (user_data TEXT PRIMARY KEY, contacts INTEGER, ids TEXT) WITHOUT ROWID;
    CREATE TABLE called (id TEXT PRIMARY KEY, calls INTEGER, last_call TEXT, last_result TEXT, reached TEXT, done TEXT)
        WITHOUT ROWID;
"""

_OF_ROWS = ("row", "rejected", "filtered", "superseded")
_KEYS = " UNION ".join(f"SELECT user_data FROM {table}" for table in _OF_ROWS)  # noqa: S608 - ours


KnownOf = Callable[[Sequence[tuple[int, Mapping[str, Value]]]], Mapping[int, str]]
"""Rows as (place in the run, fields) → why they are left out for their number, by place."""


def none_known(_rows: object) -> Mapping[int, str]:
    """No row is left out for its number."""
    return {}


class Called(NamedTuple):
    """Summary of a contact's calls; ``reached`` and ``done`` are ``true``, ``false``, or ``""`` if not told."""

    calls: int
    last_call: str
    last_result: str
    reached: str = ""
    done: str = ""


def _key(row: PlannedRow | Outcome) -> str:
    """Return a row's UserData; ``""`` for an outcome, whose row was rejected for its UserData."""
    return row.user_data if isinstance(row, PlannedRow) else ""


def _why(row: PlannedRow) -> str:
    """Return a short reason why a row is rejected."""
    if not row.error_field:
        return phrase("row {row}, {code}", row=row.row, code=row.error_code)
    return phrase("row {row}, {code} in {field}", row=row.row, code=row.error_code, field=row.error_field)


class Sides(Snapshot):
    """Both sides by UserData. Call order: rows, contacts, :meth:`index`, then queries.

    ``keep`` decides which of several rows with one UserData counts: ``last``, else the first. ``locks``: contacts of
    filtered rows are to be locked. ``read`` is called with the number of records received. ``fields`` are the names of
    all fields in the records, ``outside`` is the number of contacts out of scope, ``valid`` the number of valid rows.
    """

    _one_name = False

    def __init__(
        self,
        keep: str,
        read: Callable[[int], None],
        *,
        locks: bool = False,
        may: May = EVERYTHING,
        wanted: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(wanted)
        self._locks = locks
        self.may = may
        self.scope = Scope()
        self.fields: set[str] = set()
        self.outside = 0
        self.valid = 0
        self._dropped: set[int] = set()
        self._counts = "excluded.counts" if keep == "last" else "counts"
        self._read = read
        self._base.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        self._base.executescript(_TABLES)

    # The file

    def add_rows(self, rows: Sequence[PlannedRow], _found: object = ()) -> None:
        """Add rows: valid, rejected and filtered ones."""
        valid = [row for row in rows if row.state == RowState.PENDING]
        rejected = [row for row in rows if row.state == Status.REJECTED]
        filtered = ((storable(row.user_data), row.error) for row in rows if row.action == Reason.FILTERED)
        self.valid += len(valid)
        self._base.executemany(
            "INSERT INTO row VALUES (?, 1, ?, ?, ?) ON CONFLICT DO UPDATE "  # noqa: S608 - one of two words
            f"SET rows = rows + 1, counts = {self._counts}, last = excluded.last",
            ((row.user_data, row.seq, row.row, row.row) for row in valid if row.user_data),
        )
        self._base.executemany(
            "INSERT OR IGNORE INTO rejected VALUES (?, ?)",
            ((storable(row.user_data), _why(row)) for row in rejected if row.user_data),
        )
        self._base.executemany("INSERT OR IGNORE INTO filtered VALUES (?, ?)", (row for row in filtered if row[0]))
        self._note_faults(rejected)

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Add rows that are rejected because other rows carry their key."""
        self._note_faults(outcome for outcome in outcomes if outcome.status is Status.REJECTED)

    def settle_shared(self, outcomes: Sequence[Outcome], _warned: object) -> None:
        """Take out rows whose numbers other rows have: they are rejected, or left to the others."""
        self._note_faults(outcome for outcome in outcomes if outcome.status is Status.REJECTED)
        self._dropped.update(outcome.seq for outcome in outcomes)
        self._base.execute("CREATE INDEX IF NOT EXISTS row_by_counts ON row (counts)")
        for outcome in outcomes:  # with it go the rows of its key for which it stands
            found = self._base.execute("SELECT rows FROM row WHERE counts = ?", (outcome.seq,)).fetchone()
            self.valid -= found[0] if found else 1
        for table, status in (("rejected", Status.REJECTED), ("superseded", Status.SKIPPED)):
            self._base.executemany(
                f"INSERT OR IGNORE INTO {table} SELECT user_data, ? FROM row WHERE counts = ?",  # noqa: S608 - ours
                ((storable(outcome.error), outcome.seq) for outcome in outcomes if outcome.status is status),
            )
        self._base.executemany("DELETE FROM row WHERE counts = ?", ((outcome.seq,) for outcome in outcomes))

    def _note_faults(self, rows: Iterable[PlannedRow | Outcome]) -> None:
        """Store the faults of rows."""
        for row in rows:
            texts = map(storable, (_key(row), row.error_code, row.error_field, row.error, row.hint))
            faults = row.faults if isinstance(row, PlannedRow) else ""
            self._base.execute("INSERT INTO failed VALUES (?, ?, ?, ?, ?, ?, ?)", (row.seq, *texts, faults))

    def rejected(self) -> Iterator[tuple[int, str, str, str, str, str, str]]:
        """Yield (seq, UserData, error code, field, error, hint, faults) of each rejected row, in source order."""
        yield from self._base.execute("SELECT * FROM failed ORDER BY seq")

    def keys(self) -> Iterator[str]:
        """Yield the UserData of all rows, each once."""
        for (key,) in self._base.execute(_KEYS):
            yield key

    def count_keys(self) -> int:
        """Count the distinct UserData of rows."""
        return self._count(_KEYS)

    # The dialler

    def clear(self) -> None:
        """Delete all contacts."""
        super().clear()
        self.outside = 0

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Store the records in scope."""
        records = list(records)
        self._read(len(records))
        kept = [record for record in records if self._belongs(record)]
        self.outside += len(records) - len(kept)
        for record in kept:
            self.fields |= record.keys()
        super().add(kept)

    def add_beside(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Count records of other campaigns as out of scope."""
        self.outside += len(list(records))

    def _belongs(self, record: Mapping[str, Any]) -> bool:
        scope = self.scope
        if scope.holds(record):
            return scope.extras or self.is_named(record)
        return scope.moved and self.is_named(record)

    def is_named(self, record: Mapping[str, Any]) -> bool:
        """Whether the file has the record's UserData."""
        query = " UNION ".join(f"SELECT 1 FROM {table} WHERE user_data = ?1" for table in _OF_ROWS)  # noqa: S608 - ours
        return bool(self._base.execute(query, [storable(str(record.get("UserData")))]).fetchone())

    def index(self) -> None:
        """Build the indexes, once all contacts are stored. Of a contact listed twice, the later record is kept."""
        super().index()
        self._base.executescript(
            """
            INSERT INTO several SELECT user_data, count(*), '[]' FROM contact WHERE user_data != ''
                GROUP BY user_data HAVING count(*) > 1;
            """
        )
        keys = self._base.execute("SELECT user_data FROM several").fetchall()
        self._base.executemany(
            "UPDATE several SET ids = (SELECT json_group_array(id) FROM "  # noqa: S608 - a number of ours
            f"(SELECT id FROM contact WHERE user_data = ?1 ORDER BY rowid LIMIT {_LISTED})) WHERE user_data = ?1",
            keys,
        )

    def contacts(self) -> Iterator[StoredContact]:
        """Yield all contacts, in the order of the list."""
        for user_data, contact_id, record in self._base.execute("SELECT * FROM contact ORDER BY rowid"):
            yield StoredContact(contact_id, user_data, orjson.loads(record))

    def count_contacts(self) -> int:
        """Count the contacts."""
        return self._count("SELECT id FROM contact")

    def add_called(self, called: Iterable[tuple[str, Called]]) -> None:
        """Store summaries of calls by contact ID."""
        self._base.executemany(
            "INSERT OR REPLACE INTO called VALUES (?, ?, ?, ?, ?, ?)", ((i, *call) for i, call in called)
        )

    def called(self, ids: Sequence[str]) -> dict[str, Called]:
        """Return the summaries of these contacts' calls."""
        return {key: Called(*found) for key, *found in self._select("SELECT * FROM called WHERE id IN", ids)}

    # Both

    def lines(
        self,
        batches: Iterable[list[Any]],
        numbers: Sequence[int],
        suppressed: SuppressionLists,
        known_of: KnownOf = none_known,
    ) -> Iterator[Line]:
        """Yield the lines of all rows in source order, then those of contacts that no valid row names.

        ``batches`` hold (place in the run, UserData, JSON) of all valid rows, ``numbers`` the row number by place;
        ``known_of`` tells which rows are left out for a number that the dialler has.
        """
        for batch in batches:
            for page in batched(batch, RECORDS):
                yield from self._lines(page, numbers, suppressed, known_of)
        query = (
            "SELECT user_data, id, record, contacts, ids, rejected.why, filtered.why, superseded.why FROM contact "
            "LEFT JOIN several USING (user_data) LEFT JOIN rejected USING (user_data) "
            "LEFT JOIN filtered USING (user_data) LEFT JOIN superseded USING (user_data) "
            "WHERE user_data = '' OR user_data NOT IN (SELECT user_data FROM row) "
            "ORDER BY contact.rowid"
        )
        for user_data, contact_id, record, contacts, ids, why, rule, other in self._base.execute(query):
            carriers = Carriers(contacts, orjson.loads(ids)) if contacts else _ONE
            contact = StoredContact(contact_id, user_data, orjson.loads(record))
            yield unmatched(contact, carriers, why or "", rule or "", other or "", locks=self._locks)

    def _lines(
        self,
        page: Sequence[tuple[int, str, bytes]],
        numbers: Sequence[int],
        suppressed: SuppressionLists,
        known_of: KnownOf,
    ) -> Iterator[Line]:
        keys = [user_data for _, user_data, _ in page if user_data]
        rows = {key: found for key, *found in self._select("SELECT * FROM row WHERE user_data IN", keys)}
        several = {
            key: Carriers(contacts, orjson.loads(ids))
            for key, contacts, ids in self._select("SELECT * FROM several WHERE user_data IN", keys)
        }
        there = self.find([key for key in keys if key not in several])
        absent = [(seq, orjson.loads(body)) for seq, key, body in page if key not in several and not there.get(key)]
        known = known_of(absent)
        for seq, key, body in page:
            if self._dropped and (seq in self._dropped or (key and key not in rows)):
                continue
            count, counts, first, last = rows[key] if key else (1, seq, 0, 0)
            if seq != counts:
                continue
            fields = orjson.loads(body)
            reason = suppressed.reason(fields)
            row = FileRow(seq, numbers[seq], fields, count, first, last, reason, known.get(seq, ""))
            if key in several:
                yield from compare(row, self._contacts_of(key), several[key], self.may)
            else:
                found = there.get(key, [])
                yield from compare(row, found, _ONE if found else _NONE, self.may)

    def _contacts_of(self, key: str) -> Iterator[StoredContact]:
        query = "SELECT id, record FROM contact WHERE user_data = ? ORDER BY rowid"
        for contact_id, record in self._base.execute(query, [key]):
            yield StoredContact(contact_id, key, orjson.loads(record))

    def _select(self, query: str, keys: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        for page in batched(set(keys), RECORDS):
            yield from self._base.execute(f"{query} ({','.join('?' * len(page))})", page)

    def _count(self, query: str) -> int:
        (count,) = self._base.execute(f"SELECT count(*) FROM ({query})").fetchone()  # noqa: S608 - ours
        return int(count)
