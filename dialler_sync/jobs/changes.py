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
from ..load.recorder import Recorder
from ..load.undo import Undoer, count_undo, left_to_undo, to_undo
from ..observer import Observer, Silent
from ..plan.suppress import SuppressionLists
from ..plan.suppress_files import read_suppression_lists
from ..run.begin import begin_run, go_on
from ..run.changes import BulkRun, Job, Planned
from ..run.kept import place_of
from ..run.reports import Summary
from ..run.resumption import left_to_newer_lists
from ..run.saved_cells import run_cells
from ..run.target import check_target, find_target
from ..text.phrase import phrase
from .which_run import check_ended

__all__ = [
    "ChangeOptions",
    "change_again",
    "change_contacts",
    "check_undo",
    "count_undo",
    "undo_again",
    "undo_run",
]


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
    """Lock, unlock or delete contacts; the summary holds the reason if the run stopped.

    Raises:
        UsageError, InputError: before anything is changed.
    """
    read_token(settings.dialler)
    target = find_target(settings, journal)
    given = options.record()
    with (
        journal.campaign_lock(target),
        begin_run(journal, command, settings, config_path, targets.files, out, parent, given, target) as run,
    ):
        return bulk_run(
            settings, run, targets, options, journal, observer or Silent(), typed=parent is None
        ).carry_out()


def change_again(settings: Settings, run: RunRecord, journal: Journal, observer: Observer | None) -> Summary:
    """Resume an interrupted change of contacts.

    Raises:
        UsageError: its file has changed since the run started.
    """
    options = ChangeOptions.of(run, next((place_of(entry) for entry in run.files if entry["path"]), None))
    targets = Targets(options.named, settings, journal)
    if [entry["sha256"] for entry in targets.files] != [entry["sha256"] for entry in run.files]:
        raise UsageError(
            phrase(
                "{file} is not the file that run {run} started with; start a new run",
                file=options.named.file,
                run=run.id,
            )
        )
    with go_on(journal, run, settings):
        return bulk_run(settings, run, targets, options, journal, observer or Silent(), typed=False).carry_out()


def undo_run(
    settings: Settings,
    undone: RunRecord,
    journal: Journal,
    *,
    force: bool = False,
    out: Path | None = None,
    observer: Observer | None = None,
    config_path: Path | None = None,
) -> Summary:
    """Undo a run, as a run of its own with reports.

    Raises:
        UsageError: as :func:`check_undo`.
        InputError: a do-not-call file cannot be read.
    """
    check_undo(settings, undone, find_target(settings, journal))
    suppressed = read_suppression_lists(settings)
    with journal.campaign_lock(undone.target):
        files = [{**entry, "layout": {}} for entry in undone.files]
        given = {"force": force}
        path = config_path or Path(undone.config_path)
        with begin_run(journal, "undo", settings, path, files, out, undone.id, given, undone.target) as run:
            return _undo(settings, run, undone, journal, observer, suppressed).carry_out()


def check_undo(settings: Settings, undone: RunRecord, target: str) -> None:
    """Refuse an impossible undo, before anything is counted or asked.

    Raises:
        UsageError: the run has not ended, changed nothing by its kind, belongs to another target than ``target``, or
            there is no token.
    """
    check_target(undone, target)
    check_ended(undone)
    if undone.command == "undo":
        raise UsageError(
            phrase(
                "run {run} was an undo of {undone}; an undo cannot be undone: import the file again",
                run=undone.id,
                undone=undone.parent,
            )
        )
    read_token(settings.dialler)


def undo_again(settings: Settings, run: RunRecord, journal: Journal, observer: Observer | None) -> Summary:
    """Resume an interrupted undo.

    Raises:
        InputError: a do-not-call file cannot be read.
    """
    suppressed = read_suppression_lists(settings)
    with go_on(journal, run, settings):
        return _undo(settings, run, journal.run(run.parent or ""), journal, observer, suppressed).carry_out()


def _undo(
    settings: Settings,
    run: RunRecord,
    undone: RunRecord,
    journal: Journal,
    observer: Observer | None,
    suppressed: SuppressionLists,
) -> BulkRun:
    done = {entry.result.seq: entry for entry in to_undo(journal, undone)}

    def planned(entry: JournalRow) -> PlannedRow:
        row = entry.result
        return PlannedRow(row.seq, max(entry.file, 0), row.row, row.user_data, contact_id=row.contact_id)

    async def plan(_client: DiallerClient) -> AsyncIterator[Planned]:
        yield [planned(entry) for entry in left_to_undo(done.values(), {} if force else back)], ()

    force, target = bool(run.options.get("force")), undone.target if undone.command == "import" else ""
    back = journal.put_back(undone.id)
    left = {} if force else left_to_newer_lists(journal, undone, done.values())
    by_hand = {} if force else journal.by_hand_since(undone)
    again = journal.made_again_since(undone)

    def undoer(client: DiallerClient, recorder: Recorder) -> Undoer:
        return Undoer(client, journal, recorder, undone.id, force, target, suppressed, back, left, by_hand, again)

    job = Job(plan, lambda row: str(done[row.result.seq].result.action), undoer)
    return BulkRun(settings, journal, observer or Silent(), run, job, run_cells(journal, run, settings.source))
