"""Field names that may hold each fact of a call's record, whatever the nesting."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from ..text.phrase import phrase

_CODES = r"(?:diallercampaigns?|dialler)?resultcodes?"
_OTHER_CODES = r"\w*resultcodes?"
_PEOPLE = "(?:users?|agents?|acdagents?)"
_END_REASON = "(?:last)?(?:acd)?(?:agents?)?endreasons?"

_NAMES: Mapping[str, tuple[str, ...]] = {
    "CallStart": (
        "dtcallstart",
        "callstart",
        "dtstart",
        "dtcallbegin|dtbegin|dtcall",
        "starttime|calltime",
        "dtcreated",
    ),
    "CallConnect": ("dt(call)?connect(ed)?", "dt(call)?answer(ed)?", "call(connect|answer)(ed)?|(connect|answer)time"),
    "CallEnd": ("dt(call)?end(ed)?", "callend|endtime", "dt(call)?(hangup|disconnect(ed)?)"),
    "CallID": (r"calls?(id|uuid)", r"statisticsparta\.id", "statisticspartaid"),
    "DurationSeconds": (
        "n?(call)?duration(seconds|secs?|s)?",
        "n?(talk|call|connected|connection)(time|duration|seconds)",
        "n?(call)?duration(ms|millis|milliseconds)",
    ),
    "Number": (
        "(dialled|dialed|called|callee|destination)(phone)?(number|party|partynumber)?|number(dialled|dialed|called)",
        "phonenumber(dialled|dialed|called)?",
        "bnumber",
        "anumber",
        "(customer|contact|tel|telephone)(phone)?number|phone|number",
        "callerid|callernumber",
    ),
    "ResultCode": (
        rf"{_CODES}\.exportkey",
        rf"{_CODES}exportkey",
        rf"{_CODES}\.(name|content|text)",
        _CODES,
        rf"{_OTHER_CODES}\.exportkey|{_OTHER_CODES}exportkey",
        "exportkey",
        rf"{_OTHER_CODES}\.(name|content|text)|{_OTHER_CODES}",
        rf"({_CODES}|{_OTHER_CODES})\.id",
        rf"({_CODES}|{_OTHER_CODES})id",
    ),
    "ResultText": (rf"{_CODES}\.(content|text|name)", "result(code)?s?(content|text|name)", _CODES),
    "Done": (rf"{_CODES}\.bdone", "bdone|done"),
    "Outbound": ("b?outbound",),
    "Agent": (
        rf"{_PEOPLE}\.(uid|login|loginname|username)",
        f"(last|call|acd)?{_PEOPLE}uid",
        "agents?(login|name)?|usersname|username",
        rf"{_PEOPLE}\.(name|lastname|fullname|displayname)",
        rf"{_PEOPLE}\.id",
        f"(last|call|acd)?{_PEOPLE}id",
    ),
    "EndReason": (
        rf"{_END_REASON}\.(exportkey|name|content|text)",
        f"{_END_REASON}(name|text)?",
        rf"{_END_REASON}\.id",
        f"{_END_REASON}id",
    ),
    "DiallerCampaignsID": ("diallercampaignsid", r"diallercampaigns\.id"),
    "DiallerContactsID": ("diallercontactsid", r"diallercontacts\.id"),
    "UserData": (r"diallercontacts\.userdata", "userdata"),
}
"""Fact → patterns of fields that may hold it, the best first; ``a.b`` is field ``b`` of an object ``a``."""

_PATTERNS = {fact: [re.compile(rf"(?:.*\.)?(?:{name})") for name in names] for fact, names in _NAMES.items()}
_OF_THE_CALL = frozenset({"CallConnect", "CallEnd", "DurationSeconds"})
"""Facts that stand beside the start: the same field elsewhere belongs to the agent's leg, or to another call."""

_TIMES = _OF_THE_CALL | {"CallStart"}

CUSTOMER = "statisticsparta"
"""The vendor's table of the customer's leg of calls."""

_AGENT = frozenset({"statisticspartb", "acdstatisticspartb", "statisticsparto"})
"""The vendor's tables of the agent's legs, whose connect times do not tell whether the customer answered."""

_FOREIGN = re.compile(r"(?:.*\.)?(?:servicenumbers?\.|(?:old|prev|next|planned)\w*resultcode)")
"""The call centre's own lines, and result codes of other calls."""

_DEEPEST = 50
"""Deepest nesting that is read; deeper values are left out."""

LONGEST_PATH = 200
"""Characters of a field's name, with those of the objects around it; each field inside repeats them."""

MOST_FIELDS = 16_384
"""Fields of a call that are read: more are no columns of a table."""

_MOST_KEPT = 1_000
"""Fields of a shape whose places are kept."""


def flattened(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of every field: ``{"a": {"b": 1}}`` is ``a.b``, and in a list of objects ``a.1.b``."""
    for name, value in record.items():
        if len(before) + len(name) > LONGEST_PATH:
            yield f"{before}{name}"[:LONGEST_PATH], phrase("(its name is too long)")
        elif not isinstance(value, (dict, list)):
            yield f"{before}{name}", value
        elif not _within(value, _DEEPEST):
            yield f"{before}{name}", phrase("(nested too deeply)")
        elif isinstance(value, dict) and value:
            yield from flattened(value, f"{before}{name}.")
        elif isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
            for place, part in enumerate(value, 1):
                yield from flattened(part, f"{before}{name}.{place}.")
        else:
            yield f"{before}{name}", value


def _within(value: dict[str, Any] | list[Any], levels: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_within(part, levels - 1) for part in parts if isinstance(part, (dict, list)))


def places(paths: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return fact → paths that may hold it; cached for all records of one shape."""
    return (_places if len(paths) <= _MOST_KEPT else _places.__wrapped__)(paths)


@lru_cache(maxsize=256)
def _places(paths: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    lower = {path: re.sub(r"\.\d+(?=\.)", "", path).casefold() for path in paths}

    def ranked(fact: str, home: str | None) -> tuple[str, ...]:
        found: list[tuple[bool, int, bool, int, int, str]] = []
        for path, name in lower.items():
            rank = next((rank for rank, pattern in enumerate(_PATTERNS[fact]) if pattern.fullmatch(name)), None)
            tables = set(name.split("."))
            agents = fact in _TIMES and tables & _AGENT
            if rank is not None and not agents and not _FOREIGN.match(name):
                away = home is not None and _object(path) != home
                found.append((away, rank, CUSTOMER not in tables, path.count("."), len(found), path))
        at_home = [entry for entry in found if not entry[0]]
        kept = at_home if at_home and fact in _OF_THE_CALL else found
        return tuple(entry[-1] for entry in sorted(kept))

    starts = ranked("CallStart", None)
    home = _object(starts[0]) if starts else None
    places = {fact: ranked(fact, home if fact in _OF_THE_CALL else None) for fact in _NAMES}
    places["CallStart"] = tuple(path for path in starts if _object(path) == home)
    legs = (path for path in ranked("CallConnect", None) if CUSTOMER in lower[path].split("."))
    places["OtherLegs"] = tuple(path for path in legs if path not in places["CallConnect"])
    # The call's own ID stands beside its start; the record's ID is the fallback.
    own = [path for path in paths if home is not None and path.casefold() == f"{home}id".casefold()]
    places["CallID"] = (*own, *places["CallID"], *(path for path in paths if path == "ID"))
    return places


def _object(path: str) -> str:
    """Return the object's part of a path: ``StatisticsPartA.`` of ``StatisticsPartA.dtCallStart``."""
    return path[: path.rfind(".") + 1]


def beside(path: str, flat: Mapping[str, Any], names: Collection[str]) -> str:
    """Return the path of the first of these fields in the object of ``path``; ``""`` for none, and at the top level."""
    home = _object(path)
    if not home:
        return ""
    there = {name.casefold(): name for name in flat if _object(name) == home and name != path}
    return next((there[f"{home}{name}".casefold()] for name in names if f"{home}{name}".casefold() in there), "")
