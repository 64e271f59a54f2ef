"""The database under the journal: opened, locked, and its failures in words. SQLite by default, another by URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

import filelock
import sqlalchemy as sa
import sqlalchemy.event
import sqlalchemy.exc
from sqlalchemy.dialects import postgresql, sqlite

from ..errors import JournalError, UsageError
from . import schema

BUSY = 10
"""Seconds that SQLite waits for another process that writes."""


class Database:
    """An open database in its newest version.

    Raises:
        JournalError: it fails.
        UsageError: it is none, or is not a journal.
    """

    def __init__(self, state: str | Path) -> None:
        text = str(state)
        try:
            url = sa.make_url(text) if "://" in text else sa.URL.create("sqlite", database=text)
            if url.get_backend_name() == "sqlite":
                self._engine = _open_file(url)
            else:
                self._engine = sa.create_engine(url)
        except (sqlalchemy.exc.ArgumentError, ImportError) as error:
            raise UsageError(f"--state: this database cannot be used: {error}") from error
        self._name = self._engine.url.render_as_string()
        try:
            with self.begin() as connection:
                schema.migrate(connection)
        except BaseException as error:
            self.close()
            if isinstance(error, schema.NotOurs):
                raise UsageError(f"the journal {self._name} {error}; name another with --state") from None
            raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction: committed at the end, undone where that is not reached."""
        with self._in_words(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlalchemy.exc.DBAPIError as error:
            raise JournalError(
                f"the journal {self._name} fails: {error.orig}. Nothing is lost: mend that (disk full? read-only? in "
                "use? damaged?) and go on with 'dialler-sync resume'."
            ) from error

    def execute_many(
        self,
        connection: sa.Connection,
        statement: sa.Insert | sa.Update,
        names: Sequence[str],
        values: Sequence[tuple[Any, ...]],
    ) -> None:
        """Execute a statement for each of ``values``, which hold its parameters in the order of ``names``.

        By the driver itself: SQLAlchemy's own way takes three times as long.
        """
        if not values:
            return
        compiled = statement.compile(dialect=self._engine.dialect)
        if compiled.positiontup is None:
            connection.exec_driver_sql(str(compiled), [dict(zip(names, row, strict=True)) for row in values])
        else:
            in_order = itemgetter(*map(names.index, compiled.positiontup))
            connection.exec_driver_sql(str(compiled), list(map(in_order, values)))

    def insert_new(self, table: sa.Table) -> sa.Insert:
        """An insert into all columns that leaves rows alone that are there already."""
        if self._engine.dialect.name == "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing()
        return sqlite.insert(table).on_conflict_do_nothing()

    @contextmanager
    def lock(self, name: str, refusal: str) -> Iterator[None]:
        """Hold a name. The lock goes with the process that holds it.

        Raises:
            UsageError: ``refusal``, as another process holds it.
        """
        digest = hashlib.sha256(name.encode()).digest()
        if self._engine.dialect.name == "postgresql":
            holder = self._advisory_lock(int.from_bytes(digest[:8], signed=True), refusal)
        else:
            holder = self._file_lock(f"{digest.hex()[:32]}.lock", refusal)
        with holder:
            yield

    @contextmanager
    def _advisory_lock(self, number: int, refusal: str) -> Iterator[None]:
        """Held by a connection, so that machines that share the database see it."""
        with self._in_words():
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            with self._in_words():
                held = connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number)))
            if not held:
                raise UsageError(refusal)
            yield
        finally:
            connection.invalidate()  # the lock goes with it
            connection.close()

    @contextmanager
    def _file_lock(self, name: str, refusal: str) -> Iterator[None]:
        folder = _lock_folder(self._engine.url)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = filelock.FileLock(folder / name, timeout=0, mode=0o600)
            lock.acquire()
        except filelock.Timeout:
            raise UsageError(refusal) from None
        except OSError as error:
            raise JournalError(f"the lock folder {folder} cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()


def _open_file(url: sa.URL) -> sa.Engine:
    """The engine of an SQLite file, which is made where it is not there, for its owner only."""
    if url.database and url.database != ":memory:":
        path = Path(url.database).expanduser()
        url = url.set(database=str(path))
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
        except OSError as error:
            raise JournalError(
                f"the journal {path} cannot be written: {error.strerror}. Name another with --state."
            ) from error
    engine = sa.create_engine(url, connect_args={} if "timeout" in url.query else {"timeout": BUSY})
    sqlalchemy.event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    """WAL lets others read while a run writes; NORMAL loses no commit when the process is killed."""
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
    finally:
        cursor.close()


def _lock_folder(url: sa.URL) -> Path:
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return Path(url.database).parent / "locks"
    from platformdirs import user_state_path

    return user_state_path("dialler-sync") / "locks"


def default_state() -> Path:
    """Where the journal is when nothing else is said."""
    from platformdirs import user_state_path

    return user_state_path("dialler-sync") / "journal.db"
