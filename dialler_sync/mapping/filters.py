"""``rows: {only:, skip:}``: which rows are left out before they are mapped.

A filter looks at the text as read. Each different text of a column is judged once, whatever the number of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..config.columns import fold
from ..config.days import day_of
from ..config.filters import Condition, compiled
from ..error_codes import UNREADABLE_FILTER, fault
from ..model import Chunk, Fault, Filtered
from ..own_columns import SHEET
from ..text.phrase import phrase
from ..text.spreadsheet import one_line
from .cells import Columns, PlainNumber, is_blank
from .columns import BoundField, BoundFilter
from .patience import each, impatient
from .values import amount, moment

_LONGEST_VALUE = 60
"""Most characters of a cell in a rule's sentence."""

Verdict = bool | Fault
"""Whether a text fulfils a condition, or the fault that keeps it from being decided."""

Places = np.ndarray[Any, np.dtype[np.bool_]]
"""One boolean per row of a chunk."""


class Sifted(NamedTuple):
    """A chunk without the rows that are left out. ``unreadable``: of a row that stays, the filter cells that cannot be
    read, by row number."""

    chunk: Chunk
    filtered: list[Filtered]
    unreadable: Mapping[int, list[Fault]]


@dataclass(slots=True)
class RuleTally:
    """The effect of one rule: number of rows left out, and those of its values that were met (as compared)."""

    kind: str
    column: str
    listed: Mapping[str, str]
    left_out: int = 0
    met: set[str] = field(default_factory=set)


class RowFilters:
    """The filters of one file. ``tallies`` has what each rule came to so far; ``rows`` is how many rows were sifted."""

    def __init__(self, filters: Sequence[BoundFilter], key: BoundField | None, today: date) -> None:
        self._rules = [_Rule(each, today) for each in filters]
        self._key = key
        self.rows = 0

    @property
    def tallies(self) -> list[RuleTally]:
        """In the order of the rules."""
        return [rule.tally for rule in self._rules]

    @property
    def fields(self) -> dict[str, BoundField]:
        """The columns that are looked at, by the name that faults have for them."""
        return {rule.bound.field.name: rule.bound for rule in self._rules}

    def sift(self, chunk: Chunk) -> Sifted:
        """Part the rows of a chunk. Rows whose cells may have shifted stay: they are rejected for that."""
        with impatient():
            return self._sift(chunk)

    def _sift(self, chunk: Chunk) -> Sifted:
        columns = Columns(chunk)
        numbers = chunk.frame.index.tolist()
        whole = ~np.isin(np.asarray(numbers), list(chunk.ragged))
        self.rows += len(numbers)
        left_out = np.zeros(len(numbers), bool)
        by_rule: dict[int, _Rule] = {}
        unreadable: dict[int, list[Fault]] = {}
        for rule in self._rules:
            out, faults = rule.judge(columns, whole)
            rule.tally.left_out += int(out.sum())
            by_rule.update((place, rule) for place in np.flatnonzero(out & ~left_out).tolist())
            left_out |= out
            for place, found in faults.items():
                unreadable.setdefault(place, []).append(found)
        filtered = self._filtered(chunk, columns, left_out, by_rule) if by_rule else []
        return Sifted(
            _part(chunk, ~left_out) if by_rule else chunk,
            filtered,
            {numbers[place]: found for place, found in unreadable.items() if not left_out[place]},
        )

    def _filtered(
        self, chunk: Chunk, columns: Columns, left_out: Places, by_rule: Mapping[int, _Rule]
    ) -> list[Filtered]:
        part = _part(chunk, left_out)
        rows = part.frame.index.tolist()
        keys = self._key.cells(Columns(part)) if self._key else [None] * len(rows)
        return [
            Filtered(row, key if isinstance(key, str) else "", by_rule[place].sentence(columns, place))
            for row, key, place in zip(rows, keys, np.flatnonzero(left_out).tolist(), strict=True)
        ]


class _Rule:
    """One filter, ready to judge the cells of its column."""

    def __init__(self, of: BoundFilter, today: date) -> None:
        self._kind, self._column, self._condition, self.bound = of.kind, of.column, of.condition, of.bound
        self._position, self._header = of.bound.positions[0], of.bound.headers[0]
        self._listed = of.condition.listed
        self._pattern = compiled(of.condition.pattern) if of.condition.pattern else None
        self._numeric = of.condition.min is not None or of.condition.max is not None
        before, after = of.condition.before, of.condition.after
        self._before = day_of(before, today).isoformat() if before else None
        self._after = day_of(after, today).isoformat() if after else None
        self._said = _said(of.condition)
        self.tally = RuleTally(of.kind, of.column, self._listed)

    def judge(self, columns: Columns, whole: Places) -> tuple[Places, dict[int, Fault]]:
        """Return the whole rows that this rule leaves out, and place → fault for those that it cannot judge."""
        codes, texts = pd.factorize(np.array(columns.texts(self._position), dtype=object))
        verdicts = each(self._verdict, texts.tolist(), f"rows.{self._kind}.{self._column}")
        holds = np.array([verdict is True for verdict in verdicts], bool)[codes]
        faults: dict[int, Fault] = {}
        wrong = np.array([isinstance(verdict, Fault) for verdict in verdicts], bool)
        for place in np.flatnonzero(wrong[codes]).tolist():
            faults[place] = verdicts[codes[place]]
        self.tally.met |= self._listed.keys() & set(map(fold, texts.tolist())) if self._listed else set()
        for place, note in columns.notes(self._position):
            text = columns.texts(self._position)[place]
            if note.code is not None and not (fold(text) and fold(text) in self._listed):
                faults[place] = self._unreadable(text, fault(note.code))
            elif note.number is not None and self._numeric:
                verdict = self._verdict(PlainNumber(note.number))
                holds[place] = verdict is True
                faults.pop(place, None)
        out = (holds if self._kind == "skip" else ~holds) & whole
        out[list(faults)] = False
        return out, {place: found for place, found in faults.items() if whole[place]}

    def _verdict(self, text: str) -> Verdict:
        """Whether a text holds all that the condition says."""
        condition = self._condition
        blank = is_blank(text)
        if condition.empty is not None and condition.empty != blank:
            return False
        if self._listed and fold(text) not in self._listed:
            return False
        if self._pattern and not self._pattern.search(text.strip()):
            return False
        if not (self._numeric or self._before or self._after):
            return True
        if blank:
            return False
        return self._number_fits(text) if self._numeric else self._date_fits(text)

    def _number_fits(self, text: str) -> Verdict:
        number = amount(text, self.bound.rule)
        if isinstance(number, Fault):
            return self._unreadable(text, number)
        least, most = self._condition.min, self._condition.max
        return (least is None or number >= least) and (most is None or number <= most)

    def _date_fits(self, text: str) -> Verdict:
        when = moment(text, self.bound.rule.formats or ())
        if isinstance(when, Fault):
            return self._unreadable(text, when)
        day = str(when)[:10]
        return (self._before is None or day < self._before) and (self._after is None or day > self._after)

    def _unreadable(self, text: str, why: Fault) -> Fault:
        hint = None
        if self._before or self._after:
            hint = phrase("Correct the cell, or set formats for this filter.")
        elif self._numeric:
            hint = phrase("Correct the cell, or set decimal or thousands for this filter.")
        setting = f"rows.{self._kind}"
        told = phrase("{setting} cannot read it: {reason}", setting=setting, reason=why.message)
        found = fault(UNREADABLE_FILTER, told, hint)
        return replace(found, field=self.bound.field.name, column=self._header, value=text)

    def sentence(self, columns: Columns, place: int) -> str:
        """Return the sentence on why a row is left out, with the rule."""
        cell = one_line(columns.texts(self._position)[place].strip())
        shown = f"{cell[:_LONGEST_VALUE]}…" if len(cell) > _LONGEST_VALUE else cell
        setting, column = f"rows.{self._kind}", one_line(self._header)
        told = phrase("{setting}: {column} is empty", setting=setting, column=column)
        if shown:
            told = phrase("{setting}: {column} is {value}", setting=setting, column=column, value=repr(shown))
        return f"{told}{self._said}"


def _said(condition: Condition) -> str:
    """Return the parts of a condition beside its values, as text: `` (min: 50, max: 80)``."""
    names = ("pattern", "min", "max", "before", "after")
    said = [
        f"{name}: {value:g}" if isinstance(value, float) else f"{name}: {value}"
        for name in names
        if (value := getattr(condition, name)) is not None
    ]
    return f" ({', '.join(said)})" if said else ""


def _part(chunk: Chunk, rows: Places) -> Chunk:
    """Some rows of a chunk."""
    frame = chunk.frame[rows]
    kept = set(frame.index.tolist())
    sheets = zip(chunk.frame.index.tolist(), chunk.sheets(), strict=True)
    return Chunk(
        frame,
        {key: note for key, note in chunk.notes.items() if key[0] in kept},
        {row: cells for row, cells in chunk.ragged.items() if row in kept},
        {SHEET: [sheet for row, sheet in sheets if row in kept]} if SHEET in chunk.own else {},
        chunk.sheet,
    )
