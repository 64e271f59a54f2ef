"""Records of calls in the nested form of the vendor's pages, random calls for a rehearsal, and their fates.

``StatisticsPartA`` is the customer's leg, with columns of the vendor's table of that name; its ``dtCallConnect`` is
null if nobody answered. Beside it stand the call's result code and, if an agent took part, the agent and the agent's
leg. Source: API.md, "A call's record"; only the customer's leg is documented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from .clock import written

CUSTOMER, AGENT, CODE = "StatisticsPartA", "StatisticsPartB", "DiallerCampaignsResultCodes"

Record = dict[str, Any]

_CUSTOMER_COLUMNS = (
    *("ID", "ClientsID", "ServiceNumbersID", "bOutbound", "ANumber", "BNumber"),
    *("dtCallStart", "dtCallConnect", "dtCallEnd", "bCallerHangup", "CauseCodesID"),
)

CALLER = "+49895550100"
"""The call centre's own number."""

AGENTS = ((31, "anna.berg"), (32, "jonas.wolf"), (33, "emine.kaya"))
UNALLOCATED, NORMAL, BUSY, NO_ANSWER = 1, 16, 17, 19
"""ISDN causes of the end of a call."""


_CODE_FLAGS = ("bDone", "bDelay", "bAborted", "bAppointment")


@dataclass(frozen=True, slots=True)
class ResultCode:
    """A campaign's result code; ``texts`` by languagesID, the first is the default."""

    id: int
    key: str
    texts: Mapping[int, str]
    flag: str | None = None
    cause: int = NORMAL

    def record(self) -> Record:
        """Return the dialler's record of the code: key, text and flags, but no name."""
        flags = {flag: flag == self.flag for flag in _CODE_FLAGS}
        return {"ID": self.id, "ExportKey": self.key, "Content": next(iter(self.texts.values())), **flags}


ANSWERED = (
    ResultCode(2871, "SALE", {2: "Sale", 1: "Verkauf"}, "bDone"),
    ResultCode(2872, "REFUSED", {2: "Refused", 1: "Kein Interesse"}, "bDone"),
    ResultCode(2873, "CALLBACK", {2: "Call back", 1: "Rückruf"}, "bAppointment"),
)
NOT_ANSWERED = (
    ResultCode(2874, "NOANSWER", {2: "No answer", 1: "Nicht erreicht"}, "bDelay", NO_ANSWER),
    ResultCode(2875, "BUSY", {2: "Busy", 1: "Besetzt"}, "bDelay", BUSY),
)
NUMBER_INVALID = ResultCode(2876, "INVALID", {2: "Number invalid", 1: "Rufnummer ungültig"}, None, UNALLOCATED)
_CODES = {code.id: code for code in (*ANSWERED, *NOT_ANSWERED, NUMBER_INVALID)}


def completed(record: Mapping[str, Any], **known: int | None) -> Record:
    """Return the record with all columns of customer's leg and result code; one without such a leg stays as it is.

    ``known``: ID and ClientsID of the call, DiallerContactsID and DiallerCampaignsID of its contact.
    """
    leg, code = record.get(CUSTOMER), record.get(CODE)
    if not isinstance(leg, dict):
        return dict(record)
    call = {"ID": known.pop("ID"), "ClientsID": known.pop("ClientsID"), "bOutbound": True}
    whole: Record = {CUSTOMER: dict.fromkeys(_CUSTOMER_COLUMNS) | call | leg, **known}
    whole |= {name: value for name, value in record.items() if name != CUSTOMER}
    if isinstance(code, dict):
        whole[CODE] = dict.fromkeys(("ID", "ExportKey", "Content", *_CODE_FLAGS)) | code
    return whole


def translated(code: object, language: int | None) -> object:
    """Return a result code with its text in another language, if it has one."""
    known = _CODES.get(code["ID"]) if isinstance(code, dict) and type(code.get("ID")) is int else None
    text = known.texts.get(language) if known and language is not None else None
    return code if text is None else {**code, "Content": text}  # type: ignore[dict-item]


def draw_calls(count: int, numbers: Sequence[str], now: float, random: Random) -> list[Record]:
    """Draw ``count`` calls of one contact, oldest first: one a day, all before ``now``, every other one answered."""
    start, first = now - 86_400 * count, random.randrange(2)
    days = [start + 86_400 * day + random.randrange(80_000) for day in range(count)]
    return [_draw(numbers, moment, place % 2 == first, random) for place, moment in enumerate(days)]


def _draw(numbers: Sequence[str], start: float, answered: bool, random: Random) -> Record:
    code = random.choice(ANSWERED if answered else NOT_ANSWERED)
    connect = start + random.randrange(4, 30)
    end = connect + random.randrange(5, 600) if answered else start + 35
    record: Record = {
        CUSTOMER: {
            "ANumber": CALLER,
            "BNumber": random.choice(numbers) if numbers else None,
            "dtCallStart": written(start),
            "dtCallConnect": written(connect) if answered else None,
            "dtCallEnd": written(end),
            "bCallerHangup": answered and random.random() < 0.5,
            "CauseCodesID": code.cause,
        },
        CODE: code.record(),
    }
    if not answered:
        return record
    users_id, uid = random.choice(AGENTS)
    leg = {"ID": 1, "UsersID": users_id, "dtCallStart": written(connect), "dtCallConnect": written(connect + 1)}
    return record | {AGENT: leg | {"dtCallEnd": written(end)}, "Users": {"ID": users_id, "UID": uid}}


_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

_SALE, _REFUSED, _CALLBACK = ANSWERED
_NO_ANSWER, _BUSY = NOT_ANSWERED

_WRONG = 0.05
"""Share of the numbers that do not exist."""

_ANSWERS, _ENGAGED = 0.4, 0.15
"""Shares of the calls that somebody answers, and that find the line busy."""

_CORRECTED = 0.06
"""Share of the talks whose result code an agent corrects afterwards."""


@dataclass(frozen=True, slots=True)
class Fate:
    """The fate of a call. Times are in seconds: ``connect`` (None: nobody answers) and ``end`` from its start,
    ``pause`` from its end to the next try (None: no further one), ``corrected`` from its end to the code that then
    replaces the first."""

    end: float
    code: ResultCode
    pause: float | None
    connect: float | None = None
    agent: tuple[int, str] | None = None
    caller_hangs_up: bool = False
    corrected: tuple[float, ResultCode] | None = None


def draw_fate(number: str, seed: int, key: str | int, nth: int) -> Fate:
    """Draw the fate of the ``nth`` call of a contact (its UserData, or ID): the same for the same arguments."""
    if Random(f"{seed} {number}").random() < _WRONG:  # noqa: S311 - repeatable on purpose
        return Fate(2, NUMBER_INVALID, 5 * _MINUTE)
    random = Random(f"{seed} {key} {nth}")  # noqa: S311 - repeatable on purpose
    lot = random.random()
    if lot < _ANSWERS:
        return _talk(random)
    if lot < _ANSWERS + _ENGAGED:
        return Fate(4, _BUSY, random.randrange(10 * _MINUTE, _HOUR))
    return Fate(35, _NO_ANSWER, random.randrange(2 * _HOUR, _DAY))


def _talk(random: Random) -> Fate:
    code = random.choices((_SALE, _REFUSED, _CALLBACK), (2, 5, 3))[0]
    connect = random.randrange(4, 30)
    corrected = None
    if random.random() < _CORRECTED:
        after = random.randrange(10 * _MINUTE, 2 * _DAY)
        corrected = after, random.choice([other for other in (_SALE, _REFUSED) if other is not code])
    return Fate(
        connect + random.randrange(10, 600),
        code,
        random.randrange(_HOUR, 3 * _DAY) if code is _CALLBACK else None,
        connect,
        random.choice(AGENTS),
        random.random() < 0.5,
        corrected,
    )
