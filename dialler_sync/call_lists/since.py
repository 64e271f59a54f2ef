"""``--since``: which calls are wanted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ..api.call_times import moment, read_time
from ..contacts.call_records import Call
from ..errors import UsageError
from ..journal import Journal
from ..text.command_line import command
from ..text.phrase import phrase

LAST = "last"


@dataclass(frozen=True, slots=True)
class Since:
    """Calls from ``begin`` on; ``last``: those that the receiver does not have yet. Neither: all."""

    begin: datetime | None = None
    last: bool = False

    def wants(self, call: Call) -> bool:
        """Whether a call is wanted; one whose time is not known is."""
        if self.begin is None:
            return True
        began = moment(call.when)
        return began is None or began >= self.begin


def since(text: str | None, journal: Journal) -> Since:
    """Parse ``last``, a date, a time, or the ID of a run, which stands for its start.

    Raises:
        UsageError: it is none of them.
    """
    if text is None:
        return Since()
    if text == LAST:
        return Since(last=True)
    time = read_time(text) if text[:4].isdecimal() or "." in text[:3] else None
    if time and "-" in time[:5] and (begin := _beginning(time)):
        return Since(begin)
    with suppress(UsageError):
        return Since(datetime.fromisoformat(journal.run(text).started_at))
    raise UsageError(
        phrase(
            "--since {text}: must be 'last', a date such as 2026-01-31 or 2026-01-31T18:00, or a run in the "
            "journal (see '{command}')",
            text=text,
            command=command("runs", "list"),
        )
    )


def _beginning(text: str) -> datetime | None:
    """Return the moment of a time; of a day, its beginning."""
    return moment(f"{text} 00:00:00" if len(text) == len("2026-01-31") else text)
