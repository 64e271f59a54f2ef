"""Find the columns of a configuration in a file: which of them feed each contact field and each filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..config import ColumnRule, Settings
from ..config.filters import Condition
from ..config.required import lacking
from ..config.steps import Lookup
from ..config.texts import fold, positions
from ..errors import ConfigError, InputError
from ..fields import FIELDS, VENDOR_COLUMNS, Field
from ..model import Layout
from ..own_columns import SHEET, is_own
from ..text.forms import listed
from ..text.nearest import nearest
from ..text.outward import in_shell
from ..text.phrase import phrase
from ..text.spreadsheet import one_line
from .cells import OF_SHEET
from .columns import CAMPAIGN, BoundField, BoundFilter, BoundMapping, quoted
from .steps import Table

_COUNTRY = Field("country")


def filter_name(kind: str, column: str) -> str:
    """Return a filter's name for the field of a fault, without the separator of several fields."""
    return f"rows.{kind}.{column}".replace(";", ",")


Lookups = Mapping[Lookup, Table]
"""Lookup tables of rules."""


def bind(settings: Settings, layout: Layout, lookups: Lookups | None = None) -> BoundMapping:
    """Find the columns of a configuration in a file.

    A header matches exactly, else ignoring case, white space and Unicode form.

    Raises:
        ConfigError: there is no mapping, or no column fills a field that the dialler requires.
        InputError: columns are not in the file, or a name matches several of them; one message lists them all.
    """
    rules = _rules(settings, layout)
    header = _Header(layout)
    fields = {name: header.bound(FIELDS[name], rules[name]) for name in FIELDS if name in rules}
    for name, rule in rules.items():
        if rule.lookup is not None:
            fields[name] = replace(fields[name], table=(lookups or {})[rule.lookup])
    filters = tuple(_filters(settings, header))
    countries = {
        name: header.bound(_COUNTRY, ColumnRule(column=rule.region_column), name)
        for name, rule in rules.items()
        if rule.region_column
    }
    header.check()
    every = (*fields.values(), *countries.values(), *(each.bound for each in filters))
    used = {position for bound in every for position in bound.positions}
    unmapped = () if layout.vendor else tuple(name for i, name in enumerate(layout.columns) if i not in used)
    return BoundMapping(fields, countries, unmapped, filters)


def _filters(settings: Settings, header: _Header) -> Iterator[BoundFilter]:
    for kind, filters in (("skip", settings.rows.skip), ("only", settings.rows.only)):
        for column, condition in filters.items():
            name = Field(filter_name(kind, column))
            yield BoundFilter(
                kind, column, condition, header.bound(name, _condition_rule(column, condition), f"rows.{kind}")
            )


def _condition_rule(column: str, condition: Condition) -> ColumnRule:
    """Return the rule by which the cells of a filter's column are read."""
    written = {name: value for name in ("decimal", "thousands", "formats") if (value := getattr(condition, name))}
    return ColumnRule(column=column, **written)


def _rules(settings: Settings, layout: Layout) -> dict[str, ColumnRule]:
    rules = dict(settings.columns)
    if layout.vendor:
        named = (name for name in VENDOR_COLUMNS if name in FIELDS and name in layout.columns and name != CAMPAIGN.name)
        rules = {name: ColumnRule(column=name) for name in named} | rules
    if not rules:
        raise ConfigError(
            phrase(
                "The configuration has no columns:, so the columns of {name} cannot be mapped. 'dialler-sync init "
                "{file}' proposes them.",
                name=layout.path.name,
                file=in_shell(layout.path.name),
            )
        )
    if lack := lacking(settings, rules):
        raise ConfigError(lack)
    if settings.campaign.column is not None:
        rules[CAMPAIGN.name] = ColumnRule(column=settings.campaign.column)
    return rules


class _Header:
    """The columns of a file, looked up by name; collects every name that did not match."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._by_name = positions(layout.columns)
        self._by_folded = positions(map(fold, layout.columns))
        self._problems: dict[str, None] = {}

    def bound(self, field: Field, rule: ColumnRule, used_for: str = "") -> BoundField:
        found = [self._position(name, used_for or field.name) for name in rule.sources]
        return BoundField(field, rule, tuple(found), tuple(map(self._name, found)))

    def _name(self, position: int) -> str:
        return SHEET if position == OF_SHEET else self._layout.columns[position]

    def _position(self, name: str, used_for: str) -> int:
        found = self._by_name.get(name) or self._by_folded.get(fold(name)) or []
        if len(found) == 1:
            return found[0]
        if name == SHEET and not found and (self._layout.sheet is not None or self._layout.mended):
            return OF_SHEET
        if found:
            several = [
                phrase("column {place} '{name}'", place=place + 1, name=one_line(self._layout.columns[place]))
                for place in found
            ]
            problem = phrase(
                "'{name}' (for {field}) matches {columns}; give them different names",
                name=name,
                field=used_for,
                columns=listed(several),
            )
        else:
            problem = phrase("there is no column '{name}' (for {field})", name=name, field=used_for)
            problem += nearest(name, self._layout.columns)
            if name == SHEET:
                problem = phrase("{problem}; only workbooks have sheets", problem=problem)
            elif is_own(name):
                problem = phrase("{problem}; the columns of dialler-sync's own reports are ignored", problem=problem)
        self._problems[problem] = None
        return 0

    def check(self) -> None:
        if not self._problems:
            return
        if all(map(is_own, self._layout.columns)) and "_status" in self._layout.columns:
            raise InputError(
                phrase(
                    "{where}: this is results.csv of a run, without the list's own columns. Fix the rows in "
                    "failed.xlsx beside it, and import that file.",
                    where=self._layout.where,
                )
            )
        lines = [f"{self._layout.where}: {problem}" for problem in self._problems]
        lines.append(phrase("The file has the columns {columns}.", columns=quoted(self._layout.columns)))
        raise InputError(*lines, *self._delimiter_in_doubt())

    def _delimiter_in_doubt(self) -> Iterator[str]:
        """Suggest a delimiter if the columns of a CSV file may have been cut wrongly."""
        columns, delimiter = self._layout.columns, self._layout.delimiter
        if self._layout.format != "csv":
            return
        signs = [sign for sign in (";", ",", "\t", "|") if sign != delimiter and any(sign in name for name in columns)]
        if len(columns) > 1 and not (signs and any(sign in columns[0] for sign in signs)):
            return
        sign = phrase("the sign between them")
        if signs:
            sign = f"'{signs[0]}'" if signs[0] != "\t" else "tab"
        if delimiter:
            yield phrase(
                "It was read as columns delimited by {delimiter}; if its columns are delimited otherwise, set "
                "source.delimiter to {sign}.",
                delimiter=repr(delimiter),
                sign=sign,
            )
        else:
            yield phrase(
                "It was read as a single column; if its columns are delimited otherwise, set source.delimiter to "
                "{sign}.",
                sign=sign,
            )
