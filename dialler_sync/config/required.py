"""The fields that ``columns:`` must map."""

from __future__ import annotations

from collections.abc import Mapping

from ..fields import PHONE_FIELDS
from ..text.phrase import phrase
from .column_rule import ColumnRule
from .settings import Settings


def lacking(settings: Settings, rules: Mapping[str, ColumnRule]) -> str:
    """Return which field has no rule that every import needs, as a sentence; ``""`` if none lacks."""
    if "Name" not in rules:
        return phrase("columns: has no Name; the dialler requires it.")
    if not any(name in rules for name in PHONE_FIELDS):
        return phrase("columns: has no PhoneNumber1; the dialler requires a phone number.")
    if "UserData" not in rules and (setting := _setting_for_keys(settings)):
        return phrase("{setting} needs UserData, but columns: does not map it.", setting=setting)
    for each in settings.suppress:
        if (needed := _COMPARED.get(each.by, "Name")) not in rules and not each.lock:
            return phrase(
                "suppress.by: {by} needs {field}, but columns: does not map it, so {file} would suppress nobody.",
                by=each.by,
                field=needed,
                file=each.file.name,
            )
    return ""


_COMPARED = {"user_data": "UserData", "email": "Email"}
"""What a do-not-call list is compared with, besides numbers; one with ``lock`` locks what the dialler has."""


def _setting_for_keys(settings: Settings) -> str:
    """Return a setting that needs the UserData of each row, ``""`` if there is none."""
    if settings.mirror.missing != "keep":
        return f"mirror.missing: {settings.mirror.missing}"
    if settings.rows.skipped_contacts == "lock":
        return "rows.skipped_contacts: lock"
    if settings.rows.mode != "upsert":
        return f"rows.mode: {settings.rows.mode}"
    return "campaign.split" if settings.campaign.split else ""
