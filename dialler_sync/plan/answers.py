"""Whether the dialler's records can answer what decides: a field that no record tells of would count as empty."""

from __future__ import annotations

from ..config import Settings
from ..errors import UsageError
from .snapshot import Snapshot


def wanted_fields(settings: Settings) -> frozenset[str]:
    """The fields of records that something is decided by."""
    return frozenset(name for name, rule in settings.kept_fields.items() if rule == "if_empty")


def require_answers(snapshot: Snapshot, settings: Settings) -> None:
    """See that the records tell of what decides. A dialler that shows no empty fields need not tell of one that is
    empty in all of them.

    Raises:
        UsageError: they do not; names the field.
    """
    missing = sorted(wanted_fields(settings) - snapshot.told) if snapshot.told_empty else []
    if missing:
        raise UsageError(
            f"columns.{missing[0]}: overwrite: if_empty needs to know whether the field is empty, and the dialler's "
            f"records do not have it: {', '.join(missing)}. Nothing was sent. Set overwrite: never or always."
        )
