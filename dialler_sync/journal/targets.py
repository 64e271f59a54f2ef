"""Renaming of targets that turned out to be the same."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from ..target import dialler_of, split, target_of
from ..text.phrase import phrase
from .cells import OddCell

# Only what is needed of the tables, as they were when a migration first needed it.
_RUNS = sa.table("runs", *map(sa.column, ("id", "target", "campaign", "config", "started_at")))
_SENT = sa.table("sent", *map(sa.column, ("target", "user_data", "sent_at")))
_LOCKS = sa.table("mirror_locks", *map(sa.column, ("target", "contact_id")))


def rename(connection: sa.Connection, old: str, new: str) -> None:
    """Rename a target in the whole journal. Of two payloads of one key, the newer stays."""
    runs, sent, locks = _RUNS, _SENT, _LOCKS
    other = sent.alias()
    same_key = other.c.user_data == sent.c.user_data
    newer = sa.exists().where(other.c.target == new, same_key, other.c.sent_at >= sent.c.sent_at)
    connection.execute(sa.delete(sent).where(sent.c.target == old, newer))
    replaced = sa.exists().where(other.c.target == old, same_key)
    connection.execute(sa.delete(sent).where(sent.c.target == new, replaced))
    twin = locks.alias()
    there = sa.exists().where(twin.c.target == new, twin.c.contact_id == locks.c.contact_id)
    connection.execute(sa.delete(locks).where(locks.c.target == old, there))
    for table in (runs, sent, locks):
        connection.execute(sa.update(table).where(table.c.target == old).values(target=new))


def of_account(column: sa.ColumnElement[str], target: str) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds a target of the same account. (LIKE ignores case in SQLite.)"""
    prefix = f"{split(target)[0]}#"
    return sa.func.substr(column, 1, len(prefix)) == prefix


def is_known(connection: sa.Connection, target: str) -> bool:
    """Whether the journal has any data of a target."""
    tables = (_RUNS, _SENT, _LOCKS)
    queries = (sa.select(table.c.target).where(table.c.target == target).limit(1) for table in tables)
    return any(connection.scalar(query) is not None for query in queries)


def known_id(connection: sa.Connection, dialler: str, campaign: str) -> int | None:
    """Return the campaign's ID from the newest run that named it; None if there is none."""
    runs = _RUNS.c
    named = (runs.campaign == campaign) & of_account(runs.target, dialler)
    query = sa.select(runs.target, runs.config).where(named).order_by(runs.started_at.desc(), runs.id.desc())
    for target, config in connection.execute(query):
        found = split(target)[1]
        if found.isdecimal() and _setting(config, "campaign.name") == campaign:
            return int(found)
    return None


def from_urls(connection: sa.Connection) -> None:
    """Convert targets of older journals, ``<base URL>/<ClientsID>#<campaign as spelled>``, to the present form."""
    runs = _RUNS.c
    of_runs = connection.execute(sa.select(runs.target, runs.config).order_by(runs.started_at))
    known: dict[str, str] = {row[0]: row[1] for row in of_runs}
    for table in (_SENT, _LOCKS):  # of runs that were pruned
        for target in connection.scalars(sa.select(table.c.target).distinct()).all():
            known.setdefault(target, "{}")
    for target, config in known.items():
        root, _, campaign = target.partition("#")
        url, _, clients_id = root.rpartition("/")
        if "://" in url and clients_id.isdecimal():
            rename(connection, target, _of_old(dialler_of(url, int(clients_id)), campaign, config))


def _of_old(dialler: str, campaign: str, config: str) -> str:
    if _setting(config, "campaign.column") is not None or (config == "{}" and campaign.startswith("column ")):
        return target_of(dialler)
    by_id = campaign.isascii() and campaign.isdecimal() and _setting(config, "campaign.name") is None
    return target_of(dialler, campaign_id=int(campaign)) if by_id else target_of(dialler, name=campaign)


def _setting(config: str, name: str) -> Any:
    """Return a setting of a run's fingerprint; its values are JSON texts."""
    try:
        return json.loads(json.loads(config).get(name, "null"))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise OddCell(phrase("a cell of runs.config cannot be read")) from None
