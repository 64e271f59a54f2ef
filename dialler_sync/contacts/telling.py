"""Decides by the dialler's list which contacts may have new calls, so that the others are not looked up. Pure.

A list tells by fields that dialling sets: tries, last call, result. That they are empty proves nothing where no
contact of the list has any of them, or where a contact without them turns out to have calls.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ..api.call_times import EACH_CALL, LAST_CALL, moment, read_time
from ..api.wire import CAMPAIGN_NAME, DONE, RESULT_CODE, stored_contact
from ..fields import PHONE_FIELDS

Record = Mapping[str, Any]

_TRIES = re.compile(
    rf"{EACH_CALL.pattern}|nPhoneNumber\dLastCause|LastAcdAgentEndReasonsID|LastUsersUID|{RESULT_CODE}(?:ID)?"
)
"""Fields that the first call of a contact fills."""

_CHANGED = re.compile(rf"{_TRIES.pattern}|dtModified|bFinished|dtFinished|bDone|dtAppointment|dtNextTry")
_DONE = (DONE, "bFinished")

KEPT = ("Name", "DiallerCampaignsID", CAMPAIGN_NAME, *PHONE_FIELDS, "nTries", "FollowUpDateTime")
"""Fields of a contact that its calls need."""

_EMPTY: tuple[object, ...] = (None, "", 0, "0", False, [], {})


class Told(NamedTuple):
    """The facts of a list on a contact's calls.

    ``tells``: it has fields for tries or the last call; ``called``: dialling has filled some field. ``last`` is the
    last call as the list has it, ``""`` if it does not tell; ``mark`` changes when anything about calls does.
    """

    tells: bool
    called: bool
    last: str
    done: bool
    mark: str


def told_of(record: Record) -> Told:
    """Read what a list tells of a contact."""
    found = {name: value for name, value in record.items() if _TRIES.fullmatch(name)}
    times = [read_time(value) or "" for name, value in found.items() if LAST_CALL.fullmatch(name)]
    last = max(filter(None, times), key=lambda text: str(moment(text) or text), default="")
    changing = sorted((name, str(value)) for name, value in record.items() if _CHANGED.fullmatch(name))
    mark = hashlib.blake2b(repr(changing).encode("utf-8", "replace"), digest_size=12).hexdigest()
    called = any(value not in _EMPTY for value in found.values())
    return Told(any(map(EACH_CALL.fullmatch, found)), called, last, _is_done(record), mark)


def _is_done(record: Record) -> bool:
    code = record.get(RESULT_CODE)
    flags = [record.get(name) for name in _DONE] + ([code.get(DONE)] if isinstance(code, dict) else [])
    return any(value in (True, 1, "1", "true", "True") for value in flags)


def kept(record: Record) -> dict[str, Any]:
    """Return the part of a listed contact that is kept until its calls are asked for."""
    contact = stored_contact(record)
    return {"ID": contact.id, "UserData": contact.user_data, **{name: record.get(name) for name in KEPT}}


class Choice:
    """Decides which contacts are asked.

    ``since``: only calls from then on are wanted. ``look_back``: how long calls of open contacts are looked at again.
    ``some_called``: some contact of the list shows calls, so that the list tells of them. ``forgotten``: calls before
    then count as given.
    """

    def __init__(
        self, look_back: timedelta, now: datetime, since: datetime | None, forgotten: datetime | None = None
    ) -> None:
        self._from = now - look_back
        self._since = since - _ZONES if since else None
        self._forgotten = forgotten - _ZONES if forgotten else None
        self.some_called = False

    def may_have_new(self, told: Told, mark: str | None) -> bool:
        """Whether a contact may have calls that are wanted; ``mark`` is that of the last look, None: there was none."""
        if not told.tells or not self.some_called:
            return True
        if not told.called:
            return False
        last = moment(told.last) if told.last else None
        if self._since is not None and last is not None:
            return last >= self._since
        if self._forgotten is not None and last is not None and last < self._forgotten:
            return False
        if mark != told.mark:
            return True
        return not told.done and (last is None or last >= self._from)


_ZONES = timedelta(days=2)
"""Largest difference between the dialler's clock and zone and ours, plus a long call."""
