"""The jobs of the command line and of notebooks: validate, import, plan, resume, retry."""

from __future__ import annotations

import logging
import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .api.client import DiallerClient
from .api.token import read_token
from .bulk import BulkRun, Job, Planned
from .config import Settings, changes, fingerprint
from .config.settings import row_limit
from .contact_changes import COMMANDS, ChangeOptions, bulk_run
from .errors import UsageError
from .execution import Execution, RunOptions
from .fields import FIELDS, Kind
from .journal import Journal, JournalRow, PlannedRow, RunRecord
from .observer import Observer, Silent
from .plan_file import PlanFile
from .prepare import Source, open_sources
from .saved_cells import SavedCells
from .summary import Summary
from .suppress import SuppressionLists, read_suppression_lists
from .targets import Targets
from .undo import Undoer, to_undo

_log = logging.getLogger(__name__)

READING = frozenset({"validate", "plan", "reconcile"})
"""Commands that send nothing; there is nothing to resume."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the command line says of an import, beside the configuration.

    ``plan`` is what was planned: then the import does exactly what it says, or refuses.
    """

    files: tuple[Path, ...]
    config_path: Path
    out: Path | None = None
    run: RunOptions = field(default_factory=RunOptions)
    plan: PlanFile | None = None


def validate_files(
    settings: Settings, options: ImportOptions, journal: Journal, observer: Observer | None = None
) -> Summary:
    """Map and validate, send nothing; a valid row succeeds.

    Raises:
        UsageError, InputError: before anything is written.
    """
    return _new_run("validate", settings, options, journal, observer)


def import_files(
    settings: Settings, options: ImportOptions, journal: Journal, observer: Observer | None = None
) -> Summary:
    """Import files; what stopped the run, if anything did, stands in the summary.

    Raises:
        UsageError, InputError: before anything is sent.
    """
    return _new_run("import", settings, options, journal, observer)


def plan_files(
    settings: Settings, options: ImportOptions, journal: Journal, observer: Observer | None = None
) -> PlanFile:
    """What an import would do, by the code that does it; nothing is sent, and no report is written.

    Raises:
        UsageError, InputError, StopRun: there is no plan.
    """
    read_token(settings.dialler)
    sources = open_sources(settings, options.files, _log.warning)
    with tempfile.TemporaryDirectory() as folder:
        run = _record("plan", settings, options, sources, Path(folder), None)
        journal.add_run(run)
        execution = _execution(settings, options.run, journal, observer, run, sources)
        planned = execution.plan()
    return PlanFile.of(execution.run, options.run, planned, execution.errors)


def resume_run(
    settings: Settings,
    run: RunRecord,
    journal: Journal,
    observer: Observer | None = None,
    cluster: str | None = None,
) -> Summary:
    """Finish an interrupted run: what is settled stays, doubtful rows are looked for, the rest is sent.

    From here, wherever it began, unless a ``cluster`` is named.

    Raises:
        UsageError: there is nothing to resume, or files or configuration are others than they were.
    """
    changed = changes(run.config, fingerprint(settings))
    if changed:
        raise UsageError(f"the configuration is not what it was when run {run.id} began: {'; '.join(changed)}")
    read_token(settings.dialler)
    _check_cluster(cluster)
    with journal.campaign_lock(run.target):
        run = journal.run(run.id)  # it may have been finished while we waited for the campaign
        if run.state == "finished":
            raise UsageError(f"run {run.id} has finished; there is nothing to resume")
        if run.command in READING:
            raise UsageError(f"run {run.id} was a {run.command}, which sends nothing: run it again")
        Path(run.out).mkdir(parents=True, exist_ok=True, mode=0o700)
        if run.command == "undo":
            journal.update_run(run.id, state="running", folded=False)
            return _undo(settings, run, journal.run(run.parent or ""), journal, observer).carry_out()
        if run.command in COMMANDS:
            return _resume_change(settings, run, journal, observer)
        sources = open_sources(settings, _paths(run), _log.debug)
        for source, entry in zip(sources, run.files, strict=True):
            if source.sha256 != entry["sha256"]:
                raise UsageError(f"{source.path} is not the file that run {run.id} began with; import it as a new run")
        options = RunOptions(
            dry_run=bool(run.options.get("dry_run")),
            max_errors=row_limit(run.options.get("max_errors")),
            compare=run.options.get("compare", "none"),
            max_missing=row_limit(run.options.get("max_missing")),
            adopt=bool(run.options.get("adopt")),
            mask=run.options.get("mask") is not None,
            cluster=cluster,
        )
        journal.update_run(run.id, state="running", folded=False, options={**run.options, "cluster": cluster})
        return _execution(settings, options, journal, observer, run, sources).carry_out()


def retry_run(
    settings: Settings,
    parent: RunRecord,
    journal: Journal,
    files: Sequence[Path] = (),
    out: Path | None = None,
    observer: Observer | None = None,
    cluster: str | None = None,
) -> Summary:
    """Send again what did not succeed in ``parent``, from its files as they are now, or from mended ones.

    Raises:
        UsageError, InputError: before anything is sent.
    """
    if parent.state == "running":
        raise UsageError(f"run {parent.id} has not ended: finish it with 'dialler-sync resume {parent.id}' first")
    if parent.command in READING:
        raise UsageError(f"run {parent.id} was a {parent.command}, which sends nothing: there is nothing to try again")
    if parent.command == "undo":
        raise UsageError(
            f"run {parent.id} was an undo of {parent.parent}: run 'dialler-sync undo {parent.parent}' again"
        )
    config_path = Path(parent.config_path)
    if parent.command in COMMANDS:
        if len(files) > 1:
            raise UsageError(f"run {parent.id} read one file; name one with --file")
        change = ChangeOptions.of(parent, *files)
        targets = Targets(change.named, settings)
        return change_contacts(
            settings, parent.command, targets, change, config_path, journal, out, observer, parent.id
        )
    again = RunOptions(mask=parent.options.get("mask") is not None, cluster=cluster)
    options = ImportOptions(tuple(files) or _paths(parent), config_path, out, again)
    return _new_run("import", settings, options, journal, observer, parent.id)


def change_contacts(
    settings: Settings,
    command: str,
    targets: Targets,
    options: ChangeOptions,
    config_path: Path,
    journal: Journal,
    out: Path | None = None,
    observer: Observer | None = None,
    parent: str | None = None,
) -> Summary:
    """Lock, unlock or delete contacts; what stopped the run, if anything did, stands in the summary.

    Raises:
        UsageError, InputError: before anything is changed.
    """
    read_token(settings.dialler)
    with journal.campaign_lock(target_of(settings)):
        run = new_record(command, settings, config_path, targets.files, out, parent, options.record())
        journal.add_run(run)
        return bulk_run(settings, run, targets, options, journal, observer or Silent()).carry_out()


def _resume_change(settings: Settings, run: RunRecord, journal: Journal, observer: Observer | None) -> Summary:
    options = ChangeOptions.of(run)
    targets = Targets(options.named, settings)
    if [entry["sha256"] for entry in targets.files] != [entry["sha256"] for entry in run.files]:
        raise UsageError(f"{options.named.file} is not the file that run {run.id} began with; start a new run")
    journal.update_run(run.id, state="running", folded=False)
    return bulk_run(settings, run, targets, options, journal, observer or Silent()).carry_out()


def undo_run(
    settings: Settings,
    undone: RunRecord,
    journal: Journal,
    *,
    force: bool = False,
    out: Path | None = None,
    observer: Observer | None = None,
) -> Summary:
    """Put back what a run did; itself a run, with reports.

    Raises:
        UsageError: the run has not ended, or was an undo of another account.
    """
    if undone.state == "running":
        raise UsageError(f"run {undone.id} has not ended: finish it with 'dialler-sync resume {undone.id}' first")
    if undone.command == "undo":
        raise UsageError(
            f"run {undone.id} was an undo of {undone.parent}, and an undo cannot be undone: import the file again"
        )
    if undone.target != target_of(settings):
        ours = target_of(settings)
        raise UsageError(f"run {undone.id} worked on {undone.target}, and the configuration names {ours}")
    read_token(settings.dialler)
    with journal.campaign_lock(undone.target):
        files = [{**entry, "layout": {}} for entry in undone.files]
        run = new_record("undo", settings, Path(undone.config_path), files, out, undone.id, {"force": force})
        journal.add_run(run)
        return _undo(settings, run, undone, journal, observer).carry_out()


def _undo(
    settings: Settings, run: RunRecord, undone: RunRecord, journal: Journal, observer: Observer | None
) -> BulkRun:
    done = {entry.result.seq: entry for entry in to_undo(journal, undone)}

    def planned(entry: JournalRow) -> PlannedRow:
        row = entry.result
        return PlannedRow(row.seq, max(entry.file, 0), row.row, row.user_data, contact_id=row.contact_id)

    async def plan(_client: DiallerClient) -> AsyncIterator[Planned]:
        yield [planned(entry) for entry in done.values()], ()

    force = bool(run.options.get("force"))
    job = Job(
        plan,
        lambda row: str(done[row.result.seq].result.action),
        lambda client, _: Undoer(client, journal, undone.id, force),
    )
    return BulkRun(settings, journal, observer or Silent(), run, job, SavedCells(journal, run))


def find_resumable(journal: Journal, name: str | None) -> RunRecord:
    """The run of this name, or the newest one that is not finished.

    Raises:
        UsageError: there is none.
    """
    if name:
        return journal.run(name)
    found = next((run for run in journal.runs() if run.state != "finished" and run.command not in READING), None)
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
    observer: Observer | None,
    parent: str | None = None,
) -> Summary:
    plan = options.plan
    if command != "validate":
        read_token(settings.dialler)  # better known now than after a million rows
    _check_cluster(options.run.cluster)
    sources = open_sources(settings, options.files or (plan.paths() if plan else ()), _log.warning)
    if plan:
        plan.check_inputs([source.record(0) for source in sources], fingerprint(settings), options.run.compare)
    sends = command == "import" and not options.run.dry_run
    lock: AbstractContextManager[None] = journal.campaign_lock(target_of(settings)) if sends else nullcontext()
    with lock:
        run = _record(command, settings, options, sources, None, parent)
        journal.add_run(run)
        execution = _execution(settings, options.run, journal, observer, run, sources)
        execution.check_plan = plan.check_decisions if plan else None
        return execution.carry_out()


def _check_cluster(cluster: str | None) -> None:
    if cluster is not None:
        from .cluster.engine import check

        check(cluster)


def _execution(
    settings: Settings,
    options: RunOptions,
    journal: Journal,
    observer: Observer | None,
    run: RunRecord,
    sources: Sequence[Source],
) -> Execution:
    suppressed = SuppressionLists() if run.command == "validate" else read_suppression_lists(settings)
    return Execution(settings, options, journal, observer or Silent(), run, sources, suppressed)


def _record(
    command: str,
    settings: Settings,
    options: ImportOptions,
    sources: Sequence[Source],
    folder: Path | None,
    parent: str | None,
) -> RunRecord:
    limits = {"max_errors": options.run.max_errors, "max_missing": options.run.max_missing}
    given = {
        "dry_run": options.run.dry_run,
        "limit": options.run.limit,
        "compare": options.run.compare,
        "adopt": options.run.adopt,
        "mask": _phone_columns(settings) if options.run.mask else None,
        "cluster": options.run.cluster,
        **{name: None if limit is None else str(limit) for name, limit in limits.items()},
    }
    files = [source.record(0) for source in sources]
    return new_record(command, settings, options.config_path, files, options.out, parent, given, folder)


def _phone_columns(settings: Settings) -> list[str]:
    """Source columns that hold phone numbers."""
    rules = settings.columns.items()
    return [column for name, rule in rules if FIELDS[name].kind is Kind.PHONE for column in rule.sources]


def new_record(
    command: str,
    settings: Settings,
    config_path: Path,
    files: Sequence[Mapping[str, Any]],
    out: Path | None,
    parent: str | None,
    options: Mapping[str, Any],
    folder: Path | None = None,
) -> RunRecord:
    """A run that begins now, with a folder of its own for its reports (``folder``: one that is there already)."""
    started = datetime.now(UTC)
    run_id = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    return RunRecord(
        id=run_id,
        parent=parent,
        command=command,
        target=target_of(settings),
        campaign=_campaign(settings),
        out=str(folder or make_folder(out or Path("reports") / run_id)),
        config_path=str(config_path.resolve()),
        config=fingerprint(settings),
        options=options,
        started_at=started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        files=tuple(files),
    )


def target_of(settings: Settings) -> str:
    """What one run at a time may work on."""
    return f"{settings.dialler.root}#{_campaign(settings)}"


def _campaign(settings: Settings) -> str:
    return settings.campaign.common or f"column {settings.campaign.column}"


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
