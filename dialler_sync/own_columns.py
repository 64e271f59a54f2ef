"""Names of the columns that our reports have beside those of the list; on reading they are not columns of a list."""

from __future__ import annotations

import re

RESULT_COLUMNS = (
    "_file",
    "_sheet",
    "_row",
    "_user_data",
    "_status",
    "_action",
    "_contact_id",
    "_http_status",
    "_attempts",
    "_error_code",
    "_error_field",
    "_error",
    "_warnings",
    "_sent_at",
)
"""Columns of ``results.csv``."""

FAILED_COLUMNS = ("_run", "_row", "_key", "_status", "_error_code", "_error_field", "_error", "_hint")
"""Last columns of ``failed.csv`` where the run read one table."""

FAILED_COLUMNS_OF_SEVERAL = ("_run", "_file", "_sheet", *FAILED_COLUMNS[1:])
"""Last columns of ``failed.csv`` where the run read several tables."""

IN_DIALLER = "_in_dialler"

RECONCILIATION_COLUMNS = (
    "_class",
    "_user_data",
    "_contact_id",
    "_row",
    "_differences",
    "_file",
    IN_DIALLER,
    "_in_file",
)
"""First columns of ``reconciliation.csv``; what the dialler says of a contact follows. The last two are what both sides
hold of the fields that differ."""

CALL_COLUMNS = ("_calls", "_last_call", "_last_result_code")
"""Columns between them where the calls were asked for."""

MOVE_COLUMNS = ("_user_data", "_contact_id", "_row", "_file", "_was", "_now", "_differences_were", "_differences")
"""Columns of ``moved.csv``."""

EXTRA = "_extra_"
"""Before the number of a column for cells beyond the header."""

_OWN = frozenset(
    (*RESULT_COLUMNS, *FAILED_COLUMNS, *RECONCILIATION_COLUMNS, *CALL_COLUMNS, *MOVE_COLUMNS)  # every file of ours
)
_EXTRA_COLUMN = re.compile(rf"{EXTRA}[0-9]+")


def is_own(name: str) -> bool:
    """Whether one of our files has a column of this name."""
    name = name.strip()
    return name in _OWN or _EXTRA_COLUMN.fullmatch(name) is not None
