"""Facts of earlier runs about the rows of a mended file: their original cells, and the outcomes of their keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..model import FINE, Reason, Status
from . import schema
from .cells import optional
from .many import each_of, each_row
from .records import Origin


def find(connection: sa.Connection, run_id: str, file: int, numbers: Sequence[int]) -> dict[int, Origin]:
    """Return the rows of a run with these row numbers in one of its files, by row number."""
    rows, cells = schema.rows, schema.failed_cells
    wanted = each_row(connection, [(number,) for number in numbers])
    kept = (cells.c.run == rows.c.run) & (cells.c.seq == rows.c.seq)
    query = (
        sa.select(rows.c.row, rows.c.user_data, rows.c.error_code, rows.c.error_field, optional(cells.c.cells))
        .outerjoin(cells, kept)
        .where(rows.c.run == run_id, rows.c.file == file)
        .where(rows.c.row.in_(sa.select(wanted.c.value[0].as_integer())))
    )
    return {
        row: Origin(key, code, field, None if text is None else tuple(json.loads(text)))
        for row, key, code, field, text in connection.execute(query)
    }


def drop_settled(connection: sa.Connection, run_id: str) -> None:
    """Delete the cells of a run's rows that need no fix."""
    rows, cells = schema.rows.c, schema.failed_cells.c
    fine = sa.exists().where(rows.run == cells.run, rows.seq == cells.seq, rows.state.in_(list(map(str, FINE))))
    connection.execute(sa.delete(schema.failed_cells).where(cells.run == run_id, fine))


def is_settled(rows: Any) -> sa.ColumnElement[bool]:
    """Whether the dialler has a row as it is; what a rule left out (suppressed, protected …) is decided anew."""
    unchanged = (rows.state == str(Status.SKIPPED)) & (rows.action == str(Reason.UNCHANGED))
    return sa.or_(rows.state == str(Status.SUCCEEDED), unchanged)


def settled_since(
    connection: sa.Connection, target: str, since: str, runs: Sequence[str], keys: Sequence[str]
) -> dict[str, str]:
    """Return the keys settled after a moment by one of ``runs`` or a pruned run: key → run ID."""
    rows, sent = schema.rows.c, schema.sent.c
    wanted = each_of(connection, keys)
    settled = rows.user_data.in_(wanted) & is_settled(rows) & (rows.file >= 0)
    by_sent = sa.select(sent.user_data, sent.run).where(
        sent.target == target, sent.user_data.in_(wanted), sent.sent_at > since
    )
    found = {str(key): str(run_id) for key, run_id in connection.execute(by_sent)}
    for run_id in runs:
        query = sa.select(rows.user_data).where(rows.run == run_id, settled)
        found.update(dict.fromkeys(connection.scalars(query), run_id))
    return found


def sent_since(connection: sa.Connection, target: str, since: str) -> bool:
    """Whether any payload is known that was sent after a moment."""
    sent = schema.sent.c
    newer = sa.select(sent.user_data).where(sent.target == target, sent.sent_at > since).limit(1)
    return connection.scalar(newer) is not None
