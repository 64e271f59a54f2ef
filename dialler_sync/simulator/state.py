"""Keep the state of a simulated dialler across restarts, in an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from ..errors import UsageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (id INTEGER PRIMARY KEY, contact BLOB NOT NULL, calls BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS campaigns (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS last_ids (of TEXT PRIMARY KEY, id INTEGER NOT NULL);
"""


_APPLICATION_ID = 0x64_69_61_6C
"""Marks a file as ours (``dial``), so that no other program's database is written to."""


class StateFile:
    """Campaigns, contacts and calls in one SQLite file, held by one process at a time.

    Raises:
        UsageError: the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._usable():
            # The server's thread saves, the opening thread closes: never both at once.
            self._connection = sqlite3.connect(path, timeout=0, check_same_thread=False)
        try:
            with self._usable():
                self._prepare()
        except UsageError:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        (mark,) = self._connection.execute("PRAGMA application_id").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and mark != _APPLICATION_ID:
            raise sqlite3.DatabaseError("it is a database of another program")
        self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")  # a rehearsal need not outlive a power cut
        self._connection.executescript(_SCHEMA)

    def campaigns(self) -> dict[int, str]:
        """Return campaign names by ID."""
        return dict(self._connection.execute("SELECT id, name FROM campaigns ORDER BY id"))

    def last_ids(self) -> dict[str, int]:
        """Return the last ID given to a contact and to a call, since no ID is given twice."""
        return dict(self._connection.execute("SELECT of, id FROM last_ids"))

    def contacts(self) -> Iterator[tuple[int, dict[str, Any], list[dict[str, Any]]]]:
        """Yield ID, non-null fields, and calls of each contact, by ID."""
        for contact_id, contact, calls in self._connection.execute(
            "SELECT id, contact, calls FROM contacts ORDER BY id"
        ):
            yield contact_id, orjson.loads(contact), orjson.loads(calls)

    def save(
        self,
        contacts: Iterable[tuple[int, dict[str, Any] | None, list[dict[str, Any]]]],
        campaigns: Mapping[int, str],
        last_ids: Mapping[str, int],
    ) -> None:
        """Write contacts (None: deleted), campaigns and last IDs in one transaction."""
        with self._usable(), self._connection as transaction:
            for contact_id, contact, calls in contacts:
                if contact is None:
                    transaction.execute("DELETE FROM contacts WHERE id = ?", (contact_id,))
                else:
                    row = (contact_id, orjson.dumps(contact), orjson.dumps(calls))
                    transaction.execute("REPLACE INTO contacts VALUES (?, ?, ?)", row)
            transaction.executemany("REPLACE INTO campaigns VALUES (?, ?)", campaigns.items())
            transaction.executemany("REPLACE INTO last_ids VALUES (?, ?)", last_ids.items())

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise UsageError(
                f"The state file {self._path} cannot be used ({error}). Name a new file, or one that a simulator wrote "
                "and that no other simulator has open."
            ) from error
