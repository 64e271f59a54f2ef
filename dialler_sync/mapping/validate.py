"""Rows → contacts that may be sent, and rejections that list every fault.

pandera validates each row. The schema is built from the one table of fields: each field must hold a value of the API's
type, within the length limit of the dialler's release, undamaged, and not empty if the dialler requires it. A cell that
could not be converted holds its :class:`~dialler_sync.model.Fault`, which fails validation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import repeat

import pandas as pd
from pandera.errors import SchemaErrors

from ..config import Settings
from ..config.campaign import is_id
from ..error_codes import RAGGED_ROW, fault
from ..fields import FIELDS, PHONE_FIELDS, Field, Kind
from ..model import Chunk, Contact, Fault, Layout, Rejection, RowWarning, Value
from ..text.phrase import phrase
from .binding import Lookups, bind
from .cells import Cell
from .columns import CAMPAIGN, BoundField, Mapped
from .filters import RowFilters
from .messages import fault_of
from .patience import impatient
from .phones import Country, RestoredNumber, country, numbers_within, of_type, read_phones
from .routes import Router
from .schema import ANY_PHONE, contact_schema, limit_of
from .spread import spread
from .values import converter

__all__ = ["Checker", "contact_schema"]

_NEVER_CLEARED = frozenset({"Name", "UserData", "ResetContact", CAMPAIGN.name})
_DIGITS = re.compile(r"\s*[1-9][0-9]+\s*", re.ASCII)

Column = list[Value | Fault]
"""Content of a field, one value a row."""

Warnings = dict[int, list[RowWarning]]
"""Warnings of rows, by place in the chunk."""


class Checker:
    """Map and validate the rows of one file: ``contacts, rejections = checker.check(chunk)``.

    Every row of a chunk is in exactly one of the two lists, in the order of the rows. ``notes``: remarks for the user
    on how the configuration fits the file.

    Raises:
        ConfigError, InputError: the configuration does not fit the file; see :func:`dialler_sync.mapping.columns.bind`.
    """

    def __init__(
        self, settings: Settings, layout: Layout, lookups: Lookups | None = None, today: date | None = None
    ) -> None:
        self._settings = settings
        self._release = settings.dialler.release_numbers
        self._vendor = layout.vendor
        self._width = len(layout.columns) + len(layout.ignored)
        self._mapping = bind(settings, layout, lookups)
        self.notes = self._mapping.notes
        self.fields: Mapping[str, BoundField] = self._mapping.fields
        today = today or date.today()  # noqa: DTZ011 - dates in spreadsheets have no zone
        filters = self._mapping.filters
        self.filters = RowFilters(filters, self.fields.get("UserData"), today) if filters else None
        fields = self._mapping.fields.values()
        self._rules = {bound.field.name: bound.rule for bound in fields}
        self._phones = [bound for bound in fields if bound.field.kind is Kind.PHONE]
        self._converters = {
            bound.field.name: converter(bound.field, bound.rule, self._cut_at(bound.field))
            for bound in fields
            if bound.field.kind is not Kind.PHONE
        }
        self._router = Router(settings.campaign) if settings.campaign.named else None
        # Shares have no column of their own: they go by UserData.
        of_shares = [CAMPAIGN.name] if settings.campaign.split else []
        self._schema = contact_schema([*self._mapping.fields, *of_shares], self._release, self._rules, today)
        clears = settings.rows.empty_cells == "clear"
        self._cleared = frozenset(self._mapping.fields) - _NEVER_CLEARED if clears else frozenset()
        self._optional = frozenset(name for name, rule in self._rules.items() if rule.invalid == "empty")

    def check(
        self, chunk: Chunk, unreadable: Mapping[int, Sequence[Fault]] | None = None
    ) -> tuple[list[Contact], list[Rejection]]:
        """Sort the rows of a chunk into contacts and rejections.

        ``unreadable`` is what is wrong with the cells that filters look at, by row number.
        """
        mapped = self._mapping.apply(chunk)
        warnings: Warnings = {place: [*found] for place, found in mapped.warnings.items()}
        columns = self._columns(mapped, warnings)
        with impatient():
            faults = self._faults(chunk, columns)
        for place, row in enumerate(mapped.rows):
            if unreadable and row in unreadable:
                faults[place] = [*unreadable[row], *faults.get(place, ())]
            if row in chunk.ragged:
                faults[place] = [self._ragged(len(chunk.ragged[row]))]
        left_out = self._leave_out(columns, faults, warnings) if self._optional else {}
        contacts = list(self._contacts(mapped, columns, faults, warnings, left_out))
        return contacts, [
            Rejection(
                row,
                tuple(faults[place]),
                "" if row in chunk.ragged else _key(columns, place),
                tuple(warnings.get(place, ())),
            )
            for place, row in enumerate(mapped.rows)
            if place in faults
        ]

    def _cut_at(self, field: Field) -> int | None:
        cuts = self._settings.rows.too_long == "truncate"
        return limit_of(field, self._release, self._rules[field.name]) if cuts else None

    def _columns(self, mapped: Mapped, warnings: Warnings) -> dict[str, Column]:
        """Convert the cells that still hold text to values or faults."""
        columns: dict[str, Column] = {}
        for name, convert in self._converters.items():
            cells = mapped.cells[name]
            columns[name] = (
                [convert(cell) if isinstance(cell, str) else cell for cell in cells] if convert else [*cells]
            )
        numbers = {
            bound.field.name: read_phones(
                _complete(mapped.cells[bound.field.name]) if self._vendor else mapped.cells[bound.field.name],
                _countries(bound, mapped),
                bound.rule.extension,
                bound.rule.lost_zero,
            )
            for bound in self._phones
        }
        may_spread = {bound.field.name for bound in self._phones if bound.rule.several != "reject"} & {*PHONE_FIELDS}
        begin = 0 if self._settings.rows.phone_format == "plus" else 1
        restores = any(bound.rule.lost_zero == "restore" for bound in self._phones)
        of_a_type = {bound.field.name for bound in self._phones if bound.rule.type != "any"}
        for name, column in spread(numbers, may_spread, of_a_type).items():
            if restores:
                _warn(warnings, "zero_restored", name, (isinstance(number, RestoredNumber) for number in column))
            if name in self._rules and self._rules[name].type != "any":
                column, unknown = of_type(column, self._rules[name].type)  # noqa: PLW2901
                _warn(warnings, "type_unknown", name, unknown)
            columns[name] = [number[begin:] if isinstance(number, str) else number for number in column]
        if self._router and self._settings.campaign.split:
            columns[CAMPAIGN.name] = self._router.by_key(columns["UserData"])
        elif self._router:
            columns[CAMPAIGN.name] = self._router.by_cell(mapped.cells[CAMPAIGN.name])
        return columns

    def _leave_out(
        self, columns: Mapping[str, Column], faults: dict[int, list[Fault]], warnings: Warnings
    ) -> dict[int, dict[str, str]]:
        """Remove the faults of bad fields that are left out; return place → those fields, with their source cells.

        A row keeps a number: where none is good, its phone fields stay as they are.
        """
        left_out: dict[int, dict[str, str]] = {}
        for place, found in [*faults.items()]:
            faulty = {fault.field for fault in found}
            bad = faulty & self._optional
            if not any(columns[name][place] for name in PHONE_FIELDS if name in columns and name not in faulty):
                bad -= {*PHONE_FIELDS}
            rest = [fault for fault in found if fault.field not in bad]
            if rest:
                faults[place] = rest
            else:
                del faults[place]
            left_out[place] = {fault.field: fault.value for fault in found if fault.field in bad}
            warnings.setdefault(place, []).extend(RowWarning("field_left_out", name) for name in FIELDS if name in bad)
        return left_out

    def _faults(self, chunk: Chunk, columns: Mapping[str, Column]) -> dict[int, list[Fault]]:
        """Validate with pandera; return the faults of rows by place in the chunk, in the order of the fields."""
        frame = pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in columns.items()}, copy=False)
        frame[ANY_PHONE] = pd.Series(_first([columns[name] for name in PHONE_FIELDS if name in columns]), dtype=object)
        try:
            # pandera writes failures out as text; arrow storage refuses lone surrogates in it.
            with pd.option_context("mode.string_storage", "python"):
                self._schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            found = errors.failure_cases[["index", "column", "check"]].itertuples(index=False, name=None)
        else:
            return {}
        order = {name: place for place, name in enumerate((*FIELDS, ANY_PHONE))}
        faults: dict[int, list[Fault]] = {}
        for place, name, check in sorted(found, key=lambda failure: (failure[0], order[failure[1]])):
            bound = self._phones[0] if name == ANY_PHONE else self._bound(name)
            column, cell = bound.origin(chunk, place)
            value = columns[name][place] if name in columns else None
            failure = (
                value
                if isinstance(value, Fault)
                else fault_of(name, check, value, self._rules.get(name), self._release)
            )
            faults.setdefault(place, []).append(replace(failure, field=bound.field.name, column=column, value=cell))
        return faults

    def _bound(self, name: str) -> BoundField:
        """Return the binding of a field; a campaign by shares is bound to UserData."""
        return self._mapping.fields[name if name in self._mapping.fields else "UserData"]

    def _ragged(self, cells: int) -> Fault:
        if cells == self._width:
            what = phrase(
                "A quote in the row, or in one above it, is stray or not closed, so its columns may have shifted."
            )
        else:
            what = phrase(
                "The row has {cells} cells and the header {width}, so its columns may have shifted.",
                cells=cells,
                width=self._width,
            )
        return fault(RAGGED_ROW, what)

    def _contacts(
        self,
        mapped: Mapped,
        columns: Mapping[str, Column],
        faults: Mapping[int, object],
        warnings: Warnings,
        left_out: Mapping[int, Mapping[str, str]],
    ) -> Iterator[Contact]:
        names = [name for name in FIELDS if name in columns and name != CAMPAIGN.name]
        every = self._settings.campaign
        always: dict[str, Value] = {CAMPAIGN.name: every.name} if every.id is None else {"DiallerCampaignsID": every.id}
        campaigns = columns.get(CAMPAIGN.name)
        for place, (row, *values) in enumerate(zip(mapped.rows, *(columns[name] for name in names), strict=True)):
            if place not in faults:
                fields = {**always} if campaigns is None else _campaign(str(campaigns[place]))
                for name, value in zip(names, values, strict=True):
                    if value is not None or name in self._cleared:
                        fields[name] = value
                bad = left_out.get(place, {})
                for name in bad:
                    fields.pop(name, None)
                held = tuple(self._held(mapped, place, bad))
                yield Contact(row, fields, tuple(warnings[place]) if place in warnings else (), held)

    def _held(self, mapped: Mapped, place: int, bad: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield what the cells of fields that are left out may hold: (field, number or text)."""
        for name, source in bad.items():
            bound, cell = self._mapping.fields[name], mapped.cells[name][place]
            text = cell if isinstance(cell, str) else source
            if bound.field.kind is Kind.PHONE:
                named = mapped.countries[name][place] if name in mapped.countries else None
                yield from ((name, number) for number in sorted(numbers_within(text, _country(bound, named))))
            else:
                yield name, text


def _complete(cells: Iterable[str | Fault | None]) -> list[str | Fault | None]:
    """Prefix digits with ``+``: in the vendor's own format they are E.164 without it, so no country is missing."""
    return [f"+{cell.strip()}" if isinstance(cell, str) and _DIGITS.fullmatch(cell) else cell for cell in cells]


def _countries(bound: BoundField, mapped: Mapped) -> Iterable[Country]:
    """Return the country of each row's numbers, for one phone field."""
    named = mapped.countries.get(bound.field.name)
    return repeat(_country(bound, None)) if named is None else (_country(bound, cell) for cell in named)


def _country(bound: BoundField, named: Cell) -> Country:
    """Return the country that a cell names, else that of the rule.

    A damaged cell names none: then only numbers with a country code can be read.
    """
    return Country() if isinstance(named, Fault) else country(named, bound.rule.region)


def _warn(warnings: Warnings, code: str, name: str, warned: Iterable[bool]) -> None:
    """Add a warning to rows."""
    for place, is_so in enumerate(warned):
        if is_so:
            warnings.setdefault(place, []).append(RowWarning(code, name))


def _first(columns: list[Column]) -> Column:
    """Return the first value of each row that is not empty."""
    first, *others = columns
    for column in others:
        if None in first:
            first = [later if value is None else value for value, later in zip(first, column, strict=True)]
    return first


def _key(columns: Mapping[str, Column], place: int) -> str:
    value = columns["UserData"][place] if "UserData" in columns else None
    return value if isinstance(value, str) else ""


def _campaign(text: str) -> dict[str, Value]:
    """Read a cell of only digits as a campaign's ID, any other as its name."""
    digits = text.strip()
    return {"DiallerCampaignsID": int(digits)} if is_id(digits) else {CAMPAIGN.name: text}
