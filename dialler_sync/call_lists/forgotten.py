"""Calls that began so long ago that the journal need not know them: they count as given."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from ..api.call_times import moment
from ..journal import Journal
from ..journal.calls import CallNotes
from ..target import split
from ..text.stamp import stamp

_MARGIN = timedelta(days=2)
"""Largest difference between the dialler's clock and zone and ours."""


_KEPT = timedelta(days=90)
"""Age of calls that stay known, as a changed result is reported again."""


def forget_calls(journal: Journal, before: datetime, now: datetime) -> int:
    """Forget which calls that began before a moment were given, and return how many.

    What began after the last look at a campaign of the same receiver stays known, so that no call is lost.

    Raises:
        Held: a list of calls is being made.
    """
    receivers = journal.call_receivers()
    count = 0
    with ExitStack() as held:
        for target, receiver, _ in receivers:
            held.enter_context(journal.calls_lock(target, receiver))
        for (_, receiver), its in groupby(sorted(receivers, key=_whose), _whose):
            found = [(journal.call_notes(target, receiver), looked_at) for target, _, looked_at in its]
            looks = [datetime.fromisoformat(looked_at) for _, looked_at in found if looked_at]
            if not looks or any(notes.intent() for notes, _ in found):  # a list was interrupted: the next one ends it
                continue
            notes = found[0][0]
            limit = min(before, now - _KEPT, *(look - _MARGIN for look in looks))
            earlier = forgotten_before(notes)
            if earlier is None or earlier < limit:
                count += notes.forget(stamp(limit), partial(_is_old, limit - _MARGIN))
    return count


def _whose(entry: tuple[str, str, str]) -> tuple[str, str]:
    """Return account and receiver: by these calls are known."""
    return split(entry[0])[0], entry[1]


def _is_old(limit: datetime, start: str) -> bool:
    began = moment(start)
    return began is not None and began < limit


def forgotten_before(notes: CallNotes | None) -> datetime | None:
    """Return the moment before which calls count as given, None if there is none."""
    return moment(notes.forgotten_before()) if notes else None
