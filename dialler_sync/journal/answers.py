"""Answers to the files of an inbox: those that are written, and those still to be written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple

import sqlalchemy as sa

from ..pages import ROWS
from ..text.outward import line
from .schema import answers, failed_cells


class Answer(NamedTuple):
    """One answer. ``run`` and ``path`` are empty if there is none; ``mark`` identifies the written file's state."""

    id: int
    run: str
    file: str
    at: str
    outcome: str
    reason: str
    path: str
    mark: str


_COLUMNS = tuple(answers.c[name] for name in Answer._fields)


class AnswerNotes:
    """The answers to the files of one folder."""

    def __init__(self, begin: Callable[[], AbstractContextManager[sa.Connection]], folder: str) -> None:
        self._begin = begin
        self._of_folder = answers.c.inbox == folder
        self._folder = folder

    def add(self, file: str, at: str, outcome: str, *, run: str = "", reason: str = "", once: bool = False) -> None:
        """Note an answer to be written; the same answer to the same end of a run is noted once.

        ``once``: also if the same was answered at another time.
        """
        values = {"run": run, "file": line(file), "outcome": line(outcome), "reason": line(reason)}
        same = [answers.c[name] == value for name, value in values.items()]
        same += [] if once else [answers.c.at == at]
        with self._begin() as connection:
            if connection.scalar(sa.select(answers.c.id).where(self._of_folder, *same).limit(1)) is None:
                connection.execute(sa.insert(answers).values(inbox=self._folder, at=at, path="", mark="", **values))

    def unwritten(self) -> list[Answer]:
        """Return the answers still to be written, the oldest first."""
        return self._find(answers.c.path == "")

    def written(self) -> list[Answer]:
        """Return the answers that were written, the oldest first."""
        return self._find(answers.c.path != "")

    def _find(self, which: sa.ColumnElement[bool]) -> list[Answer]:
        query = sa.select(*_COLUMNS).where(self._of_folder, which).order_by(answers.c.id)
        with self._begin() as connection:
            return [Answer(*row) for row in connection.execute(query)]

    def settle(self, number: int, path: str, mark: str) -> None:
        """Note where an answer was written."""
        with self._begin() as connection:
            connection.execute(sa.update(answers).where(answers.c.id == number).values(path=path, mark=mark))

    def forget(self, number: int) -> None:
        """Forget an answer whose file is deleted."""
        with self._begin() as connection:
            connection.execute(sa.delete(answers).where(answers.c.id == number))


def answers_of(connection: sa.Connection, run_id: str) -> list[Answer]:
    """Return the answers that were written of a run."""
    query = sa.select(*_COLUMNS).where(answers.c.run == run_id, answers.c.path != "")
    return [Answer(*row) for row in connection.execute(query)]


def kept_cells(
    begin: Callable[[], AbstractContextManager[sa.Connection]], run_id: str
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the original cells of the rows to be fixed of a run, as (seq, cells), in order."""
    after = -1
    while True:
        query = (
            sa.select(failed_cells.c.seq, failed_cells.c.cells)
            .where(failed_cells.c.run == run_id, failed_cells.c.seq > after)
            .order_by(failed_cells.c.seq)
            .limit(ROWS)
        )
        with begin() as connection:
            page = connection.execute(query).all()
        for seq, cells in page:
            yield seq, tuple(json.loads(cells))
        if len(page) < ROWS:
            return
        after = page[-1].seq
