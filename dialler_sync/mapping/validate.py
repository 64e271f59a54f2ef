"""Rows → contacts that may be sent, and rejections that list every fault.

pandera validates each row. The schema is built from the one table of fields: each field must hold a value of the API's
type, within the length limit of the dialler's release, undamaged, and not empty if the dialler requires it. A cell that
could not be converted holds its :class:`~dialler_sync.model.Fault`, which fails validation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ..config import Settings
from ..error_codes import RAGGED_ROW, fault
from ..fields import FIELDS, PHONE_FIELDS, Field, Kind
from ..model import Chunk, Contact, Fault, Layout, Rejection, Value
from ..text.spreadsheet import CUT
from .columns import CAMPAIGN, BoundField, Mapped, bind
from .phones import Country, country, read_phones, spread
from .values import converter

_ANY_PHONE = "PhoneNumber"
"""Schema column for the first phone number of a row, in any field."""

_TYPES: dict[Kind, type | tuple[type, ...]] = {
    **dict.fromkeys(Kind, str),
    Kind.INTEGER: int,
    Kind.AMOUNT: (int, float),
    Kind.BOOLEAN: bool,
}
_REQUIRED = {"Name": "name_missing", CAMPAIGN.name: "campaign_missing", _ANY_PHONE: "phone_missing"}
_NEVER_CLEARED = frozenset({"Name", "UserData", "ResetContact", CAMPAIGN.name})
_DAMAGED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd-\uffff]")
_DIGITS = re.compile(r"\s*[1-9][0-9]+\s*", re.ASCII)

Column = list[Value | Fault]
"""Content of a field, one value a row."""


def contact_schema(names: Iterable[str], release: tuple[int, ...]) -> pa.DataFrameSchema:
    """Build the pandera schema of contacts with these fields, for a dialler of this release."""
    columns = {name: _column(FIELDS[name], release) for name in names}
    # Numbers of one cell may be spread over phone fields that are not mapped.
    others = {name: _column(FIELDS[name], release, required=False) for name in PHONE_FIELDS if name not in columns}
    return pa.DataFrameSchema({**columns, **others, _ANY_PHONE: pa.Column(nullable=False)})


def _column(field: Field, release: tuple[int, ...], *, required: bool = True) -> pa.Column:
    type_, limit = _TYPES[field.kind], field.limit(release)
    types = {*type_} if isinstance(type_, tuple) else {type_}
    checks = [_check("value", lambda value: isinstance(value, type_), lambda values: set(map(type, values)) <= types)]
    if limit is not None:
        checks.append(
            _check(
                "too_long",
                lambda value: not isinstance(value, str) or len(value) <= limit,
                lambda values: set(map(type, values)) <= {str} and max(map(len, values), default=0) <= limit,
            )
        )
    if field.kind is Kind.TEXT:
        checks.append(
            _check(
                "damaged_text",
                lambda value: not isinstance(value, str) or _is_whole(value),
                lambda values: set(map(type, values)) <= {str} and _is_whole("".join(values)),
            )
        )
    return pa.Column(checks=checks, nullable=field.name not in _REQUIRED, required=required)


def _check(name: str, good: Callable[[Value | Fault], bool], all_good: Callable[[list[Any]], bool]) -> pa.Check:
    """Return a check of each value; ``all_good`` is its fast form for a whole column."""

    def run(values: pd.Series) -> pd.Series | bool:
        if all_good([value for value in values.tolist() if value is not None]):
            return True
        verdicts = [value is None or good(value) for value in values.tolist()]
        # A single True for the whole column spares pandera the search for failures.
        return all(verdicts) or pd.Series(verdicts, index=values.index)

    return pa.Check(run, name=name, ignore_na=False)


def _is_whole(text: str) -> bool:
    # Fast path: nearly every text passes isprintable(), several times faster than the search.
    return CUT not in text and ((text.isprintable() and "\ufffd" not in text) or not _DAMAGED.search(text))


class Checker:
    """Map and validate the rows of one file: ``contacts, rejections = checker.check(chunk)``.

    Every row of a chunk is in exactly one of the two lists, in the order of the rows. ``notes``: remarks for the user
    on how the configuration fits the file.

    Raises:
        ConfigError, InputError: the configuration does not fit the file; see :func:`dialler_sync.mapping.columns.bind`.
    """

    def __init__(self, settings: Settings, layout: Layout) -> None:
        self._settings = settings
        self._release = settings.dialler.release_numbers
        self._vendor = layout.vendor
        self._width = len(layout.columns) + len(layout.ignored)
        self._mapping = bind(settings, layout)
        self.notes = self._mapping.notes
        self.fields: Mapping[str, BoundField] = self._mapping.fields
        fields = self._mapping.fields.values()
        self._phones = [bound for bound in fields if bound.field.kind is Kind.PHONE]
        self._converters = {
            bound.field.name: converter(bound.field, bound.rule, self._cut_at(bound.field))
            for bound in fields
            if bound.field.kind is not Kind.PHONE
        }
        self._schema = contact_schema(self._mapping.fields, self._release)
        clears = settings.rows.empty_cells == "clear"
        self._cleared = frozenset(self._mapping.fields) - _NEVER_CLEARED if clears else frozenset()

    def check(self, chunk: Chunk) -> tuple[list[Contact], list[Rejection]]:
        """Sort the rows of a chunk into contacts and rejections."""
        mapped = self._mapping.apply(chunk)
        columns = self._columns(mapped)
        faults = self._faults(chunk, columns)
        for place, row in enumerate(mapped.rows):
            if row in chunk.ragged:
                faults[place] = [self._ragged(len(chunk.ragged[row]))]
        contacts = list(self._contacts(mapped, columns, faults))
        return contacts, [
            Rejection(
                row,
                tuple(faults[place]),
                "" if row in chunk.ragged else _key(columns, place),
                mapped.warnings.get(place, ()),
            )
            for place, row in enumerate(mapped.rows)
            if place in faults
        ]

    def _cut_at(self, field: Field) -> int | None:
        cuts = self._settings.rows.too_long == "truncate" and _may_be_cut(field)
        return field.limit(self._release) if cuts else None

    def _columns(self, mapped: Mapped) -> dict[str, Column]:
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
            )
            for bound in self._phones
        }
        may_spread = {bound.field.name for bound in self._phones if bound.rule.several != "reject"} & {*PHONE_FIELDS}
        begin = 0 if self._settings.rows.phone_format == "plus" else 1
        for name, column in spread(numbers, may_spread).items():
            columns[name] = [number[begin:] if isinstance(number, str) else number for number in column]
        return columns

    def _faults(self, chunk: Chunk, columns: Mapping[str, Column]) -> dict[int, list[Fault]]:
        """Validate with pandera; return the faults of rows by place in the chunk, in the order of the fields."""
        frame = pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in columns.items()}, copy=False)
        frame[_ANY_PHONE] = pd.Series(_first([columns[name] for name in PHONE_FIELDS if name in columns]), dtype=object)
        try:
            # pandera writes failures out as text; arrow storage refuses lone surrogates in it.
            with pd.option_context("mode.string_storage", "python"):
                self._schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            found = errors.failure_cases[["index", "column", "check"]].itertuples(index=False, name=None)
        else:
            return {}
        order = {name: place for place, name in enumerate((*FIELDS, _ANY_PHONE))}
        faults: dict[int, list[Fault]] = {}
        for place, name, check in sorted(found, key=lambda failure: (failure[0], order[failure[1]])):
            bound = self._phones[0] if name == _ANY_PHONE else self._mapping.fields[name]
            column, cell = bound.origin(chunk, place)
            failure = self._failure(name, check, columns[name][place] if name in columns else None)
            faults.setdefault(place, []).append(replace(failure, field=bound.field.name, column=column, value=cell))
        return faults

    def _failure(self, name: str, check: str, value: Value | Fault) -> Fault:
        """Return the fault of a failed check."""
        if isinstance(value, Fault):
            return value
        if value is None:
            return fault(_REQUIRED[name])
        field, text = FIELDS[name], str(value)
        if check == "too_long":
            return fault(
                "too_long",
                f"{name} takes {field.limit(self._release)} characters; the text has {len(text)}.",
                "Shorten the text, or set rows.too_long: truncate." if _may_be_cut(field) else None,
            )
        if CUT in text:
            return fault(
                "damaged_text",
                "The text was cut, as it is longer than a cell of a spreadsheet may be.",
                "Copy the whole text from the file that is named at its end into a CSV file, or shorten the text.",
            )
        damage = _DAMAGED.search(text)
        sign = f"U+{ord(damage[0]):04X}, sign {damage.start() + 1} of the text" if damage else check
        return fault("damaged_text", f"The text was destroyed earlier, or holds a control character ({sign}).")

    def _ragged(self, cells: int) -> Fault:
        if cells == self._width:
            what = "A quote in the row is stray or not closed"
        else:
            what = f"The row has {cells} cells and the header {self._width}"
        return fault(RAGGED_ROW, f"{what}, so its columns may have shifted.")

    def _contacts(
        self, mapped: Mapped, columns: Mapping[str, Column], faults: Mapping[int, object]
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
                yield Contact(row, fields, mapped.warnings.get(place, ()))


def _complete(cells: Iterable[str | Fault | None]) -> list[str | Fault | None]:
    """Prefix digits with ``+``: in the vendor's own format they are E.164 without it, so no country is missing."""
    return [f"+{cell.strip()}" if isinstance(cell, str) and _DIGITS.fullmatch(cell) else cell for cell in cells]


def _countries(bound: BoundField, mapped: Mapped) -> Iterable[Country]:
    """Return the country of each row's numbers, for one phone field."""
    region = bound.rule.region
    named = mapped.countries.get(bound.field.name)
    if named is None:
        return repeat(country(None, region))
    # A damaged cell names no country: then only numbers with a country code can be read.
    return (Country() if isinstance(cell, Fault) else country(cell, region) for cell in named)


def _may_be_cut(field: Field) -> bool:
    return field.kind is Kind.TEXT and not field.exact


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
    return {"DiallerCampaignsID": int(digits)} if re.fullmatch("[0-9]{1,18}", digits) else {CAMPAIGN.name: text}
