"""The order of lists: what an import and the lists after it have settled, for what finishes, repeats or undoes one."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..model import LEFT_TO_OTHERS, Action, Reason, Status
from ..target import ACCOUNT, share_a_campaign, split
from . import schema
from .many import each_of
from .records import PENDING, NoRow, RowState, RunRecord, moment_of
from .runs import Runs
from .targets import of_account

ByHand = Mapping[tuple[str, str], tuple[str, Action, str]]
"""Contact ID, or UserData where none is known → the newest ``contacts lock`` or ``unlock`` of it, also if it found the
contact so: when its run began, what it did, and its run."""

CampaignKey = tuple[str, str]
"""A target, of one campaign as far as it is known, and a UserData in it."""


class Lists(Runs):
    """Queries of the journal about lists. A retry or a mended file is a part of the list that it repeats."""

    def settled_by(self, parent: str, run_id: str, *, counts: str = "") -> list[int]:
        """Return the rows of a run, by ``seq``, whose UserData a row of ``parent`` has sent, or found as it is, not
        only locked or unlocked; not those that an undo has put back since, or may have. ``counts``: which row of a key
        counts, ``first`` or ``last``; if ``parent`` rejected that one, the key is not settled: it may be mended now."""
        theirs = schema.rows.alias()
        keys = sa.select(theirs.c.user_data).where(
            theirs.c.run == parent, theirs.c.file >= 0, theirs.c.user_data != "", _is_settled(theirs.c),
            ~_is_put_back(theirs.c, self.runs(), parent),
        )  # fmt: skip
        overruled = [_overruled(keys, theirs, parent, counts)] if counts in {"first", "last"} else []
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

    def put_back(self, run_id: str) -> dict[int, bool]:
        """Return the rows of a run, by ``seq``, that undos of it have put back; False: only that they may have."""
        rows, runs = schema.rows.c, schema.runs.c
        undos = sa.select(runs.id).where(runs.command == "undo", runs.parent == run_id)
        is_left = (rows.state == str(Status.SKIPPED)) & rows.action.in_([str(Reason.SUPPRESSED), str(Reason.PROTECTED)])
        states = rows.state.in_([*_PUT_BACK, *_DOUBTFUL])
        query = sa.select(rows.seq, rows.state).where(rows.run.in_(undos), states, ~is_left)
        found: dict[int, bool] = {}
        with self._begin() as connection:
            for seq, state in connection.execute(query):
                found[seq] = found.get(seq, False) or state in _PUT_BACK
        return found

    def by_hand_since(self, run: RunRecord) -> ByHand:
        """Return what ``contacts lock`` and ``unlock`` have done since a run began, but for what was undone."""
        account = split(run.target)[0]
        later = {
            each.id: (each.started_at, Action(each.command), each.id)
            for each in self.runs()
            if each.command in _LOCKS and each.started_at > run.started_at and split(each.target)[0] == account
        }
        if not later:
            return {}
        for run_id in self.undone():
            later.pop(run_id, None)
        rows = schema.rows.c
        meant = (rows.action == str(Reason.UNCHANGED)) & (rows.attempts > 0)  # nor was it settled by another run
        done = rows.state.in_([str(Status.SUCCEEDED), *_DOUBTFUL]) | meant
        with self._begin() as connection:
            of_runs = rows.run.in_(each_of(connection, list(later)))
            found = connection.execute(sa.select(rows.run, rows.contact_id, rows.user_data).where(of_runs, done)).all()
        named = ((later[run_id], (contact_id, "" if contact_id else key)) for run_id, contact_id, key in found)
        return {contact: what for what, contact in sorted(named)}

    def made_again_since(self, run: RunRecord) -> dict[str, str]:
        """Return the IDs of contacts that undos have made again since a run began, or found made again, each with the
        ID that the contact had before."""
        rows, runs, undone = schema.rows.c, schema.runs.c, schema.rows.alias().c
        since = runs.command == "undo", runs.started_at > run.started_at, of_account(runs.target, run.target)
        made = rows.run == runs.id, rows.action == str(Action.CREATE), rows.state.in_(_PUT_BACK)
        was = undone.run == runs.parent, undone.seq == rows.seq
        with self._begin() as connection:
            found = connection.execute(sa.select(rows.contact_id, undone.contact_id).where(*since, *made, *was))
            return {now: str(before) for now, before in found}

    def undo_of(self, run_id: str) -> str:
        """Return the newest undo of a run that has put back any of its rows, or may have; ``""`` if none has."""
        rows, runs = schema.rows.c, schema.runs.c
        touched = sa.exists().where(rows.run == runs.id, rows.state.in_([*_PUT_BACK, *_DOUBTFUL]))
        undos = sa.select(runs.id).where(runs.command == "undo", runs.parent == run_id, touched)
        with self._begin() as connection:
            return connection.scalar(undos.order_by(runs.started_at.desc(), runs.id.desc()).limit(1)) or ""

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
                    these |= _is_gone(rows, counts) & rows.user_data.not_in(_put_back(undos, locks=True))
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


_LOCKS = (str(Action.LOCK), str(Action.UNLOCK))


def overruled(by_hand: ByHand, action: object, contact_id: str, user_data: str) -> str:
    """Return the run in which somebody has unlocked a contact that is to be locked, or the reverse; ``""`` if none."""
    if action not in _LOCKS or not by_hand:
        return ""
    known = filter(None, (by_hand.get((contact_id, "")), by_hand.get(("", user_data))))
    _, last, run_id = max(known, default=("", action, ""))
    return run_id if last != action else ""


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
    counts = sa.true() if locks else rows.action.not_in(_LOCKS)
    return sa.select(rows.user_data).where(rows.run.in_(undos), rows.state.in_(states), rows.user_data != "", counts)


def _is_gone(rows: Any, done: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a filter has left out a row, or the mirror has taken a contact away, as far as that is ``done``."""
    return sa.or_(rows.action == str(Reason.FILTERED), (rows.file == NoRow.MIRRORED) & done)


def _is_put_back(rows: Any, runs: Sequence[RunRecord], run_id: str) -> sa.ColumnElement[bool]:
    """Whether an undo has put back a row of a run since, or may have."""
    states = (*_PUT_BACK, *_DOUBTFUL)
    others = _put_back(_undos(runs, run_id, elsewhere=True), states)
    return sa.or_(
        rows.user_data.in_(_put_back(_undos(runs, run_id), states)),
        _contact(rows).in_(_contacts(others)),
        (rows.contact_id == "") & rows.user_data.in_(others),
    )


def _overruled(keys: sa.Select[tuple[str]], theirs: sa.FromClause, run_id: str, counts: str) -> sa.Select[tuple[str]]:
    """Select those of the keys of which a rejected row counts, the ``first`` or ``last``, and not the one selected."""
    rejected = schema.rows.alias().c
    last = counts == "last"
    place = (sa.func.max if last else sa.func.min)(rejected.seq).label("place")
    which = rejected.run == run_id, rejected.state == str(Status.REJECTED), rejected.user_data != ""
    of_key = sa.select(rejected.user_data, place).where(*which).group_by(rejected.user_data).subquery()
    before = of_key.c.place > theirs.c.seq if last else of_key.c.place < theirs.c.seq
    return keys.join(of_key, of_key.c.user_data == theirs.c.user_data).where(before)


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
