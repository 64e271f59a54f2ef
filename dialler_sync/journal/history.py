"""The history of what was sent, over all runs: for comparing lists, fixing rows and undoing runs."""

from __future__ import annotations

from collections.abc import Container, Sequence

import sqlalchemy as sa

from ..text.outward import mask
from . import last_sent, mended, mirror_locks, schema, source_lists
from .records import Image, Origin, RunRecord, Sent
from .runs import Runs


class History(Runs):
    """Queries of the journal across runs."""

    def settled_by(self, parent: str, run_id: str) -> list[int]:
        """Return the rows of a run, by ``seq``, whose UserData ``parent`` has sent, or found as it is."""
        ours, theirs = schema.rows, schema.rows.alias()
        keys = sa.select(theirs.c.user_data).where(
            theirs.c.run == parent, theirs.c.user_data != "", mended.is_settled(theirs.c)
        )
        query = sa.select(ours.c.seq).where(ours.c.run == run_id, ours.c.user_data.in_(keys)).order_by(ours.c.seq)
        with self._begin() as connection:
            return list(connection.scalars(query))

    def origins(self, run_id: str, file: int, rows: Sequence[int]) -> dict[int, Origin]:
        """Return the rows of a run with these row numbers in one of its files, by row number."""
        with self._begin() as connection:
            return mended.find(connection, run_id, file, rows)

    def settled_since(self, target: str, since: str, keys: Sequence[str], but: Container[str]) -> dict[str, str]:
        """Return the keys that an import after ``since`` has settled and no undo has put back: key → run ID.

        ``but`` runs do not count. What was sent counts only where it was taken in.
        """
        later = self._imports_since(target, since, but)
        with self._begin() as connection:
            found = mended.settled_since(connection, target, since, later, keys)
        return {key: run for key, run in found.items() if run not in but}

    def sent_since(self, target: str, since: str, but: Container[str]) -> bool:
        """Whether :meth:`settled_since` can find any key at all."""
        if self._imports_since(target, since, but):
            return True
        with self._begin() as connection:
            return mended.sent_since(connection, target, since)

    def _imports_since(self, target: str, since: str, but: Container[str]) -> list[str]:
        """Imports after a moment that no undo has put back, the oldest first."""
        undone = self.undone()
        return [
            run.id
            for run in reversed(self.runs())
            if run.target == target
            if run.command == "import" and run.started_at > since and not run.options.get("dry_run")
            if run.id not in but and run.id not in undone
        ]

    def add_images(self, run_id: str, images: Sequence[Image]) -> None:
        """Store before-images of contacts; an existing image is kept."""
        values = [
            (run_id, image.seq, mask(image.contact_id), image.before and mask(image.before), image.after)
            for image in images
        ]
        with self._begin() as connection:
            insert = self._database.insert_new(schema.images)
            self._database.execute_many(connection, insert, ("run", "seq", "contact_id", "before", "after"), values)

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
        with self._begin() as connection:
            return last_sent.find(connection, target, keys)

    def lists_of(self, target: str, runs: Sequence[RunRecord], keys: Sequence[str]) -> dict[str, str]:
        """Return from which file each key was last sent, as far as these runs tell."""
        with self._begin() as connection:
            return source_lists.find(connection, target, runs, keys)

    def mirror_locked(self, target: str, ids: Sequence[str]) -> set[str]:
        """Return the contacts among these that the mirror or a filter has locked, in folded runs."""
        with self._begin() as connection:
            return mirror_locks.find(connection, target, ids)

    def returned(self, target: str, run_id: str) -> dict[str, dict[str, str]]:
        """Contacts that the mirror or a filter has locked, in runs that were taken in, and that this run's files have
        again: UserData → contact ID → run.

        Rows that were rejected, or left out by a filter or for another row, do not count.
        """
        with self._begin() as connection:
            return mirror_locks.returned(connection, target, run_id)

    def sent_between(self, run_id: str) -> dict[str, str]:
        """Return when the unchanged rows were last sent: ``from`` and ``to``; empty if there are none."""
        with self._begin() as connection:
            return last_sent.sent_between(connection, run_id)
