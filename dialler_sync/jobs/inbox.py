"""One call of ``import`` that works through an inbox: its files, a list that is missing, old files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from ..config import Settings
from ..config.inbox import age, due
from ..exit_codes import ExitCode, worst
from ..inbox.arrivals import Arrivals
from ..inbox.folder import Inbox, Work
from ..inbox.tidy import delete_old, missing_list
from ..journal import Journal
from ..run.reports import Summary
from ..run.target import find_target
from .notify import deliver_of_inbox, list_is_missing

_log = logging.getLogger(__name__)


def inbox_call(
    settings: Settings,
    folder: Path,
    journal: Journal,
    work: Work,
    tell: Callable[[Summary], None],
    quiet_for: float | None = None,
    *,
    dry_run: bool = False,
) -> int:
    """Work through an inbox; the exit code of the call.

    Raises:
        UsageError: the folder cannot be read, or another call is at work on it.
    """
    folder, ours = folder.resolve(), settings.inbox
    notes = journal.inbox(str(folder))
    quiet = ours.quiet_for if quiet_for is None else quiet_for
    arrivals = Arrivals(folder, notes, quiet, ours.patterns)
    overwrites = settings.rows.overwrite_duplicates
    codes = Inbox(
        arrivals, journal, lambda: find_target(settings, journal), work, tell, overwrites, dry_run
    ).work_through()
    if ours.keep and not dry_run:
        delete_old(folder, age(ours.keep), journal)
    if ours.expect and not dry_run and (alarm := missing_list(folder, due(ours.expect), notes)):
        _log.error("%s", alarm)
        list_is_missing(alarm, settings, journal, folder)
        codes.append(ExitCode.INPUT)
    deliver_of_inbox(settings, journal, folder)
    return worst(codes)
