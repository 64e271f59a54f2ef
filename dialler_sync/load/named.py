"""Watch which contacts the dialler names: one that it names for two rows has been overwritten by the second."""

from __future__ import annotations

from collections.abc import Mapping

from ..api.pace import Gate
from ..api.wire import id_number
from ..error_codes import POSSIBLE_DUPLICATE
from ..errors import SafetyLimit
from ..journal import Outcome
from ..model import SpooledRow, Status
from ..text.phrase import phrase

_REMEMBERED = 10_000
"""Contacts named by the latest answers."""


def note_named(rows: dict[str, str], contact_id: str, user_data: str) -> str:
    """Note a row's contact among the latest; return the UserData of the first of its rows there."""
    first = rows.setdefault(contact_id, user_data)
    if len(rows) > _REMEMBERED:
        del rows[next(iter(rows))]
    return first


class Named:
    """The contacts of a run, or of a sender's part of it, which ends where one has two rows.

    ``known``: contacts of rows that were settled before, by ID, each with the row's UserData.
    """

    def __init__(self, gate: Gate, known: Mapping[str, str] | None = None) -> None:
        self._gate = gate
        self._rows = dict(known or {})

    def checked(self, row: SpooledRow, outcome: Outcome) -> Outcome:
        """Return the outcome of a row; ``unknown``, which stops the run, if its contact is that of another row."""
        if outcome.status is not Status.SUCCEEDED or not row.user_data or not id_number(outcome.contact_id):
            return outcome
        other = note_named(self._rows, outcome.contact_id, row.user_data)
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
