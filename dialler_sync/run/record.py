"""A run that begins: its record in the journal, and the folder of its reports."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..config import Settings, fingerprint
from ..errors import UsageError
from ..journal import RunRecord


def new_record(
    command: str,
    settings: Settings,
    config_path: Path,
    files: Sequence[Mapping[str, Any]],
    out: Path | None,
    parent: str | None,
    options: Mapping[str, Any],
    target: str,
    folder: Path | None = None,
) -> RunRecord:
    """A run that begins now, with a folder of its own for its reports (``folder``: one that is there already)."""
    started = datetime.now(UTC)
    run_id = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    return RunRecord(
        id=run_id,
        parent=parent,
        command=command,
        target=target,
        campaign=_campaign(settings),
        out=str(folder or make_folder(out or Path("reports") / run_id)),
        config_path=str(config_path.resolve()),
        config=fingerprint(settings),
        options={**options, "mapped": _source_columns(settings)},
        started_at=started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        files=tuple(files),
    )


def _source_columns(settings: Settings) -> dict[str, list[list[str]]]:
    """Source columns that each field is made of, so that reports find the cells of a fault; see ``report.faults``."""
    found = {
        name: [list(rule.first_of)] if rule.first_of else [[column] for column in rule.sources]
        for name, rule in settings.columns.items()
    }
    if settings.campaign.column is not None:
        found["DiallerCampaignsName"] = [[settings.campaign.column]]
    return found


def _campaign(settings: Settings) -> str:
    return settings.campaign.common or f"column {settings.campaign.column}"


def make_folder(path: Path) -> Path:
    """Make the folder of a run's reports, for its owner only.

    Raises:
        UsageError: it holds a run's reports already, or cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(path.iterdir()):
            raise UsageError(f"--out {path}: is not empty; a run's reports are never overwritten. Name another folder.")
        path.chmod(0o700)
    except OSError as error:
        raise UsageError(
            f"the report folder {path} cannot be made: {error.strerror}. Name another with --out."
        ) from error
    return path.resolve()
