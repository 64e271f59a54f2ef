"""Types that several stages share. All are frozen, and know neither source nor destination.

Row types are named tuples: millions are made, and a frozen dataclass takes five times as long to make.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import pandas as pd

Value = str | int | float | bool | None
"""Value of one contact field: a JSON scalar. Numbers of AMOUNT fields keep the digits of the source."""


class Status(StrEnum):
    """Outcome of a source row. Every row of a finished run has exactly one."""

    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    UNPROCESSED = "unprocessed"


FINE = frozenset({Status.SUCCEEDED, Status.SKIPPED})
"""Statuses that need no attention."""

DID_NOT_SUCCEED = tuple(status for status in Status if status not in FINE and status is not Status.UNPROCESSED)
"""Statuses that need attention; ``unprocessed`` rows only need the run to be resumed."""


def any_left(counts: Mapping[str, int]) -> bool:
    """Whether some rows, counted by status, neither succeeded nor were skipped."""
    return any(counts.get(status) for status in Status if status not in FINE)


class Action(StrEnum):
    """The change made to a row or a contact."""

    CREATE = "create"
    OVERWRITE = "overwrite"
    IMPORT = "import"
    LOCK = "lock"
    UNLOCK = "unlock"
    DELETE = "delete"


class Reason(StrEnum):
    """Reason why a row is left as it is; reports show it in the column of the action."""

    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    SUPPRESSED = "suppressed"
    PROTECTED = "protected"
    FILTERED = "filtered"
    EXISTS = "exists"
    ABSENT = "absent"
    KNOWN_NUMBER = "known_number"


LEFT_TO_OTHERS = (Reason.SUPERSEDED, Reason.FILTERED)
"""Reasons that leave a row's key to other rows, which may be sent."""

ACTIONS = (*Action, *Reason)
"""All values of the column ``_action``."""


class ContactClass(StrEnum):
    """Class of a contact in a reconciliation; in the order of reports."""

    MATCHING = "matching"
    DIFFERING = "differing"
    MISSING = "missing"
    EXTRA = "extra"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class CellNote:
    """Facts about a spreadsheet cell that its text does not show.

    ``code`` rejects a row whose mapped field needs this cell: ``error_cell``, ``formula_without_value`` or
    ``precision_lost``; None if nothing is wrong. ``number`` is the plain decimal text of a numeric cell that is
    displayed differently (``00123`` → ``123``). ``warning`` is the code of a warning, carried by every mapped field
    that this cell feeds; the row is still sent. ``not_text``: the cell of a workbook is a number, a date or a boolean;
    noted in mended files only.
    """

    code: str | None = None
    number: str | None = None
    warning: str | None = None
    not_text: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive source rows as text.

    ``frame`` has one object column of ``str`` per entry of ``Layout.columns``, in that order (names may repeat; an
    empty cell is ``""``), indexed by the row number that the spreadsheet program shows. ``notes`` is keyed by (row
    number, column position). ``ragged`` holds the cells, as read, of rows with too few or too many of them, or with a
    broken quote; ``frame`` has those rows cut or filled to fit. ``own`` holds, for a mended file, the cells of our own
    columns by name. ``sheet`` is the sheet of the rows, empty for a CSV file.
    """

    frame: pd.DataFrame
    notes: Mapping[tuple[int, int], CellNote] = field(default_factory=dict)
    ragged: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    own: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sheet: str = ""

    def sheets(self) -> list[str]:
        """Return the sheet of each row; of a mended file, that which the row says of itself."""
        return list(self.own.get("_sheet", [self.sheet] * len(self.frame)))


@dataclass(frozen=True, slots=True)
class Layout:
    """The reader's findings about one table; shown by ``inspect``, kept in ``summary.json``.

    ``header_rows`` are row numbers (empty: the file has no header, and columns are named ``column_1`` …); ``ignored``
    are columns of our own files; ``remarks`` are sentences for the user. ``vendor`` marks the vendor's own headerless
    format. ``unread_from`` is the row where a second table with nearly the same header begins: its rows are not read,
    and an import refuses the file; ``next_table`` is the row where one with any header begins. ``mended``: the table
    carries the columns of ``failed.csv``, so it is only part of a list. ``above``, ``below``: the cells of rows that
    were taken for titles, and for totals and footnotes.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    line_end: str | None = None
    header_rows: tuple[int, ...] = ()
    first_row: int = 1
    ignored: tuple[str, ...] = ()
    vendor: bool = False
    unread_from: int | None = None
    next_table: int | None = None
    mended: bool = False
    remarks: tuple[str, ...] = ()
    above: tuple[tuple[str, ...], ...] = ()
    below: tuple[tuple[str, ...], ...] = ()

    @property
    def where(self) -> str:
        """The file and, of a workbook, the sheet."""
        return str(self.path) if self.sheet is None else f"{self.path}, sheet '{self.sheet}'"

    @property
    def beside(self) -> Iterator[str]:
        """The cells of rows that were not taken for rows of the table, without empty ones."""
        return filter(None, (cell.strip() for cells in (*self.above, *self.below) for cell in cells))

    @property
    def has_table_above(self) -> bool:
        """Whether a name of a column stands above the header, as if another table began there."""
        names = {name.strip().casefold() for name in self.columns} - {""}
        return any(cell.strip().casefold() in names for cells in self.above for cell in cells)

    def facts(self) -> dict[str, Any]:
        """Return the findings as plain values, without path, sheet, cells and empty ones."""
        found = asdict(self)
        del found["path"], found["sheet"], found["above"], found["below"]
        return {name: value for name, value in found.items() if value not in (None, (), "", False)}


class Table(Protocol):
    """One table of a file; can be read repeatedly."""

    @property
    def layout(self) -> Layout:
        """The findings from before the first row."""

    def chunks(self, rows: int = ...) -> Iterator[Chunk]:
        """Yield the rows in order, at most ``rows`` at a time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a row, in words that call-centre staff understand.

    ``field`` is the contact field, ``column`` the source column as the user wrote it, ``value`` the cell.
    """

    code: str
    message: str
    hint: str
    field: str = ""
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, order=True)
class RowWarning:
    """A remark on a row that is still sent; as text ``code:Field``."""

    code: str
    field: str = ""

    def __str__(self) -> str:
        return f"{self.code}:{self.field}"

    @staticmethod
    def text(warnings: Iterable[RowWarning]) -> str:
        """Join warnings into one text; neither code nor field contains the separators."""
        return "; ".join(map(str, warnings))

    @classmethod
    def parse(cls, text: str) -> tuple[RowWarning, ...]:
        """Parse the result of :meth:`text`."""
        return tuple(cls(*each.split(":", 1)) for each in text.split("; ")) if text else ()


MOVED = RowWarning("moved", "DiallerCampaignsID")
"""The import moved the contact from another campaign."""


class Contact(NamedTuple):
    """A row that may be sent: the body of its import.

    ``fields`` holds only fields that the mapping sets and the row fills (or clears, as None), in the order of
    :data:`dialler_sync.fields.FIELDS`, after the campaign. ``left_out``: what bad cells left out of it may hold,
    (field, number or text), as a do-not-call list may have it.
    """

    row: int
    fields: Mapping[str, Value]
    warnings: tuple[RowWarning, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def user_data(self) -> str:
        """The UserData, ``""`` if the row has none."""
        return str(self.fields.get("UserData") or "")


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that must not be sent, with all its faults."""

    row: int
    faults: tuple[Fault, ...]
    user_data: str = ""
    warnings: tuple[RowWarning, ...] = ()


class Filtered(NamedTuple):
    """A row that a rule of ``rows: {only:, skip:}`` leaves out; ``rule`` names it, in a sentence.

    ``user_data`` is empty where the row has no key, or none that can be read.
    """

    row: int
    user_data: str
    rule: str


class RowResult(NamedTuple):
    """Result of one source row; a line of ``results.csv``.

    ``seq`` counts the rows of a run from 0, over all its files. ``sent_at`` is the UTC time of the last try. ``hint``
    is the fix. A row with several ``faults`` lists them in ``error_code``, ``error_field``, ``error`` and ``hint``, in
    the same order, joined by ``"; "``, for people.
    """

    seq: int
    file: str
    sheet: str
    row: int
    user_data: str
    status: Status
    action: Action | Reason | None = None
    contact_id: str = ""
    http_status: int | None = None
    attempts: int = 0
    error_code: str = ""
    error_field: str = ""
    error: str = ""
    hint: str = ""
    sent_at: str = ""
    warnings: tuple[RowWarning, ...] = ()
    faults: tuple[Fault, ...] = ()

    def each_fault(self) -> tuple[Fault, ...]:
        """Return all faults, including that of a row with a single one; () if there are none."""
        if self.faults or not self.error_code:
            return self.faults
        codes, fields = self.error_code.split("; "), self.error_field.split("; ")
        if len(codes) == 1:
            return (Fault(self.error_code, self.error, self.hint, self.error_field),)
        # Older journals hold the faults as one joined text; a message may itself contain the separator.
        messages = self.error.split("; ")
        return tuple(
            Fault(
                code,
                messages[place] if len(messages) == len(codes) else self.error,
                self.hint,
                fields[place] if len(fields) == len(codes) else self.error_field,
            )
            for place, code in enumerate(codes)
        )


class SpooledRow(NamedTuple):
    """A row that may be sent: its place in the run, its key, and the JSON of its import.

    Kinds ``delete``, ``lock`` and ``unlock`` have no body and name a contact. An import names the contact to overwrite
    only if contacts of several campaigns carry its key, or if it must not make one (``update``); its kind is ``move``
    if that contact is in another campaign.
    """

    seq: int
    user_data: str
    body: bytes
    kind: str = "import"
    contact_id: str = ""


MOVE = "move"
"""Kind of an import that moves its contact from another campaign."""

UPDATE = "update"
"""Kind of an import that must not create a contact; it names the one to overwrite."""
