"""Counts of a run's rows, from the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from ..journal import Journal, JournalRow, RunRecord
from ..journal.failures import damaged
from ..model import ACTIONS, DID_NOT_SUCCEED, FINE, Status
from ..text.phrase import figure, phrase


def _none_of_each(kinds: Iterable[str]) -> Counter[str]:
    return Counter({str(kind): 0 for kind in kinds})


@dataclass(slots=True)
class Counts:
    """Rows by status, and the contacts of ``mirror.csv``; both by what was done; rows by error code, all of them and
    those that were sent; rows by the code of a warning."""

    rows: Counter[str] = field(default_factory=lambda: _none_of_each(Status))
    mirror: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=lambda: _none_of_each(ACTIONS))
    errors: Counter[str] = field(default_factory=Counter)
    sent_and_failed: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, journal: Journal, run: RunRecord) -> Self:
        """Return the counts of a run.

        Raises:
            JournalDamaged: they do not add up to the rows read.
        """
        counts = cls()
        for alike, number in journal.kinds_of_rows(run):
            counts._add(alike, number)
        read = counts.rows.total()
        if run.rows is not None and read != run.rows:
            raise damaged(
                phrase(
                    "run {run} read {rows} rows, but has outcomes for {read}",
                    run=run.id,
                    rows=figure(run.rows),
                    read=figure(read),
                )
            )
        return counts

    def _add(self, entry: JournalRow, number: int) -> None:
        """Count ``number`` rows of this kind."""
        result = entry.result
        if result.action and result.status in FINE:
            self.actions[result.action] += number
        if not entry.has_source:
            self.mirror[result.status] += number
            return
        self.rows[result.status] += number
        if result.attempts and result.status not in FINE:
            self.sent_and_failed[result.error_code] += number
        faults = result.each_fault() if result.status in DID_NOT_SUCCEED else ()
        for code in dict.fromkeys(fault.code for fault in faults):
            self.errors[code] += number
        for code in dict.fromkeys(warning.code for warning in result.warnings):
            self.warnings[code] += number


def most_first(counter: Counter[str]) -> dict[str, int]:
    """Return the counts, the highest first."""
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
