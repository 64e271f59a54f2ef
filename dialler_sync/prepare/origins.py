"""The rows of earlier runs that the rows of a mended file come from, as the journal knows them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from operator import eq
from typing import NamedTuple

from ..config.campaign import CampaignSettings
from ..config.texts import fold
from ..error_codes import KEY_CHANGED, NOT_FOUND, RAGGED_ROW, REFUSED_KEYS, faults_of
from ..journal import Journal, Origin, RunRecord
from ..journal.records import place_of, sheet_in
from ..mapping.cells import OF_SHEET
from ..mapping.columns import CAMPAIGN, BoundField
from ..model import Chunk, Table
from ..own_columns import SHEET
from ..target import share_a_campaign
from ..text.spreadsheet_changes import is_changed
from .marks import Mark, marks_of, named_in
from .row_campaigns import RowCampaigns

KEY = "UserData"


class Held(NamedTuple):
    """A row's mark, its record in the journal, and its original cells by column name and its number (2 for the second
    column of a name); None if unknown. ``elsewhere``: its record, if it stood in another campaign: only its
    place in the list counts then."""

    mark: Mark
    origin: Origin | None
    cells: Mapping[tuple[str, int], str] | None
    elsewhere: Origin | None = None

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """The row's faults when it was read: codes, each with its field."""
        return self.mark.faults if self.origin is None else faults_of(self.origin.error_code, self.origin.error_field)

    @property
    def faulty(self) -> Collection[str]:
        """The fields that were to be fixed; a row with a cell too many has no readable key."""
        return {KEY if code == RAGGED_ROW else name for code, name in self.faults}

    @property
    def refusal(self) -> str:
        """The code by which the guard refused the row's key before; ``""`` if it did not."""
        return next((code for code, name in self.faults if name == KEY and code in REFUSED_KEYS), "")

    @property
    def key(self) -> str:
        """The UserData that the row must have; ``""`` if it may have any."""
        if self.mark.key == "" or (KEY in self.faulty and self.refusal != KEY_CHANGED):
            return ""
        return self.mark.key or "" if self.origin is None else self.origin.user_data

    @property
    def key_emptied(self) -> bool:
        """Whether somebody has emptied ``_key``, as another key is meant."""
        return self.mark.key == "" and (KEY not in self.faulty or bool(self.refusal))


class Origins:
    """Looks up the rows of one mended table.

    ``runs`` are the runs that its rows name, and their records where the journal has them. A run on another ``target``,
    and of runs on the whole account a row in another campaign, counts as unknown: a file may name any, and would be
    told what is in it. ``campaign``: where the rows go; None: nowhere, and every run on the account is known.
    """

    def __init__(
        self,
        table: Table,
        journal: Journal,
        target: str,
        campaign: CampaignSettings | None,
        fields: Mapping[str, BoundField],
    ) -> None:
        self._journal = journal
        self._campaigns = RowCampaigns(campaign) if campaign and campaign.several else None
        self._column = fields[CAMPAIGN.name].positions[0] if CAMPAIGN.name in fields else None
        self._campaigns_of: dict[str, RowCampaigns | None] = {}
        named = named_in(table)
        is_known = eq if campaign else share_a_campaign
        known = {run.id: run for run in journal.runs() if is_known(run.target, target)} if named else {}
        self._files: dict[tuple[str, str, str], list[int]] = {}
        self.runs: dict[str, RunRecord | None] = {name: known.get(name) for name in sorted(named)}

    def of(self, chunk: Chunk) -> dict[int, Held]:
        """Return row number → mark, record and cells."""
        marks = marks_of(chunk)
        places: dict[tuple[str, int], list[int]] = {}
        for mark in marks.values():
            if mark.number is not None and (file := self.file_of(mark)) is not None:
                places.setdefault((mark.run, file), []).append(mark.number)
        origins = {place: self._journal.origins(*place, numbers) for place, numbers in places.items()}
        held = {row: self._row_of(mark, origins) for row, mark in marks.items()}
        if self._campaigns is None:
            return held
        cells = None if self._column in {None, OF_SHEET} else chunk.frame.iloc[:, self._column].tolist()
        for row, now in zip(chunk.frame.index.tolist(), cells or [""] * len(chunk.frame), strict=True):
            if row in held and self._is_elsewhere(held[row], now):
                held[row] = Held(held[row].mark, None, None, elsewhere=held[row].origin)
        return held

    def _is_elsewhere(self, of: Held, now: str) -> bool:
        """Whether a row stood in another campaign than its cell ``now`` names, as far as the journal knows it."""
        run, ours = self.runs.get(of.mark.run), self._campaigns
        if run is None or of.origin is None or ours is None:
            return False
        if run.id not in self._campaigns_of:
            self._campaigns_of[run.id] = RowCampaigns.of_run(run.config)
        theirs = self._campaigns_of[run.id]
        if theirs is None or not ours.shares_with(theirs):
            return True
        stood_nowhere = any(name == CAMPAIGN.name or code == NOT_FOUND for code, name in of.faults)
        if ours.shared or (stood_nowhere and theirs.column == ours.column):
            return False
        campaigns = self._campaigns_of_row(of, of.origin, theirs, ours, now)
        return not any(was == goes != "" for was, goes in campaigns)

    def _campaigns_of_row(
        self, of: Held, origin: Origin, theirs: RowCampaigns, ours: RowCampaigns, now: str
    ) -> Iterator[tuple[str, str]]:
        """Yield the campaign in which a row stood and that to which it goes now, for each cell that may name them."""
        if RAGGED_ROW in origin.error_code.split("; "):  # its cells stood in other columns
            found = [cell for cell in origin.cells or () if cell.strip() == now.strip() or is_changed(cell, now)]
        else:
            found = self._cells_of(of, theirs.column or "")
            now = found[0] if found and self._column == OF_SHEET else now
        for cell in found:
            yield theirs.of_cell(cell), ours.of_cell(cell if is_changed(cell, now) else now)

    def _cells_of(self, of: Held, column: str) -> list[str]:
        """Return the original cell of a column, as a mapping finds it; none if unknown."""
        cells = of.cells or {}
        found = [cell for (name, _), cell in cells.items() if name == column]
        found = found or [cell for (name, _), cell in cells.items() if fold(name) == fold(column)]
        sheet = self._sheet_of(of) if cells and column == SHEET else None
        return found or ([] if sheet is None else [sheet])

    def _row_of(self, mark: Mark, origins: Mapping[tuple[str, int], Mapping[int, Origin]]) -> Held:
        file, run = self.file_of(mark), self.runs.get(mark.run)
        origin = None if file is None else origins.get((mark.run, file), {}).get(mark.number or 0)
        if run is None or file is None or origin is None or origin.cells is None:
            return Held(mark, origin, None)
        seen: dict[str, int] = {}
        cells = {}
        for name, cell in zip(run.files[file]["layout"].get("columns", ()), origin.cells, strict=False):
            seen[name] = seen.get(name, 0) + 1
            cells[name, seen[name]] = cell
        return Held(mark, origin, cells)

    def where(self, of: Held) -> str:
        """Return where the row stands that a mended one comes from; ``""`` if the journal does not know it."""
        run, file, origin = self.runs.get(of.mark.run), self.file_of(of.mark), of.origin or of.elsewhere
        if run is None or file is None or origin is None:
            return ""
        return place_of(run.files[file], of.mark.number or 0, origin.origin)

    def file_of(self, mark: Mark) -> int | None:
        """Return the place of the row's file among those of its run; None if unknown."""
        found = self.files_of(mark)
        return found[0] if len(found) == 1 else None

    def files_of(self, mark: Mark) -> list[int]:
        """Return the places of files that the row may come from: a spreadsheet program may have changed their names."""
        run = self.runs.get(mark.run)
        if run is None:
            return []
        if len(run.files) == 1:
            return [0]
        named = mark.file, mark.sheet
        if (mark.run, *named) not in self._files:
            self._files[mark.run, *named] = [
                place
                for place, entry in enumerate(run.files)
                if all(map(_may_be, (entry["name"], entry["sheet"] or ""), named))
            ]
        return self._files[mark.run, *named]

    def sheets(self, chunk: Chunk, held: Mapping[int, Held]) -> Iterator[str]:
        """Yield the sheet that each row came from, as the journal knows it or the row says."""
        for place, row in enumerate(chunk.frame.index.tolist()):
            of, said = held.get(row), chunk.own.get(SHEET)
            sheet = self._sheet_of(of) if of and not of.elsewhere else None
            yield sheet if sheet is not None else said[place] if said else ""

    def _sheet_of(self, of: Held) -> str | None:
        """Return the sheet in which the row first stood; None if unknown. The sheets of a mended file are not the
        list's."""
        run, file = self.runs.get(of.mark.run), self.file_of(of.mark)
        if run is None or file is None:
            return None
        if run.files[file]["layout"].get("mended"):
            return sheet_in(of.origin.origin) if of.origin and of.origin.origin else None
        return str(run.files[file]["sheet"] or "")


def _may_be(name: str, said: str) -> bool:
    return name.strip() == said.strip() or is_changed(name, said)
