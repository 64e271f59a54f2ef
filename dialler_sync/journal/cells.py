"""Checks of the journal's cells: whoever can write the file can put anything into any of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from ..error_codes import WARNINGS
from ..exit_codes import ExitCode
from ..model import ACTIONS, RowWarning, Status
from ..text.phrase import phrase
from .records import RowState

Check = Callable[[Any], Any]


class OddCell(Exception):
    """A cell holds a value that this program never writes; the message names the cell."""


class Checked(sa.TypeDecorator[Any]):
    """A column type that checks each cell when it is read."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, kind: Any, where: str, nullable: bool) -> None:
        super().__init__()
        self.impl = kind
        self.kind, self.where, self.nullable = kind, where, nullable
        self._check = CHECKS.get(where) or _KINDS[type(kind)]

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Check:
        """Return the function that checks a cell and returns it unchanged; it is called for millions of cells.

        Raises (when it is called):
            OddCell: this program never writes such a value.
        """
        try:
            convert = self.impl_instance.result_processor(dialect, coltype)
        except sa.exc.InvalidRequestError:  # the column has another type than ours; its cells are looked at
            convert = None
        simple, look = _SIMPLE.get(self._check), self.look

        def check(value: Any) -> Any:
            return value if type(value) is simple else look(convert(value) if convert else value)

        return check

    def look(self, value: Any) -> Any:
        """Check a cell and return it unchanged.

        Raises:
            OddCell: this program never writes such a value.
        """
        if self._check(value) if value is not None else self.nullable:
            return value
        raise OddCell(phrase("a cell of {where} holds {value!r}", where=self.where, value=str(value)[:40]))

    def look_at(self, cells: Sequence[Any]) -> None:
        """Check the cells of a page of rows, which takes a third of the time of checking one after the other.

        Raises:
            OddCell: this program never writes one of these values.
        """
        kinds = set(map(type, cells))
        if kinds <= {_SIMPLE.get(self._check), type(None) if self.nullable else None}:
            return
        for value in set(cells) if kinds == {str} else cells:
            self.look(value)


def check(metadata: sa.MetaData) -> None:
    """Check the cells of all tables whenever they are read."""
    for table in metadata.tables.values():
        for column in table.columns:
            column.type = Checked(column.type, str(column), bool(column.nullable))


def unchecked(column: Any) -> Any:
    """Return a column whose cells :func:`check_page` is to check."""
    return sa.type_coerce(column, column.type.kind)


def check_page(columns: Sequence[Any], page: Sequence[Sequence[Any]]) -> None:
    """Check the cells of rows of the ``columns``.

    Raises:
        OddCell: this program never writes one of these values.
    """
    for column, cells in zip(columns, zip(*page, strict=True), strict=False):
        column.type.look_at(cells)


def optional(column: Any) -> Any:
    """Return a column that may be NULL in an outer join."""
    kind = column.type
    return sa.type_coerce(column, Checked(kind.kind, kind.where, nullable=True))


def line_of_call(column: Any) -> Any:
    """Return a column of ``known_calls`` whose rows are those of calls that are going on: lines as JSON."""
    return sa.type_coerce(column, Checked(column.type.kind, LINE, nullable=False))


_HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which only JSON can hold."""


def _text(value: Any) -> bool:
    return isinstance(value, str) and not _HALF.search(value)


def _path(value: Any) -> bool:
    """Whether a value is a path; bytes of names that are not UTF-8 are halves of characters."""
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return type(value) is int


_SIMPLE: dict[Check, type] = {_text: str, _whole: int}
"""Checks of the type alone."""

_KINDS: dict[type, Check] = {
    sa.Text: _text,
    sa.Integer: _whole,
    sa.BigInteger: _whole,
    sa.Boolean: lambda value: isinstance(value, bool),
    sa.Double: lambda value: isinstance(value, int | float),
}


def _one_of(names: Container[str]) -> Check:
    return lambda value: isinstance(value, str) and value in names


def _exit_code(value: Any) -> bool:
    return _whole(value) and value in set(ExitCode)


def is_time(value: Any) -> bool:
    """Whether a text is a time as the journal writes it, in a year that every time zone can show."""
    try:
        found = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return False
    # Python takes any sign between date and clock, also one that acts on a terminal.
    return value.isprintable() and found.tzinfo is not None and 1970 <= found.year < 9999


def _time_or_empty(value: Any) -> bool:
    return value == "" or is_time(value)


def _warnings(value: Any) -> bool:
    if value == "":  # nearly always
        return True
    codes = [warning.code for warning in RowWarning.parse(value)] if isinstance(value, str) else [""]
    return all(code in WARNINGS for code in codes)


def _contact(value: Any) -> bool:
    """Whether a cell is a JSON object whose fields hold single values."""
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and not any(isinstance(part, list | dict) for part in found.values())


def _json(shape: Any) -> Check:
    def is_so(value: Any) -> bool:
        try:
            found = json.loads(value, parse_constant=_no_number)
            return fits(found, shape)
        except (ValueError, TypeError, RecursionError):
            return False

    return is_so


def _no_number(text: str) -> object:
    raise ValueError(text)


def fits(found: Any, shape: Any) -> bool:
    """Whether a value has a shape: a type or several, a list of a shape, or an object.

    ``ANY`` in an object is the shape of all other keys, ``ANY_PATH`` if they are paths. A key that ends in ``!`` is
    required; older journals may lack the others.
    """
    if isinstance(shape, list):
        return isinstance(found, list) and all(fits(each, shape[0]) for each in found)
    if not isinstance(shape, dict):
        return bool(shape(found))
    if not isinstance(found, dict):
        return False
    needed = {name[:-1] for name in shape if name.endswith("!")}
    shapes = {name.removesuffix("!"): each for name, each in shape.items()}
    if ANY_PATH not in shapes and not all(map(_text, found)):
        return False
    other = shapes.get(ANY) or shapes.get(ANY_PATH) or (lambda _: True)
    return needed <= found.keys() and all(fits(each, shapes.get(name, other)) for name, each in found.items())


ANY, ANY_PATH = "*", "*/*"


def _fault(value: Any) -> bool:
    return fits(value, [_text]) and len(value) == len(("code", "field", "message", "hint"))


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _texts(value: Any) -> bool:
    return fits(value, [_text])


def _text_or_texts(value: Any) -> bool:
    return value is None or _text(value) or _texts(value)


def _count(value: Any) -> bool:
    return _whole(value) and 0 <= value < 2**63


def _number(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < 1e15  # neither infinite nor longer than a life


_TEXT_OR_NULL = _or_null(_text)


def _compared(value: Any) -> bool:
    """Whether a value says when the rows were sent that a run has compared with."""
    return not value or fits(value, {"from!": is_time, "to!": is_time})


FILE = {
    **dict.fromkeys(("name!", "sha256!"), _text),
    "path!": _path,
    "sheet": _TEXT_OR_NULL,
    "rows": _or_null(_count),
    "layout": {"columns": [_text]},
    "inode": _or_null(_whole),
}
CALL_FILE = {
    **dict.fromkeys(("sha256!", "replaces"), _text),
    **dict.fromkeys(("path!", "draft!"), _path),
    **dict.fromkeys(("calls!", "updated!"), _count),
    "looked_at!": is_time,
}
_OPTIONS = {
    **dict.fromkeys(("dry_run", "adopt", "mark", "mended", "force", "extras", "all_matches", "unchecked"), _flag),
    **dict.fromkeys(
        ("user", "max_errors", "max_warnings", "max_missing", "since", "cluster", "column", "by", "campaign"),
        _TEXT_OR_NULL,
    ),
    "out": _or_null(_path),
    **dict.fromkeys(("ids", "user_data"), _texts),
    "compared": _compared,
    "campaign_ids": {ANY: _TEXT_OR_NULL},
    "suppress": {ANY_PATH: _TEXT_OR_NULL},
    "compare": _or_null(_one_of({"none", "journal", "dialler"})),
    "source": {
        **dict.fromkeys(("sheet", "sheets", "encoding", "delimiter"), _text_or_texts),
        ANY: lambda _: False,  # such as a command, which would be run
    },
    "mask": _or_null(_texts),
    "mapped": {ANY: [[_text]]},
}
"""Shapes of the options that are read from the journal."""
_DURATIONS = dict.fromkeys(("p50_ms!", "p95_ms!", "max_ms!"), _number)
_LATENCY = {
    **_DURATIONS,
    "histogram!": lambda value: fits(value, {ANY: _count}) and all(0 < float(bound) < 1e15 for bound in value),
    "over_time!": [{"at!": is_time, "seconds!": _number, **_DURATIONS, ANY: _number}],
}
_MOST_STRETCHES = 10_000


def _is_course(stretches: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there are stretches of time one after the other, not too many for a chart."""
    began = [datetime.fromisoformat(each["at"]) for each in stretches]
    if not began or began != sorted(began) or min(each["seconds"] for each in stretches) <= 0:
        return False
    return (began[-1] - began[0]).total_seconds() < _MOST_STRETCHES * float(stretches[0]["seconds"])


_SUMMARY = {
    **dict.fromkeys(("run_id!", "command!", "version!"), _text),
    "out!": _path,
    "started_at!": is_time,
    "finished_at!": _time_or_empty,
    **dict.fromkeys(("duration_s!", "rows_per_s!", "rows_per_s_overall", "sending_s"), _number),
    "files!": [FILE],
    "campaign!": lambda value: isinstance(value, str | int),
    "campaign_name": _text,
    "counts!": {"read!": _count, **dict.fromkeys((f"{status}!" for status in Status), _count), ANY: _count},
    "actions!": {ANY: _count},
    **{name: {ANY: _count} for name in ("changed_fields", "errors", "warnings", "mirror")},
    **dict.fromkeys(("requests!", "retries!", "rows_sent"), _count),
    "exit_code!": _exit_code,
    **dict.fromkeys(("stopped_because!", "parent!"), _TEXT_OR_NULL),
    "dry_run!": _flag,
    "compared": _compared,
    "latency": lambda value: value == {} or (fits(value, _LATENCY) and _is_course(value["over_time"])),
}
_COUNTS = {ANY: _count}
_OF_CAMPAIGN = {
    **dict.fromkeys(("name!", "event!", "needs!", "alarm!"), _text),
    "failing!": lambda value: isinstance(value, bool),
    "exit_code": _or_null(_exit_code),
    "runs!": [_text],
    "files": [_text],
    "counts!": _COUNTS,
    "errors!": _COUNTS,
}
_NOTICE = {
    "event!": _text,
    "campaign": lambda value: value is None or isinstance(value, str | int),
    **dict.fromkeys(("run_id", "campaign_name", "stopped_because", "alarm"), _TEXT_OR_NULL),
    "finished_at": _or_null(_time_or_empty),
    "exit_code": _or_null(_exit_code),
    "counts": _COUNTS,
    "errors": _COUNTS,
    ANY: lambda value: not isinstance(value, list | dict),
}
_NOTICE_OF_NIGHT = _NOTICE | {"event!": _one_of({"digest"}), "verdict!": _text, "campaigns!": [_OF_CAMPAIGN]}


def notice_of(text: str) -> Mapping[str, Any] | None:
    """Return the body of a notice, None if it is not as this program writes it."""
    try:
        found: Mapping[str, Any] = json.loads(text, parse_constant=_no_number)
        shape = _NOTICE_OF_NIGHT if {"campaigns", "digest"} & {*found, found["event"]} else _NOTICE
        json.dumps(found, ensure_ascii=False).encode()  # half a character cannot be sent
        return found if fits(found, shape) else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


_actions = _one_of({"", *map(str, ACTIONS)})

LINE = "known_calls.value:going_on"
"""Other calls have a hash there."""

CHECKS: dict[str, Check] = {
    "runs.config": _json({ANY: _text}),
    "runs.options": _json(_OPTIONS),
    "runs.files": _json([FILE]),
    "runs.summary": _json(_SUMMARY),
    "runs.state": _one_of({"running", "stopped", "finished"}),
    "runs.started_at": is_time,
    "runs.finished_at": is_time,
    "rows.state": _one_of({*map(str, Status), *map(str, RowState)}),
    "rows.action": _actions,
    "rows.sent_at": _time_or_empty,
    "rows.warnings": _warnings,
    "rows.faults": lambda value: value == "" or _json([_fault])(value),
    "rows.unchanged_since": _time_or_empty,
    "sent.sent_at": _time_or_empty,
    "before_images.before": _contact,
    "before_images.after": _contact,
    "failed_cells.cells": _json([lambda value: isinstance(value, str)]),
    "call_receivers.looked_at": _time_or_empty,
    "call_receivers.file": lambda value: value == "" or _json(CALL_FILE)(value),
    "call_receivers.intent": lambda value: value == "" or _json(CALL_FILE)(value),
    LINE: _contact,
    "known_calls.kind": _one_of({"call", "contact", "going_on", "forgotten"}),
    "answers.at": is_time,
}
"""Column → check, for columns that hold more than their type says."""
