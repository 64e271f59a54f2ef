"""Rows of a run that share a key, or a number under different keys: which one counts, and what the others become."""

from __future__ import annotations

import logging
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from itertools import accumulate, groupby
from operator import itemgetter
from typing import cast

from ..error_codes import DUPLICATE_KEY, SHARED_NUMBER, mend
from ..journal import Outcome
from ..model import Reason, RowWarning, Status
from ..pages import ROWS, batched, together
from ..text.phrase import counted, phrase
from .keys import Keys
from .phones import Numbers, Shared
from .prepared import Prepared
from .sink import RowSink

_log = logging.getLogger(__name__)


def settle_doubled(prepared: Prepared, keys: Keys, policy: str, sink: RowSink) -> Collection[int]:
    """Settle the rows whose UserData another row carries too, all but the one that counts; return their numbers."""
    lost, winners = keys.losers(policy)
    outcomes = (_doubled(prepared, seq, beside, policy) for seq, beside in together(lost, winners))
    for some in batched(outcomes, ROWS):
        sink.settle(some)
    return cast(Collection[int], lost)


def settle_shared(prepared: Prepared, phones: Numbers, policy: str, doubled: Collection[int], sink: RowSink) -> None:
    """Settle, or warn of, rows that share numbers; those with ``doubled`` keys are settled already."""
    if policy == "warn":
        noted = array("q", prepared.warned)
        for warned in batched(_warnings(phones.each_shared(doubled)), ROWS):
            sink.settle_shared([], warned)
            noted.extend(seq for seq, _ in warned)
        prepared.warned = array("q", sorted({*noted}))
        return
    lost = phones.sharing(doubled) if policy == "reject" else phones.losers(policy, doubled)
    for some in batched((_shared(prepared, row, policy) for row in lost), ROWS):
        sink.settle_shared(some, [])


def warn_of_alike(prepared: Prepared, keys: Keys) -> None:
    """Warn of keys that nobody can tell apart: each names a contact of its own."""
    alike, beside = keys.alike()
    if len(alike):
        seq, other = int(alike[0]), int(beside[0])
        _log.warning(
            counted(
                len(alike),
                "The UserData of {count} row looks like that of another row, and is not the same ({row}, and {other}): "
                "blanks at an end, invisible characters, or letters in another form or script. It names another "
                "contact. "
                "trim: true takes blanks away.",
                "The UserData of {count} rows look like those of other rows, and are not the same (first {row}, and "
                "{other}): blanks at an end, invisible characters, or letters in another form or script. They name "
                "other contacts. trim: true takes blanks away.",
                row=phrase("row {row}", row=prepared.rows[seq]),
                other=_place(prepared, seq, other),
            )
        )


def _doubled(prepared: Prepared, seq: int, beside: int, policy: str) -> Outcome:
    """The outcome of a row with a key of another row."""
    prepared.unchanged -= not prepared.todo[seq]
    prepared.todo[seq] = 0
    row = _place(prepared, seq, beside)
    if policy != "reject":
        why = phrase("{row} has the same UserData and is used instead", row=row)
        return Outcome(seq, Status.SKIPPED, Reason.SUPERSEDED, error=why)
    prepared.rejected += 1
    error = phrase("{row} has the same UserData", row=row)
    return Outcome(seq, Status.REJECTED, error_code=DUPLICATE_KEY, error_field="UserData", error=error)


def _shared(prepared: Prepared, row: Shared, policy: str) -> Outcome:
    """The outcome of a row with a number of another row."""
    prepared.unchanged -= not prepared.todo[row.seq]
    prepared.todo[row.seq] = 0
    where = {"row": _place(prepared, row.seq, row.beside), "field": row.field}
    if policy != "reject":
        why = phrase("{row} has the same number with a different key ({field}) and is used instead", **where)
        return Outcome(row.seq, Status.SKIPPED, Reason.SUPERSEDED, error=why)
    error = phrase("{row} has the same number with a different key ({field})", **where)
    prepared.rejected += 1
    return Outcome(
        row.seq,
        Status.REJECTED,
        error_code=SHARED_NUMBER,
        error_field=row.field,
        error=error,
        hint=mend(SHARED_NUMBER),
    )


def _warnings(shared: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the warnings of each row that shares numbers, as the journal takes them."""
    for seq, of_row in groupby(shared, itemgetter(0)):
        yield seq, RowWarning.text([RowWarning(SHARED_NUMBER, name) for _, name in of_row])


def _place(prepared: Prepared, seq: int, other: int) -> str:
    """Return the row ``other`` as a reader of the row ``seq`` finds it."""
    row = prepared.rows[other]
    ends = list(accumulate(entry["rows"] for entry in prepared.files))
    here, there = bisect_right(ends, seq), bisect_right(ends, other)
    entry = prepared.files[there]
    if here == there:
        return phrase("row {row}", row=row)
    if entry["sheet"] and entry["path"] == prepared.files[here]["path"]:
        return phrase("row {row} of sheet '{sheet}'", row=row, sheet=entry["sheet"])
    if entry["sheet"]:
        return phrase("row {row} of {file}, sheet '{sheet}',", row=row, file=entry["name"], sheet=entry["sheet"])
    return phrase("row {row} of {file}", row=row, file=entry["name"])
