"""Rows and summaries as a run passes them to the reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dialler_sync.model import ACTIONS, Action, RowResult, Status
from dialler_sync.report.html import HtmlReport
from dialler_sync.report.masking import Mask

COLUMNS = ("Key", "Name", "Phone", "Notes")
MAPPED = {"UserData": [["Key"]], "Name": [["Name"]], "PhoneNumber1": [["Phone"]]}

RUN_ID = "20261123-020000-abc123"

HOSTILE = "</script><script>alert('x')</script><!--"
"""Text that would run, or end the data, unless the page escapes it."""


NASTY = [
    "01099",
    "+491713920012",
    "4E5",
    "=1+1",
    '=HYPERLINK("http://x.example","x")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "'=1+1",
    "'",
    "#N/A",
    "TRUE",
    "2026-11-23",
    "1,5",
    "https://x.example",
    "  spaces  ",
    "two\nlines",
    "_x0041_",
    "\x01\x1f",
    "<r><t>bold</t></r>",
    "<r></r>",
    HOSTILE,
    "Öztürk 漢字 😀",
    "\t=1+1",
]
"""Texts that a spreadsheet program, or a library that writes spreadsheets, might misinterpret."""


def result_of(row: int, status: Status = Status.SUCCEEDED, **values: Any) -> RowResult:
    """Return a row's result; a succeeded row was sent in the second of its row number."""
    told: dict[str, Any] = {"seq": row - 2, "file": "list.csv", "sheet": "", "row": row, "user_data": f"K{row}"}
    if status is Status.SUCCEEDED:
        sent = f"2026-11-23T{row // 3600 % 24:02}:{row // 60 % 60:02}:{row % 60:02}.250Z"
        told |= {"action": Action.IMPORT, "attempts": 1, "sent_at": sent, "http_status": 200}
    return RowResult(**(told | values), status=status)


def rejected(row: int, code: str = "email_invalid", field: str = "Email", **values: Any) -> RowResult:
    """Return the result of a rejected row."""
    told = {"error_code": code, "error_field": field, "error": "That is wrong.", "hint": "Mend it."}
    return result_of(row, Status.REJECTED, **(told | values))


def cells_of(row: int, **cells: str) -> tuple[str, ...]:
    """Return original cells for ``COLUMNS``."""
    return tuple(({"Key": f"K{row}", "Name": f"Name {row}", "Phone": "0171 3920012", "Notes": ""} | cells).values())


def summary_of(results: Iterable[RowResult] = (), **values: Any) -> dict[str, Any]:
    """Return the summary of a run with these rows."""
    results = list(results)
    statuses = Counter(result.status for result in results)
    actions = Counter(result.action for result in results if result.status in (Status.SUCCEEDED, Status.SKIPPED))
    bad = any(statuses[s] for s in Status if s not in (Status.SUCCEEDED, Status.SKIPPED))
    return {
        "run_id": RUN_ID,
        "command": "import",
        "started_at": "2026-11-23T02:00:00Z",
        "finished_at": "2026-11-23T02:05:12Z",
        "duration_s": 312.0,
        "files": [
            {"name": "list.csv", "path": "/x/list.csv", "sheet": None, "sha256": "ab" * 32, "rows": len(results)}
        ],
        "campaign": 538,
        "counts": {"read": len(results), **{str(status): statuses[status] for status in Status}},
        "actions": {str(action): actions[action] for action in ACTIONS},
        "warnings": {},
        "requests": len(results),
        "retries": 3,
        "rows_per_s": 12.5,
        "rows_sent": 10,
        "sending_s": 0.8,
        "rows_per_s_overall": 8.0,
        "exit_code": 4 if bad else 0,
        "stopped_because": None,
        "dry_run": False,
        "parent": None,
        "version": "1",
        "out": "/x",
    } | values


def write_html(
    path: Path,
    rows: Sequence[tuple[RowResult, Sequence[str]]],
    *,
    history: Sequence[Mapping[str, Any]] = (),
    mask: bool = False,
    **summary: Any,
) -> str:
    """Write the page of a run with these rows, times in UTC; return its text."""
    report = HtmlReport([COLUMNS], MAPPED, mask=Mask([COLUMNS], ["Phone"]) if mask else None)
    for result, cells in rows:
        report.add(result, 0, cells)
    report.write(path, summary_of((result for result, _ in rows), **summary), history)
    return path.read_text(encoding="utf-8")
