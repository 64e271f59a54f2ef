"""One ``import`` of an inbox: its files, the alarm for a missing list, and old files."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from ..config import Settings
from ..config.inbox import age, due
from ..errors import UsageError
from ..exit_codes import ExitCode, worst
from ..files.private import real_folder
from ..files.url import Url
from ..inbox.answers import Answers
from ..inbox.arrivals import Arrivals
from ..inbox.claim import OnDisk
from ..inbox.folder import Inbox
from ..inbox.places import Place
from ..inbox.remote import RemoteInbox
from ..inbox.tidy import delete_old, missing_list
from ..journal import Journal, RunRecord
from ..observer import Observer
from ..run.reports import Summary
from ..run.target import find_target
from ..text.phrase import mark, phrase
from .history import tidy_reports
from .imports import ImportOptions, import_files
from .notify import deliver_of_inbox, list_is_missing, pinged, tell_of_run
from .resume import go_on_with

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InboxImporter:
    """Imports the files of an inbox, one run each, as ``job`` says.

    ``watched`` opens the observer of a run, and ``shown`` shows its summary. ``of_night``: ``night`` called it.
    """

    settings: Settings
    journal: Journal
    job: ImportOptions
    watched: Callable[[], AbstractContextManager[Observer]]
    shown: Callable[[Summary], None]
    metrics_file: Path | None = None
    of_night: bool = False

    @property
    def told_by_night(self) -> bool:
        """Whether ``night`` tells of all its runs at its end."""
        notify = self.settings.notify
        return self.of_night and notify is not None and notify.digest

    def work(self, path: Path, stopped: RunRecord | None) -> Summary:
        """Import a file, or resume the run that was stopped while importing it."""
        silent = self.job.run.dry_run or self.told_by_night
        with pinged(self.settings.notify, silent=silent), self.watched() as observer:
            if stopped is None:
                return import_files(self.settings, replace(self.job, files=(path,)), self.journal, observer)
            run = self.journal.run(stopped.id)
            cluster = self.job.run.cluster
            return go_on_with(self.settings, run, self.journal, self.job.config_path, observer, cluster)

    def tell(self, summary: Summary) -> None:
        """Notify everybody of a run."""
        try:
            tell_of_run(summary, self.journal, self.settings.notify, self.metrics_file, of_night=self.of_night)
        finally:
            self.shown(summary)


def work_through_inbox(folder: Path, importer: InboxImporter, quiet_for: float | None = None) -> int:
    """Import all complete files of an inbox; return the exit code.

    Raises:
        UsageError: the folder cannot be read, or another call is at work on it.
    """
    settings, journal, dry_run = importer.settings, importer.journal, importer.job.run.dry_run
    folder, ours = _real_folder(folder), settings.inbox
    notes = journal.inbox(str(folder))
    place: Place = OnDisk(folder)
    if isinstance(folder, Url):
        place = RemoteInbox.open(folder, settings.source, journal.make_copies(), notes)
    arrivals = Arrivals(place, notes, ours.quiet_for if quiet_for is None else quiet_for, ours.patterns)
    answers = Answers(ours, folder, journal, settings.source.stores)
    if not dry_run:
        arrivals = replace(arrivals, unfit=answers.unread)
    overwrites = settings.rows.overwrite_duplicates
    importers = (importer, answers, overwrites, dry_run, settings.source)
    inbox = Inbox(arrivals, journal, lambda: find_target(settings, journal), *importers)
    codes = inbox.work_through()
    if ours.keep and not dry_run:
        delete_old(place, age(ours.keep), journal)
        answers.delete_old(age(ours.keep))
    if ours.expect and not dry_run and (alarm := missing_list(folder, due(ours.expect), notes)):
        _log.error("%s", alarm)
        if not importer.told_by_night:
            list_is_missing(alarm, settings, journal, folder)
        codes.append(ExitCode.INPUT)
    if not dry_run:
        tidy_reports(settings, journal)
    deliver_of_inbox(settings, journal, folder)
    return worst(codes)


def _real_folder(folder: Path) -> Path:
    """Return the path of an inbox without links. One that another user's link leads to would be any folder of this
    user, also if it takes the inbox's place only now.

    Raises:
        UsageError: it is so.
    """
    if isinstance(folder, Url):
        return folder
    try:
        return real_folder(folder)
    except OSError as error:
        said = mark("the inbox {folder} cannot be read: {why}")
        if error.errno == errno.EPERM:
            said = mark("the inbox is not used: {why}. Name the folder that it leads to.")
        raise UsageError(phrase(said, folder=folder, why=error.strerror)) from error
