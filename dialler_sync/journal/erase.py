"""Erase a person from the journal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from ..text.outward import json_text
from . import schema
from .runs import Runs

Place = tuple[str, int]
"""A row: its run, and its place in it."""

TO_REWRITE = "reports_to_rewrite"
"""Key in the options of a run whose reports still have a person whom the journal has no longer."""

_BLANK = ("user_data", "payload", "contact_id", "error", "hint", "faults")


class Erasure(Runs):
    """Finds the data of a person in the journal, and erases it."""

    def rows_of(self, user_data: str) -> tuple[list[Place], set[str]]:
        """Return the rows that carry a UserData, and the runs whose options name it."""
        rows = schema.rows.c
        query = sa.select(rows.run, rows.seq).where(rows.user_data == user_data).order_by(rows.run, rows.seq)
        with self._begin() as connection:
            found = [(str(run), int(seq)) for run, seq in connection.execute(query)]
            return found, _runs_that_name(connection, user_data)

    def erase(self, user_data: str, places: list[Place], runs: Iterable[str] = ()) -> None:
        """Erase a person from all tables, and note that the reports of these runs still have them."""
        with self._begin() as connection:
            _erase(connection, user_data, places)
            for run in runs:
                _note(connection, run, to_rewrite=True)
        self._database.write_anew()

    def rewritten(self, run: str) -> None:
        """Note that the reports of a run no longer have anybody who was erased."""
        with self._begin() as connection:
            _note(connection, run, to_rewrite=False)


def _note(connection: sa.Connection, run: str, *, to_rewrite: bool) -> None:
    known = schema.runs.c.id == run
    options = json.loads(connection.scalar(sa.select(schema.runs.c.options).where(known)) or "{}")
    options.pop(TO_REWRITE, None)
    options |= {TO_REWRITE: True} if to_rewrite else {}
    connection.execute(sa.update(schema.runs).where(known).values(options=json_text(options)))


def _runs_that_name(connection: sa.Connection, user_data: str) -> set[str]:
    """Return the runs whose options name a UserData, as it stood on the command line."""
    runs = schema.runs.c
    found = connection.execute(sa.select(runs.id, runs.options)).all()
    return {str(run) for run, options in found if _names(json.loads(options), user_data)}


def _erase(connection: sa.Connection, user_data: str, places: list[Place]) -> None:
    """Empty a person's rows, and delete their before-images and last payloads."""
    rows = schema.rows
    for run, seq in places:
        own = (rows.c.run == run) & (rows.c.seq == seq)
        connection.execute(sa.update(rows).where(own).values(dict.fromkeys(_BLANK, "")))
        for table in (schema.images, schema.failed_cells):
            connection.execute(sa.delete(table).where(table.c.run == run, table.c.seq == seq))
    for table in (schema.sent, schema.mirror_locks):
        connection.execute(sa.delete(table).where(table.c.user_data == user_data))
    _erase_calls(connection, user_data)
    for run in _runs_that_name(connection, user_data):
        known = schema.runs.c.id == run
        options = json.loads(connection.scalar(sa.select(schema.runs.c.options).where(known)) or "{}")
        connection.execute(sa.update(schema.runs).where(known).values(options=json_text(_without(options, user_data))))


def _erase_calls(connection: sa.Connection, user_data: str) -> None:
    """Delete the lines of calls that were going on at the last look; of all others only a hash is kept."""
    calls = schema.known_calls
    lines = connection.execute(sa.select(calls).where(calls.c.kind == "going_on")).all()
    for found in lines:
        if any(_line_names(text, user_data) for text in (found.value, found.next)):
            own = (calls.c[name] == getattr(found, name) for name in ("account", "receiver", "kind", "key"))
            connection.execute(sa.delete(calls).where(*own))


def _line_names(text: str, user_data: str) -> bool:
    """Whether a line names a person, or cannot be read: it may."""
    try:
        return text[:1] in ("{", "[") and _names(json.loads(text), user_data)
    except (ValueError, RecursionError):
        return True


def _names(value: Any, text: str) -> bool:
    if isinstance(value, dict):
        return any(_names(each, text) for each in value.values())
    return any(_names(each, text) for each in value) if isinstance(value, list) else value == text


def _without(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {name: _without(each, text) for name, each in value.items()}
    if isinstance(value, list):
        return [_without(each, text) for each in value]
    return "" if value == text else value
