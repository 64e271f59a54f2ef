"""Read a call's record by meaning, wherever its fields stand.

The vendor documents that an entry of ``DiallerContactsHistory`` is nested (``{"StatisticsPartA": {"dtCallStart":
…}}``), but not the places of result code, agent and number. Objects are therefore flattened with dots, and each fact is
found by its name. Missing facts stay empty and are reported; they never count as "not reached".
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from itertools import islice
from typing import Any, Self, TypeVar

from ..api.call_times import read_time, seconds_between
from ..text.phrase import figure, phrase
from .call_places import CUSTOMER, MOST_FIELDS, beside, flattened, places

T = TypeVar("T")

_log = logging.getLogger(__name__)

CALL_FACTS: tuple[str, ...] = (
    *("CallID", "CallStart", "CallConnect", "CallEnd", "DurationSeconds", "Reached", "Number"),
    *("ResultCode", "ResultText", "Done", "Agent", "EndReason"),
)
"""Columns of a call, in reading order."""

_DATE = re.compile(r"(?!0000)\d{4}-\d\d-\d\d")
_OURS = re.compile(r"(.*\.)?(anumber|callerid|callernumber)", re.IGNORECASE)
"""The caller's number: the customer's for an incoming call, else the call centre's."""

_TIMES = ("CallStart", "CallConnect", "CallEnd")
_CONTENT = re.compile(r"\.(content|text|name)$", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9][0-9 ()/-]{2,39}")
_CLOCK = re.compile(r"(\d{1,6}):([0-5]\d):([0-5]\d)(?:\.\d+)?", re.ASCII)
_MILLISECONDS = re.compile(r"(ms|millis|milliseconds)$", re.IGNORECASE)
_LONGEST = 1e9
"""Upper bound of a plausible duration."""

_SOME_NUMBER = re.compile(r"(?:.*\.)?(?!phonenumber\d)\w*(?:number|phone)\w*", re.IGNORECASE)
"""Fields that may hold the number dialled, under a name of their own; not those of the contact's record."""

_SAME_NUMBER = 7
"""Trailing digits in which two spellings of one number agree."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call's record, read; None or ``""`` for missing facts.

    The first fields are :data:`CALL_FACTS` in their order. ``campaign``, ``contact_id`` and ``user_data`` are the
    record's own. ``missing`` names facts for which the record has no field at all. ``record`` is the whole record,
    flattened.
    """

    call_id: str
    start: str
    connect: str
    end: str
    duration: float | None
    reached: bool | None
    number: str
    result_code: str
    result_text: str
    done: bool | None
    agent: str
    end_reason: str
    campaign: str
    contact_id: str
    user_data: str
    missing: frozenset[str]
    record: Mapping[str, Any]

    @property
    def when(self) -> str:
        """The earliest known time of the call, as text that sorts."""
        return self.start or self.connect or self.end

    def columns(self) -> dict[str, Any]:
        """Return :data:`CALL_FACTS`, then the record's own fields; a field named like a fact gets a prefix."""
        names = (each.name for each in fields(self))
        facts = {column: getattr(self, name) for column, name in zip(CALL_FACTS, names, strict=False)}
        head = {column: None if value == "" else value for column, value in facts.items()}
        own = {f"DiallerContactsHistory.{name}" if name in head else name: value for name, value in self.record.items()}
        return head | own

    @classmethod
    def read(cls, record: Mapping[str, Any], numbers: Collection[str] = ()) -> Self:
        """Read a record; ``numbers`` are the contact's, used to recognise the dialled one among several."""
        flat = dict(islice(flattened(record), MOST_FIELDS))
        found = _Found(flat, places(tuple(flat)))
        code = found.path("ResultCode", _text)
        text, done = beside(code, flat, ("content", "text", "name", "description")), beside(code, flat, ("bdone",))
        start, connect, end = (found.first(fact, read_time, None) or "" for fact in _TIMES)
        agent, end_reason = found.first("Agent", _text, ""), found.first("EndReason", _text, "")
        duration = found.duration(connect, end)
        reached = _reached(found, connect, agent or end_reason, duration)
        texts = [text, *(path for path in found.places["ResultText"] if path != code or _CONTENT.search(path))]
        result_text = next((found_text for path in texts if (found_text := _text(flat.get(path)))), "")
        is_done = _flag(flat.get(done)) if done else found.first("Done", _flag, None)
        absent = {fact for fact in CALL_FACTS if fact != "Reached" and not found.places[fact]}
        absent -= {"ResultText"} if text else set()
        absent -= {"Done"} if done else set()
        absent -= {"DurationSeconds"} if duration is not None else set()
        number = found.number(numbers)
        absent -= {"Number"} if number else set()
        return cls(
            found.first("CallID", _text, ""), start, connect, end, duration, reached, number,
            _text(flat.get(code)), result_text, is_done, agent, end_reason,
            found.first("DiallerCampaignsID", _text, ""), found.first("DiallerContactsID", _text, ""),
            found.first("UserData", _text, ""),
            frozenset(absent | ({"Reached"} if reached is None else set())), flat,
        )  # fmt: skip


def records_of(history: object) -> list[Mapping[str, Any]] | None:
    """Return the records of a contact's history, None if it is not a list of calls.

    A single nested record counts as a list of one; lists within the list are joined.
    """
    if isinstance(history, dict) and any(str(name).casefold() == CUSTOMER for name in history):
        return [history]
    if not history:
        return []
    if isinstance(history, list) and all(isinstance(part, list) for part in history):
        history = [record for part in history for record in part]
    return history if isinstance(history, list) and all(isinstance(record, dict) for record in history) else None


def each_once(calls: Iterable[Call]) -> list[Call]:
    """Deduplicate calls by ID: the later record wins, and counts as answered if either was.

    Records of one ID that began at different times are different calls.
    """
    found: dict[object, Call] = {}
    for place, call in enumerate(calls):
        key = (call.call_id, call.start) if call.call_id else place
        earlier = found.pop(key, None)
        found[key] = call if earlier is None else _merged(earlier, call)
    return list(found.values())


def reached_of(calls: Iterable[Call]) -> bool | None:
    """Whether somebody answered one of the calls; None if that is not known."""
    told = [call.reached for call in calls]
    return True if True in told else None if None in told or not told else False


def _merged(earlier: Call, later: Call) -> Call:
    known = [call.reached for call in (earlier, later) if call.reached is not None]
    return replace(later, reached=any(known) if known else None, result_code=later.result_code or earlier.result_code)


@dataclass(frozen=True, slots=True)
class _Found:
    """A flattened record, and by fact the paths that may hold it, the best first."""

    flat: Mapping[str, Any]
    places: Mapping[str, tuple[str, ...]]

    def path(self, fact: str, read: Callable[[object], object]) -> str:
        """Return the first path with a value for the fact, ``""`` for none."""
        return next((path for path in self.places[fact] if read(self.flat[path]) not in ("", None)), "")

    def first(self, fact: str, read: Callable[[object], T], otherwise: T) -> T:
        """Return the fact's value."""
        path = self.path(fact, read)
        return read(self.flat[path]) if path else otherwise

    def duration(self, connect: str, end: str) -> float | None:
        """Return the duration in seconds: as recorded, else from connect to end."""
        for path in self.places["DurationSeconds"]:
            seconds = _seconds(self.flat[path])
            if seconds is not None:
                return seconds / 1000 if _MILLISECONDS.search(path) else seconds
        between = seconds_between(connect, end)
        return None if between is None else _whole(between)

    def number(self, numbers: Collection[str]) -> str:
        """Return the customer's number: one of the contact's, else the dialled one (the caller's, if incoming)."""
        others = () if self.places["Number"] or not numbers else filter(_SOME_NUMBER.fullmatch, self.flat)
        there = {path: _text(self.flat[path]) for path in self.places["Number"] or others}
        there = {path: text for path, text in there.items() if _PHONE.fullmatch(text) and not _DATE.match(text)}
        known = {_digits(number)[-_SAME_NUMBER:] for number in numbers if number}
        incoming = any(_flag(self.flat[path]) is False for path in self.places["Outbound"])
        told = (path for path in self.places["Number"] if path in there)
        theirs = [there[path] for path in told if bool(_OURS.fullmatch(path)) is incoming]
        return next(
            (text for text in there.values() if _digits(text)[-_SAME_NUMBER:] in known), theirs[0] if theirs else ""
        )


@dataclass(slots=True)
class Spoken:
    """The ``language`` (languagesID) requested for texts. Only the batch lookup supports it."""

    language: int | None
    _warned: bool = False

    def note_one_by_one(self) -> None:
        """Warn, once, that calls are read by a function without languages."""
        if self.language is not None and not self._warned:
            self._warned = True
            _log.warning(
                phrase(
                    "--language {language} has no effect: this dialler's call functions have no language",
                    language=self.language,
                ),
            )


@dataclass(slots=True)
class NotTold:
    """Finds the facts that call records lack. ``reached`` counts calls that do not tell whether anybody answered."""

    calls: int = 0
    reached: int = 0
    _missing: set[str] = field(default_factory=lambda: set(CALL_FACTS))

    def watch(self, call: Call) -> None:
        """Examine one more call."""
        self.calls += 1
        self.reached += call.reached is None
        self._missing &= call.missing

    @property
    def facts(self) -> list[str]:
        """The facts for which no call has a field, in the order of their columns."""
        return [fact for fact in CALL_FACTS if self.calls and fact in self._missing]

    def __str__(self) -> str:
        """Summarise the gaps in one sentence, ``""`` for none."""
        said = []
        if self.facts:
            facts = ", ".join(self.facts)
            said.append(phrase("the dialler's call records have no {facts}: left empty", facts=facts))
        if self.reached and "Reached" not in self.facts:
            said.append(
                phrase(
                    "{count} of {calls} calls do not say whether anybody answered",
                    count=figure(self.reached),
                    calls=figure(self.calls),
                )
            )
        return "; ".join(said)


def _reached(found: _Found, connect: str, somebody: str, duration: float | None) -> bool | None:
    """Whether somebody answered: by the connect time if recorded, else by agent, end reason or duration."""
    connects = [found.flat[path] for path in (*found.places["CallConnect"], *found.places["OtherLegs"])]
    if connects:
        if connect or any(value is True or read_time(value) for value in connects):
            return True
        unreadable = [value for value in connects if read_time(value) is None]
        return None if unreadable else False
    if duration == 0:
        return None if somebody else False
    return True if somebody or duration else None


def _text(value: object) -> str:
    """Return a value as text; ``""`` for null, zero, booleans, lists and objects."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == 0:
        return ""
    with suppress(ValueError):  # integers of thousands of digits cannot be converted
        return str(value).strip()
    return ""


def _flag(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().casefold())
    return bool(value) if isinstance(value, (bool, int, float)) and value in (0, 1) else None


def _seconds(value: object) -> float | None:
    if isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        hours, minutes, seconds = map(int, clock.groups())
        return hours * 3600 + minutes * 60 + seconds
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    with suppress(ValueError, OverflowError):
        number = float(value)
        return _whole(number) if 0 <= number < _LONGEST else None
    return None


def _whole(number: float) -> float:
    return int(number) if number.is_integer() else number


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
