"""The calls and the result of a contact, read from its record. Pure.

The batch lookup returns the current result code and the calls; whether a list has them depends on the release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..api.call_times import moment, read_time
from ..api.wire import CALL_START, DONE, HISTORY, RESULT_CODE, call_starts, same_value
from ..config.texts import fold
from ..errors import UsageError
from ..text.phrase import phrase

LAST_TRY = "dtLastTry"
_NAMES = ("ExportKey", "Name", "Content", "ID")
"""Fields of a result code that people use as its name."""


def last_call(record: Mapping[str, Any]) -> str:
    """Return the time of the last call, as text that :func:`api.call_times.moment` reads; ``""`` if never called.

    Raises:
        UsageError: the record has a time that cannot be read.
    """
    if last := _time(record, LAST_TRY, record.get(LAST_TRY)):
        return last
    starts = [_time(record, CALL_START, value) for value in call_starts(record.get(HISTORY))]
    return max(filter(None, starts), key=moment, default="")  # type: ignore[arg-type]


def is_done(record: Mapping[str, Any]) -> bool:
    """Whether the contact is done.

    Raises:
        UsageError: its result code does not say.
    """
    if record.get(DONE) is not None:
        return same_value(True, record[DONE])
    codes = list(_codes(record))
    if codes and not any(DONE in code for code in codes):
        raise UsageError(_unknown(record, phrase("{field} is not there", field=f"{RESULT_CODE}.{DONE}"), "done"))
    return any(same_value(True, code.get(DONE)) for code in codes)


def result_names(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each name of the contact's result code: folded, and as it is."""
    for code in _codes(record):
        for name in _NAMES:
            if code.get(name) not in (None, ""):
                yield fold(str(code[name])), str(code[name])


def _codes(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = record.get(RESULT_CODE)
    yield from (code for code in (found if isinstance(found, list) else [found]) if isinstance(code, dict) and code)


def _time(record: Mapping[str, Any], name: str, value: object) -> str:
    text = read_time(value)
    if text is None or (text and moment(text) is None):
        why = phrase("{field} is {value}, which is not understood", field=name, value=repr(value))
        raise UsageError(_unknown(record, why, "called"))
    return text


def _unknown(record: Mapping[str, Any], why: str, setting: str) -> str:
    contact = record.get("ID")
    return phrase(
        "{setting}: it is not known whether contact {contact} is protected: {reason}. Nothing was sent.",
        setting=f"protect.{setting}",
        contact=contact,
        reason=why,
    )
