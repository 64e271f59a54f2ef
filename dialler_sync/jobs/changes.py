"""Runs that change contacts: lock, unlock, delete, undo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from ..api.client import DiallerClient
from ..api.token import read_token
from ..config import Settings
from ..contacts.changes import ChangeOptions, bulk_run
from ..contacts.targets import Targets
from ..errors import UsageError
from ..journal import Journal, JournalRow, PlannedRow, RunRecord
from ..load.undo import Undoer, to_undo
from ..observer import Observer, Silent
from ..run.bulk import BulkRun, Job, Planned
from ..run.record import new_record, target_of
from ..run.saved_cells import run_cells
from ..run.summary import Summary


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


def change_again(settings: Settings, run: RunRecord, journal: Journal, observer: Observer | None) -> Summary:
    """Go on with a change of contacts that was interrupted.

    Raises:
        UsageError: its file is another one than it was.
    """
    options = ChangeOptions.of(run)
    targets = Targets(options.named, settings, journal)
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


def undo_again(settings: Settings, run: RunRecord, journal: Journal, observer: Observer | None) -> Summary:
    """Go on with an undo that was interrupted."""
    journal.update_run(run.id, state="running", folded=False)
    return _undo(settings, run, journal.run(run.parent or ""), journal, observer).carry_out()


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
    return BulkRun(settings, journal, observer or Silent(), run, job, run_cells(journal, run))
