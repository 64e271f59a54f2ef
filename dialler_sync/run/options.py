"""The options of a run, and the limits among them that stop it before it sends anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self, get_args

from ..config.limits import Limit, row_limit
from ..config.rows import Compare
from ..errors import JournalDamaged, SafetyLimit, UsageError
from ..plan.planned import Planned
from ..prepare.prepared import Prepared
from ..text.phrase import mark, phrase

_LIMITS = ("max_errors", "max_warnings", "max_missing")
_COMPARE = get_args(Compare)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The command line's options, beside the configuration.

    ``source`` overrides ``source:``, and is part of the run's settings already. ``mark``: also write copies of the
    workbooks with the faulty cells marked. ``cluster``: address of the Dask scheduler whose workers send the rows, or
    ``local``.

    Raises:
        UsageError: ``compare`` is no way to compare. (The journal would keep it, and count as damaged.)
    """

    source: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    limit: int | None = None
    max_errors: Limit | None = None
    max_warnings: Limit | None = None
    compare: str = "none"
    max_missing: Limit | None = None
    adopt: bool = False
    mask: bool = False
    mark: bool = False
    cluster: str | None = None

    def __post_init__(self) -> None:
        if self.compare not in _COMPARE:
            raise UsageError(
                phrase(
                    "'{compare}' is no way to compare: it is {ways}", compare=self.compare, ways=" / ".join(_COMPARE)
                )
            )

    @classmethod
    def read(cls, noted: Mapping[str, Any], cluster: str | None) -> Self:
        """Read the options of a run from its record, for the rows that are left: ``limit`` no longer counts.

        Raises:
            JournalDamaged: the record has a limit that is none.
        """
        kept = {name: noted[name] for name in ("source", "dry_run", "compare", "adopt", "mark") if name in noted}
        try:
            kept |= {name: row_limit(noted.get(name)) for name in _LIMITS}
        except ValueError as error:
            raise JournalDamaged(phrase("the journal is damaged: {why}", why=error)) from error
        return cls(mask=noted.get("mask") is not None, cluster=cluster, **kept)

    def noted(self) -> dict[str, Any]:
        """Return the options as the record of a run keeps them, limits as text."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return plain | {name: None if plain[name] is None else str(plain[name]) for name in _LIMITS}


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
