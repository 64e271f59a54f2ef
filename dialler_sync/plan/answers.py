"""Checks that the dialler's records have the fields that decide: one that no record has would count as empty."""

from __future__ import annotations

from collections.abc import Mapping

from ..api.wire import DONE, HISTORY, RESULT_CODE
from ..config import Settings
from ..config.protect import ProtectSettings
from ..errors import UsageError
from ..text.phrase import phrase
from .called import LAST_TRY
from .snapshot import Snapshot


def wanted_fields(settings: Settings) -> frozenset[str]:
    """Return the fields of records that decide something."""
    return _if_empty(settings).union(*_of_calls(settings.protect).values())


def calls_are_told(snapshot: Snapshot, settings: Settings) -> bool:
    """Whether the records have all fields on calls that protect contacts."""
    return not snapshot.some or all(snapshot.told.intersection(names) for names in _of_calls(settings.protect).values())


def require_answers(snapshot: Snapshot, settings: Settings) -> None:
    """Check that the records have the fields that decide.

    A field for ``if_empty`` may be missing if the dialler leaves empty fields out: it is empty in all records.

    Raises:
        UsageError: a field is missing; the message names it.
    """
    if not snapshot.some:
        return
    for setting, names in _of_calls(settings.protect).items():
        if not snapshot.told.intersection(names):
            raise UsageError(
                phrase(
                    "protect.{setting}: the dialler's records have no {names}, so it is not known which contacts "
                    "are protected. Nothing was sent. Remove protect.{setting}, or protect contacts in another way.",
                    setting=setting,
                    names=", ".join(names),
                )
            )
    missing = sorted(_if_empty(settings) - snapshot.told) if snapshot.told_empty else []
    if missing:
        raise UsageError(
            phrase(
                "columns.{field}: overwrite: if_empty needs the field's present value, but the dialler's records "
                "have no {fields}. Nothing was sent. Set overwrite: never or always.",
                field=missing[0],
                fields=", ".join(missing),
            )
        )


def _if_empty(settings: Settings) -> frozenset[str]:
    return frozenset(name for name, rule in settings.kept_fields.items() if rule == "if_empty")


def _of_calls(protect: ProtectSettings) -> Mapping[str, tuple[str, ...]]:
    """Return setting → fields, of which the records must have one."""
    every = {"called": (LAST_TRY, HISTORY), "done": (DONE, RESULT_CODE), "result_codes": (RESULT_CODE,)}
    return {name: fields for name, fields in every.items() if getattr(protect, name)}
