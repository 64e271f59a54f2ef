"""Decides which fields of a contact an import leaves as they are: ``overwrite: never`` and ``if_empty``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..api.wire import same_value
from ..fields import PHONE_FIELDS
from ..model import Value
from ..text.phrase import phrase

_LONGEST = 60
"""Characters of a value that a reason shows."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """The fields that an import sends to a contact.

    ``kept``: field → the contact's value, for fields of the row in which it differs and is kept. ``left_out``: those of
    the kept values that are not sent.
    """

    fields: Mapping[str, Value]
    kept: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Say which values are kept; ``""`` if none are."""
        if not self.kept:
            return ""
        return phrase(
            "kept: {values}", values=", ".join(f"{name} {_shown(value)}" for name, value in self.kept.items())
        )


def keep(fields: Mapping[str, Value], record: Mapping[str, Any], rules: Mapping[str, str]) -> Keeping:
    """Return the fields of a row to send to a contact with this record. ``rules``: field → ``never`` or ``if_empty``.

    Mandatory fields that are kept are sent with the contact's own value: its name, and its numbers if the row has no
    other.
    """
    kept = {
        name: record.get(name)
        for name, rule in rules.items()
        if name in fields and (rule == "never" or not same_value(None, record.get(name)))
    }
    if not kept:
        return Keeping(fields)
    demanded = {"Name"}
    if not any(fields.get(name) for name in PHONE_FIELDS if name not in kept):
        demanded.update(PHONE_FIELDS)
    sent: dict[str, Value] = {}
    for name, value in fields.items():
        if name not in kept:
            sent[name] = value
        elif name in demanded and kept[name]:
            sent[name] = kept[name]
    differing = {name: value for name, value in kept.items() if not same_value(fields[name], value)}
    left_out = {name: value for name, value in kept.items() if name not in sent and not same_value(None, value)}
    return Keeping(sent, differing, left_out)


def _shown(value: object) -> str:
    text = phrase("(empty)") if value is None or value == "" else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
