"""Opens the database under the journal: an SQLite file, made for its owner only, or a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlalchemy.event

from ..errors import JournalError, UsageError
from ..text.command_line import install
from ..text.phrase import phrase
from .place import instead, make_file, path_of, url_of

BUSY = 10
"""Seconds that SQLite waits for another process that writes."""


def open_engine(state: str | Path, trusted: bool | None) -> sa.Engine:
    """Return the engine of a path or URL.

    Raises:
        UsageError: no journal can be there, or others could have changed what decides who is trusted with it.
    """
    url = url_of(state)
    if url.get_backend_name() == "sqlite":
        return _open_file(url, trusted)
    try:
        from . import postgres
    except ImportError as error:
        raise UsageError(
            phrase(
                "a journal on PostgreSQL needs psycopg: {install} ({error})", install=install("postgres"), error=error
            )
        ) from error
    if not trusted:
        postgres.require_trust(url)
    return postgres.open_server(url)


def _open_file(url: sa.URL, trusted: bool | None) -> sa.Engine:
    """Return the engine of an SQLite file; a missing file is created for its owner only."""
    if path := path_of(url):
        try:
            make_file(path, trusted)
        except OSError as error:
            raise JournalError(
                phrase(
                    "the journal {path} cannot be written: {error}. {instead}",
                    path=path,
                    error=error.strerror,
                    instead=instead(path),
                )
            ) from error
    engine = sa.create_engine(url, connect_args={} if "timeout" in url.query else {"timeout": BUSY})
    sqlalchemy.event.listen(engine, "connect", _prepare)
    return engine


_WAL_PAGES = 10_000
"""Pages (of 4 kB) of the write-ahead log before SQLite copies them into the file. With its default of 1,000, writing
the rows of a large file takes half as long again."""


def _prepare(connection: Any, _record: object) -> None:
    """Set the pragmas: WAL lets others read while a run writes, NORMAL loses no commit when the process is killed."""
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA trusted_schema = OFF")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    finally:
        cursor.close()
