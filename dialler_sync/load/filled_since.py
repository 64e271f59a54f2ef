"""What somebody, or a call, has filled of a contact since a run has made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..api.call_times import EACH_CALL, NOTHING
from ..api.wire import CAMPAIGN_NAME, LOCK, same_value
from ..fields import FIELDS, Kind


def filled_since(after: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields; ``after``: what the run sent. A dialler may fill numbers by itself, so they do not count."""
    for name, value in record.items():
        sent = name in after or name in (CAMPAIGN_NAME, "UserData")
        told = name in FIELDS and FIELDS[name].kind is not Kind.INTEGER and not sent
        locked = LOCK.fullmatch(name) and same_value(True, value)
        if locked or ((told or EACH_CALL.fullmatch(name)) and not NOTHING.fullmatch(str(value))):
            yield name
