"""Contacts that the mirror has locked, or a filter of rows, and that nothing else was done to since, over all runs of a
campaign."""

from __future__ import annotations

import sqlalchemy as sa

from ..model import Action, Reason, Status
from . import schema
from .records import NoRow
from .targets import of_account


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
