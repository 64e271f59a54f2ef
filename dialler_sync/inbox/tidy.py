"""Delete old files of an inbox, and report lists that did not arrive."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from ..config.inbox import Due
from ..errors import InputError
from ..files.url import path_of
from ..journal import Journal
from ..journal.inbox import InboxNotes
from ..text.forms import day
from ..text.phrase import mark, phrase
from .places import UNREAD, Place

_log = logging.getLogger(__name__)

_MINUTE = mark("%Y-%m-%d %H:%M")


def delete_old(place: Place, keep: timedelta, journal: Journal, now: datetime | None = None) -> None:
    """Delete files from ``done/`` and ``failed/`` whose run ended longer ago than ``keep``.

    Also files that could not be read, so long after that. Other files unknown to the journal, or needed by a run that
    can be resumed, are kept.
    """
    limit = (now or datetime.now(UTC)) - keep
    runs = journal.runs()
    folders = {place.folder / "done", place.folder / "failed"}
    needed = {entry["path"] for run in runs if run.state != "finished" for entry in run.files}
    for run in runs:
        if not run.finished_at or datetime.fromisoformat(run.finished_at) >= limit:
            continue
        for path in map(path_of, {entry["path"] for entry in run.files} - needed):
            if path.parent in folders:
                _delete(place, path)
    try:
        unread = place.unread()
    except InputError as error:
        _log.warning("%s (inbox.keep)", error)
        return
    for path in unread:
        at = _unread_at(path.name)
        if at and at < limit and str(path) not in needed:
            _delete(place, path)


def _unread_at(name: str) -> datetime | None:
    """Return the time in the name of a file that could not be read."""
    with suppress(ValueError):
        return datetime.strptime(name[len(UNREAD) :][: len("20261129-031500-")], "%Y%m%d-%H%M%S-").replace(tzinfo=UTC)
    return None


def _delete(place: Place, path: Path) -> None:
    try:
        place.delete(path)
    except OSError as error:
        _log.warning(phrase("{path} cannot be deleted (inbox.keep): {why}", path=path, why=error.strerror))
    except InputError as error:
        _log.warning(phrase("{path} cannot be deleted (inbox.keep): {why}", path=path, why=error))


def missing_list(folder: Path, due: Due, notes: InboxNotes, now: datetime | None = None) -> str:
    """Return a message on a list that did not arrive, ``""`` if one arrived or the message was given before.

    A list is missing if none arrived since the last but one due time.
    """
    now = now or datetime.now().astimezone()
    last, *before = islice(due.before(now), 2)
    if not before or notes.newest_list() >= before[0].timestamp():
        return ""
    if not notes.tell_missing(last.isoformat(), now.timestamp()):
        return ""
    return phrase(
        "no list has come to {folder} since {before}; one was due at {due}",
        folder=folder,
        before=day(before[0], _MINUTE),
        due=day(last, _MINUTE),
    )
