"""Tables of a file as the reader sees them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..text.phrase import figure, mark, phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..config import SourceSettings
    from ..model import Table

FIRST_ROWS = mark("The sheet is large: rows and cells are those of its first 5,000 rows. validate reads all.")


def read_tables(path: Path, source: SourceSettings, folder: Path | None) -> Iterator[dict[str, Any]]:
    """Yield the facts of each table of a file; write the tables into ``folder`` if there is one.

    Raises:
        InputError: it cannot be read, or not to its end.
    """
    from ..fetch import expand
    from ..read import first_rows, open_tables

    for each in expand(path, source):
        local, cut = (None, frozenset()) if folder else first_rows(each, source)
        tables = open_tables(each, source, local)
        for table in tables:
            name = f"{each.name}.{table.layout.sheet}" if len(tables) > 1 else each.name
            target = folder / f"{name.replace('/', '_')}.csv" if folder else None
            facts = _facts(table, target)
            if table.layout.sheet in cut:
                facts["remarks"] = [*facts.get("remarks", ()), FIRST_ROWS]
            yield facts


def _facts(table: Table, target: Path | None) -> dict[str, Any]:
    from ..propose.profile import Profile
    from ..report.tables import write_table

    profile = Profile(table.layout.columns)
    read = write_table(table, target, profile.add)
    facts = {"path": str(table.layout.path), "sheet": table.layout.sheet, **table.layout.facts()}
    if read.double:
        remark = phrase(
            "Cells encoded twice: {number}, such as '{example}'.", number=figure(read.double), example=read.such[:40]
        )
        facts["remarks"] = [*facts.get("remarks", ()), remark]
    facts |= {"rows": read.rows, "ragged_rows": read.ragged, "written_to": str(target) if target else None}
    return {**facts, "profile": profile.facts(), "first_rows": profile.first}
