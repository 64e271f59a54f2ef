"""States of a row between its first try and its outcome, and the events between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import orjson

from ..api.pace import Bout
from ..model import SpooledRow


class State(StrEnum):
    """State of a row that was sent. The last four are final."""

    NOT_DONE = "not done"
    IN_DOUBT = "in doubt"
    NOT_FOUND = "not found"
    SENT_AGAIN = "sent again"
    SENT_AGAIN_IN_DOUBT = "sent again, in doubt"
    TO_COUNT = "to count"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DOUBLED = "possible duplicate"


class Event(StrEnum):
    """Event in the life of a row that was sent."""

    ACCEPTED = "the dialler accepts it"
    LOST = "a request may have been done"
    FOUND = "the lookup finds it"
    ABSENT = "the lookup does not find it"
    SENT = "it is sent again"
    GIVEN_UP = "it is given up"
    ONE = "one contact carries its key"
    SEVERAL = "several contacts carry its key"
    NOT_COUNTED = "its key cannot be looked up"


TRANSITIONS: Mapping[State, Mapping[Event, State]] = MappingProxyType(
    {
        State.NOT_DONE: {
            Event.ACCEPTED: State.SUCCEEDED,
            Event.LOST: State.IN_DOUBT,
            Event.SENT: State.NOT_DONE,
            Event.GIVEN_UP: State.FAILED,
        },
        State.IN_DOUBT: {
            Event.FOUND: State.SUCCEEDED,
            Event.ABSENT: State.NOT_FOUND,
            Event.SENT: State.SENT_AGAIN_IN_DOUBT,
            Event.GIVEN_UP: State.UNKNOWN,
        },
        State.NOT_FOUND: {
            Event.SENT: State.SENT_AGAIN,
            Event.GIVEN_UP: State.FAILED,
        },
        State.SENT_AGAIN: {
            Event.ACCEPTED: State.TO_COUNT,
            Event.LOST: State.SENT_AGAIN_IN_DOUBT,
            Event.SENT: State.SENT_AGAIN,
            Event.GIVEN_UP: State.FAILED,
        },
        State.SENT_AGAIN_IN_DOUBT: {
            Event.ACCEPTED: State.TO_COUNT,
            Event.LOST: State.SENT_AGAIN_IN_DOUBT,
            Event.FOUND: State.TO_COUNT,
            Event.ABSENT: State.SENT_AGAIN,
            Event.SENT: State.SENT_AGAIN_IN_DOUBT,
            Event.GIVEN_UP: State.UNKNOWN,
        },
        State.TO_COUNT: {
            Event.ONE: State.SUCCEEDED,
            Event.SEVERAL: State.DOUBLED,
            Event.NOT_COUNTED: State.SUCCEEDED,
            Event.GIVEN_UP: State.UNKNOWN,
        },
    }
)
"""State → event → next state. docs/delivery.md shows this table."""


CROWD = 5
"""Refusals for load; with more, the dialler is overloaded, and not a few rows at fault."""

SPARED = 2
"""Most tries of a row that do not count because others failed too; rows at fault themselves also fail together."""


@dataclass(slots=True)
class Allowance:
    """The excused tries of one row.

    ``excused`` counts them. ``spared`` of them failed together with other rows; ``bout`` is the outage of the last
    failure. ``seen``: the rows done and the requests rejected for load at the last try. ``was_away``: the dialler was
    unreachable when the retries were used up.
    """

    excused: int = 0
    spared: int = 0
    bout: Bout | None = None
    seen: tuple[int, int] | None = None
    was_away: bool = False

    def fail(self, seq: int, bout: Bout) -> None:
        """Note the failure of row ``seq``; at once, as the next failure may belong to another outage."""
        self.bout = bout
        bout.rows.add(seq)

    def excuse_in_crowd(self, done: int, turned_away: int) -> None:
        """Excuse a try rejected for load if the dialler rejects many others, but still accepts some.

        ``done`` and ``turned_away`` are counted since the start of the run. Where no row is done any more, all that
        are left may be at fault themselves.
        """
        before, self.seen = self.seen or (done, turned_away), (done, turned_away)
        done, turned_away = done - before[0], turned_away - before[1]
        self.excused += turned_away > CROWD and 0 < done <= CROWD * turned_away

    def spare(self) -> bool:
        """Excuse a try that failed together with those of other rows, a few times; return whether it was excused."""
        alone = self.bout is None or len(self.bout.rows) == 1
        if alone or self.spared == SPARED:
            return False
        self.spared += 1
        self.excused += 1
        return True


@dataclass(slots=True)
class Attempt:
    """A row that was sent, by its ``tries`` so far.

    ``watermark``: the highest contact ID known before the first try, None if unknown. ``known``: the IDs of the
    contacts that carried its key when the lookup did not find it, None if it was not looked up.
    """

    row: SpooledRow
    watermark: int | None
    first_try: float
    sent_at: str = ""
    tries: int = 1
    state: State = State.NOT_DONE
    known: frozenset[str] | None = None
    allowance: Allowance = field(default_factory=Allowance)

    def note(self, event: Event) -> None:
        """Go to the next state."""
        self.state = TRANSITIONS[self.state][event]

    @property
    def in_doubt(self) -> bool:
        """Whether the row is unknown if it is given up now."""
        return TRANSITIONS[self.state].get(Event.GIVEN_UP) is State.UNKNOWN

    @property
    def fields(self) -> dict[str, Any]:
        """Return the payload."""
        found: dict[str, Any] = orjson.loads(self.row.body)
        return found
