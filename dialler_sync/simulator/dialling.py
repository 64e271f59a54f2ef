"""The dialler at work: it calls its contacts, and writes down what comes of it.

A call is first going on (no ``dtCallEnd``, no result code), is then perhaps answered, and ends; an agent may correct
its result code afterwards. What becomes of a call depends on the seed, the contact and the number alone, so that the
same contacts get the same calls in every rehearsal.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any

from ..errors import UsageError
from . import clock
from .calls import AGENT, BUSY, CALLER, CODE, CUSTOMER, NO_ANSWER, UNALLOCATED, Fate, ResultCode, draw_fate
from .clock import written
from .store import Store

_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(?:/([smhd]))?(?:@(\d\d?)-(\d\d?))?", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FASTEST = 1_000.0

_MOST_TRIES = 10
"""Tries after which an unreached contact is done."""

_COUNTED = {BUSY: "Busy", NO_ANSWER: "NoAnswer", UNALLOCATED: "Failed"}
"""Causes counted per number."""


Hours = tuple[int, int]
"""First hour of the day with dialling, and first hour without."""

ALL_DAY: Hours = (0, 24)


def dial_plan(text: str) -> tuple[float, Hours]:
    """Parse a rate of calls: ``2`` or ``2/s`` each second, ``30/m``, ``500/h``, ``2000/d``; ``500/h@9-17`` by day.

    Returns calls a second, and the hours in which they are made.

    Raises:
        UsageError: it is none.
    """
    found = _RATE.fullmatch(text)
    rate = float(found[1]) / _SECONDS[found[2] or "s"] if found else 0.0
    hours = (int(found[3]), int(found[4])) if found and found[3] else ALL_DAY
    if not (0 < rate <= _FASTEST and 0 <= hours[0] < hours[1] <= 24):
        raise UsageError(
            f"--dial {text[:40]}: that is not a rate of calls. Write 2 for two calls a second, or 30/m, 500/h, 2000/d; "
            f"500/h@9-17 for nine to five o'clock; at most {_FASTEST:,.0f} a second."
        )
    return rate, hours


class Dialling:
    """Calls the contacts of a store, at most ``rate`` a second of the store's clock in these hours, oldest due first.

    Not called are contacts that are locked, done, or waiting for their next try or follow-up, and numbers that were
    found invalid. ``advance`` makes all that was due since the last time happen.
    """

    def __init__(self, store: Store, rate: float, seed: int = 0, hours: Hours = ALL_DAY) -> None:
        self._store = store
        self._hours = hours
        self._gap = 1 / rate
        self._seed = seed
        self._due: list[tuple[float, int]] = []
        self._queued: dict[int, float] = {}
        self._talking: set[int] = set()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._now = self._line_free = store.clock()
        for contact_id in store.contacts:
            self._take_up(contact_id)
            self._queue(contact_id)
        store.changed = self._queue

    def advance(self) -> None:
        """Do everything that is due by now."""
        until = self._store.clock()
        while True:
            dial = self._open(max(self._line_free, self._due[0][0])) if self._due else math.inf
            event = self._events[0][0] if self._events else math.inf
            if min(dial, event) > until:
                break
            self._now = min(dial, event)
            if event <= dial:
                heappop(self._events)[2](event)
            else:
                self._dial(dial)
        self._now = max(self._now, until)

    def _open(self, moment: float) -> float:
        """Return the first moment from then on in which is dialled."""
        first, end = self._hours
        local = time.localtime(moment)
        if first <= local.tm_hour < end:
            return moment
        day = local.tm_mday + (local.tm_hour >= end)
        return time.mktime((local.tm_year, local.tm_mon, day, first, 0, 0, 0, 0, -1))

    def _queue(self, contact_id: int) -> None:
        """Queue a changed contact for its next call; it keeps its place if possible."""
        due = self._due_at(contact_id)
        queued = self._queued.get(contact_id)
        if due is None:
            self._queued.pop(contact_id, None)
        elif queued is None or not due <= queued <= max(due, self._now):
            at = self._queued[contact_id] = max(due, self._now)
            heappush(self._due, (at, contact_id))

    def _due_at(self, contact_id: int) -> float | None:
        """Return when a contact may be called, None for a contact that is not called."""
        contact = self._store.contacts.get(contact_id)
        if contact is None or contact_id in self._talking or contact.get("bLocked") or contact.get("bFinished"):
            return None
        code = self._store.result_code(contact_id)
        if (isinstance(code, dict) and code.get("bDone")) or _number_to_dial(contact) is None:
            return None
        return max(clock.read(contact.get("dtNextTry")), clock.read(contact.get("FollowUpDateTime")))

    def _dial(self, at: float) -> None:
        queued_for, contact_id = heappop(self._due)
        if self._queued.get(contact_id) != queued_for:
            return
        del self._queued[contact_id]
        due = self._due_at(contact_id)
        if due is None or due > at:
            self._queue(contact_id)
            return
        self._line_free = at + self._gap
        self._begin(at, contact_id)

    def _begin(self, at: float, contact_id: int) -> None:
        contact = self._store.contacts[contact_id]
        n = _number_to_dial(contact)
        number = contact[f"PhoneNumber{n}"]
        nth = len(self._store.calls.get(contact_id, ()))
        self._talking.add(contact_id)
        leg = {"ANumber": CALLER, "BNumber": number, "dtCallStart": written(at)}
        call_id = self._store.add_call(contact_id, **{CUSTOMER: leg, CODE: None})
        tries = contact.get(f"nTriesPhoneNumber{n}") or 0
        fields = {f"nTriesPhoneNumber{n}": tries + 1, f"dtPhoneNumber{n}LastTry": written(at)}
        self._change(at, contact_id, dtNextTry=None, **fields)
        fate = draw_fate(number, self._seed, contact.get("UserData") or contact_id, nth)
        self._await(contact_id, call_id, at, fate, f"PhoneNumber{n}")

    def _await(self, contact_id: int, call_id: int, start: float, fate: Fate, field: str) -> None:
        if fate.connect is not None:
            self._at(start + fate.connect, partial(self._connect, contact_id, call_id, fate))
        self._at(start + fate.end, partial(self._end, contact_id, call_id, fate, field))

    def _connect(self, contact_id: int, call_id: int, fate: Fate, at: float) -> None:
        if contact_id not in self._store.contacts or fate.agent is None:
            return
        users_id, uid = fate.agent
        leg = {"ID": 1, "UsersID": users_id, "dtCallStart": written(at), "dtCallConnect": written(at + 1)}
        parts = {
            CUSTOMER: {"dtCallConnect": written(at)},
            AGENT: leg | {"dtCallEnd": None},
            "Users": {"ID": users_id, "UID": uid},
        }
        self._store.change_call(contact_id, call_id, **parts)

    def _end(self, contact_id: int, call_id: int, fate: Fate, field: str, at: float) -> None:
        self._talking.discard(contact_id)
        if contact_id not in self._store.contacts:
            return
        leg = {"dtCallEnd": written(at), "bCallerHangup": fate.caller_hangs_up, "CauseCodesID": fate.code.cause}
        parts = {CUSTOMER: leg, CODE: fate.code.record()}
        if fate.agent:
            parts[AGENT] = {"dtCallEnd": written(at)}
        self._store.change_call(contact_id, call_id, **parts)
        self._change(at, contact_id, **self._left_by(contact_id, fate, field, at))
        if fate.corrected:
            after, code = fate.corrected
            self._at(at + after, partial(self._correct, contact_id, call_id, code))

    def _left_by(self, contact_id: int, fate: Fate, field: str, at: float) -> dict[str, Any]:
        """Return the fields that a call leaves in its contact."""
        contact = self._store.contacts[contact_id]
        fields: dict[str, Any] = {f"n{field}LastCause": fate.code.cause, "DiallerCampaignsResultCodesID": fate.code.id}
        if counted := _COUNTED.get(fate.code.cause):
            fields[f"n{field}{counted}"] = (contact.get(f"n{field}{counted}") or 0) + 1
        if fate.code.cause == UNALLOCATED:
            fields[f"b{field}Invalid"] = True
        if fate.agent:
            fields["LastUsersUID"] = fate.agent[1]
        no_number = _number_to_dial(contact | fields) is None
        worn_out = fate.agent is None and contact.get("nTries", 0) >= _MOST_TRIES
        if fate.pause is None or no_number or worn_out:
            return fields | {"dtNextTry": None, "bFinished": True, "dtFinished": written(at)}
        fields["dtNextTry"] = written(at + fate.pause)
        if fate.code.flag == "bAppointment":
            fields |= {"FollowUpDateTime": fields["dtNextTry"], "FollowUpUsersUID": fate.agent and fate.agent[1]}
        return fields

    def _correct(self, contact_id: int, call_id: int, code: ResultCode, at: float) -> None:
        """Give an ended call another result code, as an agent does; that of the last call decides on the contact."""
        calls = self._store.calls.get(contact_id)
        if not calls:
            return
        self._store.change_call(contact_id, call_id, **{CODE: code.record()})
        if calls[-1][CUSTOMER]["ID"] == call_id and self._store.contacts[contact_id].get("nTries"):
            done = {"bFinished": True, "dtFinished": written(at), "dtNextTry": None}
            self._change(at, contact_id, DiallerCampaignsResultCodesID=code.id, **done)

    def _take_up(self, contact_id: int) -> None:
        """Go on with a call that was going on when the dialler last stopped."""
        calls = self._store.calls.get(contact_id)
        leg = calls[-1].get(CUSTOMER) if calls else None
        if not calls or calls[-1].get(CODE) or not isinstance(leg, dict):
            return
        if leg.get("dtCallEnd") or not leg.get("dtCallStart"):
            return
        contact, number = self._store.contacts[contact_id], leg.get("BNumber")
        n = next((n for n in range(1, 7) if contact.get(f"PhoneNumber{n}") == number), 1)
        fate = draw_fate(str(number), self._seed, contact.get("UserData") or contact_id, len(calls) - 1)
        self._talking.add(contact_id)
        self._await(contact_id, leg["ID"], clock.read(leg["dtCallStart"]), fate, f"PhoneNumber{n}")

    def _change(self, at: float, contact_id: int, **fields: Any) -> None:
        self._store.update(contact_id, dtModified=written(at), **fields)

    def _at(self, moment: float, what: Callable[[float], None]) -> None:
        heappush(self._events, (moment, next(self._order), what))


def _number_to_dial(contact: Mapping[str, Any]) -> int | None:
    """Return which number is next: the least tried that is valid; None for no such number."""
    valid = [n for n in range(1, 7) if contact.get(f"PhoneNumber{n}") and not contact.get(f"bPhoneNumber{n}Invalid")]
    return min(valid, key=lambda n: contact.get(f"nTriesPhoneNumber{n}") or 0, default=None)
