"""Records of the journal, all frozen. Those of a row are named tuples, as in :mod:`dialler_sync.model`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from ..model import Action, Fault, Reason, RowResult, Status


class RowState(StrEnum):
    """The state of a row without an outcome; a settled row's state is its Status."""

    PENDING = "pending"
    SENDING = "sending"


PENDING = str(RowState.PENDING)
"""The state as plain text: SQLite's driver takes several times as long for an enum member."""

PERHAPS_SENT = -2
"""In place of a watermark: a process that was killed may have sent the row, and not noted it any more. It has a key,
so that it can be sent again."""


class NoRow(IntEnum):
    """Why a run changes a contact without sending a source row; stored in place of the file's number."""

    MIRRORED = -1
    SUPPRESSED = -2
    RETURNED = -3
    FILTERED = -4


READING = frozenset({"validate", "plan", "reconcile"})
"""Commands whose runs send nothing, and cannot be resumed."""

UNREPORTED = "unreported"
"""Key in the summary of an ended run whose reports are not written yet."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. ``files`` are ``{name, path, sheet, sha256, rows}``; ``rows`` is None until all are read."""

    id: str
    command: str
    target: str
    campaign: str
    out: str
    config_path: str
    config: Mapping[str, str]
    options: Mapping[str, Any]
    started_at: str
    parent: str | None = None
    files: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    rows: int | None = None
    finished_at: str | None = None
    state: str = "running"
    planned: bool = False
    summary: Mapping[str, Any] | None = None

    @property
    def is_unreported(self) -> bool:
        """Whether it has ended, and its reports are not written: they are being written, or that failed."""
        return self.state != "running" and bool(self.summary and self.summary.get(UNREPORTED))


def moment_of(run_id: str) -> str:
    """Return the start of a run from its ID; ``""`` if it is not one."""
    try:
        return f"{datetime.strptime(run_id[:15], '%Y%m%d-%H%M%S'):%Y-%m-%dT%H:%M:%SZ}"  # noqa: DTZ007 - it is UTC
    except ValueError:
        return ""


def place_of(file: Mapping[str, Any], row: int, origin: str = "") -> str:
    """Return where a row stands: its list, by content, and its number there; of a mended row, where its origin stands.
    So the rows of several runs are known to be the same one, also without UserData."""
    return origin or f"{file.get('sha256', '')[:32]} {file.get('sheet') or ''} {row}"


def sheet_in(place: str) -> str:
    """Return the sheet of a :func:`place_of`; ``""`` for a list without one."""
    return place.partition(" ")[2].rpartition(" ")[0]


def faults_text(faults: Sequence[Fault]) -> str:
    """Return several faults of a row as JSON; ``""`` for fewer than two."""
    return json.dumps([(f.code, f.field, f.message, f.hint) for f in faults]) if len(faults) > 1 else ""


def parse_faults(text: str) -> tuple[Fault, ...]:
    """Return the faults from the text of :func:`faults_text`."""
    return tuple(Fault(code, message, hint, field) for code, field, message, hint in json.loads(text or "[]"))


class PlannedRow(NamedTuple):
    """A source row before anything is sent: pending, or already settled (rejected, skipped).

    ``file`` is its place among the run's files, or a :class:`NoRow`; ``warnings`` is as in ``results.csv``; ``faults``
    is JSON, as :func:`faults_text` makes it, where the row has several. ``origin`` is the :func:`place_of` of the row
    that a mended one comes from.
    """

    seq: int
    file: int
    row: int
    user_data: str
    payload: str = ""
    state: str = PENDING
    action: str = ""
    contact_id: str = ""
    error_code: str = ""
    error_field: str = ""
    error: str = ""
    hint: str = ""
    warnings: str = ""
    faults: str = ""
    origin: str = ""


class Outcome(NamedTuple):
    """The outcome of a row: what was done with it, or why nothing was."""

    seq: int
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


class JournalRow(NamedTuple):
    """A row as the journal has it. In ``result``, pending reads as unprocessed and sending as unknown.

    ``watermark`` is the highest contact ID known when the row was sent, None if unknown. ``moves``: it is to
    take its contact from another campaign. ``origin``: as in :class:`PlannedRow`.
    """

    result: RowResult
    file: int
    state: str
    payload: str
    watermark: int | None
    moves: bool = False
    origin: str = ""

    @property
    def has_source(self) -> bool:
        """Whether it is a row of a file, and not a contact without one (:class:`NoRow`)."""
        return self.file >= 0


@dataclass(frozen=True, slots=True)
class Image:
    """A contact before and after a row was sent, as JSON of its fields; ``before`` is None if it did not exist."""

    seq: int
    contact_id: str
    before: str | None
    after: str


class Origin(NamedTuple):
    """A row of an earlier run, as the journal has it; ``cells`` are those that were read, None: they are not kept.
    ``origin``: as in :class:`PlannedRow`."""

    user_data: str
    error_code: str
    error_field: str
    cells: tuple[str, ...] | None
    origin: str = ""


class Sent(NamedTuple):
    """The last successful payload of a key."""

    user_data: str
    payload: str
    contact_id: str
    sent_at: str
