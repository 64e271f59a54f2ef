"""The history of what was sent, over all runs: for comparing lists, fixing rows and undoing runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..model import LEFT_TO_OTHERS, Action, Reason, Status
from ..target import ACCOUNT, share_a_campaign, split
from ..text.outward import mask
from . import last_sent, schema
from .cells import optional
from .many import each_of, each_row
from .records import PENDING, Image, NoRow, Origin, RowState, RunRecord, Sent, moment_of
from .runs import Runs
from .targets import of_account

CampaignKey = tuple[str, str]
"""A target, of one campaign as far as it is known, and a UserData in it."""


class History(Runs):
    """Queries of the journal across runs."""

    def settled_by(self, parent: str, run_id: str, *, counts: str = "") -> list[int]:
        """Return the rows of a run, by ``seq``, whose UserData a row of ``parent`` has sent, or found as it is, not
        only locked or unlocked; not those that an undo has put back since, or may have. ``counts``: which row of a key
        counts, ``first`` or ``last``; if ``parent`` rejected that one, the key is not settled: it may be mended now."""
        theirs, rejected = schema.rows.alias(), schema.rows.alias().c
        runs, states = self.runs(), (*_PUT_BACK, *_DOUBTFUL)
        back = _put_back(_undos(runs, parent), states)
        others = _put_back(_undos(runs, parent, elsewhere=True), states)
        elsewhere = _contact(theirs.c).in_(_contacts(others)) | (
            (theirs.c.contact_id == "") & theirs.c.user_data.in_(others)
        )
        keys = sa.select(theirs.c.user_data).where(
            theirs.c.run == parent, theirs.c.file >= 0, theirs.c.user_data != "", _is_settled(theirs.c),
            theirs.c.user_data.not_in(back), ~elsewhere,
        )  # fmt: skip
        place = (sa.func.max if counts == "last" else sa.func.min)(rejected.seq).label("place")
        which = rejected.run == parent, rejected.state == str(Status.REJECTED), rejected.user_data != ""
        of_key = sa.select(rejected.user_data, place).where(*which).group_by(rejected.user_data).subquery()
        before = of_key.c.place > theirs.c.seq if counts == "last" else of_key.c.place < theirs.c.seq
        over = keys.join(of_key, of_key.c.user_data == theirs.c.user_data).where(before)
        overruled = [over] if counts in {"first", "last"} else []
        return self._with_keys(run_id, keys, *overruled)

    def perhaps_put_back(self, parent: str, run_id: str) -> list[int]:
        """Return the rows of a run, by ``seq``, that an undo may have put back since ``parent`` settled them."""
        undos = _undos(self.runs(), parent)
        return self._with_keys(run_id, _put_back(undos, _DOUBTFUL), _put_back(undos))

    def _with_keys(self, run_id: str, keys: sa.Select[tuple[str]], *but: sa.Select[tuple[str]]) -> list[int]:
        rows = schema.rows.c
        these = rows.user_data.in_(keys), *(rows.user_data.not_in(others) for others in but)
        query = sa.select(rows.seq).where(rows.run == run_id, *these).order_by(rows.seq)
        with self._begin() as connection:
            return list(connection.scalars(query))

    def has_keyless(self, run_id: str) -> bool:
        """Whether a run has rows without UserData that can be sent."""
        rows = schema.rows.c
        query = sa.select(rows.seq).where(rows.run == run_id, rows.user_data == "", rows.payload != "").limit(1)
        with self._begin() as connection:
            return connection.scalar(query) is not None

    def put_back(self, run_id: str) -> dict[int, bool]:
        """Return the rows of a run, by ``seq``, that undos of it have put back; False: only that they may have."""
        rows, runs = schema.rows.c, schema.runs.c
        undos = sa.select(runs.id).where(runs.command == "undo", runs.parent == run_id)
        query = sa.select(rows.seq, rows.state).where(rows.run.in_(undos), rows.state.in_([*_PUT_BACK, *_DOUBTFUL]))
        found: dict[int, bool] = {}
        with self._begin() as connection:
            for seq, state in connection.execute(query):
                found[seq] = found.get(seq, False) or state in _PUT_BACK
        return found

    def undo_of(self, run_id: str) -> str:
        """Return the newest undo of a run that has put back any of its rows, or may have; ``""`` if none has."""
        rows, runs = schema.rows.c, schema.runs.c
        touched = sa.exists().where(rows.run == runs.id, rows.state.in_([*_PUT_BACK, *_DOUBTFUL]))
        undos = sa.select(runs.id).where(runs.command == "undo", runs.parent == run_id, touched)
        with self._begin() as connection:
            return connection.scalar(undos.order_by(runs.started_at.desc(), runs.id.desc()).limit(1)) or ""

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

    def settled_since(
        self,
        wanted: Collection[CampaignKey],
        since: str,
        but: Container[str],
        *,
        lacks: bool = False,
        by_newer: bool = False,
    ) -> dict[CampaignKey, str]:
        """Return the keys that an import of this list or of a newer one has settled and no undo has put back, also
        those that a newer one may have sent: key → run ID. ``since``: when the list began, see
        :meth:`list_of`. ``lacks``: also those that a filter has left out of a newer one, or its mirror has taken away;
        ``by_newer``: only those that a newer one has sent, or may have.

        ``but`` runs do not count. What was sent counts only where it was taken in.
        """
        rows, sent, runs = schema.rows.c, schema.sent.c, self.runs()
        known = {run.id: run for run in runs}
        by_key: dict[str, list[str]] = {}
        for target, key in wanted:
            by_key.setdefault(key, []).append(target)
        targets = {target for target, _ in wanted}
        account = f"{split(next(iter(targets), ''))[0]}#{ACCOUNT}"
        found: dict[CampaignKey, str] = {}

        def note(key: str, of: str, run_id: str) -> None:
            found.update({(target, key): run_id for target in by_key.get(key, ()) if share_a_campaign(target, of)})

        with self._begin() as connection:
            keys = each_of(connection, list(by_key))
            by_sent = sa.select(sent.user_data, sent.target, sent.run, sent.sent_at).where(
                of_account(sent.target, account), sent.user_data.in_(keys), sent.sent_at > since
            )
            for key, of, run_id, sent_at in connection.execute(by_sent):
                if run_id not in known and (moment_of(run_id) or sent_at) > since:
                    note(key, of, run_id)
            for run_id, doubtful in self._imports_since(runs, account, since, but).items():
                of = known[run_id].target
                if (by_newer and not doubtful) or not any(share_a_campaign(target, of) for target in targets):
                    continue
                settled = rows.state == str(Status.SUCCEEDED) if by_newer else _is_settled(rows)
                counts, undos = sa.or_(settled, rows.state.in_(doubtful)), _undos(runs, run_id)
                these = (rows.file >= 0) & counts & rows.user_data.not_in(_put_back(undos))
                if lacks and doubtful:  # of a newer list
                    gone = (rows.action == str(Reason.FILTERED)) | ((rows.file == NoRow.MIRRORED) & counts)
                    these |= gone & rows.user_data.not_in(_put_back(undos, locks=True))
                query = sa.select(rows.user_data).where(rows.run == run_id, rows.user_data.in_(keys), these)
                for key in connection.scalars(query):
                    note(key, of, run_id)
        return {key: run for key, run in found.items() if run not in but}

    def sent_since(self, target: str, since: str, but: Container[str]) -> bool:
        """Whether :meth:`settled_since` can find any key at all."""
        if self._imports_since(self.runs(), target, since, but):
            return True
        sent = schema.sent.c
        newer = sa.select(sent.target).where(of_account(sent.target, target), sent.sent_at > since).distinct()
        with self._begin() as connection:
            return any(share_a_campaign(of, target) for of in connection.scalars(newer))

    def list_of(self, run: RunRecord) -> tuple[str, str]:
        """Return the first import of a run's list, and when it began. Retries and mended files are parts of a list."""
        return _list_of({each.id: each for each in self.runs()}, run)

    def _imports_since(
        self, runs: Sequence[RunRecord], target: str, since: str, but: Container[str]
    ) -> dict[str, tuple[str, ...]]:
        """Imports of lists that were begun at a moment or later, and that no undo has put back, the oldest first:
        run ID → states in which a row of a newer list may have been sent. The first import of a list begun just then
        does not count."""
        undone, known = self.undone(), {run.id: run for run in runs}
        return {
            run.id: () if begun == since else (*_DOUBTFUL, PENDING) if run.state == "running" else _DOUBTFUL
            for run in reversed(runs)
            if share_a_campaign(run.target, target) and run.started_at > since
            if run.command == "import" and not run.options.get("dry_run")
            if run.id not in but and run.id not in undone
            if (begun := _list_of(known, run)[1]) >= since
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

    def returned(self, target: str, run_id: str) -> dict[str, dict[str, str]]:
        """Contacts that the mirror or a filter has locked, in runs that were taken in, and that this run's files have
        again: UserData → contact ID → run.

        Rows that were rejected, or left out by a filter or for another row, do not count; none of a list that is not
        the newest, which says whom to call.
        """
        rows, locks = schema.rows, schema.mirror_locks
        counts = (rows.c.state != str(Status.REJECTED)) & rows.c.action.not_in([*map(str, LEFT_TO_OTHERS)])
        query = (
            sa.select(locks.c.user_data, locks.c.contact_id, locks.c.run)
            .join(rows, rows.c.user_data == locks.c.user_data)
            .where(locks.c.target == target, rows.c.run == run_id, rows.c.file >= 0, counts)
        )
        any_lock = sa.select(locks.c.contact_id).where(locks.c.target == target).limit(1)
        found: dict[str, dict[str, str]] = {}
        _, since = self.list_of(self.run(run_id))
        newer = any(self._imports_since(self.runs(), target, since, {run_id}).values())
        with self._begin() as connection:
            if not newer and connection.scalar(any_lock) is not None:
                for user_data, contact_id, by in connection.execute(query):
                    found.setdefault(user_data, {})[contact_id] = by
        return found

    def sent_between(self, run_id: str) -> dict[str, str]:
        """Return when the unchanged rows were last sent: ``from`` and ``to``; empty if there are none."""
        since = optional(schema.rows.c.unchanged_since)
        query = sa.select(sa.func.min(since), sa.func.max(since)).where(schema.rows.c.run == run_id, since != "")
        with self._begin() as connection:
            found = connection.execute(query).one()
        return {} if found[0] is None else dict(zip(("from", "to"), found, strict=True))


_PUT_BACK = (str(Status.SUCCEEDED), str(Status.SKIPPED))
"""States of the rows of an undo whose contacts are as they were, or are gone."""

_DOUBTFUL = (str(Status.UNKNOWN), str(RowState.SENDING))


def _list_of(known: Mapping[str, RunRecord], run: RunRecord) -> tuple[str, str]:
    for _ in known:
        if not run.parent:
            break
        if run.parent not in known:
            return run.parent, moment_of(run.parent) or run.started_at
        run = known[run.parent]
    return run.id, run.started_at


def _undos(runs: Sequence[RunRecord], run_id: str, *, elsewhere: bool = False) -> list[str]:
    """Return the undos that came after a run, of it or of an earlier import: the contacts that they put back are no
    longer as the run left or found them. ``elsewhere``: those of another target that shares a campaign with its own;
    contacts of the same keys may be other ones."""
    known = {run.id: run for run in runs}
    of = known[run_id]
    before = {run.id for run in runs if run.command == "import" and run.started_at <= of.started_at}
    return [
        run.id
        for run in runs
        if run.command == "undo" and run.started_at > of.started_at
        if share_a_campaign(run.target, of.target) and (run.target != of.target) is elsewhere
        if run.parent in before or run.parent not in known
    ]


def _put_back(undos: Sequence[str], states: Sequence[str] = _PUT_BACK, *, locks: bool = False) -> sa.Select[tuple[str]]:
    """Select the keys of the rows of undos in one of these states. ``locks``: also of those that only locked or
    unlocked the contact, whose own row stays in force."""
    rows = schema.rows.alias().c
    counts = sa.true() if locks else rows.action.not_in([str(Action.LOCK), str(Action.UNLOCK)])
    return sa.select(rows.user_data).where(rows.run.in_(undos), rows.state.in_(states), rows.user_data != "", counts)


def _contact(rows: Any) -> sa.ColumnElement[str]:
    """Return key and contact in one: SQLite compares pairs one by one with each of a query."""
    both: sa.ColumnElement[str] = rows.contact_id + " " + rows.user_data
    return both


def _contacts(keys: sa.Select[tuple[str]]) -> sa.Select[tuple[str]]:
    """Select the contacts of these keys, too."""
    (rows,) = keys.get_final_froms()
    return keys.with_only_columns(_contact(rows.c))


def _is_settled(rows: Any) -> sa.ColumnElement[bool]:
    """Whether the dialler has a row as it is; what a rule left out (suppressed, protected …) is decided anew."""
    unchanged = (rows.state == str(Status.SKIPPED)) & (rows.action == str(Reason.UNCHANGED))
    return sa.or_(rows.state == str(Status.SUCCEEDED), unchanged)


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
