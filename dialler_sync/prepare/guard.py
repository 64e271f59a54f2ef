"""The guard of mended files: a row is held against the row that it was when a run read it.

What a spreadsheet program did to its cells is undone where the journal has them, and refused where it does not; another
key is refused, as it would be another contact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from ..config import SourceSettings
from ..error_codes import DAMAGED, KEY_CHANGED, RAGGED_ROW, REFUSED_KEYS, fault, faults_of
from ..errors import InputError
from ..fields import FIELDS, Kind
from ..journal import Journal, Origin, RunRecord
from ..mapping.cells import OF_SHEET
from ..mapping.columns import BoundField, is_blank
from ..model import CellNote, Chunk, Contact, Fault, Filtered, Rejection, Table
from ..own_columns import SHEET
from ..target import share_a_campaign
from ..text.phrase import mark, phrase
from ..text.spreadsheet_changes import could_be_changed, is_changed, shows_change

KEY, POSTAL_CODE = "UserData", "PostalCode"

_STILL_REFUSED = mark("A spreadsheet program may have changed the key, and it has not been corrected.")
_HINT = mark("Copy the key from the original list. If it is right as it is, clear the _key cell of this row.")

_RESTORED = CellNote(warning="restored")
_DAMAGED = CellNote(code=DAMAGED)
_GUARDED = frozenset({KEY, POSTAL_CODE, *(name for name, field in FIELDS.items() if field.kind is Kind.PHONE)})
"""Fields whose cells are refused where they show that a spreadsheet program has changed them."""

_FIVE_DIGITS = frozenset({"DE", "EE", "ES", "FI", "FR", "HR", "IT", "MX", "TR", "UA", "US"})
"""Countries whose postal codes have five digits, a zero among the first ones."""

_ROW = re.compile(r"([0-9]{1,9})(?:[.,]0{1,2})?")
_GROUPED_ROW = re.compile(r"[0-9]{1,3}(?:[.,' \u00a0\u202f’][0-9]{3}){1,2}")


@dataclass(frozen=True, slots=True)
class Sorted:
    """The rows of a chunk, as they are used; ``runs`` are those that rows of mended files come from, by row number."""

    chunk: Chunk
    contacts: list[Contact]
    rejections: list[Rejection]
    filtered: Sequence[Filtered] = ()
    runs: Mapping[int, str] = field(default_factory=dict)


Check = Callable[[Chunk], Sorted]


class Mark(NamedTuple):
    """What a row says of itself. ``number`` is its row number in the run's file, None where that cannot be read.

    ``key`` is None where the file has no column ``_key``. ``faults`` are codes, each with its field.
    """

    run: str
    number: int | None
    file: str
    sheet: str
    key: str | None
    faults: tuple[tuple[str, str], ...]


class Held(NamedTuple):
    """A row's mark, what the journal knows of it, and its original cells by the name of their column (the second of a
    name has the number 2); None where they are not known."""

    mark: Mark
    origin: Origin | None
    cells: Mapping[tuple[str, int], str] | None

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """What was wrong with the row: codes, each with its field."""
        return self.mark.faults if self.origin is None else faults_of(self.origin.error_code, self.origin.error_field)

    @property
    def faulty(self) -> Collection[str]:
        """The fields that were to be mended; a row with a cell too many has no key that could be read."""
        return {KEY if code == RAGGED_ROW else name for code, name in self.faults}

    @property
    def refusal(self) -> str:
        """Why the guard has refused the key of the row before; empty where it has not."""
        return next((code for code, name in self.faults if name == KEY and code in REFUSED_KEYS), "")

    @property
    def key(self) -> str:
        """The UserData that the row must have; empty where it may have any."""
        if self.mark.key == "" or (KEY in self.faulty and self.refusal != KEY_CHANGED):
            return ""
        return self.mark.key or "" if self.origin is None else self.origin.user_data

    @property
    def key_emptied(self) -> bool:
        """Whether somebody has emptied ``_key``, as another key is meant."""
        return self.mark.key == "" and (KEY not in self.faulty or bool(self.refusal))


class Guard:
    """Holds the rows of one mended table against the journal.

    ``runs`` are the runs that its rows name, and their records where the journal has them. A run on another campaign
    than that of ``target`` counts as unknown: a file may name any, and would be told what is in it.
    """

    def __init__(self, table: Table, fields: Mapping[str, BoundField], journal: Journal, target: str) -> None:
        self._fields = fields
        self._journal = journal
        self._is_workbook = table.layout.format != "csv"
        columns = table.layout.columns
        self._names = [(name, columns[:place].count(name) + 1) for place, name in enumerate(columns)]
        self._fed_by: dict[int, set[str]] = {}
        for name, bound in fields.items():
            for position in bound.positions:
                if position != OF_SHEET:
                    self._fed_by.setdefault(position, set()).add(name)
        named = _named_in(table)
        known = {run.id: run for run in journal.runs() if share_a_campaign(run.target, target)} if named else {}
        self.runs: dict[str, RunRecord | None] = {name: known.get(name) for name in sorted(named)}

    def check(self, chunk: Chunk, check: Check) -> Sorted:
        """Undo what a spreadsheet program did to the rows, check them, and refuse other keys."""
        held = self._held(chunk)
        chunk = replace(chunk, own={**chunk.own, SHEET: list(self._sheets(chunk, held))})
        found = check(self._restored(chunk, held))
        contacts, rejections = self._keys_checked(found.chunk, held, found.contacts, found.rejections)
        runs = {row: of.mark.run for row, of in held.items() if of.mark.run}
        return replace(found, contacts=contacts, rejections=rejections, runs=runs)

    def undamaged(self, chunk: Chunk) -> Chunk:
        """The chunk without what a spreadsheet program did to its cells; what cannot be undone is noted."""
        held = self._held(chunk)
        chunk = self._restored(chunk, held)
        notes = dict(chunk.notes)
        for at in self._fields[KEY].positions if KEY in self._fields else ():
            for row, cell in zip(chunk.frame.index.tolist(), chunk.frame.iloc[:, at].tolist(), strict=True):
                wrong = row in held and self._key_fault(held[row], cell.strip(), self._is_trusted(chunk, row))
                if wrong and wrong.code == _DAMAGED.code:
                    notes[row, at] = _DAMAGED
        return replace(chunk, notes=notes)

    def _sheets(self, chunk: Chunk, held: Mapping[int, Held]) -> Iterator[str]:
        """Yield the sheet that each row came from, as the journal knows it or the row says."""
        for place, row in enumerate(chunk.frame.index.tolist()):
            of = held.get(row)
            run, file = (self.runs.get(of.mark.run), self._file(of.mark)) if of else (None, None)
            said = chunk.own.get(SHEET)
            yield str(run.files[file]["sheet"] or "") if run and file is not None else said[place] if said else ""

    # What is known of each row

    def _held(self, chunk: Chunk) -> dict[int, Held]:
        marks = _marks(chunk)
        places: dict[tuple[str, int], list[int]] = {}
        for each in marks.values():
            if each.number is not None and (file := self._file(each)) is not None:
                places.setdefault((each.run, file), []).append(each.number)
        origins = {place: self._journal.origins(*place, numbers) for place, numbers in places.items()}
        return {row: self._of(mark, origins) for row, mark in marks.items()}

    def _of(self, mark: Mark, origins: Mapping[tuple[str, int], Mapping[int, Origin]]) -> Held:
        file, run = self._file(mark), self.runs.get(mark.run)
        origin = None if file is None else origins.get((mark.run, file), {}).get(mark.number or 0)
        if run is None or file is None or origin is None or origin.cells is None:
            return Held(mark, origin, None)
        seen: dict[str, int] = {}
        cells = {}
        for name, cell in zip(run.files[file]["layout"].get("columns", ()), origin.cells, strict=False):
            seen[name] = seen.get(name, 0) + 1
            cells[name, seen[name]] = cell
        return Held(mark, origin, cells)

    def _file(self, mark: Mark) -> int | None:
        """The place of the row's file among those of its run, None where it is not known."""
        run = self.runs.get(mark.run)
        if run is None:
            return None
        if len(run.files) == 1:
            return 0
        names = [(entry["name"], entry["sheet"] or "") for entry in run.files]
        return names.index((mark.file, mark.sheet)) if names.count((mark.file, mark.sheet)) == 1 else None

    # Cells

    def _restored(self, chunk: Chunk, held: Mapping[int, Held]) -> Chunk:
        """The chunk with the cells as they were before a spreadsheet program, and notes on what it did."""
        notes = dict(chunk.notes)
        columns = {position: chunk.frame.iloc[:, position].tolist() for position in self._fed_by}
        numbers = chunk.frame.index.tolist()
        changed = False
        for place, row in enumerate(numbers):
            if row not in held or row in chunk.ragged:
                continue
            for position, column in columns.items():
                if (before := self._before(held[row], position, column[place])) is not None:
                    if _unfolded(before) != _unfolded(column[place]):
                        notes[row, position] = _RESTORED
                    column[place], changed = before, True
                elif self._shows_change(held[row], position, column[place], columns, place):
                    notes[row, position] = _DAMAGED
        if not changed:
            return replace(chunk, notes=notes)
        frame = chunk.frame.copy()
        for position, column in columns.items():
            frame.isetitem(position, column)
        return replace(chunk, frame=frame, notes=notes)

    def _before(self, of: Held, position: int, cell: str) -> str | None:
        """What a cell was, where a spreadsheet program has changed it."""
        fields = self._fed_by[position]
        if of.cells is None or of.origin is None or (KEY in fields and of.key_emptied):
            return None
        mended = not fields.isdisjoint(of.faulty)
        if RAGGED_ROW in of.origin.error_code.split("; "):  # its cells stood in other columns
            found = {before for before in of.origin.cells or () if is_changed(before, cell)}
            return found.pop() if len(found) == 1 and cell not in (of.origin.cells or ()) else None
        before = of.cells.get(self._names[position], "")
        if before == cell:
            return None
        return before if _unfolded(before) == _unfolded(cell) or is_changed(before, cell, mended=mended) else None

    def _shows_change(self, of: Held, position: int, cell: str, columns: Mapping[int, list[str]], place: int) -> bool:
        """Whether a cell shows that a spreadsheet program has changed it, where nobody knows what it was."""
        if of.cells is not None and self._names[position] in of.cells:
            return False
        guarded = self._fed_by[position] & _GUARDED
        if KEY in guarded and of.key_emptied:
            return False
        if guarded and shows_change(cell):
            return True
        return POSTAL_CODE in guarded and self._lacks_a_zero(cell.strip(), columns, place)

    def _lacks_a_zero(self, code: str, columns: Mapping[int, list[str]], place: int) -> bool:
        """Whether a postal code has too few digits for the country of the list."""
        regions = {bound.rule.region for bound in self._fields.values() if bound.field.kind is Kind.PHONE}
        if not re.fullmatch("[1-9][0-9]{2,3}", code) or not regions <= _FIVE_DIGITS:
            return False
        country = self._fields.get("Country")
        return country is None or all(is_blank(columns[position][place]) for position in country.positions)

    # Keys

    def _keys_checked(
        self, chunk: Chunk, held: Mapping[int, Held], contacts: list[Contact], rejections: list[Rejection]
    ) -> tuple[list[Contact], list[Rejection]]:
        """The rows, of which those are rejected that have another key.

        A refused row goes by the key that it must have, or else by its cell: it stands in ``_key`` of the next file to
        be mended, where somebody can empty it.
        """
        keys = {row.row: row.user_data for row in contacts} | {row.row: row.user_data for row in rejections}
        faults = dict(self._key_faults(chunk, held, keys))
        refused = [Rejection(row.row, (), row.user_data, row.warnings) for row in contacts if row.row in faults]
        checked = []
        for row in (*rejections, *refused):
            found = (*row.faults, faults[row.row]) if row.row in faults else row.faults
            cell = next((each.value for each in found if each.field == KEY and each.code in REFUSED_KEYS), "")
            key = held[row.row].key if cell else ""
            checked.append(replace(row, faults=found, user_data=key or row.user_data or cell))
        return [row for row in contacts if row.row not in faults], checked

    def _key_faults(
        self, chunk: Chunk, held: Mapping[int, Held], keys: Mapping[int, str]
    ) -> Iterator[tuple[int, Fault]]:
        """What is wrong with the keys of rows, by row number."""
        for place, row in enumerate(chunk.frame.index.tolist()):
            if row not in held or row in chunk.ragged or not keys.get(row):
                continue
            found = self._key_fault(held[row], keys[row], self._is_trusted(chunk, row))
            if self._is_refused_again(held[row], chunk, place):
                found = fault(DAMAGED, phrase(_STILL_REFUSED), phrase(_HINT))
            if found:
                column, cell = self._fields[KEY].origin(chunk, place)
                yield row, replace(found, field=KEY, column=column, value=cell)

    def _is_trusted(self, chunk: Chunk, row: int) -> bool:
        """Whether the key stands in cells that keep a text as it is."""
        notes = (chunk.notes.get((row, position)) for position in self._fields[KEY].positions)
        return self._is_workbook and not any(note and note.not_text for note in notes)

    def _is_refused_again(self, of: Held, chunk: Chunk, place: int) -> bool:
        """Whether the cells of a key are those that were refused as damaged."""
        if of.refusal != DAMAGED or of.key_emptied or of.cells is None:
            return False
        return all(of.cells.get(self._names[at]) == chunk.frame.iat[place, at] for at in self._fields[KEY].positions)

    def _key_fault(self, of: Held, key: str, trusted: bool) -> Fault | None:
        if of.origin is None and of.mark.run and not of.key_emptied and not trusted and could_be_changed(key):
            return fault(
                DAMAGED,
                phrase(
                    "The journal does not have this row of run {run}, and a spreadsheet program may have "
                    "changed the key.",
                    run=of.mark.run,
                ),
                phrase(
                    "Import failed.xlsx of that run, which keeps keys intact, or use its journal (--state). Otherwise: "
                    "Copy the key from the original list. If it is right as it is, clear the _key cell of this row."
                ),
            )
        if not of.key or key == of.key:
            return None
        if is_changed(of.key, key):
            return fault(DAMAGED, phrase("The key was '{key}' when it was read.", key=of.key))
        return fault(
            KEY_CHANGED,
            phrase(
                "The key of this row of run {run} is '{was}'; it is '{now}' now.", run=of.mark.run, was=of.key, now=key
            ),
        )


def runs_named_in(files: Sequence[Path], logins: SourceSettings) -> set[str]:
    """The runs that rows of mended files come from; files of another kind name none."""
    from ..read import open_tables

    found: set[str] = set()
    for path in files:
        with suppress(InputError):  # it is told where the file is opened to be imported
            found |= {run for table in open_tables(path, logins) for run in _named_in(table)}
    return found


def _named_in(table: Table) -> set[str]:
    return {mark.run for chunk in table.chunks() for mark in _marks(chunk).values() if mark.run}


def _marks(chunk: Chunk) -> dict[int, Mark]:
    """What the rows of a chunk say of themselves, by row number; a row that was added says nothing."""
    own = chunk.own
    none = [""] * len(chunk.frame)
    names = ("_run", "_file", "_sheet", "_row", "_error_code", "_error_field")
    run, file, sheet, number, codes, fields = (own.get(name, none) for name in names)
    keys: list[str] | list[None] = own["_key"] if "_key" in own else [None] * len(none)  # type: ignore[assignment]
    return {
        row: Mark(
            run[place].strip(),
            _number(number[place].strip()),
            file[place],
            sheet[place],
            keys[place],
            faults_of(codes[place], fields[place]),
        )
        for place, row in enumerate(chunk.frame.index.tolist())
        if own and (number[place].strip() or run[place].strip() or keys[place])
    }


def _unfolded(text: str) -> str:
    """A text whose line ends are all alike, as programs write them as they like."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _number(text: str) -> int | None:
    """The row number that a spreadsheet program may have written as ``12.0`` or ``1,234``."""
    if _GROUPED_ROW.fullmatch(text):
        return int(re.sub(r"\D", "", text))
    found = _ROW.fullmatch(text)
    return int(found[1]) if found else None
