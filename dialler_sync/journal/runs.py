"""Runs in the journal: their records."""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..errors import JournalError, UsageError
from ..exit_codes import ExitCode
from ..text.command_line import command
from ..text.outward import json_text
from ..text.phrase import mark, phrase
from . import schema
from .at_work import forget, is_at_work
from .cells import OddCell, optional
from .database import Database
from .failures import damaged
from .records import READING, RunRecord

_JSON = ("config", "options", "files", "summary")
_RUN_ID = re.compile(r"[0-9A-Za-z]+(-[0-9A-Za-z]+)*")


_NONE = mark("there is no run '{name}': see '{command}'")
_SEVERAL = mark("several runs begin with '{name}': see '{command}'")


class Runs:
    """The records of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begin = database.begin

    def add_run(self, run: RunRecord) -> None:
        """Add the record of a run that begins."""
        with self._begin() as connection:
            connection.execute(sa.insert(schema.runs).values(**_plain(asdict(run))))
        self._database.run_has_begun |= run.command not in READING

    def update_run(self, run_id: str, **changes: Any) -> None:
        """Change fields of a run record.

        Raises:
            JournalDamaged: it is no longer there.
        """
        change = sa.update(schema.runs).where(schema.runs.c.id == run_id).values(**_plain(changes))
        with self._begin() as connection:
            if not connection.execute(change).rowcount:
                raise damaged(phrase("run {run} is missing", run=run_id))
        self._database.run_has_begun |= changes.get("state") == "running"

    def runs(self, *, limit: int | None = None) -> list[RunRecord]:
        """Return all runs, the newest first."""
        query = sa.select(schema.runs).order_by(schema.runs.c.started_at.desc(), schema.runs.c.id.desc()).limit(limit)
        with self._begin() as connection:
            return [_run(row._mapping) for row in connection.execute(query)]

    def newest_start(self) -> datetime | None:
        """Return when the newest run began that may have sent something; None if there is none."""
        newest = sa.func.max(optional(schema.runs.c.started_at))
        with self._begin() as connection:
            found = connection.scalar(sa.select(newest).where(schema.runs.c.command.not_in(READING)))
        return datetime.fromisoformat(found) if found else None

    def undone(self) -> set[str]:
        """The runs that have been put back whole. An undo that was stopped, or that left a single row as it is, does
        not count: the contacts of that row are still there."""
        undos = (run for run in self.runs() if run.command == "undo")
        return {run.parent or "" for run in undos if (run.summary or {}).get("exit_code") == ExitCode.OK}

    def run(self, name: str) -> RunRecord:
        """Return the run with this ID, or with the only ID that begins so.

        Raises:
            UsageError: there is none, there are several, or ``name`` is empty.
        """
        if not name.strip():
            raise UsageError(phrase("the name of the run is empty: see '{command}'", command=command("runs", "list")))
        query = sa.select(schema.runs).where(schema.runs.c.id.startswith(name, autoescape=True))
        with self._begin() as connection:
            found = [_run(row._mapping) for row in connection.execute(query)]
        exact = [run for run in found if run.id == name]
        if len(exact or found) != 1:
            raise UsageError(phrase(_SEVERAL if found else _NONE, name=name, command=command("runs", "list")))
        return (exact or found)[0]

    def at_work(self, run_id: str) -> AbstractContextManager[None]:
        """Show other processes that a run is at work, until the block or the process ends."""
        return self._database.at_work(run_id)

    def is_at_work(self, run_id: str) -> bool | None:
        """Whether a run that has not ended is at work; None where that is not known: an older version has begun it."""
        with self._begin() as connection:
            return is_at_work(connection, run_id)

    def delete_run(self, run_id: str) -> None:
        """Delete a run and all its data."""
        with self._begin() as connection:
            _clear(connection, run_id)
            connection.execute(sa.delete(schema.runs).where(schema.runs.c.id == run_id))
            forget(connection.engine, run_id)

    def clear_rows(self, run_id: str) -> None:
        """Delete the rows of a run that was interrupted before its plan was complete."""
        with self._begin() as connection:
            _clear(connection, run_id)


def _clear(connection: sa.Connection, run_id: str) -> None:
    for table in (schema.rows, schema.images, schema.failed_cells):
        connection.execute(sa.delete(table).where(table.c.run == run_id))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return the cells of a run's record.

    Raises:
        JournalError: one could not be read again, and with it the whole journal: half a character passes in JSON.
    """
    cells = {name: json_text(value) if name in _JSON and value is not None else value for name, value in values.items()}
    columns: Any = schema.runs.c
    try:
        for name in cells.keys() & set(_JSON):
            columns[name].type.look(cells[name])
    except OddCell as odd:
        raise JournalError(phrase("the journal cannot record this run: {odd}.", odd=odd)) from None
    return cells


def _run(row: Any) -> RunRecord:
    values = {
        name: json.loads(value) if name in _JSON and value is not None else value
        for name, value in row.items()
        if name != "folded"
    }
    if not _RUN_ID.fullmatch(values["id"]):  # files and folders are named after it
        raise damaged(phrase("{id!r} is not the ID of a run", id=values["id"]))
    return RunRecord(**values)
