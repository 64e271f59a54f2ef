"""What is known of a campaign over all its runs, as :mod:`.fold` has written it down."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ..model import Action, Status
from . import schema
from .records import RowState, Sent

_KEYS_AT_ONCE = 500
"""Keys of one query; databases take only so many parameters."""


def find(connection: sa.Connection, target: str, keys: Sequence[str]) -> dict[str, Sent]:
    """What was sent for these keys."""
    table = schema.sent
    found: dict[str, Sent] = {}
    for at in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[at : at + _KEYS_AT_ONCE]
        for row in connection.execute(sa.select(table).where(table.c.target == target, table.c.user_data.in_(some))):
            found[row.user_data] = Sent(row.payload, row.contact_id, row.run, row.sent_at)
    return found


def skip_unchanged(connection: sa.Connection, target: str, run_id: str) -> list[int]:
    """Settle the rows of a run for which nothing is planned and that were sent just so; gives their places in it."""
    rows, sent = schema.rows, schema.sent
    of_run = rows.c.run == run_id
    connection.execute(
        sa.update(rows)
        .where(of_run, rows.c.state == str(RowState.PENDING), rows.c.action == "")
        .where(sent.c.target == target, sent.c.user_data == rows.c.user_data, sent.c.payload == rows.c.payload)
        .values(
            state=str(Status.SKIPPED),
            action=str(Action.UNCHANGED),
            contact_id=sent.c.contact_id,
            error="sent as it is on " + sent.c.sent_at,
        )
    )
    settled = of_run & (rows.c.state == str(Status.SKIPPED)) & (rows.c.action == str(Action.UNCHANGED))
    return list(connection.scalars(sa.select(rows.c.seq).where(settled)).all())


def mirror_locked(connection: sa.Connection, target: str, ids: Sequence[str]) -> set[str]:
    """Which of these contacts the mirror has locked."""
    locks = schema.mirror_locks
    found: set[str] = set()
    for at in range(0, len(ids), _KEYS_AT_ONCE):
        mine = locks.c.contact_id.in_(ids[at : at + _KEYS_AT_ONCE])
        found.update(connection.scalars(sa.select(locks.c.contact_id).where(locks.c.target == target, mine)))
    return found


def returned(connection: sa.Connection, target: str, run_id: str) -> dict[str, dict[str, str]]:
    """Contacts that the mirror has locked and that the files of a run have again: UserData → contact ID → run.

    Rows that were rejected, or left out for another row, do not count.
    """
    rows, locks = schema.rows, schema.mirror_locks
    found: dict[str, dict[str, str]] = {}
    if connection.scalar(sa.select(locks.c.contact_id).where(locks.c.target == target).limit(1)) is None:
        return found
    counts = (rows.c.state != str(Status.REJECTED)) & (rows.c.action != str(Action.SUPERSEDED))
    query = (
        sa.select(locks.c.user_data, locks.c.contact_id, locks.c.run)
        .join(rows, rows.c.user_data == locks.c.user_data)
        .where(locks.c.target == target, rows.c.run == run_id, rows.c.file >= 0, counts)
    )
    for user_data, contact_id, by in connection.execute(query):
        found.setdefault(user_data, {})[contact_id] = by
    return found
