"""The columns of a list, and the fields that they have been assigned to so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..text.phrase import counted, phrase
from .content import fit
from .rules import Rule, rule_of
from .sample import HALF, MOSTLY, Column


@dataclass(slots=True)
class Assigned:
    """Rules by field, the column that each field took, the columns that are left, and the language."""

    rules: dict[str, Rule]
    left: list[Column]
    language: str
    by_field: dict[str, Column] = field(default_factory=dict)

    def candidates(self, of: str) -> list[Column]:
        """Return remaining columns whose header means ``of`` and whose cells mostly fit, the best first."""
        fitting = [column for column in self.left if column.meaning.of == of and fit(of, column) >= HALF]
        return sorted(
            fitting,
            key=lambda c: (c.empty, len(c.cells) < HALF * c.rows, c.meaning.doubtful, c.meaning.rank, c.place),
        )

    def take(self, name: str, column: Column, *doubts: str) -> Rule:
        """Assign a column to a field."""
        rule = self.rules[name] = rule_of(name, column)
        rule.doubts[:0] = [*doubts, *self.doubts(name, column)]
        self.by_field[name] = column
        self.left.remove(column)
        return rule

    @staticmethod
    def header_doubts(column: Column) -> list[str]:
        """Return questions about a header for a person to check."""
        if column.meaning.near:
            return [phrase("'{name}' is not a known header, only close to one", name=" ".join(column.name.split()))]
        return [phrase("the header can mean something else")] if column.meaning.doubtful else []

    def doubts(self, name: str, column: Column) -> list[str]:
        """Return questions about a column's header and cells for a person to check."""
        found = self.header_doubts(column)
        if column.cells and (share := fit(column.meaning.of, column)) < MOSTLY:
            found.append(
                counted(
                    round(share * len(column.cells)),
                    "only {count} of {all} cells looks like {field}",
                    "only {count} of {all} cells look like {field}",
                    all=len(column.cells),
                    field=name,
                )
            )
        return found
