"""Rows of runs in the journal: their plan, their outcomes, and the cells of those that need a fix."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from ..error_codes import INTERRUPTED
from ..model import ACTIONS, FINE, MOVED, Action, Fault, RowResult, RowWarning, Status
from ..pages import ROWS, batched_rows, chars_of
from ..text.outward import line, mask
from ..text.phrase import mark, phrase
from . import last_sent, schema
from .cells import check_page, unchecked
from .failures import damaged
from .records import (
    PENDING,
    PERHAPS_SENT,
    JournalRow,
    NoRow,
    Outcome,
    PlannedRow,
    RowState,
    RunRecord,
    faults_text,
    parse_faults,
)
from .runs import Runs

RowWithCells = tuple[RowResult, int, tuple[str, ...]]
"""A row with the place of its table, and its original cells."""


class Rows(Runs):
    """The rows of each run."""

    def add_rows(self, run_id: str, planned: Iterable[PlannedRow]) -> None:
        """Add rows, before anything is sent."""
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

    def plan_actions(self, run_id: str, decided: Sequence[tuple[int, str, str]]) -> None:
        """Set the planned actions of rows, as (seq, action, contact ID)."""
        with self._begin() as connection:
            values = [(run_id, *decision) for decision in decided]
            self._database.execute_many(connection, _plan_action, ("r", "s", "action", "contact_id"), values)

    def note_moves(self, run_id: str, seqs: Sequence[int]) -> None:
        """Note that rows move their contacts from other campaigns."""
        self.note_warnings(run_id, [(seq, str(MOVED)) for seq in seqs])

    def note_warnings(self, run_id: str, noted: Sequence[tuple[int, str]]) -> None:
        """Add warnings to rows, as (seq, text)."""
        values = [(run_id, seq, text) for seq, text in noted]
        with self._begin() as connection:
            self._database.execute_many(connection, _note_warning, ("r", "s", "warning"), values)

    def record(
        self, run_id: str, outcomes: Sequence[Outcome], states: Sequence[tuple[int, RowState, int | None]] = ()
    ) -> None:
        """Write outcomes, and states as (seq, state, watermark), in one commit."""
        changed = [(run_id, seq, str(state), _UNKNOWN if mark is None else mark) for seq, state, mark in states]
        said = (o if not o.error and len(o.contact_id) < _SHORT else _said(o) for o in outcomes)
        settled = [(run_id, o.seq, str(o.status), str(o.action or ""), *o[3:]) for o in said]
        with self._begin() as connection:
            self._database.execute_many(connection, _set_state, ("r", "s", "state", "newest_id"), changed)
            self._database.execute_many(connection, _settle, ("r", "s", "state", "action", *_OUTCOME), settled)
        self._database.require_written()

    def doubt_waiting(self, run_id: str) -> None:
        """Note that rows may have been sent that came next when a process was killed: those of files, with a key. The
        others are noted before they are sent."""
        rows = schema.rows.c
        waiting = (rows.run == run_id) & (rows.state == PENDING) & (rows.user_data != "") & (rows.file >= 0)
        next_ones = sa.select(rows.seq).where(waiting).order_by(rows.seq).limit(_MOST_UNWRITTEN)
        marked = sa.update(schema.rows).where(rows.run == run_id, rows.seq.in_(next_ones))
        with self._begin() as connection:
            connection.execute(marked.values(state=str(RowState.SENDING), newest_id=PERHAPS_SENT))
        self._database.require_written()

    def require_there(self) -> None:
        """Check that the journal's file is still there under its name.

        Raises:
            JournalLost: it was deleted or replaced.
        """
        self._database.require_there()

    def rows(self, run: RunRecord) -> Iterator[JournalRow]:
        """Yield every row of a run, in source order."""
        names = [(str(entry["name"]), str(entry.get("sheet") or "")) for entry in run.files]
        columns = [schema.rows.c[name] for name in _READ]
        query = sa.select(*map(unchecked, columns)).order_by(schema.rows.c.seq).limit(ROWS)
        after = -1
        while True:
            with self._begin() as connection:
                where = schema.rows.c.run == run.id, schema.rows.c.seq > after
                page = connection.execute(query.where(*where)).all()
                check_page(columns, page)
            for row in page:
                yield _journal_row(row, names)
            if len(page) < ROWS:
                return
            after = page[-1][0]

    def kinds_of_rows(self, run: RunRecord) -> Iterator[tuple[JournalRow, int]]:
        """Yield each kind of row of a run (without the facts of a single row), with the number of rows."""
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

    def keep_cells(self, run_id: str, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Keep the original cells of rows, as (seq, cells), until the run is forgotten; what is kept already stays,
        but for rows that a resumed run has settled meanwhile.
        """
        insert = self._database.insert_new(schema.failed_cells)
        for page in batched_rows(rows, ROWS, lambda row: chars_of(row[1])):
            values = [(run_id, seq, json.dumps(cells)) for seq, cells in page]
            with self._begin() as connection:
                self._database.execute_many(connection, insert, ("run", "seq", "cells"), values)
        all_rows, kept = schema.rows.c, schema.failed_cells.c
        fine = (all_rows.run == kept.run) & (all_rows.seq == kept.seq) & all_rows.state.in_(list(map(str, FINE)))
        with self._begin() as connection:
            connection.execute(sa.delete(schema.failed_cells).where(kept.run == run_id, sa.exists().where(fine)))

    def kept_cells(self, run_id: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the original cells of the rows to be fixed of a run, as (seq, cells), in order."""
        kept, after = schema.failed_cells.c, -1
        length = sa.func.length(kept.cells)
        sizes = sa.select(kept.seq, length).where(kept.run == run_id).order_by(kept.seq).limit(ROWS)
        query = sa.select(kept.seq, kept.cells).where(kept.run == run_id).order_by(kept.seq)
        while True:
            with self._begin() as connection:
                waiting = connection.execute(sizes.where(kept.seq > after)).all()
                last = next(batched_rows(waiting, ROWS, itemgetter(1)), [(after, 0)])[-1][0]
                page = connection.execute(query.where(kept.seq > after, kept.seq <= last)).all()
            for seq, cells in page:
                yield seq, tuple(json.loads(cells))
            if not waiting:
                return
            after = last

    def rows_with_kept_cells(self, run: RunRecord) -> Iterator[RowWithCells]:
        """Yield every row of the files, with cells as far as they are kept: those of rows to be fixed."""
        kept = self.kept_cells(run.id)
        seq, cells = next(kept, (-1, ()))
        for entry in self.rows(run):
            if entry.has_source:
                while 0 <= seq < entry.result.seq:
                    seq, cells = next(kept, (-1, ()))
                yield entry.result, entry.file, cells if seq == entry.result.seq else ()

    def rows_to_fix(self, run: RunRecord, *, goes_on: bool = False) -> Iterator[RowWithCells]:
        """Yield the rows to fix; with ``goes_on`` not those that the run reaches by itself when it goes on."""
        for result, file, cells in self.rows_with_kept_cells(run):
            if result.status not in FINE and not (goes_on and result.status is Status.UNPROCESSED):
                yield result, file, cells


_PLANNED = PlannedRow._fields
_OUTCOME = Outcome._fields[3:]  # behind seq, status and action
_READ = (
    "seq", "file", "row", "user_data", "payload", "state", "action", "contact_id", "http_status", "attempts",
    "error_code", "error_field", "error", "hint", "sent_at", "newest_id", "warnings", "faults", "unchanged_since",
    "origin",
)  # fmt: skip


def _parameters(*names: str) -> dict[str, Any]:
    return {name: sa.bindparam(name) for name in names}


_UNKNOWN = -1
"""Value of ``newest_id`` without a watermark."""

_MOST_UNWRITTEN = 10_000
"""Rows that can be sent before the outcome of an earlier one is written: of two commits, and those that are parked."""

_row_key = (schema.rows.c.run == sa.bindparam("r")) & (schema.rows.c.seq == sa.bindparam("s"))
_add_row = sa.insert(schema.rows).values(
    **_parameters("run", *_PLANNED),
    attempts=sa.literal_column("0"),
    sent_at=sa.literal_column("''"),
    newest_id=sa.literal_column(str(_UNKNOWN)),
    unchanged_since=sa.literal_column("''"),
)
_set_state = sa.update(schema.rows).where(_row_key).values(_parameters("state", "newest_id"))
_plan_action = sa.update(schema.rows).where(_row_key).values(_parameters("action", "contact_id"))
_note_warning = (
    sa.update(schema.rows)
    .where(_row_key)
    .values(
        warnings=sa.case(
            (schema.rows.c.warnings == sa.literal_column("''"), sa.literal_column("''")),
            else_=schema.rows.c.warnings + sa.literal_column("'; '"),
        )
        + sa.bindparam("warning", type_=sa.Text)
    )
)
_settle = sa.update(schema.rows).where(_row_key).values(_parameters("state", "action", *_OUTCOME))


_LONGEST = 16_000
"""Most characters of a message about a row, which may have a fault in every column."""

_SHORT = 12
"""Characters; a shorter text in the place of a contact's ID needs no masking."""


def _said(outcome: Outcome) -> Outcome:
    """Return the outcome with texts from outside made harmless."""
    return outcome._replace(
        contact_id=line(outcome.contact_id, _LONGEST, bulk=True),
        error=line(outcome.error, _LONGEST, bulk=True),
        hint=line(outcome.hint, _LONGEST, bulk=True),
    )


def _said_of(row: PlannedRow) -> PlannedRow:
    """Return the row with texts from outside made harmless; the key of one without a file is the dialler's."""
    return row._replace(
        user_data=row.user_data if row.file >= 0 else mask(row.user_data),
        contact_id=line(row.contact_id, _LONGEST, bulk=True),
        error=line(row.error, _LONGEST, bulk=True),
        hint=line(row.hint, _LONGEST, bulk=True),
        faults=faults_text([_said_fault(fault) for fault in parse_faults(row.faults)]),
    )


def _said_fault(fault: Fault) -> Fault:
    return replace(fault, message=line(fault.message, _LONGEST, bulk=True), hint=line(fault.hint, _LONGEST, bulk=True))


_LEAST = min(NoRow)
_STATUS = {str(status): status for status in Status}
_ACTION = {"": None, **{str(action): action for action in ACTIONS}}


_WHILE_SENDING = mark("the run was interrupted while this row was being sent")


def _journal_row(row: Any, names: list[tuple[str, str]]) -> JournalRow:
    (seq, number, row_number, user_data, payload, state, action, contact_id, http_status, attempts,
     code, field, error, hint, sent_at, newest_id, warnings, listed, since, origin) = row  # fmt: skip
    if not _LEAST <= number < len(names):
        raise damaged(phrase("row {seq} of a run is of no file of it", seq=seq))
    file, sheet = names[number] if number >= 0 else ("", "")
    status = _STATUS.get(state, Status.UNPROCESSED)
    if state == RowState.SENDING:
        status, code, error = Status.UNKNOWN, INTERRUPTED, phrase(_WHILE_SENDING)
    elif state == RowState.PENDING:
        code = field = error = hint = ""
    if error or hint:  # also of a journal that an older version, or somebody else, has written
        error, hint = line(error, _LONGEST, bulk=True), line(hint, _LONGEST, bulk=True)
    if since:  # which is checked to be a time, and nothing else
        error = phrase("sent as it is on {since}", since=since)
    faults = tuple(map(_said_fault, parse_faults(listed))) if listed else ()
    noted = RowWarning.parse(warnings) if warnings else ()
    moves = MOVED in noted
    if moves and not (status in FINE and action == Action.OVERWRITE):
        noted = tuple(warning for warning in noted if warning != MOVED)  # it was not moved
    result = RowResult(
        seq, file, sheet, row_number, user_data, status, _ACTION[action], contact_id, http_status, attempts,
        code, field, error, hint, sent_at, noted, faults if code else (),
    )  # fmt: skip
    return JournalRow(result, number, state, payload, None if newest_id == _UNKNOWN else newest_id, moves, origin)
