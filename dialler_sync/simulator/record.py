"""A contact on the wire: fields that an import may carry, and fields of a record that is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..fields import FIELDS, PHONE_FIELDS, Kind
from .answers import Refusal

_DIALLING_STATE = (
    "dtNextTry",
    "dtLastTry",
    "nTries",
    "LastAcdAgentEndReasonsID",
    "LastUsersUID",
    "DiallerCampaignsResultCodesID",
    *(f"bPhoneNumber{n}Invalid" for n in range(1, 7)),
    *(f"nTriesPhoneNumber{n}" for n in range(1, 7)),
    *(f"nPhoneNumber{n}LastCause" for n in range(1, 7)),
    *(f"dtPhoneNumber{n}LastTry" for n in range(1, 7)),
    *(f"dtPhoneNumber{n}NextTry" for n in range(1, 7)),
    *(f"nPhoneNumber{n}Busy" for n in range(1, 7)),
    *(f"nPhoneNumber{n}NoAnswer" for n in range(1, 7)),
    *(f"nPhoneNumber{n}Failed" for n in range(1, 7)),
    "bFinished",
    "dtFinished",
)
"""Fields that dialling sets, and ``ResetContact`` clears."""

RECORD_FIELDS: tuple[str, ...] = (
    "ID",
    "ClientsID",
    "dtImported",
    "dtModified",
    "bLocked",
    *(name for name in FIELDS if name != "ResetContact"),
    *_DIALLING_STATE,
    "dtAppointment",
    "AppointmentUsersUID",
    "Priority",
    "TimeZone",
    *(f"bPhoneNumber{n}Mobile" for n in range(1, 7)),
    *(f"CustomField{n:02}" for n in range(1, 41)),
)
"""Every field of a record that is read, in the order of the answer."""

EMPTY_RECORD: Mapping[str, Any] = dict.fromkeys(RECORD_FIELDS)

RESET_STATE: Mapping[str, Any] = dict.fromkeys(_DIALLING_STATE)

_TYPES: dict[Kind, tuple[tuple[type, ...], str]] = {
    Kind.INTEGER: ((int,), "an integer"),
    Kind.AMOUNT: ((int, float), "a number"),
    Kind.BOOLEAN: ((bool,), "true or false"),
}
_TEXT = ((str,), "text")

_DATETIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


class ContactRules:
    """Validation of an import's body, for one release of the dialler."""

    def __init__(self, release: tuple[int, ...]) -> None:
        self._rules = {
            field.name: (*_TYPES.get(field.kind, _TEXT), field.limit(release), field.kind is Kind.DATETIME)
            for field in FIELDS.values()
        }

    def check(self, body: object) -> dict[str, Any]:
        """Return the contact in ``body``.

        Raises:
            Refusal: 400; a field is missing, unknown or wrong.
        """
        if not isinstance(body, dict):
            raise Refusal(400, "The body must be one contact as a JSON object")
        for name, value in body.items():
            rule = self._rules.get(name)
            if rule is None:
                raise Refusal(400, f"Unknown field {name}")
            if value is None:
                continue
            types, wanted, longest, is_datetime = rule
            if type(value) not in types:
                raise Refusal(400, f"Field {name} must be {wanted}")
            if longest is not None and len(value) > longest:
                raise Refusal(400, f"Field {name} is longer than {longest} characters")
            if is_datetime and value and not _is_datetime(value):
                raise Refusal(400, f"Field {name} must be YYYY-MM-DD HH:MM:SS")
        if not body.get("Name"):
            raise Refusal(400, "Mandatory field Name is missing")
        if body.get("DiallerCampaignsID") is None and not body.get("DiallerCampaignsName"):
            raise Refusal(400, "Mandatory field DiallerCampaignsID or DiallerCampaignsName is missing")
        if not any(body.get(name) for name in PHONE_FIELDS):
            raise Refusal(400, "At least one of the fields PhoneNumber1 to PhoneNumber6 is mandatory")
        return body


def _is_datetime(text: str) -> bool:
    if not _DATETIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
