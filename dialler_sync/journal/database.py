"""The database under the journal: opened, locked, and its failures in words. SQLite by default, another by URL."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import Any

import filelock
import orjson
import sqlalchemy as sa
import sqlalchemy.event
import sqlalchemy.exc
from sqlalchemy.dialects import sqlite

from ..errors import Held, JournalDamaged, JournalError, JournalLost, UsageError
from ..files.private import make_folder, new_file
from ..files.trust import is_foreign
from ..target import is_account, split
from ..text.command_line import command
from . import schema
from .at_work import shown_at_work
from .cells import OddCell
from .place import folder_beside, instead, path_of, require_trust, url_of

_log = logging.getLogger(__name__)

BUSY = 10
"""Seconds that SQLite waits for another process that writes."""


Refusal = Callable[[str], str]
"""What is said where another run holds a target: by who holds it, as far as that is known."""


class Database:
    """An open database, migrated to the newest version.

    ``trusted`` accepts a file that others could have changed; None leaves that to the variable DIALLER_SYNC_TRUST.

    Raises:
        JournalError: it fails.
        UsageError: it is none, is not a journal, or is not trusted.
    """

    def __init__(self, state: str | Path, *, trusted: bool | None = None) -> None:
        self._engine = _open(state, trusted)
        self._name = self._engine.url.set(query={}).render_as_string()  # parameters may hold a password
        self._held: list[sa.Select[Any]] = []
        self._file: tuple[int, int] | None = None
        self.run_has_begun = False
        """Whether this process has begun a run, which ``resume`` finishes."""
        try:
            with self.begin() as connection:
                require_trust(self._engine.url, trusted)  # once more: SQLite has opened the files beside it by now
                schema.migrate(connection)
            self._file = _identity(self._engine.url)
            sqlalchemy.event.listen(self._engine, "do_connect", lambda *_: self.require_there())  # or it is made anew
        except BaseException as error:
            self.close()
            if isinstance(error, schema.NotOurs):
                raise UsageError(f"the journal {self._name} {error}; name another with --state") from None
            raise
        _log.debug("journal: %s", self._name)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Open a transaction: committed at the end of the block, rolled back on an error."""
        with self._in_words(), self._engine.begin() as connection:
            for held in self._held:
                if connection.scalar(held) is None:
                    raise JournalError(
                        f"the journal {self._name} closed the connection that locked the campaign, so another run "
                        f"may have started. Nothing is lost: {self._go_on()}."
                    )
            yield connection

    def write_anew(self) -> None:
        """Write an SQLite file anew: what was deleted otherwise stays in its free pages."""
        if self._engine.dialect.name == "sqlite":
            with self._in_words(), self._engine.connect() as connection:
                plain = connection.execution_options(isolation_level="AUTOCOMMIT")
                plain.exec_driver_sql("VACUUM")
                plain.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def require_there(self) -> None:
        """Check that the journal's file still has its name: SQLite goes on writing to a deleted file.

        Raises:
            JournalLost: the file is gone, or another file has its name.
        """
        if self._file and _identity(self._engine.url) != self._file:
            if not self.run_has_begun:
                raise JournalError(
                    f"the journal {self._name} was deleted or replaced while it was in use. Restore the file, and "
                    "run the command again."
                )
            raise JournalLost(
                f"the journal {self._name} was deleted or replaced during the run. Only this run's reports say "
                "what was sent so far: it cannot be resumed or undone. Restore the file or start a new journal, "
                "then import the list again; rows with a UserData are then overwritten, not duplicated."
            )

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OddCell as error:
            raise damaged(str(error), self._name) from error
        except UnicodeEncodeError as error:
            odd = error.object[max(error.start - 40, 0) : error.end]
            raise UsageError(
                f"the journal {self._name} stores text only, but '…{odd}' has bytes that are not UTF-8: use "
                "another name"
            ) from error
        except sqlalchemy.exc.DBAPIError as error:
            detail = " ".join(_said(error.orig).split()).removesuffix(".")
            if _is_damage(error.orig):
                raise damaged(detail, self._name) from error
            raise JournalError(
                f"the journal {self._name} fails: {detail}. Nothing is lost: fix that ({self._advice(error)}) and "
                f"{self._go_on()}."
            ) from error

    def _go_on(self) -> str:
        return f"continue with '{command('resume')}'" if self.run_has_begun else "run the command again"

    def _advice(self, error: sqlalchemy.exc.DBAPIError) -> str:
        found = ""
        if self._engine.dialect.name == "postgresql":
            from . import postgres

            found = postgres.advice(error)
        return found or "disk full? read-only? in use? damaged?"

    def execute_many(
        self,
        connection: sa.Connection,
        statement: sa.Insert | sa.Update,
        names: Sequence[str],
        values: Sequence[tuple[Any, ...]],
    ) -> None:
        """Execute a statement for each of ``values``, which hold its parameters in the order of ``names``.

        Uses the driver directly: SQLAlchemy takes three times as long.
        """
        if not values:
            return
        compiled = statement.compile(dialect=self._engine.dialect)
        if compiled.positiontup is None:
            connection.exec_driver_sql(str(compiled), [dict(zip(names, row, strict=True)) for row in values])
        else:
            if compiled.positiontup != [*names]:
                values = list(map(itemgetter(*map(names.index, compiled.positiontup)), values))
            connection.exec_driver_sql(str(compiled), [*values])

    def make_durable(self) -> None:
        """See that what was committed outlives a power cut: SQLite's own commits outlive the process only."""
        if self._engine.dialect.name == "sqlite":
            with self._in_words(), self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def insert_new(self, table: sa.Table) -> sa.Insert:
        """Return an insert into all columns that leaves existing rows alone."""
        if self._engine.dialect.name == "postgresql":
            from sqlalchemy.dialects import postgresql

            return postgresql.insert(table).on_conflict_do_nothing()
        return sqlite.insert(table).on_conflict_do_nothing()

    @contextmanager
    def lock(self, target: str, refusal: Refusal) -> Iterator[None]:
        """Hold the lock of a target. It ends with the process.

        Raises:
            Held: another process holds it; the message is ``refusal``.
        """
        with ExitStack() as stack:
            if self._engine.dialect.name == "postgresql":
                account = _number(f"account {split(target)[0]}")
                stack.enter_context(self._advisory_lock(account, refusal, shared=not is_account(target)))
                stack.enter_context(self._advisory_lock(_number(target), refusal))
            else:
                stack.enter_context(self._file_lock(f"{_digest(target).hex()[:32]}.lock", refusal))
            yield

    @contextmanager
    def _advisory_lock(self, number: int, refusal: Refusal, *, shared: bool = False) -> Iterator[None]:
        """Hold a PostgreSQL advisory lock; every transaction checks that it is still held."""
        from . import postgres

        with ExitStack() as stack:
            with self._in_words():
                held = stack.enter_context(postgres.advisory_lock(self._engine, number, shared=shared))
            if isinstance(held, str):
                raise Held(refusal(held))
            self._held.append(held)
            try:
                yield
            finally:
                self._held.remove(held)

    @contextmanager
    def at_work(self, run_id: str) -> Iterator[None]:
        """Show other processes that a run is at work, until the block or the process ends."""
        with ExitStack() as stack:
            with self._in_words():
                stack.enter_context(shown_at_work(self._engine, run_id))
            yield

    def copies_folder(self) -> Path:
        """Where copies of standard input lie while their runs can be resumed."""
        return folder_beside(self._engine.url, "copies").absolute()

    @contextmanager
    def _file_lock(self, name: str, refusal: Refusal) -> Iterator[None]:
        folder = folder_beside(self._engine.url, "locks")
        try:
            make_folder(folder)
            if is_foreign(folder):  # who can delete a lock can have two runs at once
                raise PermissionError(errno.EPERM, "it belongs to another user")
            lock = filelock.FileLock(folder / name, timeout=0, mode=0o600)
            lock.acquire()
        except filelock.Timeout:
            raise Held(refusal("")) from None
        except OSError as error:
            raise JournalError(
                f"the lock folder {folder} cannot be used: {error.strerror}. Name another journal with --state."
            ) from error
        try:
            yield
        finally:
            lock.release()


def _identity(url: sa.URL) -> tuple[int, int] | None:
    """Return device and inode of a journal's file; None if it is gone, or is not a file."""
    try:
        path = path_of(url)
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _number(text: str) -> int:
    return int.from_bytes(_digest(text)[:8], signed=True)


_DAMAGED = (
    "Stop using it: keep a copy and restore a backup, or start a new one with --state. The reports of the runs "
    "say what was sent; a new journal does not know it, so those runs cannot be undone."
)
_POSTGRESQL_DAMAGE = frozenset({"XX001", "XX002", "42P01", "42703"})
"""``sqlstate`` of corrupted data, of a corrupted index, of a missing table, of a missing column."""
_SQLITE_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})


def damaged(detail: str, name: str = "") -> JournalDamaged:
    """Return the error for a journal whose content is damaged."""
    return JournalDamaged(f"the journal{f' {name}' if name else ''} is damaged: {detail}. {_DAMAGED}")


def _said(error: BaseException | None) -> str:
    """Return what a database says of an error, without the row that PostgreSQL quotes: it may be a contact's."""
    return getattr(getattr(error, "diag", None), "message_primary", None) or str(error)


def _is_damage(error: BaseException | None) -> bool:
    """Whether a database error means that its content is damaged; going on would only do harm."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells what is corrupt
        return code in _SQLITE_DAMAGE or str(error).startswith(("no such table", "no such column", "Could not decode"))
    return str(getattr(error, "sqlstate", "")) in _POSTGRESQL_DAMAGE


def each_of(connection: sa.Connection, texts: Sequence[str]) -> sa.Select[tuple[str]]:
    """Return texts as a query with one column."""
    return sa.select(each_row(connection, [(text,) for text in texts]).c.value[0].as_string())


def each_row(connection: sa.Connection, rows: Sequence[Sequence[str | int]]) -> sa.TableValuedAlias:
    """Return rows as a table: one JSON parameter, as databases limit the number of parameters.

    ``c.value[place].as_string()`` and ``as_integer()`` read a value of a row.
    """
    if connection.dialect.name == "postgresql":
        from . import postgres

        json = orjson.dumps(list(map(postgres.row_without_nul, rows))).decode()
        each = sa.func.json_array_elements(sa.cast(sa.literal(json), sa.JSON))
    else:
        each = sa.func.json_each(orjson.dumps(rows).decode())
    return each.table_valued(sa.column("value", sa.JSON))


def _open(state: str | Path, trusted: bool | None) -> sa.Engine:
    """Return the engine of a path or URL.

    Raises:
        UsageError: no journal can be there.
    """
    url = url_of(state)
    if url.get_backend_name() == "sqlite":
        return _open_file(url, trusted)
    try:
        from . import postgres
    except ImportError as error:
        raise UsageError(
            f"a journal on PostgreSQL needs psycopg: pip install 'dialler-sync[postgres]' ({error})"
        ) from error
    return postgres.open_server(url)


def _open_file(url: sa.URL, trusted: bool | None) -> sa.Engine:
    """Return the engine of an SQLite file; a missing file is created for its owner only."""
    if path := path_of(url):
        require_trust(url, trusted)
        try:
            make_folder(path.parent)
            with suppress(FileExistsError):
                os.close(new_file(path))
            path.touch()  # says so where the disk is read-only
        except OSError as error:
            raise JournalError(f"the journal {path} cannot be written: {error.strerror}. {instead(path)}") from error
    engine = sa.create_engine(url, connect_args={} if "timeout" in url.query else {"timeout": BUSY})
    sqlalchemy.event.listen(engine, "connect", _prepare)
    return engine


_WAL_PAGES = 10_000
"""Pages (of 4 kB) after which SQLite moves what was written into the file itself. With its own 1,000, writing a large
file's rows takes half as long again."""


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
