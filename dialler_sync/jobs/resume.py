"""Resume interrupted runs, and retry failed rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..api.token import read_token
from ..config import Settings, changes, fingerprint, with_source
from ..contacts.changes import COMMANDS, ChangeOptions
from ..contacts.targets import Targets
from ..errors import CannotResume, UsageError
from ..files.url import path_of
from ..journal import READING, Journal, RunRecord
from ..observer import Observer, Silent
from ..plan.suppress_files import read_suppression_lists
from ..prepare.sources import Source, open_sources
from ..run.address import give_again
from ..run.begin import go_on
from ..run.kept import place_of, require_copies
from ..run.options import RunOptions
from ..run.own_folder import reopen_folder
from ..run.reports import Summary
from ..run.rows import Execution
from ..text.command_line import command
from ..text.phrase import mark, phrase
from .changes import change_again, change_contacts, undo_again
from .history import rewrite_reports
from .imports import ImportOptions, check_cluster, new_run
from .which_run import check_ended, check_not_undone, nothing_to_resume, nothing_to_retry

_log = logging.getLogger(__name__)


def resume_run(
    settings: Settings,
    run: RunRecord,
    journal: Journal,
    observer: Observer | None = None,
    cluster: str | None = None,
) -> Summary:
    """Finish an interrupted run: keep settled rows, look up doubtful ones, send the rest.

    Sends from this process, whatever the run began with, unless a ``cluster`` is named.

    Raises:
        CannotResume: files, configuration or do-not-call lists have changed since the run started, or it was undone.
        UsageError: there is nothing to resume.
    """
    if run.is_unreported and run.state == "finished":
        _log.info(phrase("run {run} has sent all of its rows: only its reports are still to be written", run=run.id))
        summary = rewrite_reports(journal, run, settings.source)[0]
        give_again(run, settings.source.stores)
        return summary
    check_not_undone(journal, run)
    settings = _read_as(settings, run)
    changed = changes(run.config, fingerprint(settings))
    if changed:
        raise CannotResume(
            phrase(
                "the configuration has changed since run {run} started: {changes}",
                run=run.id,
                changes="; ".join(changed),
            )
        )
    read_token(settings.dialler)
    check_cluster(cluster, settings)
    with journal.campaign_lock(run.target) as unlocked:
        run = journal.run(run.id)  # another process may have finished it while we waited for the campaign
        if nothing_to_resume(run):
            raise UsageError(nothing_to_resume(run))
        check_not_undone(journal, run)  # or undone it
        reopen_folder(run)
        if run.command == "undo":
            return undo_again(settings, run, journal, observer)
        if run.command in COMMANDS:
            return change_again(settings, run, journal, observer)
        sources = open_sources(settings, _paths(run, place_of), _log.debug, journal, _day_of(run))
        if other := _changed(sources, run):
            raise CannotResume(
                phrase(
                    "{file} is not the file that run {run} started with; import it as a new run", file=other, run=run.id
                )
            )
        # Of two days, the earlier one: whoever can write the journal must not have entries expire before their time.
        suppressed = read_suppression_lists(settings, min(_day_of(run), date.today()))  # noqa: DTZ011
        suppressed.check(
            run.options.get("suppress", {}),
            mark(
                "{file} (suppress) is not the do-not-call file that run {run} started with: restore the earlier "
                "version, or import the files as a new run"
            ),
            run=run.id,
        )
        options = RunOptions.read(run.options, cluster)
        if options.max_missing:  # whoever can write the journal must not lift the limit of the configuration
            options = replace(options, max_missing=options.max_missing.both(settings.mirror.max_missing))
        with go_on(journal, run, settings, options={**run.options, "cluster": cluster}):
            execution = Execution(settings, options, journal, observer or Silent(), run, sources, suppressed)
            execution.unlocked, execution.resumed = unlocked, True
            return execution.carry_out()


def go_on_with(
    settings: Settings,
    run: RunRecord,
    journal: Journal,
    config_path: Path,
    observer: Observer | None = None,
    cluster: str | None = None,
) -> Summary:
    """Finish an interrupted import; if it was undone in part or its inputs have changed, by a new run of its
    unsettled rows.

    Raises:
        UsageError, InputError: before anything is sent.
    """
    try:
        return resume_run(settings, run, journal, observer, cluster)
    except CannotResume as error:
        _log.warning(
            phrase(
                "run {run} cannot be resumed: {why}. A new run sends the rows that it has not settled.",
                run=run.id,
                why=error,
            )
        )
    summary = _send_rest(settings, journal.run(run.id), journal, (), None, observer, cluster, config_path=config_path)
    journal.update_run(run.id, state="finished")
    return summary


def retry_run(
    settings: Settings,
    parent: RunRecord,
    journal: Journal,
    files: Sequence[Path] = (),
    out: Path | None = None,
    observer: Observer | None = None,
    cluster: str | None = None,
    *,
    mark: bool = False,
    config_path: Path | None = None,
) -> Summary:
    """Retry the failed rows of ``parent``, from its files as they are now, or from fixed ones.

    Raises:
        UsageError, InputError: before anything is sent.
    """
    check_ended(parent)
    if parent.command in READING:
        raise UsageError(nothing_to_retry(parent))
    if parent.command == "undo":
        raise UsageError(
            phrase(
                "run {run} was an undo of {undone}: give '{command}' again",
                run=parent.id,
                undone=parent.parent,
                command=command("undo", parent.parent or ""),
            )
        )
    if not files:
        require_copies(journal, parent)
    config_path = config_path or Path(parent.config_path)
    if parent.command in COMMANDS:
        if len(files) > 1:
            raise UsageError(phrase("run {run} read one file; name one with --file", run=parent.id))
        change = ChangeOptions.of(parent, *files)
        targets = Targets(change.named, settings, journal)
        return change_contacts(
            settings, parent.command, targets, change, config_path, journal, out, observer, parent.id
        )
    return _send_rest(settings, parent, journal, files, out, observer, cluster, mark=mark, config_path=config_path)


def _send_rest(
    settings: Settings,
    parent: RunRecord,
    journal: Journal,
    files: Sequence[Path],
    out: Path | None,
    observer: Observer | None,
    cluster: str | None,
    *,
    config_path: Path,
    mark: bool = False,
) -> Summary:
    settings = _read_as(settings, parent)
    again = RunOptions(
        source=parent.options.get("source", {}),
        mask=parent.options.get("mask") is not None,
        mark=mark,
        cluster=cluster,
    )
    options = ImportOptions(tuple(files) or _paths(parent), config_path, out, again)
    return new_run("import", settings, options, journal, observer, parent.id)


def _read_as(settings: Settings, run: RunRecord) -> Settings:
    """Return the settings, with the run's own options for reading its files."""
    return settings.model_copy(update={"source": with_source(settings.source, run.options.get("source", {}))})


def _changed(sources: Sequence[Source], run: RunRecord) -> str:
    """Return the name of a file that is not as the run read it, ``""`` if all are."""
    pairs = zip_longest(sources, run.files)
    return next(
        (
            str(source.path if source else entry["path"])
            for source, entry in pairs
            if not (source and entry) or (source.sha256, source.table.layout.sheet) != (entry["sha256"], entry["sheet"])
        ),
        "",
    )


def _day_of(run: RunRecord) -> date:
    """Return the day on which a run began; ``today`` in its configuration means this day."""
    return datetime.fromisoformat(run.started_at).astimezone().date()


def _named(entry: Mapping[str, Any]) -> Path:
    return path_of(entry["path"])


def _paths(run: RunRecord, place: Callable[[Mapping[str, Any]], Path] = _named) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(map(place, run.files)))
