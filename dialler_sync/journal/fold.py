"""What this tool knows of a campaign over all its runs: what it last sent, and what its mirror has locked."""

from __future__ import annotations

import sqlalchemy as sa

from ..model import Action, Status
from . import schema
from .database import Database
from .records import NoRow, RowState

_SENDING = ("import", "undo", "lock", "unlock", "delete")
_KEEPING = (str(Action.LOCK), str(Action.UNLOCK))
"""What leaves the fields of a contact as they were sent."""


def fold(database: Database, target: str, but: str) -> None:
    """Take over the outcomes of runs of ``target`` that have not been counted yet, in their order; not of run ``but``.

    The caller holds the campaign, so that every other run has ended, or was killed.
    """
    runs = schema.runs
    waiting = (
        sa.select(runs.c.id, runs.c.state, runs.c.command, runs.c.rows)
        .where(runs.c.target == target, ~runs.c.folded, runs.c.id != but, runs.c.command.in_(_SENDING))
        .order_by(runs.c.started_at, runs.c.id)
    )
    with database.begin() as connection:
        for run_id, state, command, count in connection.execute(waiting).all():
            _fold_sent(connection, target, run_id, killed=state == "running")
            _fold_locks(connection, target, run_id, command, count or 0)
            connection.execute(sa.update(runs).where(runs.c.id == run_id).values(folded=True))


def _fold_sent(connection: sa.Connection, target: str, run_id: str, *, killed: bool) -> None:
    """What was sent.

    A row that may have been sent, or whose contact was deleted, is no longer known; of a run that was
    killed, neither is a row that still waited: its outcome may not have been written down.
    """
    rows, sent = schema.rows, schema.sent
    of_run = (rows.c.run == run_id) & (rows.c.user_data != "")
    doubtful = [Status.SUCCEEDED, Status.UNKNOWN, RowState.SENDING]
    doubtful += [RowState.PENDING] * killed
    touched = of_run & rows.c.state.in_([str(state) for state in doubtful]) & ~rows.c.action.in_(_KEEPING)
    connection.execute(
        sa.delete(sent).where(
            sent.c.target == target,
            sent.c.user_data.in_(sa.select(rows.c.user_data).where(touched)),
        )
    )
    kept = of_run & (rows.c.state == str(Status.SUCCEEDED)) & (rows.c.payload != "")
    connection.execute(
        sa.insert(sent).from_select(
            ["target", "user_data", "payload", "contact_id", "run", "sent_at"],
            sa.select(
                sa.literal(target),
                rows.c.user_data,
                sa.func.max(rows.c.payload),
                sa.func.max(rows.c.contact_id),
                rows.c.run,
                sa.func.max(rows.c.sent_at),
            )
            .where(kept)
            .group_by(rows.c.user_data, rows.c.run),
        )
    )


def _fold_locks(connection: sa.Connection, target: str, run_id: str, command: str, count: int) -> None:
    """What the mirror has locked, and nothing was done to since. The run has ``count`` rows of files."""
    rows, locks = schema.rows, schema.mirror_locks
    of_run = (rows.c.run == run_id) & (rows.c.contact_id != "")
    if command == "import":
        of_run &= rows.c.seq >= count  # behind the rows of its files
    elif command == "undo":
        of_run &= rows.c.action.in_([*_KEEPING, str(Action.DELETE)])
    done = rows.c.state.in_([str(Status.SUCCEEDED), str(Status.UNKNOWN)])
    was_so = (rows.c.state == str(Status.SKIPPED)) & (rows.c.action == str(Action.UNCHANGED))  # and no dry run
    settled = sa.select(rows.c.contact_id).where(of_run & (done | was_so))
    connection.execute(sa.delete(locks).where(locks.c.target == target, locks.c.contact_id.in_(settled)))
    ours = (rows.c.file == NoRow.MIRRORED) & (rows.c.action == str(Action.LOCK))
    locked = (
        sa.select(sa.literal(target), rows.c.contact_id, sa.func.max(rows.c.user_data), rows.c.run)
        .where(of_run & ours & (rows.c.state == str(Status.SUCCEEDED)))
        .group_by(rows.c.contact_id, rows.c.run)
    )
    names = ["target", "contact_id", "user_data", "run"]
    connection.execute(sa.insert(locks).from_select(names, locked))
