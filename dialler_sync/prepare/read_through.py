"""Reads every file through once: rows → journal (what is wrong with them) and spool (what is to be sent).

Nothing is sent before this has ended well.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import compress
from operator import attrgetter

import orjson

from ..config import Settings
from ..errors import InputError
from ..journal import PENDING, PlannedRow
from ..journal.records import faults_text
from ..mapping.filters import RowFilters, RuleTally
from ..model import Chunk, Contact, Fault, Filtered, Reason, Rejection, RowWarning, Status
from ..text.phrase import counted, figure, phrase
from ..text.spreadsheet import one_line
from .duplicates import settle_doubled, settle_shared, warn_of_alike
from .keys import Keys
from .phones import Numbers
from .prepared import Prepared
from .sink import Found, RowSink
from .sources import Source

_LONGEST_VALUE = 60
"""Characters of a cell that a message shows."""


def payload_hash(body: bytes) -> str:
    """Return the hash of an import's payload, in 32 hex digits."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def prepare(
    prepared: Prepared,
    settings: Settings,
    sources: Sequence[Source],
    sink: RowSink,
    *,
    progress: Callable[[int], None],
    amend: Callable[[Contact], Contact] | None = None,
) -> None:
    """Map and validate every row into ``prepared`` and ``sink``; ``progress`` gets the number of rows of each chunk.

    ``amend``: what is sent of a valid row in place of all of it.

    Raises:
        InputError: a file cannot be read to its end, or changed meanwhile.
    """
    keys = Keys()
    phones = Numbers() if settings.rows.duplicate_phones != "allow" else None
    for number, source in enumerate(sources):
        before = prepared.total
        for chunk in source.table.chunks():
            progress(_take(prepared, keys, phones, number, source, chunk, sink, amend))
        rows = prepared.total - before
        if not rows:
            _log.warning(phrase("{path}: the list has a header, but no rows", path=source.table.layout.where))
        prepared.files.append(source.record(rows))
        prepared.beside.update(source.table.layout.beside)
        if source.local.has_changed():
            raise InputError(
                phrase(
                    "{path} changed while it was read. Is it still being written? Import it again.", path=source.path
                )
            )
    tell_filters([source.checker.filters for source in sources if source.checker.filters and not source.guard])
    if prepared.keyless and "UserData" in settings.columns:
        _log.warning(
            counted(
                prepared.keyless,
                "{count} row has no UserData: each import makes a new contact of it",
                "{count} rows have no UserData: each import makes new contacts of them",
            )
        )
    warn_of_alike(prepared, keys)
    doubled = settle_doubled(prepared, keys, settings.rows.duplicate_keys, sink)
    if phones is not None:
        settle_shared(prepared, phones, settings.rows.duplicate_phones, doubled, sink)


def _take(
    prepared: Prepared,
    keys: Keys,
    phones: Numbers | None,
    number: int,
    source: Source,
    chunk: Chunk,
    sink: RowSink,
    amend: Callable[[Contact], Contact] | None = None,
) -> int:
    """Add one chunk to the prepared rows; return the number of its rows."""
    checked = source.check(chunk)
    chunk, runs = checked.chunk, checked.runs
    found: list[Found] = [*checked.contacts, *checked.rejections, *checked.filtered]
    if checked.rejections or checked.filtered:
        found.sort(key=attrgetter("row"))
    first = prepared.total
    planned, bodies = [], []
    for seq, row in enumerate(found, first):
        if isinstance(row, Contact):
            if amend:  # first, as a number that is sent of nobody is not shared
                row = found[seq - first] = amend(row)  # noqa: PLW2901
            if phones is not None:
                phones.add(seq, row.fields)
            body = orjson.dumps(row.fields)
            warnings = RowWarning.text(row.warnings) if row.warnings else ""
            planned.append(PlannedRow(seq, number, row.row, row.user_data, payload_hash(body), warnings=warnings))
        else:
            body = b""
            planned.append(_rejected(seq, number, row) if isinstance(row, Rejection) else _filtered(seq, number, row))
        bodies.append(body)
    if checked.origins:
        planned = [row._replace(origin=checked.origins.get(row.row, "")) for row in planned]
    keys.add((row.seq, row.user_data) for row in planned if row.payload)
    if runs:
        prepared.mended += [(r.seq, r.user_data, runs[r.row]) for r in planned if r.payload and r.row in runs]
    numbers = chunk.frame.index.tolist()
    cells = list(zip(*(chunk.frame.iloc[:, i].tolist() for i in range(chunk.frame.shape[1])), strict=True))
    for at, ragged in chunk.ragged.items():
        cells[numbers.index(at)] = ragged
        prepared.extra_cells = max(prepared.extra_cells, len(ragged) - chunk.frame.shape[1])
    prepared.cells.write([first, number, cells])  # first: what an interrupt leaves has its cells
    left = sink.add_rows(planned, found)
    todo = bytes([row.state == PENDING and (left is None or row.seq in left) for row in planned])
    to_send = compress(zip(planned, bodies, strict=True), todo)
    rows = [(row.seq, row.user_data, body) for row, body in to_send]
    prepared.bodies.write(rows)
    prepared.keyless += sum(not key for _, key, _ in rows)
    prepared.rows.extend(numbers)
    prepared.todo += todo
    prepared.rejected += len(checked.rejections)
    prepared.warned.extend(row.seq for row in planned if row.payload and row.warnings)
    prepared.unchanged += len(checked.contacts) - sum(todo)
    if checked.filtered:
        prepared.filtered += len(checked.filtered)
        prepared.left_out.write([(row.seq, row.user_data) for row in planned if row.action == Reason.FILTERED])
    return len(planned)


def _rejected(seq: int, file: int, rejection: Rejection) -> PlannedRow:
    faults = [replace(fault, message=_said(fault)) for fault in rejection.faults]
    return PlannedRow(
        seq,
        file,
        rejection.row,
        rejection.user_data,
        state=Status.REJECTED,
        error_code="; ".join(fault.code for fault in faults),
        error_field="; ".join(fault.field for fault in faults),
        error="; ".join(fault.message for fault in faults),
        hint="; ".join(dict.fromkeys(fault.hint for fault in faults)),
        warnings=RowWarning.text(rejection.warnings),
        faults=faults_text(faults),
    )


def _filtered(seq: int, file: int, row: Filtered) -> PlannedRow:
    return PlannedRow(seq, file, row.row, row.user_data, state=Status.SKIPPED, action=Reason.FILTERED, error=row.rule)


def _said(fault: Fault) -> str:
    """Return the message of a fault with its column and cell, as the user knows them."""
    if not fault.column:
        return fault.message
    column = one_line(fault.column)
    value = fault.value if len(fault.value) <= _LONGEST_VALUE else f"{fault.value[:_LONGEST_VALUE]}…"
    if not value:
        return phrase("{column} (empty): {fault}", column=column, fault=fault.message)
    return f"{column} ({value!r}): {fault.message}"


_log = logging.getLogger(__name__)

_NEARLY_ALL = 0.9
"""Share of the rows beyond which a rule is perhaps not what was meant."""


def tell_filters(filters: Sequence[RowFilters]) -> None:
    """Note values that no row has, and warn of rules that leave out nearly all rows; all files of a run together."""
    rows = sum(each.rows for each in filters)
    if not rows:
        return
    for tallies in zip(*(each.tallies for each in filters), strict=True):
        rule = tallies[0]
        name = f"rows.{rule.kind}, {one_line(rule.column)}"
        if never := _never_met(tallies):
            values = ", ".join(map(repr, never))
            _log.info(phrase("{name}: no row has {values}. Is it spelled as in the list?", name=name, values=values))
        left_out = sum(each.left_out for each in tallies)
        if left_out > rows * _NEARLY_ALL:
            counts = {"left_out": figure(left_out), "rows": figure(rows)}
            _log.warning(phrase("{rule} leaves out {left_out} of {rows} rows. Is that intended?", rule=name, **counts))


def _never_met(tallies: Sequence[RuleTally]) -> list[str]:
    """Values of a rule that no file has."""
    met = set().union(*(each.met for each in tallies))
    return [value for folded, value in tallies[0].listed.items() if folded not in met]
