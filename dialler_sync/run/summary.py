"""The reports of a run: every row once, in source order, and the counts that must add up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .. import __version__
from ..api.latency import Latencies
from ..errors import JournalError, StopRun
from ..exit_codes import exit_code
from ..journal import Journal, RunRecord
from ..model import Action, Status
from ..prepare import EXTRA_FILE
from ..report.csv_files import failed_file, result_line, results_file
from ..report.files import new_file
from ..report.html import HtmlReport
from ..report.masking import Mask
from ..report.xlsx import XlsxReport

XLSX_ROWS = 10_000
"""Rows up to which ``report.xlsx`` is written: it costs more time than all other reports together."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did: ``summary.json``.

    ``counts`` are rows by status, ``actions`` by what was done, ``errors`` by error code; ``latency`` as
    :meth:`~dialler_sync.api.latency.Latencies.facts` has it.
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
    latency: Mapping[str, Any] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write ``summary.json``."""
        with new_file(path) as file:
            json.dump(asdict(self), file, ensure_ascii=False, indent=2)
            file.write("\n")


class SourceCells(Protocol):
    """The rows of a run as they were read."""

    @property
    def extra_cells(self) -> int:
        """How many cells the longest row has beyond its header."""

    def source_cells(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """(place in the run, source, original cells) of every row, in order."""


def write_reports(
    journal: Journal,
    run: RunRecord,
    source: SourceCells,
    stopped: StopRun | None,
    *,
    duration: float,
    requests: int,
    retries: int,
    changed_fields: Mapping[str, int] | None = None,
    latencies: Latencies | None = None,
) -> Summary:
    """Write ``results.csv``, ``failed.csv``, ``summary.json``, ``report.html`` and ``.xlsx`` of a run from its journal.

    ``source`` has the original cells. Sums of an earlier, interrupted part of the run are added up. What
    was done to contacts that no source row stands for is counted in ``actions`` and listed in ``mirror.csv``.
    ``run.options["mask"]`` are the columns whose phone numbers ``report.html`` and ``.xlsx`` do not show.

    Raises:
        JournalError: the folder cannot be written.
        AssertionError: the counts do not add up to the rows read, which is a bug.
    """
    try:
        return _write_reports(
            journal,
            run,
            source,
            stopped,
            duration=duration,
            requests=requests,
            retries=retries,
            changed_fields=changed_fields,
            latencies=latencies,
        )
    except OSError as error:
        raise JournalError(
            f"the reports in {run.out} cannot be written: {error.strerror}. The journal has all of it: "
            "mend that and write the reports again with 'dialler-sync runs report RUN'."
        ) from error


def _write_reports(
    journal: Journal,
    run: RunRecord,
    source: SourceCells,
    stopped: StopRun | None,
    *,
    duration: float,
    requests: int,
    retries: int,
    changed_fields: Mapping[str, int] | None,
    latencies: Latencies | None,
) -> Summary:
    out = Path(run.out)
    counts = Counter({str(status): 0 for status in Status})
    actions = Counter({str(action): 0 for action in Action})
    with ExitStack() as files:
        results = files.enter_context(results_file(out / "results.csv"))
        columns = [entry["layout"].get("columns", ()) for entry in run.files]
        failed = files.enter_context(failed_file(out / "failed.csv", columns, source.extra_cells))
        masked = run.options.get("mask")
        mask = None if masked is None else Mask(columns, masked)
        html = HtmlReport(columns, mask=mask)
        xlsx = None
        if (run.rows or 0) <= XLSX_ROWS:
            xlsx = files.enter_context(XlsxReport(out / "report.xlsx", columns, source.extra_cells, mask=mask))
        mirrored = None
        cells = source.source_cells()
        for entry in journal.rows(run):
            result = entry.result
            if result.action and result.status in (Status.SUCCEEDED, Status.SKIPPED):
                actions[result.action] += 1
            if entry.file == EXTRA_FILE:
                mirrored = mirrored or files.enter_context(results_file(out / "mirror.csv"))
                mirrored.writerow(result_line(result))
                continue
            results.writerow(result_line(result))
            counts[result.status] += 1
            seq, number, row_cells = next(cells)
            assert seq == result.seq, "the journal and the source disagree"  # noqa: S101
            failed.add(result, number, row_cells)
            html.add(result, number, row_cells)
            if xlsx:
                xlsx.add(result, number, row_cells)
        read = sum(counts.values())
        if run.rows is not None and read != run.rows:
            raise AssertionError(f"{run.rows} rows were read and {read} have an outcome")
        before = run.summary or {}
        duration += before.get("duration_s", 0.0)
        summary = Summary(
            run_id=run.id,
            command=run.command,
            started_at=run.started_at,
            finished_at=run.finished_at or "",
            duration_s=round(duration, 3),
            files=tuple(run.files),
            campaign=int(run.campaign) if run.campaign.isdecimal() else run.campaign,
            counts={"read": read, **counts},
            actions=dict(actions),
            requests=requests + before.get("requests", 0),
            retries=retries + before.get("retries", 0),
            rows_per_s=round(read / duration, 1) if duration else 0.0,
            exit_code=int(exit_code(stopped, counts)),
            stopped_because=str(stopped) if stopped else None,
            dry_run=bool(run.options.get("dry_run")),
            parent=run.parent,
            version=__version__,
            out=run.out,
            changed_fields=dict(changed_fields or before.get("changed_fields") or {}),
            errors=html.reasons(),
            latency=(latencies or Latencies()).facts(before.get("latency")),
        )
        if xlsx:
            xlsx.write(asdict(summary))
    summary.write(out / "summary.json")
    html.write(out / "report.html", asdict(summary), _history(journal, run))  # last: it links to what is there
    journal.update_run(run.id, state=run.state, finished_at=run.finished_at, summary=asdict(summary))
    return summary


def _history(journal: Journal, run: RunRecord) -> list[Mapping[str, Any]]:
    """Summaries of earlier runs that did the same to the same campaign, the newest first."""

    def kind(other: RunRecord) -> tuple[str, str, bool]:
        return other.target, other.command, bool(other.options.get("dry_run"))

    earlier = (other for other in journal.runs(limit=500) if other.started_at < run.started_at)
    return [other.summary for other in earlier if other.summary and kind(other) == kind(run)][:30]
