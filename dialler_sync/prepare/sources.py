"""The files of a run, opened, with the mapping bound to their columns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ..config import Settings, SourceSettings
from ..errors import InputError, MachineAtFault, UsageError, is_of_machine
from ..fetch import STDIN, Local, expand, fetch
from ..files.pinned import shown
from ..journal import Journal
from ..mapping.validate import Checker
from ..model import Chunk, Table
from ..target import target_of
from ..text.outward import line
from ..text.phrase import phrase
from .guard import Guard, Sorted
from .lookups import read_lookups

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """One table of a run: a file, or a sheet of it. ``guard``: it is a mended one."""

    local: Local
    sha256: str
    inode: int
    table: Table
    checker: Checker
    guard: Guard | None = None

    @property
    def path(self) -> Path:
        """What the user named, for messages; ``local.path`` is read."""
        return self.local.named

    def check(self, chunk: Chunk) -> Sorted:
        """Sort the rows of a chunk into contacts, rejections and filtered rows."""
        if self.guard:
            return self.guard.check(chunk, self._check)
        return self._check(chunk)

    def _check(self, chunk: Chunk) -> Sorted:
        filters = self.checker.filters
        if filters is None:
            return Sorted(chunk, *self.checker.check(chunk))
        left, filtered, unreadable = filters.sift(chunk)
        return Sorted(chunk, *self.checker.check(left, unreadable), filtered)

    def record(self, rows: int) -> dict[str, Any]:
        """Return the record for journal and summary."""
        layout = self.table.layout
        return {
            "name": line(self.local.name),
            "path": self.local.place,
            "sheet": layout.sheet,
            "sha256": self.sha256,
            "inode": self.inode,
            "rows": rows,
            "layout": layout.facts(),
        }


def open_sources(
    settings: Settings, paths: Sequence[Path], say: Callable[[str], object], journal: Journal, today: date | None = None
) -> list[Source]:
    """Open the files and bind the mapping to their columns. Mended ones are held against the ``journal``. ``today`` is
    what filters and checks mean by that; None: this day.

    Raises:
        InputError, ConfigError: a file cannot be read, or does not fit the configuration.
    """
    from ..read import open_selected

    lookups = read_lookups(settings)
    today = today or date.today()  # noqa: DTZ011 - dates in spreadsheets have no zone
    if paths.count(STDIN) > 1:
        raise UsageError(phrase("-: standard input can be read only once: name it once"))
    sources: list[Source] = []
    unreadable: list[object] = []  # no errors, whose frames would hold the copies of lists
    machine = False
    for path in _each(paths, settings.source, unreadable):
        try:
            local = fetch(path, settings.source)
            tables = open_selected(path, settings.source, local)
        except InputError as error:  # the other files are looked at all the same, so that all is said at once
            unreadable.extend(error.args)
            machine = machine or is_of_machine(error)
            continue
        for table in tables:
            try:
                checker = Checker(settings, table.layout, lookups, today)
            except InputError as error:
                unreadable.extend(error.args)
                continue
            where = shown(path) if len(tables) == 1 else f"{shown(path)}, sheet '{table.layout.sheet}'"
            for remark in table.layout.remarks:
                say(f"{where}: {remark}")
            for note in checker.notes:
                _log.info("%s: %s", where, note)
            looked_at = {**checker.fields, **(checker.filters.fields if checker.filters else {})}
            against = journal, _target(settings, journal), settings.campaign
            guard = Guard(table, looked_at, *against) if table.layout.mended else None
            sources.append(Source(local, local.sha256, local.inode, table, checker, guard))
    if unreadable:
        raise (MachineAtFault if machine else InputError)(*unreadable)
    return sources


def _target(settings: Settings, journal: Journal) -> str:
    """Return the target, as far as it is known without asking the dialler."""
    dialler, campaign = settings.dialler.identity, settings.campaign
    number = campaign.id if campaign.name is None else journal.known_id(dialler, campaign.name)
    return target_of(dialler, campaign_id=number, name=campaign.name)


def _each(paths: Sequence[Path], source: SourceSettings, unreadable: list[object]) -> Iterator[Path]:
    """Yield the files that are named, those of a pattern one by one."""
    for path in paths:
        try:
            yield from expand(path, source)
        except InputError as error:
            unreadable.extend(error.args)
