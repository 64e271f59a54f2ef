"""Provide the calls of a rehearsal: a number drawn for each contact, or calls from a file.

The file holds answers of the dialler, or a table written by hand: JSON (a list, an answer of the API with its
``records``, or one object per line) or CSV. Each entry names its contact by ``UserData`` or ``DiallerContactsID``. It
is a call's record as the dialler gives it (``{"StatisticsPartA": {…}}``, or flattened:
``StatisticsPartA.dtCallStart``), a contact with its ``DiallerContactsHistory``, or a line with the columns of
``dialler-sync contacts history``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import orjson

from ..errors import UsageError
from ..fields import PHONE_FIELDS
from .calls import CODE, CUSTOMER, Record, draw_calls

Key = str | int
"""A contact's UserData, or its ID."""

CallSource = Callable[[int, Mapping[str, Any], float], list[Record]]
"""Returns the calls of a new contact, given its ID, its fields, and the time in seconds since 1970."""

_MOST = 1000
"""Most calls that may be drawn for each contact."""

_PLACES = {
    "CallID": (CUSTOMER, "ID"),
    "CallStart": (CUSTOMER, "dtCallStart"),
    "CallConnect": (CUSTOMER, "dtCallConnect"),
    "CallEnd": (CUSTOMER, "dtCallEnd"),
    "DurationSeconds": (CUSTOMER, "Duration"),
    "Number": (CUSTOMER, "BNumber"),
    "ResultCode": (CODE, "ExportKey"),
    "ResultText": (CODE, "Content"),
    "Done": (CODE, "bDone"),
    "Agent": ("Users", "UID"),
    "EndReason": ("AcdAgentEndReasons", "Name"),
}
"""Columns of ``contacts history``, and their places in the simulator's records."""

_WORDS = {"": None, "true": True, "false": False}


def call_source(text: str, seed: int = 0) -> CallSource:
    """Return the source that ``--calls`` names: a number of calls for each contact, or a file.

    Raises:
        UsageError: the number is too large, or the file cannot be used.
    """
    if text.isascii() and text.isdigit():
        count = int(text[:9])
        if count > _MOST:
            raise UsageError(f"--calls {text[:20]}: more than {_MOST} calls for each contact.")

        def drawn(contact_id: int, contact: Mapping[str, Any], now: float) -> list[Record]:
            numbers = [contact[name] for name in PHONE_FIELDS if contact.get(name)]
            return draw_calls(count, numbers, now, Random(f"{seed} {contact_id}"))  # noqa: S311 - repeatable on purpose

        return drawn
    found = read_calls(Path(text))
    return lambda contact_id, contact, _: found.pop(contact.get("UserData", ""), []) + found.pop(contact_id, [])


def read_calls(path: Path) -> dict[Key, list[Record]]:
    """Return the calls of each contact, oldest first.

    Raises:
        UsageError: the file cannot be used; the message names the entry.
    """
    try:
        if not path.is_file():
            raise UsageError(f"'{path}' is neither a number of calls (0 to {_MOST}) nor a file of calls.")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(path, "it is not UTF-8 text") from None
    except (OSError, ValueError) as error:  # ValueError: not a valid file name
        raise _unusable(path, getattr(error, "strerror", None) or str(error)) from None
    calls: dict[Key, list[Record]] = {}
    for number, entry in enumerate(_entries(path, text), 1):
        if not isinstance(entry, dict):
            raise _unusable(path, f"entry {number} is not an object")
        key = _whose(entry)
        if key is None:
            raise _unusable(path, f"entry {number} does not name its contact, by UserData or DiallerContactsID")
        history = entry.get("DiallerContactsHistory", [_record(entry)])
        if not isinstance(history, list) or not all(isinstance(call, dict) for call in history):
            raise _unusable(path, f"DiallerContactsHistory of entry {number} is not a list of calls")
        _check_depth(path, number, history)
        calls.setdefault(key, []).extend(history)
    if not any(calls.values()):
        raise _unusable(path, "it holds no call")
    return {key: sorted(found, key=_start) for key, found in calls.items()}


def _entries(path: Path, text: str) -> Iterator[Any]:
    if not text.lstrip().startswith(("{", "[")):
        yield from _table(path, text)
        return
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = [_json(path, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    records = document.get("records", document) if isinstance(document, dict) else document
    yield from records if isinstance(records, list) else [records]


def _table(path: Path, text: str) -> Iterator[Record]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        for row in csv.DictReader(StringIO(text, newline=""), delimiter=delimiter, restval="", restkey=""):
            yield {n: v if n == "UserData" or n == "" else _WORDS.get(v.casefold(), v) for n, v in row.items()}
    except csv.Error as error:
        raise _unusable(path, str(error)) from None


def _json(path: Path, number: int, line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _unusable(path, f"line {number} is not JSON ({error})") from None


def _whose(entry: Mapping[str, Any]) -> Key | None:
    user_data = entry.get("UserData")
    if isinstance(user_data, (str, int)) and not isinstance(user_data, bool) and user_data != "":
        return str(user_data)
    contact_id = str(entry.get("DiallerContactsID", entry.get("ID", "")))
    return int(contact_id) if contact_id.isascii() and contact_id.isdigit() and len(contact_id) < 19 else None


def _record(entry: Mapping[str, Any]) -> Record:
    """Return the call of an entry."""
    own: Record = {}
    for name, value in entry.items():
        if name and name not in _PLACES and name not in {"UserData", "DiallerContactsID", "Reached"}:
            _put(own, name.split("."), value)
    if CUSTOMER in own or "CallStart" not in entry:
        return own | ({} if CUSTOMER in own else {name: entry[name] for name in _PLACES if name in entry})
    for name, place in _PLACES.items():
        if name in entry:
            _put(own, [*place], _WORDS.get(str(entry[name]).strip().casefold(), entry[name]))
    leg = own[CUSTOMER]
    if _WORDS.get(str(entry.get("Reached")).strip().casefold()) and not leg.get("dtCallConnect"):
        leg["dtCallConnect"] = leg["dtCallStart"]
    return own


def _put(record: Record, path: list[str], value: Any) -> None:
    for name in path[:-1]:
        inner = record.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        record = inner
    record[path[-1]] = value


def _check_depth(path: Path, number: int, calls: list[Record]) -> None:
    try:
        orjson.dumps([[[[calls]]]])  # nested as deep as in an answer
    except orjson.JSONEncodeError as error:
        raise _unusable(path, f"entry {number} cannot be an answer ({error})") from None


def _start(record: Record) -> str:
    leg = record.get(CUSTOMER)
    return str(leg.get("dtCallStart") or "") if isinstance(leg, dict) else ""


def _unusable(path: Path, why: str) -> UsageError:
    return UsageError(f"The file of calls {str(path)[:300]} cannot be used: {why}.")
