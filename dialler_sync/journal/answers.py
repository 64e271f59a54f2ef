"""Answers to the files of an inbox: those that are written, and those still to be written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

import sqlalchemy as sa

from ..text.outward import line
from .schema import answers


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


def find(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Answer]:
    """Return the answers, the oldest first."""
    query = sa.select(*(answers.c[name] for name in Answer._fields)).where(*which).order_by(answers.c.id)
    return [Answer(*row) for row in connection.execute(query)]


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
        with self._begin() as connection:
            return find(connection, self._of_folder, which)

    def settle(self, number: int, path: str, mark: str) -> None:
        """Note where an answer was written."""
        with self._begin() as connection:
            connection.execute(sa.update(answers).where(answers.c.id == number).values(path=path, mark=mark))

    def forget(self, number: int) -> None:
        """Forget an answer whose file is deleted."""
        with self._begin() as connection:
            connection.execute(sa.delete(answers).where(answers.c.id == number))
