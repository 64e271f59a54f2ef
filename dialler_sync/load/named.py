"""Watch which contacts the dialler names: one that it names for two rows has been overwritten by the second."""

from __future__ import annotations

from ..api.pace import Gate
from ..api.wire import id_number
from ..error_codes import POSSIBLE_DUPLICATE
from ..errors import SafetyLimit
from ..journal import Outcome
from ..model import SpooledRow, Status
from ..text.phrase import phrase

_REMEMBERED = 10_000
"""Contacts named by the latest answers."""


class Named:
    """The contacts of a run, or of a sender's part of it, which ends where one has two rows."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._rows: dict[str, str] = {}  # contact ID → UserData of the row

    def checked(self, row: SpooledRow, outcome: Outcome) -> Outcome:
        """Return the outcome of a row; ``unknown``, which stops the run, if its contact is that of another row."""
        if outcome.status is not Status.SUCCEEDED or not row.user_data or not id_number(outcome.contact_id):
            return outcome
        other = self._rows.setdefault(outcome.contact_id, row.user_data)
        if len(self._rows) > _REMEMBERED:
            del self._rows[next(iter(self._rows))]
        if other == row.user_data:
            return outcome
        why = phrase(
            "the dialler names contact {contact} for '{user_data}' and for '{other}': one has overwritten the other, "
            "as where keys are compared without case",
            contact=outcome.contact_id,
            user_data=row.user_data,
            other=other,
        )
        self._gate.stop(SafetyLimit(phrase("{why}. Give the two other keys, and import them again", why=why)))
        return outcome._replace(status=Status.UNKNOWN, error_code=POSSIBLE_DUPLICATE, error=why)
