"""Retry allowance of a row: ``retries`` times, and more while the failures are not the row's fault."""

from __future__ import annotations

from dataclasses import dataclass

from ..api.pace import Bout

CROWD = 5
"""Refusals for load; with more, the dialler is overloaded, and not a few rows at fault."""

SPARED = 2
"""Most tries of a row that do not count because others failed too; rows at fault themselves also fail together."""


@dataclass(slots=True)
class Allowance:
    """The excused tries of one row.

    ``excused`` counts them. ``spared`` of them failed together with other rows; ``bout`` is the outage of the last
    failure. ``seen``: the rows done and the requests rejected for load at the last try. ``was_away``: the dialler was
    unreachable when the retries were used up.
    """

    excused: int = 0
    spared: int = 0
    bout: Bout | None = None
    seen: tuple[int, int] | None = None
    was_away: bool = False

    def fail(self, seq: int, bout: Bout) -> None:
        """Note the failure of row ``seq``; at once, as the next failure may belong to another outage."""
        self.bout = bout
        bout.rows.add(seq)

    def excuse_in_crowd(self, done: int, turned_away: int) -> None:
        """Excuse a try rejected for load if the dialler rejects many others, but still accepts some.

        ``done`` and ``turned_away`` are counted since the start of the run. Where no row is done any more, all that
        are left may be at fault themselves.
        """
        before, self.seen = self.seen or (done, turned_away), (done, turned_away)
        done, turned_away = done - before[0], turned_away - before[1]
        self.excused += turned_away > CROWD and 0 < done <= CROWD * turned_away

    def spare(self) -> bool:
        """Excuse a try that failed together with those of other rows, a few times; return whether it was excused."""
        alone = self.bout is None or len(self.bout.rows) == 1
        if alone or self.spared == SPARED:
            return False
        self.spared += 1
        self.excused += 1
        return True
