"""The phone numbers of a run's rows, in little memory: which rows share one under different keys."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..fields import PHONE_FIELDS
from ..model import Value
from ..pages import together

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

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

    def sharing(self, but: Collection[int]) -> Iterator[Shared]:
        """Yield every row that shares a number, beside the first other row that does, in order; ``but`` these rows.

        Once keys that several rows carry are settled, each of the others has a key of its own, or none.
        """
        import numpy as np

        group, seqs, fields = self._groups(but)
        starts = np.flatnonzero(_changes(group))
        sizes = np.diff(np.r_[starts, len(group)])
        first, second = np.repeat(seqs[starts], sizes), np.repeat(seqs[starts + 1], sizes)
        beside = np.where(seqs == first, second, first)
        order = np.lexsort((group, beside, seqs))
        order = order[_changes(seqs[order])]  # of several numbers, the one of the first row
        for seq, other, place in together(seqs[order], beside[order], fields[order]):
            yield Shared(seq, other, PHONE_FIELDS[place])

    def each_shared(self, but: Collection[int]) -> Iterator[tuple[int, str]]:
        """Yield every row and field with a number that another row has, too; in order."""
        import numpy as np

        _, seqs, fields = self._groups(but)
        order = np.lexsort((fields, seqs))
        return ((seq, PHONE_FIELDS[place]) for seq, place in together(seqs[order], fields[order]))

    def losers(self, policy: str, but: Collection[int]) -> Iterator[Shared]:
        """Yield the rows that do not count, beside the one that does; policy first or last.

        A row counts unless one that counts, and that comes before it in the order of the policy, has one of its
        numbers.
        """
        import numpy as np

        group, seqs, fields = self._groups(but)
        order = np.lexsort((group, seqs if policy == "first" else -seqs))
        taken = array("q", [-1]) * (int(group.max(initial=-1)) + 1)
        of_rows = groupby(together(seqs[order], group[order], fields[order]), itemgetter(0))
        for seq, numbers in ((seq, list(numbers)) for seq, numbers in of_rows):
            held = next(((taken[number], place) for _, number, place in numbers if taken[number] >= 0), None)
            if held is None:
                for _, number, _ in numbers:
                    taken[number] = seq
            else:
                yield Shared(seq, held[0], PHONE_FIELDS[held[1]])

    def _groups(self, but: Collection[int]) -> tuple[Array, Array, Array]:
        """Return (the number's group, place in the run, place of the field) of each row with a number that another row
        has, too, by groups, and in order; of a row that has a number twice, once."""
        import numpy as np

        numbers = np.frombuffer(self._numbers, dtype=np.int64)
        seqs, fields = np.frombuffer(self._seqs, dtype=np.int64), np.frombuffer(self._fields, dtype=np.int8)
        if len(but):
            stays = ~np.isin(seqs, np.fromiter(but, dtype=np.int64, count=len(but)))
            numbers, seqs, fields = numbers[stays], seqs[stays], fields[stays]
        order = np.lexsort((fields, seqs, numbers))
        order = order[_changes(numbers[order]) | _changes(seqs[order])]
        group = np.cumsum(_changes(numbers[order])) - 1
        several = np.bincount(group, minlength=1)[group] > 1
        return group[several], seqs[order][several], fields[order][several]


def _changes(ordered: Array) -> Array:
    """Return whether each value differs from the one before it."""
    import numpy as np

    changes: Array = np.ones(len(ordered), dtype=bool)
    changes[1:] = ordered[1:] != ordered[:-1]
    return changes


def _as_number(number: str) -> int:
    digits = number.lstrip("+")
    if len(digits) <= 18 and digits.isdecimal():
        return int(digits)
    digest = hashlib.blake2b(digits.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return -(int.from_bytes(digest) >> (64 - _SIGNED)) - 1
