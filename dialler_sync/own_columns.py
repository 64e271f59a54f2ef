"""Names of the columns that our reports add; readers do not take them for columns of a list."""

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
"""Last columns of ``failed.csv`` for a run of one table."""

FAILED_COLUMNS_OF_SEVERAL = ("_run", "_file", "_sheet", *FAILED_COLUMNS[1:])
"""Last columns of ``failed.csv`` for a run of several tables."""

SHEET = "_sheet"
"""Column of results that a mapping may name, as if each table had it: the sheet of the row."""

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
"""First columns of ``reconciliation.csv``; the dialler's values follow.

The last two hold both sides' values of the fields that differ.
"""

CALL_COLUMNS = ("_calls", "_last_call", "_last_result_code", "_reached", "_done")
"""Further columns of ``reconciliation.csv`` if calls were requested; they precede the dialler's values."""

MOVE_COLUMNS = ("_user_data", "_contact_id", "_row", "_file", "_was", "_now", "_differences_were", "_differences")
"""Columns of ``moved.csv``."""

CHANGE = "_change"
"""Column of a list of calls."""

EXTRA = "_extra_"
"""Prefix of columns for cells beyond the header; a number follows."""

_OWN = {*RESULT_COLUMNS, *FAILED_COLUMNS, *RECONCILIATION_COLUMNS, *CALL_COLUMNS, *MOVE_COLUMNS, CHANGE}
"""Columns of every file of ours."""

_EXTRA_COLUMN = re.compile(rf"{EXTRA}[0-9]+")


def is_own(name: str) -> bool:
    """Whether one of our reports has a column of this name."""
    name = name.strip()
    return name in _OWN or _EXTRA_COLUMN.fullmatch(name) is not None
