"""The dialler's contacts by UserData, on disk, so that memory stays flat."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from ..api.about import folded
from ..api.retry import unreadable
from ..api.wire import StoredContact, campaign_of, stored_contact
from ..pages import RECORDS, batched
from ..text.phrase import phrase


class Snapshot:
    """Contacts of the dialler at one moment, in a private database that is deleted when closed.

    ``whole``: it has every contact of the campaign, not only those asked for. Contacts of other campaigns lie beside
    them, returned only by :meth:`find` and :meth:`beside`; ``knows_others``: the dialler has listed them.
    ``may_move``: they could not be read, so a missing key may be that of one of them. ``campaign_ids``: campaign name →
    ID, as far as known. ``told``: those of the ``wanted`` fields that some record has. ``told_empty``: some record has
    an empty field. ``some``: there is a record.
    """

    _one_name = True
    """Whether a contact under two UserData is refused."""

    def __init__(self, wanted: frozenset[str] = frozenset()) -> None:
        self.told: frozenset[str] = frozenset()
        self.told_empty = self.some = self._spelt = False
        self._wanted = wanted
        self.whole = False
        self.knows_others = False
        self.may_move = False
        self.campaign_ids: Mapping[str, str] = {}
        self._base = sqlite3.connect("")  # a private file, deleted when closed
        self._base.execute("CREATE TABLE contact (user_data TEXT, id TEXT, record BLOB)")
        self._base.execute("CREATE TABLE beside (user_data TEXT, id TEXT, record BLOB)")
        self._base.execute("CREATE INDEX beside_by_user_data ON beside (user_data)")
        self._base.execute("CREATE TABLE present (user_data TEXT PRIMARY KEY) WITHOUT ROWID")
        self._base.execute("CREATE TABLE left_out (user_data TEXT PRIMARY KEY) WITHOUT ROWID")
        self._base.execute("CREATE TABLE alike (folded TEXT, user_data TEXT, PRIMARY KEY (folded, user_data))")
        self._base.execute("CREATE TABLE taken (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def close(self) -> None:
        """Delete the database."""
        self._base.close()

    def clear(self) -> None:
        """Delete all contacts."""
        self._base.executescript("DELETE FROM contact; DELETE FROM beside")

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Store records, without their empty fields."""
        records = self._noting(records) if self._wanted else records
        self._base.executemany("INSERT INTO contact VALUES (?, ?, ?)", map(_row, records))

    def renew(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Replace the records of these contacts with fuller ones."""
        rows = ((record, contact_id) for _, contact_id, record in map(_row, self._noting(records)))
        self._base.executemany("UPDATE contact SET record = ? WHERE id = ?", rows)

    def ids(self) -> Iterator[str]:
        """Yield the IDs of the campaign's contacts."""
        for (contact_id,) in self._base.execute("SELECT id FROM contact").fetchall():
            yield contact_id

    def add_beside(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Store records of other campaigns."""
        self.knows_others = True
        records = self._noting(records) if self._wanted else records
        self._base.executemany("INSERT INTO beside VALUES (?, ?, ?)", map(_row, records))

    def _noting(self, records: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield the records; note which of the wanted fields they have."""
        for record in records:
            self.some = True
            if self.told != self._wanted:
                self.told |= self._wanted & record.keys()
                self.told_empty = self.told_empty or any(value is None for value in record.values())
            yield record

    def clear_beside(self) -> None:
        """Delete the contacts of other campaigns."""
        self._base.execute("DELETE FROM beside")

    def drop_from_beside(self) -> None:
        """Delete contacts of the campaign itself from those of others."""
        self._base.execute("DELETE FROM beside WHERE id IN (SELECT id FROM contact)")

    def index(self) -> None:
        """Build the indexes, once all contacts are stored. Of a contact listed twice, the later record is kept.

        Raises:
            MaybeDone: a contact is listed twice with different UserData; either may be wrong.
        """
        self._base.execute("CREATE INDEX by_user_data ON contact (user_data)")
        self._base.execute("CREATE INDEX by_id ON contact (id, user_data)")
        twice = "SELECT id FROM contact WHERE id != '' GROUP BY id HAVING count(*) > 1"
        renamed = self._base.execute(f"{twice} AND count(DISTINCT user_data) > 1").fetchone()
        if renamed and self._one_name:
            raise unreadable(
                phrase("the list of contacts has contact {id} twice, with different UserData", id=renamed[0])
            )
        self._base.execute(
            f"DELETE FROM contact WHERE id IN ({twice}) AND EXISTS "  # noqa: S608
            "(SELECT 1 FROM contact AS later WHERE later.id = contact.id AND later.rowid > contact.rowid)"
        )

    def find(self, keys: Sequence[str]) -> dict[str, list[StoredContact]]:
        """Return UserData → its contacts, each once, for those of these keys that have any."""
        found: dict[str, list[StoredContact]] = {}
        for page in batched({key for key in keys if key}, RECORDS):
            marks = ",".join("?" * len(page))
            query = " UNION ALL ".join(
                f"SELECT user_data, id, record FROM {table} WHERE user_data IN ({marks})"  # noqa: S608
                for table in ("contact", "beside")
            )
            for user_data, contact_id, record in self._base.execute(f"{query} ORDER BY id", page * 2):
                contact = StoredContact(contact_id, user_data, orjson.loads(record))
                there = found.setdefault(user_data, [])
                if not (there and contact_id and _same(there[-1], contact)):  # they come by ID
                    there.append(contact)
        return found

    def note_alike(self, keys: Collection[str], records: Iterable[Mapping[str, Any]]) -> None:
        """Note the records that the dialler gave for ``keys`` and that carry none of them: it does not tell theirs
        from one of these."""
        asked = {*keys}
        told = {storable(contact.user_data) for contact in map(stored_contact, records)}
        rows = ((folded(key), key) for key in told - asked if key)
        self._base.executemany("INSERT OR IGNORE INTO alike VALUES (?, ?)", rows)

    def alike(self, key: str) -> list[StoredContact]:
        """Return the contacts whose UserData the dialler does not tell from this one, as far as known."""
        named = self._base.execute("SELECT user_data FROM alike WHERE folded = ?", (folded(storable(key)),)).fetchall()
        names = [name for (name,) in named if name != key]
        return [contact for there in self.find(names).values() for contact in there]

    def spelt_otherwise(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """Return those of the keys that no contact carries, with such UserData of contacts as a database may take for
        the same."""
        missing = list(self.unknown(keys))
        if missing and not self._spelt:
            self._base.create_function("folded", 1, folded, deterministic=True)
            self._base.execute(
                "CREATE TABLE spelt AS SELECT folded(user_data) AS folded, user_data FROM contact "
                "UNION SELECT folded(user_data), user_data FROM beside"
            )
            self._base.execute("CREATE INDEX by_spelling ON spelt (folded)")
            self._spelt = True
        query = "SELECT user_data FROM spelt WHERE folded = ?"
        found = {key: self._base.execute(query, (folded(key),)).fetchall() for key in missing}
        return {key: [name for (name,) in names] for key, names in found.items() if names}

    def unknown(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield the keys that no contact carries."""
        for page in batched(keys, RECORDS):
            known = self.find(page)
            yield from (key for key in page if key not in known)

    def mark_present(self, keys: Iterable[str]) -> None:
        """Note that the file has these keys."""
        self._base.executemany("INSERT OR IGNORE INTO present VALUES (?)", ((key,) for key in keys if key))

    def count_present(self) -> int:
        """Count the contacts that the file has too."""
        query = "SELECT count(*) FROM contact WHERE user_data IN present"
        (count,) = self._base.execute(query).fetchone()
        return int(count)

    def absent(self) -> Iterator[StoredContact]:
        """Yield contacts with a UserData that the file does not have."""
        return self._contacts("user_data != '' AND user_data NOT IN present")

    def mark_left_out(self, keys: Iterable[str]) -> None:
        """Note that rows with these keys are left out."""
        self._base.executemany("INSERT OR IGNORE INTO left_out VALUES (?)", ((storable(key),) for key in keys))

    def unmark_left_out(self, keys: Iterable[str]) -> None:
        """Note that other rows with these keys are not left out."""
        self._base.executemany("DELETE FROM left_out WHERE user_data = ?", ((storable(key),) for key in keys if key))

    def keys_left_out(self) -> Iterator[str]:
        """Yield the keys of which every row is left out."""
        for (key,) in self._base.execute("SELECT user_data FROM left_out"):
            yield key

    def take(self, ids: Sequence[str]) -> int:
        """Note that these contacts are to be changed; return their number."""
        self._base.executemany("INSERT OR IGNORE INTO taken VALUES (?)", ((contact_id,) for contact_id in ids))
        return len(ids)

    def leave_alike(self) -> int:
        """Let go of contacts that may be those of the file's keys which the campaign lacks: a database may compare
        without case. Return their number."""
        self._base.create_function("folded", 1, folded, deterministic=True)
        lacking = "SELECT folded(user_data) FROM present WHERE user_data NOT IN (SELECT user_data FROM contact)"
        alike = f"SELECT id FROM contact WHERE id IN taken AND folded(user_data) IN ({lacking})"  # noqa: S608
        return self._base.execute(f"DELETE FROM taken WHERE id IN ({alike})").rowcount  # noqa: S608

    def taken(self) -> Iterator[StoredContact]:
        """Yield the contacts that were taken."""
        return self._contacts("id IN taken")

    def not_taken(self) -> Iterator[StoredContact]:
        """Yield the campaign's other contacts."""
        return self._contacts("id NOT IN taken")

    def beside(self) -> Iterator[StoredContact]:
        """Yield the contacts of other campaigns, as far as known."""
        return self._contacts("TRUE", "beside")

    def _contacts(self, where: str, table: str = "contact") -> Iterator[StoredContact]:
        for user_data, contact_id, record in self._base.execute(f"SELECT * FROM {table} WHERE {where}"):  # noqa: S608
            yield StoredContact(contact_id, user_data, orjson.loads(record))


def _same(one: StoredContact, other: StoredContact) -> bool:
    return one.id == other.id and campaign_of(one.values) == campaign_of(other.values)


def _row(record: Mapping[str, Any]) -> tuple[str, str, bytes]:
    contact = stored_contact(record)
    held = {name: value for name, value in record.items() if value or (value is not None and value != "")}
    try:
        return contact.user_data, contact.id, orjson.dumps(held)
    except TypeError:  # half a character, a number beyond 64 bits, or hundreds of levels
        body = orjson.dumps({storable(name): plain(value) for name, value in held.items()})
        return storable(contact.user_data), storable(contact.id), body


def plain(value: object) -> object:
    """Return the value, or its text if JSON cannot hold it."""
    if value is None or isinstance(value, bool):
        return value
    try:
        orjson.dumps(value)
    except TypeError:
        return storable(str(value))
    return value


def storable(text: str) -> str:
    """Return the text with ``?`` for each lone surrogate, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()
