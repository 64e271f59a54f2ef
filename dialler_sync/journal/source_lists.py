"""From which list contacts came: the file whose row was last sent for a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from ..model import Status
from ..target import ACCOUNT, split
from . import schema
from .many import each_of
from .records import RunRecord


def find(connection: sa.Connection, target: str, runs: Iterable[RunRecord], keys: Sequence[str]) -> dict[str, str]:
    """Return key → file name, as far as ``runs`` tell; what was sent to the campaign itself counts before what a run on
    the whole account has sent.

    Of a retry, and of a mended file, the list that they belong to counts.
    """
    known = {run.id: run for run in runs}
    found: dict[str, str] = {}
    for where in dict.fromkeys((f"{split(target)[0]}#{ACCOUNT}", target)):
        for run_id, key, file in _sent(connection, where, known, keys):
            if run_id in known:
                found[key] = _name(known, known[run_id], file)
            else:
                found.pop(key, None)  # of a run that was pruned
    return found


def _sent(
    connection: sa.Connection, target: str, known: Mapping[str, RunRecord], keys: Sequence[str]
) -> Iterable[tuple[str, str, int]]:
    """Yield (run, key, place of the file in the run): what was taken in, then what the runs after it have sent."""
    sent = schema.sent.c
    query = sa.select(sent.run, sent.user_data).where(
        sent.target == target, sent.user_data.in_(each_of(connection, keys))
    )
    taken_in: dict[str, list[str]] = {}
    for run_id, key in connection.execute(query).all():
        taken_in.setdefault(run_id, []).append(key)
    for run_id, its in taken_in.items():
        run = known.get(run_id)
        if run is None or len(run.files) == 1:
            yield from ((run_id, key, 0) for key in its)
        else:
            yield from _rows_of(connection, run_id, its)
    of_target = schema.runs.c.target == target
    waiting = sa.select(schema.runs.c.id).where(of_target, ~schema.runs.c.folded, schema.runs.c.command == "import")
    for run_id in connection.scalars(waiting.order_by(schema.runs.c.started_at)).all():
        yield from _rows_of(connection, run_id, keys)


def _rows_of(connection: sa.Connection, run_id: str, keys: Sequence[str]) -> Iterable[tuple[str, str, int]]:
    rows = schema.rows.c
    sent = (rows.run == run_id) & (rows.file >= 0) & (rows.state == str(Status.SUCCEEDED))
    query = sa.select(rows.user_data, rows.file).where(sent, rows.user_data.in_(each_of(connection, keys)))
    found = connection.execute(query.order_by(rows.seq)).all()
    return [(run_id, key, file) for key, file in found]


def _name(known: Mapping[str, RunRecord], run: RunRecord, file: int) -> str:
    first = run
    while (parent := known.get(first.parent or "")) and parent.command == "import":
        first = parent
    files = first.files if len(first.files) == 1 else run.files
    return str(files[min(file, len(files) - 1)]["name"])
