"""PostgreSQL under the journal: connections that notice when the other end has gone, and locks across hosts.

Needs the extra ``postgres``; imported only where the journal is a PostgreSQL database.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import psycopg.sql
import sqlalchemy as sa
import sqlalchemy.event
import sqlalchemy.exc
from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown

from ..files import trust
from ..text.outward import keep_secret
from ..text.phrase import figure, phrase
from .machine_lock import who

APPLICATION = "dialler-sync"

logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # it warns of broken connections, which are told as errors

_LINK = {
    "client_encoding": "utf8",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Default connection parameters of libpq: a lost server is noticed within a minute."""

_SESSION = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
"""Server settings: a lost client is noticed, and its locks released, within a minute instead of 2 hours."""

SILENCE, SILENCE_AGAIN = 900.0, 10.0
"""Seconds after which a server that does not answer is given up; the second where it has just been given up."""

GRACE = "1s"
"""Time to wait for a lock, as the server may need a moment to notice that its holder was killed."""


_FILES = {
    "passfile": "PGPASSFILE",
    "servicefile": "PGSERVICEFILE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
}
"""Parameters of libpq that name a file, each with its variable."""


def require_trust(url: sa.URL) -> None:
    """Refuse files of libpq that others could have changed: they say which server gets the password.

    Raises:
        UsageError: as :func:`.trust.require_usual`.
    """
    named = [str(url.query.get(name) or os.environ.get(variable, "")) for name, variable in _FILES.items()]
    files = [name for name in named if name != "system"]  # as sslrootcert may be: OpenSSL's
    if len(files) < len(named):
        trust.require_authorities()
    trust.require_usual("~/.pgpass", "~/.pg_service.conf", "~/.postgresql", os.environ.get("PGSYSCONFDIR"), *files)


def open_server(url: sa.URL) -> sa.Engine:
    """Return the engine of a PostgreSQL database, not yet connected."""
    link = {"application_name": f"{APPLICATION} {who()} on {socket.gethostname()}"[:63], **_LINK}  # longer is cut off
    engine = sa.create_engine(
        url,
        connect_args={name: value for name, value in link.items() if name not in url.query},
        pool_pre_ping=True,
        use_native_hstore=False,  # saves a query for each connection
    )
    sqlalchemy.event.listen(engine, "do_connect", _connect)
    sqlalchemy.event.listen(engine, "connect", _prepare)
    return engine


def _connect(_dialect: Any, _record: object, arguments: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """Connect, and keep the passwords secret that libpq has found: the server that gets them may repeat them."""
    try:
        connection = _Patient.connect(*arguments, **options)
    except psycopg.Error as error:
        _keep_passwords(error.pgconn)
        raise
    _keep_passwords(connection.pgconn)
    return connection


class _Patient(psycopg.Connection[Any]):
    """Gives up a server that falls silent while its connection stands: libpq would wait for ever."""

    is_silent = False
    """Whether the last server that was asked was given up; of all connections, as each of them is let go of."""

    def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
        answer = super().wait(self._watched(gen), *arguments, **options)
        _Patient.is_silent = False
        return answer

    def _watched(self, gen: Any) -> Any:
        """Pass on what the generator waits for, and what has come: 0 now and then, as long as nothing has."""
        patience = SILENCE_AGAIN if _Patient.is_silent else SILENCE
        try:
            awaited = next(gen)
            while True:
                since = time.monotonic()
                while not (come := (yield awaited)):
                    if time.monotonic() - since > patience:
                        _Patient.is_silent = True
                        self.pgconn.finish()
                        raise psycopg.OperationalError(
                            phrase("the server has not answered for {seconds} s", seconds=figure(int(patience)))
                        )
                awaited = gen.send(come)
        except StopIteration as end:
            return end.value


def _keep_passwords(link: psycopg.pq.abc.PGconn | None) -> None:
    """Mask what libpq has read as a password, also from ``~/.pgpass`` or a service file. It marks them with ``*``."""
    if link:
        marked = [option.val for option in link.info if option.dispchar == b"*"]
        keep_secret(*(found.decode("utf-8", "replace") for found in (link.password, *marked) if found))
        files = [option.val for option in link.info if option.keyword == b"passfile" and option.val]
        keep_secret(*(password for file in files for password in _passwords_in(os.fsdecode(file))))


def _passwords_in(file: str) -> Iterator[str]:
    """Yield all passwords of a password file: each of several hosts was sent its own, and the link knows only the
    last."""
    path = Path(file)
    with suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
            if found := _LINE.match(line):
                yield _ESCAPED.sub(r"\1", found[1])


_LINE = re.compile(r"(?:(?:\\.|[^\\:])*:){4}((?:\\.|[^:])*)")
"""Host, port, database, user and password, parted by colons."""
_ESCAPED = re.compile(r"\\(.)")


def without_nul(text: str) -> str:
    """Replace NUL by ␀: PostgreSQL refuses NUL in text, and damaged rows and odd answers hold it."""
    return text.replace("\x00", "␀")


def row_without_nul(row: Sequence[str | int]) -> list[str | int]:
    """Replace NUL in the texts of a row."""
    return [without_nul(value) if isinstance(value, str) else value for value in row]


class _WithoutNul(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(without_nul(obj))


def _prepare(connection: Any, _record: object) -> None:
    connection.adapters.register_dumper(str, _WithoutNul)
    connection.execute(_SESSION)
    found = connection.execute("SELECT pg_catalog.current_schema()").fetchone()
    if found and (schema := found[0]):  # others may have put operators into the other schemas that are looked through
        connection.execute(psycopg.sql.SQL("SET search_path = {}").format(psycopg.sql.Identifier(schema)))
    if connection.info.server_version >= 140_000:  # older ones end no idle sessions
        connection.execute("SET idle_session_timeout = 0")
    connection.commit()


@contextmanager
def advisory_lock(engine: sa.Engine, number: int, *, shared: bool = False) -> Iterator[sa.Select[Any] | str]:
    """Hold an advisory lock, exclusive or shared, on a connection of its own, visible to all hosts of the database.

    Yields a query that tests whether it is still held, or the name of its holder.
    """
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.detach()  # closed in the end, and never handed on with the lock
        pid = connection.scalar(sa.select(sa.func.pg_backend_pid()))
        connection.exec_driver_sql(f"SET lock_timeout = '{GRACE}'")
        try:
            take = sa.func.pg_advisory_lock_shared if shared else sa.func.pg_advisory_lock
            connection.execute(sa.select(take(number)))
        except sqlalchemy.exc.OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
            yield _holder(connection, number)
            return
        try:
            yield sa.select(sa.text(f"1 FROM {_locks_on(number)} AND pid = {pid}"))
        finally:
            with suppress(sqlalchemy.exc.DBAPIError):  # where the connection is broken, the lock went with it
                give = sa.func.pg_advisory_unlock_shared if shared else sa.func.pg_advisory_unlock
                connection.execute(sa.select(give(number)))
    finally:
        connection.close()


def _locks_on(number: int) -> str:
    unsigned = number % 2**64
    return (
        "pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
        f" AND classid = {unsigned >> 32} AND objid = {unsigned % 2**32}"
    )


def is_locked(connection: sa.Connection, number: int) -> bool:
    """Whether anybody holds an advisory lock."""
    return bool(connection.scalar(sa.select(sa.text(f"count(*) FROM {_locks_on(number)}"))))


def _holder(connection: sa.Connection, number: int) -> str:
    """Return the holder of a lock, from its connection; ``""`` if that is not visible."""
    activity = sa.table("pg_stat_activity", sa.column("application_name", sa.Text), sa.column("pid", sa.Integer))
    at_work = activity.c.pid.in_(sa.select(sa.text(f"pid FROM {_locks_on(number)}")))
    said = connection.scalar(sa.select(activity.c.application_name).where(at_work).limit(1)) or ""
    return said.removeprefix(APPLICATION).strip()


def advice(error: sqlalchemy.exc.DBAPIError) -> str:
    """Return advice for a failure of the server; empty if only the common advice applies."""
    if isinstance(error.orig, (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName)):
        return phrase("grant this user CREATE and USAGE on the schema, and all rights on the tables of the journal")
    if isinstance(error, sqlalchemy.exc.ProgrammingError) and getattr(error.orig, "sqlstate", None) is None:
        return phrase("are the parameters after the ? of the URL right?")
    if isinstance(error, sqlalchemy.exc.OperationalError) and getattr(error.orig, "sqlstate", None) is None:
        return phrase(
            "is the server there, and are host, port, user, password (PGPASSWORD, ~/.pgpass) and database right?"
        )
    return ""
