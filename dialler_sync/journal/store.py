"""The journal: reads and writes what runs did."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from ..error_codes import INTERRUPTED
from ..errors import Held, UsageError
from ..model import FINE, MOVED, Action, Fault, RowResult, RowWarning, Status
from ..pages import ROWS, batched
from ..target import in_words
from ..text.command_line import command
from ..text.outward import json_text, line, mask
from . import last_sent, mended, mirror_locks, notices, schema, targets
from .database import Database, damaged
from .inbox import InboxNotes
from .machine_lock import Busy, machine_lock
from .notices import Notice
from .place import default_state
from .records import (
    PENDING,
    Image,
    JournalRow,
    NoRow,
    Origin,
    Outcome,
    PlannedRow,
    RowState,
    RunRecord,
    Sent,
    faults_text,
    parse_faults,
)

__all__ = ["Journal", "default_state"]

_JSON = ("config", "options", "files", "summary")
_RUN_ID = re.compile(r"[0-9A-Za-z]+(-[0-9A-Za-z]+)*")


class Journal:
    """An open journal. All methods raise :class:`~dialler_sync.errors.JournalError` where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begin = database.begin

    @classmethod
    def open(cls, state: str | Path, *, trusted: bool | None = None) -> Self:
        """Open, or make, the journal at a path or database URL.

        ``trusted``: also a file that others could have changed; None: where DIALLER_SYNC_TRUST says so.

        Raises:
            JournalError, UsageError: it cannot be opened, is not a journal, or is not trusted.
        """
        return cls(Database(state, trusted=trusted))

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def campaign_lock(self, target: str) -> Iterator[str]:
        """Hold a campaign, so that no other run works on it, by this journal or by another one of this machine; or all
        campaigns of an account. The lock goes with the process that holds it.

        Yields why the machine's lock cannot be had, so that runs by other journals are not kept out; ``""``: it is.

        Raises:
            Held: another run holds it.
        """

        def refusal(holder: str) -> str:
            by = f" by {holder}" if holder else ""
            return (
                f"another run is working on this campaign ({in_words(target)}){by}: wait until it has finished, or "
                "stop it"
            )

        try:
            with machine_lock(target) as problem, self._database.lock(target, refusal):
                yield problem
        except Busy as busy:
            raise Held(refusal(str(busy))) from None

    def rename_target(self, old: str, new: str) -> None:
        """Have what was done under one name of a target count for another: it has turned out to be the same."""
        with self._begin() as connection:
            known = targets.is_known(connection, old)
        if known:
            with self._begin() as connection:
                targets.rename(connection, old, new)

    def known_id(self, dialler: str, campaign: str) -> int | None:
        """The ID that the campaign of this name had when the dialler was asked last; None: it never was."""
        with self._begin() as connection:
            return targets.known_id(connection, dialler, campaign)

    # Inboxes

    def inbox_lock(self, folder: str) -> AbstractContextManager[None]:
        """Hold an inbox, so that no other call takes its files.

        Raises:
            Held: another call holds it.
        """
        refusal = f"another call is working through the inbox {folder}: wait until it has finished, or stop it"
        return self._database.lock(f"inbox {folder}", lambda _: refusal)

    def inbox(self, folder: str) -> InboxNotes:
        """What earlier calls saw in an inbox."""
        return InboxNotes(self._begin, folder)

    # Runs

    def add_run(self, run: RunRecord) -> None:
        """Write down that a run has begun."""
        with self._begin() as connection:
            connection.execute(sa.insert(schema.runs).values(**_plain(asdict(run))))

    def update_run(self, run_id: str, **changes: Any) -> None:
        """Change fields of a run record."""
        with self._begin() as connection:
            connection.execute(sa.update(schema.runs).where(schema.runs.c.id == run_id).values(**_plain(changes)))

    def runs(self, *, limit: int | None = None) -> list[RunRecord]:
        """All runs, the newest first."""
        query = sa.select(schema.runs).order_by(schema.runs.c.started_at.desc(), schema.runs.c.id.desc()).limit(limit)
        with self._begin() as connection:
            return [_run(row._mapping) for row in connection.execute(query)]

    def run(self, name: str) -> RunRecord:
        """The run of this ID, or of the only ID that begins with it.

        Raises:
            UsageError: there is none, there are several, or ``name`` is empty.
        """
        if not name.strip():
            raise UsageError(f"the name of the run is empty: see '{command('runs', 'list')}'")
        query = sa.select(schema.runs).where(schema.runs.c.id.startswith(name, autoescape=True))
        with self._begin() as connection:
            found = [_run(row._mapping) for row in connection.execute(query)]
        exact = [run for run in found if run.id == name]
        if len(exact or found) != 1:
            what = "several runs begin with" if found else "there is no run"
            raise UsageError(f"{what} '{name}': see '{command('runs', 'list')}'")
        return (exact or found)[0]

    def delete_run(self, run_id: str) -> None:
        """Forget a run, and everything of it."""
        with self._begin() as connection:
            _clear(connection, run_id)
            connection.execute(sa.delete(schema.runs).where(schema.runs.c.id == run_id))

    # What others are told

    def add_notice(self, target: str, event: str, body: Mapping[str, Any]) -> None:
        """Keep what is to be told, until it is delivered."""
        with self._begin() as connection:
            notices.add(connection, target, event, body)

    def undelivered(self, target: str) -> list[Notice]:
        """What is still to be told, the oldest first."""
        with self._begin() as connection:
            return notices.undelivered(connection, target)

    def settle_notice(self, number: int) -> None:
        """Note that a notice was delivered."""
        with self._begin() as connection:
            notices.settle(connection, number)

    def last_event(self, target: str) -> str:
        """The newest event of a target, delivered or not; empty: there is none."""
        with self._begin() as connection:
            return notices.last_event(connection, target)

    # Rows

    def clear_rows(self, run_id: str) -> None:
        """Forget the rows of a run that was interrupted before all was read and decided."""
        with self._begin() as connection:
            _clear(connection, run_id)

    def settled_by(self, parent: str, run_id: str) -> list[int]:
        """The rows of a run, by their place in it, whose UserData ``parent`` has settled."""
        ours, theirs = schema.rows, schema.rows.alias()
        skipped = (theirs.c.state == str(Status.SKIPPED)) & (theirs.c.action != str(Action.SUPERSEDED))
        keys = sa.select(theirs.c.user_data).where(
            theirs.c.run == parent,
            theirs.c.user_data != "",
            (theirs.c.state == str(Status.SUCCEEDED)) | skipped,
        )
        query = sa.select(ours.c.seq).where(ours.c.run == run_id, ours.c.user_data.in_(keys)).order_by(ours.c.seq)
        with self._begin() as connection:
            return list(connection.scalars(query))

    def add_rows(self, run_id: str, planned: Iterable[PlannedRow]) -> None:
        """Write down rows, before anything is sent."""
        with self._begin() as connection:
            self._add(connection, run_id, planned)

    def add_changed(
        self, run_id: str, target: str, planned: Sequence[PlannedRow], held: Container[int] = ()
    ) -> set[int]:
        """Write down rows; of those to be sent, but for ``held`` places, the ones that were last sent as they are now
        are settled by that. Gives the places of those that are still to be sent.
        """
        if not planned:
            return set()
        compared = [row for row in planned if row.payload and row.seq not in held]
        others = [row for row in planned if not row.payload or row.seq in held]
        with self._begin() as connection:
            self._add(connection, run_id, others)
            last_sent.add(connection, run_id, target, compared)
            rows = schema.rows.c
            these = (rows.run == run_id) & rows.seq.between(planned[0].seq, planned[-1].seq)
            return set(connection.scalars(sa.select(rows.seq).where(these, rows.state == PENDING)))

    def _add(self, connection: sa.Connection, run_id: str, planned: Iterable[PlannedRow]) -> None:
        values = [(run_id, *(row if not row.error and row.file >= 0 else _said_of(row))) for row in planned]
        self._database.execute_many(connection, _add_row, ("run", *_PLANNED), values)

    def record(
        self, run_id: str, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int]] = ()
    ) -> None:
        """Write down outcomes, and states as (seq, state, newest contact ID known), in one commit."""
        changed = [(run_id, seq, str(state), newest) for seq, state, newest in states]
        said = (o if not o.error and len(o.contact_id) < _SHORT else _said(o) for o in outcomes)
        settled = [(run_id, o.seq, str(o.status), str(o.action or ""), *o[3:]) for o in said]
        with self._begin() as connection:
            self._database.execute_many(connection, _set_state, ("r", "s", "state", "newest_id"), changed)
            self._database.execute_many(connection, _settle, ("r", "s", "state", "action", *_OUTCOME), settled)
        self._database.require_there()

    def require_there(self) -> None:
        """See that the journal is still where others will look for it.

        Raises:
            JournalLost: it was deleted or replaced.
        """
        self._database.require_there()

    def rows(self, run: RunRecord) -> Iterator[JournalRow]:
        """Every row of a run, in source order."""
        names = [(str(entry["name"]), str(entry.get("sheet") or "")) for entry in run.files]
        query = sa.select(*(schema.rows.c[name] for name in _READ)).order_by(schema.rows.c.seq).limit(ROWS)
        after = -1
        while True:
            with self._begin() as connection:
                where = schema.rows.c.run == run.id, schema.rows.c.seq > after
                page = connection.execute(query.where(*where)).all()
            for row in page:
                yield _journal_row(row, names)
            if len(page) < ROWS:
                return
            after = page[-1].seq

    # Rows to be mended

    def keep_cells(self, run_id: str, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Keep the original cells of rows, as (seq, cells), until the run is forgotten; what is kept already stays,
        but for rows that a resumed run has settled meanwhile.
        """
        insert = self._database.insert_new(schema.failed_cells)
        for page in batched(rows, ROWS):
            values = [(run_id, seq, json.dumps(cells)) for seq, cells in page]
            with self._begin() as connection:
                self._database.execute_many(connection, insert, ("run", "seq", "cells"), values)
        with self._begin() as connection:
            mended.drop_settled(connection, run_id)

    def origins(self, run_id: str, file: int, rows: Sequence[int]) -> dict[int, Origin]:
        """The rows of a run with these row numbers in one of its files, by number."""
        with self._begin() as connection:
            return mended.find(connection, run_id, file, rows)

    def settled_since(self, target: str, since: str, keys: Sequence[str], but: Container[str]) -> dict[str, str]:
        """Which of these keys an import after a moment has settled, and no undo has unsettled: key → run.

        ``but`` runs do not count. What was sent counts only where it was taken in.
        """
        later = self._imports_since(target, since, but)
        with self._begin() as connection:
            found = mended.settled_since(connection, target, since, later, keys)
        return {key: run for key, run in found.items() if run not in but}

    def sent_since(self, target: str, since: str, but: Container[str]) -> bool:
        """Whether :meth:`settled_since` may find any key at all."""
        if self._imports_since(target, since, but):
            return True
        with self._begin() as connection:
            return mended.sent_since(connection, target, since)

    def _imports_since(self, target: str, since: str, but: Container[str]) -> list[str]:
        """Imports after a moment that no undo has put back, the oldest first."""
        runs = [run for run in self.runs() if run.target == target]
        undone = {run.parent for run in runs if run.command == "undo"}
        return [
            run.id
            for run in reversed(runs)
            if run.command == "import" and run.started_at > since and not run.options.get("dry_run")
            if run.id not in but and run.id not in undone
        ]

    def kinds_of_rows(self, run: RunRecord) -> Iterator[tuple[JournalRow, int]]:
        """The rows of a run without what is of one row only: each kind of them, and how many there are."""
        rows = schema.rows.c
        sent, of_source = (rows.attempts > 0).label("sent"), (rows.file >= 0).label("of_source")
        alike = rows.state, rows.action, rows.error_code, rows.warnings, of_source, sent
        query = sa.select(*alike, sa.func.count().label("number")).where(rows.run == run.id).group_by(*alike)
        with self._begin() as connection:
            found = connection.execute(query).all()
        for kind in found:
            file = 0 if kind.of_source else int(NoRow.MIRRORED)
            values = {**dict.fromkeys(_READ, ""), **kind._mapping, "file": file, "attempts": int(kind.sent)}
            yield _journal_row(tuple(values[name] for name in _READ), [("", "")]), kind.number

    # What was sent, over all runs

    def plan_actions(self, run_id: str, decided: Sequence[tuple[int, str, str]]) -> None:
        """Write down what is to be done with rows, as (seq, action, contact ID)."""
        with self._begin() as connection:
            values = [(run_id, *decision) for decision in decided]
            self._database.execute_many(connection, _plan_action, ("r", "s", "action", "contact_id"), values)

    def note_moves(self, run_id: str, seqs: Sequence[int]) -> None:
        """Write down that rows are to take their contacts from other campaigns."""
        with self._begin() as connection:
            self._database.execute_many(connection, _note_move, ("r", "s"), [(run_id, seq) for seq in seqs])

    def add_images(self, run_id: str, images: Sequence[Image]) -> None:
        """Keep what contacts were before a run; what is kept already stays."""
        values = [
            (run_id, image.seq, mask(image.contact_id), image.before and mask(image.before), image.after)
            for image in images
        ]
        with self._begin() as connection:
            insert = self._database.insert_new(schema.images)
            self._database.execute_many(connection, insert, ("run", "seq", "contact_id", "before", "after"), values)

    def images(self, run_id: str, seqs: Sequence[int]) -> dict[int, Image]:
        """The images of these rows, as far as they were kept."""
        table = schema.images
        query = sa.select(table).where(table.c.run == run_id, table.c.seq.in_(seqs))
        with self._begin() as connection:
            return {row.seq: Image(row.seq, row.contact_id, row.before, row.after) for row in connection.execute(query)}

    def take_in(self, target: str, *, but: str = "") -> None:
        """Have what runs have sent, and what the mirror has locked, known to what follows; not that of one run.

        The caller holds the campaign, so that every other run has ended, or was killed.
        """
        with self._begin() as connection:
            last_sent.take_in(connection, target, but)

    def sent(self, target: str, keys: Sequence[str]) -> dict[str, Sent]:
        """What was last sent successfully for each of these keys, in runs that were taken in."""
        with self._begin() as connection:
            return last_sent.find(connection, target, keys)

    def mirror_locked(self, target: str, ids: Sequence[str]) -> set[str]:
        """Which of these contacts the mirror has locked, in runs that were taken in."""
        with self._begin() as connection:
            return mirror_locks.find(connection, target, ids)

    def returned(self, target: str, run_id: str) -> dict[str, dict[str, str]]:
        """Contacts that the mirror has locked, in runs that were taken in, and that this run's files have again:
        UserData → contact ID → run.

        Rows that were rejected, or left out for another row, do not count.
        """
        with self._begin() as connection:
            return mirror_locks.returned(connection, target, run_id)

    def sent_between(self, run_id: str) -> dict[str, str]:
        """When the rows that have not changed were last sent: ``from`` and ``to``; empty: there are none."""
        with self._begin() as connection:
            return last_sent.sent_between(connection, run_id)


def _clear(connection: sa.Connection, run_id: str) -> None:
    for table in (schema.rows, schema.images, schema.failed_cells):
        connection.execute(sa.delete(table).where(table.c.run == run_id))


_PLANNED = PlannedRow._fields
_OUTCOME = Outcome._fields[3:]  # behind seq, status and action
_READ = (
    "seq", "file", "row", "user_data", "payload", "state", "action", "contact_id", "http_status", "attempts",
    "error_code", "error_field", "error", "hint", "sent_at", "newest_id", "warnings", "faults", "unchanged_since",
)  # fmt: skip


def _parameters(*names: str) -> dict[str, Any]:
    return {name: sa.bindparam(name) for name in names}


_row_key = (schema.rows.c.run == sa.bindparam("r")) & (schema.rows.c.seq == sa.bindparam("s"))
_add_row = sa.insert(schema.rows).values(
    **_parameters("run", *_PLANNED),
    attempts=sa.literal_column("0"),
    sent_at=sa.literal_column("''"),
    newest_id=sa.literal_column("-1"),
    unchanged_since=sa.literal_column("''"),
)
_set_state = sa.update(schema.rows).where(_row_key).values(_parameters("state", "newest_id"))
_plan_action = sa.update(schema.rows).where(_row_key).values(_parameters("action", "contact_id"))
_note_move = (
    sa.update(schema.rows)
    .where(_row_key)
    .values(  # no parameters but those that each row brings
        warnings=sa.case(
            (schema.rows.c.warnings == sa.literal_column("''"), sa.literal_column(f"'{MOVED}'")),
            else_=schema.rows.c.warnings + sa.literal_column(f"'; {MOVED}'"),
        )
    )
)
_settle = sa.update(schema.rows).where(_row_key).values(_parameters("state", "action", *_OUTCOME))


_LONGEST = 16_000
"""Characters of a message about a row, which may have a fault in every column."""

_SHORT = 12
"""Characters of a contact's ID that is nothing else."""


def _said(outcome: Outcome) -> Outcome:
    """The outcome, with what others have said of it made harmless."""
    return outcome._replace(
        contact_id=line(outcome.contact_id, _LONGEST, bulk=True),
        error=line(outcome.error, _LONGEST, bulk=True),
        hint=line(outcome.hint, _LONGEST, bulk=True),
    )


def _said_of(row: PlannedRow) -> PlannedRow:
    """The same of a row; the key of one that is in no file is the dialler's."""
    return row._replace(
        user_data=row.user_data if row.file >= 0 else mask(row.user_data),
        contact_id=line(row.contact_id, _LONGEST, bulk=True),
        error=line(row.error, _LONGEST, bulk=True),
        hint=line(row.hint, _LONGEST, bulk=True),
        faults=faults_text([_said_fault(fault) for fault in parse_faults(row.faults)]),
    )


def _said_fault(fault: Fault) -> Fault:
    return replace(fault, message=line(fault.message, _LONGEST, bulk=True), hint=line(fault.hint, _LONGEST, bulk=True))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: json_text(value) if name in _JSON and value is not None else value for name, value in values.items()}


def _run(row: Any) -> RunRecord:
    values = {
        name: json.loads(value) if name in _JSON and value is not None else value
        for name, value in row.items()
        if name != "folded"
    }
    if not _RUN_ID.fullmatch(values["id"]):  # files and folders are named after it
        raise damaged(f"{values['id']!r} is not the ID of a run")
    return RunRecord(**values)


_STATUS = {str(status): status for status in Status}
_ACTION = {"": None, **{str(action): action for action in Action}}


def _journal_row(row: Any, names: list[tuple[str, str]]) -> JournalRow:
    (seq, number, row_number, user_data, payload, state, action, contact_id, http_status, attempts,
     code, field, error, hint, sent_at, newest_id, warnings, listed, since) = row  # fmt: skip
    if not min(NoRow) <= number < len(names):
        raise damaged(f"row {seq} of a run is of no file of it")
    file, sheet = names[number] if number >= 0 else ("", "")
    status = _STATUS.get(state, Status.UNPROCESSED)
    if state == RowState.SENDING:
        status, code, error = Status.UNKNOWN, INTERRUPTED, "the run was interrupted while this row was being sent"
    elif state == RowState.PENDING:
        code = field = error = hint = ""
    if since:
        error = f"sent as it is on {since}"
    if error:  # also of a journal that an older version, or somebody else, has written
        error, hint = line(error, _LONGEST, bulk=True), line(hint, _LONGEST, bulk=True)
    faults = tuple(map(_said_fault, parse_faults(listed))) if listed else ()
    noted = RowWarning.parse(warnings) if warnings else ()
    moves = MOVED in noted
    if moves and not (status in FINE and action == Action.OVERWRITE):
        noted = tuple(warning for warning in noted if warning != MOVED)  # it was not moved
    result = RowResult(
        seq, file, sheet, row_number, user_data, status, _ACTION[action], contact_id, http_status, attempts,
        code, field, error, hint, sent_at, noted, faults if code else (),
    )  # fmt: skip
    return JournalRow(result, number, state, payload, newest_id, moves)
