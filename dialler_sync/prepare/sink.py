"""Sinks: where rows go while they are read."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..journal import Journal, Outcome, PlannedRow, RunRecord
from ..model import Contact, Filtered, Rejection

Found = Contact | Rejection | Filtered
"""What a source row is, once it has been mapped and validated."""


class RowSink(Protocol):
    """Takes all rows of a run, in source order."""

    def add_rows(self, rows: list[PlannedRow], found: list[Found]) -> Container[int] | None:
        """Take the next rows, and what each came from. Return the places of those still to be sent, None for all.

        Raises:
            CannotResume: a run that goes on has read other rows before.
        """

    def settle(self, outcomes: list[Outcome]) -> None:
        """Take outcomes that are known only when all rows were read, a page at a time: those of doubled keys."""

    def settle_shared(self, outcomes: list[Outcome], warned: Sequence[tuple[int, str]]) -> None:
        """Take those of shared numbers, and warnings of rows, as (seq, text)."""


@dataclass(frozen=True, slots=True)
class NewRows:
    """A sink that writes every row to the journal."""

    journal: Journal
    run: RunRecord

    def add_rows(self, rows: list[PlannedRow], _found: list[Found]) -> Container[int] | None:
        """Write the rows; all of them are still to be sent."""
        self.journal.add_rows(self.run.id, rows)
        return None

    def settle(self, outcomes: list[Outcome]) -> None:
        """Write the outcomes of doubled keys."""
        self.journal.record(self.run.id, outcomes)

    def settle_shared(self, outcomes: list[Outcome], warned: Sequence[tuple[int, str]]) -> None:
        """Write those of shared numbers, and the warnings."""
        self.journal.record(self.run.id, outcomes)
        self.journal.note_warnings(self.run.id, warned)
