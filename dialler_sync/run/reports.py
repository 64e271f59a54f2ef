"""The reports of a run: every row once, in source order, and the counts that must add up."""

from __future__ import annotations

import errno
import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, Self

from ..api.latency import Latencies
from ..errors import JournalError, JournalLost, StopRun
from ..exit_codes import exit_code
from ..files.private import delete_drafts, make_folder
from ..files.whole import Spared, new_file, spared, why
from ..journal import Journal, JournalRow, RunRecord
from ..model import FINE, Status
from ..report.csv_files import ResultsFile, results_file
from ..report.failed_xlsx import failed_rows
from ..report.html import HtmlReport
from ..report.masking import Mask
from ..report.xlsx import XlsxReport
from ..text.command_line import command
from ..text.outward import json_text
from ..version import __version__
from .counts import Counts, most_first

_log = logging.getLogger(__name__)

XLSX_ROWS = 10_000
"""Most rows of a ``report.xlsx``: it takes longer than all other reports together."""


_NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of a run: ``summary.json``.

    ``rows_sent`` are the rows (and contacts of the mirror) that were settled while sending, which took ``sending_s``
    seconds; ``rows_per_s`` is that speed. ``rows_per_s_overall`` is all rows read, by ``duration_s``.

    ``counts`` are rows by status, ``mirror`` the contacts of ``mirror.csv``; ``actions`` are both by what was done,
    ``errors`` rows by error code, ``warnings`` rows by the code of a warning; ``latency`` as
    :meth:`~dialler_sync.api.latency.Latencies.facts` has it. With ``compare: journal``, ``compared`` says when the rows
    that have not changed were sent: ``from``, ``to``. ``resumable`` is false where ``resume`` cannot go on with a run
    that stopped.
    """

    run_id: str
    command: str
    started_at: str
    finished_at: str
    duration_s: float
    files: tuple[Mapping[str, Any], ...]
    campaign: str | int
    counts: Mapping[str, int]
    actions: Mapping[str, int]
    requests: int
    retries: int
    rows_per_s: float
    exit_code: int
    stopped_because: str | None
    dry_run: bool
    parent: str | None
    version: str
    out: str
    changed_fields: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)
    compared: Mapping[str, str] = field(default_factory=dict)
    latency: Mapping[str, Any] = field(default_factory=dict)
    rows_sent: int = 0
    sending_s: float = 0.0
    rows_per_s_overall: float = 0.0
    resumable: bool = True

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """That of a run as the journal keeps it, which may hold more, and lacks what an older version did not count."""
        return cls(**{each.name: kept[each.name] for each in fields(cls) if each.name in kept})

    def write(self, path: Path) -> None:
        """Write ``summary.json``."""
        with new_file(path) as file:
            file.write(json_text(asdict(self), indent=2) + "\n")


class SourceCells(Protocol):
    """The original cells of a run's rows."""

    @property
    def extra_cells(self) -> int:
        """Return the number of cells that the longest row has beyond its header."""

    def source_cells(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield (place in the run, source, original cells) of every row, in order."""


@dataclass(frozen=True, slots=True)
class Effort:
    """The effort of a part of a run: seconds, requests, repeated imports, and the durations of requests.

    ``changed_fields``: field → rows in which it changed. ``sent``: rows settled while sending, in ``sending`` seconds.
    """

    duration: float = 0.0
    requests: int = 0
    retries: int = 0
    latencies: Latencies = field(default_factory=Latencies)
    changed_fields: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0
    sending: float = 0.0


def summarise(journal: Journal, run: RunRecord, stopped: StopRun | None, effort: Effort) -> Summary:
    """Return the summary of a run that has ended, counted in its journal.

    The effort of earlier, interrupted parts is added to ``effort``.

    Raises:
        AssertionError: the counts do not add up to the rows read, which is a bug.
    """
    counts, before = Counts.of(journal, run), run.summary or {}
    read = counts.rows.total()
    all_failed = None if run.command != "import" or counts.rows[Status.SUCCEEDED] else counts.sent_and_failed
    duration = effort.duration + before.get("duration_s", 0.0)
    sending = effort.sending + before.get("sending_s", 0.0)
    sent = effort.sent + before.get("rows_sent", 0)
    return Summary(
        run_id=run.id,
        command=run.command,
        started_at=run.started_at,
        finished_at=run.finished_at or "",
        duration_s=round(duration, 3),
        files=tuple(run.files),
        campaign=int(run.campaign) if run.campaign.isdecimal() else run.campaign,
        counts={"read": read, **counts.rows},
        actions=dict(counts.actions),
        requests=effort.requests + before.get("requests", 0),
        retries=effort.retries + before.get("retries", 0),
        rows_per_s=round(sent / sending, 1) if sending else 0.0,
        rows_per_s_overall=round(read / duration, 1) if duration else 0.0,
        rows_sent=sent,
        sending_s=round(sending, 3),
        exit_code=int(exit_code(stopped, counts.rows + counts.mirror, all_failed)),
        stopped_because=str(stopped) if stopped else None,
        dry_run=bool(run.options.get("dry_run")),
        parent=run.parent,
        version=__version__,
        out=run.out,
        changed_fields=dict(effort.changed_fields or before.get("changed_fields") or {}),
        errors=most_first(counts.errors),
        warnings=most_first(counts.warnings),
        mirror=dict(counts.mirror),
        compared=run.options.get("compared") or {},
        latency=effort.latencies.facts(before.get("latency")),
        resumable=not isinstance(stopped, JournalLost),
    )


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
        _log.warning("report.xlsx and failed.xlsx are left out, to make room in %s: %s", run.out, why(error))
        try:
            _write(journal, run, source, summary, keep=keep, workbooks=False)
        except JournalError as again:
            raise _unwritten(run, again) from again


def _unwritten(run: RunRecord, error: OSError | JournalError) -> JournalError:
    return JournalError(
        f"the reports in {run.out} cannot be written: {why(error)}. The journal has everything: fix the cause, "
        f"then write them with '{command('runs', 'report', run.id)}'."
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
        self._results = files.enter_context(results_file(self._out / "results.csv"))
        mapped = run.options.get("mapped") or {}
        self._add_failed = files.enter_context(
            failed_rows(self._out, run.id, columns, source.extra_cells, mapped, workbooks=workbooks)
        )
        self._mirrored: ResultsFile | None = None
        self.html = HtmlReport(columns, mapped, mask=mask)
        xlsx = self._out / "report.xlsx"
        self.xlsx: Spared[XlsxReport] = Spared(xlsx, workbook)
        if workbooks and (run.rows or 0) <= XLSX_ROWS:
            self.xlsx.open(lambda: XlsxReport(xlsx, run.id, columns, source.extra_cells, mask=mask))

    def add(self, entry: JournalRow) -> tuple[int, Sequence[str]] | None:
        """Write one row of the journal into all reports; return its place and cells if it is to be fixed."""
        result = entry.result
        if not entry.has_source:
            if self._mirrored is None:
                self._mirrored = self._files.enter_context(results_file(self._out / "mirror.csv"))
            self._mirrored.add(result)
            return None
        self._results.add(result)
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
