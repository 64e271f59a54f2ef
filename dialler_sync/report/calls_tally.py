"""Count calls, and what came of their contacts, in one pass and 24 bytes a call; calls may come in any order."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any, NamedTuple

from ..text.phrase import mark, phrase

Call = Mapping[str, Any]

MANY_CALLS = 6
"""Number of a contact's call from which calls are counted together."""

_MOST_NAMES = 1_000
OTHERS = mark("(others)")
"""Stands for names beyond the first thousand."""

FACTS = ("CallStart", "CallEnd", "Number", "ResultCode", "Done", "DurationSeconds", "Agent")
"""Facts of which the page says that no call tells them; the last two are of calls that were answered."""

_TEXTS = {"true": True, "false": False}


class Answer(IntEnum):
    """Whether somebody answered; of a contact's calls the highest counts."""

    GOING_ON = 0
    MISSED = 1
    NOT_TOLD = 2
    REACHED = 3


class Counts(NamedTuple):
    """The calls of one kind, and the contacts of which it is the last known."""

    name: str
    calls: int
    reached_calls: int
    contacts: int = 0
    reached: int = 0
    not_told: int = 0
    done: int = 0


class Nth(NamedTuple):
    """The n-th call of contacts that had not been reached: so many had one, and were reached by it; of so many the
    dialler does not tell."""

    nth: int
    contacts: int
    reached: int
    not_told: int


@dataclass(frozen=True, slots=True)
class Contacts:
    """What came of the contacts. ``done`` is None if no call tells it. Names come in order of their calls."""

    called: int
    answers: Mapping[Answer, int]
    done: int | None
    by_campaign: list[Counts]
    by_file: list[Counts]
    tries: list[Nth]


class CallsTally:
    """Counts lines of calls. ``files`` maps UserData to the file that the contact came from."""

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self._files = files
        self._digests, self._starts, self._codes = array("Q"), array("d"), array("Q")
        self._campaigns, self._lists, self._results = _Names(), _Names(), _Names()
        self._result_texts: dict[str, str] = {}
        self._told: set[str] = set()
        self._done_told = False
        self.calls = 0
        self.updated = 0
        self.without_contact = 0
        self.answers: Counter[Answer] = Counter()
        self.hours: Counter[tuple[int, Answer]] = Counter()
        self.days: Counter[tuple[date, Answer]] = Counter()
        self.talks = 0
        self.talked = 0.0

    def add(self, call: Call) -> None:
        """Count a call: a line with the columns of a list of calls, as values or as their texts."""
        self.calls += 1
        self.updated += call.get("_change") == "updated"
        self._told.update(fact for fact in FACTS if call.get(fact) not in (None, ""))
        answer, start = _answer(call), _start(call.get("CallStart"))
        self.answers[answer] += 1
        campaign = self._campaigns.count(_text(call.get("Campaign")), answer)
        result = _text(call.get("ResultCode")) or _text(call.get("ResultText"))
        self._results.count(result, answer)
        if len(self._result_texts) < _MOST_NAMES:
            self._result_texts.setdefault(result, _text(call.get("ResultText")))
        if start:
            self.days[start.date(), answer] += 1
            if len(_text(call.get("CallStart"))) > len("2026-01-31"):
                self.hours[start.hour, answer] += 1
        if answer is Answer.REACHED and (seconds := _seconds(call.get("DurationSeconds"))) is not None:
            self.talks += 1
            self.talked += seconds
        self._keep(call, answer, start, campaign)

    def _keep(self, call: Call, answer: Answer, start: datetime | None, campaign: int) -> None:
        """Keep what the count of contacts needs."""
        user_data, contact = _text(call.get("UserData")), _text(call.get("ContactID"))
        file = 0
        if self._files is not None:
            file = self._lists.count(self._files.get(user_data, ""), answer)
        if not (contact or user_data):
            self.without_contact += 1
            return
        key = f"{'id' if contact else 'key'} {contact or user_data}".encode("utf-8", "surrogatepass")
        done = _flag(call.get("Done"))
        self._digests.append(int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little"))
        self._starts.append(_seconds_of(start))
        self._codes.append(answer | (0 if done is None else 1 + done) << 2 | campaign << 4 | file << 20)

    @property
    def not_told(self) -> list[str]:
        """The facts that no call tells."""
        expected = FACTS if self.answers[Answer.REACHED] else FACTS[:-2]
        return [fact for fact in expected if self.calls and fact not in self._told]

    @property
    def ends_are_told(self) -> bool:
        """Whether any call has an end, so that one without is going on."""
        return "CallEnd" in self._told

    def results(self) -> list[tuple[str, str, int, int]]:
        """Return (result code, its text, calls, calls that were answered), the most frequent first."""
        texts = self._result_texts
        return [(e.name, texts.get(e.name, ""), e.calls, e.reached_calls) for e in self._results.counted()]

    def campaigns(self) -> list[str]:
        """Return the names of the campaigns, the one with most calls first."""
        return [each.name for each in self._campaigns.counted()]

    def settled(self) -> dict[Answer, int]:
        """Return the calls by answer. Where no call has an end, one without is not taken to be going on."""
        return _settled(self.answers, self.ends_are_told)

    def contacts(self) -> Contacts:
        """Count the contacts. It takes a moment, and twice the memory of the calls."""
        import numpy as np

        digests, starts = np.frombuffer(self._digests, np.uint64), np.frombuffer(self._starts, np.float64)
        order = np.lexsort((starts, digests))
        ordered = digests[order]
        codes = np.frombuffer(self._codes, np.uint64)[order].astype(np.int64)
        if not len(ordered):
            return Contacts(0, {}, None, self._campaigns.counted(), self._lists.counted(), [])
        first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        sizes = np.diff(np.r_[first, len(ordered)])
        nth = np.arange(len(ordered)) - np.repeat(first, sizes) + 1
        answers, done = codes & 3, codes >> 2 & 3
        best = np.maximum.reduceat(answers, first)
        reached_at = np.minimum.reduceat(np.where(answers == Answer.REACHED, nth, len(ordered) + 1), first)
        last_told = np.maximum.reduceat(np.where(done > 0, nth, 0), first)
        is_done = (last_told > 0) & (done[first + np.maximum(last_told, 1) - 1] == 2)
        last = codes[first + sizes - 1]
        reached = best == Answer.REACHED
        kinds = (last >> 4 & 0xFFFF, last >> 20 & 0xFFFF)
        untold = best == Answer.NOT_TOLD
        campaigns, lists = (n.counted(at, reached, untold, is_done) for n, at in zip(self._named, kinds, strict=True))
        tries = list(_tries(answers, nth, first, sizes, reached_at))
        counted = {answer: int((best == answer).sum()) for answer in Answer}
        told = bool((last_told > 0).any())
        return Contacts(
            len(first), _settled(counted, self.ends_are_told), int(is_done.sum()) if told else None,
            campaigns, lists, [each for each in tries if each.contacts],
        )  # fmt: skip

    @property
    def _named(self) -> tuple[_Names, _Names]:
        return self._campaigns, self._lists


class _Names:
    """Names, numbered from 0, with the calls of each."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._calls: Counter[tuple[int, bool]] = Counter()

    def count(self, name: str, answer: Answer) -> int:
        """Count a call, and return the number of its name."""
        place = self._places.get(name)
        if place is None:
            name = name if len(self._places) < _MOST_NAMES else phrase(OTHERS)
            place = self._places.setdefault(name, len(self._places))
        self._calls[place, answer is Answer.REACHED] += 1
        return place

    def counted(self, places: Any = (), *kinds: Any) -> list[Counts]:
        """Return the counts, the most calls first.

        For each contact ``places`` has the number of its name, and ``kinds`` whether it was reached, not told, done.
        """
        return sorted(self._counts(places, kinds), key=lambda each: -each.calls)

    def _counts(self, places: Any, kinds: Any) -> Iterator[Counts]:
        import numpy as np

        size = len(self._places)
        chosen = [places, *(places[kind] for kind in kinds)] if len(places) else []
        contacts = [np.bincount(each, minlength=size) for each in chosen]
        for name, place in self._places.items():
            answered = self._calls[place, True]
            calls = answered + self._calls[place, False]
            yield Counts(name, calls, answered, *(int(each[place]) for each in contacts))


def _tries(answers: Any, nth: Any, first: Any, sizes: Any, reached_at: Any) -> Iterator[Nth]:
    """Yield what the n-th call of each contact brought; the calls of one contact follow each other in order."""
    import numpy as np

    for n in range(1, MANY_CALLS + 1):
        is_last = n == MANY_CALLS
        had, here = (sizes >= n) & (reached_at >= n), (nth >= n) if is_last else (nth == n)
        by_it = had & (reached_at <= sizes) & ((reached_at == n) | is_last)
        not_told = had & ~by_it & np.logical_or.reduceat(here & (answers == Answer.NOT_TOLD), first)
        yield Nth(n, *(int(each.sum()) for each in (had, by_it, not_told)))


def _settled(answers: Mapping[Answer, int], ends_are_told: bool) -> dict[Answer, int]:
    counts = {answer: answers.get(answer, 0) for answer in Answer}
    if not ends_are_told:
        counts[Answer.MISSED] += counts[Answer.GOING_ON]
        counts[Answer.GOING_ON] = 0
    return counts


def _answer(call: Call) -> Answer:
    reached = _flag(call.get("Reached"))
    if reached is None:
        return Answer.NOT_TOLD
    over = reached or any(call.get(fact) not in (None, "") for fact in ("CallEnd", "ResultCode", "EndReason"))
    return Answer.REACHED if reached else Answer.MISSED if over else Answer.GOING_ON


def _start(value: object) -> datetime | None:
    """Return when a call began: in the zone of this machine, if its time has one, else as the dialler tells it."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value.removesuffix(" UTC") + ("+00:00" if value.endswith(" UTC") else ""))
        return moment.astimezone() if moment.tzinfo else moment
    except (ValueError, OverflowError, OSError):
        return None


def _seconds_of(start: datetime | None) -> float:
    """Return a time that sorts; calls without one stay in their order, before all others."""
    if start is None:
        return 0.0
    return (start.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - a difference


def _flag(value: object) -> bool | None:
    if isinstance(value, str):
        return _TEXTS.get(value.casefold())
    return value if isinstance(value, bool) else None


def _seconds(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, (int, float, str)) and value != "" else None
    except ValueError:
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)
