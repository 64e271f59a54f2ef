"""The guard of mended files: compares each row with the row that an earlier run read.

Changes by a spreadsheet program are undone if the journal has the cells, else refused. Another key is refused, as it
would be another contact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..config.campaign import CampaignSettings
from ..error_codes import DAMAGED, KEY_CHANGED, RAGGED_ROW, REFUSED_KEYS, fault
from ..fields import FIELDS, Kind
from ..journal import Journal
from ..mapping.cells import OF_SHEET, is_blank
from ..mapping.columns import BoundField
from ..model import CellNote, Chunk, Contact, Fault, Filtered, Rejection, Table
from ..own_columns import SHEET
from ..text.phrase import mark, phrase
from ..text.spreadsheet_changes import could_be_changed, is_changed, shows_change
from .origins import KEY, Held, Origins

POSTAL_CODE = "PostalCode"

_STILL_REFUSED = mark("A spreadsheet program may have changed the key, and it has not been corrected.")
_AS_NEW = mark("Copy the row from the original list, and clear its cells _run, _row and _key.")
_HINT = mark("Copy the key from the original list. If it is right as it is, clear the _key cell of this row.")

_RESTORED = CellNote(warning="restored")
_DAMAGED = CellNote(code=DAMAGED)
_GUARDED = frozenset({KEY, POSTAL_CODE, *(name for name, field in FIELDS.items() if field.kind is Kind.PHONE)})
"""Fields whose cells are refused where they show that a spreadsheet program has changed them."""

_FIVE_DIGITS = frozenset({"DE", "EE", "ES", "FI", "FR", "HR", "IT", "MX", "TR", "UA", "US"})
"""Countries whose postal codes have five digits, a zero among the first ones."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """The rows of a chunk, sorted; ``runs``: row number → run that a row of a mended file comes from; ``origins``:
    row number → where it stood there."""

    chunk: Chunk
    contacts: list[Contact]
    rejections: list[Rejection]
    filtered: Sequence[Filtered] = ()
    runs: Mapping[int, str] = field(default_factory=dict)
    origins: Mapping[int, str] = field(default_factory=dict)


Check = Callable[[Chunk], Sorted]


class Guard:
    """Compares the rows of one mended table with the journal.

    ``runs`` are those that its rows name, see :class:`~.origins.Origins`, also for ``campaign``.
    """

    def __init__(
        self,
        table: Table,
        fields: Mapping[str, BoundField],
        journal: Journal,
        target: str,
        campaign: CampaignSettings | None,
    ) -> None:
        self._fields = fields
        self._is_workbook = table.layout.format != "csv"
        columns = table.layout.columns
        self._uses_sheet = [name for name, bound in fields.items() if OF_SHEET in bound.positions]
        self._names = [(name, columns[:place].count(name) + 1) for place, name in enumerate(columns)]
        self._fed_by: dict[int, set[str]] = {}
        for name, bound in fields.items():
            for position in bound.positions:
                if position != OF_SHEET:
                    self._fed_by.setdefault(position, set()).add(name)
        self._origins = Origins(table, journal, target, campaign, fields)
        self.runs = self._origins.runs

    def check(self, chunk: Chunk, check: Check) -> Sorted:
        """Undo changes by a spreadsheet program, check the rows, and refuse other keys."""
        held = self._origins.of(chunk)
        chunk = replace(chunk, own={**chunk.own, SHEET: list(self._origins.sheets(chunk, held))})
        found = check(self._restored(chunk, held))
        contacts, rejections = self._keys_checked(found.chunk, held, found.contacts, found.rejections)
        runs = {row: of.mark.run for row, of in held.items() if of.mark.run}
        origins = {row: self._origins.where(of) for row, of in held.items()}
        return replace(found, contacts=contacts, rejections=rejections, runs=runs, origins=origins)

    def undamaged(self, chunk: Chunk) -> Chunk:
        """Return the chunk with changes by a spreadsheet program undone; those that cannot be are noted."""
        held = self._origins.of(chunk)
        chunk = self._restored(chunk, held)
        notes = dict(chunk.notes)
        for at in self._fields[KEY].positions if KEY in self._fields else ():
            for row, cell in zip(chunk.frame.index.tolist(), chunk.frame.iloc[:, at].tolist(), strict=True):
                wrong = row in held and self._key_fault(held[row], cell.strip(), self._is_trusted(chunk, row))
                if wrong and wrong.code == _DAMAGED.code:
                    notes[row, at] = _DAMAGED
        return replace(chunk, notes=notes)

    # Cells

    def _restored(self, chunk: Chunk, held: Mapping[int, Held]) -> Chunk:
        """Return the chunk with the cells as they were before a spreadsheet program, and notes on its changes."""
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
        """Return the cell as it was before a spreadsheet program changed it; None if unchanged or unknown."""
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
        """Whether a cell of unknown origin looks changed by a spreadsheet program."""
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
        """Return the rows, with those of another key rejected.

        A refused row carries the key that it must have, else its cell: in ``_key`` of the next mended file, where
        somebody can clear it.
        """
        keys = {row.row: row.user_data for row in contacts} | {row.row: row.user_data for row in rejections}
        faults = dict(self._faults(chunk, held, keys))
        refused = [Rejection(row.row, (), row.user_data, row.warnings) for row in contacts if row.row in faults]
        checked = []
        for row in (*rejections, *refused):
            found = (*row.faults, faults[row.row]) if row.row in faults else row.faults
            cell = next((each.value for each in found if each.field == KEY and each.code in REFUSED_KEYS), "")
            key = held[row.row].key if cell else ""
            checked.append(replace(row, faults=found, user_data=key or row.user_data or cell))
        return [row for row in contacts if row.row not in faults], checked

    def _faults(self, chunk: Chunk, held: Mapping[int, Held], keys: Mapping[int, str]) -> Iterator[tuple[int, Fault]]:
        """Yield row number and fault of each row with a wrong key, or with cells that nobody can restore."""
        for place, row in enumerate(chunk.frame.index.tolist()):
            if row not in held or row in chunk.ragged:
                continue
            of, name = held[row], KEY
            found = self._key_fault(of, keys[row], self._is_trusted(chunk, row)) if keys.get(row) else None
            if keys.get(row) and self._is_refused_again(of, chunk, place):
                found = fault(DAMAGED, phrase(_STILL_REFUSED), phrase(_HINT))
            meant = of.key_emptied and keys.get(row)
            if found is None and not meant and (name := self._lost(of, chunk, place)):
                found = fault(DAMAGED, self._unknown(of), phrase(_AS_NEW))
                name = KEY if keys.get(row) else name  # as a key, it stays refused until somebody decides
            if found:
                column, cell = self._fields[name].origin(chunk, place)
                yield row, replace(found, field=name, column=column, value=cell)

    def _lost(self, of: Held, chunk: Chunk, place: int) -> str:
        """Return a field with a cell that may be changed, of a row that its run has, nobody knows where."""
        if of.origin is not None or of.elsewhere or self.runs.get(of.mark.run) is None:
            return ""
        if self._uses_sheet and could_be_changed(chunk.sheets()[place]):
            return self._uses_sheet[0]
        notes = {at: chunk.notes.get((chunk.frame.index[place], at)) for at in self._fed_by}
        if any(note and note.code == DAMAGED for note in notes.values()):
            return ""  # it is refused for that
        for position, names in self._fed_by.items():
            note = notes[position]
            if names == {KEY} or (self._is_workbook and not (note and note.not_text)):
                continue
            if could_be_changed(str(chunk.frame.iat[place, position])):
                return min(names - {KEY})
        return ""

    def _unknown(self, of: Held) -> str:
        """Return why nobody knows which row of its run a row is."""
        if len(self._origins.files_of(of.mark)) > 1:
            return phrase(
                "Several lists of run {run} may be '{file}', as spreadsheet programs change names: nobody can tell "
                "which row this was, and what its cells were.",
                run=of.mark.run,
                file=" ".join(filter(None, (of.mark.file, of.mark.sheet))),
            )
        return phrase(
            "The journal does not have this row of run {run}, and a spreadsheet program may have changed its cells.",
            run=of.mark.run,
        )

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
                self._unknown(of),
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


def _unfolded(text: str) -> str:
    """Return the text with equal line ends, which differ between programs."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
