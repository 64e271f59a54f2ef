"""What the dialler has, on disk and by UserData: read as a stream, so that memory stays flat."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from ..api.client import DiallerClient
from ..api.retry import repeating
from ..api.wire import StoredContact, stored_contact
from ..errors import RequestError
from ..pages import KEYS, RECORDS, batched

_log = logging.getLogger(__name__)

_NO_BATCH = frozenset({400, 403, 404, 405, 415, 500, 501})
"""HTTP statuses by which a server, or what stands before it, says that it has no batch lookup that can be used."""

MOST_SINGLE = 200
"""Keys up to which contacts of other campaigns are looked up one by one, where there is no batch lookup."""


class Snapshot:
    """Contacts of the dialler at one moment, in a database that nobody else sees and that ends with it.

    ``whole`` tells that it has every contact of the campaign, and not only those that were asked for. Contacts of other
    campaigns are beside them, and only :meth:`find` gives them; ``knows_others``: as many as there are.
    ``may_move`` tells that they could not be read: a key that is not here may be that of one of them.
    ``campaign_ids`` are the IDs of campaigns by name, as far as they are known.
    ``told`` are those of the ``wanted`` fields that some record has; ``told_empty``: some record has an empty field,
    ``some``: there is any record at all.
    """

    def __init__(self, wanted: frozenset[str] = frozenset()) -> None:
        self.told: frozenset[str] = frozenset()
        self.told_empty = self.some = False
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
        self._base.execute("CREATE TABLE taken (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def close(self) -> None:
        """Forget everything."""
        self._base.close()

    def clear(self) -> None:
        """Forget the contacts."""
        self._base.executescript("DELETE FROM contact; DELETE FROM beside")

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Keep records; of their fields only those that hold something."""
        records = self._noting(records) if self._wanted else records
        self._base.executemany("INSERT INTO contact VALUES (?, ?, ?)", map(_row, records))

    def renew(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Keep fuller records in place of those of the same contacts."""
        rows = ((record, contact_id) for _, contact_id, record in map(_row, self._noting(records)))
        self._base.executemany("UPDATE contact SET record = ? WHERE id = ?", rows)

    def ids(self) -> Iterator[str]:
        """The IDs of the contacts."""
        for (contact_id,) in self._base.execute("SELECT id FROM contact").fetchall():
            yield contact_id

    def add_beside(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Keep records of other campaigns."""
        self.knows_others = True
        records = self._noting(records) if self._wanted else records
        self._base.executemany("INSERT INTO beside VALUES (?, ?, ?)", map(_row, records))

    def _noting(self, records: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The records; notes which of the wanted fields they have."""
        for record in records:
            self.some = True
            if self.told != self._wanted:
                self.told |= self._wanted & record.keys()
                self.told_empty = self.told_empty or any(value is None for value in record.values())
            yield record

    def clear_beside(self) -> None:
        """Forget the contacts of other campaigns."""
        self._base.execute("DELETE FROM beside")

    def drop_from_beside(self) -> None:
        """Forget, beside, the contacts of the campaign itself."""
        self._base.execute("DELETE FROM beside WHERE id IN (SELECT id FROM contact)")

    def index(self) -> None:
        """Call once when all contacts are there."""
        self._base.execute("CREATE INDEX by_user_data ON contact (user_data)")

    def find(self, keys: Sequence[str]) -> dict[str, list[StoredContact]]:
        """The contacts of each of these keys that has any."""
        found: dict[str, list[StoredContact]] = {}
        for page in batched({key for key in keys if key}, RECORDS):
            marks = ",".join("?" * len(page))
            query = " UNION ALL ".join(
                f"SELECT user_data, id, record FROM {table} WHERE user_data IN ({marks})"  # noqa: S608
                for table in ("contact", "beside")
            )
            for user_data, contact_id, record in self._base.execute(f"{query} ORDER BY id", page * 2):
                found.setdefault(user_data, []).append(StoredContact(contact_id, user_data, orjson.loads(record)))
        return found

    def unknown(self, keys: Iterable[str]) -> Iterator[str]:
        """Those of the keys that no contact carries."""
        for page in batched(keys, RECORDS):
            known = self.find(page)
            yield from (key for key in page if key not in known)

    def mark_present(self, keys: Iterable[str]) -> None:
        """Note that the file has these keys."""
        self._base.executemany("INSERT OR IGNORE INTO present VALUES (?)", ((key,) for key in keys if key))

    def count_present(self) -> int:
        """How many contacts the file has too."""
        query = "SELECT count(*) FROM contact WHERE user_data IN present"
        (count,) = self._base.execute(query).fetchone()
        return int(count)

    def absent(self) -> Iterator[StoredContact]:
        """Contacts with a UserData that the file does not have."""
        return self._contacts("user_data != '' AND user_data NOT IN present")

    def mark_left_out(self, keys: Iterable[str]) -> None:
        """Note that rows with these keys are left out."""
        self._base.executemany("INSERT OR IGNORE INTO left_out VALUES (?)", ((storable(key),) for key in keys))

    def unmark_left_out(self, keys: Iterable[str]) -> None:
        """Note that other rows with these keys are not."""
        self._base.executemany("DELETE FROM left_out WHERE user_data = ?", ((storable(key),) for key in keys if key))

    def keys_left_out(self) -> Iterator[str]:
        """The keys of which every row is left out."""
        for (key,) in self._base.execute("SELECT user_data FROM left_out"):
            yield key

    def take(self, ids: Sequence[str]) -> int:
        """Note that these contacts are to be changed; gives their number."""
        self._base.executemany("INSERT OR IGNORE INTO taken VALUES (?)", ((contact_id,) for contact_id in ids))
        return len(ids)

    def taken(self) -> Iterator[StoredContact]:
        """The contacts that were taken."""
        return self._contacts("id IN taken")

    def not_taken(self) -> Iterator[StoredContact]:
        """All others."""
        return self._contacts("id NOT IN taken")

    def beside(self) -> Iterator[StoredContact]:
        """The contacts of other campaigns, as far as they are known."""
        return self._contacts("TRUE", "beside")

    def _contacts(self, where: str, table: str = "contact") -> Iterator[StoredContact]:
        for user_data, contact_id, record in self._base.execute(f"SELECT * FROM {table} WHERE {where}"):  # noqa: S608
            yield StoredContact(contact_id, user_data, orjson.loads(record))


def _row(record: Mapping[str, Any]) -> tuple[str, str, bytes]:
    contact = stored_contact(record)
    held = {name: value for name, value in record.items() if value or (value is not None and value != "")}
    try:
        return contact.user_data, contact.id, orjson.dumps(held)
    except TypeError:  # half a character, or a number beyond 64 bits
        body = orjson.dumps({storable(name): _plain(value) for name, value in held.items()})
        return storable(contact.user_data), storable(contact.id), body


def _plain(value: object) -> object:
    """The value, or its text where JSON as others write it cannot hold it."""
    try:
        orjson.dumps(value)
    except TypeError:
        return storable(str(value))
    return value


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: half a character (a lone surrogate) becomes ``?``."""
    return text.encode("utf-8", "replace").decode()


async def fill(snapshot: Snapshot, client: DiallerClient, campaign: int | None) -> None:
    """Read all contacts of a campaign, or of the account; a list that breaks off is read again from its beginning.

    Raises:
        RequestError: it does not come whole.
    """

    async def once() -> None:
        snapshot.clear()
        page: list[Mapping[str, Any]] = []
        async for record in client.list_contacts(campaign, others=lambda other: snapshot.add_beside([other])):
            page.append(record)
            if len(page) >= RECORDS:
                snapshot.add(page)
                page.clear()
        snapshot.add(page)

    await repeating(once, retries=client.settings.retries, sleep=client.gate.rest)
    snapshot.index()
    snapshot.whole = True


async def read_campaign(client: DiallerClient, campaign: int | None, wanted: frozenset[str] = frozenset()) -> Snapshot:
    """All contacts of a campaign, or of the account.

    Raises:
        RequestError: they do not come whole.
    """
    snapshot = Snapshot(wanted)
    try:
        await fill(snapshot, client, campaign)
    except BaseException:
        snapshot.close()
        raise
    return snapshot


async def read_contacts(
    client: DiallerClient, keys: Sequence[str], campaign: int | None, wanted: frozenset[str] = frozenset()
) -> Snapshot:
    """The contacts of these keys by batch lookups; where the server has none that works, the whole campaign.

    Raises:
        RequestError: the dialler does not answer.
    """
    snapshot = Snapshot(wanted)
    try:
        for page in batched(keys, KEYS):
            snapshot.add(await client.batch_contacts(user_data=page))
    except BaseException as error:
        snapshot.close()
        if isinstance(error, RequestError) and error.http_status in _NO_BATCH:
            return await read_campaign(client, campaign, wanted)
        raise
    snapshot.index()
    return snapshot


async def read_calls(snapshot: Snapshot, client: DiallerClient) -> None:
    """Read the contacts again with what came of their calls, where the dialler has a batch lookup that tells it.

    Raises:
        RequestError: the dialler does not answer.
    """
    try:
        for page in batched(snapshot.ids(), KEYS):
            snapshot.renew(await client.batch_contacts(ids=page))
    except RequestError as error:
        if error.http_status not in _NO_BATCH:
            raise


async def look_beside(snapshot: Snapshot, client: DiallerClient, keys: Iterable[str]) -> None:
    """Look up, in other campaigns, those of the keys that the campaign does not have: an import may move their
    contacts. Where the dialler has no batch lookup, a few are looked up one by one, and else the account is read.
    """
    page: list[str] = []
    try:
        for page in batched(snapshot.unknown(keys), KEYS):
            snapshot.add_beside(await client.batch_contacts(user_data=page))
    except RequestError:
        if not await _looked_up(snapshot, client, page):
            await read_account(snapshot, client)


async def _looked_up(snapshot: Snapshot, client: DiallerClient, keys: Sequence[str]) -> bool:
    """Look these keys up one by one; False where they are too many, or one cannot be looked up."""
    if len(keys) > MOST_SINGLE:
        return False
    looks = await asyncio.gather(*map(client.find_contacts, keys), return_exceptions=True)
    for found in looks:
        if isinstance(found, RequestError):
            return False
        if isinstance(found, BaseException):
            raise found
        snapshot.add_beside(contact.values for contact in found)
    return True


async def read_account(snapshot: Snapshot, client: DiallerClient) -> None:
    """Read the contacts of all campaigns, and keep those of others."""

    async def once() -> None:
        snapshot.clear_beside()
        page: list[Mapping[str, Any]] = []
        async for record in client.list_contacts():
            page.append(record)
            if len(page) >= RECORDS:
                snapshot.add_beside(page)
                page.clear()
        snapshot.add_beside(page)
        snapshot.drop_from_beside()

    try:
        await repeating(once, retries=client.settings.retries, sleep=client.gate.rest)
    except RequestError as error:
        snapshot.clear_beside()
        snapshot.may_move = True
        _log.warning(
            "contacts of other campaigns cannot be read (%s): it is not known whether a row creates a contact or "
            "moves one, and undo leaves those contacts alone",
            error,
        )
