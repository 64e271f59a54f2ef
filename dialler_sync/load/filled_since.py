"""What an agent, or a call, has filled of a contact since a run has made it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..api.call_times import EACH_CALL, NOTHING, read_time
from ..api.wire import LOCK, same_value
from ..fields import PHONE_FIELDS

_OF_AGENTS = frozenset((*PHONE_FIELDS, "Email", "Comment", "FollowUpDateTime", "FollowUpUsersUID", "ReservedUsersUID"))
"""Other fields may have values that the dialler gives to each new contact."""

_OF_CALLS = re.compile(rf"{EACH_CALL.pattern}|bDone|bFinished|dtFinished|dtAppointment")


def filled_since(after: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields; ``after``: what the run sent."""
    for name, value in record.items():
        if (name in _OF_AGENTS and name not in after) or _OF_CALLS.fullmatch(name):
            if _is_filled(name, value):
                yield name
        elif LOCK.fullmatch(name) and same_value(True, value):
            yield name


def _is_filled(name: str, value: object) -> bool:
    if name.startswith("dt") or name.endswith("DateTime"):
        return read_time(value) != ""  # what cannot be read is something
    return not NOTHING.fullmatch(str(value).removesuffix("-1"))
