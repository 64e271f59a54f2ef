"""Source columns → contact fields: the columns that feed each field, and the text that each row gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..config import ColumnRule, Settings
from ..config.columns import fold
from ..config.filters import Condition
from ..config.steps import Lookup
from ..error_codes import fault
from ..errors import ConfigError, InputError
from ..fields import FIELDS, PHONE_FIELDS, VENDOR_COLUMNS, Field, Kind
from ..model import CellNote, Chunk, Layout, RowWarning
from ..own_columns import SHEET, is_own
from ..text.forms import listed
from ..text.nearest import nearest
from ..text.outward import in_shell
from ..text.phrase import counted, phrase
from ..text.spreadsheet import one_line
from .cells import OF_SHEET, Cell, Columns, PlainNumber, is_blank
from .patience import impatient
from .steps import Table, settled, texts_of

__all__ = ["CAMPAIGN", "BoundField", "BoundFilter", "BoundMapping", "Cell", "PlainNumber", "bind", "is_blank"]

CAMPAIGN = FIELDS["DiallerCampaignsName"]
"""Field for a row's campaign, name or ID, if a column gives the campaign."""

_COUNTRY = Field("country")
_NUMERIC = frozenset({Kind.AMOUNT, Kind.INTEGER})
_MOST_NAMES = 40


@dataclass(frozen=True, slots=True)
class Mapped:
    """A chunk by contact field: lists with one cell a row. ``countries``: the country cells of phone fields.

    ``warnings``: the warnings of rows, by their place in the chunk.
    """

    rows: Sequence[int]
    cells: Mapping[str, list[Cell]]
    countries: Mapping[str, list[Cell]]
    warnings: Mapping[int, tuple[RowWarning, ...]]


@dataclass(frozen=True, slots=True)
class BoundField:
    """A contact field, its rule, the positions of the rule's source columns in the file, and its lookup table."""

    field: Field
    rule: ColumnRule
    positions: tuple[int, ...]
    headers: tuple[str, ...]
    table: Table | None = None

    def cells(self, chunk: Columns) -> list[Cell]:
        """Return the cell of each row of a chunk for this field."""
        sources = [chunk.texts(position) for position in self.positions]
        texts = texts_of(self.rule, sources, chunk.rows, self.field.name)
        # Fast path: nearly every text begins with a letter or digit.
        cells: list[Cell] = [text if text[:1].isalnum() or not is_blank(text) else None for text in texts]
        self._apply_notes(cells, sources, chunk)
        return settled(self.rule, self.table or {}, texts, cells)

    def _apply_notes(self, cells: list[Cell], sources: list[list[str]], chunk: Columns) -> None:
        """Take numeric cells as numbers for numeric fields; turn cells that the source has damaged into faults."""
        rule = self.rule
        as_is = (rule.column or rule.first_of) and not (rule.split or rule.replace)
        as_number = self.field.kind in _NUMERIC and as_is
        for place, note in self._notes(sources, chunk):
            if as_number and note.number is not None:
                cells[place] = PlainNumber(note.number)
            elif note.code is not None:
                cells[place] = fault(note.code)

    def _notes(self, sources: list[list[str]], chunk: Columns) -> Iterator[tuple[int, CellNote]]:
        """Yield notes of the cells used for this field, with the place of the row; those of the first column last."""
        for order, position in reversed(list(enumerate(self.positions))):
            for place, note in chunk.notes(position):
                if not self.rule.first_of or all(is_blank(earlier[place]) for earlier in sources[:order]):
                    yield place, note

    def warnings(self, chunk: Columns) -> Iterator[tuple[int, RowWarning]]:
        """Yield warnings on the source cells of this field, with the place of the row."""
        sources = [chunk.texts(position) for position in self.positions]
        for place, note in self._notes(sources, chunk):
            if note.warning is not None:
                yield place, RowWarning(note.warning, self.field.name)

    def origin(self, chunk: Chunk, place: int) -> tuple[str, str]:
        """Return source column and cell of one row as the user wrote them; with ``first_of``, the one in use."""
        if not self.positions:
            return "", self.rule.value or ""
        pairs = [
            (header, chunk.sheets()[place] if position == OF_SHEET else str(chunk.frame.iat[place, position]))
            for header, position in zip(self.headers, self.positions, strict=True)
        ]
        if self.rule.first_of:
            pairs = [next((pair for pair in pairs if not is_blank(pair[1])), pairs[0])]
        return ", ".join(header for header, _ in pairs), ", ".join(text for _, text in pairs)


@dataclass(frozen=True, slots=True)
class BoundFilter:
    """A rule of ``rows: {only:, skip:}`` and its column; ``kind`` is ``only`` or ``skip``, ``column`` as configured."""

    kind: str
    column: str
    condition: Condition
    bound: BoundField


def filter_name(kind: str, column: str) -> str:
    """Return a filter's name for the field of a fault, without the separator of several fields."""
    return f"rows.{kind}.{column}".replace(";", ",")


@dataclass(frozen=True, slots=True)
class BoundMapping:
    """A configuration's ``columns:`` and ``campaign.column``, bound to one file.

    ``fields`` are in the order of :data:`dialler_sync.fields.FIELDS`; ``countries`` are the country columns of phone
    fields; ``filters`` are those of ``rows:``, ``skip`` first; ``unmapped`` are the unused columns of the file.
    """

    fields: Mapping[str, BoundField]
    countries: Mapping[str, BoundField]
    unmapped: tuple[str, ...]
    filters: tuple[BoundFilter, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user on how the configuration fits the file."""
        if not self.unmapped:
            return ()
        told = counted(
            len(self.unmapped),
            "not used by the configuration: column {columns}",
            "not used by the configuration: columns {columns}",
            columns=_listed(self.unmapped),
        )
        return (told,)

    def apply(self, chunk: Chunk) -> Mapped:
        """Map a chunk to the cells of each field."""
        columns = Columns(chunk)
        with impatient():
            cells = {name: bound.cells(columns) for name, bound in self.fields.items()}
        return Mapped(
            rows=chunk.frame.index.tolist(),
            cells=cells,
            countries={name: bound.cells(columns) for name, bound in self.countries.items()},
            warnings=self._warnings(columns),
        )

    def _warnings(self, columns: Columns) -> Mapping[int, tuple[RowWarning, ...]]:
        """Collect the warnings of rows, each once, in the order of the fields."""
        found: dict[int, dict[RowWarning, None]] = {}
        for bound in self.fields.values() if columns.warn else ():
            for place, warning in bound.warnings(columns):
                found.setdefault(place, {})[warning] = None
        return {place: tuple(warnings) for place, warnings in found.items()}


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
    if "Name" not in rules:
        raise ConfigError(phrase("columns: has no Name; the dialler requires it."))
    if not any(name in rules for name in PHONE_FIELDS):
        raise ConfigError(phrase("columns: has no PhoneNumber1; the dialler requires a phone number."))
    if settings.mirror.missing != "keep" and "UserData" not in rules:
        raise ConfigError(
            phrase(
                "mirror.missing: {value} needs UserData, but columns: does not map it.",
                value=settings.mirror.missing,
            )
        )
    if settings.rows.skipped_contacts == "lock" and "UserData" not in rules:
        raise ConfigError(phrase("rows.skipped_contacts: lock needs UserData, but columns: does not map it."))
    if settings.rows.mode != "upsert" and "UserData" not in rules:
        raise ConfigError(
            phrase("rows.mode: {mode} needs UserData, but columns: does not map it.", mode=settings.rows.mode)
        )
    if settings.campaign.split and "UserData" not in rules:
        raise ConfigError(phrase("campaign.split needs UserData, but columns: does not map it."))
    if settings.campaign.column is not None:
        rules[CAMPAIGN.name] = ColumnRule(column=settings.campaign.column)
    return rules


class _Header:
    """The columns of a file, looked up by name; collects every name that did not match."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._by_name = self._positions(layout.columns)
        self._by_folded = self._positions(map(fold, layout.columns))
        self._problems: dict[str, None] = {}

    @staticmethod
    def _positions(names: Iterable[str]) -> dict[str, list[int]]:
        positions: dict[str, list[int]] = {}
        for position, name in enumerate(names):
            positions.setdefault(name, []).append(position)
        return positions

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
        lines = [f"{self._layout.where}: {problem}" for problem in self._problems]
        lines.append(phrase("The file has the columns {columns}.", columns=_listed(self._layout.columns)))
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


def _listed(names: Sequence[str]) -> str:
    shown, more = ", ".join(f"'{one_line(name)}'" for name in names[:_MOST_NAMES]), len(names) - _MOST_NAMES
    return phrase("{columns} and {count} more", columns=shown, count=more) if more > 0 else shown
