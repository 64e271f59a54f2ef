"""How often a row may be sent again: ``retries`` times, and beyond that where it is not the row's fault."""

from __future__ import annotations

from dataclasses import dataclass

from ..api.pace import Bout

CROWD = 5
"""Refusals for load that are more than a few rows' own."""

SPARED = 2
"""Tries that do not count as others failed with them. Not more: rows at fault themselves fail together, too."""


@dataclass(slots=True)
class Allowance:
    """The tries of one row that do not count, and why.

    ``excused`` is their number. ``spared`` of them failed together with other rows; ``bout`` is what the last failure
    belongs to. ``seen``: the rows done and the requests turned away at the last try. ``was_away``: the dialler was,
    when the retries were used up.
    """

    excused: int = 0
    spared: int = 0
    bout: Bout | None = None
    seen: tuple[int, int] | None = None
    was_away: bool = False

    def fail(self, seq: int, bout: Bout) -> None:
        """Note the failure of row ``seq``; at once, as the next failure may belong to another bout."""
        self.bout = bout
        bout.rows.add(seq)

    def excuse_in_crowd(self, done: int, turned_away: int) -> None:
        """Excuse a try that was turned away if many others were, too, and not few beside those that were done.

        ``done`` and ``turned_away`` are counted since the start of the run. Where no row is done any more, all that
        are left may be at fault themselves.
        """
        before, self.seen = self.seen or (done, turned_away), (done, turned_away)
        done, turned_away = done - before[0], turned_away - before[1]
        self.excused += turned_away > CROWD and 0 < done <= CROWD * turned_away

    def spare(self) -> bool:
        """Excuse a try that failed together with those of other rows, a few times; gives whether it did."""
        alone = self.bout is None or len(self.bout.rows) == 1
        if alone or self.spared == SPARED:
            return False
        self.spared += 1
        self.excused += 1
        return True
