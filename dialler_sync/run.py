"""Composes the stages into one run: prepare → load → reports, with a journal from beginning to end."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

from .api.client import DiallerClient
from .api.pace import Gate
from .config import Settings, fingerprint
from .config.settings import Limit, row_limit
from .errors import InputError, Interrupted, LimitReached, SafetyLimit, StopRun, UsageError
from .interrupt import interruptible
from .journal import Journal, JournalRow, Outcome, PlannedRow, RowState, RunRecord
from .load import Loader, Rules
from .model import Action, RowResult, Status
from .prepare import Prepared, Source, open_sources, prepare
from .recorder import Recorder
from .spool import SpooledRow
from .summary import Summary, write_reports

_log = logging.getLogger(__name__)

PATIENCE_AT_START = 30.0
"""Seconds that a dialler which has never answered is tried, unless ``give_up_after`` is set: a wrong address
should not look like a long night."""


class Observer(Protocol):
    """Is told how a run goes on."""

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins; ``total`` rows, if that is known."""

    def advance(self, rows: int, status: Status | None = None) -> None:
        """Rows are done, with this outcome where they have one."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the command line says of an import, beside the configuration."""

    files: tuple[Path, ...]
    config_path: Path
    out: Path | None = None
    dry_run: bool = False
    limit: int | None = None
    max_errors: Limit | None = None


class _Silent:
    def stage(self, name: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, rows: int, status: Status | None = None) -> None:
        """Say nothing."""


def validate_files(
    settings: Settings, options: ImportOptions, journal: Journal, observer: Observer | None = None
) -> Summary:
    """Map and validate, send nothing; a valid row succeeds.

    Raises:
        UsageError, InputError: before anything is written.
    """
    return _new_run("validate", settings, options, journal, observer or _Silent())


def import_files(
    settings: Settings, options: ImportOptions, journal: Journal, observer: Observer | None = None
) -> Summary:
    """Import files; what stopped the run, if anything did, stands in the summary.

    Raises:
        UsageError, InputError: before anything is sent.
    """
    return _new_run("import", settings, options, journal, observer or _Silent())


def resume_run(settings: Settings, run: RunRecord, journal: Journal, observer: Observer | None = None) -> Summary:
    """Finish an interrupted run: what is settled stays, doubtful rows are looked for, the rest is sent.

    Raises:
        UsageError: there is nothing to resume, or files or configuration are others than they were.
    """
    if run.state == "finished":
        raise UsageError(f"run {run.id} has finished; there is nothing to resume")
    changed = changes(run.config, fingerprint(settings))
    if changed:
        raise UsageError(f"the configuration is not what it was when run {run.id} began: {'; '.join(changed)}")
    paths = _paths(run)
    options = ImportOptions(paths, Path(run.config_path), max_errors=row_limit(run.options.get("max_errors")))
    sources = open_sources(settings, paths, _log.debug)
    for source, entry in zip(sources, run.files, strict=True):
        if source.sha256 != entry["sha256"]:
            raise UsageError(f"{source.path} is not the file that run {run.id} began with; import it as a new run")
    with journal.campaign_lock(run.target):
        return _Run(settings, options, journal, observer or _Silent(), run, sources, resumed=True).carry_out()


def retry_run(
    settings: Settings,
    parent: RunRecord,
    journal: Journal,
    files: Sequence[Path] = (),
    out: Path | None = None,
    observer: Observer | None = None,
) -> Summary:
    """Send again what did not succeed in ``parent``, from its files as they are now, or from mended ones.

    Raises:
        UsageError, InputError: before anything is sent.
    """
    if parent.state == "running":
        raise UsageError(f"run {parent.id} has not ended: finish it with 'dialler-sync resume {parent.id}' first")
    options = ImportOptions(tuple(files) or _paths(parent), Path(parent.config_path), out)
    return _new_run("import", settings, options, journal, observer or _Silent(), parent.id)


def find_resumable(journal: Journal, name: str | None) -> RunRecord:
    """The run of this name, or the newest one that is not finished.

    Raises:
        UsageError: there is none.
    """
    if name:
        return journal.run(name)
    found = next((run for run in journal.runs() if run.state != "finished"), None)
    if found is None:
        raise UsageError("every run in the journal has finished; there is nothing to resume")
    return found


def find_import(journal: Journal, name: str | None) -> RunRecord:
    """The run of this name, or the newest import that has ended.

    Raises:
        UsageError: there is none.
    """
    if name:
        return journal.run(name)
    found = next((run for run in journal.runs() if run.command == "import" and run.state != "running"), None)
    if found is None:
        raise UsageError("there is no import in the journal that could be tried again")
    return found


def _paths(run: RunRecord) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(Path(entry["path"]) for entry in run.files))


def _new_run(
    command: str,
    settings: Settings,
    options: ImportOptions,
    journal: Journal,
    observer: Observer,
    parent: str | None = None,
) -> Summary:
    sources = open_sources(settings, options.files, _log.warning)
    started = datetime.now(UTC)
    run_id = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    campaign = _campaign(settings)
    target = f"{settings.dialler.root}#{campaign}"
    sends = command == "import" and not options.dry_run
    lock: AbstractContextManager[None] = journal.campaign_lock(target) if sends else nullcontext()
    with lock:
        run = RunRecord(
            id=run_id,
            parent=parent,
            command=command,
            target=target,
            campaign=campaign,
            out=str(make_folder(options.out or Path("reports") / run_id)),
            config_path=str(options.config_path.resolve()),
            config=fingerprint(settings),
            options={
                "dry_run": options.dry_run,
                "limit": options.limit,
                "max_errors": str(options.max_errors) if options.max_errors else None,
            },
            started_at=stamp(started),
            files=tuple(source.record(0) for source in sources),
        )
        journal.add_run(run)
        return _Run(settings, options, journal, observer, run, sources).carry_out()


def stamp(moment: datetime) -> str:
    """A time for reports: ISO 8601, UTC, seconds."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def batched(items: Iterator[Outcome], size: int) -> Iterator[list[Outcome]]:
    """Lists of at most ``size`` items."""
    while batch := list(islice(items, size)):
        yield batch


@dataclass(slots=True)
class _Run:
    """One run, while it is carried out."""

    settings: Settings
    options: ImportOptions
    journal: Journal
    observer: Observer
    run: RunRecord
    sources: Sequence[Source]
    resumed: bool = False
    requests: int = 0
    retries: int = 0
    errors: int = 0
    doubtful: dict[int, int] = field(default_factory=dict)

    def carry_out(self) -> Summary:
        """From the first row read to the last report written."""
        started = time.monotonic()
        prepared = None
        stopped: StopRun | None = None
        try:
            prepared = self._prepare()
            self._check_limits(prepared)
            if self.run.command == "import" and not self.options.dry_run:
                stopped = self._load(prepared)
            else:
                self._send_nothing(prepared)
        except StopRun as error:
            stopped = error
        except KeyboardInterrupt:
            stopped = Interrupted("interrupted while the files were read; nothing was sent")
        except InputError:
            self._forget()
            raise
        self.run = replace(
            self.run, state="finished" if stopped is None else "stopped", finished_at=stamp(datetime.now(UTC))
        )
        summary = write_reports(
            self.journal,
            self.run,
            prepared,
            stopped,
            duration=time.monotonic() - started,
            requests=self.requests,
            retries=self.retries,
        )
        if prepared:
            prepared.close()
        return summary

    # Reading

    def _prepare(self) -> Prepared:
        self.observer.stage("reading", None)
        begun = self.run.rows is not None
        if not begun:
            self.journal.clear_rows(self.run.id)
        prepared = prepare(
            self.settings,
            self.sources,
            Path(self.run.out),
            write=_Comparison(self.journal, self.run) if begun else partial(self.journal.add_rows, self.run.id),
            settle=(lambda _: None) if begun else partial(self.journal.record, self.run.id),
            progress=self.observer.advance,
        )
        if begun:
            self._take_up(prepared)
        else:
            if self.run.parent:
                self._leave_settled(prepared, self.journal.run(self.run.parent))
            self.run = replace(self.run, files=tuple(prepared.files), rows=prepared.total)
            self.journal.update_run(self.run.id, files=self.run.files, rows=self.run.rows)
        self.errors = prepared.rejected
        return prepared

    def _take_up(self, prepared: Prepared) -> None:
        """Leave out what the interrupted run has settled, and look for what it may have sent."""
        for entry in self.journal.rows(self.run):
            if entry.state != RowState.PENDING:
                self._decide(prepared, entry.result.seq, entry)

    def _leave_settled(self, prepared: Prepared, parent: RunRecord) -> None:
        """Of an earlier run, take up only what did not succeed; found by UserData, else by row number."""
        by_key: dict[str, JournalRow] = {}
        by_row: dict[tuple[str, str, int], JournalRow] = {}
        for entry in self.journal.rows(parent):
            if entry.result.status not in _FINE:
                by_row[_place(entry.result)] = entry
                by_key[entry.result.user_data] = entry
        left = []
        for entry in self.journal.rows(replace(self.run, files=tuple(prepared.files))):
            result = entry.result
            found = by_key.get(result.user_data) if result.user_data else None
            if found is None and (candidate := by_row.get(_place(result))):
                found = candidate if not (result.user_data and candidate.result.user_data) else None
            if not prepared.todo[result.seq]:
                continue
            if found is None:
                prepared.todo[result.seq] = 0
                left.append(Outcome(result.seq, Status.SKIPPED, Action.UNCHANGED, error=f"settled by run {parent.id}"))
            elif found.state in _DOUBTFUL:
                self._decide(prepared, result.seq, found)
        self.journal.record(self.run.id, left)

    def _decide(self, prepared: Prepared, seq: int, entry: JournalRow) -> None:
        """A row that was settled stays; one that may have been sent is sent again only if that is harmless."""
        if entry.state not in _DOUBTFUL:
            prepared.todo[seq] = 0
        elif not (self.settings.rows.overwrite_duplicates and entry.result.user_data):
            self.doubtful[seq] = entry.newest_id

    def _check_limits(self, prepared: Prepared) -> None:
        limit = self.options.max_errors or self.settings.rows.max_errors
        if limit and not limit.allows(prepared.rejected, prepared.total):
            raise SafetyLimit(
                f"{prepared.rejected} of {prepared.total} rows are rejected, more than --max-errors {limit} allows; "
                "nothing was sent"
            )

    def _send_nothing(self, prepared: Prepared) -> None:
        """``validate`` and ``--dry-run``: say of each row that is left what would become of it."""
        if self.run.command == "validate":
            status, action = Status.SUCCEEDED, None
        else:
            overwrite = self.settings.rows.overwrite_duplicates
            status, action = Status.SKIPPED, Action.IMPORT if overwrite else Action.CREATE
        left = (Outcome(row.seq, status, action) for row in self._to_send(prepared))
        for outcomes in batched(left, 5_000):
            self.journal.record(self.run.id, outcomes)

    def _forget(self) -> None:
        """A run that could not read its files has sent nothing and leaves nothing behind."""
        self.journal.delete_run(self.run.id)
        with suppress(OSError):
            Path(self.run.out).rmdir()

    # Sending

    def _to_send(self, prepared: Prepared) -> Iterator[SpooledRow]:
        return islice((row for row in prepared.to_send() if row.seq not in self.doubtful), self.options.limit)

    def _load(self, prepared: Prepared) -> StopRun | None:
        """Send; gives what stopped it, if anything did."""
        total = sum(prepared.todo)
        self.observer.stage("importing", total if self.options.limit is None else min(total, self.options.limit))
        if not total:
            return None
        try:
            asyncio.run(self._load_async(prepared))
        except StopRun as error:
            return error
        if self.options.limit is not None and total > self.options.limit:
            return LimitReached(
                f"--limit {self.options.limit}: the other rows wait for 'dialler-sync resume {self.run.id}'"
            )
        return None

    async def _load_async(self, prepared: Prepared) -> None:
        dialler = self.settings.dialler
        patience = dialler.give_up_after
        if "give_up_after" not in dialler.model_fields_set:
            patience = min(patience, PATIENCE_AT_START)
        gate = Gate(
            dialler.concurrency, rate=dialler.rate, give_up_after=dialler.give_up_after, patience_at_start=patience
        )
        rules = Rules(
            overwrite=self.settings.rows.overwrite_duplicates,
            fixed_campaign=self.settings.campaign.column is None,
            retries=dialler.retries,
            timeout=dialler.timeout,
        )
        async with DiallerClient(dialler, gate=gate) as client:
            recorder = Recorder(self.journal, self.run.id, gate.stop)
            loader = Loader(client, recorder, rules, settled=self._settled(gate, prepared))
            doubtful = [(row, self.doubtful[row.seq]) for row in prepared.to_send() if row.seq in self.doubtful]
            try:
                with interruptible(gate, asyncio.current_task()):
                    await loader.load(self._to_send(prepared), doubtful)
            finally:
                self.requests, self.retries = client.requests, loader.retries

    def _settled(self, gate: Gate, prepared: Prepared) -> Callable[[Outcome], None]:
        limit = self.options.max_errors or self.settings.rows.max_errors

        def settled(outcome: Outcome) -> None:
            self.observer.advance(1, outcome.status)
            if outcome.status not in _FINE:
                self.errors += 1
                if limit and not limit.allows(self.errors, prepared.total):
                    gate.stop(SafetyLimit(f"{self.errors} rows did not succeed, more than --max-errors {limit} allows"))

        return settled


class _Comparison:
    """Reading again what an interrupted run has read must give the same rows."""

    def __init__(self, journal: Journal, run: RunRecord) -> None:
        self._run = run
        self._known = journal.rows(run)

    def __call__(self, planned: Sequence[PlannedRow]) -> None:
        for row in planned:
            known = next(self._known, None)
            if known is None or known.result.row != row.row or known.payload != row.payload:
                raise UsageError(
                    f"row {row.row} is not what it was when run {self._run.id} began (another dialler-sync version?); "
                    "import the file as a new run"
                )


_FINE = frozenset({Status.SUCCEEDED, Status.SKIPPED})
_DOUBTFUL = frozenset({str(RowState.SENDING), str(Status.UNKNOWN)})


def _place(result: RowResult) -> tuple[str, str, int]:
    return result.file, result.sheet, result.row


def _campaign(settings: Settings) -> str:
    campaign = settings.campaign
    return str(campaign.id) if campaign.id is not None else campaign.name or f"column {campaign.column}"


def make_folder(path: Path) -> Path:
    """Make the folder of a run's reports, for its owner only.

    Raises:
        UsageError: it holds a run's reports already, or cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(path.iterdir()):
            raise UsageError(f"--out {path}: is not empty; a run's reports are never overwritten. Name another folder.")
        path.chmod(0o700)
    except OSError as error:
        raise UsageError(
            f"the report folder {path} cannot be made: {error.strerror}. Name another with --out."
        ) from error
    return path.resolve()


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What differs between two fingerprints, in words."""
    names = sorted(before.keys() | after.keys())
    return [
        f"{name} was {before.get(name, 'not set')}, is {after.get(name, 'not set')}"
        for name in names
        if before.get(name) != after.get(name)
    ]
