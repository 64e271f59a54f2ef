"""The keys of a run's rows, in little memory: which rows carry one that another row carries too."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..text.outward import looks

if TYPE_CHECKING:
    import numpy as np


class Keys:
    """Which rows share a UserData: 24 bytes a row, whatever the length of the key; 40 more where it looks like another
    text than it is."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._seqs = array("q")
        self._odd = bytearray()

    def add(self, rows: Iterable[tuple[int, str]]) -> None:
        """Add rows as (place in the run, UserData); rows without a key share nothing."""
        keyed = [row for row in rows if row[1]]
        self._digests += b"".join([_digest(key) for _, key in keyed])
        self._seqs.extend([seq for seq, _ in keyed])
        for seq, key in keyed:
            if (seen := looks(key)) != key:
                self._odd += seq.to_bytes(8, "little") + _digest(seen) + _digest(key)

    def alike(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """(rows whose key looks like another text, for each the first one whose key looks the same and is another
        one), in order; rows beside which there is none are left out."""
        import numpy as np

        if not self._odd:  # as in most lists
            return np.empty(0, np.int64), np.empty(0, np.int64)
        digest = [("a", "<u8"), ("b", "<u8")]
        odd = np.frombuffer(self._odd, dtype=np.dtype([("seq", "<i8"), ("look", digest), ("key", digest)]))
        seqs = np.frombuffer(self._seqs, dtype=np.int64)
        digests = np.frombuffer(self._digests, dtype=np.dtype(digest))
        sides = []
        for part in range(_PARTS):
            theirs = odd[odd["look"]["a"] % _PARTS == part]
            plain = np.flatnonzero(digests["a"] % _PARTS == part)
            plain = plain[np.isin(digests["a"][plain], theirs["look"]["a"])]  # keys that are as others look
            rows = np.empty(len(plain) + len(theirs), dtype=odd.dtype)
            rows["seq"][: len(plain)] = seqs[plain]
            rows["look"][: len(plain)] = rows["key"][: len(plain)] = digests[plain]
            rows[len(plain) :] = theirs
            sides.append(_alike(rows))
        found, beside = (np.concatenate(side) for side in zip(*sides, strict=True))
        in_order = np.argsort(found)
        return found[in_order], beside[in_order]

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


def _digest(key: str) -> bytes:
    # 128 bits: two different keys of ten million rows meet with a chance of 1 in 10^24.
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


_PARTS = 16


def _alike(rows: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The same among these rows, in any order."""
    import numpy as np

    if not len(rows):
        return rows["seq"], rows["seq"]
    rows = rows[np.lexsort((rows["seq"], rows["look"]["b"], rows["look"]["a"]))]
    starts = np.flatnonzero(np.r_[True, rows["look"][1:] != rows["look"][:-1]])
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(rows)]))
    differs = rows["key"] != rows["key"][starts][group]
    none = np.iinfo(np.int64).max
    second = np.minimum.reduceat(np.where(differs, rows["seq"], none), starts)
    other = np.where(differs, rows["seq"][starts][group], second[group])
    shown = (rows["key"] != rows["look"]) & (other != none)
    return rows["seq"][shown], other[shown]


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
