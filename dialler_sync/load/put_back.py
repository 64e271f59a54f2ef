"""Outcomes of the rows of an undo."""

from __future__ import annotations

from ..error_codes import CONTACT_CHANGED
from ..journal import Outcome
from ..model import Action, Reason, SpooledRow, Status
from ..text.phrase import phrase


def done(
    row: SpooledRow,
    action: Action | Reason,
    status: Status = Status.SUCCEEDED,
    *,
    error: str = "",
    contact_id: str | None = None,
) -> Outcome:
    """Return the outcome of a row that is put back, or has nothing to be put back."""
    return Outcome(row.seq, status, action, contact_id or row.contact_id, http_status=200, attempts=1, error=error)


def suppressed(row: SpooledRow, why: str) -> Outcome:
    """Return that of a row whose contact must not be called as it was."""
    return done(row, Reason.SUPPRESSED, Status.SKIPPED, error=why)


def elsewhere(row: SpooledRow, action: Action) -> Outcome:
    """Return that of a row whose contact is in another campaign by now."""
    return failed(row, action, CONTACT_CHANGED, phrase("the contact is in another campaign than the run"))


def failed(row: SpooledRow, action: Action, code: str, error: str) -> Outcome:
    """Return that of a row that cannot be put back."""
    return Outcome(row.seq, Status.FAILED, action, row.contact_id, attempts=1, error_code=code, error=error)
