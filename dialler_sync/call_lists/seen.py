"""The calls seen in one run, on disk, in flat memory."""

from __future__ import annotations

import sqlite3


class Seen:
    """Keys with a text, each once; gone when it is closed."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)  # a file without a name
        self._base.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID")
        self._base.execute("BEGIN")

    def add(self, key: str, text: str = "") -> str | None:
        """Add a key; return the text it was added with before, None if it is new."""
        found = self._base.execute("SELECT text FROM seen WHERE key = ?", (_storable(key),)).fetchone()
        if found is None:
            self._base.execute("INSERT INTO seen VALUES (?, ?)", (_storable(key), _storable(text)))
            return None
        return str(found[0])

    def __contains__(self, key: str) -> bool:
        return self._base.execute("SELECT 1 FROM seen WHERE key = ?", (_storable(key),)).fetchone() is not None

    def close(self) -> None:
        """Forget all."""
        self._base.close()


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
