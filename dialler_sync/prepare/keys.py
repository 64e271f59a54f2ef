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
        self._odd: list[tuple[int, bytes, bytes]] = []

    def add(self, rows: Iterable[tuple[int, str]]) -> None:
        """Add rows as (place in the run, UserData); rows without a key share nothing."""
        keyed = [row for row in rows if row[1]]
        self._digests += b"".join([_digest(key) for _, key in keyed])
        self._seqs.extend([seq for seq, _ in keyed])
        self._odd += [(seq, _digest(seen), _digest(key)) for seq, key in keyed if (seen := looks(key)) != key]

    def alike(self) -> list[tuple[int, int]]:
        """(row, first one whose key looks the same and is another one), for rows whose key looks like another text."""
        import numpy as np

        digests = np.frombuffer(self._digests, dtype=np.dtype([("a", "<u8"), ("b", "<u8")]))
        seen = np.frombuffer(b"".join(seen for _, seen, _ in self._odd), dtype=digests.dtype)
        by_look: dict[bytes, dict[bytes, int]] = {look: {} for _, look, _ in self._odd}
        for place in np.flatnonzero(np.isin(digests["a"], seen["a"])).tolist():  # keys that are as others look
            if (key := digests[place].tobytes()) in by_look:
                by_look[key].setdefault(key, self._seqs[place])
        for seq, look, key in self._odd:
            by_look[look].setdefault(key, seq)
        found = ((seq, [other for key, other in by_look[look].items() if key != own]) for seq, look, own in self._odd)
        return [(seq, min(others)) for seq, others in found if others]

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
