"""Source columns → contact fields: the columns that feed each field, and the text that each row gives it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..config import ColumnRule, Settings
from ..config.columns import SHOWS_NOTHING, fold, template_parts
from ..error_codes import fault
from ..errors import ConfigError, InputError
from ..fields import FIELDS, PHONE_FIELDS, VENDOR_COLUMNS, Field, Kind
from ..model import CellNote, Chunk, Fault, Layout, RowWarning
from ..own_columns import is_own
from ..text.double_encoding import may_be_double, once_decoded
from ..text.nearest import nearest
from ..text.outward import in_shell
from ..text.spreadsheet import damage, may_be_damaged, one_line

CAMPAIGN = FIELDS["DiallerCampaignsName"]
"""Field for a row's campaign, name or ID, if a column gives the campaign."""

_COUNTRY = Field("country")
_DOUBLE = CellNote(warning="double_encoded")
_NUMERIC = frozenset({Kind.AMOUNT, Kind.INTEGER})
_WORD = re.compile(r"[^\W_][\w\u0300-\u036f]*(?:['’]\w\b)?")
_MOST_NAMES = 40


class PlainNumber(str):
    """Number of a numeric spreadsheet cell, in plain decimal text whatever signs are configured."""

    __slots__ = ()


Cell = str | Fault | None
"""A row's text for a field (not blank), the fault of the source cell, or None for nothing."""


def is_blank(text: str) -> bool:
    """Whether a text is empty or only white space."""
    return not text or (not text[0].isalnum() and SHOWS_NOTHING.fullmatch(text) is not None)


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
    """A contact field, its rule, and the positions of the rule's source columns in the file."""

    field: Field
    rule: ColumnRule
    positions: tuple[int, ...]
    headers: tuple[str, ...]

    def cells(self, chunk: _Columns) -> list[Cell]:
        """Return the cell of each row of a chunk for this field."""
        sources = [chunk.texts(position) for position in self.positions]
        texts = _combined(self.rule, sources, chunk.rows)
        for step in (_split, _trimmed, _cased):
            texts = step(self.rule, texts)
        # Fast path: nearly every text begins with a letter or digit.
        cells: list[Cell] = [text if text[:1].isalnum() or not is_blank(text) else None for text in texts]
        self._apply_notes(cells, sources, chunk)
        return cells if self.rule.values is None else _replaced(self.rule, self.rule.values, texts, cells)

    def _apply_notes(self, cells: list[Cell], sources: list[list[str]], chunk: _Columns) -> None:
        """Take numeric cells as numbers for numeric fields; turn cells that the source has damaged into faults."""
        as_number = self.field.kind in _NUMERIC and (self.rule.column or self.rule.first_of) and not self.rule.split
        for place, note in self._notes(sources, chunk):
            if as_number and note.number is not None:
                cells[place] = PlainNumber(note.number)
            elif note.code is not None:
                cells[place] = fault(note.code)

    def _notes(self, sources: list[list[str]], chunk: _Columns) -> Iterator[tuple[int, CellNote]]:
        """Yield notes of the cells used for this field, with the place of the row; those of the first column last."""
        for order, position in reversed(list(enumerate(self.positions))):
            for place, note in chunk.notes(position):
                if not self.rule.first_of or all(is_blank(earlier[place]) for earlier in sources[:order]):
                    yield place, note

    def warnings(self, chunk: _Columns) -> Iterator[tuple[int, RowWarning]]:
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
            (header, str(chunk.frame.iat[place, position]))
            for header, position in zip(self.headers, self.positions, strict=True)
        ]
        if self.rule.first_of:
            pairs = [next((pair for pair in pairs if not is_blank(pair[1])), pairs[0])]
        return ", ".join(header for header, _ in pairs), ", ".join(text for _, text in pairs)


@dataclass(frozen=True, slots=True)
class BoundMapping:
    """A configuration's ``columns:`` and ``campaign.column``, bound to one file.

    ``fields`` are in the order of :data:`dialler_sync.fields.FIELDS`; ``countries`` are the country columns of phone
    fields; ``unmapped`` are the unused columns of the file.
    """

    fields: Mapping[str, BoundField]
    countries: Mapping[str, BoundField]
    unmapped: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the user on how the configuration fits the file."""
        if not self.unmapped:
            return ()
        columns = "column" if len(self.unmapped) == 1 else "columns"
        return (f"the configuration does not use the {columns} {_listed(self.unmapped)}",)

    def apply(self, chunk: Chunk) -> Mapped:
        """Map a chunk to the cells of each field."""
        columns = _Columns(chunk)
        return Mapped(
            rows=chunk.frame.index.tolist(),
            cells={name: bound.cells(columns) for name, bound in self.fields.items()},
            countries={name: bound.cells(columns) for name, bound in self.countries.items()},
            warnings=self._warnings(columns),
        )

    def _warnings(self, columns: _Columns) -> Mapping[int, tuple[RowWarning, ...]]:
        """Collect the warnings of rows, each once, in the order of the fields."""
        found: dict[int, dict[RowWarning, None]] = {}
        for bound in self.fields.values() if columns.warn else ():
            for place, warning in bound.warnings(columns):
                found.setdefault(place, {})[warning] = None
        return {place: tuple(warnings) for place, warnings in found.items()}


def bind(settings: Settings, layout: Layout) -> BoundMapping:
    """Find the columns of a configuration in a file.

    A header matches exactly, else ignoring case, white space and Unicode form.

    Raises:
        ConfigError: there is no mapping, or no column fills a field that the dialler requires.
        InputError: columns are not in the file, or a name matches several of them; one message lists them all.
    """
    rules = _rules(settings, layout)
    header = _Header(layout)
    fields = {name: header.bound(FIELDS[name], rules[name]) for name in FIELDS if name in rules}
    countries = {
        name: header.bound(_COUNTRY, ColumnRule(column=rule.region_column), name)
        for name, rule in rules.items()
        if rule.region_column
    }
    header.check()
    used = {position for bound in (*fields.values(), *countries.values()) for position in bound.positions}
    unmapped = () if layout.vendor else tuple(name for i, name in enumerate(layout.columns) if i not in used)
    return BoundMapping(fields, countries, unmapped)


def _rules(settings: Settings, layout: Layout) -> dict[str, ColumnRule]:
    rules = dict(settings.columns)
    if layout.vendor:
        named = (name for name in VENDOR_COLUMNS if name in FIELDS and name in layout.columns and name != CAMPAIGN.name)
        rules = {name: ColumnRule(column=name) for name in named} | rules
    if not rules:
        raise ConfigError(
            f"The configuration has no columns:, so nothing says what the columns of {layout.path.name} mean. "
            f"'dialler-sync init {in_shell(layout.path.name)}' proposes them."
        )
    if "Name" not in rules:
        raise ConfigError("columns: does not say where Name comes from, and the dialler takes no contact without.")
    if not any(name in rules for name in PHONE_FIELDS):
        raise ConfigError(
            "columns: does not say where PhoneNumber1 comes from, and the dialler takes no contact without a number."
        )
    if settings.mirror.missing != "keep" and "UserData" not in rules:
        raise ConfigError(
            f"mirror.missing: {settings.mirror.missing} finds contacts that the file no longer has by their UserData, "
            "and columns: does not say where UserData comes from."
        )
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
        return BoundField(field, rule, tuple(found), tuple(self._layout.columns[position] for position in found))

    def _position(self, name: str, used_for: str) -> int:
        found = self._by_name.get(name) or self._by_folded.get(fold(name)) or []
        if len(found) == 1:
            return found[0]
        if found:
            several = " and ".join(f"column {place + 1} '{one_line(self._layout.columns[place])}'" for place in found)
            problem = f"'{name}' (for {used_for}) fits {several}; give them different names"
        else:
            problem = f"there is no column '{name}' (for {used_for}){nearest(name, self._layout.columns)}"
            if is_own(name):
                problem += "; the columns of dialler-sync's own reports are ignored"
        self._problems[problem] = None
        return 0

    def check(self) -> None:
        if not self._problems:
            return
        lines = [f"{self._layout.path}: {problem}" for problem in self._problems]
        lines.append(f"The file has the columns {_listed(self._layout.columns)}.")
        raise InputError(*lines, *self._delimiter_in_doubt())

    def _delimiter_in_doubt(self) -> Iterator[str]:
        """Suggest a delimiter if the columns of a CSV file may have been cut wrongly."""
        columns, delimiter = self._layout.columns, self._layout.delimiter
        if self._layout.format != "csv":
            return
        signs = [sign for sign in (";", ",", "\t", "|") if sign != delimiter and any(sign in name for name in columns)]
        if len(columns) > 1 and not (signs and any(sign in columns[0] for sign in signs)):
            return
        read_as = f"columns delimited by {delimiter!r}" if delimiter else "a single column"
        sign = f"'{signs[0]}'" if signs and signs[0] != "\t" else "tab" if signs else "the sign between them"
        yield f"It was read as {read_as}; if its columns are delimited otherwise, set source.delimiter to {sign}."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(f"'{one_line(name)}'" for name in names[:_MOST_NAMES]) + more


class _Columns:
    """The columns of a chunk as lists, and the notes on their cells."""

    def __init__(self, chunk: Chunk) -> None:
        self._frame = chunk.frame
        self._texts: dict[int, list[str]] = {}
        self._notes: dict[int, list[tuple[int, CellNote]]] = {}
        self._checked: set[int] = set()
        self.rows = len(chunk.frame)
        self.warn = any(note.warning for note in chunk.notes.values())
        if chunk.notes:
            places = {row: place for place, row in enumerate(chunk.frame.index.tolist())}
            for (row, position), note in chunk.notes.items():
                self._notes.setdefault(position, []).append((places[row], note))

    def texts(self, position: int) -> list[str]:
        if position not in self._texts:
            self._texts[position] = self._frame.iloc[:, position].tolist()
        return self._texts[position]

    def notes(self, position: int) -> list[tuple[int, CellNote]]:
        """Return the notes of one column, each with the place of its row, and notes on visible damage."""
        noted = self._notes.setdefault(position, [])
        if position not in self._checked:
            self._checked.add(position)
            texts = self.texts(position)
            if may_be_damaged(texts):
                known = {place for place, note in noted if note.code}
                noted += [
                    (place, CellNote(code))
                    for place, text in enumerate(texts)
                    if place not in known and (code := damage(text))
                ]
            if may_be_double(texts):
                double = [(place, _DOUBLE) for place, text in enumerate(texts) if once_decoded(text)]
                noted += double
                self.warn = self.warn or bool(double)
        return noted


def _combined(rule: ColumnRule, sources: list[list[str]], rows: int) -> list[str]:
    """Combine the columns of a rule to one text a row."""
    if rule.value is not None:
        return [rule.value] * rows
    if rule.template is not None:
        return _filled(rule, rule.template, sources)
    if rule.join is not None:
        between = rule.join.separator
        return [between.join(text for text in row if not is_blank(text)) for row in zip(*sources, strict=True)]
    texts = sources[-1]
    for earlier in reversed(sources[:-1]):
        texts = [later if is_blank(first) else first for first, later in zip(earlier, texts, strict=True)]
    return texts


def _filled(rule: ColumnRule, template: str, sources: list[list[str]]) -> list[str]:
    order = {name: place for place, name in enumerate(rule.sources)}
    parts = [(literal, order[name] if name else None) for literal, name in template_parts(template)]
    return [
        ""
        if all(map(is_blank, row))
        else "".join(literal + ("" if place is None else row[place]) for literal, place in parts)
        for row in zip(*sources, strict=True)
    ]


def _split(rule: ColumnRule, texts: list[str]) -> list[str]:
    if rule.split is None:
        return texts
    separator, place = rule.split.separator, rule.split.part - 1
    return [parts[place] if place < len(parts := text.split(separator)) else "" for text in texts]


def _trimmed(rule: ColumnRule, texts: list[str]) -> list[str]:
    return [text.strip() for text in texts] if rule.trim else texts


def _cased(rule: ColumnRule, texts: list[str]) -> list[str]:
    if rule.case is None:
        return texts
    change = {"upper": str.upper, "lower": str.lower, "title": _titled}[rule.case]
    return [change(text) for text in texts]


def _titled(text: str) -> str:
    """Title-case ``o'neill's weg 1a`` as ``O'Neill's Weg 1a``; str.title() would give ``'S`` and ``1A``."""
    return _WORD.sub(lambda word: word[0].capitalize(), text)


def _replaced(rule: ColumnRule, values: Mapping[str, str], texts: list[str], cells: list[Cell]) -> list[Cell]:
    """Replace listed texts, whatever they are: ``#N/A`` may be listed as empty."""
    table = {fold(key): value or None for key, value in values.items()}
    unlisted = fault("value_unlisted", hint=f"Add it under values:, or write one of: {', '.join(values)}.")

    def replaced(text: str, cell: Cell) -> Cell:
        key = fold(text)
        if key in table and (key or cell is None):  # a formula without a value has no text, but is not empty
            return table[key]
        if not isinstance(cell, str) or rule.unlisted == "keep":
            return cell
        return unlisted if rule.unlisted == "reject" else None

    return list(map(replaced, texts, cells))
