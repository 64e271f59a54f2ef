"""The limits that stop a run before it sends anything: too many faulty rows, or too many with warnings."""

from __future__ import annotations

from ..errors import SafetyLimit
from ..plan.planned import Planned
from ..prepare.prepared import Prepared
from .options import RunOptions


def check_limits(options: RunOptions, prepared: Prepared, planned: Planned | None = None) -> None:
    """Check the prepared rows and, if there is one, the plan.

    Raises:
        SafetyLimit: there are more such rows than the options allow.
    """
    if problem := exceeded_limit(options, prepared, planned):
        raise SafetyLimit(f"{problem}; nothing was sent")


def exceeded_limit(options: RunOptions, prepared: Prepared, planned: Planned | None) -> str:
    """Describe the first limit that is exceeded; ``""`` if none is."""
    warned = {*prepared.warned, *(planned.moved if planned else ()), *(planned.known if planned else ())}
    for limit, number, what, option in (
        (options.max_errors, prepared.rejected, "are rejected", "--max-errors"),
        (options.max_warnings, len(warned), "have warnings", "--max-warnings"),
    ):
        if limit and not limit.allows(number, prepared.total):
            return f"{number} of {prepared.total} rows {what}; {option} {limit} allows no more"
    return ""
