"""Find lines whose class or differences changed since an earlier reconciliation, on disk and in flat memory."""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..own_columns import IN_DIALLER
from ..pages import ROWS, batched
from ..report.reconciliation import Move, ReportLine
from ..text.phrase import phrase
from ..text.spreadsheet import restore

_KEPT = ("_user_data", "_contact_id", "_row", "_file", "_class", "_differences")


def unread(path: Path, error: Exception) -> UsageError:
    """Return the error that an earlier report cannot be read."""
    reason = getattr(error, "strerror", None) or error
    return UsageError(
        phrase("--since: the report {path} of that run cannot be read: {reason}", path=path, reason=reason)
    )


class Moves:
    """Compares lines with those of an earlier ``reconciliation.csv``, which is open under a ``number``.

    Lines are matched by UserData and contact ID; if the contact was created, deleted or recreated, by UserData alone;
    rows without UserData by file and row number. Differences are not compared with reports of older releases, which do
    not name the sides.

    Raises:
        UsageError: the file cannot be read, or was not written by a reconciliation.
    """

    def __init__(self, path: Path, number: int) -> None:
        self._base = sqlite3.connect("")  # a private file, deleted when closed
        self._base.execute(
            "CREATE TABLE line (user_data TEXT, contact_id TEXT, row TEXT, file TEXT, class TEXT, differences TEXT,"
            " seen INTEGER DEFAULT 0)"
        )
        try:
            with os.fdopen(number, encoding="utf-8", newline="") as file:
                self._load(path, csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            self.close()
            raise unread(path, error) from error
        self._base.execute("CREATE INDEX by_key ON line (user_data, contact_id, row)")

    def _load(self, path: Path, lines: csv.DictReader[str]) -> None:
        self._sides_named = IN_DIALLER in (lines.fieldnames or ())
        if not set(_KEPT) <= set(lines.fieldnames or ()):
            self.close()
            raise UsageError(phrase("--since: {path} is not a reconciliation report", path=path))
        rows = (tuple(restore(line[name] or "") for name in _KEPT) for line in lines)
        for page in batched(rows, ROWS):
            self._base.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, 0)", page)

    def close(self) -> None:
        """Close and delete the database."""
        self._base.close()

    def move(self, line: ReportLine) -> Move | None:
        """Return the move of a line, None if it is unchanged."""
        before = self._before(line)
        was, differences_were = "", ""
        if before is not None:
            place, was, differences_were = before
            self._base.execute("UPDATE line SET seen = 1 WHERE rowid = ?", [place])
        if was == line.kind and (differences_were == line.differences or not self._sides_named):
            return None
        row = "" if line.row is None else str(line.row)
        return Move(line.user_data, line.contact_id, row, line.file, was, line.kind, differences_were, line.differences)

    def gone(self) -> Iterator[Move]:
        """Yield the earlier lines that no longer exist; call it last."""
        query = "SELECT user_data, contact_id, row, file, class, differences FROM line WHERE NOT seen ORDER BY rowid"
        for user_data, contact_id, row, file, was, differences in self._base.execute(query):
            yield Move(user_data, contact_id, row, file, was, "", differences, "")

    def _before(self, line: ReportLine) -> tuple[Any, ...] | None:
        if not (line.user_data or line.contact_id):
            return self._one("user_data = '' AND contact_id = '' AND file = ? AND row = ?", line.file, str(line.row))
        same = self._one("user_data = ? AND contact_id = ?", line.user_data, line.contact_id)
        if same is None and line.user_data:
            same = self._one("user_data = ? AND NOT seen", line.user_data)
        return same

    def _one(self, condition: str, *values: str) -> tuple[Any, ...] | None:
        query = f"SELECT rowid, class, differences FROM line WHERE {condition} LIMIT 1"  # noqa: S608 - of ours
        found: tuple[Any, ...] | None = self._base.execute(query, values).fetchone()
        return found
