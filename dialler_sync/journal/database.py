"""The database under the journal: its transactions and locks. SQLite by default, another by URL."""

from __future__ import annotations

import errno
import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

import filelock
import sqlalchemy as sa
import sqlalchemy.event
import sqlalchemy.exc
from sqlalchemy.dialects import sqlite

from ..errors import Held, JournalError, JournalLost, UsageError
from ..files import trust
from ..files.private import make_folder
from ..files.trust import is_foreign
from ..target import is_account, split
from ..text.command_line import command
from ..text.phrase import phrase
from . import schema
from .at_work import shown_at_work
from .cells import OddCell
from .engine import open_engine
from .failures import damaged, is_damage, said
from .log import Log
from .place import folder_of, log_of, path_of, require_trust

_log = logging.getLogger(__name__)

Refusal = Callable[[str], str]
"""Holder of a target's lock (``""`` if unknown) → message that refuses another run."""


class Database:
    """An open database, migrated to the newest version.

    ``trusted`` accepts a file that others could have changed; None leaves that to the variable DIALLER_SYNC_TRUST.

    Raises:
        JournalError: it fails.
        UsageError: it is none, is not a journal, or is not trusted.
    """

    def __init__(self, state: str | Path, *, trusted: bool | None = None) -> None:
        self._engine = open_engine(state, trusted)
        self._name = self._engine.url.set(query={}).render_as_string()  # parameters may hold a password
        self._trusted = trusted
        self._held: list[sa.Select[Any]] = []
        self._file: tuple[int, int] | None = None
        self._log: Log | None = None
        self.run_has_begun = False
        """Whether this process has begun a run, which ``resume`` finishes."""
        try:
            with self.begin() as connection:
                if path := path_of(self._engine.url):  # once more: SQLite has opened the files beside it by now
                    require_trust(path, trusted)
                schema.migrate(connection)
            self._file = _identity(self._engine.url)
            self._log = Log(log) if (log := log_of(self._engine.url)) and log.exists() else None
            sqlalchemy.event.listen(self._engine, "do_connect", lambda *_: self.require_there())  # or it is made anew
        except BaseException as error:
            self.close()
            if isinstance(error, schema.NotOurs):
                raise UsageError(
                    phrase(
                        "the journal {name} cannot be used: {error}; name another with --state",
                        name=self._name,
                        error=error,
                    )
                ) from None
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
                        phrase(
                            "the journal {name} closed the connection that locked the campaign, so another run may "
                            "have started. Nothing is lost. {go_on}",
                            name=self._name,
                            go_on=self._go_on(),
                        )
                    )
            yield connection

    def write_anew(self) -> None:
        """Rewrite an SQLite file, whose free pages otherwise keep deleted data."""
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
                    phrase(
                        "the journal {name} was deleted or replaced while it was in use. Restore the file, and run "
                        "the command again.",
                        name=self._name,
                    )
                )
            raise JournalLost(
                phrase(
                    "the journal {name} was deleted or replaced during the run. Only this run's reports say what "
                    "was sent so far: it cannot be resumed or undone. Restore the file or start a new journal, "
                    "then import the list again; rows with a UserData are then overwritten, not duplicated.",
                    name=self._name,
                )
            )

    def require_written(self) -> None:
        """Check that what was just written is in files that still have their names.

        Raises:
            JournalLost: as :meth:`require_there`.
            JournalError: the log is gone; what was in it has been saved.
            JournalDamaged: something else stands in the log.
        """
        self.require_there()
        try:
            whole = self._log is None or self._log.is_whole()
        except FileNotFoundError:
            whole = False
        except OSError as error:  # it cannot be looked at, which says nothing of what it has
            raise JournalError(
                phrase(
                    "the journal's {log} cannot be read: {why}. Nothing is lost so far. {go_on}",
                    log=self._log.path if self._log else self._name,
                    why=error.strerror,
                    go_on=self._go_on(),
                )
            ) from error
        if self._log and not self._log.path.exists():
            self.make_durable()
            raise JournalError(
                phrase(
                    "{log} was deleted: the journal writes to this file first, and would lose that if this process "
                    "were killed. Nothing is lost so far. {go_on}",
                    log=self._log.path,
                    go_on=self._go_on(),
                )
            )
        if self._log and not whole:
            raise damaged(phrase("{log} has lost what was written to it", log=self._log.path), self._name)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OddCell as error:
            raise damaged(str(error), self._name) from error
        except UnicodeEncodeError as error:
            odd = error.object[max(error.start - 40, 0) : error.end]
            raise UsageError(
                phrase(
                    "the journal {name} stores text only, but '…{odd}' has bytes that are not UTF-8: use another name",
                    name=self._name,
                    odd=odd,
                )
            ) from error
        except sqlalchemy.exc.ResourceClosedError as error:
            raise JournalError(
                phrase(
                    "the journal {journal} gives no rows where it must: is that a PostgreSQL server?",
                    journal=self._name,
                )
            ) from error
        except sqlalchemy.exc.DBAPIError as error:
            detail = " ".join(said(error.orig).split()).removesuffix(".")
            if is_damage(error.orig):
                raise damaged(detail, self._name) from error
            raise JournalError(
                phrase(
                    "the journal {name} fails: {detail}. Nothing is lost. Fix that ({advice}). {go_on}",
                    name=self._name,
                    detail=detail,
                    advice=self._advice(error),
                    go_on=self._go_on(),
                )
            ) from error

    def _go_on(self) -> str:
        if self.run_has_begun:
            return phrase("Continue with '{command}'.", command=command("resume"))
        return phrase("Run the command again.")

    def _advice(self, error: sqlalchemy.exc.DBAPIError) -> str:
        found = ""
        if self._engine.dialect.name == "postgresql":
            from . import postgres

            found = postgres.advice(error)
        return found or phrase("disk full? read-only? in use? damaged?")

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
        """Make commits survive a power cut; SQLite's own only survive the process."""
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

    def copies_folder(self, *, make: bool = False) -> Path:
        """Return where copies of standard input lie while their runs can be resumed, if only this user can change it.

        Raises:
            JournalError: it cannot be made.
            UsageError: others could have put something there.
        """
        folder, what = (
            folder_of(self._engine.url, "copies").absolute(),
            phrase("the folder of the journal's copies"),
        )
        trust.require(what, folder, trust=self._trusted, alone=True)
        if make:
            try:
                make_folder(folder)
            except OSError as error:
                raise JournalError(
                    phrase(
                        "the folder {folder} for copies cannot be made: {error}. Name another journal with --state.",
                        folder=folder,
                        error=error.strerror,
                    )
                ) from error
            trust.require(what, folder, trust=self._trusted, alone=True)  # somebody may have been quicker
        return folder

    @contextmanager
    def _file_lock(self, name: str, refusal: Refusal) -> Iterator[None]:
        folder = folder_of(self._engine.url, "locks")
        try:
            make_folder(folder)
            if is_foreign(folder):  # who can delete a lock can have two runs at once
                raise PermissionError(errno.EPERM, phrase("it belongs to another user"))
            lock = filelock.FileLock(folder / name, timeout=0, mode=0o600)
            lock.acquire()
        except filelock.Timeout:
            raise Held(refusal("")) from None
        except OSError as error:
            raise JournalError(
                phrase(
                    "the lock folder {folder} cannot be used: {error}. Name another journal with --state.",
                    folder=folder,
                    error=error.strerror,
                )
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
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _number(text: str) -> int:
    return int.from_bytes(_digest(text)[:8], signed=True)
