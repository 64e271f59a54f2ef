"""When a run begins: after every earlier one, also where the machine's clock has been set back."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from ..errors import UsageError
from ..journal import READING, Journal
from ..text.command_line import command as typed
from ..text.phrase import phrase
from ..text.stamp import stamp

_log = logging.getLogger(__name__)

AHEAD = timedelta(days=1)
"""How far the newest run may be ahead of the clock; more than that is a wrong date, not a clock that was corrected."""

_NOTICED = timedelta(minutes=1)
_STEP = timedelta(milliseconds=1)


def start_time(journal: Journal, command: str, now: datetime | None = None) -> datetime:
    """Return the time at which a run begins, by which ``resume`` and ``retry`` know which list is newer.

    Raises:
        UsageError: the clock is wrong, or the newest run of the journal is dated far ahead of it.
    """
    now = now or datetime.now(UTC)
    # Times before 1970, as of the first requests of a run in its first second, are damage in a journal.
    if not 1970 < now.year < 9999:
        raise UsageError(phrase("this machine's clock says {now}: set it, and run the command again", now=stamp(now)))
    newest = None if command in READING else journal.newest_start()
    if newest is None or newest < now:
        return now
    if newest - now > AHEAD:
        raise UsageError(
            phrase(
                "the newest run of the journal began at {newest}, but this machine's clock says {now}: set the clock. "
                "If it is right, have the journal forget runs that are dated ahead of it: {command}",
                newest=stamp(newest),
                now=stamp(now),
                command=typed("runs", "prune", "--older-than", "3650d", "--unfinished", "--ahead"),
            )
        )
    if newest - now > _NOTICED:
        _log.warning(
            "%s",
            phrase(
                "this machine's clock ({now}) is behind the newest run of the journal, which began at {newest}. "
                "This run is dated after that one, so that a later 'resume' takes its list for the newer one.",
                newest=stamp(newest),
                now=stamp(now),
            ),
        )
    return newest + _STEP
