"""The last successful payload of each key, over all runs of a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from ..model import Action, Reason, Status
from . import schema
from .cells import optional
from .many import each_row
from .records import PENDING, NoRow, PlannedRow, RowState
from .targets import of_account

_CHANGING = ("import", "undo", "lock", "unlock", "delete")
"""Commands that change contacts."""

_BY_HAND = ("lock", "unlock", "delete")

_KEEPING = (str(Action.LOCK), str(Action.UNLOCK))
"""Actions that leave the fields of a contact as they were sent."""

_DELETED = schema.rows.c.action == str(Action.DELETE)


def add(connection: sa.Connection, run_id: str, target: str, planned: Sequence[PlannedRow]) -> None:
    """Add the rows of a run to send; settle unchanged ones at once.

    Uses one statement: a lookup and single inserts take twice as long.
    """
    rows, sent = schema.rows, schema.sent
    given = each_row(connection, [(*row[:5], row.warnings, row.origin) for row in planned])
    seq, file, number = (given.c.value[place].as_integer() for place in range(3))
    user_data, payload, warnings, origin = (given.c.value[place].as_string() for place in range(3, 7))
    same = (sent.c.target == target) & (sent.c.user_data == user_data) & (sent.c.payload == payload)
    known = sent.c.target.is_not(None)
    values = {
        rows.c.run: sa.literal(run_id),
        rows.c.seq: seq,
        rows.c.file: file,
        rows.c.row: number,
        rows.c.user_data: user_data,
        rows.c.payload: payload,
        rows.c.state: sa.case((known, str(Status.SKIPPED)), else_=PENDING),
        rows.c.action: sa.case((known, str(Reason.UNCHANGED)), else_=""),
        rows.c.contact_id: sa.func.coalesce(sent.c.contact_id, ""),
        rows.c.unchanged_since: sa.func.coalesce(sent.c.sent_at, ""),
        rows.c.warnings: warnings,
        rows.c.origin: origin,
    }
    found = sa.select(*values.values()).select_from(given).outerjoin(sent, same)
    connection.execute(sa.insert(rows).from_select([*values], found))


def fold_runs(connection: sa.Connection, target: str, but: str) -> None:
    """Take in the outcomes of runs that have not been counted yet, in the order of the runs, ``but`` one; also what
    the mirror has locked. Runs on other campaigns of the account count once they have ended; until then, and if they
    were killed, what they may have sent is no longer known.

    A row that may have been sent leaves it open what its contact holds. So does one that still waited in a run that was
    killed: its outcome may not have been written down. That these contacts are this tool's stays known, until they are
    deleted.
    """
    # First a write, so that two runs that begin at once do not both take in the same one.
    connection.execute(sa.update(schema.schema_version).values(version=schema.schema_version.c.version))
    runs = schema.runs.c
    ended = (runs.target == target) | (of_account(runs.target, target) & (runs.state != "running"))
    waiting = (
        sa.select(runs.id, runs.target, runs.state, runs.command)
        .where(ended, ~runs.folded, runs.id != but, runs.command.in_(_CHANGING))
        .order_by(runs.started_at, runs.id)
    )
    for run_id, of_target, state, command in connection.execute(waiting).all():
        _fold_locks(connection, of_target, run_id, command)
        _fold_rows(connection, of_target, run_id, state, command)
        connection.execute(sa.update(schema.runs).where(runs.id == run_id).values(folded=True))
    elsewhere = of_account(runs.target, target) & (runs.target != target) & (runs.state == "running")
    others = sa.select(runs.id, runs.started_at).where(elsewhere, runs.command.in_(_CHANGING))
    for run_id, started_at in connection.execute(others).all():
        _doubt_what_may_be_replaced(connection, target, run_id, started_at)


def _doubt_what_may_be_replaced(connection: sa.Connection, target: str, run_id: str, started_at: str) -> None:
    """What a run on another campaign may have sent, as it is at work or was killed, is not known of ``target`` any
    more, but for what was sent long after its last sign of life."""
    rows, sent = schema.rows, schema.sent.c
    last = connection.scalar(sa.select(sa.func.max(optional(rows.c.sent_at))).where(rows.c.run == run_id)) or started_at
    over = (datetime.fromisoformat(last) + timedelta(days=1)).isoformat()
    keys = sa.select(rows.c.user_data).where(_touched(run_id, "running"))
    affected = (sent.target == target) & (sent.payload != "") & (sent.sent_at < over) & sent.user_data.in_(keys)
    connection.execute(sa.update(schema.sent).where(affected).values(payload=""))


def _touched(run_id: str, state: str) -> sa.ColumnElement[bool]:
    """Return rows with a key that a run has sent, or may have sent."""
    rows = schema.rows.c
    doubtful = [Status.SUCCEEDED, Status.UNKNOWN, RowState.SENDING]
    doubtful += [RowState.PENDING] * (state == "running")
    sent = rows.state.in_([str(state) for state in doubtful]) & ~rows.action.in_(_KEEPING)
    return (rows.run == run_id) & sent


def _found_done(run_id: str) -> sa.ColumnElement[bool]:
    """Return rows of an undo whose contact was as before, or gone, and those of a deletion whose contact was gone: a
    try that was killed may have done it."""
    rows = schema.rows.c
    as_it_is = [str(Reason.SUPPRESSED), str(Reason.PROTECTED)]
    return (rows.run == run_id) & (rows.state == str(Status.SKIPPED)) & rows.action.not_in(as_it_is)


def _fold_rows(connection: sa.Connection, target: str, run_id: str, state: str, command: str) -> None:
    """Take in what one run has sent. What is known of the same keys in other campaigns of the account no longer tells
    what they hold: a dialler may match UserData across campaigns. Of a run that was taken in before, and has gone on
    since, nothing takes the place of what newer runs have sent: which came last is not known."""
    rows, sent, newer = schema.rows, schema.sent, _newer(target, run_id)
    last = sent.alias().c
    theirs = sa.exists().where(last.target == target, last.user_data == rows.c.user_data, last.run.in_(newer))
    of_run = (rows.c.run == run_id) & (rows.c.user_data != "") & ~theirs
    succeeded, has_touched = rows.c.state == str(Status.SUCCEEDED), _touched(run_id, state)
    if command in ("undo", "delete"):
        succeeded |= _found_done(run_id)
        has_touched |= _found_done(run_id)
    touched = sa.select(rows.c.user_data).where(has_touched)
    kept = of_run & succeeded & (rows.c.payload != "")
    gone = (
        touched if command in ("undo", "delete") else sa.select(rows.c.user_data).where(of_run & succeeded & _DELETED)
    )
    replaced = sent.c.user_data.in_(gone) | sent.c.user_data.in_(sa.select(rows.c.user_data).where(kept))
    connection.execute(sa.delete(sent).where(sent.c.target == target, sent.c.run.not_in(newer), replaced))
    ours = of_account(sent.c.target, target) & (sent.c.payload != "")
    connection.execute(sa.update(sent).where(ours, sent.c.user_data.in_(touched)).values(payload=""))
    _insert(connection, target, kept, sa.func.max(rows.c.payload))
    theirs_too = (sent.c.run == run_id) & sent.c.user_data.in_(_done_by(newer, "user_data"))
    connection.execute(sa.update(sent).where(sent.c.target == target, theirs_too).values(payload=""))
    if command == "undo":
        restored = of_run & succeeded & (rows.c.payload == "") & rows.c.action.not_in([*_KEEPING, str(Action.DELETE)])
        _insert(connection, target, restored & _sent_before_what_was_undone(target, run_id), sa.literal(""))


def _newer(target: str, run_id: str) -> sa.Select[tuple[str]]:
    """Select the runs of the account that began after a run and were taken in before it."""
    runs, own = schema.runs.alias().c, schema.runs.alias().c
    began = sa.select(own.started_at).where(own.id == run_id).scalar_subquery()
    return sa.select(runs.id).where(of_account(runs.target, target), runs.folded, runs.started_at > began)


def _done_by(runs: sa.Select[tuple[str]], name: str, *which: Action) -> sa.Select[tuple[str]]:
    """Select a column of the rows that runs have sent, or may have sent: by one of these actions, if any are given."""
    rows = schema.rows.alias().c
    sent = rows.state.in_([str(Status.SUCCEEDED), str(Status.UNKNOWN), str(RowState.SENDING), PENDING])
    by = rows.action.in_(list(map(str, which))) if which else sa.true()
    return sa.select(rows[name]).where(rows.run.in_(runs), sent, by)


def _found_so_by(runs: sa.Select[tuple[str]]) -> sa.Select[tuple[str]]:
    """Select the contacts that runs were to lock or unlock, and found so already."""
    rows, by_hand = schema.rows.alias().c, sa.select(schema.runs.c.id).where(schema.runs.c.command.in_(_BY_HAND))
    meant = (rows.file < 0) | rows.run.in_(by_hand)
    return sa.select(rows.contact_id).where(rows.run.in_(runs), rows.action == str(Reason.UNCHANGED), meant)


def _insert(
    connection: sa.Connection, target: str, which: sa.ColumnElement[bool], payload: sa.ColumnElement[str]
) -> None:
    rows = schema.rows.c
    newest = sa.select(
        sa.literal(target), rows.user_data, payload, sa.func.max(rows.contact_id), rows.run, sa.func.max(rows.sent_at)
    ).where(which)
    names = ["target", "user_data", "payload", "contact_id", "run", "sent_at"]
    connection.execute(sa.insert(schema.sent).from_select(names, newest.group_by(rows.user_data, rows.run)))


def _sent_before_what_was_undone(target: str, undo: str) -> sa.ColumnElement[bool]:
    """Rows whose contact this tool had sent before what ``undo`` has undone, so that it is this tool's again. That a
    row was left out as unchanged says so, too: the run that sent it may have been pruned."""
    rows, runs = schema.rows.alias(), schema.runs.alias()
    undone = sa.select(schema.runs.c.parent).where(schema.runs.c.command == "undo", schema.runs.c.parent.is_not(None))
    before = sa.select(runs.c.started_at).where(runs.c.id == _parent(undo)).scalar_subquery()
    deleted = rows.c.action == str(Action.DELETE)

    def newest(which: sa.ColumnElement[bool]) -> sa.ColumnElement[str]:
        return sa.func.max(sa.case((which, runs.c.started_at), else_=""))

    earlier = (
        sa.select(rows.c.user_data)
        .join(runs, runs.c.id == rows.c.run)
        .where(runs.c.target == target, runs.c.started_at < before, runs.c.command != "undo", runs.c.id.not_in(undone))
        .where((rows.c.state == str(Status.SUCCEEDED)) | (rows.c.unchanged_since != ""))
        .group_by(rows.c.user_data)
        .having(newest((rows.c.payload != "") & ~deleted) > newest(deleted))
    )
    return schema.rows.c.user_data.in_(earlier)


def _parent(run_id: str) -> sa.ScalarSelect[str | None]:
    runs = schema.runs.alias()
    return sa.select(runs.c.parent).where(runs.c.id == run_id).scalar_subquery()


def _fold_locks(connection: sa.Connection, target: str, run_id: str, command: str) -> None:
    """Fold the locks of a run, and its changes of contacts locked before."""
    rows, locks = schema.rows, schema.mirror_locks
    newer = _newer(target, run_id)
    theirs = _done_by(newer, "contact_id", Action.LOCK, Action.UNLOCK, Action.DELETE).union_all(_found_so_by(newer))
    of_run = (rows.c.run == run_id) & (rows.c.contact_id != "") & rows.c.contact_id.not_in(theirs)
    if command == "import":
        of_run &= rows.c.file.in_([int(kind) for kind in NoRow])
    elif command == "undo":
        of_run &= rows.c.action.in_([str(Action.LOCK), str(Action.UNLOCK), str(Action.DELETE)])
    done = rows.c.state.in_([str(Status.SUCCEEDED), str(Status.UNKNOWN)])
    was_so = rows.c.action == str(Reason.UNCHANGED)  # and no dry run
    settled = sa.select(rows.c.contact_id).where(of_run & (done | was_so))
    ours = of_account(locks.c.target, target)  # whose contact IDs are unique
    connection.execute(sa.delete(locks).where(ours, locks.c.contact_id.in_(settled)))
    if command in _BY_HAND:  # --unchecked, by UserData: whichever contact that was
        unchecked = sa.select(rows.c.user_data).where(rows.c.run == run_id, rows.c.contact_id == "", done)
        connection.execute(sa.delete(locks).where(ours, locks.c.user_data.in_(unchecked)))
    ours = rows.c.file.in_([int(NoRow.MIRRORED), int(NoRow.FILTERED)]) & (rows.c.action == str(Action.LOCK))
    locked = sa.select(sa.literal(target), rows.c.contact_id, sa.func.max(rows.c.user_data), rows.c.run).where(
        of_run & ours & (rows.c.state == str(Status.SUCCEEDED))
    )
    names = ["target", "contact_id", "user_data", "run"]
    connection.execute(sa.insert(locks).from_select(names, locked.group_by(rows.c.contact_id, rows.c.run)))
    if command == "undo":
        _take_back(connection, target, of_run)


def _take_back(connection: sa.Connection, target: str, of_run: sa.ColumnElement[bool]) -> None:
    """Restore the mirror's lock of returned contacts that an undo has locked again."""
    rows, runs, undone = schema.rows, schema.runs, schema.rows.alias()
    again = (
        sa.select(sa.literal(target), rows.c.contact_id, sa.func.max(rows.c.user_data), rows.c.run)
        .join(runs, runs.c.id == rows.c.run)
        .join(undone, (undone.c.run == runs.c.parent) & (undone.c.seq == rows.c.seq))
        .where(of_run, rows.c.state == str(Status.SUCCEEDED))
        .where(rows.c.action == str(Action.LOCK), undone.c.file == NoRow.RETURNED)
        .group_by(rows.c.contact_id, rows.c.run)
    )
    names = ["target", "contact_id", "user_data", "run"]
    connection.execute(sa.insert(schema.mirror_locks).from_select(names, again))
