"""Rows that did not succeed, by reason: how many, in which fields, with examples. Bounded, however many rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..error_codes import ERROR_CODES, mend
from ..model import DID_NOT_SUCCEED, Fault, RowResult, Status

EXAMPLES = 4
"""Different messages that are shown of one reason."""


@dataclass(slots=True)
class Example:
    """A message, the first row that has it, and how many rows have it."""

    file: str
    row: int
    user_data: str
    message: str
    rows: int = 1


@dataclass(slots=True)
class Group:
    """The rows with one error code. ``hint`` is the first row's, for codes that nothing is written about."""

    code: str
    hint: str
    statuses: Counter[Status] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Example] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows have this code."""
        return self.statuses.total()

    @property
    def status(self) -> Status:
        """What most of these rows ended as."""
        return self.statuses.most_common(1)[0][0]

    @property
    def meaning(self) -> str:
        """What the code means, or nothing where that is not written down."""
        return ERROR_CODES[self.code].meaning if self.code in ERROR_CODES else ""

    @property
    def mend(self) -> str:
        """What to do about it."""
        return mend(self.code) or self.hint


class Groups:
    """Collects rows that did not succeed, but not those that the run did not come to: they have no reason.

    A row with several faults counts under each of its codes.
    """

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}

    def add(self, result: RowResult) -> None:
        """Take up a row."""
        if result.status not in DID_NOT_SUCCEED:
            return
        seen = set()
        for fault in result.each_fault() or (Fault("", result.error, result.hint),):
            group = self._groups.get(fault.code)
            if group is None:
                group = self._groups[fault.code] = Group(fault.code, fault.hint)
            if fault.code not in seen:
                seen.add(fault.code)
                group.statuses[result.status] += 1
            if fault.field:
                group.fields[fault.field] += 1
            if example := group.examples.get(fault.message):
                example.rows += 1
            elif len(group.examples) < EXAMPLES:
                group.examples[fault.message] = Example(result.file, result.row, result.user_data, fault.message)

    def __iter__(self) -> Iterator[Group]:
        """The groups, the largest first."""
        return iter(sorted(self._groups.values(), key=lambda group: (-group.rows, group.code)))
