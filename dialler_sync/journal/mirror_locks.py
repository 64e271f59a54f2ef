"""Contacts that the mirror has locked, or a filter of rows, and that nothing else was done to since, over all runs of a
campaign."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ..model import LEFT_TO_OTHERS, Action, Reason, Status
from . import schema
from .many import each_of
from .records import NoRow
from .targets import of_account


def find(connection: sa.Connection, target: str, ids: Sequence[str]) -> set[str]:
    """Return those of these contacts that are locked so."""
    locks = schema.mirror_locks.c
    of_ids = locks.contact_id.in_(each_of(connection, ids))
    return set(connection.scalars(sa.select(locks.contact_id).where(locks.target == target, of_ids)))


def returned(connection: sa.Connection, target: str, run_id: str) -> dict[str, dict[str, str]]:
    """Return the locked contacts that the files of a run have again: UserData → contact ID → run that locked it."""
    rows, locks = schema.rows, schema.mirror_locks
    of_target = locks.c.target == target
    found: dict[str, dict[str, str]] = {}
    if connection.scalar(sa.select(locks.c.contact_id).where(of_target).limit(1)) is None:
        return found
    counts = (rows.c.state != str(Status.REJECTED)) & rows.c.action.not_in([*map(str, LEFT_TO_OTHERS)])
    query = (
        sa.select(locks.c.user_data, locks.c.contact_id, locks.c.run)
        .join(rows, rows.c.user_data == locks.c.user_data)
        .where(of_target, rows.c.run == run_id, rows.c.file >= 0, counts)
    )
    for user_data, contact_id, by in connection.execute(query):
        found.setdefault(user_data, {})[contact_id] = by
    return found


def fold_run(connection: sa.Connection, target: str, run_id: str, command: str) -> None:
    """Fold the locks of a run, and its changes of contacts locked before."""
    rows, locks = schema.rows, schema.mirror_locks
    of_run = (rows.c.run == run_id) & (rows.c.contact_id != "")
    if command == "import":
        of_run &= rows.c.file.in_([int(kind) for kind in NoRow])
    elif command == "undo":
        of_run &= rows.c.action.in_([str(Action.LOCK), str(Action.UNLOCK), str(Action.DELETE)])
    done = rows.c.state.in_([str(Status.SUCCEEDED), str(Status.UNKNOWN)])
    was_so = (rows.c.state == str(Status.SKIPPED)) & (rows.c.action == str(Reason.UNCHANGED))  # and no dry run
    settled = sa.select(rows.c.contact_id).where(of_run & (done | was_so))
    ours = of_account(locks.c.target, target)  # whose contact IDs are unique
    connection.execute(sa.delete(locks).where(ours, locks.c.contact_id.in_(settled)))
    ours = rows.c.file.in_([int(NoRow.MIRRORED), int(NoRow.FILTERED)]) & (rows.c.action == str(Action.LOCK))
    locked = sa.select(sa.literal(target), rows.c.contact_id, sa.func.max(rows.c.user_data), rows.c.run).where(
        of_run & ours & (rows.c.state == str(Status.SUCCEEDED))
    )
    names = ["target", "contact_id", "user_data", "run"]
    connection.execute(sa.insert(locks).from_select(names, locked.group_by(rows.c.contact_id, rows.c.run)))
    if command == "undo":
        _take_back(connection, target, run_id)


def _take_back(connection: sa.Connection, target: str, run_id: str) -> None:
    """Restore the mirror's lock of returned contacts that an undo has locked again."""
    rows, runs, undone = schema.rows, schema.runs, schema.rows.alias()
    again = (
        sa.select(sa.literal(target), rows.c.contact_id, sa.func.max(rows.c.user_data), rows.c.run)
        .join(runs, runs.c.id == rows.c.run)
        .join(undone, (undone.c.run == runs.c.parent) & (undone.c.seq == rows.c.seq))
        .where(rows.c.run == run_id, rows.c.state == str(Status.SUCCEEDED), rows.c.contact_id != "")
        .where(rows.c.action == str(Action.LOCK), undone.c.file == NoRow.RETURNED)
        .group_by(rows.c.contact_id, rows.c.run)
    )
    names = ["target", "contact_id", "user_data", "run"]
    connection.execute(sa.insert(schema.mirror_locks).from_select(names, again))
