"""A plan as a file: shown to people, and carried out exactly or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from ..config import changes
from ..config.rows import Compare
from ..errors import UsageError
from ..files import trust
from ..files.small import read_small
from ..files.url import path_of
from ..files.whole import new_file
from ..journal import RunRecord
from ..journal.cells import FILE, fits
from ..report.people import labels
from ..text.outward import json_text
from ..text.phrase import counted, phrase
from .planned import PlanEntry, Planned

FORMAT = 6

SHOWN = (".html", ".xlsx")
"""Endings of plans for people."""


@dataclass(frozen=True, slots=True)
class PlanFile:
    """The changes that an import would make, and all that decided them.

    ``entries``: lines of the plan as plain values: ``row, action, user_data, contact_id, changes`` (field → [before,
    after]), ``reason, fields`` (all of a created contact), ``name`` of the person, ``seen`` (hash of a contact to be
    deleted); unchanged rows have none.
    ``suppress``: path → SHA-256 of the do-not-call files. ``compared`` and ``warnings``: as in a run's summary.
    ``stops``: the limit (max_errors, max_warnings) that would stop an import, ``""`` if none. ``labels``: field → its
    source columns. ``campaign_name``: of a campaign that is named by its ID, as far as an earlier run was told it.
    """

    files: Sequence[Mapping[str, Any]]
    config: Mapping[str, str]
    config_path: str
    campaign: str
    compare: Compare
    adopt: bool
    max_missing: str
    created_at: str
    counts: Mapping[str, int]
    changed_fields: Mapping[str, int]
    entries: Sequence[Mapping[str, Any]]
    suppress: Mapping[str, str]
    compared: Mapping[str, str]
    rejected: int = 0
    warnings: Mapping[str, int] = field(default_factory=dict)
    stops: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    campaign_name: str = ""

    @classmethod
    def of(cls, run: RunRecord, planned: Planned, rejected: int, stops: str = "", name: str = "") -> Self:
        """Return the plan of a run with this number of ``rejected`` rows, for a campaign of this ``name``.

        ``stops``: the limit that ends the import.
        """
        # Through JSON, so that a plan from memory equals one from a file.
        entries = json.loads(json.dumps([asdict(entry) for entry in planned.entries]))
        return cls(
            run.files, run.config, run.config_path, run.campaign, run.options["compare"], run.options["adopt"],
            run.options["max_missing"] or "", run.started_at, dict(planned.counts), dict(planned.changed_fields),
            entries, run.options["suppress"], run.options.get("compared", {}), rejected, dict(planned.warnings), stops,
            labels(run.options.get("mapped") or {}), name,
        )  # fmt: skip

    @property
    def differs(self) -> bool:
        """Whether the plan changes anything in the dialler."""
        return any(self.counts.get(name, 0) for name in ("create", "overwrite", "import", "lock", "unlock", "delete"))

    def write(self, path: Path) -> None:
        """Write the plan, for its owner only: it holds personal data."""
        with new_file(path) as file:
            file.write(json_text({"format": FORMAT, **asdict(self)}, indent=1))

    def paths(self) -> tuple[Path, ...]:
        """Return the files that it was made from.

        Raises:
            UsageError: it was made from standard input, which cannot be read again.
        """
        if not all(entry["path"] for entry in self.files):
            raise UsageError(phrase("the plan was made from standard input: name the FILE, or '-', with --plan"))
        return tuple(dict.fromkeys(path_of(entry["path"]) for entry in self.files))

    def check_inputs(self, files: Sequence[Mapping[str, Any]], config: Mapping[str, str], compare: str) -> None:
        """Check that files and configuration are those of the plan.

        Raises:
            UsageError: they are not.
        """
        ours = [(entry["sha256"], entry["sheet"]) for entry in self.files]
        if [(entry["sha256"], entry["sheet"]) for entry in files] != ours:
            raise UsageError(phrase("the files are not the ones the plan was made from: make a new plan"))
        changed = changes(self.config, config)
        if compare != self.compare:
            changed.append(phrase("--compare was {before}, is {now}", before=self.compare, now=compare))
        if changed:
            raise UsageError(
                phrase(
                    "the configuration has changed since the plan: {changes}. Make a new plan.",
                    changes="; ".join(changed),
                )
            )

    def check_decisions(self, planned: Planned) -> None:
        """Check that the decisions are still those of the plan.

        Raises:
            UsageError: the dialler has changed since, so something else would be done.
        """
        now = json.loads(json.dumps([asdict(entry) for entry in planned.entries]))
        if sorted(now, key=_key) == sorted(self.entries, key=_key) and dict(planned.counts) == self.counts:
            return
        before = {_key(entry): entry for entry in self.entries}
        after = {_key(entry): entry for entry in now}
        moved = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        names = ", ".join(sorted({str(key[1]) for key in moved})[:5])
        raise UsageError(
            counted(
                len(moved),
                "the dialler has changed since the plan was made: {count} contact is affected ({names}). "
                "Nothing was sent. Make a new plan.",
                "the dialler has changed since the plan was made: {count} contacts are affected ({names}…). "
                "Nothing was sent. Make a new plan.",
                names=names,
            )
        )


def _key(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return str(entry["row"]), entry["user_data"], entry["contact_id"] if not entry["row"] else ""


def read_plan(path: Path, *, trusted: bool | None = None) -> PlanFile:
    """Read a plan file. ``trusted``: accept a file that others could have changed; None: as DIALLER_SYNC_TRUST says.

    Raises:
        UsageError: it cannot be read, is not a plan, or is not trusted.
    """
    from pydantic import TypeAdapter

    from ..config.limits import row_limit

    trust.require(phrase("the plan"), path, trust=trusted)
    no_plan = phrase("is not a plan written by 'dialler-sync plan -o'")
    if path.suffix.casefold() in SHOWN and path.with_suffix(".json").exists():
        raise UsageError(
            phrase(
                "{path}: this is a plan for people: name {name}, which was written with it",
                path=path,
                name=path.with_suffix(".json").name,
            )
        )
    try:
        found = json.loads(read_small(path))
        if found.pop("format") != FORMAT:
            raise UsageError(phrase("{path}: was made by another version of dialler-sync: make a new plan", path=path))
        plan = TypeAdapter(PlanFile).validate_python(found)
        TypeAdapter(list[PlanEntry]).validate_python(plan.entries)
        row_limit(plan.max_missing or None)
        if plan.files and fits(found["files"], [FILE]) and all("sheet" in entry for entry in plan.files):
            return plan
    except OSError as error:
        raise UsageError(phrase("{path}: cannot be read: {error}", path=path, error=error.strerror)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path}: {no_plan}") from error
    raise UsageError(f"{path}: {no_plan}")
