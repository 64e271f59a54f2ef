"""The keys of a run's rows, in little memory: which rows carry one that another row carries too."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


class Keys:
    """Which rows share a UserData: 24 bytes a row, whatever the length of the key."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._seqs = array("q")

    def add(self, rows: Iterable[tuple[int, str]]) -> None:
        """Add rows as (place in the run, UserData); rows without a key share nothing."""
        keyed = [row for row in rows if row[1]]
        # 128 bits: two different keys of ten million rows meet with a chance of 1 in 10^24.
        self._digests += b"".join(
            [hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest() for _, key in keyed]
        )
        self._seqs.extend([seq for seq, _ in keyed])

    def losers(self, policy: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """(rows that do not count, for each the row that does), in order; policy last, first or reject.

        With ``reject`` every row of a shared key is a loser, beside the first other one.
        """
        import numpy as np

        seqs = np.frombuffer(self._seqs, dtype=np.int64)
        halves = np.frombuffer(self._digests, dtype=np.dtype([("a", "<u8"), ("b", "<u8")]))
        # A part of the keys at a time, as sorting takes several times the memory of what it sorts.
        parts = (np.flatnonzero(halves["a"] % _PARTS == part) for part in range(_PARTS))
        sides = [_losers(halves[part], seqs[part], policy) for part in parts]
        found, beside = (np.concatenate(side) for side in zip(*sides, strict=True))
        in_order = np.argsort(found)
        return found[in_order], beside[in_order]


_PARTS = 16


def _losers(
    halves: np.ndarray[Any, Any], seqs: np.ndarray[Any, Any], policy: str
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The same among these digests, whose rows are ``seqs``; in any order."""
    import numpy as np

    order = np.lexsort((seqs, halves["b"], halves["a"]))
    ordered, sorted_seqs = halves[order], seqs[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(seqs)])
    first = np.repeat(starts, sizes)
    last = np.repeat(starts + sizes - 1, sizes)
    own = np.arange(len(seqs))
    if policy == "reject":
        lost, winner = np.repeat(sizes, sizes) > 1, np.where(own == first, first + 1, first)
    else:
        winner = last if policy == "last" else first
        lost = own != winner
    return sorted_seqs[lost], sorted_seqs[winner[lost]]
