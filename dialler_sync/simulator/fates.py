"""Draws the fate of one call of the dialler."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .calls import AGENTS, ANSWERED, NOT_ANSWERED, NUMBER_INVALID, ResultCode

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
