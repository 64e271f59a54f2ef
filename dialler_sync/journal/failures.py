"""Failures of the journal's database: which are damage, and what is said of them."""

from __future__ import annotations

import sqlite3

from ..errors import JournalDamaged
from ..text.phrase import mark, phrase

_DAMAGED = mark(
    "Stop using it: keep a copy and restore a backup, or start a new one with --state. The reports of the runs "
    "say what was sent; a new journal does not know it, so those runs cannot be undone."
)
_POSTGRESQL_DAMAGE = frozenset({"XX001", "XX002", "42P01", "42703"})
"""``sqlstate`` of corrupted data, of a corrupted index, of a missing table, of a missing column."""
_SQLITE_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})


def damaged(detail: str, name: str = "") -> JournalDamaged:
    """Return the error for a journal whose content is damaged."""
    if name:
        is_damaged = phrase("the journal {name} is damaged: {detail}.", name=name, detail=detail)
    else:
        is_damaged = phrase("the journal is damaged: {detail}.", detail=detail)
    return JournalDamaged(f"{is_damaged} {phrase(_DAMAGED)}")


def said(error: BaseException | None) -> str:
    """Return what a database says of an error, without the row that PostgreSQL quotes: it may be a contact's."""
    return getattr(getattr(error, "diag", None), "message_primary", None) or str(error)


def is_damage(error: BaseException | None) -> bool:
    """Whether a database error means that its content is damaged; going on would only do harm."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells what is corrupt
        return code in _SQLITE_DAMAGE or str(error).startswith(("no such table", "no such column", "Could not decode"))
    return str(getattr(error, "sqlstate", "")) in _POSTGRESQL_DAMAGE
