"""Group rows that did not succeed by error code: counts, fields, examples. Memory is bounded for any number of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..error_codes import meaning, mend
from ..model import DID_NOT_SUCCEED, Fault, RowResult, Status

EXAMPLES = 4
"""Distinct messages shown per error code."""


@dataclass(slots=True)
class Example:
    """A message, the first row that has it, and the number of rows that have it."""

    file: str
    row: int
    who: str
    message: str
    rows: int = 1


@dataclass(slots=True)
class Group:
    """The rows with one error code. ``hint`` is the first row's, used for codes outside ``ERROR_CODES``."""

    code: str
    hint: str
    statuses: Counter[Status] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Example] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The number of rows with this code."""
        return self.statuses.total()

    @property
    def status(self) -> Status:
        """The most frequent status of these rows."""
        return self.statuses.most_common(1)[0][0]

    @property
    def meaning(self) -> str:
        """The meaning of the code, ``""`` if unknown."""
        return meaning(self.code)

    @property
    def mend(self) -> str:
        """The fix for the code."""
        return mend(self.code) or self.hint


class Groups:
    """Collect rows that did not succeed. ``unprocessed`` rows are ignored, since they have no error code.

    A row with several faults counts under each of its codes.
    """

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}

    def add(self, result: RowResult, who: str = "", named: Callable[[str], str] = str) -> None:
        """Add a row about ``who``; ``named`` returns the column that a field stands in."""
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
                group.fields[named(fault.field)] += 1
            if example := group.examples.get(fault.message):
                example.rows += 1
            elif len(group.examples) < EXAMPLES:
                group.examples[fault.message] = Example(result.file, result.row, who or result.user_data, fault.message)

    def __iter__(self) -> Iterator[Group]:
        """Yield the groups, the largest first."""
        return iter(sorted(self._groups.values(), key=lambda group: (-group.rows, group.code)))
