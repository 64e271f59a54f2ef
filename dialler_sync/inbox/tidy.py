"""Old files of an inbox, and lists that did not come."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from ..config.inbox import Due
from ..files.trust import is_foreign
from ..journal import Journal
from ..journal.inbox import InboxNotes

_log = logging.getLogger(__name__)


def delete_old(folder: Path, keep: timedelta, journal: Journal, now: datetime | None = None) -> None:
    """Delete files from ``done/`` and ``failed/`` whose run ended longer ago than ``keep``, as far as the journal
    knows them and no run that can be resumed reads them."""
    limit = (now or datetime.now(UTC)) - keep
    runs = journal.runs()
    folders = {place for place in (folder / "done", folder / "failed") if not is_foreign(place)}
    needed = {entry["path"] for run in runs if run.state != "finished" for entry in run.files}
    for run in runs:
        if not run.finished_at or datetime.fromisoformat(run.finished_at) >= limit:
            continue
        for path in {entry["path"] for entry in run.files} - needed:
            if Path(path).parent in folders:
                try:
                    Path(path).unlink(missing_ok=True)
                except OSError as error:
                    _log.warning("%s cannot be deleted (inbox.keep): %s", path, error.strerror)


def missing_list(folder: Path, due: Due, notes: InboxNotes, now: datetime | None = None) -> str:
    """What is to be said of a list that did not come; nothing if one came, or if it was said before.

    A list is missing if none came since the last time but one at which it was due.
    """
    now = now or datetime.now().astimezone()
    last, *before = islice(due.before(now), 2)
    if not before or notes.newest_list() >= before[0].timestamp():
        return ""
    if not notes.tell_missing(last.isoformat(), now.timestamp()):
        return ""
    return f"no list came to {folder} since {before[0]:%Y-%m-%d %H:%M}; the last one was due at {last:%Y-%m-%d %H:%M}"
