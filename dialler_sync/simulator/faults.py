"""Faults on demand: their kinds, the syntax of a plan, and the decision when one strikes.

A plan is a comma-separated text of ``name:when[:option=value]...``::

    500_after:0.05,drop_before:3%:on=all,429:0.02:retry_after=1,502_before:#1-2,401_from:500,400_for:K-17|K-18

``when`` is a probability (``0.05``, ``5%``) or the numbers of the requests (``#3``, ``#3-5``); it is a number for
``401_from``, a range of numbers for ``down``, and UserData for ``400_for`` and ``409_for``. Each fault has
its own counter, from 1, of the requests that it concerns.

==================  ====================================================================================
``on=``             functions, joined by ``|``; ``all``; or a group such as ``delete`` (default: ``import``,
                    but ``all`` for ``401_from`` and ``down``). ``on=all`` as an item of its own sets the default
``for=``            UserData, joined by ``|``; special characters percent-encoded
``retry_after=``    a ``Retry-After`` header in seconds; ``retry_date=`` writes it as an HTTP date
``seconds=``        delay of a late answer, or length of a stall: ``40``, or ``1-3``
==================  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import Any, Self
from urllib.parse import unquote

from ..errors import UsageError
from .routes import FUNCTIONS
from .span import NO_TIME, Span


class Strike(Enum):
    """Effect of a fault on the client."""

    REFUSAL = auto()
    """The dialler's own JSON error."""
    HTML = auto()
    """The HTML page of a proxy."""
    DROP = auto()
    """The connection is closed without an answer."""
    RESET = auto()
    """The connection is reset (RST) without an answer."""
    LATE = auto()
    """The true answer, too late."""
    CUT_JSON = auto()
    """A complete HTTP response whose JSON breaks off."""
    CUT_BODY = auto()
    """A response shorter than announced, then the connection closes."""
    STALL = auto()
    """The true answer, but its second half comes late."""
    CLOSE = auto()
    """The true answer, then the connection closes without notice."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    ``after``: the fault strikes after the change is made. ``everywhere``: the default is all functions, not only
    imports.
    """

    strike: Strike
    status: int = 0
    after: bool = False
    everywhere: bool = False


def _before_and_after(name: str, strike: Strike, status: int = 0) -> dict[str, Kind]:
    return {f"{name}_before": Kind(strike, status), f"{name}_after": Kind(strike, status, after=True)}


KINDS: dict[str, Kind] = {
    "400": Kind(Strike.REFUSAL, 400),
    "400_for": Kind(Strike.REFUSAL, 400),
    "401_from": Kind(Strike.REFUSAL, 401, everywhere=True),
    "409_for": Kind(Strike.REFUSAL, 409),
    "429": Kind(Strike.HTML, 429),
    "503": Kind(Strike.HTML, 503),
    "down": Kind(Strike.HTML, 503, everywhere=True),
    **_before_and_after("500", Strike.REFUSAL, 500),
    **_before_and_after("502", Strike.HTML, 502),
    **_before_and_after("504", Strike.HTML, 504),
    **_before_and_after("html_200", Strike.HTML, 200),
    **_before_and_after("drop", Strike.DROP),
    **_before_and_after("reset", Strike.RESET),
    **_before_and_after("late", Strike.LATE),
    "cut_json": Kind(Strike.CUT_JSON, after=True),
    "cut_body": Kind(Strike.CUT_BODY, after=True),
    "stall": Kind(Strike.STALL, after=True),
    "close": Kind(Strike.CLOSE, after=True),
}
"""Every kind of fault by name."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a plan: its kind, and the requests it strikes."""

    name: str
    on: frozenset[str]
    probability: float = 1.0
    first: int = 1
    last: int | None = None
    user_data: frozenset[str] | None = None
    seconds: Span = NO_TIME
    retry_after: Span | None = None
    retry_date: bool = False

    @property
    def kind(self) -> Kind:
        """The kind behind the name."""
        return KINDS[self.name]

    def concerns(self, function: str, user_data: str | None) -> bool:
        """Whether the fault is limited to requests such as this one."""
        return function in self.on and (self.user_data is None or user_data in self.user_data)

    def strikes_at(self, number: int) -> bool:
        """Whether the fault's range holds ``number``, counted over the requests that it concerns."""
        return self.first <= number and (self.last is None or number <= self.last)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """All faults of one simulated dialler, with the seed that makes their draws repeatable."""

    faults: tuple[Fault, ...] = ()
    seed: int = 0

    @classmethod
    def parse(cls, text: str, *, seed: int = 0) -> Self:
        """Parse a plan in the syntax of the module docstring.

        Raises:
            UsageError: the text is not a plan.
        """
        items = [item.strip() for item in text.split(",") if item.strip()]
        default_on: frozenset[str] | None = None
        for item in items:
            if item.startswith("on="):
                default_on = _functions(item, item.removeprefix("on="))
        faults = tuple(_fault(item, default_on) for item in items if not item.startswith("on="))
        for function in FUNCTIONS:
            _check_sum(function, faults)
        return cls(faults, seed)


NO_FAULTS = FaultPlan()


class FaultDice:
    """Draws the fault that strikes each request. One draw per request, so that the probabilities add up."""

    def __init__(self, plan: FaultPlan) -> None:
        self._faults = plan.faults
        self._random = Random(plan.seed)  # noqa: S311 - repeatable on purpose
        self._seen = [0] * len(plan.faults)

    def choose(self, function: str, user_data: str | None) -> Fault | None:
        """Return the fault that strikes this request, or None."""
        chosen: Fault | None = None
        roll = self._random.random()
        for index, fault in enumerate(self._faults):
            if not fault.concerns(function, user_data):
                continue
            self._seen[index] += 1
            if chosen is None and fault.strikes_at(self._seen[index]):
                if roll < fault.probability:
                    chosen = fault
                roll -= fault.probability
        return chosen


def _fault(item: str, default_on: frozenset[str] | None) -> Fault:
    name, *rest = item.split(":")
    if name not in KINDS:
        raise UsageError(f"Unknown fault '{name}'. Known faults: {', '.join(sorted(KINDS))}.")
    if not rest or not rest[0] or "=" in rest[0]:
        raise UsageError(f"The fault '{item}' does not say when it strikes; write {name}:{_example(name)}.")
    kind = KINDS[name]
    found: dict[str, Any] = {"on": frozenset(FUNCTIONS if kind.everywhere else ["import"])}
    if default_on is not None:
        found["on"] = default_on
    found |= _when(item, name, rest[0])
    for option in rest[1:]:
        found |= _option(item, *option.partition("=")[::2])
    if kind.strike in {Strike.LATE, Strike.STALL} and "seconds" not in found:
        raise UsageError(f"The fault '{item}' does not say how late the answer is; write {item}:seconds=40.")
    return Fault(name, **found)


def _when(item: str, name: str, text: str) -> dict[str, Any]:
    if name.endswith("_for"):
        return {"user_data": _texts(text)}
    try:
        if name == "401_from":
            return {"first": _number(text)}
        if name == "down" or text.startswith("#"):
            first, dash, last = text.removeprefix("#").partition("-")
            span = {"first": _number(first), "last": _number(last if dash else first)}
            if span["first"] <= span["last"] and (dash or name != "down"):
                return span
        else:
            probability = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
            if 0 <= probability <= 1:
                return {"probability": probability}
    except ValueError:
        pass
    raise UsageError(f"The fault '{item}' does not say when it strikes; write {name}:{_example(name)}.")


def _example(name: str) -> str:
    if name.endswith("_for"):
        return "K-17|K-18"
    return {"401_from": "500", "down": "100-200"}.get(name, "5%, or #3 for the third request")


def _option(item: str, key: str, value: str) -> dict[str, Any]:
    if key == "on":
        return {"on": _functions(item, value)}
    if key == "for":
        return {"user_data": _texts(value)}
    if key == "seconds":
        return {"seconds": Span.parse(value)}
    if key in {"retry_after", "retry_date"}:
        return {"retry_after": Span.parse(value), "retry_date": key == "retry_date"}
    raise UsageError(f"Unknown option '{key}' of the fault '{item}'. Known: for, on, retry_after, retry_date, seconds.")


def _functions(item: str, text: str) -> frozenset[str]:
    found: set[str] = set()
    for name in text.split("|"):
        chosen = {f for f in FUNCTIONS if name == "all" or f == name or f.startswith(f"{name}_by_")}
        if not chosen:
            raise UsageError(f"Unknown function '{name}' in '{item}'. Known: all, {', '.join(FUNCTIONS)}.")
        found |= chosen
    return frozenset(found)


def _texts(text: str) -> frozenset[str]:
    return frozenset(unquote(part) for part in text.split("|"))


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _check_sum(function: str, faults: Iterable[Fault]) -> None:
    always = (f for f in faults if f.last is None and f.user_data is None and not f.kind.everywhere)
    chances = [f.probability for f in always if function in f.on]
    if sum(chances) > 1 + 1e-9:
        raise UsageError(f"The chances of the faults on '{function}' add up to {sum(chances):.0%}; 100% is the most.")
