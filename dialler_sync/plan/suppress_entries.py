"""The entries of a do-not-call file: what its cells say, and in which rows one may be overlooked."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from ..errors import InputError
from ..text.forms import first_few
from ..text.phrase import mark, phrase
from .suppress import addresses_in, bare_address, digits_of, digits_within, entry_of

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from ..config.suppress import SuppressSettings
    from ..mapping.cells import Columns
    from ..model import Chunk

_log = logging.getLogger(__name__)

MOST_ROWS = 5
"""Rows that a message lists."""

_NOT_UNDERSTOOD = {
    "phone": mark(
        "{file}: not a phone number: {rows}. Correct or remove these rows, or set suppress.region. "
        "Otherwise these numbers could be called."
    ),
    "email": mark(
        "{file}: not an e-mail address: {rows}. Correct or remove these rows. Otherwise these contacts could be called."
    ),
    "user_data": mark(
        "{file}: damaged cells: {rows}. Correct or remove these rows. Otherwise these contacts could be called."
    ),
}

_ADDRESS = re.compile(r"[\w.+&'~#!$-]+@[\w.-]+\.[\w-]+")
_DOMAIN = re.compile(r"\w\.[^\W\d_]{2,}")
"""Of an address without its ``@``, or of all addresses of a company."""

_AT = re.compile(r"[\W_]at[\W_]", re.IGNORECASE)
_DOT = re.compile(r"[\W_](?:dot|punkt|point|punto|\.)[\W_]", re.IGNORECASE)

_IN_FORM = re.compile(r"\s*[+(]*[+0]")
"""Begins a number as people write it, and no other number of a row."""

_MOST_COUNTRIES = 300
"""A column with more different texts is none of countries."""

_DECIMAL_COMMA = re.compile(r"\s*[-+]?[0-9.]+,[0-9]{1,2}\s*")
_BETWEEN = re.compile("[;|,\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_QUOTES = "\"'`´‘’‚“”„«»"
_DECIMALS = re.compile(r"([0-9]+)[.,]0+")
_PROTECTED = re.compile(r"=\"(.*)\"|['’`´]++(.*)")

_NO_NUMBER = re.compile(
    r"[\s()./\u2013\u2014-]{0,9}(?:n[./]?\s?[av]|k\.?\s?a|none|null|keine?|unknown|unbekannt|anonym|totals?|summen?|anzahl|gesamt)?"
    r"[\s().:/\u2013\u2014-]{0,9}",
    re.IGNORECASE,
)
"""Programs and people write it for none, or beside a total."""

_FEWEST_DIGITS = 6
"""Digits of what may be a number, though it is not read as one; postal codes have fewer."""

_NUMBER = re.compile(r"(?:(?<![0-9])0|\+)(?:[ ()/.-]*[0-9]){6}|[1-9](?:[ ()/.-]*[0-9]){8}")
"""Of a text, what is a number by its look; beside a day, what is shorter counts something, or names an export."""

_MOMENT = re.compile(
    r"\b(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d|(?:19|20)\d{6})(?:[T\s,_-]{1,3}\d{1,2}:?\d\d(?::?\d\d)?)?\b"
)
_DAY = re.compile(r"\s*(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d)(?:[T\s]\s*\d{1,2}:[\d:.]*)?\s*")


class Entries:
    """The entries of a do-not-call file, and the rows in which one may be overlooked."""

    def __init__(
        self,
        settings: SuppressSettings,
        positions: Sequence[int],
        others: Sequence[int],
        nameless: Sequence[int],
        *,
        has_header: bool,
    ) -> None:
        """``others``: positions of columns that no list takes entries from; ``nameless``: of columns without a name."""
        self._settings = settings
        self._positions = positions
        self._others = () if settings.by == "user_data" else others
        self._has_header = has_header
        self._nameless = nameless
        self._second: list[str] = []
        self._all_digits = True  # in each key so far
        self._beside: list[str] = []
        self._unread: list[str] = []
        self._shifted: list[str] = []
        self._without: list[str] = []
        self._keyless: list[str] = []
        self.found: set[str] = set()
        self.numbers_at: list[int] = []
        """Positions of other columns that have numbers, too."""
        self.none_seen = True

    def take(self, chunk: Chunk, expired: Container[int]) -> None:
        """Take the entries of some rows; of those that have expired, only notice that there are some."""
        from ..mapping.cells import Columns

        columns = Columns(chunk)
        rows = chunk.frame.index.tolist()
        filled: set[int] = set()
        regions = self._regions(columns)
        for position in self._positions:
            damaged = {place for place, note in columns.notes(position) if note.code}
            for place, (row, cell) in enumerate(zip(rows, columns.texts(position), strict=True)):
                found = None if place in damaged else _entries(cell, self._settings)
                if found and self._settings.by == "email" and "@" not in cell and self._has_address(chunk, place):
                    found = None
                if found and place in regions:
                    found = found.union(*(digits_of(cell, region) or () for region in regions[place]))
                if found != set() or row in expired or row in chunk.ragged:
                    filled.add(place)
                self.none_seen = self.none_seen and found == set()
                if found == set() and self._settings.by == "user_data" and any(chunk.frame.iloc[place].tolist()):
                    self._keyless.append(phrase("row {row}", row=row))
                if row in expired:
                    continue
                if row in chunk.ragged and self._is_shifted(chunk.ragged[row], position, chunk.frame.shape[1]):
                    self._shifted.append(phrase("row {row}", row=row))
                elif found is not None:
                    self.found |= found
                    self._all_digits = self._all_digits and all(map(_is_code, found))
                elif not cell.strip():
                    self._unread.append(phrase("row {row} (a formula that was never calculated)", row=row))
                else:
                    none = place not in damaged and self._is_none(cell, chunk, place)
                    (self._without if none else self._unread).append(f"row {row} ('{cell}')")
        if self._has_header:
            self._look_for_second(columns, rows, chunk.frame.shape[1])
        self._look_beside(columns, rows, filled)

    def _regions(self, columns: Columns) -> dict[int, set[str]]:
        """Return the countries of rows, by place, that columns of countries name, but for the configured one."""
        from ..mapping.countries import region_of

        found: dict[int, set[str]] = {}
        for position in self._others if self._settings.by == "phone" else ():
            texts = columns.texts(position)
            different = set(texts)
            if len(different) > _MOST_COUNTRIES:
                continue
            named = {text: region_of(text) for text in different if text.strip()}
            if 2 * sum(map(bool, named.values())) <= len(named):
                continue
            for place, text in enumerate(texts):
                if (region := named.get(text)) and region != self._settings.region:
                    found.setdefault(place, set()).add(region)
        return found

    def _look_beside(self, columns: Columns, rows: Sequence[int], filled: Container[int]) -> None:
        """Note entries in other columns, of rows that have none in theirs; without a header, of all rows; and other
        columns of numbers."""
        for position in self._others:
            cells = enumerate(columns.texts(position))
            for place, cell in cells:
                if place not in filled or not self._has_header:
                    if _may_be_entry(cell, self._settings) and _entries(cell, self._settings):
                        self._beside.append(f"row {rows[place]} ('{cell}')")
                elif position not in self.numbers_at and self._settings.by == "phone" and _IN_FORM.match(cell):
                    found = _entries(cell, self._settings) if _may_be_entry(cell, self._settings) else None
                    if found and not found <= self.found:
                        self.numbers_at.append(position)

    def _look_for_second(self, columns: Columns, rows: Sequence[int], width: int) -> None:
        """Note rows with the name of the entries' column in another one: to the right of the table, where columns have
        no name, or below it, where the row has no entry."""
        name = self._settings.column.strip().casefold()
        own = [columns.texts(position) for position in self._positions]
        for position in set(range(width)).difference(self._positions):
            for place, cell in enumerate(columns.texts(position)):
                if cell.strip().casefold() == name and (
                    position in self._nameless
                    or not any("@" in texts[place] or _is_code(texts[place]) for texts in own)
                ):
                    self._second.append(phrase("row {row}", row=rows[place]))

    def take_beside(self, above: Sequence[Sequence[str]], below: Sequence[Sequence[str]]) -> None:
        """Take what may be an entry from rows that look like titles, totals and footnotes: the last entry may be one of
        them, and one too many harms nobody.

        Raises:
            InputError: one ``below`` the table has an entry, by its look, that is not understood.
        """
        unread: list[str] = []
        for cells in (*above, *below):
            for at, cell in enumerate(cells):
                told = at in self._positions or self._settings.by != "user_data" or cells in above
                if told and _may_be_entry(cell, self._settings):
                    found = _entries(cell, self._settings) or _entries_within(cell, self._settings)
                    self.found |= found
                    if not found and cells in below and _is_like_entry(cell, self._settings):
                        unread.append(phrase("the row below the table that has '{cell}'", cell=cell))
        self._require_none(unread)

    def _is_shifted(self, cells: Sequence[str], position: int, width: int) -> bool:
        """Whether the entry of a row may be in another column: the row is too long, or ends before the entry, or is
        too short and has another cell that is like a key."""
        surplus = len(cells) - width
        if surplus < 0 and self._settings.by == "user_data" and 0 < position < len(cells):
            return self._all_digits and not _is_code(cells[position]) and any(map(_is_code, cells[:position]))
        if surplus > 0 and position == 0 and self._settings.by == "user_data" and not any(cells[width:]):
            return not cells[0].strip()  # nothing can have moved the first cell
        near = cells[position + 1 :] if surplus > 0 else cells if position >= len(cells) else ()
        return any(_may_be_entry(cell, self._settings) for cell in near)

    def _has_address(self, chunk: Chunk, place: int) -> bool:
        """Whether a cell of a row has an address."""
        return any("@" in str(cell) for cell in chunk.frame.iloc[place].tolist())

    def _is_none(self, cell: str, chunk: Chunk, place: int) -> bool:
        """Whether a cell of numbers says that there is none, and no other of its row has a number."""
        if self._settings.by != "phone" or not _NO_NUMBER.fullmatch(cell):
            return False
        others = enumerate(chunk.frame.iloc[place].tolist())
        return not any(_may_be_entry(other, self._settings) for at, other in others if at not in self._positions)

    def require_understood(self) -> None:
        """Tell of the rows without a number.

        Raises:
            InputError: some rows are not understood, or none has a number.
        """
        file = self._settings.file
        if self._second:
            raise InputError(
                phrase(
                    "{file}: in {rows}, a second table with a column '{column}' seems to begin: put its rows under the "
                    "header of the first. Otherwise they could be called.",
                    file=file,
                    rows=first_few(self._second, MOST_ROWS),
                    column=self._settings.column,
                )
            )
        if self._shifted:
            raise InputError(
                phrase(
                    "{file}: surplus or missing cells in {rows}, so an entry may be in another column. Correct or "
                    "remove these rows. Otherwise these contacts could be called.",
                    file=file,
                    rows=first_few(self._shifted, MOST_ROWS),
                )
            )
        self._require_none(self._unread or ([] if self.found else self._without))
        if self._beside:
            _log.warning(
                phrase(
                    "{name}: cells beside column '{column}' may be entries, but suppress nobody: {rows}. Move them "
                    "into that column, or add the list under suppress: again, with their column.",
                    name=file.name,
                    column=self._settings.column,
                    rows=first_few(self._beside, MOST_ROWS),
                )
            )
        if self._keyless:
            rows = first_few(self._keyless, MOST_ROWS)
            _log.warning(phrase("{name}: rows without UserData suppress nobody: {rows}.", name=file.name, rows=rows))
        if self._without:
            rows = first_few(self._without, MOST_ROWS)
            _log.info(phrase("{name}: rows without a number suppress nobody: {rows}.", name=file.name, rows=rows))

    def _require_none(self, unread: Sequence[str]) -> None:
        if unread:
            said = _NOT_UNDERSTOOD[self._settings.by]
            raise InputError(phrase(said, file=self._settings.file, rows=first_few(unread, MOST_ROWS)))


def _is_code(cell: str) -> bool:
    """Whether a cell may be a key with a digit in it."""
    return any(map(str.isdigit, cell)) and not _DAY.fullmatch(cell)


def _entries(cell: str, settings: SuppressSettings) -> set[str] | None:
    """Return the entries of a cell; None if it is not understood."""
    from ..mapping.cells import is_blank

    if is_blank(cell):
        return set()
    if settings.by == "user_data":
        return {entry_of(settings.by, key) for key in _keys(cell)}
    if settings.by == "email":
        return _addresses(cell)
    return digits_of(cell, settings.region)


def _keys(cell: str) -> set[str]:
    """Return what a cell may say as UserData: also each of several, and without what spreadsheet programs add. One
    key too many harms nobody."""
    parts = [cell] if _DECIMAL_COMMA.fullmatch(cell) else _BETWEEN.split(cell)
    keys = {cell, *filter(str.strip, parts)}
    keys |= {key.strip().strip(_QUOTES) for key in keys}
    for key in (*keys,):
        if found := _DECIMALS.fullmatch(key.strip()) or _PROTECTED.fullmatch(key.strip()):
            keys.add(next(filter(None, found.groups()), key))
    return keys


def _entries_within(cell: str, settings: SuppressSettings) -> set[str]:
    """Return what may be entries of a cell that is not understood."""
    if settings.by != "phone":
        return {address for address in addresses_in(cell) if _ADDRESS.fullmatch(bare_address(address))}
    return digits_within(cell, settings.region)


def _addresses(cell: str) -> set[str] | None:
    """Return the e-mail addresses of a cell: ``a@x.org; Ann <b@x.org>``; None if it is not understood."""
    if "@" not in cell:
        return None if _DOMAIN.search(cell) or _is_spelt(cell) else {entry_of("email", cell)}
    found = addresses_in(cell)
    return found if all(_ADDRESS.fullmatch(bare_address(each)) for each in found) else None


def _is_spelt(cell: str) -> bool:
    """Whether a text may be an address in words: ``ann [at] example [dot] com``."""
    at = _AT.search(cell)
    return at is not None and _DOT.search(cell, at.end()) is not None


def _may_be_entry(cell: str, settings: SuppressSettings) -> bool:
    """Whether a cell beside its column may hold an entry."""
    if settings.by == "user_data":
        return bool(cell.strip())
    if settings.by == "email":
        return "@" in cell
    return len(re.findall(r"\d", cell)) >= _FEWEST_DIGITS and not _DAY.fullmatch(cell)


def _is_like_entry(cell: str, settings: SuppressSettings) -> bool:
    """Whether a note holds an entry by its look; other numbers and days may stand in one, too."""
    return settings.by != "phone" or _NUMBER.search(_MOMENT.sub(";", cell)) is not None
