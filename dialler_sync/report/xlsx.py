"""``report.xlsx``: the contents of the CSV files as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from ..error_codes import WARNINGS
from ..exit_codes import meaning_of
from ..model import RowResult, Status
from ..own_columns import RESULT_COLUMNS
from ..text.forms import duration
from ..text.phrase import figure, mark, phrase
from ..text.spreadsheet import harmless
from . import words
from .csv_files import FailedRows, FailedTable, result_line
from .faults import SourceColumns
from .groups import Group, Groups
from .masking import Mask, mask_phones
from .people import People
from .sheets import SHEET_ROWS, Book, Page

_COLOURS: Mapping[Status, str] = {
    Status.SUCCEEDED: "#2A8A6E",
    Status.SKIPPED: "#6389B4",
    Status.REJECTED: "#C27C00",
    Status.FAILED: "#C4352C",
    Status.UNKNOWN: "#8B54B3",
    Status.UNPROCESSED: "#818A98",
}


PEOPLE_COLUMNS = (mark("who"), mark("column"))
"""Last columns of the sheet of all rows: the name in the row, and the source columns of ``_error_field``."""


class XlsxReport:
    """Collect the rows of a run, each once, in source order; then write the workbook. A context manager.

    ``run``, ``columns`` and ``extra`` are as for ``failed.csv``; ``mapped`` are the source columns of each field, which
    name the people and the faulty columns. ``mask`` hides phone numbers, and omits the run ID
    from rows, because masked rows must not be imported. ``sheet_rows`` is the number of rows that one sheet takes.

    Raises:
        OSError: the folder of ``path`` cannot be written.
    """

    def __init__(
        self,
        path: Path,
        run: str,
        columns: Sequence[Sequence[str]],
        extra: int = 0,
        mapped: SourceColumns | None = None,
        *,
        mask: Mask | None = None,
        sheet_rows: int = SHEET_ROWS,
    ) -> None:
        self._mask = mask
        self._book = Book(path)
        try:
            self._summary = self._book.add_page(phrase("Summary"), (26, 12, 64, 64))
            self._all = self._book.add_table(phrase("All rows"), "results.csv", sheet_rows)
            self._all.writerow((*RESULT_COLUMNS, *map(phrase, PEOPLE_COLUMNS)))
            self._failed = self._book.add_table(phrase("Failed rows"), "failed.csv", sheet_rows)
            self._failed_rows = FailedRows(self._failed, FailedTable("" if mask else run, columns, extra))
        except BaseException:
            self._book.__exit__()
            raise
        self._groups = Groups()
        self._people = People(columns, mapped or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._book.__exit__(*exc)

    def add(self, result: RowResult, source: int, cells: Sequence[str]) -> None:
        """Add a row with its original cells; ``source`` is its place in ``columns``."""
        who = self._people.person(source, cells)
        column = self._people.columns(result.error_field, source, cells)
        if self._mask:
            who = mask_phones(who)
            result, cells = self._mask.hide(result, source, cells)
        told = (*result_line(result), harmless(who), harmless(column))
        self._all.writerow(["" if cell is None else str(cell) for cell in told])
        self._failed_rows.add(result, source, cells)
        self._groups.add(result)

    def write(self, summary: Mapping[str, Any]) -> None:
        """Write the workbook. ``summary`` is that of ``summary.json``.

        Raises:
            JournalError: the file cannot be written.
        """
        notes = [note for table in (self._all, self._failed) if (note := table.close())]
        if self._mask:
            notes.append(phrase("Phone numbers are hidden here; failed.xlsx has them."))
        write_summary(self._summary, summary, self._groups, notes, masked=self._mask is not None)
        self._book.save()


def write_summary(
    page: Page, summary: Mapping[str, Any], groups: Iterable[Group], notes: Sequence[str], *, masked: bool = False
) -> None:
    """Write verdict, facts, outcomes with a chart, actions and reasons, one below the other."""
    page.line(words.verdict(summary), style=page.title)
    page.line()
    for name, value in _facts(summary):
        page.line(name, mask_phones(value) if masked and name == phrase("Stopped because") else value)
    for note in notes:
        page.line(phrase("Note"), note)
    page.line()
    page.line(phrase("Outcome"), phrase("Rows"), phrase("Meaning"), style=page.bold)
    first = page.at
    meanings = words.status_meanings(summary)
    for status, meaning in meanings.items():
        page.line(status, summary["counts"][status], meaning)
    page.line(
        phrase("read"),
        summary["counts"]["read"],
        phrase("all rows of the files, each counted in exactly one line above"),
    )
    page.bar_chart(phrase("Rows by outcome"), first, [_COLOURS[status] for status in meanings])
    page.line(phrase("Action"), phrase("Rows"), phrase("Meaning"), style=page.bold)
    for action, count in summary["actions"].items():
        if count:
            page.line(action, count, words.action_meaning(action))
    page.line()
    page.line(phrase("Reason"), phrase("Rows"), phrase("Meaning"), phrase("What to do"), style=page.bold)
    for group in groups:
        page.line(group.code, group.rows, group.meaning, group.mend)
    if summary["warnings"]:
        page.line()
        page.line(phrase("Warning"), phrase("Rows"), phrase("Meaning"), phrase("What to do"), style=page.bold)
    for code, count in summary["warnings"].items():
        page.line(code, count, phrase(WARNINGS[code].meaning), phrase(WARNINGS[code].mend))


def _facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the run's facts by name; times as in ``summary.json``."""
    nothing_sent, compared = words.nothing_sent(summary), summary.get("compared")
    sent = phrase(
        "{requests}, of which {repeats} repeated",
        requests=figure(summary["requests"]),
        repeats=figure(summary["retries"]),
    )
    told = phrase("what was sent from {from} to {to}", **compared) if compared else ""
    facts = {
        phrase("Run"): summary["run_id"],
        phrase("Command"): f"{summary['command']}{' --dry-run' if summary['dry_run'] else ''}",
        phrase("Nothing was sent"): phrase(_NOTHING_SENT[nothing_sent]) if nothing_sent else "",
        phrase("Stopped because"): summary["stopped_because"] or "",
        phrase("Campaign"): words.campaign_of(summary),
        phrase("Files"): ", ".join(dict.fromkeys(file["name"] for file in summary["files"])),
        phrase("Started (UTC)"): summary["started_at"],
        phrase("Duration"): duration(summary["duration_s"]),
        phrase("Requests"): sent,
        phrase("Compared with"): told,
        phrase("Exit code"): f"{summary['exit_code']}: {meaning_of(summary['exit_code'])}",
    }
    return [(name, value) for name, value in facts.items() if value]


_NOTHING_SENT = {"validation": mark("this was a validation"), "dry_run": mark("this was a dry run")}
