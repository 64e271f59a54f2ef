"""Resume interrupted runs, and retry failed rows."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..api.token import read_token
from ..config import Settings, SourceSettings, changes, fingerprint, with_source
from ..contacts.changes import COMMANDS, ChangeOptions
from ..contacts.targets import Targets
from ..errors import CannotResume, UsageError
from ..files.url import path_of
from ..journal import READING, Journal, RunRecord
from ..model import any_left
from ..observer import Observer, Silent
from ..plan.suppress import read_suppression_lists
from ..prepare.marks import runs_named_in
from ..prepare.sources import Source, open_sources
from ..run.address import give_reports
from ..run.begin import go_on, reopen_folder
from ..run.kept import place_of, require_copies
from ..run.options import RunOptions
from ..run.reports import Summary
from ..run.rows import Execution
from ..run.target import check_target, find_target
from ..text.command_line import command
from ..text.phrase import mark, phrase
from .changes import change_again, change_contacts, undo_again
from .history import rewrite_reports
from .imports import ImportOptions, check_cluster, new_run

__all__ = [
    "check_target",
    "find_import",
    "find_resumable",
    "find_target",
    "find_undoable",
    "go_on_with",
    "nothing_to_resume",
    "nothing_to_retry",
    "resume_run",
    "retry_run",
]

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
        CannotResume: files, configuration or do-not-call lists are others than they were.
        UsageError: there is nothing to resume.
    """
    if run.is_unreported and run.state == "finished":
        _log.info(phrase("run {run} has sent all of its rows: only its reports are still to be written", run=run.id))
        summary = rewrite_reports(journal, run, settings.source)[0]
        give_reports(run, settings.source.stores)
        return summary
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
        suppressed = read_suppression_lists(settings, _day_of(run))
        suppressed.check(
            run.options.get("suppress", {}),
            mark(
                "{file} (suppress) is not the do-not-call file that run {run} started with: restore the earlier "
                "version, or import the files as a new run"
            ),
            run=run.id,
        )
        options = RunOptions.read(run.options, cluster)
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
    """Finish an interrupted import; if its inputs have changed, by a new run of its unsettled rows.

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
    if parent.state == "running":
        raise UsageError(
            phrase(
                "run {run} is not finished: finish it with '{command}' first, or wait while it is still running",
                run=parent.id,
                command=command("resume", parent.id),
            )
        )
    if parent.command in READING:
        raise UsageError(
            phrase(
                "run {run} was a {kind}, which sends nothing: there is nothing to retry",
                run=parent.id,
                kind=parent.command,
            )
        )
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


def find_resumable(journal: Journal, target: str) -> RunRecord | None:
    """Return the newest run of a target that is unfinished, or lacks its reports."""
    return _newest(journal, target, lambda run: not nothing_to_resume(run))


def find_import(
    journal: Journal, target: str, files: Sequence[Path] = (), logins: Callable[[], SourceSettings] = SourceSettings
) -> RunRecord | None:
    """Return the import of a target that fixed ``files`` come from, else the newest one. ``logins`` open the files.

    Raises:
        UsageError: the files come from a run of another target.
    """
    named = runs_named_in(files, logins().logins()) if files else set()
    known = [run for run in journal.runs() if run.id in named and run.command == "import"]
    for run in known[:1]:
        check_target(next((run for run in known if run.target == target), run), target)

    def meant(run: RunRecord) -> bool:
        if known:
            return run in known
        return run.command == "import" and not run.options.get("dry_run")

    return _newest(journal, target, meant)


def find_undoable(journal: Journal, target: str) -> RunRecord | None:
    """Return the newest run of a target that has changed contacts, or may have."""
    changing = {"import", *COMMANDS}
    return _newest(journal, target, lambda run: run.command in changing and not run.options.get("dry_run"))


def nothing_to_resume(run: RunRecord) -> str:
    """Return why a run cannot be resumed; empty if it can."""
    if run.command in READING:
        return phrase(
            "run {run} was a {kind}, which sends nothing: there is nothing to resume", run=run.id, kind=run.command
        )
    ended = run.state == "finished" and not run.is_unreported
    return phrase("run {run} has finished; there is nothing to resume", run=run.id) if ended else ""


def nothing_to_retry(run: RunRecord) -> str:
    """Return why a run has nothing to retry; empty if it has."""
    if run.command in READING:
        return phrase(
            "run {run} was a {kind}, which sends nothing: there is nothing to retry", run=run.id, kind=run.command
        )
    if run.options.get("dry_run"):
        return phrase("run {run} was a dry run, which sends nothing: there is nothing to retry", run=run.id)
    if run.state != "finished" or not run.summary or run.command == "undo":
        return ""
    counts = Counter(run.summary["counts"]) + Counter(run.summary.get("mirror", {}))
    return (
        ""
        if any_left(counts)
        else phrase("every row of run {run} succeeded or was skipped; there is nothing to retry", run=run.id)
    )


def _newest(journal: Journal, target: str, meant: Callable[[RunRecord], bool]) -> RunRecord | None:
    return next((run for run in journal.runs() if run.target == target and meant(run)), None)


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
