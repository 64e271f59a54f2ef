"""``--mark``: the source workbooks of a run with their faulty cells marked."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import JournalError
from ..files.digest import file_sha256
from ..journal import Journal, RunRecord
from ..prepare.sources import Source
from ..read.excel.table import ExcelTable
from ..report.faults import FaultCells
from ..report.marked_book import write_marked
from ..report.marked_sheet import Cell
from ..report.xml_edit import Unedited
from ..text.phrase import phrase
from .reports import SourceCells

_log = logging.getLogger(__name__)

Notes = dict[Path, dict[str, dict[Cell, str]]]
"""File → sheet → faulty cell → its fault, in words."""


def mark_workbooks(journal: Journal, run: RunRecord, sources: Sequence[Source], cells: SourceCells) -> None:
    """Write ``<name>-marked.xlsx`` for each workbook of the run; warn of each source that this cannot be done for."""
    for path in dict.fromkeys(source.path for source in sources if not _is_workbook(source)):
        _log.warning(
            phrase("{path} is not an .xlsx, so --mark does not apply: failed.xlsx marks its faulty cells", path=path)
        )
    found = _notes(journal, run, sources, cells)
    read = {source.path: source.local.path for source in sources}
    hashes = {source.path: source.sha256 for source in sources}
    for (path, notes), target in zip(found.items(), _targets(Path(run.out), found), strict=True):
        problem = ""
        try:
            if hashes[path] != file_sha256(read[path]):
                problem = phrase("it has changed since it was read")
            else:
                write_marked(read[path], target, notes)
        except (JournalError, OSError, Unedited) as error:
            problem = str(error)
        if problem:
            _log.warning(
                phrase(
                    "{path} is not marked: {problem}. failed.xlsx marks the faulty cells.", path=path, problem=problem
                )
            )


def _notes(journal: Journal, run: RunRecord, sources: Sequence[Source], cells: SourceCells) -> Notes:
    tables = [source.table for source in sources]
    faults = FaultCells([table.layout.columns for table in tables], run.options.get("mapped") or {})
    notes: Notes = {source.path: {} for source in sources if _is_workbook(source)}
    rows = cells.source_cells()
    for entry in journal.rows(run):
        if not entry.has_source:
            continue
        _, number, row = next(rows)
        table = tables[number]
        if sources[number].path not in notes or not isinstance(table, ExcelTable):
            continue
        of_sheet = notes[sources[number].path].setdefault(str(table.layout.sheet), {})
        for place, note in faults.notes(entry.result, number, row).items():
            cell = entry.result.row, table.sheet_column(place or 0)
            of_sheet[cell] = f"{of_sheet[cell]}\n\n{note}" if cell in of_sheet else note
    return notes


def _is_workbook(source: Source) -> bool:
    return source.table.layout.format == "xlsx"


def _targets(out: Path, found: Notes) -> Iterator[Path]:
    """Return a path in the run's folder for each file, also for files of the same name."""
    taken: set[str] = set()
    for path in found:
        ending = ".xlsm" if path.suffix.lower() == ".xlsm" else ".xlsx"
        stem, n = f"{Path(path.name).stem}-marked", 2
        name = f"{stem}{ending}"
        while name.casefold() in taken:
            name, n = f"{stem}-{n}{ending}", n + 1
        taken.add(name.casefold())
        yield out / name
