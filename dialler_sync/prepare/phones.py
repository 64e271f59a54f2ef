"""The phone numbers of a run's rows, in little memory: which rows share one under different keys."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..fields import PHONE_FIELDS
from ..model import Value

if TYPE_CHECKING:
    import numpy as np

_SIGNED = 63
"""Bits of a number as it is kept; of longer ones, a digest."""


class Shared(NamedTuple):
    """A row with a number that ``beside``, another row, has too; the number stands in ``field`` of the row."""

    seq: int
    beside: int
    field: str


class Numbers:
    """Which rows share a phone number: 17 bytes a number."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self._seqs = array("q")
        self._fields = array("b")

    def add(self, seq: int, fields: Mapping[str, Value]) -> None:
        """Add the numbers of a row, by its place in the run."""
        for place, name in enumerate(PHONE_FIELDS):
            if number := fields.get(name):
                self._numbers.append(_as_number(str(number)))
                self._seqs.append(seq)
                self._fields.append(place)

    def sharing(self, but: Collection[int]) -> list[Shared]:
        """Every row that shares a number, beside the first other row that does, in order; ``but`` these rows.

        Once keys that several rows carry are settled, each of the others has a key of its own, or none.
        """
        by_row: dict[int, Shared] = {}
        for group in self._groups(but):
            for seq, place in group:
                beside = next(other for other, _ in group if other != seq)
                if seq not in by_row or beside < by_row[seq].beside:
                    by_row[seq] = Shared(seq, beside, PHONE_FIELDS[place])
        return [by_row[seq] for seq in sorted(by_row)]

    def each_shared(self, but: Collection[int]) -> list[tuple[int, str]]:
        """Every row and field with a number that another row has, too; in order."""
        found = sorted({pair for group in self._groups(but) for pair in group})
        return [(seq, PHONE_FIELDS[place]) for seq, place in found]

    def losers(self, policy: str, but: Collection[int]) -> list[Shared]:
        """Rows that do not count, beside the one that does; policy first or last.

        A row counts unless one that counts, and that comes before it in the order of the policy, has one of its
        numbers.
        """
        groups = list(self._groups(but))
        of_row: dict[int, list[tuple[int, int]]] = {}
        for number, group in enumerate(groups):
            for seq, place in group:
                of_row.setdefault(seq, []).append((number, place))
        taken: dict[int, int] = {}
        lost = []
        for seq in sorted(of_row, reverse=policy == "last"):
            held = next(((taken[number], place) for number, place in of_row[seq] if number in taken), None)
            if held is None:
                taken.update((number, seq) for number, _ in of_row[seq])
            else:
                lost.append(Shared(seq, held[0], PHONE_FIELDS[held[1]]))
        return sorted(lost)

    def _groups(self, but: Collection[int]) -> Iterator[list[tuple[int, int]]]:
        """Yield, for each number of several rows, (place in the run, place of the field) of each, in order."""
        import numpy as np

        numbers = np.frombuffer(self._numbers, dtype=np.int64)
        seqs, fields = np.frombuffer(self._seqs, dtype=np.int64), np.frombuffer(self._fields, dtype=np.int8)
        if but:
            stays = ~np.isin(seqs, np.fromiter(but, dtype=np.int64, count=len(but)))
            numbers, seqs, fields = numbers[stays], seqs[stays], fields[stays]
        order = np.argsort(numbers, kind="stable")
        for start, end in _runs(numbers[order]):
            at = order[start:end]
            first_fields: dict[int, int] = {}
            for seq, place in zip(seqs[at].tolist(), fields[at].tolist(), strict=True):
                first_fields.setdefault(seq, place)  # a row may have a number twice
            if len(first_fields) > 1:
                yield list(first_fields.items())


def _runs(ordered: np.ndarray[Any, Any]) -> Iterable[Sequence[int]]:
    """Begin and end of each stretch of several equal values."""
    import numpy as np

    if not len(ordered):
        return []
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ends = np.r_[starts[1:], len(ordered)]
    several = ends - starts > 1
    return np.column_stack((starts[several], ends[several])).tolist()  # type: ignore[no-any-return]


def _as_number(number: str) -> int:
    digits = number.lstrip("+")
    if len(digits) <= 18 and digits.isdecimal():
        return int(digits)
    digest = hashlib.blake2b(digits.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return -(int.from_bytes(digest) >> (64 - _SIGNED)) - 1
