"""``reconciliation.csv``, ``moved.csv`` and ``reconciliation.xlsx``: file against dialler, one line per contact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Self

from ..files.whole import new_file
from ..model import ContactClass
from ..own_columns import MOVE_COLUMNS
from ..text.forms import duration
from ..text.outward import mask_cells
from ..text.own_csv import table_writer
from ..text.phrase import counted, figure, mark, phrase
from ..text.spreadsheet import harmless_row
from .sheets import Book, Table
from .words import campaign_of

SHEET_LINES = 100_000
"""Lines of one class that the workbook lists; spreadsheet programs are slow with more."""

MEANINGS: Mapping[ContactClass, str] = {
    ContactClass.MATCHING: mark("the contact in the dialler is as in the file"),
    ContactClass.DIFFERING: mark("at least one field differs, or the contact should not be in the dialler"),
    ContactClass.MISSING: mark("in the file, not in the dialler"),
    ContactClass.EXTRA: mark("in the dialler's campaign, not in the file"),
    ContactClass.DUPLICATE: mark("several contacts, or several rows, have the same UserData"),
}

DIMENSIONS: Mapping[str, tuple[str, str, str]] = {
    "by_campaign": (mark("campaign"), mark("Campaign"), mark("Calls by campaign")),
    "by_result_code": (mark("result code"), mark("Result code"), mark("Calls by result code")),
    "by_day": (mark("day"), mark("Day"), mark("Calls by day")),
}
"""By what the calls of a history are counted: its name in a line and as a heading, and the title of a table."""

SHEETS: Mapping[ContactClass, str] = {
    ContactClass.MATCHING: mark("Matching"),
    ContactClass.DIFFERING: mark("Differing"),
    ContactClass.MISSING: mark("Missing"),
    ContactClass.EXTRA: mark("Extra"),
    ContactClass.DUPLICATE: mark("Duplicate"),
}

COLOURS: Mapping[ContactClass, str] = {
    ContactClass.MATCHING: "#2A8A6E",
    ContactClass.DIFFERING: "#C27C00",
    ContactClass.MISSING: "#C4352C",
    ContactClass.EXTRA: "#6389B4",
    ContactClass.DUPLICATE: "#8B54B3",
}


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A line of the reports. ``row`` and ``file`` name the row that was compared, if any.

    ``in_dialler`` and ``in_file`` are both sides' values of the fields that differ. ``told`` holds the dialler's
    values, one text per column after ``RECONCILIATION_COLUMNS``.
    """

    kind: ContactClass
    user_data: str
    contact_id: str
    row: int | None
    differences: str
    file: str
    in_dialler: str = ""
    in_file: str = ""
    told: Sequence[str] = ()

    def cells(self) -> list[str]:
        """Return the line as cells that are harmless in spreadsheet programs."""
        row = "" if self.row is None else str(self.row)
        texts = (self.user_data, self.contact_id, row, self.differences, self.file, self.in_dialler,
                 self.in_file, *self.told)  # fmt: skip
        return [self.kind, *harmless_row(mask_cells(texts))]


@dataclass(frozen=True, slots=True)
class Move:
    """A line that changed, with the columns of ``moved.csv``.

    ``was`` is the earlier class, ``""`` for a new line; ``now`` is ``""`` for a line that is gone.
    """

    user_data: str
    contact_id: str
    row: str
    file: str
    was: str
    now: str
    differences_were: str
    differences: str

    def cells(self) -> list[str]:
        """Return the line as cells that are harmless in spreadsheet programs."""
        return harmless_row(mask_cells(astuple(self)))


@contextmanager
def lines_file(path: Path, columns: Sequence[str]) -> Iterator[Any]:
    """Open a CSV report with these columns; the writer takes the cells of a :class:`ReportLine` or :class:`Move`."""
    with new_file(path) as file:
        writer = table_writer(file)
        writer.writerow(harmless_row(mask_cells(columns)))
        yield writer


class ReconciliationWorkbook:
    """Collect lines, each once; then write the workbook: a summary, and a sheet per class. A context manager.

    Raises:
        OSError: the folder of ``path`` cannot be written.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._book = Book(path)
        self._summary = self._book.add_page(phrase("Summary"), (26, 14, 14, 14, 64))
        self._room = SHEET_LINES + 2  # plus the header, and the line that says that the sheet is full
        self._tables = {
            kind: self._book.add_table(phrase(name), "reconciliation.csv", self._room) for kind, name in SHEETS.items()
        }
        for table in self._tables.values():
            table.writerow(harmless_row(mask_cells(columns)))
        self._moved: Table | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._book.__exit__(*exc)

    def add(self, kind: ContactClass, cells: Sequence[str]) -> None:
        """Add a line."""
        self._tables[kind].writerow(cells)

    def add_move(self, cells: Sequence[str]) -> None:
        """Add a line that moved since an earlier reconciliation."""
        if self._moved is None:
            self._moved = self._book.add_table(phrase("Moved"), "moved.csv", self._room)
            self._moved.writerow(MOVE_COLUMNS)
        self._moved.writerow(cells)

    def write(self, summary: Mapping[str, Any]) -> None:
        """Write the workbook. ``summary`` is that of ``summary.json``.

        Raises:
            JournalError: the file cannot be written.
        """
        tables = [*self._tables.values(), *([self._moved] if self._moved else ())]
        self._write_summary(summary, [note for table in tables if (note := table.close())])
        if summary["history"]:
            self._write_calls(summary["history"])
        self._book.save()

    def _write_summary(self, summary: Mapping[str, Any], notes: Iterable[str]) -> None:
        page = self._summary
        page.line(verdict(summary), style=page.title)
        page.line()
        for name, value in facts(summary):
            page.line(name, value)
        for note in notes:
            page.line(phrase("Note"), note)
        page.line()
        page.line(
            phrase("Class"), phrase("Lines"), phrase("Contacts"), phrase("Rows"), phrase("Meaning"), style=page.bold
        )
        first = page.at
        for kind, meaning in MEANINGS.items():
            counts = (summary[name][kind] for name in ("classes", "contacts", "rows"))
            page.line(kind, *("" if count is None else count for count in counts), phrase(meaning))
        page.bar_chart(phrase("Lines by class"), first, list(COLOURS.values()))
        page.line(phrase("Field that differs"), phrase("Contacts"), style=page.bold)
        for name, count in summary["changed_fields"].items():
            page.line(name, count)
        if summary["moved"]:
            page.line()
            page.line(phrase("Since run {run}", run=summary["moved"]["since"]), phrase("Lines"), style=page.bold)
            for name, count in summary["moved"]["changes"].items():
                page.line(name, count)

    def _write_calls(self, history: Mapping[str, Any]) -> None:
        page = self._book.add_page(phrase("Calls"), (16, 32, 12, 12, 12))
        head = (phrase("By"), phrase("Which"), phrase("Calls"), phrase("Contacts"), phrase("Reached"))
        page.line(*head, style=page.bold)
        for dimension, (by, _, _) in DIMENSIONS.items():
            for name, count in history[dimension].items():
                page.line(phrase(by), name, count["calls"], count["contacts"], count["reached"])
        page.sheet.freeze_panes(1, 0)
        page.sheet.autofilter(0, 0, page.at - 1, 4)


def verdict(summary: Mapping[str, Any]) -> str:
    """Summarise the reconciliation in one line."""
    classes = summary["classes"]
    if classes is None:
        return phrase("Stopped early: nothing was compared")
    lines = sum(count or 0 for count in classes.values())
    other = lines - classes[ContactClass.MATCHING]
    if not lines:
        return phrase("The files and the campaign are both empty")
    if other:
        return phrase("{other} of {total} contacts do not match", other=figure(other), total=figure(lines))
    return counted(lines, "The one contact matches", "All {count} contacts match")


def calls_in_words(history: Mapping[str, Any]) -> str:
    """Summarise the calls in one sentence, including what the call records lack."""
    counts = {name: figure(history[name]) for name in ("called", "contacts", "reached", "calls")}
    text = phrase("called {called} of {contacts} contacts, reached {reached}, in {calls} calls", **counts)
    if unknown := history["reached_unknown"]:
        said = phrase(
            "for {count} contacts the call records do not say whether anybody answered", count=figure(unknown)
        )
        text = f"{text}; {said}"
    if not_told := history["not_told"]:
        return phrase("{calls} (not in the dialler's call records: {fields})", calls=text, fields=", ".join(not_told))
    return text


def facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the run's facts by name; times as in ``summary.json``."""
    asked, counts, history = summary["source_of_truth"], summary["counts"], summary["history"]
    read, rejected, left_out = figure(counts["read"]), figure(counts["rejected"]), summary["expected_missing"]
    found = {
        phrase("Run"): summary["run_id"],
        phrase("Stopped because"): summary["stopped_because"] or "",
        phrase("Campaign"): campaign_of(summary),
        phrase("Files"): ", ".join(dict.fromkeys(file["name"] for file in summary["files"])),
        phrase("Rows read"): phrase("{read}, of which {rejected} rejected (failed.xlsx)", read=read, rejected=rejected),
        phrase("Data source"): f"{asked['way']}: {asked['why']}" if asked else "",
        phrase("Left out on purpose"): phrase("{count}, by the rules", count=figure(left_out)) if left_out else "",
        phrase("Calls"): calls_in_words(history) if history else "",
        phrase("Started (UTC)"): summary["started_at"],
        phrase("Duration"): duration(summary["duration_s"]),
        phrase("Requests"): figure(summary["requests"]),
    }
    return [(name, value) for name, value in found.items() if value]
