"""Rows of a run that share a key, or a number under different keys: which one counts, and what the others become."""

from __future__ import annotations

import logging
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from ..error_codes import DUPLICATE_KEY, SHARED_NUMBER, mend
from ..journal import Outcome
from ..model import Reason, RowWarning, Status
from ..text.phrase import counted, phrase
from .keys import Keys
from .phones import Numbers, Shared
from .prepared import Prepared
from .sink import RowSink

_log = logging.getLogger(__name__)


def settle_doubled(prepared: Prepared, keys: Keys, policy: str, sink: RowSink) -> set[int]:
    """Settle the rows whose UserData another row carries too, all but the one that counts; return their numbers."""
    outcomes = []
    for seq, beside in zip(*(side.tolist() for side in keys.losers(policy)), strict=True):
        prepared.unchanged -= not prepared.todo[seq]
        prepared.todo[seq] = 0
        other = _place(prepared, seq, beside)
        if policy == "reject":
            prepared.rejected += 1
            outcomes.append(
                Outcome(
                    seq,
                    Status.REJECTED,
                    error_code=DUPLICATE_KEY,
                    error_field="UserData",
                    error=phrase("{row} has the same UserData", row=other),
                )
            )
        else:
            outcomes.append(
                Outcome(
                    seq,
                    Status.SKIPPED,
                    Reason.SUPERSEDED,
                    error=phrase("{row} has the same UserData and is used instead", row=other),
                )
            )
    sink.settle(outcomes)
    return {outcome.seq for outcome in outcomes}


def settle_shared(prepared: Prepared, phones: Numbers, policy: str, doubled: set[int], sink: RowSink) -> None:
    """Settle, or warn of, rows that share numbers; those with ``doubled`` keys are settled already."""
    if policy == "warn":
        sink.settle_shared([], _warned(prepared, phones.each_shared(doubled)))
        return
    lost = phones.sharing(doubled) if policy == "reject" else phones.losers(policy, doubled)
    sink.settle_shared([_shared(prepared, row, policy) for row in lost], [])


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


def _warned(prepared: Prepared, shared: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The warnings of rows that share numbers, as the journal takes them."""
    warnings: dict[int, list[RowWarning]] = {}
    for seq, name in shared:
        warnings.setdefault(seq, []).append(RowWarning(SHARED_NUMBER, name))
    prepared.warned = array("q", sorted({*prepared.warned, *warnings}))
    return [(seq, RowWarning.text(found)) for seq, found in warnings.items()]


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
