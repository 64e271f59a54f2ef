"""Read the contacts that the user names, on the command line or in a spreadsheet."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import ColumnRule, Settings
from ..config.campaign import CampaignSettings
from ..config.columns import fold
from ..config.rows import RowSettings
from ..error_codes import RAGGED_ROW, fault
from ..errors import InputError
from ..fetch import fetch
from ..model import Chunk, Fault, Layout, RowWarning, Table
from ..pages import RECORDS, batched
from ..target import target_of
from ..text.nearest import nearest
from ..text.outward import line
from ..text.phrase import phrase

if TYPE_CHECKING:
    from ..journal import Journal
    from ..mapping.cells import Cell
    from ..mapping.columns import BoundMapping

_log = logging.getLogger(__name__)

COMMAND_LINE = "command line"
"""Source name for ``--id`` and ``--user-data``; its columns are ``NAMES``."""

NAMES = ("ID", "UserData")


_ID_AS = "RandomSortOrder"
"""Contact field whose rules apply to an ID: a whole number."""


@dataclass(frozen=True, slots=True)
class Named:
    """The user's names for contacts: IDs, UserData, and a spreadsheet with one of them in each row.

    ``by`` is the content of the spreadsheet's ``column``: ``id`` or ``user-data``. The default column is the one that
    the configuration maps to UserData, or is called ``UserData`` or ``ID``.
    """

    ids: tuple[str, ...] = ()
    user_data: tuple[str, ...] = ()
    file: Path | None = None
    column: str | None = None
    by: str = "user-data"

    def on_command_line(self) -> list[tuple[str, str]]:
        """Return the names given without a file, as rows of ``NAMES``."""
        return [*((contact_id, "") for contact_id in self.ids), *(("", user_data) for user_data in self.user_data)]


@dataclass(frozen=True, slots=True)
class Target:
    """One contact by its ID, else all that carry a UserData; ``file`` and ``row`` are the place where it was named.

    With an ID, ``user_data`` is the UserData that the contact must carry, if any. ``fault``: the row names no contact.
    """

    file: int
    row: int
    contact_id: str = ""
    user_data: str = ""
    fault: Fault | None = None
    warnings: tuple[RowWarning, ...] = ()

    def __str__(self) -> str:
        return f"contact {self.contact_id}" if self.contact_id else f"UserData '{self.user_data}'"


class Targets:
    """All named contacts, iterable repeatedly; ``files`` describes the sources for journal and summary.

    Raises:
        InputError: the spreadsheet cannot be read, lacks the column, or has a second table.
    """

    def __init__(self, named: Named, settings: Settings, journal: Journal | None = None) -> None:
        self._given = named.on_command_line()
        self._rows: _Rows | None = None
        self.files: list[dict[str, Any]] = []
        if self._given:
            layout = {"columns": list(NAMES)}
            self.files.append(
                {"name": COMMAND_LINE, "path": "", "sheet": None, "sha256": "", "rows": 0, "layout": layout}
            )
        if named.file:
            from ..read import open_table

            local = fetch(named.file, settings.source)
            table = open_table(named.file, settings.source, local)
            for remark in table.layout.remarks:
                _log.info("%s: %s", local.name, remark)
            if table.layout.next_table:
                raise InputError(
                    phrase(
                        "{path}: row {row} begins a second table: put its rows into a file of their own, or under the "
                        "same header.",
                        path=named.file,
                        row=table.layout.next_table,
                    )
                )
            self._rows = _Rows(table, settings, named, journal)
            self.files.append(
                {
                    "name": line(local.name),
                    "path": local.place,
                    "sheet": table.layout.sheet,
                    "sha256": local.sha256,
                    "rows": 0,
                    "layout": table.layout.facts(),
                }
            )
        for target in self:
            self.files[target.file]["rows"] += 1

    def __len__(self) -> int:
        return sum(entry["rows"] for entry in self.files)

    def __iter__(self) -> Iterator[Target]:
        yield from (Target(0, row, *names) for row, names in enumerate(self._given, 1))
        if self._rows:
            yield from self._rows.targets(len(self.files) - 1)

    def pages(self) -> Iterator[list[Target]]:
        """Yield all targets in order, a page at a time."""
        return batched(self, RECORDS)

    def where(self, target: Target) -> str:
        """Return the place where a target was named, ``""`` for the command line."""
        entry = self.files[target.file]
        return f"{entry['name']}, row {target.row}" if entry["path"] else ""


class _Rows:
    """The targets of a spreadsheet. UserData is mapped from the row as in an import."""

    def __init__(self, table: Table, settings: Settings, named: Named, journal: Journal | None) -> None:
        from ..prepare.guard import Guard

        self._table = table
        self._by_id = named.by == "id"
        rules: dict[str, ColumnRule] = {}
        if self._by_id:
            rules[_ID_AS] = ColumnRule(column=named.column or _column(table.layout, "ID"))
            if _has(table.layout, ("UserData",)):
                rules["UserData"] = ColumnRule(column="UserData")
        else:
            rules["UserData"] = _user_data_rule(table.layout, settings, named.column)
        self._mapping = _bound(rules, table.layout, settings)
        account = target_of(settings.dialler.identity)
        is_mended = table.layout.mended
        self._guard = Guard(table, self._mapping.fields, journal, account, None) if journal and is_mended else None

    def targets(self, file: int) -> Iterator[Target]:
        for chunk in self._table.chunks():
            yield from self._of_chunk(file, chunk)

    def _of_chunk(self, file: int, chunk: Chunk) -> Iterator[Target]:
        from ..mapping.values import exact

        if self._guard:
            chunk = self._guard.undamaged(chunk)
        mapped = self._mapping.apply(chunk)
        none: list[Cell] = [None] * len(mapped.rows)
        ids, keys = mapped.cells.get(_ID_AS, none), mapped.cells.get("UserData", none)
        for place, (row, contact_id, key) in enumerate(zip(mapped.rows, ids, keys, strict=True)):
            if isinstance(key, str):
                key = exact(key)  # noqa: PLW2901
            if row in chunk.ragged:
                contact_id = fault(RAGGED_ROW)  # noqa: PLW2901
            target = self._target(file, row, contact_id, key)
            yield replace(target, warnings=mapped.warnings[place]) if place in mapped.warnings else target

    def _target(self, file: int, row: int, contact_id: Cell, key: Cell) -> Target:
        known = key if isinstance(key, str) else ""
        wrong = next((cell for cell in (contact_id, key) if isinstance(cell, Fault)), None)
        if wrong is None and contact_id is not None:
            digits = str(contact_id).strip()
            if digits.isascii() and digits.isdecimal():
                return Target(file, row, digits, known)
            wrong = Fault(
                "integer_invalid",
                phrase("'{digits}' is not a contact ID.", digits=digits),
                phrase("Write digits only, or use --by user-data."),
            )
        elif wrong is None and known and not self._by_id:
            return Target(file, row, user_data=known)
        missing = Fault(
            "key_missing", phrase("The row does not name a contact: the cell is empty."), phrase("Fill in the cell.")
        )
        return Target(file, row, user_data=known, fault=wrong or missing)


def _bound(rules: dict[str, ColumnRule], layout: Layout, settings: Settings) -> BoundMapping:
    """Bind rules to a file, with constants for the fields that every import must map."""
    from ..mapping.binding import bind

    always = {name: ColumnRule(value="-") for name in ("Name", "PhoneNumber1")}
    part = {"columns": {**always, **rules}, "campaign": CampaignSettings(id=0), "rows": RowSettings()}
    narrowed = settings.model_copy(update=part)
    return bind(narrowed, layout)


def _user_data_rule(layout: Layout, settings: Settings, column: str | None) -> ColumnRule:
    if column is not None:
        return ColumnRule(column=column)
    configured = settings.columns.get("UserData")
    if configured and (_has(layout, configured.sources) or not _has(layout, ("UserData",))):
        return configured
    return ColumnRule(column=_column(layout, "UserData"))


def _has(layout: Layout, names: Sequence[str]) -> bool:
    return set(map(fold, names)) <= set(map(fold, layout.columns))


def _column(layout: Layout, name: str) -> str:
    """Return the column of this name.

    Raises:
        InputError: the file has no such column.
    """
    if not _has(layout, (name,)):
        raise InputError(
            phrase(
                "{path}: no column '{name}'. Name the column with the contacts with --column. The file has: "
                "{columns}{nearest}",
                path=layout.path,
                name=name,
                nearest=nearest(name, layout.columns),
                columns=", ".join(layout.columns),
            )
        )
    return name
