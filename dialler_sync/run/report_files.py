"""Writes the reports of a run: every row once, in source order.

This module is loaded when it is needed, as much hangs on it: workbooks, pages.
"""

from __future__ import annotations

import errno
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import JournalError
from ..files.private import delete_drafts, make_folder
from ..files.whole import Spared, spared, why
from ..journal import Journal, JournalRow, RunRecord
from ..model import FINE, RowResult
from ..report.csv_files import results_file
from ..report.failed_xlsx import failed_rows
from ..report.html import HtmlReport
from ..report.masking import Mask
from ..report.page import compile_templates
from ..report.xlsx import XlsxReport
from ..text.command_line import command
from ..text.phrase import phrase
from .reports import SourceCells, Summary

_log = logging.getLogger(__name__)

XLSX_ROWS = 10_000
"""Most rows of a ``report.xlsx``: it takes longer than all other reports together."""


_NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


def load() -> None:
    """Have the page's templates compiled before they are needed."""
    compile_templates("base.html.j2", "parts.html.j2", "records.html.j2", "report.html.j2")


def write_reports(
    journal: Journal, run: RunRecord, source: SourceCells, summary: Summary, *, keep: bool = True
) -> None:
    """Write the reports of a run that has ended so: ``results.csv``, ``failed.csv`` and ``.xlsx``, ``summary.json``,
    ``report.html`` and ``.xlsx``.

    ``source`` has the original cells. What was done to contacts that no source row stands for is listed in
    ``mirror.csv``. ``run.options["mask"]`` are the columns whose phone numbers ``report.html`` and ``.xlsx`` do not
    show, ``run.options["mapped"]`` the source columns of each field. ``keep``: have the journal keep the cells of
    rows that are to be mended.

    Raises:
        JournalError: the folder cannot be written.
    """
    try:
        _write(journal, run, source, summary, keep=keep)
    except JournalError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        if error.__cause__.errno not in _NO_ROOM:
            raise _unwritten(run, error) from error
        _log.warning(
            phrase(
                "report.xlsx and failed.xlsx are left out, to make room in {folder}: {why}",
                folder=run.out,
                why=why(error),
            )
        )
        try:
            _write(journal, run, source, summary, keep=keep, workbooks=False)
        except JournalError as again:
            raise _unwritten(run, again) from again


def _unwritten(run: RunRecord, error: OSError | JournalError) -> JournalError:
    return JournalError(
        phrase(
            "the reports in {folder} cannot be written: {why}. The journal has everything: fix the cause, then write "
            "them with '{command}'.",
            folder=run.out,
            why=why(error),
            command=command("runs", "report", run.id),
        )
    )


def _write(
    journal: Journal, run: RunRecord, source: SourceCells, summary: Summary, *, keep: bool, workbooks: bool = True
) -> None:
    """Write the CSVs and ``summary.json``; write the others if there is room."""
    out = Path(run.out)
    try:
        make_folder(out)  # somebody may have deleted it meanwhile
        delete_drafts(out)
        with ExitStack() as workbook:
            with ExitStack() as files:
                reports = _Reports(files, workbook, run, source, workbooks=workbooks)
                to_fix = filter(None, map(reports.add, journal.rows(run)))
                if keep:
                    journal.keep_cells(run.id, to_fix)
                else:
                    deque(to_fix, maxlen=0)
            summary.write(out / "summary.json")
            reports.xlsx.have(lambda xlsx: xlsx.write(asdict(summary)))
    except OSError as error:
        raise _unwritten(run, error) from error
    with spared(out / "report.html"):  # last, as it links to what is there
        reports.html.write(out / "report.html", asdict(summary), _history(journal, run))


class _Reports:
    """The open reports of a run."""

    def __init__(
        self, files: ExitStack, workbook: ExitStack, run: RunRecord, source: SourceCells, *, workbooks: bool
    ) -> None:
        self._files = files
        self._out = Path(run.out)
        self._cells = source.source_cells()
        columns = [entry["layout"].get("columns", ()) for entry in run.files]
        masked = run.options.get("mask")
        mask = None if masked is None else Mask(columns, masked)
        self._add_result = files.enter_context(results_file(self._out / "results.csv"))
        mapped = run.options.get("mapped") or {}
        self._add_failed = files.enter_context(
            failed_rows(self._out, run.id, columns, source.extra_cells, mapped, workbooks=workbooks)
        )
        self._add_mirrored: Callable[[RowResult], object] | None = None
        self.html = HtmlReport(columns, mapped, mask=mask)
        xlsx = self._out / "report.xlsx"
        self.xlsx: Spared[XlsxReport] = Spared(xlsx, workbook)
        if workbooks and (run.rows or 0) <= XLSX_ROWS:
            self.xlsx.open(lambda: XlsxReport(xlsx, run.id, columns, source.extra_cells, mapped, mask=mask))

    def add(self, entry: JournalRow) -> tuple[int, Sequence[str]] | None:
        """Write one row of the journal into all reports; return its place and cells if it is to be fixed."""
        result = entry.result
        if not entry.has_source:
            if self._add_mirrored is None:
                self._add_mirrored = self._files.enter_context(results_file(self._out / "mirror.csv"))
            self._add_mirrored(result)
            return None
        self._add_result(result)
        seq, number, cells = next(self._cells)
        assert seq == result.seq, "the journal and the source disagree"  # noqa: S101
        self._add_failed(result, number, cells)
        self.html.add(result, number, cells)
        self.xlsx.have(lambda xlsx: xlsx.add(result, number, cells))
        return (result.seq, cells) if cells and result.status not in FINE else None


def _history(journal: Journal, run: RunRecord) -> list[Mapping[str, Any]]:
    """Return summaries of earlier runs of the same command and campaign, the newest first."""

    def kind(other: RunRecord) -> tuple[str, str, bool]:
        return other.target, other.command, bool(other.options.get("dry_run"))

    earlier = (other for other in journal.runs(limit=500) if other.started_at < run.started_at)
    return [other.summary for other in earlier if other.summary and kind(other) == kind(run)][:30]
