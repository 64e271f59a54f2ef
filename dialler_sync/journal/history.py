"""The history of what was sent, over all runs: for comparing lists, fixing rows and undoing runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from ..model import Status
from ..target import ACCOUNT, split
from ..text.outward import mask
from . import last_sent, schema
from .cells import optional
from .many import each_of, each_row
from .records import Image, Origin, RunRecord, Sent
from .runs import Runs


class History(Runs):
    """Queries of the journal across runs."""

    def has_keyless(self, run_id: str) -> bool:
        """Whether a run has rows without UserData that can be sent."""
        rows = schema.rows.c
        query = sa.select(rows.seq).where(rows.run == run_id, rows.user_data == "", rows.payload != "").limit(1)
        with self._begin() as connection:
            return connection.scalar(query) is not None

    def origins(self, run_id: str, file: int, rows: Sequence[int]) -> dict[int, Origin]:
        """Return the rows of a run with these row numbers in one of its files, by row number."""
        ours, cells = schema.rows, schema.failed_cells
        kept = (cells.c.run == ours.c.run) & (cells.c.seq == ours.c.seq)
        with self._begin() as connection:
            wanted = each_row(connection, [(number,) for number in rows])
            query = (
                sa.select(
                    ours.c.row,
                    ours.c.user_data,
                    ours.c.error_code,
                    ours.c.error_field,
                    optional(cells.c.cells),
                    ours.c.origin,
                )
                .outerjoin(cells, kept)
                .where(ours.c.run == run_id, ours.c.file == file)
                .where(ours.c.row.in_(sa.select(wanted.c.value[0].as_integer())))
            )
            return {
                row: Origin(key, code, field, None if text is None else tuple(json.loads(text)), origin)
                for row, key, code, field, text, origin in connection.execute(query)
            }

    def add_images(self, run_id: str, images: Sequence[Image]) -> None:
        """Store before-images of contacts; an existing image is kept.

        None is stored of a contact that has a secret in it: masked, it would not be what the contact was.
        """
        values = [
            (run_id, image.seq, mask(image.contact_id), image.before, image.after)
            for image in images
            if image.before is None or mask(image.before) == image.before
        ]
        with self._begin() as connection:
            insert = self._database.insert_new(schema.images)
            self._database.execute_many(connection, insert, ("run", "seq", "contact_id", "before", "after"), values)

    def renew_image(self, run_id: str, seq: int, before: str) -> None:
        """Replace what a contact was before a run, unless it has a secret in it."""
        if mask(before) != before:
            return
        table = schema.images
        this = (table.c.run == run_id) & (table.c.seq == seq) & (table.c.before != before)
        with self._begin() as connection:
            connection.execute(sa.update(table).where(this).values(before=before))

    def images(self, run_id: str, seqs: Sequence[int]) -> dict[int, Image]:
        """Return the before-images of these rows, as far as they were stored."""
        table = schema.images
        query = sa.select(table).where(table.c.run == run_id, table.c.seq.in_(seqs))
        with self._begin() as connection:
            return {row.seq: Image(row.seq, row.contact_id, row.before, row.after) for row in connection.execute(query)}

    def fold_runs(self, target: str, *, but: str = "") -> None:
        """Fold ended runs into the history (last payloads, mirror locks), except run ``but``.

        The caller holds the campaign, so that every other run has ended, or was killed.
        """
        with self._begin() as connection:
            last_sent.fold_runs(connection, target, but)

    def sent(self, target: str, keys: Sequence[str]) -> dict[str, Sent]:
        """Return the last successful payload of each key, from folded runs."""
        sent = schema.sent.c
        query = sa.select(sent.user_data, sent.payload, sent.contact_id, sent.sent_at).where(sent.target == target)
        with self._begin() as connection:
            found = connection.execute(query.where(sent.user_data.in_(each_of(connection, keys)))).all()
        return {row[0]: Sent._make(row) for row in found}

    def lists_of(self, target: str, runs: Sequence[RunRecord], keys: Sequence[str]) -> dict[str, str]:
        """Return from which file each key was last sent, as far as these runs tell."""
        with self._begin() as connection:
            return _lists(connection, target, runs, keys)

    def mirror_locked(self, target: str, ids: Sequence[str]) -> set[str]:
        """Return the contacts among these that the mirror or a filter has locked, in folded runs."""
        locks = schema.mirror_locks.c
        with self._begin() as connection:
            of_ids = locks.contact_id.in_(each_of(connection, ids))
            return set(connection.scalars(sa.select(locks.contact_id).where(locks.target == target, of_ids)))

    def sent_between(self, run_id: str) -> dict[str, str]:
        """Return when the unchanged rows were last sent: ``from`` and ``to``; empty if there are none."""
        since = optional(schema.rows.c.unchanged_since)
        query = sa.select(sa.func.min(since), sa.func.max(since)).where(schema.rows.c.run == run_id, since != "")
        with self._begin() as connection:
            found = connection.execute(query).one()
        return {} if found[0] is None else dict(zip(("from", "to"), found, strict=True))


def _lists(connection: sa.Connection, target: str, runs: Iterable[RunRecord], keys: Sequence[str]) -> dict[str, str]:
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
