"""The limits that stop a run before it sends anything: too many faulty rows, or too many with warnings."""

from __future__ import annotations

from ..errors import SafetyLimit
from ..plan.planned import Planned
from ..prepare.prepared import Prepared
from ..text.phrase import mark, phrase
from .options import RunOptions

_REJECTED = mark("{count} of {total} rows are rejected; --max-errors {limit} allows no more")
_WARNED = mark("{count} of {total} rows have warnings; --max-warnings {limit} allows no more")


def check_limits(options: RunOptions, prepared: Prepared, planned: Planned | None = None) -> None:
    """Check the prepared rows and, if there is one, the plan.

    Raises:
        SafetyLimit: there are more such rows than the options allow.
    """
    if problem := exceeded_limit(options, prepared, planned):
        raise SafetyLimit(phrase("{problem}; nothing was sent", problem=problem))


def exceeded_limit(options: RunOptions, prepared: Prepared, planned: Planned | None) -> str:
    """Describe the first limit that is exceeded; ``""`` if none is."""
    warned = {*prepared.warned, *(planned.moved if planned else ()), *(planned.known if planned else ())}
    for limit, number, told in (
        (options.max_errors, prepared.rejected, _REJECTED),
        (options.max_warnings, len(warned), _WARNED),
    ):
        if limit and not limit.allows(number, prepared.total):
            return phrase(told, count=number, total=prepared.total, limit=limit)
    return ""
