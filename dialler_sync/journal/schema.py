"""The journal's tables, and the migrations of older journals."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from ..text.phrase import phrase
from . import cells, targets

metadata = sa.MetaData()  # no text has a length: PostgreSQL would refuse a longer one, SQLite never looks

schema_version = sa.Table("schema_version", metadata, sa.Column("version", sa.Integer, nullable=False))

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("parent", sa.Text),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False, index=True),  # dialler and campaign
    sa.Column("campaign", sa.Text, nullable=False),
    sa.Column("out", sa.Text, nullable=False),
    sa.Column("config_path", sa.Text, nullable=False),
    sa.Column("config", sa.Text, nullable=False),  # fingerprint of the settings, JSON; no secrets
    sa.Column("options", sa.Text, nullable=False),  # JSON
    sa.Column("files", sa.Text, nullable=False),  # JSON
    sa.Column("rows", sa.Integer),  # None until every file has been read through
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("finished_at", sa.Text),
    sa.Column("state", sa.Text, nullable=False),  # running, stopped, finished
    sa.Column("summary", sa.Text),  # JSON
    sa.Column("planned", sa.Boolean, nullable=False, default=False),
    sa.Column("folded", sa.Boolean, nullable=False, default=False),  # its successes stand in "sent"
)

rows = sa.Table(
    "rows",
    metadata,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("file", sa.Integer, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("user_data", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),  # hash of what is sent; empty for rejected rows
    sa.Column("state", sa.Text, nullable=False),  # pending, sending, or a Status
    sa.Column("action", sa.Text, nullable=False, default=""),
    sa.Column("contact_id", sa.Text, nullable=False, default=""),
    sa.Column("http_status", sa.Integer),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("error_code", sa.Text, nullable=False, default=""),
    sa.Column("error_field", sa.Text, nullable=False, default=""),
    sa.Column("error", sa.Text, nullable=False, default=""),
    sa.Column("hint", sa.Text, nullable=False, default=""),
    sa.Column("sent_at", sa.Text, nullable=False, default=""),
    sa.Column("newest_id", sa.BigInteger, nullable=False, default=-1),  # newest contact ID when it was sent
    sa.Column("warnings", sa.Text, nullable=False, default="", server_default=""),  # as results.csv has them
    sa.Column("faults", sa.Text, nullable=False, default="", server_default=""),  # JSON, where there are several
    sa.Column("unchanged_since", sa.Text, nullable=False, default="", server_default=""),  # when it was sent so
    sa.Column(
        "origin", sa.Text, nullable=False, default="", server_default=""
    ),  # of a mended row: see records.place_of
    sqlite_with_rowid=False,
)

images = sa.Table(
    "before_images",
    metadata,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("contact_id", sa.Text, nullable=False),  # empty where it was not there before
    sa.Column("before", sa.Text),  # JSON: field → what it was; null where the contact was not there
    sa.Column("after", sa.Text, nullable=False),  # JSON: what was sent
)

sent = sa.Table(
    "sent",
    metadata,
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("user_data", sa.Text, primary_key=True),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("contact_id", sa.Text, nullable=False),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("sent_at", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

mirror_locks = sa.Table(
    "mirror_locks",  # contacts that the mirror has locked, as long as nothing else was done to them by this tool
    metadata,
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("contact_id", sa.Text, primary_key=True),
    sa.Column("user_data", sa.Text, nullable=False),
    sa.Column("run", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

failed_cells = sa.Table(
    "failed_cells",  # the cells of rows in failed.csv, as they were read
    metadata,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("cells", sa.Text, nullable=False),  # JSON
    sqlite_with_rowid=False,
)

notices = sa.Table(
    "notices",  # calls of a webhook: what was told, and what is still to be told
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("target", sa.Text, nullable=False, index=True),
    sa.Column("event", sa.Text, nullable=False),  # failing, recovered, missing
    sa.Column("body", sa.Text, nullable=False),  # JSON
    sa.Column("delivered", sa.Boolean, nullable=False),
)

inbox_files = sa.Table(
    "inbox_files",  # what earlier calls saw of the files in an inbox
    metadata,
    sa.Column("folder", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("mark", sa.Text, nullable=False),  # inode, size and time
    sa.Column("seen_at", sa.Double, nullable=False),
    sa.Column("told", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

call_receivers = sa.Table(
    "call_receivers",  # who gets lists of calls: how far each has them, and the file that is on its way
    metadata,
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("receiver", sa.Text, primary_key=True),
    sa.Column("looked_at", sa.Text, nullable=False),  # empty: never
    sa.Column("file", sa.Text, nullable=False),  # JSON: the last one in place; empty: none
    sa.Column("intent", sa.Text, nullable=False),  # JSON: the one that is being put in place; empty: none
    sqlite_with_rowid=False,
)

known_calls = sa.Table(
    "known_calls",  # calls that a receiver has, contacts at the last look, calls still going on; what is forgotten
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("receiver", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),  # hash, or the line as JSON; empty until the file is in place
    sa.Column("next", sa.Text, nullable=False),  # what it becomes when the file is in place
    sa.Column("target", sa.Text, nullable=False, index=True),  # whose file that is
    sa.Column("start", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

answers = sa.Table(
    "answers",  # to the files of an inbox: those that are written, and those still to be written
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("inbox", sa.Text, nullable=False, index=True),
    sa.Column("run", sa.Text, nullable=False),  # empty for a file without a run
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),  # empty until it is written
    sa.Column("mark", sa.Text, nullable=False),  # inode, size and time of the written file
)

cells.check(metadata)


def _adding(*tables: sa.Table) -> Callable[[sa.Connection], None]:
    """Return the step that adds tables; a journal that is new has them from the first step."""
    return lambda connection: metadata.create_all(connection, tables)


def _add_facts(connection: sa.Connection) -> None:
    """Add columns for facts that were sentences: faults of rejected rows, and when unchanged rows were sent."""
    _add_text(connection, "faults")
    _add_text(connection, "unchanged_since")
    said = "sent as it is on "
    known = rows.c.error.startswith(said, autoescape=True) & (rows.c.action == "unchanged")
    since = sa.func.substr(rows.c.error, len(said) + 1)
    connection.execute(sa.update(rows).where(known).values(unchanged_since=since, error=""))


def _add_text(connection: sa.Connection, name: str) -> None:
    """Add a text column to all rows."""
    if not any(column["name"] == name for column in sa.inspect(connection).get_columns(rows.name)):
        connection.exec_driver_sql(f"ALTER TABLE rows ADD COLUMN {name} TEXT DEFAULT '' NOT NULL")


MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (
    metadata.create_all,
    _adding(mirror_locks),
    lambda connection: _add_text(connection, "warnings"),
    _adding(failed_cells),
    targets.from_urls,
    _adding(notices),
    _adding(inbox_files),
    _add_facts,
    _adding(call_receivers, known_calls),
    _adding(answers),
    lambda connection: _add_text(connection, "origin"),
)
"""Step *n* makes version *n* of version *n - 1*. Steps that were released are never changed."""

_MIGRATING = 0x6469616C6C6572
"""Number of the lock under which one process at a time creates the tables of a server."""


class NotOurs(Exception):
    """The database is not a journal that this dialler-sync can use; the message says what it is."""


def migrate(connection: sa.Connection) -> None:
    """Migrate the journal to the newest version, in the transaction of ``connection``.

    Raises:
        NotOurs: a newer dialler-sync wrote it, or another program, or somebody has put commands into it.
    """
    _refuse_commands(connection)
    if _version(connection) == len(MIGRATIONS):
        return
    if connection.dialect.name == "sqlite":  # else each step would be a transaction of its own, and a kill leave half
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
    found = _version(connection)  # another process may have been quicker
    if found > len(MIGRATIONS):
        raise NotOurs(
            phrase("it was written by a newer dialler-sync (version {found}): update dialler-sync", found=found)
        )
    for step in MIGRATIONS[found:] if found else MIGRATIONS[:1]:  # which makes the newest tables, without a row
        step(connection)
    if found < len(MIGRATIONS):
        connection.execute(sa.delete(schema_version))
        connection.execute(sa.insert(schema_version).values(version=len(MIGRATIONS)))


def _version(connection: sa.Connection) -> int:
    """Return the version of the journal, 0 for an empty database."""
    there = set(sa.inspect(connection).get_table_names())
    ours = {schema_version.name, runs.name, rows.name}  # every version has these
    # A server's database may be shared with others, as long as they use other names.
    if not there & ours and not (there and connection.dialect.name == "sqlite"):
        return 0
    versions = connection.scalars(sa.select(schema_version.c.version)).all() if ours <= there else []
    if len(versions) != 1 or not isinstance(versions[0], int) or versions[0] < 1:
        raise NotOurs(phrase("it is a database of another program"))
    return versions[0]


_LONGEST, _MOST = 2_000, 1_000
"""Signs of a statement, and parts of a file, of which ours have far fewer."""

_OF_SQLITE = {
    "sqlite_stat1": "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "sqlite_stat4": "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
}
"""What ANALYZE adds."""


def _refuse_commands(connection: sa.Connection) -> None:
    """Refuse an SQLite file with a part that dialler-sync did not create: SQLite may have to compute something for it
    (a trigger, a view, a constraint, an index on an expression), which may have no end, and nothing stops it.

    Raises:
        NotOurs: there is such a part.
    """
    if connection.dialect.name != "sqlite":
        return
    query = "SELECT type, name, substr(sql, 1, ?) FROM sqlite_master LIMIT ?"
    parts = connection.exec_driver_sql(query, (_LONGEST, _MOST)).all()
    names = {name for _, name, _ in parts}
    tables = any(kind == "table" for kind, _, _ in parts)
    if tables and not {schema_version.name, runs.name, rows.name} <= names:
        return  # another program's, which nothing is asked
    ours = _ours()
    for kind, name, sql in parts:
        if not _is_ours(kind, name, sql, ours):
            raise NotOurs(
                phrase(
                    "it has a {found} that dialler-sync did not create: somebody has changed it",
                    found=f"{kind} {name}",
                )
            )
    if len(parts) == _MOST:
        raise NotOurs(phrase("it is a database of another program"))


@cache
def _ours() -> dict[str, set[str]]:
    """Return name → pieces of the statement that creates a table or an index, of the newest journal: older ones have
    some of them."""
    dialect = sqlite.dialect()
    found = {name: _pieces(sql) for name, sql in _OF_SQLITE.items()}
    for table in metadata.tables.values():
        found[table.name] = _pieces(str(CreateTable(table).compile(dialect=dialect))) | {""}
        for index in table.indexes:
            found[str(index.name)] = _pieces(str(CreateIndex(index).compile(dialect=dialect)))
    return found


def _is_ours(kind: object, name: object, sql: object, ours: dict[str, set[str]]) -> bool:
    if not isinstance(name, str):
        return False
    if sql is None:  # of the primary key that a statement of ours names
        return kind == "index" and name.startswith("sqlite_autoindex_")
    return name in ours and isinstance(sql, str) and len(sql) < _LONGEST and _pieces(sql) <= ours[name]


def _pieces(sql: str) -> set[str]:
    """Return how a statement begins, what stands in its brackets, by columns and keys, and how it ends."""
    plain = re.sub(r"VARCHAR\(\d{1,4}\)", "TEXT", " ".join(sql.replace('"', "").split()))  # of the first versions
    head, _, rest = plain.partition("(")
    body, _, end = rest.rpartition(")")
    whole = re.sub(r"\([^()]*\)", lambda key: key[0].replace(",", ";"), body)  # that of several columns is one piece
    return {head.strip(), end.strip(), *(each.strip() for each in whole.split(","))}
