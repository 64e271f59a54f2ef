"""Runs of rows: validate, import, plan."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..api.token import read_token
from ..config import Settings, fingerprint
from ..config.limits import Limit
from ..fields import FIELDS, Kind
from ..files import trust
from ..files.drafts import scratch
from ..journal import Journal, RunRecord
from ..observer import Observer, Silent
from ..plan.file import PlanFile, read_plan
from ..plan.suppress import SuppressionLists
from ..plan.suppress_files import read_suppression_lists
from ..prepare.prepared import Prepared
from ..prepare.sources import Source, open_sources
from ..run.begin import begin_run
from ..run.options import RunOptions
from ..run.reports import Summary, known_name
from ..run.resumption import mended_runs
from ..run.rows import Execution
from ..run.target import find_target
from ..text.phrase import mark
from .unfinished import warn_of_unfinished

__all__ = [
    "ImportOptions",
    "PlanFile",
    "RunOptions",
    "check_cluster",
    "import_files",
    "new_run",
    "plan_files",
    "read_plan",
    "validate_files",
]

_log = logging.getLogger(__name__)

_OTHER_LIST = mark("{file} (suppress) is not the do-not-call file that the plan was made with: make a new plan")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of an import, beside the configuration.

    ``plan``: the import does exactly what this plan says, or refuses.
    """

    files: tuple[Path, ...]
    config_path: Path
    out: Path | None = None
    run: RunOptions = field(default_factory=RunOptions)
    plan: PlanFile | None = None


def validate_files(
    settings: Settings,
    options: ImportOptions,
    journal: Journal,
    observer: Observer | None = None,
    also: Callable[[Summary, Prepared], None] | None = None,
) -> Summary:
    """Map and validate, send nothing; a valid row succeeds. ``also`` gets the rows at the end, unless a limit stopped
    the run.

    Raises:
        UsageError, InputError: before anything is written.
    """
    return new_run("validate", settings, options, journal, observer, also=also)


def import_files(
    settings: Settings, options: ImportOptions, journal: Journal, observer: Observer | None = None
) -> Summary:
    """Import files; the summary holds the reason if the run stopped.

    Raises:
        UsageError, InputError: before anything is sent.
    """
    return new_run("import", settings, options, journal, observer)


def plan_files(
    settings: Settings, options: ImportOptions, journal: Journal, observer: Observer | None = None
) -> PlanFile:
    """Plan an import, by the code that runs it; send nothing, and write no reports.

    Raises:
        UsageError, InputError, StopRun: there is no plan.
    """
    read_token(settings.dialler)
    sources = open_sources(settings, options.files, _log.warning, journal)
    options = _limited(settings, options, sources)
    suppressed = read_suppression_lists(settings)
    with scratch() as folder:
        (reports := folder / "reports").mkdir(mode=0o700)
        target = find_target(settings, journal)
        with _begin(journal, "plan", settings, options, sources, suppressed, target, folder=reports) as run:
            execution = Execution(settings, options.run, journal, observer or Silent(), run, sources, suppressed)
            planned = execution.plan()
    return PlanFile.of(
        execution.run, planned, execution.errors, execution.would_stop, known_name(journal, execution.run)
    )


def new_run(
    command: str,
    settings: Settings,
    options: ImportOptions,
    journal: Journal,
    observer: Observer | None,
    parent: str | None = None,
    *,
    also: Callable[[Summary, Prepared], None] | None = None,
) -> Summary:
    """Run one import, from the options to the reports; ``parent`` is the run whose failed rows it retries.

    Raises:
        UsageError, InputError: before anything is sent.
    """
    plan = options.plan
    if command != "validate":
        read_token(settings.dialler)  # a missing token is better reported now than after a million rows
    check_cluster(options.run.cluster, settings)
    sources = open_sources(settings, options.files or (plan.paths() if plan else ()), _log.warning, journal)
    options = _limited(settings, options, sources)
    suppressed = read_suppression_lists(settings)
    if command == "validate":
        suppressed = SuppressionLists()  # the lists are only checked
    if plan:
        plan.check_inputs([source.record(0) for source in sources], fingerprint(settings), options.run.compare)
        suppressed.check(plan.suppress, _OTHER_LIST)
    sends = command == "import" and not options.run.dry_run
    target = find_target(settings, journal, ask=command != "validate")
    lock: AbstractContextManager[str] = journal.campaign_lock(target) if sends else nullcontext("")
    with (
        lock as unlocked,
        _begin(journal, command, settings, options, sources, suppressed, target, parent=parent) as run,
    ):
        execution = Execution(settings, options.run, journal, observer or Silent(), run, sources, suppressed)
        execution.unlocked, execution.also = unlocked, also
        execution.check_plan = plan.check_decisions if plan else None
        if sends and parent is None:
            warn_of_unfinished(journal, run)
        return execution.carry_out()


def _limited(settings: Settings, options: ImportOptions, sources: Sequence[Source]) -> ImportOptions:
    """Return the options, with the configuration's limits unless they have their own. Its percentages are of whole
    lists: one row out of the few of a fixed file says nothing."""
    run = options.run
    given = [settings.rows.max_errors, settings.rows.max_warnings]
    if all(source.guard for source in sources):
        given = [Limit(rows=each.rows) if each and each.rows is not None else None for each in given]
    return replace(
        options, run=replace(run, max_errors=run.max_errors or given[0], max_warnings=run.max_warnings or given[1])
    )


def _run_of(sources: Sequence[Source], target: str) -> str | None:
    """Return the newest run of this target that rows of fixed files come from."""
    found = (run for run in mended_runs(sources) if run.target == target)
    return max(((run.started_at, run.id) for run in found), default=("", None))[1]


def check_cluster(cluster: str | None, settings: Settings) -> None:
    """Refuse an unusable cluster, before anything is read.

    Raises:
        UsageError: Dask is not installed, no scheduler at that address can be trusted, or others could
            have changed Dask's configuration, which may name code to run.
    """
    if cluster is not None:
        trust.require_usual("~/.config/dask", *map(os.environ.get, ("DASK_CONFIG", "DASK_ROOT_CONFIG")))
        from ..cluster.engine import check

        check(cluster, settings.cluster)


def _begin(
    journal: Journal,
    command: str,
    settings: Settings,
    options: ImportOptions,
    sources: Sequence[Source],
    suppressed: SuppressionLists,
    target: str,
    *,
    parent: str | None = None,
    folder: Path | None = None,
) -> AbstractContextManager[RunRecord]:
    mask = _phone_columns(settings) if options.run.mask else None
    given = {**options.run.noted(), "mask": mask, "suppress": suppressed.digests}
    files = [source.record(0) for source in sources]
    if parent is None:
        parent = _run_of(sources, target)
        given["mended"] = parent is not None
    return begin_run(journal, command, settings, options.config_path, files, options.out, parent, given, target, folder)


def _phone_columns(settings: Settings) -> list[str]:
    """Return the source columns of phone numbers."""
    rules = settings.columns.items()
    return [column for name, rule in rules if FIELDS[name].kind is Kind.PHONE for column in rule.sources]
