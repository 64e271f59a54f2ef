"""Run one reconciliation, from the first row read to the last report written; nothing in the dialler is changed."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from pathlib import Path

from ..api.fatal import reason
from ..config import Settings
from ..errors import DiallerUnavailable, Interrupted, JournalError, RequestError, StopRun
from ..exit_codes import ExitCode
from ..journal import Journal, PlannedRow, RunRecord
from ..journal.records import faults_text, parse_faults
from ..model import RowResult, Status
from ..observer import Observer
from ..own_columns import CALL_COLUMNS
from ..pages import RECORDS, batched
from ..plan.fill import read_calls as read_results
from ..plan.suppress import SuppressionLists
from ..plan.survey import calls_are_told
from ..prepare.prepared import Prepared
from ..prepare.read_through import prepare
from ..prepare.sources import Source
from ..report.failed_xlsx import failed_rows
from ..report.reconciliation import ReportLine
from ..report.reconciliation_reports import ReconciliationReports
from ..run.lifecycle import Course, carrying_out, ended, note_end, reporting
from ..run.reports import known_name
from ..run.session import session
from ..text.phrase import figure, phrase
from .calls import CallTally, read_calls
from .compare import Line, said, said_fields
from .known import known_numbers
from .moves import Moves
from .scope import find_scope
from .sides import Sides
from .source_of_truth import SourceOfTruth, read_dialler
from .summary import Found, ReconciliationSummary, summarise

_log = logging.getLogger(__name__)

FAILED = ("failed.csv", "failed.xlsx")
"""Reports written before the dialler is asked."""

_MOST_FIELDS = 16_000
"""Most different fields of all records; a column for each in every line could fill the disk."""


@dataclass(frozen=True, slots=True)
class ReconcileOptions:
    """Command-line options of a reconciliation, beside the configuration.

    ``extras``: also look for contacts that the file does not have. ``since``: ID of an earlier reconciliation, or
    ``last``. ``detailed_exitcode``: exit 6 if anything differs. ``mask``: hide phone numbers in the page. ``language``:
    languagesID for the dialler's texts of calls.
    """

    files: tuple[Path, ...]
    config_path: Path
    out: Path | None = None
    with_history: bool = False
    extras: bool = True
    since: str | None = None
    detailed_exitcode: bool = False
    mask: bool = False
    language: int | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Result: the summary, and the first lines that do not match."""

    summary: ReconciliationSummary
    lines: Sequence[ReportLine]


@dataclass(slots=True)
class ReconciliationRun:
    """One reconciliation while it runs."""

    settings: Settings
    options: ReconcileOptions
    journal: Journal
    observer: Observer
    run: RunRecord
    sources: Sequence[Source]
    suppressed: SuppressionLists
    prepared: Prepared
    sides: Sides
    moves: Moves | None
    asked: SourceOfTruth | None = None
    tally: CallTally | None = None
    requests: int = 0

    @property
    def planned(self) -> bool:
        """Always False: each reconciliation starts anew."""
        return False

    def carry_out(self) -> Reconciled:
        """Run the reconciliation; the summary says what stopped it, if anything.

        Raises:
            UsageError, InputError: before anything is written.
        """
        found: Found | None = None
        out = Path(self.run.out)
        with carrying_out(self) as course:
            self._read()
            course.stopped = self._ask()
            with ReconciliationReports(
                out, self._told_columns(), moved=self.moves is not None, mask=self.options.mask
            ) as reports:
                found = self._compare(reports)
                reports.write(asdict(self._summary(found, course)))
        with reporting(self.run):
            summary = self._end(found, course)
            try:
                summary.write(out / "summary.json")
            except (JournalError, KeyboardInterrupt) as error:
                course.stopped = course.stopped or (error if isinstance(error, JournalError) else Interrupted())
                self._end(found, course)
                raise
        return Reconciled(summary, found.first if found else ())

    def _end(self, found: Found | None, course: Course) -> ReconciliationSummary:
        """Write the end of the run to the journal."""
        self.run = ended(self.run, course.stopped)
        summary = self._summary(found, course)
        note_end(self.journal, self.run, asdict(summary), files=self.run.files, rows=self.run.rows)
        return summary

    # Both sides

    def _read(self) -> None:
        """Read the file's side."""
        self.observer.stage(phrase("reading"), None)
        prepare(
            self.prepared,
            self.settings,
            self.sources,
            self.sides,
            progress=self.observer.advance,
            amend=self.suppressed.amended if self.suppressed else None,
        )
        self.run = replace(self.run, files=tuple(self.prepared.files), rows=self.prepared.total)
        columns = [entry["layout"].get("columns", ()) for entry in self.run.files]
        rows = self._rejected()
        mapped = self.run.options["mapped"]
        with failed_rows(Path(self.run.out), self.run.id, columns, self.prepared.extra_cells, mapped) as add:
            for page in batched(rows, RECORDS):
                for result, source, cells in page:
                    add(result, source, cells)
                self.journal.add_rows(self.run.id, (_planned(result, source) for result, source, _ in page))
                self.journal.keep_cells(self.run.id, ((result.seq, cells) for result, _, cells in page))

    def _rejected(self) -> Iterator[tuple[RowResult, int, tuple[str, ...]]]:
        """Yield the rejected rows, each with its source and its original cells."""
        every_row = self.prepared.source_cells()
        for seq, key, code, where, error, hint, faults in self.sides.rejected():
            source, cells = next((source, cells) for place, source, cells in every_row if place == seq)
            file = self.run.files[source]
            row = RowResult(seq, file["name"], file["sheet"] or "", self.prepared.rows[seq], key, Status.REJECTED)
            row = row._replace(error_code=code, error_field=where, error=error, hint=hint, faults=parse_faults(faults))
            yield row, source, cells

    def _ask(self) -> StopRun | None:
        """Read the dialler's side; return the error that stopped the reading of calls, if any.

        Calls are optional: the comparison is useful without them.

        Raises:
            StopRun: the contacts could not be read completely, or have too many fields for a table.
        """
        stopped = None
        try:
            asyncio.run(self._ask_dialler())
        except StopRun as error:
            if self.asked is None or isinstance(error, Interrupted):
                raise
            stopped = error
        if len(self.sides.fields) > _MOST_FIELDS:
            raise DiallerUnavailable(
                phrase(
                    "the dialler's answer is not usable: its records have {count} different fields, more than a "
                    "table can hold",
                    count=figure(len(self.sides.fields)),
                )
            )
        return stopped

    async def _ask_dialler(self) -> None:
        self.observer.stage(phrase("reading the dialler"), None)
        async with session(self.settings.dialler) as client:
            try:
                self.sides.scope, campaign = await find_scope(
                    client, self.settings.campaign, self.prepared.bodies.batches(), extras=self.options.extras
                )
                self.asked = await read_dialler(client, self.sides, campaign)
                if not calls_are_told(self.sides, self.settings):  # they decide whom protect: protects
                    await read_results(self.sides, client)
                if self.sides.outside:
                    _log.info(
                        phrase("{count} contacts that the dialler sent were ignored", count=figure(self.sides.outside))
                    )
                if self.options.with_history:
                    self.observer.stage(phrase("reading calls"), self.sides.count_contacts())
                    self.tally = await read_calls(client, self.sides, self.observer.advance, self.options.language)
            except RequestError as error:
                raise reason(error) from error
            finally:
                self.requests += client.requests

    # The comparison

    def _told_columns(self) -> list[str]:
        return [*(CALL_COLUMNS if self.tally else ()), *said_fields(self.sides.fields)]

    def _compare(self, reports: ReconciliationReports) -> Found:
        """Write every line.

        Raises:
            AssertionError: the classes do not partition both sides, which is a bug.
        """
        found = Found()
        self.observer.stage(phrase("comparing"), None)
        told = said_fields(self.sides.fields)
        bodies = self.prepared.bodies
        with known_numbers(self.sides, self.settings, bodies.batches()) as known_of:
            lines = self.sides.lines(bodies.batches(), self.prepared.rows, self.suppressed, known_of)
            for page in batched(lines, RECORDS):
                for line, shown in zip(page, self._shown(page, told), strict=True):
                    found.add(line, shown)
                    reports.add(shown)
                    if self.moves and (move := self.moves.move(shown)):
                        found.add_move(move)
                        reports.add_move(move)
                self.observer.advance(len(page))
        for move in self.moves.gone() if self.moves else ():
            found.add_move(move)
            reports.add_move(move)
        contacts, rows = self.sides.count_contacts(), self.sides.valid
        if (found.contacts.total(), found.rows.total()) != (contacts, rows):
            raise AssertionError(
                f"{contacts} contacts and {rows} rows were compared; "
                f"{found.contacts.total()} and {found.rows.total()} have a class"
            )
        return found

    def _shown(self, page: Sequence[Line], told: Sequence[str]) -> Iterator[ReportLine]:
        """Yield the lines as the reports show them."""
        called = self.sides.called([line.contact_id for line in page]) if self.tally else None
        starts = list(accumulate((entry["rows"] for entry in self.run.files), initial=0))
        for line in page:
            calls: tuple[object, ...] = ()
            if called is not None:
                calls = called.get(line.contact_id, ("0" if line.contact_id else "", "", "", "", ""))
            values = line.contact.values if line.contact else {}
            row, file = None, ""
            if line.seq is not None:
                row = self.prepared.rows[line.seq]
                file = self.run.files[bisect_right(starts, line.seq) - 1]["name"]
            told_here = (*map(str, calls), *(said(values[name]) if name in values else "" for name in told))
            yield ReportLine(
                line.kind,
                line.user_data,
                line.contact_id,
                row,
                line.text,
                file,
                line.in_dialler,
                line.in_file,
                told_here,
            )

    def _summary(self, found: Found | None, course: Course) -> ReconciliationSummary:
        summary = summarise(
            self.run, self.prepared, found, course.stopped, asked=self.asked, tally=self.tally, requests=self.requests,
            duration=course.duration, campaign_name=known_name(self.journal, self.run),
        )  # fmt: skip
        if self.options.detailed_exitcode and summary.differs and not course.stopped:
            return replace(summary, exit_code=int(ExitCode.DIFFERENCES))
        return summary


def _planned(row: RowResult, file: int) -> PlannedRow:
    """Return the journal's record of a row, which a mended row is checked against."""
    return PlannedRow(
        row.seq, file, row.row, row.user_data, state=row.status, error_code=row.error_code, error_field=row.error_field,
        error=row.error, hint=row.hint, faults=faults_text(row.faults),
    )  # fmt: skip
