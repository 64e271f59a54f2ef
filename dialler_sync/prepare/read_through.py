"""Reads every file through once: rows → journal (what is wrong with them) and spool (what is to be sent).

Nothing is sent before this has ended well.
"""

from __future__ import annotations

import errno
import hashlib
import logging
from array import array
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from itertools import compress
from operator import attrgetter
from pathlib import Path
from typing import Any

import orjson

from ..config import Settings
from ..errors import InputError
from ..journal import PENDING, Journal, Outcome, PlannedRow
from ..journal.records import faults_text
from ..mapping.validate import Checker
from ..model import Action, Chunk, Contact, Fault, Rejection, RowWarning, Status, Table
from ..text.outward import line
from ..text.spreadsheet import one_line
from .guard import Guard
from .spool import Keys, Spool, SpooledRow

_log = logging.getLogger(__name__)

_LONGEST_VALUE = 60
"""Characters of a cell that a message shows."""


@dataclass(frozen=True, slots=True)
class Source:
    """One table of a run: a file, or a sheet of it. ``guard``: it is a mended one."""

    path: Path
    name: str
    sha256: str
    inode: int
    table: Table
    checker: Checker
    guard: Guard | None = None

    def record(self, rows: int) -> dict[str, Any]:
        """What journal and summary say of it."""
        layout = self.table.layout
        return {
            "name": self.name,
            "path": str(self.path.resolve()),
            "sheet": layout.sheet,
            "sha256": self.sha256,
            "inode": self.inode,
            "rows": rows,
            "layout": layout.facts(),
        }


DUPLICATE = "duplicate_key"
"""Error code of rows that share a UserData, with ``duplicate_keys: reject``."""

Found = Contact | Rejection

Write = Callable[[list[PlannedRow], list[Found]], Container[int] | None]
"""Writes down rows, and gets what each came from; may give the places of those that are still to be sent."""

_ACTIONS = (None, Action.CREATE, Action.OVERWRITE, Action.IMPORT)


def payload_hash(body: bytes) -> str:
    """What tells one body of an import from another, in 32 hex digits."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


@dataclass(slots=True)
class Prepared:
    """All rows of a run. ``todo[seq]`` is 1 for a row that is to be sent, ``rows[seq]`` its row number.

    ``unchanged`` rows were left out while they were read; ``extra_cells`` is how many cells the longest ragged row
    has beyond its header. ``mended`` are the contacts that come from a row of an earlier run: place, key, run.
    ``watched`` are kind and contact ID of imports that name a contact, see :class:`SpooledRow`.
    """

    folder: InitVar[Path]
    bodies: Spool = field(init=False)
    cells: Spool = field(init=False)
    rows: array[int] = field(default_factory=lambda: array("q"))
    files: list[dict[str, Any]] = field(default_factory=list)
    todo: bytearray = field(default_factory=bytearray)
    actions: bytearray = field(default_factory=bytearray)
    rejected: int = 0
    unchanged: int = 0
    extra_cells: int = 0
    mended: list[tuple[int, str, str]] = field(default_factory=list)
    watched: dict[int, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self, folder: Path) -> None:
        self.bodies, self.cells = Spool(folder), Spool(folder)

    @property
    def total(self) -> int:
        """Source rows, of all files."""
        return len(self.todo)

    def note_action(self, seq: int, action: Action | None) -> None:
        """Remember what is to be done with a row."""
        if not self.actions:
            self.actions = bytearray(self.total)
        self.actions[seq] = _ACTIONS.index(action) if action in _ACTIONS else 0

    def action(self, seq: int) -> Action | None:
        """What is to be done with a row, None where that was not decided."""
        return _ACTIONS[self.actions[seq]] if self.actions and seq < len(self.actions) else None

    def to_send(self) -> Iterator[SpooledRow]:
        """The rows to be sent, in source order."""
        todo = self.todo
        for batch in self.bodies.batches():
            for row in batch:
                if todo[row[0]]:
                    yield SpooledRow(*row, *self.watched.get(row[0], ()))

    def source_cells(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """(place in the run, file, original cells) of every row, in source order."""
        for first, file, batch in self.cells.batches():
            for offset, cells in enumerate(batch):
                yield first + offset, file, cells

    def close(self) -> None:
        """Delete the spools."""
        self.bodies.close()
        self.cells.close()


def open_sources(
    settings: Settings, paths: Sequence[Path], say: Callable[[str], object], journal: Journal
) -> list[Source]:
    """Open the files and bind the mapping to their columns. Mended ones are held against the ``journal``.

    Raises:
        InputError, ConfigError: a file cannot be read, or does not fit the configuration.
    """
    from ..read import open_table

    sources: list[Source] = []
    unreadable: list[object] = []
    for path in paths:
        try:
            table = open_table(path, settings.source)
            checker = Checker(settings, table.layout)
        except InputError as error:  # the other files are looked at all the same, so that all is said at once
            unreadable.extend(error.args)
            continue
        for remark in table.layout.remarks:
            say(f"{path}: {remark}")
        for note in checker.notes:
            _log.info("%s: %s", path, note)
        guard = Guard(table, checker.fields, journal) if table.layout.mended else None
        sources.append(Source(path, line(path.name), file_sha256(path), path.stat().st_ino, table, checker, guard))
    if unreadable:
        raise InputError(*unreadable)
    return sources


def prepare(
    prepared: Prepared,
    settings: Settings,
    sources: Sequence[Source],
    *,
    write: Write,
    settle: Callable[[list[Outcome]], None],
    progress: Callable[[int], None],
) -> None:
    """Map and validate every row into ``prepared``.

    ``write`` gets all of them in order, ``settle`` what turned out only in the end (duplicates), ``progress`` the
    number of rows of each chunk.

    Raises:
        InputError: a file cannot be read to its end, or changed meanwhile.
    """
    keys = Keys()
    for number, source in enumerate(sources):
        before = prepared.total
        for chunk in source.table.chunks():
            progress(_take(prepared, keys, number, source, chunk, write))
        prepared.files.append(source.record(prepared.total - before))
        if file_sha256(source.path) != source.sha256:
            raise InputError(f"{source.path} changed while it was read. Is it still being written? Import it again.")
    settle(_duplicates(prepared, keys, settings.rows.duplicate_keys))


def _take(prepared: Prepared, keys: Keys, number: int, source: Source, chunk: Chunk, write: Write) -> int:
    """Add one chunk to what is prepared; gives the number of its rows."""
    runs: Mapping[int, str] = {}
    if source.guard:
        checked = source.guard(chunk, source.checker)
        chunk, contacts, rejections, runs = checked.chunk, checked.contacts, checked.rejections, checked.runs
    else:
        contacts, rejections = source.checker(chunk)
    found: list[Found] = [*contacts, *rejections]
    if rejections:
        found.sort(key=attrgetter("row"))
    first = prepared.total
    planned, bodies = [], []
    for seq, row in enumerate(found, first):
        if isinstance(row, Contact):
            body = orjson.dumps(row.fields)
            warnings = RowWarning.text(row.warnings) if row.warnings else ""
            planned.append(PlannedRow(seq, number, row.row, row.user_data, payload_hash(body), warnings=warnings))
        else:
            body = b""
            planned.append(_rejected(seq, number, row))
        bodies.append(body)
    keys.add((row.seq, row.user_data) for row in planned if row.payload)
    if runs:
        prepared.mended += [(r.seq, r.user_data, runs[r.row]) for r in planned if r.payload and r.row in runs]
    numbers = chunk.frame.index.tolist()
    cells = list(zip(*(chunk.frame.iloc[:, i].tolist() for i in range(chunk.frame.shape[1])), strict=True))
    for at, ragged in chunk.ragged.items():
        cells[numbers.index(at)] = ragged
        prepared.extra_cells = max(prepared.extra_cells, len(ragged) - chunk.frame.shape[1])
    prepared.cells.write([first, number, cells])  # first: what an interrupt leaves has its cells
    left = write(planned, found)
    todo = bytes([row.state == PENDING and (left is None or row.seq in left) for row in planned])
    to_send = compress(zip(planned, bodies, strict=True), todo)
    prepared.bodies.write([(row.seq, row.user_data, body) for row, body in to_send])
    prepared.rows.extend(numbers)
    prepared.todo += todo
    prepared.rejected += len(rejections)
    prepared.unchanged += len(contacts) - sum(todo)
    return len(planned)


def _rejected(seq: int, file: int, rejection: Rejection) -> PlannedRow:
    faults = [replace(fault, message=_said(fault)) for fault in rejection.faults]
    return PlannedRow(
        seq,
        file,
        rejection.row,
        rejection.user_data,
        state=Status.REJECTED,
        error_code="; ".join(fault.code for fault in faults),
        error_field="; ".join(fault.field for fault in faults),
        error="; ".join(fault.message for fault in faults),
        hint="; ".join(dict.fromkeys(fault.hint for fault in faults)),
        warnings=RowWarning.text(rejection.warnings),
        faults=faults_text(faults),
    )


def _said(fault: Fault) -> str:
    """A fault with the column and the cell that it is about, as the user knows them."""
    if not fault.column:
        return fault.message
    column = one_line(fault.column)
    value = fault.value if len(fault.value) <= _LONGEST_VALUE else f"{fault.value[:_LONGEST_VALUE]}…"
    return f"{column} ({value!r}): {fault.message}" if value else f"{column} (empty): {fault.message}"


def _duplicates(prepared: Prepared, keys: Keys, policy: str) -> list[Outcome]:
    """Settle rows whose UserData another row carries too."""
    outcomes = []
    for seq, beside in zip(*(side.tolist() for side in keys.losers(policy)), strict=True):
        prepared.unchanged -= not prepared.todo[seq]
        prepared.todo[seq] = 0
        other = f"row {prepared.rows[beside]}"
        if policy == "reject":
            prepared.rejected += 1
            outcomes.append(
                Outcome(
                    seq,
                    Status.REJECTED,
                    error_code=DUPLICATE,
                    error_field="UserData",
                    error=f"{other} carries the same UserData",
                )
            )
        else:
            outcomes.append(
                Outcome(seq, Status.SKIPPED, Action.SUPERSEDED, error=f"{other} carries the same UserData and counts")
            )
    return outcomes


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex digits.

    Raises:
        OSError: it cannot be read, or is a pipe or device, which may have no end.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
