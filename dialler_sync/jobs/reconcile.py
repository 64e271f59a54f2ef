"""Reconciliation jobs: compare files with the dialler, and plan the import that fixes the differences."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

from ..api.token import read_token
from ..config import Settings
from ..errors import UsageError
from ..journal import Journal, RunRecord
from ..model import Action
from ..observer import Observer, Silent
from ..plan.decide import PlanRules
from ..plan.file import PlanFile
from ..plan.suppress_files import read_suppression_lists
from ..plan.survey import wanted_fields
from ..prepare.prepared import Prepared
from ..prepare.sources import open_sources
from ..reconciliation.compare import May
from ..reconciliation.moves import Moves, unread
from ..reconciliation.run import FAILED, Reconciled, ReconcileOptions, ReconciliationRun
from ..reconciliation.sides import Sides
from ..reconciliation.summary import ReconciliationSummary
from ..run.begin import begin_run
from ..run.options import RunOptions
from ..run.own_folder import held_reports, not_ours, open_report
from ..run.target import find_target
from ..target import in_words
from ..text.phrase import figure, phrase
from .imports import ImportOptions, plan_files

__all__ = ["ReconcileOptions", "Reconciled", "ReconciliationSummary", "plan_fixes", "reconcile_files"]

_log = logging.getLogger(__name__)


def reconcile_files(
    settings: Settings, options: ReconcileOptions, journal: Journal, observer: Observer | None = None
) -> Reconciled:
    """Compare files with the dialler; the summary holds the reason if the run stopped.

    Raises:
        UsageError, InputError: before anything is written.
    """
    read_token(settings.dialler)
    target = find_target(settings, journal)
    since = _earlier(journal, options, target)
    sources = open_sources(settings, options.files, _log.warning, journal)
    suppressed = read_suppression_lists(settings)
    with ExitStack() as held:
        moves = _moves(since) if since else None
        if moves:
            held.callback(moves.close)
        given = {"extras": options.extras, "with_history": options.with_history, "since": since.id if since else None}
        files = [source.record(0) for source in sources]
        begun = begin_run(
            journal, "reconcile", settings, options.config_path, files, options.out, None, given, target, early=FAILED
        )
        run = held.enter_context(begun)
        prepared = Prepared(Path(run.out))
        held.callback(prepared.close)
        observer = observer or Silent()
        locks = settings.rows.skipped_contacts == "lock"
        rules = PlanRules.of(settings, run.started_at, compare=False)
        may = May(settings.rows.mode, settings.kept_fields, suppressed, rules)
        sides = Sides(
            settings.rows.duplicate_keys, observer.advance, locks=locks, may=may, wanted=wanted_fields(settings)
        )
        held.callback(sides.close)
        return ReconciliationRun(
            settings, options, journal, observer, run, sources, suppressed, prepared, sides, moves
        ).carry_out()


def plan_fixes(
    settings: Settings, options: ReconcileOptions, journal: Journal, observer: Observer | None = None
) -> PlanFile:
    """Plan the import of missing and differing rows; ``mirror:`` decides about extra contacts.

    It is made as 'plan' makes it, from the file and the dialler as they are now, so that 'import --plan' takes it.

    Raises:
        UsageError, InputError, StopRun: there is no plan.
    """
    run = RunOptions(compare="dialler", max_missing=settings.mirror.max_missing)
    plan = plan_files(settings, ImportOptions(options.files, options.config_path, run=run), journal, observer)
    keyless = sum(not entry["user_data"] and entry["action"] == Action.CREATE for entry in plan.entries)
    if keyless:
        _log.warning(
            phrase(
                "the plan creates a contact for each of {number} rows without UserData, even if one exists",
                number=figure(keyless),
            )
        )
    return plan


def _moves(since: RunRecord) -> Moves:
    """Return what compares lines with those of an earlier run.

    Raises:
        UsageError: its report cannot be read, or lies in a folder that is not its own.
    """
    path = Path(since.out) / "reconciliation.csv"
    try:
        with held_reports(since) as folder:
            if folder is None:
                raise not_ours(since)
            return Moves(path, open_report(folder / path.name))
    except OSError as error:
        raise unread(path, error) from error


def _earlier(journal: Journal, options: ReconcileOptions, target: str) -> RunRecord | None:
    """Return the reconciliation that ``options.since`` names; for ``last``, the last comparable one, if any.

    Raises:
        UsageError: the run is none of ``target``, did not come to its end, or did not look for extras as this one does.
    """
    if options.since is None:
        return None
    runs = journal.runs() if options.since == "last" else [journal.run(options.since)]
    for run in runs:
        alike = run.command == "reconcile" and run.target == target and run.options["extras"] is options.extras
        if alike and run.state == "finished":
            return run
    if options.since == "last":
        _log.info(phrase("there is no earlier reconciliation to compare with"))
        return None
    flag = "--extras" if options.extras else "--no-extras"
    raise UsageError(
        phrase(
            "--since: run {run} is not a finished reconciliation of {target} with {flag}",
            run=runs[0].id,
            target=in_words(target),
            flag=flag,
        )
    )
